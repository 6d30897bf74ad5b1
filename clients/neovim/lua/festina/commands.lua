-- `:Festina` and its subcommands.
local M = {}

---@class festina.Asked what a person typed after `:Festina`
---@field rest string
---@field bang boolean
---@field first? integer one-based
---@field last? integer

---@param asked festina.Asked
local function place(asked)
  return require("festina.edit").place(asked.first, asked.last)
end

--- An action on a proposal.
---@param name string
---@param banged? string what it is with `!`
local function action(name, banged)
  return function(asked)
    local which = asked.bang and banged or name
    require("festina.actions").run(which, asked.rest)
  end
end

---@type table<string, fun(asked: festina.Asked)>
local subcommands = {
  edit = function(asked)
    require("festina.edit").start(place(asked), asked.rest, asked.bang)
  end,
  ask = function(asked)
    require("festina.ask").start(place(asked), asked.rest)
  end,
  accept = action("accept", "accept_unverified"),
  hunk = action("hunk"),
  next = action("next"),
  previous = action("previous"),
  variations = action("variations"),
  gallery = action("gallery"),
  redirect = action("redirect"),
  test = action("test"),
  diff = action("diff"),
  cancel = action("cancel"),
  dismiss = action("dismiss"),
  verify = function()
    require("festina.tasks").verify()
  end,
  prompt = function(asked)
    require("festina.tasks").prompt(place(asked), asked.rest)
  end,
  skill = function(asked)
    require("festina.skill").start(place(asked), asked.rest, asked.bang)
  end,
  review = function()
    require("festina.skill").review()
  end,
  plan = function(asked)
    require("festina.plan").write(asked.rest, asked.bang)
  end,
  step = function(asked)
    require("festina.plan").step(asked.rest)
  end,
  failures = function()
    require("festina.failures").list()
  end,
  trust = function(asked)
    require("festina.tasks").trust(not asked.bang)
  end,
  log = function()
    require("festina.tasks").log()
  end,
  restart = function()
    require("festina.server").restart()
  end,
}

---@param given vim.api.keyset.create_user_command.command_args
local function run(given)
  local name, rest = given.args:match("^%s*(%a+)!?%s*(.-)%s*$")
  local bang = given.bang or given.args:match("^%s*%a+!") ~= nil
  local subcommand = subcommands[name]
  if not subcommand then
    local names = table.concat(vim.fn.sort(vim.tbl_keys(subcommands)), ", ")
    return require("festina.say").warn(("`:Festina` takes one of %s."):format(names))
  end
  local whole = given.range > 0
  require("festina.say").guarded(function()
    subcommand({
      rest = rest,
      bang = bang,
      first = whole and given.line1 or nil,
      last = whole and given.line2 or nil,
    })
  end)
end

--- The subcommands that begin with what was typed.
---@param lead string
---@param line string
---@return string[]
local function complete(lead, line)
  -- a person may have typed less of the command: `:Fes` is enough
  if not line:match("%f[%a]Fe?s?t?i?n?a?!?%s+%S*$") then
    return {}
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.fn.sort(vim.tbl_keys(subcommands)))
end

--- Define `:Festina`.
function M.create()
  vim.api.nvim_create_user_command("Festina", run, {
    nargs = "+",
    bang = true,
    range = true,
    complete = complete,
    desc = "Festina: verified edits",
  })
end

return M
