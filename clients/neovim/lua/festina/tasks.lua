-- The commands that are about a file, the workspace or the server, and not about one proposal.
local actions = require("festina.actions")
local config = require("festina.config")
local edit = require("festina.edit")
local rpc = require("festina.rpc")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

--- Check the current file as it is now; the result comes as diagnostics and one message.
function M.verify()
  local buf = vim.api.nvim_get_current_buf()
  server.with(buf, function(client)
    rpc.execute(client, "verify", { uri = vim.uri_from_bufnr(buf) }, nil, buf)
  end)
end

--- Show what was sent for the proposal that is meant, or would be for some lines.
---@param place festina.Place
---@param words string
function M.prompt(place, words)
  local proposal = actions.target()
  if proposal and proposal.data.state ~= "failed" and words == "" then
    return actions.send(proposal, "showPrompt")
  end
  server.with(place.buf, function(client)
    local argument = { uri = vim.uri_from_bufnr(place.buf), range = edit.range(place) }
    argument.instruction = words ~= "" and words or nil
    rpc.execute(client, "showPrompt", argument, nil, place.buf)
  end)
end

---@param client vim.lsp.Client
---@param trusted boolean
local function trust(client, trusted)
  local root = client.config.root_dir
  if not root then
    return say.warn(
      "this file is in no workspace: no folder above it has a festina.toml, .git or pyproject.toml."
    )
  end
  local command = trusted and config.program("trust", root)
    or config.program("trust", "--revoke", root)
  vim.system(command, { text = true, cwd = config.folder() }, function(done)
    vim.schedule(function()
      if done.code ~= 0 then
        local why = vim.trim(done.stderr or "") ~= "" and done.stderr or done.stdout
        return say.warn(vim.trim(why or "`festina trust` failed"))
      end
      if not rpc.stopped(client) then
        rpc.notify(client, "festina/trust", { trusted = trusted })
      end
      say.say(("%s %s."):format(root, trusted and "is trusted" or "is trusted no longer"))
    end)
  end)
end

--- Trust the workspace of the current file, for good, or no longer: what `festina trust` does, and the
--- server that runs is told.
---@param trusted boolean
function M.trust(trusted)
  server.with(vim.api.nvim_get_current_buf(), function(client)
    trust(client, trusted)
  end)
end

--- Open what was told, by this plugin and by the server.
function M.log()
  local buf = vim.api.nvim_create_buf(false, true)
  local path = require("vim.lsp.log").get_filename()
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, say.log)
  vim.api.nvim_buf_set_lines(buf, -1, -1, false, { "", "Neovim's own log: " .. path })
  vim.bo[buf].bufhidden = "wipe"
  vim.bo[buf].modifiable = false
  pcall(vim.api.nvim_buf_set_name, buf, "festina://log")
  vim.cmd("botright split")
  vim.api.nvim_win_set_buf(0, buf)
  vim.api.nvim_win_set_cursor(0, { math.max(#say.log, 1), 0 })
end

return M
