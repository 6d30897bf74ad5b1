-- What happens to an edit when a person, or the machine, does something else meanwhile: with the
-- stock client or the plugin, one scenario for each run.       see test_scenarios_neovim.py
--   FESTINA_TEST_CLIENT=stock|plugin FESTINA_TEST_SCENARIO=NAME nvim --headless mod.py ...
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/neovim/support.lua")
local check, wait = t.check, t.wait
local NEW = "    return min(high, max(low, value))"
local first = 4 -- the first line of clamp

local clients = {}

clients.plugin = {
  ask = function()
    vim.cmd(("%d,%dFestina edit respect the upper bound"):format(first, first + 2))
  end,
  accept = function()
    vim.api.nvim_win_set_cursor(0, { first, 0 })
    t.press("gza")
  end,
  state = t.state,
  text_so_far = function()
    return table.concat(t.new_lines(), "\n")
  end,
}

local function ours()
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "festina"
  end, vim.diagnostic.get(0))
end

--- Choose what has these words from the menu of code actions, until it is there.
local function choose(words)
  local chosen = false
  vim.ui.select = function(items, options, done)
    for number, item in ipairs(items) do
      if not chosen and options.format_item(item):find(words, 1, true) then
        chosen = true
        return done(item, number)
      end
    end
    done(nil)
  end
  local deadline = vim.uv.now() + 20000
  while not chosen and vim.uv.now() < deadline do
    vim.cmd("normal! \27")
    vim.api.nvim_feedkeys(first .. "GVjj\\f", "mx", false) -- the README's key
    vim.cmd("normal! \27")
    wait(function()
      return chosen
    end, 2)
  end
  return chosen
end

clients.stock = {
  ask = function()
    choose("respect the upper bound")
  end,
  accept = function()
    choose("accept edit of clamp")
  end,
  state = function()
    local diagnostic = ours()[1]
    return diagnostic and diagnostic.user_data.lsp.data.state or "none"
  end,
  text_so_far = function()
    local diagnostic = ours()[1]
    return diagnostic and diagnostic.message or ""
  end,
}

local me = clients[vim.env.FESTINA_TEST_CLIENT]

local function until_state(...)
  local wanted = { ... }
  return wait(function()
    return vim.tbl_contains(wanted, me.state())
  end)
end

local function streams()
  me.ask()
  check(
    wait(function()
      return me.text_so_far():find("return min(high", 1, true) ~= nil
    end),
    "the edit streams",
    { me.state(), me.text_so_far(), t.messages }
  )
end

local function passes()
  check(until_state("ready"), "it passes", { me.state(), me.text_so_far(), t.messages })
end

--- Accept it; all but the edit must be as it was; one undo takes it back.
local function accepted_and_undone()
  local before = t.text()
  vim.o.undolevels = vim.o.undolevels -- ends the step before, as leaving insert mode does
  me.accept()
  check(
    wait(function()
      return t.text() ~= before
    end, 20),
    "it is accepted",
    t.messages
  )
  local old = "    # festina: respect the upper bound\n    return max(low, value)\n"
  check(t.text() == before:gsub(vim.pesc(old), NEW .. "\n"), "and nothing else", t.text())
  check(until_state("none"), "it is over", me.state())
  vim.cmd.undo()
  check(t.text() == before, "one undo takes it back", t.text())
end

local function server()
  for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    if vim.api.nvim_get_proc(pid).name:find("festina") or vim.api.nvim_get_proc(pid).name:find("python") then
      return pid
    end
  end
end

--- Tell the test to do something, and wait until it has.
local function outside(what)
  vim.fn.writefile({}, vim.env.FESTINA_TEST_DESK .. "/" .. what)
  check(
    wait(function()
      return vim.fn.filereadable(vim.env.FESTINA_TEST_DESK .. "/" .. what .. ".done") == 1
    end),
    "done outside: " .. what
  )
end

local scenarios = {}

function scenarios.types_in_the_region()
  streams()
  t.type(5, 5, { "    mine = 1" })
  local typed = t.text()
  check(until_state("none"), "typing in it ends it", me.state())
  outside("nothing-streams")
  t.release()
  vim.wait(500)
  check(me.state() == "none" and t.text() == typed, "and what was typed stays", t.text())
end

function scenarios.types_above_and_below()
  streams()
  t.type(0, 0, { "# above" })
  first = first + 1
  t.type(-1, -1, { "# below" })
  vim.wait(300)
  check(me.state() == "streaming", "it goes on", me.state())
  t.release()
  passes()
  t.type(0, 0, { "# above" })
  first = first + 1
  check(until_state("verifying", "streaming", "queued"), "typing later verifies it again", me.state())
  passes()
  accepted_and_undone()
