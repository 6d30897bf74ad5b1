-- A question in a real Neovim, with its stock LSP client and the README's command.
--   nvim --headless mod.py -c 'luafile neovim_ask.lua' -c 'cquit 2'     see test_neovim.py
local failures = 0

local function check(ok, what, extra)
  local more = extra ~= nil and (" " .. vim.inspect(extra):gsub("%s+", " ")) or ""
  io.write(("%s %s%s\n"):format(ok and "ok  " or "FAIL", what, ok and "" or more))
  if not ok then
    failures = failures + 1
  end
end
local function wait(condition)
  return vim.wait(60 * 1000, condition, 20)
end

local messages = {}
vim.notify = function(message)
  messages[#messages + 1] = message
end
check(wait(function()
  local client = vim.lsp.get_clients({ name = "festina", bufnr = 0 })[1]
  return client and client.initialized
end), "the server starts")
local code, here = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
local before = vim.api.nvim_buf_get_lines(code, 0, -1, false)
local line = vim.fn.search("def double")
vim.cmd("FestinaAsk what does it do?")

local function page()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    if vim.api.nvim_buf_get_name(buffer):find("answer%-a1%.md$") then
      return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
    end
  end
end
check(wait(page), "the answer opens in a window of its own", messages)
local text = page() or ""
check(text:find("It **doubles** a value, see `double`.", 1, true), "it is the model's, without links", text)
check(vim.api.nvim_get_current_win() == here, "the cursor stays in the code")

local where = { textDocument = { uri = vim.uri_from_bufnr(code) }, position = { line = line - 1, character = 4 } }
local found = vim.lsp.buf_request_sync(code, "textDocument/hover", where, 10000) or {}
local shown = ""
for _, answer in pairs(found) do
  shown = answer.result and answer.result.contents.value or shown
end
check(shown:find("It **doubles** a value", 1, true), "the hover shows it as well", found)

-- of lines that were picked
vim.cmd("6FestinaAsk which one is it?")
check(
  wait(function()
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_get_name(buffer):find("answer%-a2%.md$") then
        return true
      end
    end
  end),
  "a question about picked lines has a page of its own",
  messages
)
check(vim.deep_equal(before, vim.api.nvim_buf_get_lines(code, 0, -1, false)), "no code was touched")
check(#messages == 0, "no message disturbs", messages)

io.write(failures == 0 and "all ok\n" or (failures .. " failed\n"))
vim.cmd(failures == 0 and "qa!" or "cquit 1") -- what became of the server, the test sees
