-- Draws a proposal where it would go, with marks only: the text is never touched.
local config = require("festina.config")
local head = require("festina.head")
local hunks = require("festina.hunks")
local syntax = require("festina.syntax")

local M = {}

local space = vim.api.nvim_create_namespace("festina.proposals")

--- Below what other plugins draw, and above the diagnostics' lines.
local PRIORITY = 90

local watching = false

---@param proposal festina.Proposal
function M.clear(proposal)
  for _, id in ipairs(proposal.memory.marks or {}) do
    if vim.api.nvim_buf_is_valid(proposal.buf) then
      vim.api.nvim_buf_del_extmark(proposal.buf, space, id)
    end
  end
  proposal.memory.marks = {}
end

--- How wide and high a text can be to be seen in every window of a buffer.
---@param buf integer
---@return integer width
---@return integer height
local function room(buf)
  local width, height
  for _, window in ipairs(vim.fn.win_findbuf(buf)) do
    local info = vim.fn.getwininfo(window)[1]
    width = math.min(width or math.huge, info.width - info.textoff)
    height = math.min(height or math.huge, info.height)
  end
  return math.max(width or vim.o.columns, 20), math.max(height or vim.o.lines, 5)
end

--- New lines as virtual ones, as wide as the window so that their ground has no ragged end.
---@param chunks festina.Chunk[]
---@param width integer
---@return festina.Chunk[][]
local function padded(chunks, width)
  local lines = head.wrap(chunks, width, false)
  local last, used = lines[#lines], 0
  for _, chunk in ipairs(last) do
    used = used + vim.fn.strdisplaywidth(chunk[1])
  end
  last[#last + 1] = { (" "):rep(width - used), "FestinaAdd" }
  return lines
end

--- Leave out of many lines what the window has no room for: while a text is being written its
--- beginning, later its end.
---@param total integer
---@param most integer
---@param writing boolean
---@return integer from first line that is shown, one-based
---@return integer to
local function shown(total, most, writing)
  if total <= most then
    return 1, total
  end
  if writing then
    return total - most + 1, total
  end
  return 1, most
end

---@param count integer
---@param where string
---@param buf integer
---@return festina.Chunk[]
local function left_out(count, where, buf)
  local key = require("festina.keys").shown("diff", buf) or ":Festina diff"
  return { { ("  … %d %s (%s shows all)"):format(count, where, key), "FestinaMore" } }
end

--- The new lines that are shown, coloured: for each hunk those of its lines that have room.
---@param proposal festina.Proposal
---@param found festina.Hunk[]
---@param from integer first new line that is shown, counted through all hunks, one-based
---@param to integer
---@return table<integer, table<integer, festina.Chunk[]>>
local function coloured(proposal, found, from, to)
  local buf, data = proposal.buf, proposal.data
  -- the whole new text is looked at, not the hunks alone: a string may begin above them
  local whole = data.text ~= "" and hunks.lines(data.text) or {}
  local rows, where = {}, {}
  local row, old, count = 0, 0, 0
  for number, hunk in ipairs(found) do
    row = row + hunk.first - old
    for offset = 1, #hunk.lines do
      count = count + 1
      if count >= from and count <= to and whole[row + offset] == hunk.lines[offset] then
        rows[#rows + 1] = row + offset
        where[#where + 1] = { number, offset }
      end
    end
    row, old = row + #hunk.lines, hunk.first + hunk.count
  end
  local chunks = syntax.colour(whole, rows, vim.bo[buf].filetype, "FestinaAdd", vim.bo[buf].tabstop)
  local all = {}
  for index, place in ipairs(where) do
    all[place[1]] = all[place[1]] or {}
    all[place[1]][place[2]] = chunks[rows[index]]
  end
  return all
end

--- Open closed folds that would hide a proposal.
---@param proposal festina.Proposal
---@param first integer
---@param stop integer
local function unfold(proposal, first, stop)
  for _, window in ipairs(vim.fn.win_findbuf(proposal.buf)) do
    vim.api.nvim_win_call(window, function()
      if vim.fn.foldclosed(first + 1) ~= -1 or vim.fn.foldclosed(stop) ~= -1 then
        pcall(vim.cmd, ("silent! %d,%dfoldopen!"):format(first + 1, stop))
      end
    end)
  end
end

--- Windows that have a region's first line at their top, and are to show what stands above it: nothing of
--- that would be seen there. Once a person has scrolled past it, it is left alone.
---@param proposal festina.Proposal
---@param first integer
---@return table<integer, integer> found most lines that there is room for, by window
local function topped(proposal, first)
  local found = {}
  for _, window in ipairs(vim.fn.win_findbuf(proposal.buf)) do
    local info = vim.fn.getwininfo(window)[1]
    if info.topline == first + 1 and first > 0 then
      local fill = vim.api.nvim_win_call(window, vim.fn.winsaveview).topfill
      if fill > 0 or not proposal.memory.revealed then
        found[window] = math.max(info.height - 3, 0)
      end
    end
  end
  proposal.memory.revealed = true
  return found
end

--- Draw again where windows have another size, or show the buffer anew.
local function follow_windows()
  if watching then
    return
  end
  watching = true
  vim.api.nvim_create_autocmd({ "WinResized", "BufWinEnter" }, {
    group = vim.api.nvim_create_augroup("festina.render", {}),
    callback = function()
      local drawn = {}
      for _, proposal in ipairs(require("festina.proposals").all()) do
        if not drawn[proposal.buf] then
          drawn[proposal.buf] = true
          require("festina.proposals").refresh(proposal.buf)
        end
      end
    end,
  })
end

--- Draw what is known of a proposal, in place of what was drawn before.
---@param proposal festina.Proposal
function M.draw(proposal)
  local first, stop = require("festina.proposals").rows(proposal)
  if not first or not stop then
    return M.clear(proposal)
  end
  require("festina.highlights").need()
  follow_windows()
  local buf, data = proposal.buf, proposal.data
  if not proposal.memory.unfolded then
    proposal.memory.unfolded = true
    unfold(proposal, first, stop)
  end
  local width, height = room(buf)
  local top = topped(proposal, first) -- before the marks go: Neovim scrolls back without them
  M.clear(proposal)
  local function mark(row, options)
    options.priority = PRIORITY
    local id = vim.api.nvim_buf_set_extmark(buf, space, row, 0, options)
    table.insert(proposal.memory.marks, id)
  end

  local above = head.lines(data, width, buf)
  local found = require("festina.proposals").hunks(proposal)
  local total = 0
  for _, hunk in ipairs(found) do
    total = total + #hunk.lines
  end
  local most = config.options.lines > 0 and config.options.lines or math.max(height - #above - 5, 5)
  local writing = data.state == "streaming"
  local from, to = shown(total, most, writing)
  local colours = coloured(proposal, found, from, to)

  local count = 0
  for number, hunk in ipairs(found) do
    local lines = {}
    if count < from - 1 and count + #hunk.lines >= from - 1 then
      lines[#lines + 1] = left_out(from - 1, "lines above", buf)
    end
    for offset = 1, #hunk.lines do
      count = count + 1
      if count >= from and count <= to then
        local chunks = (colours[number] or {})[offset] or { { hunk.lines[offset], "FestinaAdd" } }
        vim.list_extend(lines, padded(chunks, width))
      end
    end
    if to < total and count >= to and count - #hunk.lines < to then
      lines[#lines + 1] = left_out(total - to, "more lines", buf)
    end
    local row, gone = first + hunk.first, hunk.count
    if gone == 0 and row == 0 then
      -- above a buffer's first line nothing would be seen: so that line goes, and comes again
      gone = 1
      vim.list_extend(lines, padded({ { proposal.old[1], "FestinaAdd" } }, width))
    end
    for line = row, row + gone - 1 do
      mark(line, { line_hl_group = "FestinaDelete" })
    end
    if row + gone == first then
      vim.list_extend(above, lines) -- they come between the head and the region
    elseif #lines > 0 then
      mark(row + gone - 1, { virt_lines = lines })
    end
  end
  -- made last, drawn first: of marks in one row the later one is nearer to it
  mark(first, { virt_lines = above, virt_lines_above = first > 0 })
  for window, most_above in pairs(top) do
    vim.api.nvim_win_call(window, function()
      vim.fn.winrestview({ topfill = math.min(#above, most_above) })
    end)
  end
end

return M
