-- Old and new side by side, in a tab of their own.
local hunks = require("festina.hunks")

local M = {}

---@type table<string, { tab: integer, new: integer, old: integer }>
local open = {}

---@param proposal festina.Proposal
---@return string[]? old
---@return string[]? new
local function texts(proposal)
  local first, stop = require("festina.proposals").rows(proposal)
  if not first or not stop then
    return nil
  end
  local old = vim.api.nvim_buf_get_lines(proposal.buf, 0, -1, false)
  local new = vim.list_slice(old, 1, first)
  local text = proposal.data.text
  vim.list_extend(new, text ~= "" and hunks.lines(text) or proposal.old or {})
  return old, vim.list_extend(new, vim.list_slice(old, stop + 1, #old))
end

---@param buf integer
---@param lines string[]
local function put(buf, lines)
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
  vim.bo[buf].modified = false
end

---@param proposal festina.Proposal
---@param lines string[]
---@param name string
---@return integer
local function page(proposal, lines, name)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = "wipe"
  vim.bo[buf].swapfile = false
  vim.bo[buf].tabstop = vim.bo[proposal.buf].tabstop
  vim.b[buf].festina_proposal = proposal.key
  local file = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(proposal.buf), ":t")
  pcall(vim.api.nvim_buf_set_name, buf, ("festina://%s/%s/%s"):format(proposal.key, name, file))
  put(buf, lines)
  vim.bo[buf].syntax = vim.bo[proposal.buf].filetype
  pcall(vim.treesitter.start, buf, vim.treesitter.language.get_lang(vim.bo[proposal.buf].filetype))
  vim.keymap.set("n", "q", function()
    M.gone(proposal)
  end, { buffer = buf, nowait = true, desc = "Festina: close the comparison" })
  require("festina.keys").add(buf)
  return buf
end

--- Open the comparison, or go to it.
---@param proposal festina.Proposal
function M.open(proposal)
  local known = open[proposal.key]
  if known and vim.api.nvim_tabpage_is_valid(known.tab) then
    return vim.api.nvim_set_current_tabpage(known.tab)
  end
  local old, new = texts(proposal)
  if not old or not new then
    return
  end
  local first = require("festina.proposals").rows(proposal)
  vim.cmd("tabnew")
  local empty = vim.api.nvim_get_current_buf()
  local left, right = page(proposal, old, "old"), page(proposal, new, "new")
  vim.api.nvim_win_set_buf(0, left)
  vim.cmd("diffthis")
  vim.cmd("rightbelow vsplit")
  vim.api.nvim_win_set_buf(0, right)
  vim.cmd("diffthis")
  pcall(vim.api.nvim_win_set_cursor, 0, { first + 1, 0 })
  pcall(vim.api.nvim_buf_delete, empty, {})
  open[proposal.key] = { tab = vim.api.nvim_get_current_tabpage(), old = left, new = right }
end

--- Show what has come since.
---@param proposal festina.Proposal
function M.update(proposal)
  local known = open[proposal.key]
  if not known or not vim.api.nvim_buf_is_valid(known.new) then
    return
  end
  local old, new = texts(proposal)
  if not old or not new then
    return
  end
  for buf, lines in pairs({ [known.old] = old, [known.new] = new }) do
    if
      vim.api.nvim_buf_is_valid(buf)
      and not vim.deep_equal(vim.api.nvim_buf_get_lines(buf, 0, -1, false), lines)
    then
      put(buf, lines)
    end
  end
  for _, window in ipairs(vim.fn.win_findbuf(known.new)) do
    vim.api.nvim_win_call(window, function()
      vim.cmd("silent! diffupdate")
    end)
  end
end

---@param known { new: integer, old: integer }
local function close(known)
  for _, buf in ipairs({ known.old, known.new }) do
    require("festina.keys").remove(buf)
    if vim.api.nvim_buf_is_valid(buf) then
      vim.api.nvim_buf_delete(buf, { force = true })
    end
  end
end

--- Whether a buffer is the page of a proposal's comparison with the new text.
---@param proposal festina.Proposal
---@param buf integer
---@return boolean
function M.is_new(proposal, buf)
  local known = open[proposal.key]
  return known ~= nil and known.new == buf
end

--- The proposal is over: so is the comparison.
---@param proposal festina.Proposal
function M.gone(proposal)
  local known = open[proposal.key]
  open[proposal.key] = nil
  if known and vim.fn.getcmdwintype() ~= "" then
    -- no window can be closed as long as the command-line window is open
    vim.api.nvim_create_autocmd("CmdwinLeave", {
      once = true,
      callback = vim.schedule_wrap(function()
        close(known)
      end),
    })
  elseif known then
    close(known)
  end
end

return M
