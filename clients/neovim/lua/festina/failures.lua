-- Failing tests: to the one that rejected an edit, and all of them as a quickfix list.
local proposals = require("festina.proposals")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

---@param proposal festina.Proposal
---@param path string relative to the workspace
---@return string
local function absolute(proposal, path)
  if vim.startswith(path, "/") then
    return path
  end
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  local root = client and client.config.root_dir or vim.fn.getcwd()
  return root .. "/" .. path
end

--- What rejected an edit, as entries for the quickfix list.
---@param proposal festina.Proposal
---@return table[]
local function of_proposal(proposal)
  local verdict = proposal.data.verdict
  local found = {}
  for _, finding in ipairs(verdict and verdict.findings or {}) do
    if finding.gate == "tests" and finding.path and finding.line then
      local message = finding.message:gsub("%s*\n.*", ""):gsub("^%S-::", "")
      local name = proposal.data.name
      found[#found + 1] = {
        filename = absolute(proposal, finding.path),
        lnum = finding.line,
        col = finding.column or 1,
        type = "E",
        words = message,
        text = name and name ~= "" and ("edit of %s: %s"):format(name, message) or message,
      }
    end
  end
  return found
end

--- Go to the test that fails with an edit.
---@param proposal festina.Proposal
function M.go(proposal)
  local entry = of_proposal(proposal)[1]
  if not entry then
    return say.warn("no failing test is known for this edit.")
  end
  vim.cmd("normal! m'")
  local shown
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
    shown = name == entry.filename and window or shown
  end
  if shown then
    vim.api.nvim_set_current_win(shown)
  else
    vim.cmd.split(vim.fn.fnameescape(vim.fn.fnamemodify(entry.filename, ":~:.")))
  end
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { math.min(entry.lnum, last), math.max(entry.col - 1, 0) })
  vim.cmd("normal! zvzz")
  say.say(entry.words)
end

--- Tests that fail since a save: those of them that are where the assertion is, else the other end.
---@return table[]
local function of_saves()
  local space = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = server.NAME })) do
    space[vim.lsp.diagnostic.get_namespace(client.id)] = true
  end
  local best = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(nil)) do
    local sent = diagnostic.user_data and diagnostic.user_data.lsp or {}
    local test = sent.data and sent.data.test
    if space[diagnostic.namespace] and test then
      local name = vim.api.nvim_buf_get_name(diagnostic.bufnr)
      local file = test:match("^(.-)::")
      local there = file ~= nil and vim.endswith(name, file)
      if there or not best[test] then
        best[test] = {
          bufnr = diagnostic.bufnr,
          lnum = diagnostic.lnum + 1,
          col = diagnostic.col + 1,
          type = diagnostic.severity == vim.diagnostic.severity.ERROR and "E" or "I",
          text = ("%s: %s"):format(test:match("::(.*)$") or test, diagnostic.message),
        }
      end
    end
  end
  local found = {}
  for _, test in ipairs(vim.fn.sort(vim.tbl_keys(best))) do
    found[#found + 1] = best[test]
  end
  return found
end

--- Put all failing tests into the quickfix list, and open that.
function M.list()
  local entries = of_saves()
  for _, proposal in ipairs(proposals.all()) do
    vim.list_extend(entries, of_proposal(proposal))
  end
  if #entries == 0 then
    return say.say("no test is known to fail.")
  end
  for _, entry in ipairs(entries) do
    entry.words = nil
  end
  vim.fn.setqflist({}, " ", { title = "Festina: failing tests", items = entries })
  vim.cmd("botright copen")
end

return M
