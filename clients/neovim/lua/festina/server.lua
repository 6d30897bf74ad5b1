-- The server: how it is found, started, attached and restarted, and what it sends.
local config = require("festina.config")
local handlers = require("festina.handlers")
local lens = require("festina.lens")
local root = require("festina.root")
local rpc = require("festina.rpc")
local say = require("festina.say")

local M = {}

M.NAME = "festina"

--- How the last server process ended; Neovim's own words for it would be a second message.
---@type { code: integer, signal: integer }?
local ended
local stopping = false
---@type integer? when a process was started that has not answered yet, in milliseconds
local starting
local told_missing = false
---@type table<integer, boolean> clients that have answered
local answered = {}
--- Clients that were given up: they do not answer, and may not even end.
---@type table<integer, boolean>
local given_up = {}

--- Whether a buffer is a file that can be edited, and the server can be started for it.
---@param buf integer
---@return boolean
local function usable(buf)
  if vim.bo[buf].buftype ~= "" or vim.api.nvim_buf_get_name(buf) == "" then
    return false
  end
  local missing = config.missing()
  if missing and not told_missing then
    told_missing = true
    say.warn(missing)
  end
  return missing == nil
end

--- The filetypes that the server is offered; of Markdown it takes what `fits` says.
---@return string[]
local function filetypes()
  local found = vim.deepcopy(config.options.filetypes)
  if not vim.tbl_contains(found, "markdown") then
    found[#found + 1] = "markdown"
  end
  return found
end

--- Whether a buffer is of a filetype that is set up, or a file of the project's memory.
---@param buf integer
---@return boolean
local function fits(buf)
  return vim.tbl_contains(config.options.filetypes, vim.bo[buf].filetype) or root.is_memory(buf)
end

--- Start the process. Neovim's own message about its end is replaced by ours, which says what to do.
---@param dispatchers vim.lsp.rpc.Dispatchers
---@param given? vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
local function start(dispatchers, given)
  local exited = dispatchers.on_exit
  dispatchers.on_exit = function(code, signal)
    ended = { code = code, signal = signal }
    exited(0, 0)
  end
  given = given or {}
  starting = vim.uv.now()
  return vim.lsp.rpc.start(config.command(), dispatchers, {
    cwd = given.cmd_cwd or config.folder(),
    env = given.cmd_env,
  })
end

---@param client_id integer
local function on_exit(_, _, client_id)
  local how = ended or { code = 0, signal = 0 }
  starting = nil
  vim.schedule(function()
    require("festina.proposals").forget_client(client_id)
    require("festina.ask").forget_client(client_id)
    require("festina.status").forget_client(client_id)
    local orderly = (how.code == 0 or how.code == 143) and (how.signal == 0 or how.signal == 15)
    if orderly or stopping or given_up[client_id] or vim.v.exiting ~= vim.NIL then
      return
    end
    local why = how.signal ~= 0 and ("signal %d"):format(how.signal)
      or ("exit code %d"):format(how.code)
    local what = answered[client_id] and "the server ended (%s): `:Festina restart`."
      or "could not start (%s): `:checkhealth festina`."
    say.warn(what:format(why))
  end)
end

--- What `vim.lsp.config` and `vim.lsp.start` take.
---@return vim.lsp.ClientConfig
function M.config()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.workspace.codeLens = { refreshSupport = true }
  capabilities.experimental = { festina = { proposals = true, status = true, answers = true } }
  return {
    name = M.NAME,
    cmd = start,
    filetypes = filetypes(),
    commands = lens.commands,
    root_dir = function(buf, ready)
      if vim.bo[buf].filetype == "markdown" and not fits(buf) then
        return
      end
      if usable(buf) then
        starting = vim.uv.now()
        ready(root.of(buf))
      end
    end,
    capabilities = capabilities,
    handlers = handlers,
    before_init = function(params)
      local given = { settings = config.options.settings, trusted = config.options.trusted }
      if vim.tbl_isempty(given.settings) then
        given.settings = nil
      end
      local options = vim.tbl_deep_extend("force", params.initializationOptions or {}, given)
      params.initializationOptions = next(options) and options or nil
    end,
    on_init = function(client)
      answered[client.id] = true
      require("festina.names").follow()
    end,
    on_exit = on_exit,
  }
end

--- The client of a buffer.
---@param buf? integer the current one if left out
---@return vim.lsp.Client?
function M.client(buf)
  local all = vim.lsp.get_clients({ name = M.NAME, bufnr = buf or vim.api.nvim_get_current_buf() })
  return vim.tbl_filter(function(client)
    return not given_up[client.id]
  end, all)[1]
end

--- How long a server may take to start, and a buffer to be attached to one that runs, in milliseconds.
local START, ATTACH = 30000, 2000

--- How long it is worth waiting for a buffer's client; 0 where none is to be expected.
---@param buf integer
---@return integer milliseconds
local function patience(buf)
  if vim.b[buf].festina_plan then
    return START
  elseif not fits(buf) then
    return 0
  elseif starting and vim.uv.now() - starting < START then
    return START
  end
  return #vim.lsp.get_clients({ name = M.NAME }) > 0 and ATTACH or 0
end

--- Say why no server runs for a buffer, and what to do.
---@param buf integer
local function explain(buf)
  local kind = vim.bo[buf].filetype
  local missing = config.missing()
  if missing then
    say.warn(missing)
  elseif not fits(buf) then
    local what = kind == "" and "a file without a filetype" or ("`%s`"):format(kind)
    say.warn(("it is not set up for %s (option `filetypes`)."):format(what))
  else
    say.warn("the server does not run here: `:Festina restart`.")
  end
end

--- Whether the current buffer has a server, or will have one soon; else a message says what to do.
---@return boolean
function M.expected()
  local buf = vim.api.nvim_get_current_buf()
  if M.client(buf) or patience(buf) > 0 then
    return true
  end
  explain(buf)
  return false
end

--- Hand over the client of a buffer: at once, or as soon as a server that is starting runs. Where there
--- is none a message says what to do.
---@param buf integer
---@param done fun(client: vim.lsp.Client)
---@param since? integer when it was asked for first
function M.with(buf, done, since)
  local client = M.client(buf)
  since = since or vim.uv.now()
  if client and not rpc.stopped(client) then
    done(client)
  elseif vim.api.nvim_buf_is_loaded(buf) and vim.uv.now() - since < patience(buf) then
    vim.defer_fn(function()
      M.with(buf, done, since)
    end, 20)
  elseif vim.api.nvim_buf_is_loaded(buf) then
    explain(buf)
  end
end

--- Attach a buffer, and start the server for it where it does not run.
---@param buf integer
function M.attach(buf)
  if not usable(buf) then
    return
  end
  local given = M.config()
  if vim.lsp.config and vim.lsp.config[M.NAME] then
    given = vim.deepcopy(vim.lsp.config[M.NAME])
  end
  given.root_dir = root.of(buf)
  vim.lsp.start(given, {
    bufnr = buf,
    reuse_client = function(client)
      local same = client.name == M.NAME and client.config.root_dir == given.root_dir
      return same and not given_up[client.id]
    end,
  })
end

--- Attach every buffer that is open and of a fitting filetype.
function M.attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and fits(buf) then
      M.attach(buf)
    end
  end
end

--- Start the server from now on for fitting files, and for those that are open.
function M.enable()
  if vim.lsp.enable then
    vim.lsp.config(M.NAME, { filetypes = filetypes() })
    vim.lsp.enable(M.NAME)
    return
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("festina.server", {}),
    pattern = filetypes(),
    callback = function(event)
      if fits(event.buf) then
        M.attach(event.buf)
      end
    end,
  })
  M.attach_all()
end

--- Stop the server and start it again. One that does not answer is killed after a while.
---@param then_? fun()
function M.restart(then_)
  told_missing = false
  -- one that has not answered yet is none of those that are told of without that word
  local old = vim.lsp.get_clients({ name = M.NAME, _uninitialized = true })
  stopping = true
  for _, client in ipairs(old) do
    rpc.stop(client)
  end
  local began = vim.uv.now()
  local function look()
    local left = vim.tbl_filter(function(client)
      return vim.lsp.get_client_by_id(client.id) ~= nil
    end, old)
    local waited = vim.uv.now() - began
    if #left > 0 and waited < 6000 then
      for _, client in ipairs(waited > 3000 and left or {}) do
        rpc.stop(client, true)
      end
      vim.defer_fn(look, 50)
      return
    end
    stopping = false
    for _, client in ipairs(left) do
      given_up[client.id] = true
      on_exit(0, 0, client.id)
      for buf in pairs(client.attached_buffers) do
        vim.lsp.buf_detach_client(buf, client.id)
      end
    end
    M.attach_all()
    if then_ then
      then_()
    end
  end
  look()
end

return M
