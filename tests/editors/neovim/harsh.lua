-- What a person and their other plugins do that is hard on a plugin: nothing of it is an error.
local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
local t, served = dofile(here .. "/support.lua"), dofile(here .. "/served.lua")
local check = t.check
local config, say = require("festina.config"), require("festina.say")

local lines = served.lines
vim.o.hidden = true
local buf = served.open(lines)
local function last()
  local found = served.asked[#served.asked]
  return found[1] == "workspace/executeCommand" and found[2].arguments[1] or {}
end
local function mapping(key)
  return vim.fn.maparg(key, "n", false, true)
end

-- `vim.notify` is a table that can be called, as with nvim-notify
local notify = vim.notify
local heard
vim.notify = setmetatable({}, {
  __call = function(_, message)
    heard = message
  end,
})
say.warn("it is heard")
vim.wait(1000, function()
  return heard ~= nil
end, 1)
check(heard == "Festina: it is heard", "a message comes to a table that can be called", heard)
vim.notify = notify

-- mappings of a person's own come back as they were, whatever their kind
local script = vim.fn.tempname() .. ".vim"
vim.fn.writefile({
  "nnoremap <SID>there <Nop>",
  "nmap <buffer> <script> gzn <SID>there",
  "nnoremap <buffer> <expr> <nowait> <silent> gza 'x'",
  "map <buffer> gzv <Nop>",
}, script)
vim.cmd.source(script)
local function theirs()
  local listed = vim.split(vim.fn.execute("map <buffer>"), "\n")
  return { mapping("gza"), mapping("gzn"), mapping("gzv"), vim.fn.sort(listed) }
end
local before = theirs()
served.send(buf, 3, 5, { "new" })
check(not vim.deep_equal(theirs(), before), "while an edit is open, the keys are others")
served.dismiss(buf)
check(vim.deep_equal(theirs(), before), "a person's own mappings come back", { before, theirs() })
vim.cmd("nmapclear <buffer> | mapclear <buffer>")

-- an edit is drawn while another buffer is the current one: the keys are those of its own
vim.keymap.set("n", "<F7>", "<Plug>(festina-diff)", { buffer = buf })
vim.cmd("split | enew")
served.send(buf, 3, 5, { "new" })
check(t.drawn(buf).head:find("<F7> diff", 1, true), "its own key is shown", t.drawn(buf).head)
vim.cmd("close")
check(vim.tbl_isempty(mapping("gzd")), "and is the only one", mapping("gzd"))
served.dismiss(buf)
vim.keymap.del("n", "<F7>", { buffer = buf })

-- options that are no options are told, and nothing breaks on them
local function told(options, words)
  local found = table.concat(config.set(options), "; ")
  check(found == words, words, found)
  served.send(buf, 3, 5, { "new" })
  check(t.drawn().marks > 0, "an edit is drawn all the same", t.drawn())
  served.dismiss(buf)
end
told(
  { keys = { accept = 5, hunk = "", nonsense = "gzq" } },
  "the key `accept` must be a string, or false; the key `hunk` must be a string, or false; "
    .. "there is no key `nonsense`"
)
told(
  { cmd = {}, filetypes = { 3 } },
  "`cmd` must be a list of strings; `filetypes` must be a list of strings"
)
told({ keys = { cancel = "gzx" } }, "`gzx` is the key of `cancel` and of `dismiss`")
check(vim.tbl_isempty(mapping("gzx")), "a key that is given twice is left in no buffer")
config.set({})

-- two prompts are open at the same time; one fails; the file is closed under one
vim.bo.filetype = "python"
local answers = {}
local input = vim.ui.input
vim.ui.input = function(_, done)
  answers[#answers + 1] = done
end
local asking = vim.api.nvim_create_namespace("festina.asking")
local function marked()
  return #vim.api.nvim_buf_get_extmarks(buf, asking, 0, -1, {})
end
vim.cmd("2,4Festina edit")
vim.cmd("7,8Festina edit")
answers[1](nil)
check(marked() == 4, "one prompt that is left takes its own marks away", marked())
answers[2]("the second")
vim.wait(1000, function()
  return last().instruction == "the second"
end, 1)
check(
  last().instruction == "the second" and last().range.start.line == 6,
  "the other one is answered",
  last()
)
vim.cmd("silent write!")
vim.cmd("2,4Festina edit")
vim.cmd("enew")
vim.cmd.bunload({ buf, bang = true })
t.reset()
local count = #served.asked
answers[3]("too late")
check(t.wait(function()
  return t.said("ask again")
end, 5) and #served.asked == count, "a file that was closed meanwhile is told", t.messages)
vim.cmd.buffer(buf)
vim.bo.filetype = "python"
vim.ui.input = function()
  error("a plugin's own fault")
end
local good, problem = pcall(vim.cmd, "2,4Festina edit")
check(not good and problem:find("own fault"), "a prompt that fails says so", problem)
check(marked() == 0, "and leaves no line marked", marked())
vim.ui.input = input
vim.bo.filetype = ""

-- `:Fes` is the command, too
for _, line in ipairs({ "Fes re", "'<,'>Festina re", "silent Festina! re" }) do
  local found = vim.fn.getcompletion(line, "cmdline")
  check(vim.deep_equal(found, { "redirect", "restart", "review" }), "completion: " .. line, found)
end

-- in the comparison the change under the cursor is meant, on the new side as on the old one
local function hunk(id, first, stop, text)
  local from, to = { line = first, character = 0 }, { line = stop, character = 0 }
  return { id = id, range = { start = from, ["end"] = to }, newText = text }
end
buf = served.open(lines)
local new = { "line 1", "a", "b", "c", "d" }
vim.list_extend(new, vim.list_slice(lines, 2, 5))
new[#new + 1] = "six"
served.send(buf, 0, 6, new, { hunks = { hunk(1, 1, 1, "a\nb\nc\nd\n"), hunk(2, 5, 6, "six\n") } })
vim.cmd("Festina diff")
local function meant(row)
  vim.api.nvim_win_set_cursor(0, { row, 0 })
  local asked = #served.asked
  t.press("gzh")
  vim.wait(50)
  return #served.asked > asked and last().hunks[1] or nil
end
check(meant(4) == 1, "a new line of the first change", vim.api.nvim_get_current_line())
check(meant(7) == nil, "a line that stays", vim.api.nvim_get_current_line())
check(meant(10) == 2, "the line of the second change", vim.api.nvim_get_current_line())
vim.cmd.wincmd("h")
check(meant(6) == 2, "on the old side as well", vim.api.nvim_get_current_line())
served.dismiss(buf)
check(#vim.api.nvim_list_tabpages() == 1, "the comparison is closed")

-- an edit ends while the command-line window is open, where Neovim closes no window
vim.cmd("messages clear")
vim.v.errmsg = ""
served.send(buf, 3, 5, { "new" })
vim.cmd("Festina diff | tabprevious")
local inside
vim.api.nvim_create_autocmd("CmdwinEnter", {
  once = true,
  callback = vim.schedule_wrap(function()
    served.dismiss(buf)
    t.reset()
    local fine, error_ = pcall(vim.cmd, "Festina log")
    vim.wait(1000, function()
      return #t.messages > 0
    end, 1)
    inside = { fine, error_, t.messages[1], #require("festina.proposals").all() }
    vim.api.nvim_feedkeys(vim.keycode("<C-c><C-c>"), "n", false)
  end),
})
vim.api.nvim_feedkeys("q:", "nx!", false)
check(
  inside[1] and (inside[3] or ""):find("Festina: E11:", 1, true),
  "what it forbids is told in a line",
  inside
)
check(inside[4] == 0, "the edit is over at once", inside)
check(
  t.wait(function()
    return #vim.api.nvim_list_tabpages() == 1
  end, 5),
  "and its comparison is closed afterwards"
)
check(t.drawn(buf).marks == 0 and vim.tbl_isempty(mapping("gza")), "nothing is left", t.drawn(buf))
check(vim.v.errmsg == "", "without an error", vim.v.errmsg)

-- an answer's page: its key works also when the server is gone, and its window's options are its own
local asks = 0
local function answer()
  asks = asks + 1
  served.notify("festina/answer", {
    ask = "a" .. asks,
    uri = vim.uri_from_bufnr(buf),
    question = "what?",
    state = "streaming",
    text = "a word",
    message = "",
  })
  vim.cmd.wincmd("b")
end
vim.o.number = true
vim.cmd("silent only | setlocal number")
answer()
check(vim.b.festina_answer and not vim.wo.number, "the answer has no line numbers")
vim.cmd("silent edit " .. vim.fn.tempname())
check(vim.wo.number, "a file that is opened in its window has them")
vim.cmd("silent only")
answer()
require("festina.ask").forget_client(vim.lsp.get_clients({ name = "festina" })[1].id)
t.press("q")
check(#vim.api.nvim_list_wins() == 1, "`q` puts an answer away when its server is gone")
vim.o.number = false

-- the file gets another name: what was open is over, and the server knows the new one at once
for _, command in ipairs({ "file", "saveas!" }) do
  buf = served.open(lines)
  config.options.cmd = { "true" } -- a program that is there; the server that runs is used
  vim.api.nvim_buf_set_name(buf, ("%s/before-%s.py"):format(vim.fn.getcwd(), command:sub(1, 4)))
  check(t.attached(buf), "it is attached")
  served.send(buf, 3, 5, { "new" })
  check(t.drawn().marks > 0, "an edit is open", t.drawn())
  served.told = {}
  local path = ("%s/after-%s.py"):format(vim.fn.getcwd(), command:sub(1, 4))
  vim.cmd(("silent %s %s"):format(command, path))
  check(t.drawn().marks == 0, "it is gone after :" .. command, t.drawn())
  local open, seen = { ["before-" .. command:sub(1, 4) .. ".py"] = true }, {}
  for _, told_ in ipairs(served.told) do
    local kind = told_[1]:match("^textDocument/(did.*)")
    if kind == "didOpen" or kind == "didClose" then
      local name = vim.fs.basename(told_[2].textDocument.uri)
      open[name] = kind == "didOpen" or nil
      seen[#seen + 1] = kind .. " " .. name
    end
  end
  local wanted = { ["after-" .. command:sub(1, 4) .. ".py"] = true }
  check(vim.deep_equal(open, wanted), "the server has the new one alone open", seen)
  vim.fn.delete(path)
end
config.set({})

-- a text that tree-sitter makes something of in many seconds only: nobody waits for that
buf = served.open(lines, "lua")
local odd = {}
for row = 1, 1500 do
  odd[row] = row % 7 == 1 and "changed = " .. row
    or ("value_%d = function(%d, 'text %d')"):format(row, row, row)
end
local parser = getmetatable(vim.treesitter.get_parser(buf, "lua")).__index
local parse, parsed, late = parser.parse, 0, 0
rawset(parser, "parse", function(...)
  parsed = parsed + 1
  local busy = os.clock()
  local trees = parse(...)
  while os.clock() - busy < late do -- luacheck: ignore
  end
  return trees
end)
local function frame(size)
  served.send(buf, 0, 40, vim.list_slice(odd, 1, size), { state = "streaming" })
  return t.drawn().groups
end
check(frame(10)["@variable.lua"] and parsed > 0, "a text is parsed", parsed)
late = 0.1
frame(20)
local before_ = parsed
frame(30)
frame(40)
check(parsed == before_, "one that takes long is not, the next time", parsed)
late = 0
served.dismiss(buf)
check(frame(10)["@variable.lua"] and parsed > before_, "another text is parsed again", parsed)
rawset(parser, "parse", parse)
served.dismiss(buf)
check(vim.v.errmsg == "", "no error so far", vim.v.errmsg)

t.done()
