-- An edit stays what it is while a person looks elsewhere, or takes back what they did: what the plugin alone
-- answers for, since the server here says nothing of its own.
local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
local t, served = dofile(here .. "/support.lua"), dofile(here .. "/served.lua")
local check = t.check

vim.o.hidden = true
local buf = served.open(served.lines)
vim.cmd("silent write")
local function drawn_at(row, what)
  local drawn = t.drawn(buf)
  local rows = { row, row + 1, row + 2 }
  check(drawn.row == row and vim.deep_equal(drawn.deleted, rows), what, drawn)
end
local function keys()
  return vim.fn.maparg("gza", "n") ~= ""
end
local function widest()
  local most = 0
  for _, line in ipairs(vim.split(t.drawn(buf).head, "\n")) do
    most = math.max(most, vim.fn.strdisplaywidth(line))
  end
  return most
end
local words = { state = "verifying", message = ("3 tests ok "):rep(5) }

-- another buffer is shown in its place, by :bnext and by :buffer: it goes on, and is there on return
vim.cmd("silent edit! " .. vim.fn.tempname())
local other = vim.api.nvim_get_current_buf()
vim.cmd.buffer(buf)
served.send(buf, 9, 12, { "new" }, words)
for _, there in ipairs({ "bnext", "buffer " .. other, "tabedit #" .. other }) do
  vim.cmd(there)
  check(vim.api.nvim_get_current_buf() ~= buf, there .. ": another buffer")
  check(not keys(), there .. ": without keys")
  drawn_at(10, there .. ": it stays")
  served.send(buf, 9, 12, { there }, words)
  check(vim.deep_equal(t.new_lines(buf), { there }), there .. ": it goes on", t.new_lines(buf))
  vim.cmd(there:find("tab") and "tabclose" or ("buffer " .. buf))
  check(keys() and vim.api.nvim_get_current_buf() == buf, there .. ": its keys are there on return")
  drawn_at(10, there .. ": and so is the edit")
end
-- in a narrower window than it was drawn for
vim.cmd.buffer(other)
vim.cmd("vsplit | vertical resize 30")
served.send(buf, 9, 12, { "new" }, words)
check(widest() > 30, "drawn for no window", t.drawn(buf).head)
vim.cmd.buffer(buf)
check(widest() <= 30, "it is wrapped anew for the window that it comes into", t.drawn(buf).head)
vim.cmd("only")
served.dismiss(buf)

-- two windows show the same: what stands above it is as wide as the narrower one, whichever is current
for _, there in ipairs({ "wincmd t", "wincmd b" }) do
  vim.cmd("vsplit | vertical resize 30 | " .. there)
  served.send(buf, 9, 12, { "new" }, words)
  check(widest() <= 30, there .. ": of two windows the narrower one", t.drawn(buf).head)
  vim.cmd("only")
  served.dismiss(buf)
end

-- folds over it are opened once in each window; one that a person closes then stays closed
vim.cmd("10,12fold | split | 10,12foldclose")
local windows = vim.fn.win_findbuf(buf)
local function closed(window)
  return vim.api.nvim_win_call(window, function()
    return vim.fn.foldclosed(11) ~= -1
  end)
end
vim.api.nvim_win_call(windows[2], function()
  pcall(vim.cmd, "10,12fold")
end)
check(#windows == 2 and closed(windows[1]) and closed(windows[2]), "a closed fold in two windows")
served.send(buf, 9, 12, { "new" }, { state = "streaming" })
check(not closed(windows[1]) and not closed(windows[2]), "both are open")
vim.cmd("11foldclose")
served.send(buf, 9, 12, { "newer" })
check(closed(0), "closed by the person, it is left so")
vim.cmd("only | normal! zE")
served.dismiss(buf)

-- what is typed in its lines hides it; taken back before the server knew, it is there again
served.send(buf, 9, 12, { "new" })
for _, typed in ipairs({ "10GAx", "11Gdd", "10Gd3j", "ggdG" }) do
  vim.cmd("normal! " .. typed)
  check(
    t.wait(function()
      return t.drawn(buf).marks == 0
    end, 5),
    typed .. ": hidden",
    t.drawn(buf)
  )
  vim.cmd("silent undo")
  vim.wait(50)
  drawn_at(10, typed .. ": taken back, it is there again")
end
-- a formatter that writes all lines anew on save: as soon as the server says where, it is there
vim.api.nvim_create_autocmd("BufWritePre", {
  buffer = buf,
  once = true,
  callback = function()
    local all = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
    table.insert(all, 1, "# formatted")
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, {})
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, all)
  end,
})
vim.cmd("silent write")
vim.wait(50)
served.send(buf, 10, 13, { "new" }, { state = "verifying" })
drawn_at(11, "a formatter has written all anew")
served.dismiss(buf)

-- :e takes the text from the disk: nothing is left of the edit, without a word of the server's
served.send(buf, 9, 12, { "new" })
check(t.drawn(buf).marks > 0 and keys(), "one is open", t.drawn(buf))
vim.cmd("silent edit!")
check(
  t.wait(function()
    return not keys()
  end, 5),
  "after :e there are no keys"
)
check(t.drawn(buf).marks == 0, "nor anything drawn", t.drawn(buf))
check(#require("festina.proposals").all() == 0, "nor an edit", require("festina.proposals").all())
check(vim.v.errmsg == "", "no error", vim.v.errmsg)
t.done()
