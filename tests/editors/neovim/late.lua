-- What comes late, or not at all: words about a text that has changed since, what is picked from a list of
-- another plugin's, a program's answer.
local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
local t, served = dofile(here .. "/support.lua"), dofile(here .. "/served.lua")
local check = t.check
local config = require("festina.config")

vim.o.hidden = true
local buf = served.open(served.lines)
local function version()
  return vim.lsp.util.buf_versions[buf]
end

-- the server speaks of a text as it was before something was typed above: the edit stays where it is
served.send(buf, 9, 12, { "new" }, { state = "streaming" })
local old = version()
t.type(0, 0, { "# one", "# two" })
check(version() ~= old, "the text is another one", old)
local function at(row, what)
  local drawn = t.drawn()
  check(drawn.row == row and vim.deep_equal(drawn.deleted, { row, row + 1, row + 2 }), what, drawn)
end
served.send(buf, 9, 12, { "newer" }, { version = old })
at(12, "what is drawn stays with its lines")
check(vim.deep_equal(t.new_lines(), { "newer" }), "and is what came last", t.new_lines())
local kept = require("festina.proposals").of(buf)[1].old
check(vim.deep_equal(kept, { "line 10", "line 11", "line 12" }), "so is what it replaces", kept)
served.send(buf, 11, 14, { "newer" })
at(12, "and where the server says, when it knows")
served.dismiss(buf)
served.send(buf, 11, 14, { "new" }, { version = old })
check(t.drawn().marks == 0, "a first word about another text is drawn nowhere", t.drawn())
served.send(buf, 11, 14, { "new" })
at(12, "but as soon as it is about this one")
served.dismiss(buf)

-- lists of other plugins: what they do with a choice differs
served.answers["festina/candidate"] = function(params)
  return { text = "variation " .. params.candidate .. "\nline 9\n" }
end
local several = {
  candidates = {
    { index = 0, status = "passed", message = "3 tests ok" },
    { index = 1, status = "passed", message = "3 tests ok" },
    { index = 2, status = "failed", message = "test_inside" },
  },
}
local stock = vim.ui.select
---@type { items: table[], options: table, titles: string[], done: fun(item?: any, index?: integer) }
local list
local function later(items, options, done)
  local titles = vim.tbl_map(function(item)
    return options.format_item(item, true) -- snacks says that it takes coloured words, too
  end, items)
  options.prompt = "theirs" -- dressing changes the options that it is given
  list = { items = items, options = options, titles = titles, done = done }
end

--- Open an edit, and the list of its variations.
local function opened()
  vim.ui.select = vim.ui.select == stock and later or vim.ui.select
  vim.api.nvim_set_current_buf(buf)
  served.send(buf, 9, 12, { "new" }, several)
  list = nil
  t.reset()
  t.press("gzv")
  t.wait(function()
    return list ~= nil
  end, 5)
end

