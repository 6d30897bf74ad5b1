-- Colours for lines that are in no buffer: with tree-sitter, else with :syntax, else without.
local M = {}

---@alias festina.Chunk { [1]: string, [2]: string|string[] }

--- The colour of each byte of some lines, by tree-sitter. Nil where there is no parser.
---@param lines string[]
---@param kind string filetype
---@return table<integer, table<integer, string>>? colours by line (from 1) and byte (from 1)
local function by_treesitter(lines, kind)
  local language = vim.treesitter.language.get_lang(kind) or kind
  local text = table.concat(lines, "\n")
  local good, parser = pcall(vim.treesitter.get_string_parser, text, language)
  if not good or not parser then
    return nil
  end
  local query
  good, query = pcall(vim.treesitter.query.get, language, "highlights")
  if not good or not query then
    return nil
  end
  local found = {}
  good = pcall(function()
    local tree = parser:parse()[1]
    for id, node in query:iter_captures(tree:root(), text) do
      local name = query.captures[id]
      if name ~= "spell" and name ~= "nospell" and name ~= "conceal" and name:sub(1, 1) ~= "_" then
        local row, from, last_row, to = node:range()
        for line = row, math.min(last_row, #lines - 1) do
          local colours = found[line + 1] or {}
          found[line + 1] = colours
          local start = line == row and from or 0
          local stop = line == last_row and to or #lines[line + 1]
          for byte = start + 1, stop do
            colours[byte] = "@" .. name .. "." .. language
          end
        end
      end
    end
  end)
  return good and found or nil
end

local scratch = {}

--- A hidden buffer whose text is coloured by :syntax; nil where that is off or unknown.
---@param kind string filetype
---@return integer?
local function page(kind)
  local buf = scratch[kind]
  if buf and vim.api.nvim_buf_is_valid(buf) then
    return buf
  end
  if vim.g.syntax_on == nil then
    return nil
  end
  buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].undolevels = -1
  scratch[kind] = buf
  pcall(function()
    vim.bo[buf].syntax = kind
    vim.api.nvim_buf_call(buf, function()
      vim.cmd("silent! syntax sync fromstart")
    end)
  end)
  return buf
end

--- The same by :syntax, for the lines from `first` on.
---@param lines string[]
---@param kind string
---@param first integer
---@return table<integer, table<integer, string>>?
local function by_syntax(lines, kind, first)
  local buf = page(kind)
  if not buf then
    return nil
  end
  local found = {}
  local good = pcall(function()
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
    vim.api.nvim_buf_call(buf, function()
      for row = first, #lines do
        local colours = {}
        for byte = 1, math.min(#lines[row], 400) do
          local name = vim.fn.synIDattr(vim.fn.synIDtrans(vim.fn.synID(row, byte, 1)), "name")
          colours[byte] = name ~= "" and name or nil
        end
        found[row] = colours
      end
    end)
  end)
  return good and found or nil
end

--- A line in chunks of one colour each, on a ground; tabs as spaces, since virtual text has none.
---@param line string
---@param colours table<integer, string>
---@param ground string
---@param tabstop integer
---@return festina.Chunk[]
local function chunks_of(line, colours, ground, tabstop)
  local chunks, column = {}, 0
  local positions = vim.str_utf_pos(line)
  for number, start in ipairs(positions) do
    local stop = (positions[number + 1] or #line + 1) - 1
    local text = line:sub(start, stop)
    if text == "\t" then
      text = (" "):rep(tabstop - column % tabstop)
    end
    column = column + vim.fn.strdisplaywidth(text, column)
    local colour = colours[start]
    local last = chunks[#chunks]
    if last and last.colour == colour then
      last[1] = last[1] .. text
    else
      chunks[#chunks + 1] = { text, colour and { ground, colour } or ground, colour = colour }
    end
  end
  if #chunks == 0 then
    chunks[1] = { "", ground }
  end
  for _, chunk in ipairs(chunks) do
    chunk.colour = nil
  end
  return chunks
end

---@class festina.Coloured
---@field lines string[]
---@field chunks festina.Chunk[][]

--- Lines as coloured chunks. What an earlier call found for the same first lines is used again.
---@param lines string[]
---@param kind string filetype
---@param ground string highlight group below the colours
---@param tabstop integer
---@param before? festina.Coloured
---@return festina.Coloured
function M.colour(lines, kind, ground, tabstop, before)
  local same = 0
  local chunks = {}
  if before then
    -- the last line may have grown
    while same < #before.lines - 1 and before.lines[same + 1] == lines[same + 1] do
      same = same + 1
      chunks[same] = before.chunks[same]
    end
  end
  local colours = kind ~= "" and (by_treesitter(lines, kind) or by_syntax(lines, kind, same + 1))
    or {}
  for row = same + 1, #lines do
    chunks[row] = chunks_of(lines[row], colours[row] or {}, ground, tabstop)
  end
  return { lines = lines, chunks = chunks }
end

return M
