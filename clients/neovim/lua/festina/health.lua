-- `:checkhealth festina`
local config = require("festina.config")
local server = require("festina.server")

local M = {}

local health = vim.health

--- How long the program may take in all, in milliseconds: Neovim stands still meanwhile.
local PATIENCE = 5000

--- What `vim.system` says of a program that took too long.
local LATE = 124

--- Run a command for as long as there is patience left.
---@param command string[]
---@param began integer when the first one was started
---@return vim.SystemCompleted
---@return integer seconds that it was given
local function run(command, began)
  local left = math.max(PATIENCE - (vim.uv.now() - began), 1000)
  local options = { text = true, cwd = config.folder(), detach = true }
  local good, job = pcall(vim.system, command, options)
  if not good then
    return { code = -1, stdout = "", stderr = tostring(job) }, 0
  end
  -- nil where what it has started holds on to its output
  local done = job:wait(left) or { code = LATE }
  if done.code == LATE then
    pcall(vim.uv.kill, -job.pid, "sigkill") -- with all that it has started
  end
  vim.uv.update_time()
  return done, math.ceil(left / 1000)
end

--- How a program failed, and what it said or what to do.
---@param done vim.SystemCompleted
---@param seconds integer that it was given
---@param late? string what to do where it took too long
---@return string how
---@return string? said
local function failed(done, seconds, late)
  if done.code == LATE then
    return ("gave no answer within %d seconds"):format(seconds), late
  end
  local said = vim.trim(done.stderr or "")
  return ("failed (exit code %d)"):format(done.code), said ~= "" and said or nil
end

--- The workspace that a person means: that of a buffer with a server, else of the working directory.
---@return string
local function workspace()
  for _, client in ipairs(vim.lsp.get_clients({ name = server.NAME })) do
    if client.config.root_dir then
      return client.config.root_dir
    end
  end
  return require("festina.root").of(vim.fn.getcwd()) or vim.fn.getcwd()
end

local function check_neovim()
  health.start("festina: Neovim")
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("version " .. tostring(vim.version()))
  else
    health.error("Neovim 0.10 or newer is needed")
  end
end

---@param began integer when the first command was started
---@return boolean whether it can be run
local function check_program(began)
  health.start("festina: the server")
  local missing = config.missing()
  if missing then
    health.error(missing)
    return false
  end
  local done, seconds = run(config.program("--version"), began)
  if done.code ~= 0 then
    local how, said = failed(done, seconds)
    health.error("`festina --version` " .. how, said)
    return false
  elseif not vim.startswith(done.stdout, "festina ") then
    local words = vim.fn.exepath(config.command()[1])
    health.error(
      ("%s is another program: as its version it says `%s`"):format(words, vim.trim(done.stdout)),
      "Name Festina's program in the option `cmd`."
    )
    return false
  end
  health.ok(("%s, %s"):format(vim.trim(done.stdout), vim.fn.exepath(config.command()[1])))
  local clients = vim.lsp.get_clients({ name = server.NAME })
  for _, client in ipairs(clients) do
    health.ok(("runs for %s"):format(client.config.root_dir or "files without a workspace"))
  end
  if #clients == 0 then
    health.info(
      "it does not run now: it starts with the first file of "
        .. table.concat(config.options.filetypes, ", ")
    )
  end
  return true
end

--- What to do where the doctor takes longer: it makes a real call of the model.
local SLOW = "Run it in a terminal, where it takes its time: a model may have to be loaded first."

--- `festina doctor`'s words.
---@param began integer when the first command was started
local function check_doctor(began)
  local folder = workspace()
  local done, seconds = run(config.program("doctor", "--json", folder), began)
  local good, found = pcall(vim.json.decode, done.stdout or "")
  if not good or type(found) ~= "table" or type(found.checks) ~= "table" then
    health.start("festina: doctor")
    local how, said = failed(done, seconds, SLOW)
    return health.warn(("`festina doctor %s` %s"):format(folder, how), said)
  end
  local part
  for _, check in ipairs(found.checks) do
    if check.part ~= part then
      part = check.part
      health.start("festina: doctor: " .. part)
    end
    local words = ("%s: %s"):format(check.name, check.detail)
    local remedy = check.remedy ~= "" and check.remedy or nil
    if check.state == "ok" then
      health.ok(words)
    elseif check.state == "note" then
      health.info(remedy and words .. "\n" .. remedy or words)
    else
      health.error(words, remedy)
    end
  end
end

--- Mappings of the person's that an open edit's keys stand in the way of. Ours are buffer-local and wait
--- for nothing.
---@param amiss fun(what: string, advice: string)
local function check_keys(amiss)
  for name, key in pairs(config.options.keys or {}) do
    for _, map in ipairs(key and vim.api.nvim_get_keymap("n") or {}) do
      local here = ("`%s` (%s)"):format(key, name)
      if (map.rhs or ""):find("festina", 1, true) then -- luacheck: ignore
      elseif map.lhs == key then
        amiss(
          ("%s is a mapping of yours as well"):format(here),
          "While an edit is open, in its buffer, Festina's is meant. The option `keys` names another."
        )
      elseif vim.startswith(map.lhs, key) then
        amiss(
          ("%s is how your mapping `%s` begins"):format(here, map.lhs),
          "While an edit is open, in its buffer, yours cannot be typed. The option `keys` names another."
        )
      elseif vim.startswith(key, map.lhs) then
        amiss(
          ("%s begins like your mapping `%s`"):format(here, map.lhs),
          "While an edit is open, in its buffer, yours waits for a further key ('timeoutlen')."
        )
      end
    end
  end
end

local function check_conflicts()
  health.start("festina: conflicts")
  local fine = true
  local function amiss(...)
    fine = false
    health.warn(...)
  end
  for _, client in ipairs(vim.lsp.get_clients()) do
    if client.name ~= server.NAME then
      local command = client.config.cmd
      if type(command) == "table" and vim.fs.basename(command[1] or "") == "festina" then
        amiss(
          ("the client `%s` runs Festina's server, too"):format(client.name),
          "Take its lines out of your configuration: the plugin starts the server."
        )
      end
    elseif not vim.tbl_get(client.config, "capabilities", "experimental", "festina") then
      amiss(
        "the client `festina` was configured without the plugin",
        "Take the lines for the stock client out of your configuration, or begin them with "
          .. '`vim.lsp.config("festina", ...)` in place of an assignment.'
      )
    end
  end
  check_keys(amiss)
  if fine then
    health.ok("none")
  end
end

--- Called by `:checkhealth`.
function M.check()
  check_neovim()
  vim.uv.update_time()
  local began = vim.uv.now()
  if check_program(began) then
    check_doctor(began)
  end
  check_conflicts()
end

return M
