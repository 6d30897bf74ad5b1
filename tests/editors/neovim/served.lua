-- A server of a few lines in Neovim itself: no process, no model.
local M = {}

---@type table[] what the client has asked, as {method, parameters}
M.asked = {}
---@type table<string, fun(params: table): any> answers of its own to some methods
M.answers = {}
---@type table[] of what it was told, as {method, parameters}
M.told = {}
local dispatch
local function serve(dispatchers)
  dispatch = dispatchers
  local function request(method, params, callback)
    M.asked[#M.asked + 1] = { method, params }
    local answer = { ok = true, message = "" }
    if method == "initialize" then
      answer =
        { capabilities = { textDocumentSync = 2, executeCommandProvider = { commands = {} } } }
    elseif M.answers[method] then
      answer = M.answers[method](params)
    end
    vim.schedule(function()
      callback(nil, method ~= "shutdown" and answer or nil)
    end)
    return true, #M.asked
  end
  return {
    request = request,
    notify = function(method, params)
      M.told[#M.told + 1] = { method, params }
    end,
    is_closing = function()
      return false
    end,
    terminate = function() end,
  }
end
local config = require("festina.server").config()
config.cmd = serve
config.root_dir = vim.fn.getcwd()

--- Enough lines for what is drawn, folded and scrolled.
M.lines = {}
for row = 1, 40 do
  M.lines[row] = "line " .. row
end

--- Open a file with these lines.
---@param lines string[]
---@param kind? string filetype
---@return integer buf
function M.open(lines, kind)
  vim.cmd("silent enew!")
  local buf = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_name(buf, vim.fn.tempname() .. ".txt")
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].filetype = kind or ""
  vim.lsp.start(config, {
    reuse_client = function(client)
      return client.config.cmd == serve
    end,
  })
  assert(vim.wait(10000, function()
    local client = vim.lsp.get_clients({ name = "festina", bufnr = buf })[1]
    return client and client.initialized
  end, 10))
  return buf
end

local number = 0
--- Send a notification about lines `first` to `stop` (zero-based, end-exclusive).
function M.send(buf, first, stop, new, more)
  local payload = vim.tbl_extend("force", {
    proposal = "p" .. number,
    uri = vim.uri_from_bufnr(buf),
    version = vim.lsp.util.buf_versions[buf],
    range = { start = { line = first, character = 0 }, ["end"] = { line = stop, character = 0 } },
    state = "ready",
    candidate = 0,
    candidates = { { index = 0, status = "passed" } },
    text = #new > 0 and table.concat(new, "\n") .. "\n" or "",
    hunks = {},
    message = "3 tests ok",
  }, more or {})
  dispatch.notification("festina/proposal", payload)
  vim.wait(1000, function()
    for _, found in ipairs(require("festina.proposals").of(buf)) do
      if found.id == payload.proposal then
        return found.data.text == payload.text and found.data.state == payload.state
      end
    end
  end, 1)
end

--- Send another notification.
function M.notify(method, params)
  dispatch.notification(method, params)
end

--- Put the proposal away.
function M.dismiss(buf)
  local before = #require("festina.proposals").of(buf)
  dispatch.notification("festina/proposal", {
    proposal = "p" .. number,
    uri = vim.uri_from_bufnr(buf),
    state = "dismissed",
    range = { start = { line = 0, character = 0 }, ["end"] = { line = 1, character = 0 } },
    candidates = {},
    candidate = 0,
    text = "",
    hunks = {},
    message = "",
  })
  vim.wait(1000, function()
    return #require("festina.proposals").of(buf) < before
  end, 1)
  M.forget()
end

--- Have lines replaced, as an accept does; returns the client's answer.
function M.apply(buf, first, stop, text)
  local range =
    { start = { line = first, character = 0 }, ["end"] = { line = stop, character = 0 } }
  local document =
    { uri = vim.uri_from_bufnr(buf), version = vim.lsp.util.buf_versions[buf] or vim.NIL }
  local change = { textDocument = document, edits = { { range = range, newText = text } } }
  local answer
  vim.schedule(function() -- as it is in Neovim's own loop
    answer =
      dispatch.server_request("workspace/applyEdit", { edit = { documentChanges = { change } } })
  end)
  vim.wait(5000, function()
    return answer ~= nil
  end, 1)
  return answer
end

--- The next one is another one.
function M.forget()
  number = number + 1
end

return M
