-- What is not usual: macros, backgrounds, colours and mappings of a person's own, several edits at once.
local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
local t, served = dofile(here .. "/support.lua"), dofile(here .. "/served.lua")
local check = t.check

local lines = served.lines

-- a macro that changes many lines: drawn once, when it is through
local buf = served.open(lines)
served.send(buf, 30, 33, { "new" })
local render = require("festina.render")
local draw, draws = render.draw, 0
render.draw = function(...)
  draws = draws + 1
  return draw(...)
end
vim.fn.setreg("q", "A!\27j")
t.press("gg25@q")
vim.wait(100)
check(draws >= 1 and draws <= 2, "a macro over 25 lines draws once", draws)
t.press("ggdd")
vim.wait(50)
check(t.drawn().row == 30, "and what is typed afterwards draws again", t.drawn())
render.draw = draw
served.dismiss(buf)

-- a region whose first line is at the top of the window: what stands above it is seen all the same
vim.cmd("syntax on")
vim.bo[buf].filetype = "python"
vim.cmd("normal! 20Gzt")
served.send(buf, 19, 22, { "new" }, { state = "streaming" })
local function above()
  return #vim.split(t.drawn().head, "\n") - 1
end
local function fill()
  return vim.fn.winsaveview().topfill
end
check(fill() == above() and fill() > 0, "the window scrolls to it", { fill(), above() })
served.send(buf, 19, 22, { "new" }, { message = ("3 tests ok "):rep(40) })
check(fill() == above() and fill() > 4, "also when it grows", { fill(), above() })
t.press(fill() .. "<C-e>")
served.send(buf, 19, 22, { "new" }, { message = "another verdict" })
check(
  fill() == 0 and vim.fn.line("w0") == 20,
  "scrolled past it, it stays so",
  vim.fn.winsaveview()
)
served.dismiss(buf)
vim.cmd("normal! gg")

-- grounds follow the background, and the person's own stay
local function turn(background)
  vim.o.background = background
  vim.cmd("doautocmd OptionSet background") -- which does not come by itself while Neovim starts
end
local function ground(name)
  return vim.api.nvim_get_hl(0, { name = name }).bg
end
turn("dark")
served.send(buf, 3, 5, { "new" })
local dark = ground("FestinaAdd")
turn("light")
check(dark and ground("FestinaAdd") ~= dark, "a light background has a ground of its own", dark)
turn("dark")
check(ground("FestinaAdd") == dark, "and back", ground("FestinaAdd"))
vim.api.nvim_set_hl(0, "FestinaAdd", { bg = 0x123456 })
turn("light")
check(ground("FestinaAdd") == 0x123456, "the person's own stays", ground("FestinaAdd"))
served.dismiss(buf)

-- in each scheme removed and new lines have grounds of their own, and what is said can be read
local function light(colour)
  local sum = 0
  for place, weight in ipairs({ 0.07, 0.72, 0.21 }) do
    sum = sum + weight * (math.floor(colour / 256 ^ (place - 1)) % 256 / 255) ^ 2.2
  end
  return sum + 0.05
end
for _, scheme in ipairs({ "default", "habamax", "quiet", "morning", "evening", "peachpuff" }) do
  for _, background in ipairs({ "light", "dark" }) do
    vim.cmd("colorscheme default") -- else one that has a background of its own keeps it
    vim.o.background = background
    vim.cmd("colorscheme " .. scheme)
    local name = ("%s, %s: "):format(scheme, vim.o.background)
    local normal = vim.api.nvim_get_hl(0, { name = "Normal", link = false })
    local paper = normal.bg or (vim.o.background == "light" and 0xffffff or 0)
    local add, delete = ground("FestinaAdd"), ground("FestinaDelete")
    check(add and delete and add ~= delete, name .. "two grounds", { add, delete })
    check(add ~= paper and delete ~= paper, name .. "that are seen", { add, delete, paper })
    for _, group in ipairs({ "FestinaAdd", "FestinaDelete" }) do
      local text = normal.fg or (vim.o.background == "light" and 0 or 0xffffff)
      local ratio = light(text) / light(ground(group))
      check(math.max(ratio, 1 / ratio) > 4, name .. "code can be read on " .. group, ratio)
    end
    for _, state in ipairs({ "Running", "Ready", "Rejected", "Unverified", "Failed" }) do
      local given = vim.api.nvim_get_hl(0, { name = "Festina" .. state, link = false })
      local ratio = light(given.fg) / light(given.bg or paper)
      check(math.max(ratio, 1 / ratio) > 1.9, name .. state .. " can be read", { ratio, given })
    end
  end
