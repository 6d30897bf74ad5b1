-- What the picker's choices would change: a page of each, and all of them above Neovim's own list, which has
-- no preview.
local hunks = require("festina.hunks")

local M = {}

local space = vim.api.nvim_create_namespace("festina.glance")

--- Below that many lines nothing could be told from what is seen.
local LEAST = 4

local GROUPS = { ["-"] = "FestinaDelete", ["+"] = "FestinaAdd" }

---@class festina.Row
---@field text string
---@field sign? "-"|"+"|" " what becomes of the line; nil: it is none of the code's
---@field note? festina.Chunk[] words that stand on it

--- The lines of a region, as they are and as they would be.
---@param old string[]
---@param new string[]
---@return festina.Row[]
local function rows(old, new)
  local found, at = {}, 0
  local function put(lines, first, stop, sign)
    for number = first, stop do
      found[#found + 1] = { text = lines[number], sign = sign }
    end
  end
  for _, hunk in ipairs(hunks.between(old, new, true)) do
    put(old, at + 1, hunk.first, " ")
    at = hunk.first + hunk.count
    put(old, hunk.first + 1, at, "-")
    put(hunk.lines, 1, #hunk.lines, "+")
  end
  put(old, at + 1, #old, " ")
  return found
end

--- A page that shows rows, in the colours of the buffer's language.
---@param proposal festina.Proposal
---@param shown festina.Row[]
---@return integer buf
local function page(proposal, shown)
  require("festina.highlights").need()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = "wipe"
  vim.bo[buf].tabstop = vim.bo[proposal.buf].tabstop
  vim.bo[buf].modifiable = true -- `nvim -M` turns that off for new buffers
  local lines = vim.tbl_map(function(row)
    return row.text
  end, shown)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].syntax = vim.bo[proposal.buf].filetype
  for number, row in ipairs(shown) do
    if row.sign then
      vim.api.nvim_buf_set_extmark(buf, space, number - 1, 0, {
        virt_text = { { row.sign .. " ", GROUPS[row.sign] } },
        virt_text_pos = "inline",
        line_hl_group = GROUPS[row.sign],
      })
    end
    if row.note then
      local place = row.sign and "eol" or "overlay"
      vim.api.nvim_buf_set_extmark(buf, space, number - 1, 0, {
        virt_text = row.note,
        virt_text_pos = place,
      })
    end
  end
  return buf
end

--- A page with a choice's lines, and where its first change is: what `preview_item` is to return. To lists
--- that put lines into a page of their own, as mini.pick did before Neovim said what is to be returned, it is
--- those lines; the page is made when it is asked for.
---@param proposal festina.Proposal
---@param item festina.Choice
---@return { buf?: integer, pos?: integer[] }
function M.preview(proposal, item)
  if not item.new or not vim.api.nvim_buf_is_valid(proposal.buf) then
    return {} -- a list may ask when the file was closed already
  end
  local shown = rows(proposal.old or {}, item.new)
  local lines, first = {}, 1
  for number, row in ipairs(shown) do
    lines[number] = row.sign .. " " .. row.text
  end
  while shown[first] and shown[first].sign == " " do
    first = first + 1
  end
  local buf
  return setmetatable(lines, {
    __index = function(_, field)
      if field == "buf" then
        buf = buf or page(proposal, shown)
        return buf
      elseif field == "pos" then
        return { math.min(first, math.max(#shown, 1)), 0 }
      end
    end,
  })
end

--- Whether `vim.ui.select` is Neovim's own.
---@return boolean
local function stock()
  if type(vim.ui.select) ~= "function" then
    return false -- a plugin's: a table that can be called
  end
  return debug.getinfo(vim.ui.select, "S").source:find("vim/ui%.lua$") ~= nil
end

--- The changes of all choices, numbered as in the list; each has as much of the room as the others.
---@param proposal festina.Proposal
---@param items festina.Choice[]
---@param room integer
---@return festina.Row[]
local function summary(proposal, items, room)
  local parts, total = {}, 0
  for number, item in ipairs(items) do
    if item.new then
      local changed = vim.tbl_filter(function(row)
        return row.sign ~= " "
      end, rows(proposal.old or {}, item.new))
      parts[#parts + 1] = { number = number, item = item, changed = changed }
      total = total + 1 + #changed
    end
  end
  local most = total > room and math.max(math.floor(room / math.max(#parts, 1)) - 1, 1) or total
  local shown = {}
  for _, part in ipairs(parts) do
    local title = ("%d: %s"):format(part.number, part.item.title)
    shown[#shown + 1] = { text = "", note = { { title, "FestinaName" } } }
    vim.list_extend(shown, vim.list_slice(part.changed, 1, most))
    if #part.changed > most then
      local words = (" … %d more lines"):format(#part.changed - most)
      shown[#shown].note = { { words, "FestinaMore" } }
    end
  end
  return vim.list_slice(shown, 1, room)
end

--- Show what each choice would change, above Neovim's own list; returns what takes that away again.
---@param proposal festina.Proposal
---@param items festina.Choice[]
---@return fun()
function M.open(proposal, items)
  -- the list takes a line for each, one for its prompt, one for the number, one that parts it from the rest
  local room = vim.o.lines - #items - 3 - 2
  local shown = stock() and room >= LEAST and summary(proposal, items, room) or {}
  if #shown == 0 then
    return function() end
  end
  local window = vim.api.nvim_open_win(page(proposal, shown), false, {
    relative = "editor",
    row = 0,
    col = 0,
    width = math.max(vim.o.columns - 2, 1),
    height = #shown,
    style = "minimal",
    border = "single",
    title = " Festina: what each would change ",
    focusable = false,
    noautocmd = true,
  })
  vim.wo[window].wrap = false
  vim.cmd.redraw()
  return function()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
end

return M
