-- The plugin as a package: where Neovim 0.12's own manager puts it, or a link.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local path = vim.api.nvim_get_runtime_file("lua/festina/init.lua", false)[1] or ""
check(path:find(vim.env.FESTINA_TEST_PACKED, 1, true), "it is where it was put", path)
check(vim.fn.exists(":Festina") == 2, "its command is there")
check(t.attached(), "the server starts")
vim.cmd("4,6Festina edit respect the upper bound")
check(t.until_state("ready"), "an edit passes", { t.state(), t.messages })
vim.cmd("silent! helptags ALL")
check(pcall(vim.cmd.help, "festina-keys"), "there is help")
t.done()
