-- Colours for lines that are in no file: with tree-sitter, else with :syntax, else without.
local M = {}

---@alias festina.Chunk { [1]: string, [2]: string|string[] }
---@alias festina.Colours table<integer, string> the highlight group of each byte, from 1

--- Longer lines are not coloured: nobody reads them in place.
local MOST_BYTES = 400

--- Hidden buffers in which new texts are coloured, one for each filetype; what does not change in them
--- need not be parsed again.
---@type table<string, integer>
local pages = {}

--- Languages without a parser: looking for one again would take longer than all else here.
---@type table<string, boolean>
local without = {}

--- How long a parse may take, in seconds of the processor. Of text that is no code in its language, or not
--- yet, tree-sitter makes something in many seconds only, and nobody could type meanwhile.
local MOST_SECONDS = 0.05

--- From how many lines on a language's parser took longer than that.
---@type table<string, integer>
local slow = {}

---@type table<integer, string|false> names of :syntax groups by their number
local names = {}

---@param kind string filetype
---@return integer
local function page(kind)
  local buf = pages[kind]
  if buf and vim.api.nvim_buf_is_valid(buf) then
    return buf
  end
  buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].undolevels = -1
  vim.bo[buf].modifiable = true
  pages[kind] = buf
  return buf
end

--- Put a text into its page; only what differs is replaced.
---@param buf integer
---@param lines string[]
local function fill(buf, lines)
  local before = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
  local same, last = 0, math.min(#before, #lines)
  while same < last and before[same + 1] == lines[same + 1] do
    same = same + 1
  end
  if same < #lines or same < #before then
    vim.api.nvim_buf_set_lines(buf, same, -1, false, vim.list_slice(lines, same + 1, #lines))
  end
end

--- By tree-sitter; nil where there is no parser, or it takes too long.
---@param buf integer
---@param kind string
---@param first integer one-based
---@param last integer
---@return table<integer, festina.Colours>?
local function by_treesitter(buf, kind, first, last)
  local language = vim.treesitter.language.get_lang(kind) or kind
  local size = vim.api.nvim_buf_line_count(buf)
  if slow[language] and size < slow[language] then
    slow[language] = nil -- another text, or a further try
  end
  if without[language] or slow[language] then
    return nil
  end
  local began = os.clock()
  local found
  local good = pcall(function()
    local parser = vim.treesitter.get_parser(buf, language)
    local query = vim.treesitter.query.get(language, "highlights")
    if not parser or not query then
      without[language] = true
      return
    end
    local tree = parser:parse()[1]
    local colours = {}
    for id, node in query:iter_captures(tree:root(), buf, first - 1, last) do
      local name = query.captures[id]
      local plain = name == "spell" or name == "nospell" or name == "conceal"
      if not plain and name:sub(1, 1) ~= "_" then
        local top, from, bottom, to = node:range()
        for row = math.max(top, first - 1), math.min(bottom, last - 1) do
          local line = colours[row + 1] or {}
          colours[row + 1] = line
          for byte = row == top and from + 1 or 1, row == bottom and to or MOST_BYTES do
            line[byte] = "@" .. name .. "." .. language
          end
        end
      end
    end
    found = colours
  end)
  without[language] = without[language] or not good
  slow[language] = os.clock() - began > MOST_SECONDS and size or nil
  return found
end

---@param number integer
---@return string|false
local function name_of(number)
  if names[number] == nil then
    local name = vim.fn.synIDattr(vim.fn.synIDtrans(number), "name")
    names[number] = name ~= "" and name
  end
  return names[number]
end

--- By :syntax; nil where that is off or knows nothing of the filetype.
---@param buf integer
---@param kind string
---@param rows integer[]
---@param lines string[]
---@return table<integer, festina.Colours>?
local function by_syntax(buf, kind, rows, lines)
  if vim.g.syntax_on == nil then
    return nil
  end
  local found = {}
  local good = pcall(function()
    if vim.bo[buf].syntax ~= kind then
      vim.bo[buf].syntax = kind
    end
    vim.api.nvim_buf_call(buf, function()
      for _, row in ipairs(rows) do
        local colours = {}
        local line = lines[row]
        for byte = 1, math.min(#line, MOST_BYTES) do
          if line:byte(byte) ~= 32 then
            colours[byte] = name_of(vim.fn.synID(row, byte, 1)) or nil
          end
        end
        found[row] = colours
      end
    end)
  end)
  return good and found or nil
end

--- A line in chunks of one colour each, on a ground; tabs as spaces, since virtual text has none.
---@param line string
---@param colours festina.Colours
---@param ground string
---@param tabstop integer
---@return festina.Chunk[]
local function chunks_of(line, colours, ground, tabstop)
  local chunks, column = {}, 0
  local function add(text, colour)
    column = column + vim.api.nvim_strwidth(text)
    chunks[#chunks + 1] = { text, colour and { ground, colour } or ground }
  end
  local start = 1
  for byte = 1, #line do
    local code, after = line:byte(byte), line:byte(byte + 1)
    -- not in the middle of a character
    local whole = after == nil or after < 0x80 or after >= 0xC0
    if code == 9 then
      add((" "):rep(tabstop - column % tabstop), colours[byte])
      start = byte + 1
    elseif whole and (after == 9 or after == nil or colours[byte + 1] ~= colours[start]) then
      add(line:sub(start, byte), colours[start])
      start = byte + 1
    end
  end
  if #chunks == 0 then
    chunks[1] = { "", ground }
  end
  return chunks
end

--- Some of a text's lines, as coloured chunks.
---@param lines string[] the whole text: a string may begin above the lines that are wanted
---@param rows integer[] which lines are wanted, one-based and ascending
---@param kind string filetype
---@param ground string highlight group below the colours
---@param tabstop integer
---@return table<integer, festina.Chunk[]>
function M.colour(lines, rows, kind, ground, tabstop)
  local found = {}
  local colours = {}
  if kind ~= "" and #rows > 0 then
    local buf = page(kind)
    fill(buf, lines)
    colours = by_treesitter(buf, kind, rows[1], rows[#rows])
      or by_syntax(buf, kind, rows, lines)
      or {}
  end
  for _, row in ipairs(rows) do
    found[row] = chunks_of(lines[row], colours[row] or {}, ground, tabstop)
  end
  return found
end

--- Names of groups may mean others from now on.
function M.forget()
  names = {}
end

return M
