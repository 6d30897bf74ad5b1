if vim.g.loaded_festina or vim.fn.has("nvim-0.10") == 0 then
  return
end
vim.g.loaded_festina = true
require("festina.commands").create()
require("festina.keys").create()
require("festina.lens").create()
