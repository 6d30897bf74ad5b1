-- Highlight groups. Each can be set by a colour scheme or a person; these are what they are without.
local M = {}

local LINKS = {
  FestinaHead = "Comment",
  FestinaName = "Title",
  FestinaHint = "Comment",
  FestinaKey = "Special",
  FestinaMore = "Comment",
  FestinaRegion = "Visual",
}

--- Words that say how it stands, in the colours of diagnostics. Schemes that know nothing of those leave
--- them as they are for a dark ground: where they could not be read on the scheme's, they are these.
local STATES = {
  FestinaRunning = { from = "DiagnosticInfo", dark = "#8cd0f8", light = "#004c73" },
  FestinaReady = { from = "DiagnosticOk", dark = "#a0e0a0", light = "#005523" },
  FestinaRejected = { from = "DiagnosticError", dark = "#ff9f9f", light = "#900010" },
  FestinaUnverified = { from = "DiagnosticWarn", dark = "#fce094", light = "#6b5300" },
  FestinaFailed = { from = "DiagnosticError", dark = "#ff9f9f", light = "#900010" },
}

--- Grounds for schemes whose diff groups have none: code keeps its colours on them.
local GROUNDS = {
  FestinaDelete = {
    from = "DiffDelete",
    dark = { bg = "#4b2026", ctermbg = 52 },
    light = { bg = "#ffdcdc", ctermbg = 224 },
    few = 1,
  },
  FestinaAdd = {
    from = "DiffAdd",
    dark = { bg = "#14402a", ctermbg = 22 },
    light = { bg = "#d2f2d8", ctermbg = 194 },
    few = 2,
  },
}

--- How much lighter than the other one of two colours must be, by the measure of WCAG 2, to be told from it.
local LEAST = 2

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

--- How light a colour looks, from 0 to 1.
---@param colour integer
---@return number
local function lightness(colour)
  local total = 0
  for place, weight in ipairs({ 0.0722, 0.7152, 0.2126 }) do
    local part = math.floor(colour / 256 ^ (place - 1)) % 256 / 255
    total = total + weight * (part <= 0.04045 and part / 12.92 or ((part + 0.055) / 1.055) ^ 2.4)
  end
  return total
end

---@param one integer
---@param other integer
---@return boolean
local function apart(one, other)
  local a, b = lightness(one) + 0.05, lightness(other) + 0.05
  return math.max(a, b) / math.min(a, b) >= LEAST
end

--- Whether a terminal has red and green, but no shades of them: Neovim sends it none that it has.
---@return boolean
local function has_few()
  for _, ui in ipairs(vim.api.nvim_list_uis()) do
    if not ui.rgb and ui.term_colors and ui.term_colors < 256 then
      return true
    end
  end
  return false
end

--- Define what nobody else has.
function M.define()
  for name, target in pairs(LINKS) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
  local tone = vim.o.background == "light" and "light" or "dark"
  local normal = vim.api.nvim_get_hl(0, { name = "Normal", link = false })
  local behind = normal.bg or (tone == "light" and 0xffffff or 0)
  for name, state in pairs(STATES) do
    local scheme = vim.api.nvim_get_hl(0, { name = state.from, link = false })
    local seen = not scheme.fg or scheme.bg ~= nil or apart(scheme.fg, behind)
    put(name, seen and { link = state.from } or { fg = state[tone], ctermfg = scheme.ctermfg })
  end
  local few = has_few()
  for name, ground in pairs(GROUNDS) do
    local scheme = vim.api.nvim_get_hl(0, { name = ground.from, link = false })
    local own = ground[tone]
    -- a scheme that gives text a colour of its own there means a ground that code cannot be read on, or
    -- none at all
    local plain = scheme.fg == nil and not scheme.reverse and scheme.bg ~= normal.bg
    put(name, {
      bg = plain and scheme.bg or own.bg,
      ctermbg = few and ground.few or scheme.ctermfg == nil and scheme.ctermbg or own.ctermbg,
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
