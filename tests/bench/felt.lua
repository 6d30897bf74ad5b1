-- Times what a person sees in Neovim, for felt.py: seconds of the clock that all processes share.
local t = dofile(vim.env.FELT_SUPPORT)
local plugin = vim.env.FELT_CLIENT == "plugin"
local space = vim.api.nvim_create_namespace("festina.proposals")

local function now()
  return vim.uv.hrtime() / 1e9
end
local function ours()
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "festina"
  end, vim.diagnostic.get(0))
end
local function choose(words)
  local at
  vim.ui.select = function(items, options, done)
    for number, item in ipairs(items) do
      if not at and options.format_item(item):find(words, 1, true) then
        at = now()
        return done(item, number)
      end
    end
    done(nil)
  end
  while not at do
    vim.cmd("normal! \27")
    vim.api.nvim_feedkeys("4GVjj\\f", "mx", false)
    vim.cmd("normal! \27")
    vim.wait(2000, function()
      return at
    end, 1)
  end
  return at
end
local function visible()
  if plugin then
    return #vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { limit = 1 }) > 0
  end
  return #ours() > 0
end
local function state()
  if plugin then
    return t.state()
  end
  local diagnostic = ours()[1]
  return diagnostic and diagnostic.user_data.lsp.data.state or "none"
end
local function when(condition)
  assert(vim.wait(60000, condition, 1), "it never came")
  vim.cmd.redraw()
  return now()
end

t.attached()
local out = assert(io.open(vim.env.FELT_OUT, "w"))
for _ = 1, tonumber(vim.env.FELT_ROUNDS) do
  local key
  if plugin then
    key = now()
    vim.cmd("4,6Festina edit respect the upper bound")
  else
    key = choose("respect the upper bound")
  end
  local first = when(visible)
  local ready = when(function()
    return state() == "ready"
  end)
  out:write(("%.6f %.6f %.6f\n"):format(key, first, ready))
  if plugin then
    t.press("gzx")
  else
    choose("dismiss edit of clamp")
  end
  when(function()
    return not visible()
  end)
  vim.wait(500)
end
out:close()
vim.cmd("qa!")
