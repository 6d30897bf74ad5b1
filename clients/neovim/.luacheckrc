-- `make lua` runs luacheck with this.
std = "luajit"
read_globals = { "vim" }
globals = { "vim.g", "vim.go", "vim.b", "vim.bo", "vim.wo", "vim.o", "vim.v" }
max_line_length = 110
cache = false
