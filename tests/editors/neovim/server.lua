-- The server is killed, restarted, and stopped for a while.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
t.release()
local before = t.text()
local function server()
  return vim.api.nvim_get_proc_children(vim.fn.getpid())[1]
end
local function ask(what)
  vim.cmd("4,6Festina edit " .. (what or "respect the upper bound"))
end

ask()
check(t.until_state("ready"), "an edit passes", { t.state(), t.messages })
vim.cmd("Festina diff")
vim.uv.kill(server(), "sigkill")
check(
  t.wait(function()
    return #t.messages > 0
  end),
  "the server is killed, and the person is told"
)
vim.wait(1000)
check(#t.messages == 1, "in one message", t.messages)
check(t.said("signal 9") and t.said(":Festina restart"), "which says what to do", t.messages)
--- Beside what 'showcmd' and 'ruler' take of 80 columns; a longer message would be cut.
local function fits()
  local message = t.messages[1]
  check(vim.fn.strdisplaywidth(message) <= 67, "on one line of a usual terminal", message)
end
fits()
check(#vim.api.nvim_list_tabpages() == 1, "the comparison is closed")
check(t.drawn().marks == 0 and t.state() == "none", "nothing is drawn any more", t.drawn())
check(vim.fn.maparg("gza", "n") == "", "the keys are gone")
check(require("festina").statusline() == "", "nothing in the status line")
t.reset()
vim.cmd("Festina edit")
check(
  t.wait(function()
    return t.said(":Festina restart")
  end, 5),
  "a further request says what to do as well",
  t.messages
)
fits()
t.reset()

vim.cmd("Festina restart")
check(t.attached(), "it is started again")
ask()
check(t.until_state("ready"), "and an edit passes", { t.state(), t.messages })
local old = server()
vim.cmd("Festina restart")
check(
  t.wait(function()
    return t.state() == "none"
  end),
  "restarting takes edits away"
)
check(t.attached() and t.wait(function()
  return server() ~= nil and server() ~= old
end), "another process runs", { old, server() })
check(#t.messages == 0, "and nobody is alarmed", t.messages)

-- stopped while an edit is under way, and woken later
ask("Fix bugs")
check(t.until_state("streaming"), "an edit streams", t.state())
local stopped = server()
vim.uv.kill(stopped, "sigstop")
local began = vim.uv.now()
t.type(0, 0, { "# typed meanwhile" })
t.press("gzx")
vim.cmd("5,7Festina edit respect the upper bound")
check(vim.uv.now() - began < 500, "Neovim waits for nothing", vim.uv.now() - began)
vim.wait((tonumber(vim.env.FESTINA_TEST_STOPPED) or 5) * 1000)
check(t.drawn().row == 5, "what is drawn has moved along", t.drawn())
vim.uv.kill(stopped, "sigcont")
check(
  t.wait(function()
    return #require("festina.proposals").all() == 1 and t.state() == "ready"
  end),
  "woken, it does what was asked for",
  { t.state(), t.messages }
)
check(t.drawn().row == 5, "at its place", t.drawn())
check(#t.messages == 0, "without a message", t.messages)
vim.cmd.undo()

-- one that does not answer any more can be restarted
check(t.until_state("verifying") and t.until_state("ready"), "it is verified again", t.state())
vim.uv.kill(stopped, "sigstop")
vim.cmd("Festina restart")
check(
  t.wait(function()
    return t.state() == "none"
  end, 15),
  "a stopped server is given up",
  t.state()
)
vim.uv.kill(stopped, "sigcont")
check(t.attached(), "and another one started")
ask()
check(t.until_state("ready"), "which works", { t.state(), t.messages })
check(t.text() == before, "the text is untouched", t.text())

-- started anew while it still starts; and one that cannot start
vim.cmd("Festina restart")
check(t.attached() and t.wait(function()
  return server() ~= nil
end), "it starts once more")
check(#t.messages == 0, "no message so far", t.messages)
local options = require("festina.config").options
options.cmd = { "sleep", "1000" }
vim.cmd("Festina restart")
check(
  t.wait(function()
    local clients = vim.lsp.get_clients({ _uninitialized = true })
    return clients[1] and not clients[1].initialized
  end),
  "one that never answers"
)
options.cmd = { "sh", "-c", "exit 3" }
vim.cmd("Festina restart")
check(
  t.wait(function()
    return #t.messages > 0
  end, 15),
  "it is replaced, by one that cannot start"
)
check(
  #t.messages == 1 and t.said("could not start (exit code 3): `:checkhealth festina`"),
  "which is told, with what to do",
  t.messages
)
fits()
t.done()
