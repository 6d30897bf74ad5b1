-- An edit of a stylesheet with the plugin: looked at in a browser, rejected, then accepted; and its pictures.
local t = dofile(vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/support.lua")
local check = t.check

vim.cmd.edit("site/card.css")
check(t.attached(), "the server starts for a stylesheet")
local before = t.text()
local first = vim.fn.search("card .price", "nw")

local function ask(words)
  vim.cmd(("%d,%dFestina edit %s"):format(first, first + 3, words))
end

--- What a hover on the first line of the edit has.
local function hover()
  local place = {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = first - 1, character = 2 },
  }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", place, t.SECONDS * 1000) or {}
  for _, answer in pairs(answers) do
    if answer.result then
      return answer.result.contents.value
    end
  end
  return ""
end

ask("a lighter price")
check(t.until_state("rejected"), "it is rejected", { t.state(), t.messages })
local drawn = t.drawn()
check(
  (drawn.head:gsub("%s+", " ")):find("color contrast is 1.76:1", 1, true),
  "the head says what is wrong",
  drawn.head
)
local page = hover()
check(page:find("color contrast is 1.76:1", 1, true), "a hover says so, too", page)
local pictures = {}
for path in page:gmatch("%(file://([^)]+)%)") do
  pictures[#pictures + 1] = vim.uri_to_fname("file://" .. path)
end
check(#pictures == 3, "with the price, the page, and as it was before", page)
for _, path in ipairs(pictures) do
  check(vim.fn.filereadable(path) == 1, "there is a picture", path)
end
check(t.text() == before, "the text is untouched")
t.press("gzx")
check(t.until_state("none"), "it is put away", t.state())

ask("a darker price")
check(t.until_state("ready"), "another one passes", { t.state(), t.messages })
local verdict = (t.drawn().head:gsub("%s+", " "))
check(verdict:find("browser ok (1 page at 3 widths)", 1, true), "the verdict says why", verdict)
check(t.text() == before, "the text is still untouched")
t.press("gza")
check(
  t.wait(function()
    return t.text() ~= before
  end, 20),
  "the key accepts it",
  t.messages
)
check(t.text():find("color: #4a443c", 1, true), "the edit is in the text", t.text())
vim.cmd.undo()
check(t.text() == before, "one undo brings everything back", t.text())
vim.cmd("silent edit!")
t.done()
