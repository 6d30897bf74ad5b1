-- Messages to the person, and the log of all of them.
local M = {}

local MOST = 500

---@type string[]
M.log = {}

--- Write a line into the log that `:Festina log` shows.
---@param message string
function M.note(message)
  M.log[#M.log + 1] = os.date("%H:%M:%S ") .. message:gsub("%s*\n%s*", " ")
  if #M.log > MOST then
    table.remove(M.log, 1)
  end
end

--- Whether messages are shown by Neovim itself, on the last line of the screen.
---@return boolean
local function is_plain()
  if type(vim.notify) ~= "function" then
    return false -- a plugin's: a table that can be called
  end
  local source = debug.getinfo(vim.notify, "S").source
  -- Neovim 0.12 has built its own modules without the names of their files
  return source:find("vim/_", 1, true) ~= nil or source:match("^=?%?$") ~= nil
end

--- What fits on the message line: a longer message would wait for a key.
---@param message string
---@return string
local function short(message)
  message = message:gsub(vim.pesc(vim.fn.getcwd() .. "/"), "") -- the log has whole paths
  local room = vim.v.echospace - 1
  if vim.fn.strdisplaywidth(message) <= room then
    return message
  end
  local rest = "… (:Festina log)"
  return vim.fn.strcharpart(message, 0, math.max(room - vim.fn.strdisplaywidth(rest), 20)) .. rest
end

--- Tell something in one message.
---@param message string
---@param level? integer of vim.log.levels; INFO if left out
function M.say(message, level)
  local words = message:gsub("%s*\n%s*", " ")
  words = words:find("^Festina") and words or "Festina: " .. words
  M.note(words)
  vim.schedule(function()
    if is_plain() then
      vim.cmd.redraw() -- below another message, this one would wait for a key
      words = short(words)
    end
    vim.notify(words, level or vim.log.levels.INFO)
  end)
end

--- Tell what went wrong, or was refused.
---@param message string
function M.warn(message)
  M.say(message, vim.log.levels.WARN)
end

--- Do what a person has asked for. What Neovim refuses, as in its command-line window or where no further
--- window has room, is told in its own words.
---@param what fun()
function M.guarded(what)
  local good, problem = xpcall(what, function(message)
    return tostring(message):match("E%d+: [^\n]*") or debug.traceback(message, 2)
  end)
  if not good and problem:find("^E%d+: ") then
    M.warn(problem)
  elseif not good then
    error(problem, 0)
  end
end

--- Fire a `User` autocommand, for the person's own configuration.
---@param pattern string
---@param data table
function M.fire(pattern, data)
  vim.api.nvim_exec_autocmds("User", { pattern = pattern, data = data, modeline = false })
end

return M