end
vim.cmd("colorscheme default")
turn("dark") -- before the scheme is changed: with the background it comes anew
vim.api.nvim_set_hl(0, "Normal", { bg = 0x101010 })
vim.api.nvim_set_hl(0, "DiffAdd", { bg = 0x101010 })
vim.api.nvim_set_hl(0, "DiffDelete", { bg = 0xff0000, reverse = true })
turn("dark")
check(ground("FestinaAdd") == dark, "a ground that is not to be seen is none", ground("FestinaAdd"))
check(ground("FestinaDelete") ~= 0xff0000, "nor is the colour of words", ground("FestinaDelete"))
vim.api.nvim_set_hl(0, "DiffDelete", { bg = 0x330000 })
turn("dark")
check(ground("FestinaDelete") == 0x330000, "another is the scheme's", ground("FestinaDelete"))
local uis = vim.api.nvim_list_uis
vim.api.nvim_list_uis = function()
  return { { rgb = false, term_colors = 8 } }
end
turn("dark")
local function shades()
  local add = vim.api.nvim_get_hl(0, { name = "FestinaAdd" }).ctermbg
  return { add, vim.api.nvim_get_hl(0, { name = "FestinaDelete" }).ctermbg }
end
check(vim.deep_equal(shades(), { 2, 1 }), "a terminal of 8 colours has green and red", shades())
vim.api.nvim_list_uis = uis
turn("dark")
check(vim.deep_equal(shades(), { 22, 52 }), "others have shades of them", shades())
vim.api.nvim_set_hl(0, "FestinaReady", { fg = 0x123456 })
vim.cmd("doautocmd OptionSet background")
local own = vim.api.nvim_get_hl(0, { name = "FestinaReady" })
check(own.fg == 0x123456, "the person's own words keep their colour", own)
vim.cmd("colorscheme default")

-- a mapping of the person's in this kind of file alone
vim.keymap.set("n", "<F7>", "<Plug>(festina-diff)", { buffer = buf })
served.send(buf, 3, 5, { "new" })
check(t.drawn().head:find("<F7> diff", 1, true), "is the one that is shown", t.drawn().head)
check(vim.fn.maparg("gzd", "n") == "", "and the only one", vim.fn.maparg("gzd", "n"))
served.dismiss(buf)

