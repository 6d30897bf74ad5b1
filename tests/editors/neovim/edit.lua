-- The main job with the plugin: ask, watch, accept, undo; and what is left of a proposal that is over.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local before = t.text()
local asked
vim.ui.input = function(options, done)
  asked = options.prompt
  done("respect the upper bound")
end

-- a visual range, the words from a prompt; while the answer is held back
t.press("4GVjj:Festina edit<CR>")
check(asked == "Festina, edit lines 4-6: ", "the prompt names the lines", asked)
check(
  t.wait(function()
    return #t.new_lines() > 0
  end),
  "new lines appear while the model writes",
  { t.drawn(), t.messages }
)
local drawn = t.drawn()
check(t.state() == "streaming", "it streams", t.state())
check(
  drawn.row == 4 and drawn.head:find("Festina clamp", 1, true),
  "the head is above the region",
  drawn
)
check(
  vim.deep_equal(drawn.deleted, { 5 }),
  "only what the text has passed is marked as removed",
  drawn
)
check(drawn.groups.FestinaAdd ~= nil, "the new lines have a ground")
check(t.text() == before, "the text is untouched")

-- keys are there as long as the proposal
local function mapped(key)
  return vim.fn.maparg(key, "n", false, true).buffer == 1
end
check(mapped("gza") and mapped("gzx"), "the keys are there")

t.release()
check(t.until_state("ready"), "it passes", { t.state(), t.messages })
drawn = t.drawn()
local verdict = (drawn.head:gsub("%s+", " "))
check(
  verdict:find("ruff ok, 3 tests ok (1 of 1 changed lines executed)", 1, true),
  "the verdict says why",
  verdict
)
check(verdict:find("gza accept", 1, true), "and what can be pressed", verdict)
check(vim.deep_equal(drawn.deleted, { 5, 6 }), "removed lines are marked", drawn)
check(
  vim.deep_equal(drawn.lines, { { 6, "    return min(high, max(low, value))" } }),
  "new ones are below",
  drawn.lines
)
check(t.text() == before, "the text is still untouched")

t.press("gza")
check(
  t.wait(function()
    return t.text() ~= before
  end, 20),
  "the key accepts it",
  t.messages
)
check(
  t.text():find("    return min(high, max(low, value))\n\n", 1, true),
  "the edit is in the text",
  t.text()
)
check(t.until_state("none"), "the proposal is over", t.state())
check(t.drawn().marks == 0, "nothing is drawn any more", t.drawn())
check(not mapped("gza") and not mapped("gzx"), "the keys are gone")
vim.cmd.undo()
check(t.text() == before, "one undo brings everything back", t.text())

local names = vim.tbl_map(function(event)
  return event[1]
end, t.events)
for _, name in ipairs({ "FestinaProposal", "FestinaReady", "FestinaAccepted" }) do
  check(vim.tbl_contains(names, name), "the autocommand " .. name, names)
end
check(#t.messages == 0, "no message disturbs", t.messages)

-- typing in the region: at once nothing is drawn, and then the proposal is over
vim.cmd("4,6Festina edit respect the upper bound")
check(t.until_state("ready"), "another one passes", t.state())
vim.api.nvim_win_set_cursor(0, { 6, 0 })
vim.cmd("normal! Ix")
check(
  t.wait(function()
    return t.drawn().marks == 0
  end, 1),
  "typing in it hides it at once"
)
check(t.until_state("none"), "and it is over", t.state())
check(not mapped("gza"), "its keys are gone")
check(
  table.concat(vim.fn.readfile(vim.api.nvim_buf_get_name(0)), "\n") == before,
  "the file is untouched"
)

-- an operator, and the definition around the cursor
vim.cmd("silent edit!")
t.attached()
local place
vim.ui.input = function(options, done)
  place = options.prompt
  done(nil)
end
t.press("5G\\fip")
check(place == "Festina, edit lines 4-6: ", "an operator takes a motion", place)
t.press("10G\\ff")
check(place == "Festina, edit this definition: ", "a key of its own means the definition", place)
check(
  t.state() == "none" and #t.messages == 0,
  "and leaving the prompt asks for nothing",
  t.messages
)
vim.api.nvim_win_set_cursor(0, { 6, 0 })
vim.cmd("Festina edit respect the upper bound")
check(t.until_state("ready"), "the definition is what is edited", { t.state(), t.messages })
check(t.drawn().row == 4, "from its first line", t.drawn())

t.done()
