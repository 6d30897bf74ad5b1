-- A save in a real Neovim, with nothing but its stock LSP client: red at both ends, then nothing.
--   nvim --headless mod.py -c 'luafile neovim_on_save.lua' -c 'cquit 2'     see test_neovim.py
local failures = 0

local function check(ok, what, extra)
  local more = extra ~= nil and (" " .. vim.inspect(extra):gsub("%s+", " ")) or ""
  io.write(("%s %s%s\n"):format(ok and "ok  " or "FAIL", what, ok and "" or more))
  if not ok then
    failures = failures + 1
  end
end
local function wait(condition)
  return vim.wait(90 * 1000, condition, 20)
end

local messages, ended = {}, {}
vim.notify = function(message)
  messages[#messages + 1] = message
end
vim.api.nvim_create_autocmd("LspProgress", {
  callback = function(event)
    local value = event.data.params.value
    if value.kind == "end" then
      ended[#ended + 1] = value.message
    end
  end,
})
local function shown()
  return vim.tbl_map(function(d)
    local name = vim.fn.fnamemodify(vim.fn.bufname(d.bufnr), ":t")
    return ("%s:%d:%d-%d %s"):format(name, d.lnum + 1, d.col + 1, d.end_col + 1, d.message)
  end, vim.diagnostic.get(nil))
end

check(wait(function()
  local client = vim.lsp.get_clients({ name = "festina", bufnr = 0 })[1]
  return client and client.initialized
end), "the server starts")
vim.cmd("%s/value \\* 2/value * 3/")
vim.cmd("write")
check(wait(function()
  return #shown() == 2 and #ended == 1
end), "a save that breaks a test is shown at both ends", shown())
local found = shown()
table.sort(found)
check(found[1] == "mod.py:10:5-21 test_double fails since this change: assert 6 == 4",
  "at the line that was changed", found)
check(found[2] == "test_mod.py:13:5-26 assert 6 == 4", "at the assertion, though that is not open", found)
check((ended[1] or ""):find("fails", 1, true), "the progress says at its end how it went", ended)
vim.diagnostic.setqflist({ open = false })
check(#vim.fn.getqflist() == 2, "both are in the quickfix list")

vim.cmd("edit test_mod.py")
local diagnostic = vim.diagnostic.get(0)[1]
local related = diagnostic and diagnostic.user_data.lsp.relatedInformation or {}
check(related[1] and related[1].location.range.start.line == 9, "the assertion leads to the change", related)
vim.cmd("buffer mod.py")
vim.cmd("undo")
vim.cmd("write")
check(wait(function()
  return #shown() == 0
end), "nothing is left when the change is taken back", shown())
check(#messages == 0, "no message disturbs", messages)

io.write(failures == 0 and "all ok\n" or (failures .. " failed\n"))
vim.cmd(failures == 0 and "qa!" or "cquit 1") -- what became of the server, the test sees
