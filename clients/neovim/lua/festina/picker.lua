-- Picking one of several candidates; what is chosen is shown in place, and accepted by its own key.
local actions = require("festina.actions")
local head = require("festina.head")
local hunks = require("festina.hunks")
local proposals = require("festina.proposals")
local rpc = require("festina.rpc")

local M = {}

local MORE = { more = true }
local SIGNS = { passed = "✓", failed = "✗", unverified = "?", unusable = "✗" }

---@param candidate festina.CandidateInfo
---@param here boolean
---@return string
local function titled(candidate, here)
  local sign = SIGNS[candidate.status] or "…"
  local message = candidate.message and candidate.message ~= "" and candidate.message
    or candidate.status
  return ("%s %s%s"):format(sign, here and "(shown) " or "", message)
end

--- A page with the new text of a candidate, its changed lines marked; filled when the answer comes.
---@param proposal festina.Proposal
---@param candidate festina.CandidateInfo
---@return integer buf
local function preview(proposal, candidate)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = "wipe"
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  local function fill(found)
    if not found or not vim.api.nvim_buf_is_valid(buf) then
      return
    end
    local old, new = proposal.old or {}, hunks.lines(found.text)
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, new)
    vim.bo[buf].syntax = vim.bo[proposal.buf].filetype
    local space = vim.api.nvim_create_namespace("festina.preview")
    local shift = 0
    for _, hunk in ipairs(hunks.between(old, new, true)) do
      local row = hunk.first + shift
      for offset = 0, #hunk.lines - 1 do
        vim.api.nvim_buf_set_extmark(buf, space, row + offset, 0, { line_hl_group = "FestinaAdd" })
      end
      shift = shift + #hunk.lines - hunk.count
    end
  end
  if client then
    local params = { proposal = proposal.id, candidate = candidate.index }
    rpc.request(client, "festina/candidate", params, fill, proposal.buf)
  end
  return buf
end

--- Those that are worth a choice: of equal texts one.
---@param data festina.Payload
---@return festina.CandidateInfo[]
local function choices(data)
  local found = vim.tbl_filter(function(candidate)
    return candidate.chosen ~= false
  end, data.candidates or {})
  return #found > 0 and found or data.candidates or {}
end

--- Let the person pick.
---@param proposal festina.Proposal
function M.pick(proposal)
  local data = proposal.data
  local items = vim.list_extend({}, choices(data))
  if not proposals.RUNNING[data.state] and data.state ~= "failed" then
    items[#items + 1] = MORE
  end
  local place = head.place(data)
  vim.ui.select(items, {
    prompt = ("Festina, variations%s:"):format(place and (" (%s)"):format(place) or ""),
    kind = "festina",
    format_item = function(item)
      return item.more and "ask for four more" or titled(item, item.index == data.candidate)
    end,
    preview_item = function(item)
      return item.more and {} or { buf = preview(proposal, item) }
    end,
  }, function(item)
    if not item then
      return
    end
    if item.more then
      actions.send(proposal, "variations", { count = 4 })
    elseif item.index ~= proposal.data.candidate then
      actions.send(proposal, "next", { candidate = item.index })
    end
  end)
end

return M
