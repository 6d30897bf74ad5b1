-- Which lines of a region go, and what comes in their place. Values only.
local M = {}

local diff = vim.text and vim.text.diff or vim.diff

--- The lines of a text, in the form that buffers have.
---@param text string
---@return string[]
function M.lines(text)
  if text:find("\r", 1, true) then
    text = text:gsub("\r\n", "\n")
  end
  local lines = vim.split(text, "\n", { plain = true })
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return lines
end

---@param lines string[]
---@return string
local function joined(lines)
  return #lines == 0 and "" or table.concat(lines, "\n") .. "\n"
end

--- What the server's hunks mean, counted from the region's first line.
---@param given festina.ServerHunk[]
---@param first integer the region's first line, zero-based, in the version that the hunks count in
---@param height integer how many lines the region has
---@return festina.Hunk[]
function M.from_server(given, first, height)
  local found = {}
  for _, hunk in ipairs(given) do
    local start, stop = hunk.range.start, hunk.range["end"]
    -- after a last line without a line end there is no further line to count from
    local begin = start.line - first + (start.character > 0 and 1 or 0)
    local finish = stop.line - first + (stop.character > 0 and 1 or 0)
    begin, finish = math.max(0, math.min(begin, height)), math.max(0, math.min(finish, height))
    found[#found + 1] = {
      id = hunk.id,
      first = begin,
      count = math.max(0, finish - begin),
      lines = M.lines(hunk.newText),
    }
  end
  return found
end

--- Compare a region with what is to replace it.
---
--- Of a text that is still being written nothing is said about the lines that it has not reached yet:
--- those that its last lines do not stand for stay as they are.
---@param old string[]
---@param new string[]
---@param whole boolean
---@return festina.Hunk[]
function M.between(old, new, whole)
  local found = {}
  local options = { result_type = "indices", algorithm = "histogram" }
  for _, part in ipairs(diff(joined(old), joined(new), options)) do
    local first, count, from, more = part[1], part[2], part[3], part[4]
    if count > 0 then
      first = first - 1
    end
    local tail = not whole and first + count == #old
    if tail and count > more then
      count = more
    end
    local lines = more == 0 and {} or vim.list_slice(new, from, from + more - 1)
    if tail and count == more and more > 0 and vim.startswith(old[first + count], lines[more]) then
      -- its last line may become what is there
      lines[more] = nil
      count, more = count - 1, more - 1
    end
    if count > 0 or more > 0 then
      found[#found + 1] = { first = first, count = count, lines = lines }
    end
  end
  return found
end

return M