end

function scenarios.saves_with_a_formatter()
  vim.api.nvim_create_autocmd("BufWritePre", {
    callback = function()
      vim.cmd("silent %!" .. vim.env.FESTINA_TEST_RUFF .. " format -")
    end,
  })
  t.type(-1, -1, { "", "", "def  triple( value ):", "    return value*3" })
  streams()
  vim.cmd("silent write")
  check(t.text():find("def triple(value):", 1, true), "the formatter did its work", t.text())
  vim.wait(300)
  check(me.state() == "streaming", "the edit goes on", me.state())
  t.release()
  passes()
  t.type(0, 0, { "import os" })
  first = first + 1
  vim.cmd("silent write")
  wait(function()
    return me.state() ~= "ready"
  end, 2)
  passes()
  accepted_and_undone()
end

function scenarios.saves_with_a_formatter_that_changes_the_region()
  t.type(5, 6, { "    return max( low,value )" })
  vim.api.nvim_create_autocmd("BufWritePre", {
    callback = function()
      vim.cmd("silent %!" .. vim.env.FESTINA_TEST_RUFF .. " format -")
    end,
  })
  streams()
  vim.cmd("silent write")
  local formatted = t.text()
  check(formatted:find("return max(low, value)", 1, true), "the formatter did its work", formatted)
  check(until_state("none"), "the edit is over", me.state())
  t.release()
  vim.wait(500)
  check(t.text() == formatted, "what the formatter wrote stays", t.text())
end

function scenarios.switches_branches()
  vim.o.autoread = true
  t.release()
  me.ask()
  passes()
  outside("git-checkout-other") -- there the file has a line more above, and a test that fails
  vim.cmd.checktime()
  check(
    wait(function()
      return t.text():find("# the other branch", 1, true) == 1
    end),
    "the file of the other branch is shown",
    t.text()
  )
  -- Neovim tells a server of a file that it loads again as of one that was closed and opened
  check(until_state("none"), "the edit is over", { me.state(), me.text_so_far() })
  outside("git-checkout-main")
  vim.cmd.checktime()
  check(
    wait(function()
      return t.text():find("# the other branch", 1, true) == nil
    end),
    "back again",
    t.text()
  )
  me.ask()
  passes()
  accepted_and_undone()
end

function scenarios.switches_branches_with_the_same_file()
  t.release()
  me.ask()
  passes()
  local before = t.text()
  outside("git-checkout-tests") -- only a test differs there
  me.accept()
  check(
    until_state("rejected"),
    "what no longer holds is not applied",
    { me.state(), t.messages, me.text_so_far() }
  )
  check(t.text() == before, "the text is untouched", t.text())
  outside("git-checkout-main")
end

function scenarios.closes_the_file()
  streams()
  vim.cmd("bdelete!")
  outside("nothing-streams")
  check(me.state() == "none", "nothing is shown elsewhere")
  vim.cmd("edit mod.py")
  check(t.attached(), "opened again")
  check(me.state() == "none", "the edit is gone", me.state())
  t.release()
  me.ask()
  passes()
  accepted_and_undone()
end

function scenarios.kills_the_server()
  streams()
  local before = t.text()
  vim.uv.kill(server(), "sigkill")
  check(until_state("none"), "nothing is left of the edit", me.state())
  check(t.text() == before, "the text is untouched")
  outside("nothing-streams")
  t.release()
  if vim.env.FESTINA_TEST_CLIENT == "plugin" then
    vim.cmd("Festina restart")
  else
    vim.cmd("edit!")
  end
  check(t.attached(), "it is started again")
  me.ask()
  passes()
  accepted_and_undone()
end

function scenarios.stops_the_server()
  streams()
  local pid = server()
  vim.uv.kill(pid, "sigstop")
  t.release() -- the model goes on
  local began = vim.uv.now()
  t.type(0, 0, { "# typed meanwhile" })
  first = first + 1
  check(vim.uv.now() - began < 500, "the editor waits for nothing")
  vim.wait(tonumber(vim.env.FESTINA_TEST_STOPPED) * 1000)
  vim.uv.kill(pid, "sigcont")
  passes()
  accepted_and_undone()
end

function scenarios.has_its_clocks_jump()
  streams()
  outside("jump")
  t.release()
  passes()
  outside("jump-back")
  vim.wait(500)
  accepted_and_undone()
end

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
scenarios[vim.env.FESTINA_TEST_SCENARIO]()
t.done()
