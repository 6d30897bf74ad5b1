-- Skills with the plugin: made of an accepted edit, chosen, followed here and everywhere.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local before = t.text()
local titles
local wanted = "nothing"
vim.ui.select = function(items, options, done)
  titles = vim.tbl_map(options.format_item or tostring, items)
  for number, title in ipairs(titles) do
    if title:find(wanted, 1, true) then
      return done(items[number], number)
    end
  end
  done(nil)
end

local function told(words)
  return t.wait(function()
    return table.concat(t.messages, "\n"):find(words, 1, true)
  end)
end

vim.cmd("2,6Festina edit loop over the items themselves")
check(t.until_state("ready"), "an edit passes", { t.state(), t.messages })
vim.cmd("Festina accept")
check(
  t.wait(function()
    return t.text() ~= before
  end),
  "it is accepted"
)
check(t.until_state("none"), "and over", t.state())

wanted = "save as a skill"
vim.cmd("3Festina skill")
check(told("the skill loop-over-items was written to"), "a skill is made of it", t.messages)
check(titles and #titles == 1, "only what is about skills is to be chosen from", titles)
check(vim.fn.filereadable(".agents/skills/loop-over-items/SKILL.md") == 1, "it is there")

-- one that was named, for the next function
vim.cmd("9,13Festina skill loop-over-items")
check(t.until_state("ready"), "its edit passes", { t.state(), t.messages })
vim.cmd("Festina accept")
check(t.until_state("none"), "and is accepted", t.state())
check(not t.text():find("range(len", 1, true), "nothing is left here to be changed", t.text())

-- and everywhere else: no more than one edit may wait at once, so the second comes after the first
local function listed()
  return vim.tbl_filter(function(one)
    return one.source == "festina"
  end, vim.diagnostic.get())
end

vim.cmd("Festina! skill loop-over-items")
if vim.version().minor ~= 11 then -- where messages wait for a key, progress alone tells
  check(told("1 edit waits for your review; then it goes on"), "the run rests", t.messages)
end
for _, name in ipairs({ "more.py", "other.py" }) do
  check(
    t.wait(function()
      local one = listed()[1]
      return one and vim.fs.basename(vim.api.nvim_buf_get_name(one.bufnr)) == name
    end),
    "Neovim lists one of another file among the diagnostics",
    listed()
  )
  vim.cmd("Festina review")
  check(
    t.wait(function()
      return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == name
    end),
    name .. " is led to",
    { vim.api.nvim_buf_get_name(0), t.messages }
  )
  check(t.until_state("ready"), "there it is drawn, as it passed", { t.state(), t.messages })
  check(#t.new_lines() > 0, "with its new lines", t.drawn())
  check(#listed() <= 1, "and nothing waits beside it", listed())
  vim.cmd("Festina accept")
  check(t.until_state("none"), "it is accepted like any other", t.state())
  check(t.text():find("for item in items", 1, true), "and in the text", t.text())
end
check(told("2 places: 2 passed"), "then the run is over", t.messages)
vim.cmd("Festina review")
check(told("No edit waits for your review"), "that was the last one", t.messages)
t.done()
