-- Keys: `<Plug>` mappings for good, and others that are there only while a buffer has a proposal.
local config = require("festina.config")

local M = {}

--- What can be done with a proposal: the names of |festina-keys|, and what each does.
local WHAT = {
  accept = "accept the edit",
  accept_unverified = "apply an edit that could not be verified",
  hunk = "accept the change under the cursor alone",
  next = "show the next variation",
  previous = "show the previous variation",
  variations = "pick a variation, or ask for more",
  gallery = "look at all variations in the browser",
  redirect = "say what else to do",
  test = "go to the failing test",
  diff = "show old and new side by side",
  cancel = "stop the model and the checks",
  dismiss = "put the edit away",
}

---@param name string
---@return string
local function plug(name)
  return ("<Plug>(festina-%s)"):format((name:gsub("_", "-")))
end

--- Define the `<Plug>` mappings.
function M.create()
  for name, what in pairs(WHAT) do
    vim.keymap.set("n", plug(name), function()
      require("festina.actions").run(name)
    end, { desc = "Festina: " .. what })
  end
  vim.keymap.set("n", "<Plug>(festina-edit)", function()
    vim.o.operatorfunc = "v:lua.require'festina.edit'.operator"
    return "g@"
  end, { expr = true, desc = "Festina: edit what a motion goes over" })
  vim.keymap.set("x", "<Plug>(festina-edit)", ":Festina edit<CR>", {
    silent = true,
    desc = "Festina: edit the selected lines",
  })
  vim.keymap.set("n", "<Plug>(festina-edit-definition)", "<Cmd>Festina edit<CR>", {
    desc = "Festina: edit the definition around the cursor",
  })
end

---@class festina.Mapped
---@field key string
---@field callback function
---@field before? table what the person had mapped in this buffer

---@type table<integer, table<string, festina.Mapped>>
local mapped = {}

--- What is mapped to a key in a buffer itself, as |maparg()| has it.
---@param buf integer
---@param key string
---@return table?
local function own(buf, key)
  local found = vim.api.nvim_buf_call(buf, function()
    return vim.fn.maparg(key, "n", false, true)
  end)
  return found.buffer == 1 and found or nil
end

--- Whether a person has mapped something to an action, in a buffer or everywhere.
---@param buf integer
---@param name string
---@return boolean
local function taken(buf, name)
  return vim.api.nvim_buf_call(buf, function()
    return vim.fn.hasmapto(plug(name), "n") == 1
  end)
end

--- The key of an action in a buffer: the person's own mapping of the `<Plug>`, or ours.
---@param name string
---@param buf integer
---@return string?
function M.shown(name, buf)
  local target = plug(name):lower()
  -- to look through all mappings takes longer than the rest of drawing: only where there is one
  local theirs = taken(buf, name)
  for _, maps in
    ipairs(theirs and { vim.api.nvim_buf_get_keymap(buf, "n"), vim.api.nvim_get_keymap("n") } or {})
  do
    for _, map in ipairs(maps) do
      if map.rhs and map.rhs:lower() == target then
        return vim.fn.keytrans(map.lhsraw or map.lhs)
      end
    end
  end
  local keys = config.options.keys
  return keys and keys[name] or nil
end

--- Give a buffer the keys.
---@param buf integer
function M.add(buf)
  if mapped[buf] or not config.options.keys then
    return
  end
  mapped[buf] = {}
  for name, key in pairs(config.options.keys) do
    if key and not taken(buf, name) then
      local function callback()
        require("festina.actions").run(name)
      end
      local before = own(buf, key)
      vim.keymap.set("n", key, callback, {
        buffer = buf,
        nowait = true,
        desc = "Festina: " .. WHAT[name],
      })
      mapped[buf][name] = { key = key, callback = callback, before = before }
    end
  end
end

--- Take the keys away again, and give back what was there before.
---@param buf integer
function M.remove(buf)
  local given = mapped[buf] or {}
  mapped[buf] = nil
  if not vim.api.nvim_buf_is_valid(buf) then
    return
  end
  for _, map in pairs(given) do
    local now = own(buf, map.key)
    if now and now.callback == map.callback then
      vim.keymap.del("n", map.key, { buffer = buf })
      if map.before then
        vim.api.nvim_buf_call(buf, function()
          vim.fn.mapset(map.before) -- for all its modes: ours has taken it out of one of them
        end)
      end
    end
  end
end

--- A buffer's proposals have changed.
---@param buf integer
function M.update(buf)
  if #require("festina.proposals").of(buf) > 0 then
    M.add(buf)
  else
    M.remove(buf)
  end
end

return M
