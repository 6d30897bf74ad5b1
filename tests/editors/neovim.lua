-- The main job in a real Neovim, with nothing but its stock LSP client and the README's lines.
--   nvim --headless mod.py -c 'luafile neovim.lua' -c 'cquit 2'     see test_neovim.py
-- Prints a line for each check; the last line is "all ok" or the number of failures.
local file = vim.api.nvim_buf_get_name(0)
local failures = 0

local function check(ok, what, extra)
  local more = extra ~= nil and (" " .. vim.inspect(extra):gsub("%s+", " ")) or ""
  io.write(("%s %s%s\n"):format(ok and "ok  " or "FAIL", what, ok and "" or more))
  if not ok then
    failures = failures + 1
  end
  return ok
end
local function wait(condition, seconds)
  return vim.wait((seconds or 60) * 1000, condition, 20)
end
local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local messages = {}
vim.notify = function(message)
  messages[#messages + 1] = message
end

local function client()
  return vim.lsp.get_clients({ name = "festina", bufnr = 0 })[1]
end
check(wait(function()
  return client() and client().initialized
end), "the server starts in Neovim " .. tostring(vim.version()))

local function diagnostics()
  return vim.tbl_filter(function(d)
    return d.source == "festina"
  end, vim.diagnostic.get(0))
end
local function shown()
  local d = diagnostics()[1]
  return d and d.message or ""
end
local seen = {}
vim.api.nvim_create_autocmd("DiagnosticChanged", {
  callback = function()
    for _, d in ipairs(diagnostics()) do
      seen[#seen + 1] = (d.user_data or {}).lsp and d.user_data.lsp.data.state
    end
  end,
})

-- code actions on a visual selection, through the stock menu
local offered
local function act(keys, pattern)
  offered = nil
  vim.ui.select = function(items, options, choose)
    offered = vim.tbl_map(options.format_item or tostring, items)
    for number, title in ipairs(offered) do
      if pattern and title:find(pattern, 1, true) then
        return choose(items[number], number)
      end
    end
    choose(nil)
  end
  vim.cmd("normal! \27")
  vim.api.nvim_feedkeys(keys .. "\\f", "mx", false) -- the README's key
  vim.cmd("normal! \27")
  wait(function()
    return offered ~= nil
  end, 10)
  return offered
end
local select_region, ask = "4GVjj", "respect the upper bound"
local expect = "return min(high, max(low, value))"
local before = text()

act(select_region, ask)
check(offered and #offered > 1, "actions are offered for the selection", offered)
check(wait(function()
  return shown():find("ready", 1, true) ~= nil or shown():find("rejected", 1, true) ~= nil
end), "the proposal streams as a diagnostic until it is ready", { seen, messages })
check(shown():find("ready", 1, true) and shown():find(expect, 1, true),
  "the diagnostic shows the verdict and the diff", shown())
check(text() == before, "nothing was changed so far")

act(select_region, "accept")
check(wait(function()
  return text() ~= before
end, 20), "accepting applies the edit", { offered, messages })
check(text():find(expect, 1, true), "the edit is the model's", text())
check(not text():find("festina:", 1, true), "the festina: comment is gone")
check(wait(function()
  return #diagnostics() == 0
end, 10), "the diagnostic is cleared", diagnostics())
vim.cmd.undo()
check(text() == before, "one undo brings everything back", text())

-- a region that is typed in makes its proposal stale, without a trace
act(select_region, ask)
check(wait(function()
  return #diagnostics() > 0
end, 20), "a second proposal starts")
vim.cmd("normal! \27")
vim.api.nvim_win_set_cursor(0, { 6, 0 })
vim.cmd("normal! Ix")
check(wait(function()
  return #diagnostics() == 0
end, 20), "typing in the region makes it stale", shown())
check(table.concat(vim.fn.readfile(file), "\n") == before, "the file on disk is untouched")

io.write(failures == 0 and "all ok\n" or (failures .. " failed\n"))
vim.cmd(failures == 0 and "qa!" or "cquit 1") -- what became of the server, the test sees
