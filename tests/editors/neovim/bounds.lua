-- The person's own bounds with the plugin: what is beyond them is rejected, and nothing is asked
-- about what is to be left alone.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local before = t.text()

vim.cmd("4,7Festina edit respect the upper bound")
check(
  t.until_state("rejected"),
  "three lines beside the comment are too many",
  { t.state(), t.messages }
)
local head = t.drawn().head
check(head:find("bounds", 1, true), "the edit says which gate rejects it", head)
check(head:find("edits.at_most allows at most 2", 1, true), "and why", head)
vim.cmd("Festina accept")
check(t.text() == before, "it cannot be accepted")
vim.cmd("Festina dismiss")
check(t.until_state("none"), "it is put away", t.state())

vim.cmd("10,11Festina edit by adding")
check(t.until_state("ready"), "two lines are not", { t.state(), t.messages })
check(t.text() == before, "nothing is in the text yet")
vim.cmd("Festina accept")
check(t.until_state("none"), "it is accepted", t.state())
check(t.text():find("return value + value", 1, true), "and in the text", t.text())

vim.cmd("edit! test_mod.py")
check(t.attached(), "another file")
before = t.text()
vim.cmd("4,5Festina edit test more")
check(
  t.wait(function()
    return t.said("Your settings say to leave `test_mod.py` alone (edits.leave_alone)")
  end),
  "what is to be left alone is refused",
  t.messages
)
check(t.text() == before and t.state() == "none", "and as it was", t.state())
t.done()
