-- A file of a folder that has nothing to say that it is a project, or only a setup.py; then one elsewhere.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local function clients()
  return vim.lsp.get_clients({ name = "festina" })
end

--- An edit of a file passes by the tests of its project, and is accepted.
local function works(file)
  vim.cmd("silent edit " .. vim.fn.fnameescape(file))
  check(t.attached(), "there is a server for " .. file)
  local before = t.text()
  vim.cmd("4,6Festina edit respect the upper bound")
  check(t.until_state("ready", "unverified", "rejected"), "an edit comes", t.messages)
  check(t.state() == "ready", "it passes", { t.state(), t.drawn().head, t.messages })
  local words = (t.drawn().head:gsub("%s+", " "))
  check(words:find("3 tests ok", 1, true), "its tests were run", words)
  check(t.text() == before, "the text is untouched so far")
  t.press("gza")
  check(
    t.wait(function()
      return t.text():find("return min(high", 1, true) ~= nil
    end),
    "it is accepted",
    t.messages
  )
  vim.cmd("silent undo")
  check(t.text() == before, "and undone", t.text())
end

local marked = vim.env.FESTINA_TEST_MARKED -- nil where it is empty
works(marked and "package/mod.py" or "mod.py")
local root = clients()[1].config.root_dir
check(root == (marked and vim.uv.fs_realpath(marked)), "its folder", root)
works(vim.env.FESTINA_TEST_OTHER)
check(#clients() == (marked and 2 or 1), "files without a project share a server", #clients())
works(marked and "package/mod.py" or "mod.py")
check(#t.messages == 0, "without a message", t.messages)
t.done()
