-- The plugin as Neovim 0.12's own package manager puts it there.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local path = vim.api.nvim_get_runtime_file("lua/festina/init.lua", false)[1] or ""
check(
  path:find("site/pack/core/opt/festina/clients/neovim", 1, true),
  "it is where vim.pack puts it",
  path
)
check(t.attached(), "the server starts")
vim.cmd("4,6Festina edit respect the upper bound")
check(t.until_state("ready"), "an edit passes", { t.state(), t.messages })
vim.cmd("silent! helptags ALL")
check(pcall(vim.cmd.help, "festina-keys"), "there is help")
t.done()