--- What the server is asked for when something is called.
local function asked_by(what, ...)
  local count = #served.asked
  local good, problem = pcall(what, ...)
  check(good, "no error", problem)
  vim.wait(50)
  local found = {}
  for at_ = count + 1, #served.asked do
    local params = served.asked[at_][2]
    found[#found + 1] = params.command and { params.command, params.arguments[1] } or nil
  end
  return found
end
local function is(found, candidate, what)
  local one = #found == 1 and found[1] or { "", {} }
  check(one[1] == "festina.next" and one[2].candidate == candidate, what, { found, t.messages })
end

opened()
check(list.options.kind == "festina" and #list.items == 4, "the list comes with a kind", list)
check(list.titles[2] == "✓ +1 -2 3 tests ok", "each choice is a line of words", list.titles)
check(#vim.api.nvim_list_wins() == 1, "and nothing else is opened", vim.api.nvim_list_wins())

-- telescope, dressing: the answer comes later, from a window of their own
local page = vim.api.nvim_create_buf(false, true)
local place = { relative = "editor", row = 0, col = 0, width = 9, height = 2 }
local window = vim.api.nvim_open_win(page, true, place)
is(asked_by(list.done, list.items[2], 2), 1, "picked from a window above the text")
vim.api.nvim_win_close(window, true)
-- snacks: also when it was left, in a callback without anything; some call twice, or again when resumed
check(#asked_by(list.done) == 0, "the list is left: nothing is done", served.asked)
check(#asked_by(list.done, nil, nil) == 0, "left twice: nothing either")
is(asked_by(list.done, list.items[3]), 2, "and picked from after all")
local more = asked_by(list.done, list.items[4], 4)
check(#more == 1 and more[1][1] == "festina.variations", "or more are asked for", more)
-- mini.pick: while it is in a window that it was called from, of which another buffer is in
vim.cmd("split | enew")
local back = vim.fn.win_getid(vim.fn.winnr("#"))
local found = asked_by(vim.api.nvim_win_call, back, function()
  list.done(list.items[2], 2)
end)
is(found, 1, "picked on behalf of another window")
vim.cmd("tabnew")
is(asked_by(list.done, list.items[2], 2), 1, "or of another tab")
vim.cmd("tabclose | close")

-- a preview: a page, as Neovim says, or lines for one of the list's own
local function buffers()
  return #vim.api.nvim_list_bufs()
end
local before = buffers()
local preview = list.options.preview_item(list.items[2])
vim.api.nvim_buf_set_lines(page, 0, -1, false, preview)
check(
  t.text(page) == "- line 8\n+ variation 1\n  line 9\n- line 10",
  "a preview is lines",
  t.text(page)
)
check(buffers() == before, "for which no page is made", before)
check(preview.buf and preview.buf == preview.buf, "or a page, always the same", preview.buf)
check(t.text(preview.buf):find("^line 8\nvariation 1\n"), "with the lines", t.text(preview.buf))
check(preview.pos[1] == 1 and preview.pos_end == nil, "and where to look", preview.pos)
served.dismiss(buf)

-- picked when the edit is over, or its file was closed: that is said, and nothing else happens
local function over(what)
  local late = list
  check(#asked_by(late.done, nil) == 0 and #t.messages == 0, what .. ": left", t.messages)
  local titles = vim.tbl_map(late.options.format_item, late.items)
  check(vim.deep_equal(titles, late.titles), what .. ": its titles are the same", titles)
  check(pcall(late.options.preview_item, late.items[2]), what .. ": a preview is no error")
  for number = 2, 4, 2 do
    t.reset()
    check(#asked_by(late.done, late.items[number]) == 0, what .. ": nothing is asked for")
    check(#t.messages == 1 and t.said("that edit is over"), what .. ": it is said", t.messages)
  end
end
opened()
served.dismiss(buf)
over("over")
opened()
vim.cmd("enew | bwipeout! " .. buf)
over("wiped out")
check(vim.tbl_isempty(list.options.preview_item(list.items[2])), "nothing is left to preview")
served.forget()
buf = served.open(served.lines)

-- a list that is a table that can be called; and one that Neovim refuses a window
vim.ui.select = setmetatable({}, {
  __call = function(_, ...)
    later(...)
  end,
})
opened()
check(list and #list.items == 4, "a list that is a table", t.messages)
served.dismiss(buf)
vim.ui.select = function()
  list = {}
  error("E36: Not enough room", 0)
end
opened()
check(
  t.wait(function()
    return t.said("Festina: E36: Not enough room")
  end, 5),
  "what Neovim refuses is told in a line",
  t.messages
)
vim.ui.select = stock
served.dismiss(buf)
check(vim.v.errmsg == "", "no error so far", vim.v.errmsg)

-- :checkhealth with programs that are not what they should be
local function health(line, ...)
  local program = vim.fn.tempname()
  vim.fn.writefile({ "#!/bin/sh", line }, program)
  vim.uv.fs_chmod(program, 493)
  config.options.cmd = { program, "server" }
  vim.cmd("checkhealth festina")
  local report = t.text():gsub("%s+", " ")
  for _, words in ipairs({ ... }) do
    check(report:find(words, 1, true), "its health: " .. words, report)
  end
  vim.cmd("bwipeout")
end
health("echo no module >&2; exit 1", "`festina --version` failed (exit code 1)", "no module")
health("echo hello", "is another program", "says `hello`", "in the option `cmd`")
health(
  '[ "$1" = --version ] && echo festina 0.0.1 && exit; echo no such command >&2; exit 2',
  "OK festina 0.0.1",
  "failed (exit code 2)",
  "no such command"
)
-- one that hangs is given up, with all that it has started; a file says what that is
local hung = vim.fn.tempname()
local hang = ("sleep 1000 & echo $! >>%s; wait"):format(hung)
health(hang, "`festina --version` gave no answer within 5 seconds")
health(
  '[ "$1" = --version ] && echo festina 0.0.1 && exit; ' .. hang,
  "OK festina 0.0.1",
  "gave no answer within 5 seconds",
  "Run it in a terminal"
)
local pids = vim.fn.readfile(hung)
check(#pids == 2, "both were started", pids)
for _, pid in ipairs(pids) do
  check(
    t.wait(function()
      return vim.uv.kill(tonumber(pid), 0) ~= 0
    end, 10),
    "and nothing of it is left",
    pid
  )
end

t.done()
