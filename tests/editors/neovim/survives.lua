-- What a person does while an edit is on its way, or waits: none of it leaves anything behind.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local file = vim.api.nvim_buf_get_name(0)
local on_disk = vim.fn.readfile(file)
local before = t.text()
local NEW = "    return min(high, max(low, value))"
local function ask(first)
  vim.cmd(("%d,%dFestina edit respect the upper bound"):format(first, first + 2))
end
local function gone(what)
  check(t.until_state("none"), what, t.state())
  check(t.drawn().marks == 0, what .. ": nothing is drawn", t.drawn())
  check(vim.fn.maparg("gza", "n") == "", what .. ": no key is left", vim.fn.maparg("gza", "n"))
end
local function at(row, what)
  local drawn = t.drawn()
  check(drawn.row == row and drawn.deleted[1] == row + 1, what, drawn)
end

-- typing above and below while it streams
ask(4)
check(
  t.wait(function()
    return t.drawn().row == 4 and #t.new_lines() > 0
  end),
  "it streams",
  t.drawn()
)
t.type(0, 0, { "# one", "# two" })
at(6, "what is drawn moves along at once")
t.type(-1, -1, { "# three" })
check(
  t.wait(function()
    local proposal = require("festina.proposals").of(vim.api.nvim_get_current_buf())[1]
    return proposal and proposal.data.range.start.line == 5
  end, 20),
  "and the server knows it",
  t.state()
)
at(6, "still there")
t.release()
check(t.until_state("ready"), "it passes", { t.state(), t.messages })
at(6, "at its new place")

-- typing above while it is ready: verified again; undo of that as well
t.type(0, 0, { "# four" })
at(7, "it moves along")
check(
  t.wait(function()
    return t.state() ~= "ready"
  end),
  "it is verified again"
)
check(t.until_state("ready"), "and passes again", t.state())
vim.cmd.undo()
at(6, "an undo moves it back")
check(
  t.until_state("verifying") and t.until_state("ready"),
  "it is verified again, and passes",
  t.state()
)
local typed = t.text()
t.press("gza")
check(
  t.wait(function()
    return t.text():find(NEW, 1, true) ~= nil
  end),
  "it can be accepted",
  t.messages
)
gone("after the accept")
vim.cmd.undo()
check(t.text() == typed, "one undo takes the edit back, and no more", t.text())
vim.cmd("silent edit!")
check(t.text() == before, "the file is as it was", t.text())

-- :e while it is ready
ask(4)
check(t.until_state("ready"), "another one passes", { t.state(), t.messages })
vim.cmd("silent edit!")
gone("after :e")
check(t.attached(), "the server is still there")
check(
  t.wait(function()
    return t.told_of("stale")
  end),
  "and has no more to say of that edit",
  t.events
)

-- a fold is opened; two windows show the same, also a narrow one
vim.cmd("4,6fold")
check(vim.fn.foldclosed(5) == 4, "a closed fold")
ask(4)
check(t.until_state("ready"), "a third one passes", { t.state(), t.messages })
check(vim.fn.foldclosed(5) == -1, "the fold over it is open")
local tall = #vim.split(t.drawn().head, "\n")
vim.cmd("vsplit | vertical resize 30")
t.resized()
check(
  t.wait(function()
    return #vim.split(t.drawn().head, "\n") > tall
  end),
  "in a narrow window the words are wrapped",
  t.drawn().head
)
local widest = 0
for _, line in ipairs(vim.split(t.drawn().head, "\n")) do
  widest = math.max(widest, vim.fn.strdisplaywidth(line))
end
check(widest <= 30, "by the narrower of the two", t.drawn().head)
vim.cmd("close")
vim.cmd("split")
check(#vim.fn.win_findbuf(vim.api.nvim_get_current_buf()) == 2, "two windows on one buffer")
t.press("gza")
check(
  t.wait(function()
    return t.text():find(NEW, 1, true) ~= nil
  end),
  "accepted from one of them",
  t.messages
)
gone("in both windows")
vim.cmd("close | undo")
check(t.text() == before, "undone")

-- another buffer is shown meanwhile: one message says how it ended, and it is there on return
check(#t.messages == 0, "no message so far", t.messages)
vim.o.hidden = true
local code = vim.api.nvim_get_current_buf()
ask(4)
check(
  t.wait(function()
    return t.state() ~= "none"
  end),
  "a fourth one begins"
)
vim.cmd("silent edit test_mod.py")
check(vim.fn.maparg("gza", "n") == "", "there are no keys in another buffer")
check(
  t.wait(function()
    return #t.messages > 0
  end),
  "the person is told",
  t.messages
)
check(t.said("edit of clamp ready: "), "how it ended", t.messages)
check(#t.messages == 1, "in one message", t.messages)
t.reset()
vim.cmd.buffer(code)
at(4, "it is there on return")

-- Neovim says yes to an edit that it skips, since the buffer is newer: one message, nothing is lost
local handlers = vim.lsp.get_clients({ name = "festina" })[1].handlers
local apply = handlers["workspace/applyEdit"]
handlers["workspace/applyEdit"] = function(...)
  local versions = vim.lsp.util.buf_versions
  local version = versions[code]
  versions[code] = version + 1000
  local answer = apply(...)
  versions[code] = version
  return answer
end
local print_ = print
print = function() end -- luacheck: ignore
t.press("gza")
check(
  t.wait(function()
    return #t.messages > 0
  end, 10),
  "an edit that Neovim skipped is noticed",
  t.messages
)
vim.wait(2500)
check(#t.messages == 1 and t.said("did not apply the edit"), "one message says so", t.messages)
check(t.text() == before and t.state() == "ready", "and the edit still waits", t.state())
print = print_ -- luacheck: ignore
handlers["workspace/applyEdit"] = apply
t.reset()
t.press("gza")
check(
  t.wait(function()
    return t.text():find(NEW, 1, true) ~= nil
  end),
  "so that it can be accepted after all",
  t.messages
)
gone("after that")
vim.cmd.undo()

-- format on save: elsewhere, then in the lines themselves
local format
vim.api.nvim_create_autocmd("BufWritePre", {
  buffer = code,
  callback = function()
    format()
  end,
})
ask(4)
check(t.until_state("ready"), "a fifth one passes", { t.state(), t.messages })
format = function()
  t.type(0, 1, { '"""Formatted."""', "" })
end
vim.cmd("silent write")
at(5, "a formatter moves it")
check(
  t.until_state("verifying") and t.until_state("ready"),
  "it is verified again, and passes",
  t.state()
)
format = function()
  t.type(6, 7, { "    return max(value, low)" })
end
vim.cmd("silent write")
gone("formatted itself")
vim.cmd("silent undo 0")
format = function() end
vim.cmd("silent write")
check(vim.deep_equal(vim.fn.readfile(file), on_disk), "the file on disk is as it was")

-- the buffer is closed
ask(4)
check(
  t.wait(function()
    return t.state() ~= "none"
  end),
  "a last one begins"
)
vim.cmd("silent bdelete!")
check(
  t.wait(function()
    return #require("festina.proposals").all() == 0
  end),
  "after :bdelete there is none",
  require("festina.proposals").all()
)
check(vim.v.errmsg == "", "no error on the way", vim.v.errmsg)
t.done()
