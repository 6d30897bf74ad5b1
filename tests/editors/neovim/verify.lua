-- verify.md with the plugin: it is attached by itself, and a command of it is approved there.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local function shown()
  return vim.tbl_map(function(d)
    return d.message
  end, vim.diagnostic.get(0))
end
local function clients()
  return #vim.lsp.get_clients({ name = "festina", bufnr = 0 })
end

local asked = {}
vim.ui.select = function(items, options, choose)
  asked[#asked + 1] = options.prompt or ""
  for number, item in ipairs(items) do
    local title = (options.format_item or tostring)(item)
    if title:find("approve", 1, true) or title == "Approve" then
      return choose(item, number)
    end
  end
  choose(nil)
end

check(t.attached(), "verify.md alone starts the server in Neovim " .. tostring(vim.version()))
local before = t.text()
check(
  t.wait(function()
    return table.concat(shown(), "\n"):find("`grep -q def mod.py` is not approved", 1, true)
  end),
  "what is not approved is shown on its line",
  shown()
)
local lenses
vim.lsp.buf_request(0, "textDocument/codeLens", {
  textDocument = { uri = vim.uri_from_bufnr(0) },
}, function(_, found)
  lenses = found
end)
check(
  t.wait(function()
    return lenses and lenses[1].command.title == "Festina: approve this command"
  end),
  "there is a lens to approve it",
  lenses
)
vim.cmd("1")
vim.lsp.buf.code_action()
check(
  t.wait(function()
    return #shown() == 0
  end),
  "an action of its line asks, and it is approved",
  { asked, t.messages, shown() }
)
check(
  table.concat(asked, "\n"):find("Run `grep -q def mod.py` in the sandbox", 1, true),
  "what would run is told",
  asked
)
check(t.text() == before and not vim.bo.modified, "the file is as it was")
vim.cmd("edit!")
check(t.attached(), "it stays attached when it is read again")

vim.cmd("edit README.md")
check(clients() == 0, "no other Markdown is attached")
vim.cmd("edit docs/verify.md")
check(clients() == 0, "nor one of that name elsewhere")
vim.cmd("Festina edit do it")
check(
  t.wait(function()
    return table.concat(t.messages, "\n"):find("it is not set up for `markdown`", 1, true)
  end),
  "which is said where it is asked for",
  t.messages
)
vim.cmd("edit mod.py")
check(t.attached(), "code is")
check(#vim.lsp.get_clients({ name = "festina" }) == 1, "all by one server")
t.done()
