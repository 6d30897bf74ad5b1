-- The lenses of plan.md and verify.md, by Neovim's own code lens: what can be done about each line.
local root = require("festina.root")
local rpc = require("festina.rpc")

local M = {}

--- From 0.12 on Neovim keeps lenses up to date by itself, once they are enabled for a buffer.
local ITSELF = vim.lsp.codelens.enable ~= nil

---@param buf integer
---@return boolean
local function has_lenses(buf)
  return root.is_memory(buf) or vim.b[buf].festina_plan == true
end

---@param buf integer
local function refresh(buf)
  if vim.api.nvim_buf_is_loaded(buf) and require("festina.server").client(buf) then
    vim.lsp.codelens.refresh({ bufnr = buf })
  end
end

--- What lenses do, as Neovim runs them: a refusal is told like that of any other command.
---@type table<string, fun(command: lsp.Command, ctx: table)>
M.commands = {}
local steps = { "runStep", "skipStep", "splitStep", "explainStep", "acceptStep" }
local edits = { "accept", "dismiss", "cancel", "redirect", "next", "gallery", "approve" }
for _, name in ipairs(vim.list_extend(steps, edits)) do
  M.commands["festina." .. name] = function(command, ctx)
    local client = vim.lsp.get_client_by_id(ctx.client_id)
    if client then
      rpc.execute(client, name, (command.arguments or {})[1] or {}, nil, ctx.bufnr)
    end
    if not ITSELF and has_lenses(ctx.bufnr) then
      refresh(ctx.bufnr) -- Neovim has taken those of the line away, and may have been refused
    end
  end
end

--- Show the lenses of a buffer from now on.
---@param buf integer
local function show(buf)
  if ITSELF then
    return vim.lsp.codelens.enable(true, { bufnr = buf })
  end
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "TextChanged" }, {
    group = vim.api.nvim_create_augroup("festina.lens." .. buf, {}),
    buffer = buf,
    callback = function()
      refresh(buf)
    end,
  })
  refresh(buf)
end

--- The server says that what its lenses show has changed.
---@param err any
---@param result any
---@param ctx lsp.HandlerContext
function M.refreshed(err, result, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  for buf in pairs(not ITSELF and client and client.attached_buffers or {}) do
    if has_lenses(buf) then
      refresh(buf)
    end
  end
  local theirs = vim.lsp.handlers["workspace/codeLens/refresh"]
  return theirs and theirs(err, result, ctx) or vim.NIL
end

--- Show the lenses of each such file that the server is attached to.
function M.create()
  vim.api.nvim_create_autocmd("LspAttach", {
    group = vim.api.nvim_create_augroup("festina.lens", {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == require("festina.server").NAME and has_lenses(event.buf) then
        show(event.buf)
      end
    end,
  })
end

return M
