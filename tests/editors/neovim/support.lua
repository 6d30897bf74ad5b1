-- What the scripts here have in common: checks, waiting, and a look at what is drawn.
--   nvim --headless mod.py -c 'luafile .../NAME.lua' -c 'cquit 2'     see test_neovim_plugin.py
local M = { failures = 0, messages = {}, events = {} }

M.SECONDS = tonumber(vim.env.FESTINA_TEST_SECONDS) or 60

vim.notify = function(message)
  M.messages[#M.messages + 1] = message
end
vim.api.nvim_create_autocmd("User", {
  pattern = "Festina*",
  callback = function(event)
    M.events[#M.events + 1] = { event.match, event.data }
  end,
})

--- What Neovim will not have any longer, and who uses it all the same.
local old = {}
local deprecate = vim.deprecate
vim.deprecate = function(name, ...)
  for level = 2, 12 do
    local info = debug.getinfo(level, "Sl")
    if info and info.source:find("/lua/festina/", 1, true) then
      old[("%s in %s:%d"):format(name, vim.fs.basename(info.source), info.currentline)] = true
      break
    end
  end
  return deprecate(name, ...)
end

function M.check(ok, what, extra)
  local more = extra ~= nil and (" " .. vim.inspect(extra):gsub("%s+", " ")) or ""
  io.write(("%s %s%s\n"):format(ok and "ok  " or "FAIL", what, ok and "" or more))
  if not ok then
    M.failures = M.failures + 1
  end
  return ok
end

function M.wait(condition, seconds)
  return vim.wait((seconds or M.SECONDS) * 1000, condition, 10)
end

--- The end of a script: what became of the server, the test sees.
function M.done()
  M.check(vim.tbl_isempty(old), "nothing that is deprecated is used", old)
  io.write(M.failures == 0 and "all ok\n" or (M.failures .. " failed\n"))
  vim.cmd(M.failures == 0 and "qa!" or "cquit 1")
end

function M.text(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf or 0, 0, -1, false), "\n")
end

function M.attached(buf)
  return M.wait(function()
    local client = vim.lsp.get_clients({ name = "festina", bufnr = buf or 0 })[1]
    return client and client.initialized
  end)
end

local space = vim.api.nvim_create_namespace("festina.proposals")

--- What is drawn: {deleted = rows (one-based), lines = {{row, text, above}...}, head = text, groups = set}.
function M.drawn(buf)
  local found = { deleted = {}, lines = {}, head = "", groups = {}, marks = 0 }
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buf or 0, space, 0, -1, { details = true })) do
    local row, details = mark[2] + 1, mark[4]
    found.marks = found.marks + 1
    if details.line_hl_group then
      found.deleted[#found.deleted + 1] = row
    end
    for _, chunks in ipairs(details.virt_lines or {}) do
      local words = ""
      local code = false
      for _, chunk in ipairs(chunks) do
        words = words .. chunk[1]
        for _, group in ipairs(type(chunk[2]) == "table" and chunk[2] or { chunk[2] }) do
          found.groups[group] = true
          code = code or group == "FestinaAdd"
        end
      end
      if code then
        found.lines[#found.lines + 1] =
          { row, (words:gsub("%s+$", "")), details.virt_lines_above or nil }
      else
        found.head = found.head .. words .. "\n"
        found.row = row
      end
    end
  end
  return found
end

function M.new_lines(buf)
  return vim.tbl_map(function(line)
    return line[2]
  end, M.drawn(buf).lines)
end

function M.state(buf)
  local proposal = require("festina.proposals").of(buf or vim.api.nvim_get_current_buf())[1]
  return proposal and proposal.data.state or "none"
end

function M.until_state(...)
  local wanted = { ... }
  return M.wait(function()
    return vim.tbl_contains(wanted, M.state())
  end)
end

--- Put lines in place of others, as a step of its own for undo.
function M.type(first, stop, lines)
  vim.o.undolevels = vim.o.undolevels -- ends the step before, as leaving insert mode does
  vim.api.nvim_buf_set_lines(0, first, stop, false, lines)
end

--- Press keys as a person does; waits until they are worked off.
function M.press(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), "mx", false)
end

function M.said(words)
  for _, message in ipairs(M.messages) do
    if message:find(words, 1, true) then
      return message
    end
  end
end

--- Whether a `User` event came, and with what.
function M.fired(name)
  for _, event in ipairs(M.events) do
    if event[1] == name then
      return event[2]
    end
  end
end

--- Whether the server has said of an edit that it is in this state.
function M.told_of(state)
  return vim.iter(M.events):any(function(event)
    return event[1] == "FestinaProposal" and event[2].state == state
  end)
end

--- Windows have another size: Neovim says so in its main loop, which does not turn while a script runs.
function M.resized()
  vim.api.nvim_exec_autocmds("WinResized", {})
end

--- Forget the messages so far.
function M.reset()
  M.messages = {}
  return M.messages
end

--- Go on with the model's answer, which the test keeps back.
function M.release()
  vim.fn.writefile({}, vim.env.FESTINA_TEST_RELEASE)
end

return M
