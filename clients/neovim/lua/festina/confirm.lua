-- Whether an edit that was applied is really in the text.
local rpc = require("festina.rpc")

local M = {}

--- The edits of a workspace edit, by document.
---@param edit lsp.WorkspaceEdit
---@return table<string, lsp.TextEdit[]>
local function by_uri(edit)
  local found = {}
  for uri, edits in pairs(edit.changes or {}) do
    found[uri] = edits
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      found[change.textDocument.uri] = change.edits
    end
  end
  return found
end

--- What a buffer's lines become by edits; worked out in a buffer of its own.
---@param buf integer
---@param edits lsp.TextEdit[]
---@param encoding string
---@return string[]
local function result(buf, edits, encoding)
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.bo[scratch].undolevels = -1
  vim.bo[scratch].modifiable = true -- `nvim -M` turns that off for new buffers
  vim.api.nvim_buf_set_lines(scratch, 0, -1, false, vim.api.nvim_buf_get_lines(buf, 0, -1, false))
  vim.bo[scratch].modified = false
  vim.lsp.util.apply_text_edits(vim.deepcopy(edits), scratch, encoding)
  local lines = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
  vim.api.nvim_buf_delete(scratch, { force = true })
  return lines
end

--- End the step of undo that a person is in the middle of, as when they insert text: so that an edit is
--- one of its own.
---@param buf integer
local function end_undo_step(buf)
  vim.api.nvim_buf_call(buf, function()
    vim.go.undolevels = vim.go.undolevels -- not `vim.o`: a buffer may have a value of its own
  end)
end

--- Say why an edit of several files cannot be applied whole; nil where it can be. Neovim goes through them
--- one by one, skips one that was changed meanwhile, and stops at one that it may not change.
---@param edit lsp.WorkspaceEdit
---@return string?
function M.objection(edit)
  local changes = edit.documentChanges or {}
  for _, change in ipairs(#changes > 1 and changes or {}) do
    local document = change.textDocument
    local buf = document and vim.uri_to_bufnr(document.uri)
    local name = document and vim.fs.basename(vim.uri_to_fname(document.uri))
    if buf and not vim.api.nvim_buf_is_loaded(buf) then
      return ("%s is not open any more"):format(name)
    elseif buf and not vim.bo[buf].modifiable then
      return ("%s cannot be changed ('modifiable' is off)"):format(name)
    elseif
      buf
      and document.version
      and (vim.lsp.util.buf_versions[buf] or 0) > document.version
    then
      return ("%s has changed meanwhile"):format(name)
    end
  end
end

--- Note what an edit is to make of the text; call the function that this returns once it was applied:
--- it says why not all is as it should be, or returns nil.
---@param edit lsp.WorkspaceEdit
---@param client_id integer
---@return fun(): string?
function M.expect(edit, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  if not client then
    return function() end
  end
  local wanted = {}
  for uri, edits in pairs(by_uri(edit)) do
    local buf = vim.uri_to_bufnr(uri)
    vim.fn.bufload(buf)
    wanted[buf] = result(buf, edits, client.offset_encoding)
    end_undo_step(buf)
  end
  return function()
    for buf, lines in pairs(wanted) do
      end_undo_step(buf)
      rpc.flush(client, buf)
      if not vim.deep_equal(lines, vim.api.nvim_buf_get_lines(buf, 0, -1, false)) then
        return "the text has changed meanwhile"
      end
    end
  end
end

return M
