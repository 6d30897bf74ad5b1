-- The person's own budget with the plugin: what might pass it is not sent, and that is said.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local before = t.text()

vim.cmd("4,6Festina edit respect the upper bound")
check(
  t.wait(function()
    return t.said("nothing was sent: 0 of 10 tokens are used (limits.tokens_per_day)")
  end),
  "it says which limit, and how far it is used",
  { t.state(), t.messages, t.drawn().head }
)
check(t.said("Raise it in your config.toml, or go on tomorrow"), "and what to do", t.messages)
check(t.text() == before, "nothing is in the text")
t.done()
