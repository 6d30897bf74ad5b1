-- What the server sends, and what is done with it.
local config = require("festina.config")
local rpc = require("festina.rpc")
local say = require("festina.say")
local lens = require("festina.lens")

--- Apply an edit, and look whether it is there: Neovim says yes to an edit that it skipped as well.
local function apply_edit(err, params, ctx)
  local objection = require("festina.confirm").objection(params.edit)
  if objection then
    return { applied = false, failureReason = objection }
  end
  local expected = require("festina.confirm").expect(params.edit, ctx.client_id)
  params.label = nil -- it would be printed
  -- a person's own handler may say nothing: whether the edit is there is looked at in any case
  local answer = vim.lsp.handlers["workspace/applyEdit"](err, params, ctx) or { applied = true }
  local why = answer.applied and expected()
  if why then
    return { applied = false, failureReason = why }
  end
  if not answer.applied then
    local reason = tostring(answer.failureReason or "Neovim gave no reason")
    answer.failureReason = reason:match("E%d+:.*") or reason:gsub("^%S*%.lua:%d+: ", "")
  end
  return answer
end

local levels =
  { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.INFO }

---@type table<string, lsp.Handler>
local M = {
  ["festina/proposal"] = function(_, params, ctx)
    require("festina.proposals").receive(ctx.client_id, rpc.plain(params))
  end,
  ["festina/status"] = function(_, params, ctx)
    require("festina.status").receive(ctx.client_id, rpc.plain(params))
  end,
  ["festina/answer"] = function(_, params, ctx)
    require("festina.ask").receive(ctx.client_id, rpc.plain(params))
  end,
  ["festina/key"] = function(_, params)
    local ask = config.options.key
    local good, key = pcall(ask or function() end, params.origin)
    return { key = good and type(key) == "string" and key or vim.NIL }
  end,
  ["window/showMessage"] = function(_, params)
    say.say(params.message, levels[params.type])
  end,
  ["window/logMessage"] = function(_, params)
    say.note(params.message)
  end,
  ["workspace/applyEdit"] = apply_edit,
  ["workspace/codeLens/refresh"] = lens.refreshed,
}

return M
