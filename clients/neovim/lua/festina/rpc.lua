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

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param answered fun(err: any, result: any)
---@param buf? integer
---@return boolean
local function send(client, method, params, answered, buf)
  if NEW then
    return (client:request(method, params, answered, buf or 0))
  end
  return (client.request(method, params, answered, buf or 0))
end

--- Ask for something that may be had or not: `done` gets it, or nil.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param done fun(result: any)
function M.ask(client, method, params, done)
  send(client, method, params, function(err, result)
    done(not err and M.plain(result) or nil)
  end)
end

--- Carry out one of the server's commands. A refusal is told in a message.
---@param client vim.lsp.Client
---@param command string without `festina.`
---@param argument table
---@param done? fun(answer: table) not called after a refusal
---@param buf? integer
function M.execute(client, command, argument, done, buf)
  local params = { command = "festina." .. command, arguments = { argument } }
  local sent = send(client, "workspace/executeCommand", params, function(err, result)
    local answer = M.plain(result)
    if err then
      say.warn(type(err) == "table" and err.message or tostring(err))
    elseif type(answer) == "table" and answer.ok == false then
      say.warn(answer.message or "refused")
    elseif type(answer) == "table" and done then
      done(answer)
    end
  end, buf)
  if not sent then
    say.warn("the server does not run. `:Festina restart` starts it.")
  end
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
