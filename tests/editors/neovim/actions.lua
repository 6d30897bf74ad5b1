-- Everything that can be done with a proposal, besides accepting it as it is.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
t.release()
local before = t.text()
local function data()
  local proposal = require("festina.proposals").of(vim.api.nvim_get_current_buf())[1]
  return proposal and proposal.data
end
local function ask(what)
  vim.cmd("4,8Festina edit " .. what)
end
local function over(key, what)
  t.press(key)
  check(t.until_state("none"), what, t.state())
  check(t.drawn().marks == 0, what .. ": nothing is left", t.drawn())
end

-- what a person has mapped in the buffer comes back; what they have mapped to a <Plug> is taken
vim.keymap.set("n", "gzn", "<Cmd>let g:mine = 1<CR>", { buffer = true })
vim.keymap.set("n", "<F5>", "<Plug>(festina-diff)")
vim.keymap.set("n", "gzd", "<Cmd>let g:other = 1<CR>")

-- cancel while it works, by the key
ask("never end")
check(t.until_state("streaming"), "it streams", t.state())
check(vim.fn.maparg("gzn", "n"):find("mine") == nil, "our key stands above the person's")
check(vim.fn.maparg("gzd", "n"):find("other"), "there is no second key for what they have mapped")
local hint = t.drawn().head
check(hint:find("<F5> diff", 1, true), "theirs is shown", hint)
over("gzc", "cancelled")
check(vim.fn.maparg("gzn", "n"):find("mine"), "their key is back", vim.fn.maparg("gzn", "n"))

-- several variations: next, previous, the list
ask("three ways")
check(t.until_state("ready"), "it passes", { t.state(), t.messages })
check(#data().candidates == 1, "with one candidate", data().candidates)
vim.cmd("Festina variations 3")
check(
  t.wait(function()
    local found = data() and data().candidates or {}
    return #found == 4
      and t.state() == "ready"
      and not vim.tbl_contains(found, function(candidate)
        return candidate.status ~= "passed"
      end, { predicate = true })
  end),
  "three more are asked for",
  { t.state(), data() }
)
local first = data().candidate
check(t.drawn().head:find("%d of %d"), "the head says which one it is", t.drawn().head)
local shown = t.new_lines()
t.press("gzn")
check(
  t.wait(function()
    return data().candidate ~= first and t.state() == "ready"
  end),
  "the next one",
  { data().candidate, t.messages }
)
check(not vim.deep_equal(t.new_lines(), shown), "it is shown in place", t.new_lines())
t.press("gzp")
check(
  t.wait(function()
    return data().candidate == first
  end),
  "and back"
)
check(vim.deep_equal(t.new_lines(), shown), "shown again", t.new_lines())

-- all of them on a page, which Neovim is to open in a browser
local open, opened = vim.ui.open, nil
vim.ui.open = function(address)
  opened = address
  return {
    wait = function()
      return { code = 0 }
    end,
  }
end
t.press("gzg")
check(
  t.wait(function()
    return opened ~= nil
  end),
  "the gallery is opened",
  t.messages
)
check(opened:find("^http://127%.0%.0%.1:%d+/[%w_-]+/%?[%w_-]+$"), "by a link to it", opened)
vim.ui.open = open

local function floats()
  return vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_config(window).relative ~= ""
  end, vim.api.nvim_list_wins())
end

-- Neovim's own list: it has no preview, so what each would change stands above it
local listed, above
local inputlist = vim.fn.inputlist
vim.fn.inputlist = function(choices)
  listed, above = choices, floats()[1]
  if above then
    local buf = vim.api.nvim_win_get_buf(above)
    above = { lines = t.text(buf), notes = "", signs = {} }
    local marks = vim.api.nvim_buf_get_extmarks(buf, -1, 0, -1, { details = true })
    for _, mark in ipairs(marks) do
      local words = mark[4].virt_text and mark[4].virt_text[1][1] or ""
      if #words == 2 then
        local line = vim.api.nvim_buf_get_lines(buf, mark[2], mark[2] + 1, false)[1]
        above.signs[words .. line] = mark[4].line_hl_group
      else
        above.notes = above.notes .. words .. "\n"
      end
    end
  end
  return 0 -- nothing is chosen
