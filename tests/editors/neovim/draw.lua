-- What is drawn, against a server of a few lines in Neovim itself: no process, no model.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local served = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/served.lua")
local asked, open, send, dismiss = served.asked, served.open, served.send, served.dismiss

--- What a region reads with what is drawn: without the marked lines, and with the virtual ones.
local function read(buf, first, stop)
  local drawn = t.drawn(buf)
  local gone, below, above = {}, {}, {}
  for _, row in ipairs(drawn.deleted) do
    gone[row] = true
  end
  for _, line in ipairs(drawn.lines) do
    local there = line[3] and above or below
    there[line[1]] = there[line[1]] or {}
    table.insert(there[line[1]], line[2])
  end
  local found = {}
  for row = first + 1, stop do
    vim.list_extend(found, above[row] or {})
    if not gone[row] then
      found[#found + 1] = vim.api.nvim_buf_get_lines(buf, row - 1, row, false)[1]
    end
    vim.list_extend(found, below[row] or {})
  end
  return found
end

-- any edit of any region: what is to be seen is the new text
math.randomseed(20261127)
local words = { "a", "b", "", "  c", "d = 1", "x", "größe", "漢字 = 2" }
local function some(most)
  local lines = {}
  for _ = 1, math.random(0, most) do
    lines[#lines + 1] = words[math.random(#words)]
  end
  return lines
end
local function mutated(lines)
  local found = {}
  for _, line in ipairs(lines) do
    local what = math.random(6)
    if what > 1 then
      found[#found + 1] = what == 2 and words[math.random(#words)] or line
    end
    if what == 3 then
      found[#found + 1] = words[math.random(#words)]
    end
  end
  return #found > 0 and found or { "all new" }
end
vim.o.lines, vim.o.columns = 60, 80
local wrong
for _ = 1, 150 do
  local before, region, after = some(3), some(8), some(3)
  region[#region + 1] = "last"
  local all = vim.list_extend(vim.list_extend(vim.list_extend({}, before), region), after)
  local buf = open(all)
  local first, stop = #before, #before + #region
  local new = mutated(region)
  for written = 1, #new do -- as it streams: nothing of it may be an error
    send(buf, first, stop, vim.list_slice(new, 1, written), { state = "streaming" })
  end
  send(buf, first, stop, new)
  local seen = read(buf, first, stop)
  if not vim.deep_equal(seen, new) then
    wrong = wrong or { all = all, region = { first, stop }, new = new, seen = seen }
  end
  dismiss(buf)
  if t.drawn(buf).marks > 0 then
    wrong = wrong or { left = t.drawn(buf) }
  end
  vim.cmd("silent bwipeout!")
end
check(wrong == nil, "150 edits: what is drawn is the new text, and goes with them", wrong)

-- while it streams, what is not reached stays as it is
local buf = open({ "one", "two", "three", "four" })
send(buf, 0, 4, { "one", "2" }, { state = "streaming" })
check(vim.deep_equal(t.drawn().deleted, { 2 }), "one line is replaced so far", t.drawn())
send(buf, 0, 4, { "one", "tw" }, { state = "streaming" })
check(
  t.drawn().deleted[1] == nil and #t.drawn().lines == 0,
  "a line that may become the old one is none",
  t.drawn()
)

dismiss(buf)

-- new lines before the first one of the region, and of the buffer
for _, above in ipairs({ {}, { "x" } }) do
  buf = open(vim.list_extend(vim.deepcopy(above), { "one", "two" }))
  send(buf, #above, #above + 2, { "zero", "one", "two" })
  local seen = read(buf, #above, #above + 2)
  check(
    vim.deep_equal(seen, { "zero", "one", "two" }),
    ("a new first line below %d others"):format(#above),
    seen
  )
  dismiss(buf)
end
buf = open({ "one", "two", "three", "four" })

-- what the server's hunks say stands, also in the other position encodings
local hunk = {
  id = 7,
  range = { start = { line = 1, character = 0 }, ["end"] = { line = 2, character = 0 } },
  newText = "zwei\n",
}
send(buf, 0, 4, { "one", "zwei", "three", "four" }, { hunks = { hunk } })
check(vim.deep_equal(read(buf, 0, 4), { "one", "zwei", "three", "four" }), "a hunk", t.drawn())
check(vim.api.nvim_win_set_cursor(0, { 2, 0 }) == nil, "the cursor is on it")
t.press("gzh")
check(
  t.wait(function()
    local last = asked[#asked]
    return last[1] == "workspace/executeCommand"
      and vim.deep_equal(last[2].arguments[1].hunks, { 7 })
  end, 2),
  "its key names it",
  asked[#asked]
)
dismiss(buf)

-- a file without an end of line, and one with Windows' line ends
buf = open({ "a", "b" })
local tail = { start = { line = 1, character = 0 }, ["end"] = { line = 1, character = 1 } }
send(
  buf,
  1,
  1,
  { "c" },
  { range = tail, hunks = { { id = 0, range = tail, newText = "c" } }, text = "c" }
)
check(vim.deep_equal(read(buf, 1, 2), { "c" }), "no line end at the end", t.drawn())
dismiss(buf)
buf = open({ "a", "b" })
vim.bo.fileformat = "dos"
send(buf, 0, 2, {}, { text = "a\r\nc\r\n" })
check(vim.deep_equal(read(buf, 0, 2), { "a", "c" }), "carriage returns are no text", t.drawn())
dismiss(buf)

-- colours: by tree-sitter, by :syntax, and without either
vim.cmd("syntax on")
local function groups(kind, line, seen)
  local page = open({ "x" }, kind)
  send(page, 0, 1, { line })
  local found = t.drawn(page).groups
  check(
    vim.deep_equal(read(page, 0, 1), { seen or line }),
    "the line is whole: " .. kind,
    t.drawn(page).lines
  )
  dismiss(page)
  return found
end
local found = groups("lua", "local größe = 'wörter'")
check(found["@keyword.lua"] and found["@string.lua"], "tree-sitter", found)
found = groups("python", "return 'text'")
check(found.Statement and (found.String or found.Constant), ":syntax", found)
found = groups("nosuchlanguage", "return 'text'")
check(vim.tbl_count(found) < 8 and not found.Statement, "neither is no error", found)
groups("make", "\techo\thello", "        echo    hello")
check(vim.v.errmsg == "", "no error so far", vim.v.errmsg)

-- a long text is cut to the window, and the rest is a key away
local long = {}
for row = 1, 200 do
  long[row] = "line " .. row
end
buf = open({ "old" })
vim.cmd("split | resize 20")
send(buf, 0, 1, long, { state = "streaming" })
local lines = t.new_lines()
check(#lines < 20 and lines[#lines] == "line 200", "while it streams its end is shown", lines)
check(t.drawn().head:find("lines above %(gzd shows all%)"), "and how much is above", t.drawn().head)
send(buf, 0, 1, long)
lines = t.new_lines()
check(#lines < 20 and lines[1] == "line 1", "then its beginning", lines)
check(t.drawn().head:find("more lines %(gzd shows all%)"), "and how much is below", t.drawn().head)
vim.cmd("close")
dismiss(buf)

-- names of gates, as they run
buf = open({ "x", "y" })
local gates = {
  { gate = "syntax", status = "passed" },
  { gate = "lint", status = "passed" },
  { gate = "tests", status = "running" },
  { gate = "types", status = "waiting" },
}
send(
  buf,
  1,
  2,
  { "z" },
  { state = "verifying", message = "running 12 tests", progress = { gates = gates } }
)
check(
  t.drawn().head:find("✓ syntax  ✓ lint  … tests  · types  running 12 tests", 1, true),
  "gate by gate",
  t.drawn().head
)
dismiss(buf)
local progress = { tokens = 1234, tokens_per_second = 1180.4, seconds = 1.06, gates = {} }
send(buf, 1, 2, { "z" }, { state = "streaming", progress = progress, model = "coder-1" })
check(
  t.drawn().head:find("writing 1,234 tokens · 1,180 tok/s · 1.1 s · coder-1", 1, true),
  "numbers",
  t.drawn().head
)
check(
  require("festina").statusline():find("coder-1 1,180 tok/s", 1, true),
  "also in the status line",
  require("festina").statusline()
)
-- one that failed stays to be read, until it is put away
send(buf, 1, 2, {}, { state = "failed", message = "no model" })
check(t.drawn().head:find("failed: no model", 1, true), "why it failed", t.drawn().head)
check((t.fired("FestinaFailed") or {}).state == "failed", "an event says so", t.events)
t.press("gzx")
check(t.drawn().marks == 0, "and away", t.drawn())
served.forget()

-- a hundred thousand lines in the file, a large region: no frame takes long
local many = {}
for row = 1, 2000 do
  many[row] = ("value_%d = function(%d, 'text %d')"):format(row, row, row)
end
buf = open(many, "python")
local changed = vim.deepcopy(many)
for row = 1, 2000, 7 do
  changed[row] = "changed = " .. row
end
local began = vim.uv.hrtime()
for part = 1900, 2000, 10 do
  send(buf, 0, 2000, vim.list_slice(changed, 1, part), { state = "streaming" })
end
local frame = (vim.uv.hrtime() - began) / 1e6 / 11
check(frame < 250, ("a frame of 2,000 lines takes %d ms"):format(frame))
io.write(("     a frame of 2,000 lines: %.1f ms\n"):format(frame))
t.done()
