-- Highlight groups. Each can be set by a colour scheme or a person; these are what they are without.
local M = {}

local LINKS = {
  FestinaHead = "Comment",
  FestinaName = "Title",
  FestinaRunning = "DiagnosticInfo",
  FestinaReady = "DiagnosticOk",
  FestinaRejected = "DiagnosticError",
  FestinaUnverified = "DiagnosticWarn",
  FestinaFailed = "DiagnosticError",
  FestinaHint = "Comment",
  FestinaKey = "Special",
  FestinaMore = "Comment",
  FestinaRegion = "Visual",
}

--- Grounds for schemes whose diff groups have none: code keeps its colours on them.
local GROUNDS = {
  FestinaDelete = {
    from = "DiffDelete",
    dark = { bg = "#4b2026", ctermbg = 52 },
    light = { bg = "#ffdcdc", ctermbg = 224 },
  },
  FestinaAdd = {
    from = "DiffAdd",
    dark = { bg = "#14402a", ctermbg = 22 },
    light = { bg = "#d2f2d8", ctermbg = 194 },
  },
}

---@type table<string, table> what was defined here, as Neovim has it
local made = {}

--- Define a group unless somebody else has; what was defined here before gives way.
---@param name string
---@param ground vim.api.keyset.highlight
local function put(name, ground)
  local now = vim.api.nvim_get_hl(0, { name = name })
  if vim.tbl_isempty(now) or vim.deep_equal(now, made[name]) then
    vim.api.nvim_set_hl(0, name, ground)
    made[name] = vim.api.nvim_get_hl(0, { name = name })
  end
end

--- Define what nobody else has.
function M.define()
  for name, target in pairs(LINKS) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
  local dark = vim.o.background ~= "light"
  for name, ground in pairs(GROUNDS) do
    local scheme = vim.api.nvim_get_hl(0, { name = ground.from, link = false })
    local own = dark and ground.dark or ground.light
    -- a scheme that gives text a colour of its own there means a ground that code cannot be read on
    put(name, {
      bg = scheme.bg or own.bg,
      ctermbg = scheme.ctermfg == nil and scheme.ctermbg or own.ctermbg,
    })
  end
end

local defined = false

--- Define them before something is drawn, and again with each colour scheme and background.
function M.need()
  if defined then
    return
  end
  defined = true
  M.define()
  local group = vim.api.nvim_create_augroup("festina.highlights", {})
  local function again()
    M.define()
    require("festina.syntax").forget()
  end
  vim.api.nvim_create_autocmd("ColorScheme", { group = group, callback = again })
  -- without a scheme that event does not come
  local options = { group = group, pattern = "background", callback = again }
  vim.api.nvim_create_autocmd("OptionSet", options)
end

return M
