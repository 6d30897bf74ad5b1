-- What a person does with a proposal.
local proposals = require("festina.proposals")
local rpc = require("festina.rpc")
local say = require("festina.say")

local M = {}

--- The proposal that is meant: the one under the cursor, else the only one of the buffer.
---@return festina.Proposal? proposal
---@return string? why there is none
function M.target()
  local buf = vim.api.nvim_get_current_buf()
  local shown = vim.b[buf].festina_proposal
  if shown then
    local proposal = proposals.get(shown)
    return proposal, proposal == nil and "that edit is over." or nil
  end
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1
  local all = proposals.of(buf)
  for _, proposal in ipairs(all) do
    local first, stop = proposals.rows(proposal)
    if first and here >= first and here < stop then
      return proposal
    end
  end
  if #all == 1 then
    return all[1]
  end
  if #all == 0 then
    return nil, "there is no proposed edit in this buffer."
  end
  return nil, ("there are %d edits here: put the cursor on the one that you mean."):format(#all)
end

---@param proposal festina.Proposal
---@param command string
---@param more? table
---@param done? fun(answer: table)
function M.send(proposal, command, more, done)
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  if not client then
    return say.warn("the server does not run. `:Festina restart` starts it.")
  end
  local argument = vim.tbl_extend("force", { proposal = proposal.id }, more or {})
  rpc.execute(client, command, argument, done, proposal.buf)
end

--- The hunk under the cursor.
---@param proposal festina.Proposal
---@return festina.Hunk?
local function hunk_here(proposal)
  local first = proposals.rows(proposal)
  if not first then
    return nil
  end
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1 - first
  local new = require("festina.view").is_new(proposal, vim.api.nvim_get_current_buf())
  local shift = 0
  for _, hunk in ipairs(proposals.hunks(proposal)) do
    local start, count = hunk.first, hunk.count
    if new then -- the page has the new lines where the buffer has the old ones
      start, count = start + shift, #hunk.lines
      shift = shift + #hunk.lines - hunk.count
    end
    local last = start + math.max(count, 1) - 1
    local before = count == 0 and start - 1 or start
    if hunk.id and here >= before and here <= last then
      return hunk
    end
  end
end

---@type table<string, fun(proposal: festina.Proposal, argument?: string)>
local actions = {}

function actions.accept(proposal)
  M.send(proposal, "accept", { candidate = proposal.data.candidate })
end

function actions.accept_step(proposal)
  M.send(proposal, "acceptStep")
end

function actions.accept_unverified(proposal)
  M.send(proposal, "accept", { candidate = proposal.data.candidate, unverified = true })
end

function actions.hunk(proposal)
  local hunk = hunk_here(proposal)
  if not hunk then
    return say.warn("there is no change under the cursor.")
  end
  M.send(proposal, "accept", { candidate = proposal.data.candidate, hunks = { hunk.id } })
end

function actions.next(proposal)
  M.send(proposal, "next")
end

function actions.previous(proposal)
  M.send(proposal, "previous")
end

function actions.cancel(proposal)
  if proposal.data.state == "failed" then
    return proposals.remove(proposal) -- the server has forgotten it already
  end
  M.send(proposal, "cancel")
end

function actions.dismiss(proposal)
  if proposal.data.state == "failed" then
    return proposals.remove(proposal)
  end
  M.send(proposal, "dismiss")
end

function actions.redirect(proposal, instruction)
  local again = proposal.data.again
  local function go(words)
    if vim.trim(words or "") ~= "" then
      M.send(proposal, "redirect", { instruction = words })
    elseif words and again then
      M.send(proposal, "redirect")
    end
  end
  if instruction and instruction ~= "" then
    return go(instruction)
  end
  local hint = again and "(nothing: the same again) " or ""
  vim.ui.input({ prompt = "Festina, what else? " .. hint }, go)
end

function actions.variations(proposal, count)
  if count and count ~= "" then
    return M.send(proposal, "variations", { count = tonumber(count) or 4 })
  end
  require("festina.picker").pick(proposal)
end

function actions.gallery(proposal)
  M.send(proposal, "gallery")
end

function actions.test(proposal)
  require("festina.failures").go(proposal)
end

function actions.diff(proposal)
  require("festina.view").open(proposal)
end

--- Do something with the proposal that is meant.
---@param name string one of |festina-keys|
---@param argument? string
function M.run(name, argument)
  local proposal, why = M.target()
  if not proposal then
    return say.warn(why or "")
  end
  say.guarded(function()
    actions[name](proposal, argument)
  end)
end

return M
