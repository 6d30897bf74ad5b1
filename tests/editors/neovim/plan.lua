-- Plans with the plugin: a step is run from plan.md, its edit accepted, and the step is ticked.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

local function told(words)
  return t.wait(function()
    return table.concat(t.messages, "\n"):find(words, 1, true)
  end)
end

check(t.attached(), "the server starts in Neovim " .. tostring(vim.version()))
local code = vim.api.nvim_get_current_buf()
local before = t.text()

vim.cmd("Festina plan mind the bounds")
check(told("There is a plan.md already"), "a plan that is there is not replaced", t.messages)
vim.cmd("Festina step")
check(told("open plan.md and put the cursor on a step"), "a step is one of a plan", t.messages)

vim.cmd("edit plan.md")
local plan = vim.api.nvim_get_current_buf()
vim.cmd("Festina step")
check(told("There is no step on line 1."), "the cursor says which step", t.messages)
vim.cmd("4")
vim.cmd("Festina step anew")
check(told("takes run, skip, split, explain or accept"), "there are five things to do", t.messages)

--- What Neovim itself shows and runs, for nobody has set up anything.
local function lenses()
  local found = {}
  local get = vim.lsp.codelens.get
  for _, one in ipairs(vim.lsp.codelens.enable and get({ bufnr = plan }) or get(plan)) do
    found[#found + 1] = (one.lens or one).command.title
  end
  return table.concat(found, " | ")
end
local function drawn()
  vim.cmd.redraw()
  local words = ""
  for name, space in pairs(vim.api.nvim_get_namespaces()) do
    local marks = name:find("codelens")
      and vim.api.nvim_buf_get_extmarks(plan, space, 0, -1, { details = true })
    for _, mark in ipairs(marks or {}) do
      local chunks = mark[4].virt_text or (mark[4].virt_lines or {})[1] or {}
      for _, chunk in ipairs(chunks) do
        words = words .. chunk[1]
      end
    end
  end
  return words
end
local function choose(title)
  local select = vim.ui.select
  vim.ui.select = function(items, options, done) ---@diagnostic disable-line: duplicate-set-field
    vim.ui.select = select
    for number, item in ipairs(items) do
      if options.format_item(item):find(title, 1, true) then
        return done(item, number)
      end
    end
    done()
  end
  vim.lsp.codelens.run()
end

local all = "Festina: run | skip | split | explain"
check(
  t.wait(function()
    return lenses() == all
  end),
  "the step has its lenses",
  lenses()
)
check(
  t.wait(function()
    return drawn():find(all, 1, true)
  end),
  "which are to be seen",
  drawn()
)
vim.cmd("3")
choose("split")
check(told("No slow model is configured"), "a lens that is refused says why", t.messages)
check(
  t.wait(function()
    return drawn():find(all, 1, true)
  end),
  "and stays there",
  drawn()
)
choose("Festina: run")
vim.cmd("buffer " .. code)
check(
  t.until_state("ready"),
  "its edit is drawn where it is, and passes",
  { t.state(), t.messages }
)
check(t.text() == before, "and is in no text yet")
check(t.text(plan):find("- [ ] Return", 1, true), "nor is the step ticked")
check(
  t.wait(function()
    return lenses():find("Festina: accept (", 1, true)
  end),
  "its step can be accepted in the plan, too",
  lenses()
)
vim.cmd("Festina accept")
check(t.until_state("none"), "it is accepted", t.state())
check(t.text() ~= before, "and in the text")
check(
  t.wait(function()
    return t.text(plan):find("- [x] Return", 1, true)
  end),
  "which ticks the step",
  t.text(plan)
)
vim.cmd("buffer " .. plan)
check(
  t.wait(function()
    return lenses() == ""
  end),
  "and takes its lenses away",
  lenses()
)
vim.cmd("3")
vim.cmd("Festina step")
check(told("This step is done."), "so it is not run again", t.messages)
vim.cmd("undo")
check(t.text():find("- [ ] Return", 1, true), "a tick is one undo step", t.text())
t.done()
