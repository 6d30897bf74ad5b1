-- Requests to the server. Nothing here waits: answers come to callbacks.
local say = require("festina.say")

local M = {}

local NEW = vim.fn.has("nvim-0.11") == 1

--- What was received, without JSON's nulls: Neovim 0.12 hands them on as `vim.NIL`.
---@generic T
---@param value T
---@return T
function M.plain(value)
  if value == vim.NIL then
    return nil
  elseif type(value) ~= "table" then
    return value
  end
  for key, item in pairs(value) do
    value[key] = M.plain(item)
  end
  return value
end

--- Send a request; `done` gets its answer, unless it failed: then a message says so.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param done? fun(result: any)
---@param buf? integer whose pending changes go first
function M.request(client, method, params, done, buf)
  local function answered(err, result)
    if err then
      say.warn(type(err) == "table" and err.message or tostring(err))
    elseif done then
      done(M.plain(result))
    end
  end
  local sent
  if NEW then
    sent = client:request(method, params, answered, buf or 0)
  else
    sent = client.request(method, params, answered, buf or 0)
  end
  if not sent then
    say.warn("the server does not run. `:Festina restart` starts it.")
  end
end

--- Carry out one of the server's commands. A refusal is told in a message.
---@param client vim.lsp.Client
---@param command string without `festina.`
---@param argument table
---@param done? fun(answer: table) not called after a refusal
---@param buf? integer
function M.execute(client, command, argument, done, buf)
  local params = { command = "festina." .. command, arguments = { argument } }
  M.request(client, "workspace/executeCommand", params, function(answer)
    if type(answer) ~= "table" then
      return
    end
    if answer.ok == false then
      say.warn(answer.message or "refused")
    elseif done then
      done(answer)
    end
  end, buf)
end

--- Tell the server now what was typed, and not after Neovim's usual pause.
---@param client vim.lsp.Client
---@param buf integer
function M.flush(client, buf)
  pcall(function()
    require("vim.lsp._changetracking").flush(client, buf) -- the only way; without it there is the pause
  end)
end

--- Send a notification.
---@param client vim.lsp.Client
---@param method string
---@param params table
function M.notify(client, method, params)
  if NEW then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

--- Stop a client; by force where it does not answer.
---@param client vim.lsp.Client
---@param force? boolean
function M.stop(client, force)
  if NEW then
    client:stop(force)
  else
    client.stop(force)
  end
end

---@param client vim.lsp.Client
---@return boolean
function M.stopped(client)
  if NEW then
    return client:is_stopped()
  end
  return client.is_stopped()
end

return M
