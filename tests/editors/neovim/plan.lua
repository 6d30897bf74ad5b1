-- Plans with the plugin: a step is run from plan.md, its edit accepted, and the step is ticked.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local function told(words)
  return t.wait(function()
    return table.concat(t.messages, "\n"):find(words, 1, true)
  end)
end

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local code = vim.api.nvim_get_current_buf()
local before = t.text()

vim.cmd("Festina plan mind the bounds")
check(told("There is a plan.md already"), "a plan that is there is not replaced", t.messages)
vim.cmd("Festina step")
check(told("open plan.md and put the cursor on a step"), "a step is one of a plan", t.messages)

vim.cmd("edit plan.md")
local plan = vim.api.nvim_get_current_buf()
vim.cmd("Festina step")
check(told("There is no step on line 1."), "the cursor says which step", t.messages)
vim.cmd("4")
vim.cmd("Festina step anew")
check(told("takes run, skip, split or explain"), "there are four things to do", t.messages)
vim.cmd("Festina step")
vim.cmd("buffer " .. code)
check(
  t.until_state("ready"),
  "its edit is drawn where it is, and passes",
  { t.state(), t.messages }
)
check(t.text() == before, "and is in no text yet")
check(t.text(plan):find("- [ ] Return", 1, true), "nor is the step ticked")
vim.cmd("Festina accept")
check(t.until_state("none"), "it is accepted", t.state())
check(t.text() ~= before, "and in the text")
check(
  t.wait(function()
    return t.text(plan):find("- [x] Return", 1, true)
  end),
  "which ticks the step",
  t.text(plan)
)
vim.cmd("buffer " .. plan)
vim.cmd("Festina step")
check(told("This step is done."), "so it is not run again", t.messages)
vim.cmd("undo")
check(t.text():find("- [ ] Return", 1, true), "a tick is one undo step", t.text())
t.done()