-- two edits in one buffer: the one under the cursor is meant, else the person is asked which
served.send(buf, 3, 5, { "new" })
served.send(buf, 9, 12, { "other" }, { proposal = "lower" })
local function accepts(row)
  vim.api.nvim_win_set_cursor(0, { row, 0 })
  t.press("gza")
  local last = served.asked[#served.asked]
  return last[1] == "workspace/executeCommand" and last[2].arguments[1].proposal or nil
end
local upper = accepts(4)
check(upper ~= nil and upper ~= "lower", "the upper one", upper)
check(accepts(11) == "lower", "the lower one", served.asked[#served.asked])
local count = #served.asked
t.reset()
accepts(20)
check(t.wait(function()
  return t.said("there are 2 edits here")
end, 5) and #served.asked == count, "neither", t.messages)
served.dismiss(buf)
check(#t.new_lines() == 1 and t.drawn().row == 10, "the other stays when one goes", t.drawn())
check(accepts(20) == "lower", "and is meant wherever the cursor is", served.asked[#served.asked])
t.press("gzx")
check(served.asked[#served.asked][2].command == "festina.dismiss", "and put away")
require("festina.proposals").forget_buffer(buf)
check(t.drawn().marks == 0 and vim.fn.maparg("gza", "n") == "", "nothing is left", t.drawn())

-- a line of a megabyte: its beginning is shown, and Neovim goes on
served.send(buf, 3, 5, { "ä" .. ("ö"):rep(500000), "short" })
local shown = table.concat(t.new_lines(buf))
check(
  #shown > 1000 and #shown < 3000 and shown:find("ö…short$"),
  "a very long line is cut",
  #shown
)
check(shown:gsub("ö", "") == "ä…short", "between two characters", shown:sub(-20))
served.dismiss(buf)

-- an accept leaves the person's options alone
local levels = vim.go.undolevels
vim.bo[buf].undolevels = 77
check(served.apply(buf, 3, 5, "one\ntwo\n").applied, "an edit is applied")
check(
  vim.go.undolevels == levels and vim.bo[buf].undolevels == 77,
  "and 'undolevels' stays",
  { vim.go.undolevels, vim.bo[buf].undolevels }
)

-- a handler of the person's own, which does it and does not say so; and one that does nothing
local apply = vim.lsp.handlers["workspace/applyEdit"]
vim.lsp.handlers["workspace/applyEdit"] = function(...)
  apply(...)
end
local silent = served.apply(buf, 3, 5, "uno\n") or {}
check(silent.applied and t.text():find("uno", 1, true), "what it did counts", silent)
vim.lsp.handlers["workspace/applyEdit"] = function() end
silent = served.apply(buf, 3, 4, "due\n") or {}
check(silent.applied == false and not t.text():find("due", 1, true), "not what it did not", silent)
vim.lsp.handlers["workspace/applyEdit"] = apply

-- `nvim -M`: nothing can be changed, and that is said in one line
vim.go.modifiable, vim.bo[buf].modifiable = false, false
served.send(buf, 3, 5, { "new" })
check(#t.new_lines() == 1, "what cannot be changed can be looked at", t.drawn())
local answer = served.apply(buf, 3, 5, "new\n")
check(
  not answer.applied and answer.failureReason:find("modifiable", 1, true),
  "an edit of it is refused, with the reason",
  answer
)
check(not answer.failureReason:find("\n", 1, true), "in one line", answer)
check(not answer.failureReason:find(".lua:", 1, true), "without a place in Neovim's code", answer)
vim.go.modifiable, vim.bo[buf].modifiable = true, true
served.dismiss(buf)

-- each action has a <Plug>, and a key that is mapped to it does just that
local actions = require("festina.actions")
local run, ran = actions.run, {}
actions.run = function(name)
  ran[#ran + 1] = name
end
local names = vim.tbl_keys(require("festina.config").options.keys)
vim.list_extend(names, { "accept_unverified" })
for _, name in ipairs(names) do
  vim.keymap.set("n", "<F9>", ("<Plug>(festina-%s)"):format((name:gsub("_", "-"))))
  t.press("<F9>")
end
check(#names > 9 and vim.deep_equal(ran, names), "each <Plug> does what it is called", ran)

vim.keymap.del("n", "<F7>", { buffer = buf })
-- and a key of its own, as long as there is something to act on
vim.keymap.del("n", "<F9>")
served.send(buf, 3, 5, { "new" })
names, ran = {}, {}
for name, key in pairs(require("festina.config").options.keys) do
  names[#names + 1] = name
  t.press(key)
end
check(#names > 9 and vim.deep_equal(ran, names), "each key does what it is for", ran)
served.dismiss(buf)
t.press("gzd")
check(#ran == #names, "and nothing any more once it is gone", ran)
actions.run = run

t.done()
