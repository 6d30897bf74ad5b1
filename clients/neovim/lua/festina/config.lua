-- The options, with their defaults. `setup` changes them; everything else reads them when it needs them.
local M = {}

---@class festina.Keys what is pressed on a live proposal; false: no key. See |festina-keys|.
---@field accept string|false
---@field hunk string|false
---@field next string|false
---@field previous string|false
---@field variations string|false
---@field gallery string|false
---@field redirect string|false
---@field test string|false
---@field diff string|false
---@field cancel string|false
---@field dismiss string|false

---@class festina.Options
---@field cmd? string[] the server's command; without it `festina server`, from the PATH
---@field filetypes string[]
---@field settings table what `[tool.festina]` would hold, for every workspace
---@field trusted? boolean whether workspaces are trusted; without it `festina trust` decides
---@field key? fun(origin: string): string? gives the API key for an address, where nothing else has one
---@field keys festina.Keys|false
---@field hints boolean whether the keys are shown at a proposal
---@field lines integer most lines of new code that are shown in place; 0: what fits the window

---@type festina.Options
M.defaults = {
  cmd = nil,
  filetypes = { "python" },
  settings = {},
  trusted = nil,
  key = nil,
  keys = {
    accept = "gza",
    hunk = "gzh",
    next = "gzn",
    previous = "gzp",
    variations = "gzv",
    gallery = "gzg",
    redirect = "gzr",
    test = "gzt",
    diff = "gzd",
    cancel = "gzc",
    dismiss = "gzx",
  },
  hints = true,
  lines = 0,
}

local types = {
  cmd = "table",
  filetypes = "table",
  settings = "table",
  trusted = "boolean",
  key = "function",
  hints = "boolean",
  lines = "number",
}

local words = { cmd = true, filetypes = true }

---@type festina.Options
M.options = vim.deepcopy(M.defaults)

--- Whether a value is a list of words, of which there is one at least.
---@param value any
---@return boolean
local function is_words(value)
  if type(value) ~= "table" or #value == 0 then
    return false
  end
  for _, word in pairs(value) do
    if type(word) ~= "string" or word == "" then
      return false
    end
  end
  return true
end

---@param name string
---@param value any
---@return boolean
local function is_key(name, value)
  return M.defaults.keys[name] ~= nil
    and (value == false or (type(value) == "string" and value ~= ""))
end

--- What is wrong with options, as sentences.
---@param given table
---@return string[]
local function problems(given)
  local found = {}
  for name, value in pairs(given) do
    if name == "keys" then
      if value ~= false and type(value) ~= "table" then
        found[#found + 1] = "`keys` must be a table, or false"
      end
      for key, pressed in pairs(type(value) == "table" and value or {}) do
        if M.defaults.keys[key] == nil then
          found[#found + 1] = ("there is no key `%s`"):format(key)
        elseif not is_key(key, pressed) then
          found[#found + 1] = ("the key `%s` must be a string, or false"):format(key)
        end
      end
    elseif not types[name] then
      found[#found + 1] = ("there is no option `%s`"):format(name)
    elseif words[name] and not is_words(value) then
      found[#found + 1] = ("`%s` must be a list of strings"):format(name)
    elseif type(value) ~= types[name] then
      found[#found + 1] = ("`%s` must be a %s"):format(name, types[name])
    end
  end
  table.sort(found)
  return found
end

--- Actions that have the key of another one, as sentences.
---@param keys table<string, string|false>
---@return string[]
local function doubles(keys)
  local found, taken = {}, {}
  for _, name in ipairs(vim.fn.sort(vim.tbl_keys(keys))) do
    local key = keys[name]
    local first = key and taken[vim.keycode(key)]
    if first then
      found[#found + 1] = ("`%s` is the key of `%s` and of `%s`"):format(key, first, name)
      keys[name] = false
    elseif key then
      taken[vim.keycode(key)] = name
    end
  end
  return found
end

--- Take options over; of those that are wrong the default is used. Returns what is wrong.
---@param given? table
---@return string[]
function M.set(given)
  given = given or {}
  local found = problems(given)
  local good = {}
  for name, value in pairs(given) do
    if name == "keys" and type(value) == "table" then
      good.keys = {}
      for key, pressed in pairs(value) do
        if is_key(key, pressed) then
          good.keys[key] = pressed
        end
      end
    elseif type(value) == types[name] and (not words[name] or is_words(value)) then
      good[name] = value
    end
  end
  M.options = vim.tbl_deep_extend("force", vim.deepcopy(M.defaults), good)
  if given.keys == false then
    M.options.keys = false
  end
  return vim.list_extend(found, doubles(M.options.keys or {}))
end

--- The server's command.
---@return string[]
function M.command()
  return M.options.cmd or { "festina", "server" }
end

--- Where `festina` is started: in its own folder, and not in the working directory. With an empty entry
--- in PYTHONPATH, as many have one, Python imports from where it is started, and the project that
--- somebody looks at need not be trusted. Of another program in the option `cmd` nothing is known.
---@return string?
function M.folder()
  local program = vim.fn.exepath(M.command()[1] or "")
  local named = vim.fn.fnamemodify(program, ":t:r") == "festina"
  return named and vim.fs.dirname(program) or nil
end

--- Another command of the same program, such as `festina doctor`.
---@param ... string
---@return string[]
function M.program(...)
  local command = vim.list_extend({}, M.command())
  if command[#command] == "server" then
    command[#command] = nil
  end
  return vim.list_extend(command, { ... })
end

--- Why the server cannot be started, or nil.
---@return string?
function M.missing()
  local program = M.command()[1]
  if program and vim.fn.executable(program) == 1 then
    return nil
  end
  if M.options.cmd then
    return ("`%s`, which the option `cmd` names, is no program that can be run."):format(
      program or ""
    )
  end
  return "There is no `festina` on the PATH. Install it (`pipx install 'festina[local]'`), "
    .. "or name it in the option `cmd`."
end

return M
