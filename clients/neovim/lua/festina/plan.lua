-- Plans: one is written for a goal, and the step under the cursor is run, skipped, split, explained, or
-- accepted as a whole.
local rpc = require("festina.rpc")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

local COMMANDS = {
  run = "runStep",
  skip = "skipStep",
  split = "splitStep",
  explain = "explainStep",
  accept = "acceptStep",
}

--- Have a plan written for a goal, in the workspace of the current file.
---@param goal string
---@param force boolean whether a plan that is there is replaced
function M.write(goal, force)
  local buf = vim.api.nvim_get_current_buf()
  if goal == "" then
    return say.warn("say what is to be reached: `:Festina plan {goal}`.")
  end
  server.with(buf, function(client)
    local argument = { goal = goal, force = force, uri = vim.uri_from_bufnr(buf) }
    rpc.execute(client, "plan", argument, nil, buf)
  end)
end

--- Do something with the step under the cursor of a plan.
---@param what string run, skip, split, explain or accept; empty means run
function M.step(what)
  local buf = vim.api.nvim_get_current_buf()
  local command = COMMANDS[what == "" and "run" or what]
  if not command then
    return say.warn("`:Festina step` takes run, skip, split, explain or accept.")
  elseif what == "accept" and #require("festina.proposals").of(buf) > 0 then
    return require("festina.actions").run("accept_step") -- in the code: the step of the edit there
  elseif vim.fs.basename(vim.api.nvim_buf_get_name(buf)) ~= "plan.md" then
    return say.warn("open plan.md and put the cursor on a step.")
  end
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  vim.b[buf].festina_plan = true
  server.attach(buf)
  server.with(buf, function(client)
    rpc.execute(client, command, { uri = vim.uri_from_bufnr(buf), line = line }, nil, buf)
  end)
end

return M
