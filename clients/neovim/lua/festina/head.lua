-- What stands above a region: where the edit stands, on what its verdict rests, and what can be pressed.
local config = require("festina.config")

local M = {}

local STATES = {
  queued = { "●", "FestinaRunning" },
  streaming = { "●", "FestinaRunning" },
  parsed = { "●", "FestinaRunning" },
  verifying = { "●", "FestinaRunning" },
  ready = { "✓", "FestinaReady" },
  rejected = { "✗", "FestinaRejected" },
  unverified = { "?", "FestinaUnverified" },
  failed = { "✗", "FestinaFailed" },
}

local GATES = {
  waiting = { "·", "FestinaHint" },
  running = { "…", "FestinaRunning" },
  passed = { "✓", "FestinaReady" },
  failed = { "✗", "FestinaRejected" },
  unverified = { "?", "FestinaUnverified" },
  skipped = { "-", "FestinaHint" },
}

--- What is offered in each state, in this order.
local OFFERS = {
  queued = { "cancel" },
  streaming = { "cancel", "redirect", "diff" },
  parsed = { "cancel", "redirect", "diff" },
  verifying = { "cancel", "redirect", "diff" },
  ready = { "accept", "hunk", "next", "variations", "redirect", "diff", "dismiss" },
  rejected = { "test", "redirect", "variations", "diff", "dismiss" },
  unverified = { "redirect", "variations", "diff", "dismiss" },
  failed = { "dismiss" },
}

--- A number as people write it: 1,180.
---@param value number
---@return string
function M.number(value)
  local text = ("%d"):format(math.floor(value + 0.5))
  local grouped = text:reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (grouped:gsub("^,", ""))
end

---@param seconds number
---@return string
local function duration(seconds)
  return seconds < 10 and ("%.1f s"):format(seconds) or ("%d s"):format(seconds)
end

