-- Picking one of several candidates; what is chosen is shown in place, and accepted by its own key.
local actions = require("festina.actions")
local glance = require("festina.glance")
local head = require("festina.head")
local hunks = require("festina.hunks")
local proposals = require("festina.proposals")
local rpc = require("festina.rpc")
local say = require("festina.say")

local M = {}

local SIGNS = { passed = "✓", failed = "✗", unverified = "?", unusable = "✗" }

---@class festina.Choice
---@field index? integer nil: ask for more
---@field title string
---@field new? string[] the region's new lines

--- How long to wait for the texts of all candidates before the list is shown, in milliseconds.
local PATIENCE = 1000

---@param found festina.Hunk[]
---@return string
local function size(found)
  local gone, new = 0, 0
  for _, hunk in ipairs(found) do
    gone, new = gone + hunk.count, new + #hunk.lines
  end
  return ("+%d -%d "):format(new, gone)
end

---@param proposal festina.Proposal
---@param candidate festina.CandidateInfo
---@param text? string
---@return festina.Choice
local function choice(proposal, candidate, text)
  local here = candidate.index == proposal.data.candidate
  local message = candidate.message or ""
  local new = text and hunks.lines(text)
  local title = ("%s %s%s%s"):format(
    SIGNS[candidate.status] or "…",
    here and "(shown) " or "",
    new and size(hunks.between(proposal.old or {}, new, true)) or "",
    message ~= "" and message or candidate.status
  )
  return { index = candidate.index, title = title, new = new }
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

--- What fits beside a number in a line of the screen: of 75 choices as many as can be are to be seen.
---@param title string
---@return string
local function fitting(title)
  local room = vim.o.columns - 6
  if vim.fn.strdisplaywidth(title) <= room then
    return title
  end
  return vim.fn.strcharpart(title, 0, room - 1) .. "…"
end

--- Do what was picked. A list may say so long afterwards, from another window, or more than once.
---@param proposal festina.Proposal
---@param item? festina.Choice nil: the list was left
local function picked(proposal, item)
  if not item then
    return
  elseif not proposals.get(proposal.key) then
    say.warn("that edit is over.")
  elseif not item.index then
    actions.send(proposal, "variations", { count = 4 })
  elseif item.index ~= proposal.data.candidate then
    actions.send(proposal, "next", { candidate = item.index })
  end
end

--- Show the list.
---@param proposal festina.Proposal
---@param items festina.Choice[]
local function show(proposal, items)
  local place = head.place(proposal.data)
  local close = glance.open(proposal, items)
  local good, why = pcall(vim.ui.select, items, {
    prompt = ("Festina, variations%s:"):format(place and (" (%s)"):format(place) or ""),
    kind = "festina",
    format_item = function(item)
      return fitting(item.title)
    end,
    preview_item = function(item)
      return glance.preview(proposal, item)
    end,
  }, function(item)
    picked(proposal, item)
  end)
  close()
  if not good and not tostring(why):find("Keyboard interrupt", 1, true) then
    error(why, 0)
  end
end

--- Let the person pick. The texts of the candidates are fetched first: an older server has none.
---@param proposal festina.Proposal
function M.pick(proposal)
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  if not client then
    return
  end
  local candidates, items = choices(proposal.data), {}
  local missing, shown = #candidates, false
  local function ready()
    if shown or not proposals.get(proposal.key) then
      return
    end
    shown = true
    for number, candidate in ipairs(candidates) do
      items[number] = items[number] or choice(proposal, candidate)
    end
    if not proposals.RUNNING[proposal.data.state] and proposal.data.state ~= "failed" then
      items[#items + 1] = { title = "ask for four more" }
    end
    say.guarded(function()
      show(proposal, items)
    end)
  end
  for number, candidate in ipairs(candidates) do
    local params = { proposal = proposal.id, candidate = candidate.index }
    rpc.ask(client, "festina/candidate", params, function(found)
      items[number] = choice(proposal, candidate, found and found.text)
      missing = missing - 1
      if missing == 0 then
        ready()
      end
    end)
  end
  vim.defer_fn(ready, #candidates > 0 and PATIENCE or 0)
end

return M
