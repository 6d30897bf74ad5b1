-- Asking for an edit: of selected lines, of what a motion goes over, or of the enclosing definition.
local rpc = require("festina.rpc")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

local space = vim.api.nvim_create_namespace("festina.asking")

--- Lines, kept in place by marks while a person types what to do.
---@class festina.Place
---@field buf integer
---@field first integer zero-based
---@field stop integer the row after the last; the same as `first` means the enclosing definition

--- Lines `first` to `last` (one-based) of the current buffer, or the definition around the cursor.
---@param first? integer
---@param last? integer
---@return festina.Place
function M.place(first, last)
  local buf = vim.api.nvim_get_current_buf()
  if not first or not last then
    local row = vim.api.nvim_win_get_cursor(0)[1] - 1
    return { buf = buf, first = row, stop = row }
  end
  return { buf = buf, first = first - 1, stop = last }
end

--- Show which lines are meant while the person types; returns what takes that away again and says
--- where the lines are by now; nil if they are gone.
---@param place festina.Place
---@return fun(): festina.Place?
local function held(place)
  require("festina.highlights").need()
  local last = math.max(place.stop - 1, place.first)
  local top = vim.api.nvim_buf_set_extmark(place.buf, space, place.first, 0, {})
  local bottom = vim.api.nvim_buf_set_extmark(place.buf, space, last, 0, {})
  local marks = { top, bottom }
  for row = place.first, place.stop - 1 do
    local shown = { line_hl_group = "FestinaRegion" }
    marks[#marks + 1] = vim.api.nvim_buf_set_extmark(place.buf, space, row, 0, shown)
  end
  return function()
    if not vim.api.nvim_buf_is_valid(place.buf) then
      return nil
    end
    local first = vim.api.nvim_buf_get_extmark_by_id(place.buf, space, top, {})[1]
    local stop = vim.api.nvim_buf_get_extmark_by_id(place.buf, space, bottom, {})[1]
    for _, mark in ipairs(marks) do -- a second prompt may be open, with marks of its own
      vim.api.nvim_buf_del_extmark(place.buf, space, mark)
    end
    if not first or not stop or not vim.api.nvim_buf_is_loaded(place.buf) then
      return nil
    end
    local whole = place.stop > place.first
    return { buf = place.buf, first = first, stop = whole and stop + 1 or first }
  end
end

---@param place festina.Place
---@return table
function M.range(place)
  return {
    start = { line = place.first, character = 0 },
    ["end"] = { line = place.stop, character = 0 },
  }
end

--- Ask for the words, with those of earlier times in the prompt's history.
---@param place festina.Place
---@param prompt string
---@param default? string
---@param done fun(words: string, place: festina.Place)
function M.ask(place, prompt, default, done)
  local release = held(place)
  vim.cmd.redraw()
  local good, problem = pcall(vim.ui.input, { prompt = prompt, default = default }, function(words)
    local now = release()
    vim.cmd("redraw | echo ''") -- the prompt would stay on the screen
    if vim.trim(words or "") == "" then
      return
    elseif now then
      done(words, now)
    else
      say.warn("the file was closed meanwhile: ask again.")
    end
  end)
  if not good then
    release()
    error(problem, 0)
  end
end

--- Which lines are meant, in words.
---@param place festina.Place
---@return string
function M.named(place)
  local count = place.stop - place.first
  if count == 0 then
    return "this definition"
  end
  return count == 1 and ("line %d"):format(place.stop)
    or ("lines %d-%d"):format(place.first + 1, place.stop)
end

--- Give a command about lines to the server, as soon as it runs.
---@param command "propose"|"ask"
---@param place festina.Place
---@param words table<string, string> what is asked, under the name that the command has for it
function M.send(command, place, words)
  server.with(place.buf, function(client)
    local where = { uri = vim.uri_from_bufnr(place.buf), range = M.range(place) }
    local argument = vim.tbl_extend("error", where, words)
    rpc.execute(client, command, argument, nil, place.buf)
  end)
end

---@param words string
---@param place festina.Place
local function propose(words, place)
  M.send("propose", place, { instruction = words })
end

--- Ask for an edit.
---@param place festina.Place
---@param words? string what to do; without it the person is asked
---@param prompt? boolean ask in any case, with `words` to begin with
function M.start(place, words, prompt)
  if not server.expected() then
    return
  end
  if words and words ~= "" and not prompt then
    return propose(words, place)
  end
  M.ask(place, ("Festina, edit %s: "):format(M.named(place)), words, propose)
end

--- For 'operatorfunc'.
function M.operator()
  local first = vim.api.nvim_buf_get_mark(0, "[")[1]
  local last = vim.api.nvim_buf_get_mark(0, "]")[1]
  M.start(M.place(first, last))
end

return M
