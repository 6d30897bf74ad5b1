-- A project that nobody trusts, and a PYTHONPATH with an empty entry: what lies there is not run.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")

t.check(t.attached(), "the server starts", t.messages)
t.check(vim.fn.filereadable("run") == 0, "no code of the project was run")
vim.cmd("Festina trust")
t.check(
  t.wait(function()
    return t.said("is trusted")
  end),
  "and so does the program for a command of its own",
  t.messages
)
vim.fn.delete("re.py")
t.done()
