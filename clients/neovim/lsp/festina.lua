-- For `vim.lsp.enable("festina")`, Neovim 0.11 or newer.
return require("festina.server").config()
