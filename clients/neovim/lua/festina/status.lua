-- What a status line shows: the model and its speed, proposals, and how the last save went.
local head = require("festina.head")
local say = require("festina.say")

local M = {}

---@type table<integer, festina.Status>
local saves = {}
---@type { model?: string, speed?: number }
local last = {}

local drawing = false

--- Draw status lines again; once for many reasons.
local function redraw()
  if drawing then
    return
  end
  drawing = true
  vim.defer_fn(function()
    drawing = false
    vim.cmd("redrawstatus!")
  end, 50)
end

--- Take the state of the last look at saved files.
---@param client_id integer
---@param status festina.Status
function M.receive(client_id, status)
  saves[client_id] = status
  say.fire("FestinaStatus", status)
  redraw()
end

--- A proposal's notification has come.
---@param data festina.Payload
function M.seen(data)
  if data.model and data.model ~= "" then
    last.model = data.model
  end
  local speed = data.progress and data.progress.tokens_per_second
  if speed and data.state == "streaming" then
    last.speed = speed
  end
  redraw()
end

---@param client_id integer
function M.forget_client(client_id)
  saves[client_id] = nil
  redraw()
end

local SAVES = {
  running = "tests …",
  passed = "tests ✓",
  failed = "tests ✗",
  unverified = "tests ?",
}

--- What is known, for a status line of one's own making.
---@param buf? integer
---@return { model?: string, speed?: number, pending: integer, passed: integer, saved?: festina.Status }?
function M.get(buf)
  local client = require("festina.server").client(buf)
  if not client then
    return nil
  end
  local proposals = require("festina.proposals")
  local pending, passed = 0, 0
  for _, proposal in ipairs(proposals.all()) do
    if proposals.RUNNING[proposal.data.state] then
      pending = pending + 1
    elseif proposal.data.state == "ready" then
      passed = passed + 1
    end
  end
  return {
    model = last.model,
    speed = last.speed,
    pending = pending,
    passed = passed,
    saved = saves[client.id],
  }
end

--- A word about each of them; empty where no server runs for the current buffer.
---@return string
function M.line()
  local known = M.get()
  if not known then
    return ""
  end
  local words = { "festina" }
  if known.model then
    words[#words + 1] = known.model
  end
  if known.speed then
    words[#words + 1] = head.number(known.speed) .. " tok/s"
  end
  if known.pending > 0 then
    words[#words + 1] = "●" .. known.pending
  end
  if known.passed > 0 then
    words[#words + 1] = "✓" .. known.passed
  end
  local saved = known.saved
  if saved and SAVES[saved.state] then
    local count = saved.state == "failed" and (saved.failed or 0) > 0 and " " .. saved.failed or ""
    words[#words + 1] = SAVES[saved.state] .. count
  end
  return (table.concat(words, " "):gsub("%%", "%%%%"))
end

return M
