-- The proposals that are open: what the server says of each, and where it is in its buffer.
local hunks = require("festina.hunks")
local say = require("festina.say")

local M = {}

---@class festina.Proposal
---@field key string
---@field id string the server's
---@field client_id integer
---@field buf integer
---@field data festina.Payload
---@field old? string[] the region's lines as they are; nil until they are known
---@field top? integer extmark on the region's first line
---@field bottom? integer extmark on its last line
---@field noticed boolean whether it has been drawn before
---@field memory table what drawing keeps

local anchors = vim.api.nvim_create_namespace("festina.anchors")

---@type table<string, festina.Proposal>
local all = {}
---@type table<integer, boolean>
local watched = {}
---@type table<integer, boolean> buffers that are about to be drawn again
local waiting = {}

local OVER = { applied = true, dismissed = true, cancelled = true, stale = true }
local EVENTS = {
  ready = "FestinaReady",
  rejected = "FestinaRejected",
  unverified = "FestinaUnverified",
  failed = "FestinaFailed",
  applied = "FestinaAccepted",
}

M.RUNNING = { queued = true, streaming = true, parsed = true, verifying = true }

---@param client_id integer
---@param uri string
---@return integer?
local function buffer_of(client_id, uri)
  local client = vim.lsp.get_client_by_id(client_id)
  for buf in pairs(client and client.attached_buffers or {}) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.uri_from_bufnr(buf) == uri then
      return buf
    end
  end
end

