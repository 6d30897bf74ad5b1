-- Questions, saves, the quickfix list, the status line, the prompt, the log, and the health check.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

-- asked for while the server still starts: it is done as soon as it runs
local code, here = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
local file = vim.api.nvim_buf_get_name(code)
local before, on_disk = t.text(), vim.fn.readfile(file)
vim.fn.search("def double")
vim.cmd("Festina ask what does it do?")
check(#vim.lsp.get_clients({ name = "festina" }) == 0, "asked before the server runs")

local function answer()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buf = vim.api.nvim_win_get_buf(window)
    if vim.b[buf].festina_answer then
      return buf, window
    end
  end
end
check(
  t.wait(function()
    local buf = answer()
    local words = buf and t.text(buf) or ""
    return words:find("**doubles** a value, see `double`.", 1, true)
      and not words:find("tokens so far", 1, true)
  end),
  "the answer comes, in a window of its own, without links",
  { t.messages, answer() and t.text(answer()) }
)
check(vim.api.nvim_get_current_win() == here, "the cursor stays in the code")
local told = t.fired("FestinaAnswer")
check(told and told.buf == answer(), "an event names the page", t.events)
check(t.text(answer()):find("^> what does it do%?"), "with the question above it", t.text(answer()))
local _, window = answer()
vim.api.nvim_set_current_win(window)
t.press("q")
check(answer() == nil and vim.api.nvim_get_current_win() == here, "q puts it away")
check(t.text() == before, "no code was touched")
check(vim.v.errmsg == "", "no error on the way", vim.v.errmsg)

-- about lines that were picked
vim.cmd("6Festina ask which one is it?")
check(
  t.wait(function()
    local buf = answer()
    local words = buf and t.text(buf) or ""
    return words:find("which one is it?", 1, true)
      and words:find("**doubles**", 1, true)
      and not words:find("tokens so far", 1, true)
  end),
  "a question about picked lines is answered as well",
  { t.messages, answer() and t.text(answer()) }
)
vim.api.nvim_set_current_win(select(2, answer()))
t.press("q")

-- the prompt that would be sent
vim.cmd("4,6Festina prompt respect the upper bound")
check(
  t.wait(function()
    return vim.fn.bufname():find("prompt") ~= nil
  end),
  "the prompt is shown",
  { vim.fn.bufname(), t.messages }
)
check(t.text():find("respect the upper bound", 1, true), "with the instruction", t.text())
vim.cmd.buffer(code)

-- a save that breaks a test
local statusline = require("festina").statusline
check(statusline():find("^festina"), "the status line names us", statusline())
local statuses = {}
vim.api.nvim_create_autocmd("User", {
  pattern = "FestinaStatus",
  callback = function(event)
    statuses[#statuses + 1] = event.data.state
  end,
})
vim.cmd("%s/value \\* 2/value * 3/")
vim.cmd("silent write")
check(
  t.wait(function()
    return statusline():find("tests ✗ 1", 1, true) ~= nil
  end),
  "the status line turns red",
  { statusline(), statuses }
)
check(statuses[1] == "running" and statuses[#statuses] == "failed", "autocommands say so", statuses)
check(
  t.wait(function()
    return #vim.diagnostic.get(nil) == 2
  end),
  "it is in the ordinary diagnostics",
  vim.diagnostic.get(nil)
)
vim.cmd("Festina failures")
local list = vim.fn.getqflist({ title = true, items = true })
check(
  vim.bo.buftype == "quickfix" and list.title == "Festina: failing tests",
  "the quickfix list opens",
  list
)
check(
  #list.items == 1 and list.items[1].text:find("test_double: assert 6 == 4", 1, true),
  "with the test",
  list
)
check(vim.fn.bufname((list.items[1] or {}).bufnr):find("test_mod.py$"), "in its file", list.items)
vim.cmd("cclose")
t.reset()
vim.cmd("Festina verify")
check(
  t.wait(function()
    return t.said("mod.py: ")
  end),
  "checking it by hand says so",
  t.messages
)
vim.cmd("silent undo 0")
vim.cmd("silent write")
check(
  t.wait(function()
    return not statusline():find("✗", 1, true) and #vim.diagnostic.get(nil) == 0
  end),
  "mended, nothing is red",
  { statusline(), vim.diagnostic.get(nil) }
)
t.reset()
vim.cmd("Festina failures")
check(
  t.wait(function()
    return t.said("no test is known to fail")
  end, 5),
  "and the list has nothing",
  t.messages
)
check(vim.deep_equal(vim.fn.readfile(file), on_disk), "the file is as it was")

-- what is typed wrongly is answered
t.reset()
vim.cmd("Festina frobnicate")
check(
  t.wait(function()
    return t.said("takes one of accept, ask,")
  end, 5),
  "an unknown subcommand",
  t.messages
)
check(
  vim.deep_equal(vim.fn.getcompletion("Festina re", "cmdline"), { "redirect", "restart", "review" }),
  "completion",
  vim.fn.getcompletion("Festina re", "cmdline")
)
t.reset()
vim.cmd("Festina accept")
check(
  t.wait(function()
    return t.said("no proposed edit in this buffer")
  end, 5),
  "nothing to accept",
  t.messages
)

-- the log and the help
vim.cmd("Festina log")
check(t.text():find("no proposed edit", 1, true), "the log has what was said", t.text())
vim.cmd("close")

-- keys for models, from the person's own function
local handler = vim.lsp.get_clients({ name = "festina" })[1].handlers["festina/key"]
check(
  handler(nil, { origin = "https://api.example.com" }, {}).key == vim.NIL,
  "no key without a function"
)
require("festina.config").options.key = function(origin)
  return "key of " .. origin
end
local given = handler(nil, { origin = "https://api.example.com" }, {}).key
check(given == "key of https://api.example.com", "the person's function is asked", given)

-- :checkhealth
vim.keymap.set("n", "gza", "<Nop>")
vim.keymap.set("n", "gzdd", "<Nop>")
vim.cmd("checkhealth festina")
local health = t.text()
for _, words in ipairs({
  "`gza` (accept) is a mapping of yours",
  "`gzd` (diff) is how your mapping `gzdd` begins",
}) do
  check(health:find(words, 1, true), words, health)
end
check(select(2, health:gsub("The option `keys`", "")) == 2, "and no other key", health)
vim.keymap.del("n", "gza")
vim.keymap.del("n", "gzdd")
check(health:find("OK.*version", 1), "Neovim's version", health)
check(
  health:find("festina 0%.%d", 1) and health:find(vim.fn.exepath("festina"), 1, true),
  "the program's",
  health
)
check(
  health:find("trust", 1, true) and health:find("sandbox", 1, true),
  "the doctor's words",
  health
)
check(health:find("conflicts", 1, true) and not health:find("ERROR", 1, true), "no error", health)

-- wrong options, and a program that is not there
t.reset()
require("festina").setup({ cmd = { "no-such-festina", "server" }, colour = "red", hints = 3 })
check(
  t.wait(function()
    return #t.messages > 0
  end, 5),
  "wrong options are told",
  t.messages
)
check(
  t.said("there is no option `colour`") and t.said("`hints` must be a boolean"),
  "each of them",
  t.messages
)
t.reset()
vim.cmd.buffer(code)
vim.cmd("Festina restart")
check(
  t.wait(function()
    return t.said("`no-such-festina`")
  end, 10),
  "a missing program is told",
  t.messages
)
vim.cmd("Festina edit whatever")
vim.wait(500)
check(
  #t.messages == 2 and t.messages[2] == t.messages[1],
  "and again when something is asked for",
  t.messages
)
t.done()
