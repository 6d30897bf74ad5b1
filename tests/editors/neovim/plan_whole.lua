-- A step in two files with the plugin: accepted as one change, or not at all.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local function told(words)
  return t.wait(function()
    return table.concat(t.messages, "\n"):find(words, 1, true)
  end)
end

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local mod = vim.api.nvim_get_current_buf()
vim.cmd("edit use.py")
local use = vim.api.nvim_get_current_buf()
vim.cmd("edit plan.md")
local plan = vim.api.nvim_get_current_buf()
local before = { t.text(mod), t.text(use) }
vim.cmd("1")
vim.cmd("Festina step accept")
check(told("No edit of such a step waits"), "there is nothing to accept yet", t.messages)
vim.cmd("Festina step")
local function ready()
  return t.wait(function()
    return t.state(mod) == "ready" and t.state(use) == "ready"
  end)
end
check(ready(), "both edits pass together", { t.state(mod), t.state(use), t.messages })

vim.bo[use].modifiable = false
vim.cmd("Festina step accept")
check(told("use.py cannot be changed"), "one file cannot be changed", t.messages)
check(t.text(mod) == before[1] and t.text(use) == before[2], "so none is")
vim.bo[use].modifiable = true

vim.cmd("buffer " .. mod)
vim.cmd("Festina step accept") -- in the code: the step of the edit there
check(
  t.wait(function()
    return t.text(plan):find("- [x]", 1, true)
  end),
  "one accept takes both, and ticks the step",
  t.messages
)
check(t.text(mod):find("high=10", 1, true), "one file has its edit", t.text(mod))
check(t.text(use):find("clamp(value)", 1, true), "and so has the other one", t.text(use))
for number, buf in ipairs({ mod, use }) do
  vim.cmd("buffer " .. buf)
  vim.cmd("undo")
  check(t.text(buf) == before[number], "which is one undo step", t.text(buf))
  vim.cmd("redo")
end
check(
  t.wait(function()
    local there = vim.fn.filereadable("progress.md") == 1
    local notes = there and table.concat(vim.fn.readfile("progress.md"), "\n") or ""
    return select(2, notes:gsub(" accepted: ", "")) == 2
  end),
  "both are noted"
)
t.done()
