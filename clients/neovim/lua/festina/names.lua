-- A file that gets another name, by `:file` or `:saveas`. Neovim tells servers of it only when it is
-- written: until then they would be told of changes in a file that they do not know, and an edit of the
-- file of the old name would be applied to that.
local M = {}

local following = false

--- Close the file of the old name at the server, and open that of the new one.
function M.follow()
  if following then
    return
  end
  following = true
  local server = require("festina.server")
  local group = vim.api.nvim_create_augroup("festina.names", {})
  ---@type table<integer, vim.lsp.Client>
  local renamed = {}
  vim.api.nvim_create_autocmd("BufFilePre", {
    group = group,
    callback = function(event)
      local client = server.client(event.buf)
      if client then
        renamed[event.buf] = client
        require("festina.proposals").forget_buffer(event.buf)
        vim.lsp.buf_detach_client(event.buf, client.id)
      end
    end,
  })
  vim.api.nvim_create_autocmd("BufFilePost", {
    group = group,
    callback = function(event)
      local client = renamed[event.buf]
      renamed[event.buf] = nil
      if client and client.config.root_dir == require("festina.root").of(event.buf) then
        vim.lsp.buf_attach_client(event.buf, client.id)
      elseif client then
        server.attach(event.buf)
      end
    end,
  })
end

return M
