-- Agent Skills: one is followed here, or wherever it is meant; one is made of an accepted edit.
local edit = require("festina.edit")
local rpc = require("festina.rpc")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

local WHOLE =
  { ["festina.saveSkill"] = true, ["festina.runSkill"] = true, ["festina.review"] = true }

--- Whether a code action is about skills: what the server offers here is the list to choose from.
---@param action lsp.CodeAction|lsp.Command
---@return boolean
local function about(action)
  local command = action.command
  if type(command) ~= "table" then
    return false
  end
  local argument = (command.arguments or {})[1] or {}
  return WHOLE[command.command] or (command.command == "festina.propose" and argument.skill ~= nil)
end

--- Have one chosen of those that fit the lines, and of what else can be done with skills there.
---@param place festina.Place
local function choose(place)
  local range = nil
  if place.stop > place.first then
    local last = vim.api.nvim_buf_get_lines(place.buf, place.stop - 1, place.stop, false)[1] or ""
    range = { start = { place.first + 1, 0 }, ["end"] = { place.stop, #last } }
  end
  server.with(place.buf, function()
    vim.lsp.buf.code_action({
      filter = about,
      range = range,
      context = { only = { "refactor.rewrite.festina" }, diagnostics = {} },
    })
  end)
end

--- Follow a skill.
---@param place festina.Place
---@param name string without one, one is chosen
---@param everywhere boolean at all places of the workspace that it is meant for
function M.start(place, name, everywhere)
  if name == "" then
    return choose(place)
  elseif not everywhere then
    return edit.send("propose", place, { skill = name })
  end
  server.with(place.buf, function(client)
    local argument = { uri = vim.uri_from_bufnr(place.buf), skill = name }
    rpc.execute(client, "runSkill", argument, function(answer)
      say.say(answer.message)
    end, place.buf)
  end)
end

--- Go to the next edit that waits in a file that is not open.
function M.review()
  server.with(vim.api.nvim_get_current_buf(), function(client)
    rpc.execute(client, "review", vim.empty_dict())
  end)
end

return M