end
t.press("gzv")
check(
  t.wait(function()
    return listed ~= nil
  end, 5),
  "Neovim's own list comes",
  t.messages
)
check(
  above and above.notes:find("1: ✓ .*\n2: ✓ "),
  "with all choices above it, by their numbers",
  above
)
check(above and above.signs["+ " .. shown[1]] == "FestinaAdd", "their new lines", above)
check(
  above and above.signs["-     value = value * 1"] == "FestinaDelete",
  "and the old ones",
  above
)
check(above and not above.lines:find("def clamp", 1, true), "and nothing else", above)
check(#floats() == 0, "which goes with the list", floats())
vim.fn.inputlist = function()
  error("Keyboard interrupt")
end
t.press("gzv")
vim.wait(300)
check(#floats() == 0 and vim.v.errmsg == "", "also where the list is broken off", vim.v.errmsg)
vim.fn.inputlist = inputlist
check(data().candidate == first and t.text() == before, "nothing is chosen or changed by that")

local offered, preview
local stock = vim.ui.select
vim.ui.select = function(items, options, done)
  offered = vim.tbl_map(options.format_item, items)
  local other
  for _, item in ipairs(items) do
    if item.index and item.index ~= first then
      other = item
    end
  end
  check(
    options.kind == "festina" and #floats() == 0,
    "another list has a kind, and no page above it"
  )
  local found = options.preview_item(other)
  preview = found.buf
  check(found.pos[1] == 2, "a preview begins at the first change", found)
  check(vim.tbl_isempty(options.preview_item(items[#items])), "but where nothing is known", items)
  check(
    t.wait(function()
      return t.text(preview):find("def clamp") ~= nil
    end, 10),
    "a preview of another one",
    t.text(preview)
  )
  done(other)
end
vim.o.columns = 60
t.press("gzv")
t.wait(function()
  return offered ~= nil
end, 5)
check(offered and #offered >= 3, "the list has the choices", offered)
check(
  offered[1] and offered[1]:find("✓", 1, true) and offered[1]:find("+2 %-2 .*tests ok"),
  "with verdicts",
  offered
)
local widest = 0
for _, title in ipairs(offered or {}) do
  widest = math.max(widest, vim.fn.strdisplaywidth(title))
end
check(widest == 54, "each in a line of its own", offered)
vim.o.columns = 80
check(offered[#offered] == "ask for four more", "and a way to more", offered)
check(
  t.wait(function()
    return data().candidate ~= first
  end),
  "the chosen one is shown in place",
  data().candidate
)
vim.ui.select = stock
check(vim.deep_equal(t.text(), before), "nothing was changed so far")

-- a comparison in a tab, with the same keys
local code = vim.api.nvim_get_current_buf()
t.press("<F5>")
check(#vim.api.nvim_list_tabpages() == 2, "the comparison has a tab")
local windows = vim.api.nvim_tabpage_list_wins(0)
check(
  #windows == 2 and vim.wo[windows[1]].diff and vim.wo[windows[2]].diff,
  "of two windows in diff mode"
)
local right = t.text(vim.api.nvim_win_get_buf(windows[2]))
check(right:find("def double") and right ~= before, "with the whole new file", right)
check(vim.fn.maparg("gza", "n", false, true).buffer == 1, "where the keys work as well")
t.press("q")
check(#vim.api.nvim_list_tabpages() == 1 and vim.api.nvim_get_current_buf() == code, "q leaves it")

-- one change alone
local hunks = require("festina.proposals").hunks(require("festina.proposals").of(code)[1])
check(#hunks == 2, "the edit has two changes", hunks)
vim.api.nvim_win_set_cursor(0, { 4 + hunks[1].first, 0 })
local kept, gone = hunks[1].lines[1], hunks[2].lines[1]
t.press("gzh")
check(
  t.wait(function()
    return t.text() ~= before
  end),
  "the change under the cursor is accepted",
  t.messages
)
check(t.text():find(kept, 1, true) and not t.text():find(gone, 1, true), "it alone", t.text())
check(t.until_state("none"), "the proposal is over", t.state())
vim.cmd.undo()
check(t.text() == before, "one undo takes it back", t.text())

-- a rejected one: the failing test, the quickfix list, a redirection
ask("get it wrong")
check(t.until_state("rejected"), "a wrong one is rejected", t.state())
check(t.fired("FestinaRejected"), "an event says so", t.events)
local words = (t.drawn().head:gsub("%s+", " "))
check(words:find("test_mod.py::test_inside", 1, true), "the head names the test", words)
t.press("gza")
check(
  t.wait(function()
    return #t.messages > 0
  end),
  "it cannot be accepted"
)
check(#t.messages == 1 and t.messages[1]:find("^Festina: "), "which one message says", t.messages)
check(t.text() == before, "nothing was changed")
t.reset()
t.press("gzt")
check(vim.fn.bufname():find("test_mod.py$"), "the failing test is opened", vim.fn.bufname())
check(
  vim.api.nvim_get_current_line():find("assert clamp", 1, true),
  "at its line",
  vim.api.nvim_get_current_line()
)
check(
  t.wait(function()
    return t.said("test_inside: assert 10 == 5")
  end, 5),
  "with what it says",
  t.messages
)
vim.cmd("close")
vim.cmd("Festina failures")
local list = vim.fn.getqflist({ title = true, items = true })
check(list.title == "Festina: failing tests" and #list.items >= 1, "the quickfix list has it", list)
check((list.items[1] or {}).lnum == 5, "with its line", list.items)
vim.cmd("cclose")
t.reset()
vim.ui.input = function(_, done)
  done("three ways, please")
end
t.press("gzr")
check(t.until_state("ready"), "redirected, it passes", { t.state(), t.messages })
over("gzx", "dismissed")

-- held back by a limit of the provider's: a redirect without words asks for the same again
ask("three ways, but the limit is reached")
check(t.until_state("rejected"), "a limit is no failure", { t.state(), t.messages })
words = (t.drawn().head:gsub("%s+", " "))
check(words:find("held back: ", 1, true), "the head says what it is", words)
check(words:find("gzr ask again", 1, true), "and what can be done", words)
vim.ui.input = function(_, done)
  done("")
end
t.press("gzr")
check(t.until_state("ready"), "asked again, it passes", { t.state(), t.messages })
over("gzx", "dismissed")
t.reset()

-- without trust: unverified, and applied only by a command of its own
check(#t.messages == 0, "no message so far", t.messages)
vim.cmd("Festina! trust")
check(
  t.wait(function()
    return t.said("trusted no longer")
  end),
  "trust is taken back",
  t.messages
)
ask("three ways")
check(t.until_state("unverified"), "then it is unverified", { t.state(), t.messages })
check(t.fired("FestinaUnverified"), "an event says so", t.events)
check(
  t.drawn().head:find(":Festina! accept", 1, true),
  "the head says what can be done",
  t.drawn().head
)
t.reset()
t.press("gza")
check(
  t.wait(function()
    return #t.messages > 0
  end),
  "the key refuses it",
  t.messages
)
check(t.text() == before, "and changes nothing")
vim.cmd("Festina! accept")
check(
  t.wait(function()
    return t.text() ~= before
  end),
  "the command applies it",
  t.messages
)
vim.cmd.undo()
check(t.text() == before, "one undo takes it back")

t.done()
