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

return M