--- The proposals of a buffer, from top to bottom.
---@param buf integer
---@return festina.Proposal[]
function M.of(buf)
  local found = {}
  for _, proposal in pairs(all) do
    if proposal.buf == buf then
      found[#found + 1] = proposal
    end
  end
  table.sort(found, function(a, b)
    return (M.rows(a) or 0) < (M.rows(b) or 0)
  end)
  return found
end

---@return festina.Proposal[]
function M.all()
  return vim.tbl_values(all)
end

---@param key string
---@return festina.Proposal?
function M.get(key)
  return all[key]
end

--- Where a proposal's region is now: its first row, and the row after its last; nil where unknown.
---@param proposal festina.Proposal
---@return integer? first
---@return integer? stop
function M.rows(proposal)
  if not proposal.top or not vim.api.nvim_buf_is_loaded(proposal.buf) then
    return nil
  end
  local top = vim.api.nvim_buf_get_extmark_by_id(proposal.buf, anchors, proposal.top, {})
  local bottom = vim.api.nvim_buf_get_extmark_by_id(proposal.buf, anchors, proposal.bottom, {})
  if top[1] and bottom[1] then
    return top[1], bottom[1] + 1
  end
end

--- The region's lines as they are now, or nil.
---@param proposal festina.Proposal
---@return string[]?
function M.lines(proposal)
  local first, stop = M.rows(proposal)
  if first and stop then
    return vim.api.nvim_buf_get_lines(proposal.buf, first, stop, false)
  end
end

--- Whether the region is as it was when the edit was asked for.
---@param proposal festina.Proposal
---@return boolean
function M.untouched(proposal)
  return proposal.old ~= nil and vim.deep_equal(M.lines(proposal), proposal.old)
end

--- Put the marks where the server says the region is, if it speaks of the text as it is now.
---@param proposal festina.Proposal
local function anchor(proposal)
  local buf, data = proposal.buf, proposal.data
  if data.version ~= nil and vim.lsp.util.buf_versions[buf] ~= data.version then
    return -- the marks move along by themselves until it does
  end
  local from, to = data.range.start, data.range["end"]
  local count = vim.api.nvim_buf_line_count(buf)
  local first = math.min(from.line, count - 1)
  local stop = math.min(to.character > 0 and to.line + 1 or to.line, count)
  stop = math.max(stop, first + 1)
  local options = { id = proposal.top, right_gravity = true }
  proposal.top = vim.api.nvim_buf_set_extmark(buf, anchors, first, 0, options)
  options.id = proposal.bottom
  proposal.bottom = vim.api.nvim_buf_set_extmark(buf, anchors, stop - 1, 0, options)
  proposal.old = vim.api.nvim_buf_get_lines(buf, first, stop, false)
end

--- Draw again where lines of a buffer have changed.
---@param buf integer
local function watch(buf)
  if watched[buf] then
    return
  end
  watched[buf] = vim.api.nvim_buf_attach(buf, false, {
    on_lines = function()
      if #M.of(buf) == 0 then
        watched[buf] = nil
        return true
      end
      if waiting[buf] then
        return -- a macro changes many lines before anything can be drawn
      end
      waiting[buf] = true
      vim.schedule(function()
        waiting[buf] = nil
        M.refresh(buf)
      end)
    end,
    on_detach = function()
      watched[buf] = nil
      vim.schedule(function()
        M.forget_buffer(buf)
      end)
    end,
  })
end

--- Draw a buffer's proposals again; those whose lines were edited are not shown. Of one that failed
--- nothing is left then: the server has forgotten it already.
---@param buf integer
function M.refresh(buf)
  local render = require("festina.render")
  for _, proposal in ipairs(M.of(buf)) do
    if M.untouched(proposal) then
      render.draw(proposal)
    elseif proposal.data.state == "failed" then
      M.remove(proposal)
    else
      render.clear(proposal)
    end
  end
end

--- The hunks of what is on show.
---@param proposal festina.Proposal
---@return festina.Hunk[]
function M.hunks(proposal)
  local data, old = proposal.data, proposal.old or {}
  if data.hunks and #data.hunks > 0 then
    return hunks.from_server(data.hunks, data.range.start.line, #old)
  end
  if data.text == "" then
    return {}
  end
  return hunks.between(old, hunks.lines(data.text), data.state ~= "streaming")
end

--- Take away a proposal, and all that is seen of it.
---@param proposal festina.Proposal
function M.remove(proposal)
  all[proposal.key] = nil
  require("festina.render").clear(proposal)
  if vim.api.nvim_buf_is_valid(proposal.buf) then
    for _, mark in ipairs({ proposal.top, proposal.bottom }) do
      vim.api.nvim_buf_del_extmark(proposal.buf, anchors, mark)
    end
  end
  require("festina.view").gone(proposal)
  require("festina.keys").update(proposal.buf)
end

--- Take a notification.
---@param client_id integer
---@param data festina.Payload
function M.receive(client_id, data)
  local key = client_id .. ":" .. data.proposal
  local proposal = all[key]
  if OVER[data.state] then
    if proposal then
      M.remove(proposal)
    end
  else
    local buf = buffer_of(client_id, data.uri)
    if not buf then
      return
    end
    if not proposal then
      proposal = {
        key = key,
        id = data.proposal,
        client_id = client_id,
        buf = buf,
        noticed = false,
        memory = {},
        data = data,
      }
      all[key] = proposal
    end
  end
  local before = proposal and proposal.noticed and proposal.data.state or nil
  if proposal then
    proposal.data = data
    if not OVER[data.state] then
      anchor(proposal)
      proposal.noticed = true
      watch(proposal.buf)
      require("festina.keys").update(proposal.buf)
      if M.untouched(proposal) then
        require("festina.render").draw(proposal)
      end
      require("festina.view").update(proposal)
    end
  end
  require("festina.status").seen(data)
  if before ~= data.state then
    M.changed(proposal, data)
  end
end

--- Tell of a new state: autocommands, and a message where the proposal's buffer is not to be seen.
---@param proposal? festina.Proposal
---@param data festina.Payload
function M.changed(proposal, data)
  local told =
    { proposal = data.proposal, state = data.state, uri = data.uri, message = data.message }
  say.fire("FestinaProposal", told)
  if EVENTS[data.state] then
    say.fire(EVENTS[data.state], told)
  end
  if not proposal then
    return
  end
  local seen = #vim.fn.win_findbuf(proposal.buf) > 0
  local name = data.name and data.name ~= "" and ("edit of %s"):format(data.name) or "edit"
  if data.state == "failed" then
    say.say(("%s failed: %s"):format(name, data.message), vim.log.levels.ERROR)
  elseif EVENTS[data.state] and data.state ~= "applied" and not seen then
    say.say(("%s %s: %s"):format(name, data.state, data.message))
  end
end

--- A server is gone: so is all that it would have answered for.
---@param client_id integer
function M.forget_client(client_id)
  for _, proposal in pairs(all) do
    if proposal.client_id == client_id then
      M.remove(proposal)
    end
  end
end

---@param buf integer
function M.forget_buffer(buf)
  for _, proposal in ipairs(M.of(buf)) do
    M.remove(proposal)
  end
end

return M