--- `2 of 4`, where there is more than one candidate to choose from.
---@param data festina.Payload
---@return string?
function M.place(data)
  local choices, here = {}, nil
  for _, candidate in ipairs(data.candidates or {}) do
    if candidate.chosen ~= false then
      choices[#choices + 1] = candidate
      here = candidate.index == data.candidate and #choices or here
    end
  end
  if #choices > 1 and here then
    return ("%d of %d"):format(here, #choices)
  end
end

--- What is known while the model writes.
---@param progress? festina.Progress
---@return string?
local function speed(progress)
  if not progress or not progress.tokens or progress.tokens == 0 then
    return nil
  end
  local words = { M.number(progress.tokens) .. " tokens" }
  if progress.tokens_per_second then
    words[#words + 1] = M.number(progress.tokens_per_second) .. " tok/s"
  end
  if progress.seconds and progress.seconds >= 0.1 then
    words[#words + 1] = duration(progress.seconds)
  end
  return table.concat(words, " · ")
end

--- The finding that says best why an edit did not pass.
---@param data festina.Payload
---@return festina.Finding?
function M.finding(data)
  local verdict = data.verdict
  return verdict and verdict.findings and verdict.findings[1] or nil
end

---@param data festina.Payload
---@return festina.Chunk[]
local function first_line(data)
  local mark = STATES[data.state] or STATES.queued
  local name = data.name and data.name ~= "" and " " .. data.name or ""
  local place = M.place(data)
  local chunks = {
    { mark[1] .. " ", mark[2] },
    { "Festina" .. name, "FestinaName" },
    { place and (" %s "):format(place) or " ", "FestinaHead" },
  }
  local function add(text, group)
    chunks[#chunks + 1] = { text, group }
  end
  local progress = data.progress
  local gates = progress and progress.gates or {}
  if data.state == "queued" or data.state == "streaming" then
    local written = speed(progress)
    add(written and "writing " or "", mark[2])
    add(written or data.message, "FestinaHead")
    if data.model and data.model ~= "" then
      add(" · " .. data.model, "FestinaHint")
    end
  elseif #gates > 0 and (data.state == "parsed" or data.state == "verifying") then
    for _, gate in ipairs(gates) do
      local sign = GATES[gate.status] or GATES.waiting
      add(sign[1] .. " " .. gate.gate .. "  ", sign[2])
    end
    add(data.message, "FestinaHead")
  else
    -- where a limit of the provider's has ended it, that is no fault of the edit
    local held = data.again and not data.verdict
    add((held and "held back" or data.state) .. ": ", mark[2])
    add(data.message, "FestinaHead")
  end
  return chunks
end

--- The first finding, where the message does not quote it already.
---@param data festina.Payload
---@return festina.Chunk[]?
local function reason(data)
  local finding = data.state == "rejected" and M.finding(data)
  local message = finding and (finding.message or ""):gsub("%s*\n.*", "") or ""
  if not finding or data.message:find(message, 1, true) then
    return nil
  end
  local where = finding.path and ("%s:%d: "):format(finding.path, finding.line or 1) or ""
  return { { "  " .. where, "FestinaHint" }, { message, "FestinaRejected" } }
end

--- What can be pressed now.
---@param data festina.Payload
---@param buf integer
---@return festina.Chunk[]?
local function hints(data, buf)
  if not config.options.hints then
    return nil
  end
  local chunks = {}
  for _, action in ipairs(OFFERS[data.state] or {}) do
    local key = require("festina.keys").shown(action, buf)
    local fits = action ~= "next" or M.place(data) ~= nil
    fits = fits and (action ~= "hunk" or #(data.hunks or {}) > 1)
    fits = fits and (action ~= "test" or (M.finding(data) or {}).gate == "tests")
    if key and fits then
      chunks[#chunks + 1] = { "  ", "FestinaHint" }
      chunks[#chunks + 1] = { key, "FestinaKey" }
      local word = action == "redirect" and data.again and "ask again, redirect" or action
      chunks[#chunks + 1] = { " " .. word, "FestinaHint" }
    end
  end
  if data.state == "unverified" and data.apply_unverified ~= false then
    chunks[#chunks + 1] = { "  :Festina! accept", "FestinaKey" }
    chunks[#chunks + 1] = { " applies it all the same", "FestinaHint" }
  end
  return #chunks > 0 and chunks or nil
end

--- Bytes of a line that are shown in place: one of a model's can be very long, and all of it would be
--- drawn anew with each word that it writes.
local LONGEST = 2000

--- Leave out the end of a very long line.
---@param chunks festina.Chunk[]
---@return festina.Chunk[]
local function cut(chunks)
  local found, left = {}, LONGEST
  for _, chunk in ipairs(chunks) do
    local text = chunk[1]
    if #text > left then
      local whole = left + vim.str_utf_start(text, left + 1) -- not in the middle of a character
      found[#found + 1] = { text:sub(1, whole), chunk[2] }
      found[#found + 1] = { "…", "FestinaMore" }
      return found
    end
    found[#found + 1] = chunk
    left = left - #text
  end
  return found
end

--- Break a line of chunks where the window ends; of words, at a space if there is one.
---@param chunks festina.Chunk[]
---@param width integer
---@param words boolean
---@return festina.Chunk[][]
function M.wrap(chunks, width, words)
  local lines, room = { {} }, width
  local function put(text, group)
    table.insert(lines[#lines], { text, group })
    room = room - vim.fn.strdisplaywidth(text)
  end
  local function turn()
    lines[#lines + 1] = {}
    room = width
    if words then
      put("  ", "FestinaHint")
    end
  end
  for _, chunk in ipairs(cut(chunks)) do
    local text, group = chunk[1], chunk[2]
    while vim.fn.strdisplaywidth(text) > room do
      local count = 0
      while vim.fn.strdisplaywidth(vim.fn.strcharpart(text, 0, count + 1)) <= room do
        count = count + 1
      end
      local part = vim.fn.strcharpart(text, 0, count)
      local at = words and part:match("^.*() ")
      if at and at > 1 then
        count = vim.fn.strchars(part:sub(1, at))
        part = part:sub(1, at - 1)
      elseif words and room < width - 2 then
        count, part = 0, ""
      elseif count == 0 then
        count = 1
        part = vim.fn.strcharpart(text, 0, 1)
      end
      put(part, group)
      text = vim.fn.strcharpart(text, count)
      turn()
    end
    put(text, group)
  end
  return lines
end

--- All lines that stand above a region.
---@param data festina.Payload
---@param width integer
---@param buf integer whose keys are named
---@return festina.Chunk[][]
function M.lines(data, width, buf)
  local lines = {}
  for _, chunks in ipairs({ first_line(data), reason(data) or {}, hints(data, buf) or {} }) do
    if #chunks > 0 then
      vim.list_extend(lines, M.wrap(chunks, width, true))
    end
  end
  return lines
end

return M
