-- What outlasts a killed Neovim, and verify.md, with nothing but the stock LSP client.
--   nvim --headless mod.py -c 'luafile neovim_memory.lua' -c 'cquit 2'     see test_neovim_memory.py
-- With FESTINA_PHASE=kill it accepts an edit, and kills itself before anything is saved.
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
local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local messages = {}
local show = vim.lsp.handlers["window/showMessage"]
vim.lsp.handlers["window/showMessage"] = function(err, result, context)
  messages[#messages + 1] = result.message
  return show(err, result, context)
end
local function told(words)
  return vim.iter(messages):any(function(message)
    return message:find(words, 1, true) ~= nil
  end)
end
local function diagnostics()
  return vim.tbl_map(function(d)
    return d.message
  end, vim.diagnostic.get(0))
end
local function shown(words)
  return vim.iter(diagnostics()):any(function(message)
    return message:find(words, 1, true) ~= nil
  end)
end
local function started()
  local client = vim.lsp.get_clients({ name = "festina", bufnr = 0 })[1]
  return client and client.initialized
end

-- whatever is asked, by the stock menu: the first choice with one of these words
local asked, choices = {}, {}
vim.ui.select = function(items, options, choose)
  asked[#asked + 1] = options.prompt or ""
  for number, item in ipairs(items) do
    local title = (options.format_item or tostring)(item)
    for _, words in ipairs(choices) do
      if title:find(words, 1, true) then
        return choose(item, number)
      end
    end
  end
  choose(nil)
end
local function act(keys, ...)
  choices = { ... }
  vim.api.nvim_feedkeys(keys .. "\\f", "mx", false) -- the README's key
  vim.cmd("normal! \27")
end

check(wait(started), "the server starts")
if vim.env.FESTINA_PHASE == "kill" then
  local before = text()
  act("4GVjj", "respect the upper bound")
  check(wait(function()
    return shown("ready")
  end), "an edit is ready", diagnostics())
  act("4GVjj", "accept")
  check(wait(function()
    return text() ~= before
  end), "it is accepted", messages)
  io.write(failures == 0 and "all ok\n" or "failed\n")
  io.flush()
  vim.uv.kill(vim.uv.os_getpid(), "sigkill")
end

check(wait(function()
  return told("An edit that you accepted (clamp in mod.py, ")
end), "the accepted edit that is in no file is told of", messages)
check(told("`festina recover` in the project's folder shows what to do."), "with what to do", messages)

vim.cmd("edit verify.md")
check(wait(started), "the server takes verify.md")
check(wait(function()
  return shown("`grep -q def mod.py` is not approved")
end), "what is not approved is shown on its line", diagnostics())
act("1G", "approve", "Approve")
check(wait(function()
  return #diagnostics() == 0
end), "the person is asked, and approves", { asked, messages, diagnostics() })
check(vim.iter(asked):any(function(words)
  return words:find("Run `grep -q def mod.py` in the sandbox", 1, true) ~= nil
end), "they see the command that will run", asked)

io.write(failures == 0 and "all ok\n" or (failures .. " failed\n"))
vim.cmd(failures == 0 and "qa!" or "cquit 1")
