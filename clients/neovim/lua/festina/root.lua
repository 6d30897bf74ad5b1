-- Which folder a file belongs to.
local M = {}

--- What a project's folder holds, the best first: as the command line looks for its workspace.
local MARKERS = { "festina.toml", ".git", "pyproject.toml", "setup.py", "setup.cfg" }

--- The folder that a buffer's file, or a path, belongs to; nil where nothing tells. Such files
--- share a server that was given no folder, which takes that of each of them as a workspace.
---@param source integer|string a buffer, or a path
---@return string?
function M.of(source)
  for _, marker in ipairs(MARKERS) do
    local root = vim.fs.root(source, marker)
    if root then
      return root
    end
  end
end

--- What the server keeps or reads in a project's folder: their lines have lenses and actions.
local MEMORY = { ["plan.md"] = true, ["progress.md"] = true, ["verify.md"] = true }

--- Whether a buffer's file is one of those, in the folder of its project.
---@param buf integer
---@return boolean
function M.is_memory(buf)
  local name = vim.fs.normalize(vim.api.nvim_buf_get_name(buf))
  return MEMORY[vim.fs.basename(name)] ~= nil and M.of(buf) == vim.fs.dirname(name)
end

return M
