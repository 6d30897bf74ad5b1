-- Festina: verified edits by a fast model. `:help festina`
local M = {}

--- Set options, and start the server from now on for fitting files. Needed on Neovim 0.10; from 0.11 on
--- `vim.lsp.enable("festina")` does without it.
---@param options? table see |festina-options|
function M.setup(options)
  local config, say = require("festina.config"), require("festina.say")
  if vim.fn.has("nvim-0.10") == 0 then
    return say.warn("Neovim 0.10 or newer is needed.")
  end
  vim.cmd.runtime("plugin/festina.lua") -- a plugin manager may have left that out
  local problems = config.set(options)
  if #problems > 0 then
    say.warn(("in the options of setup(): %s."):format(table.concat(problems, "; ")))
  end
  require("festina.server").enable()
end

--- For a status line: the model, its speed, edits at work and passed, and how the last save went.
---@return string
function M.statusline()
  return require("festina.status").line()
end

--- The same as values; nil where no server runs for the buffer.
---@param buf? integer
function M.status(buf)
  return require("festina.status").get(buf)
end

return M
