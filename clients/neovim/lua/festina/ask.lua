-- Questions about code: the answer grows in a window of its own, and no code is touched.
local edit = require("festina.edit")
local hunks = require("festina.hunks")
local rpc = require("festina.rpc")
local say = require("festina.say")
local server = require("festina.server")

local M = {}

---@class festina.AnswerPage
---@field client_id integer
---@field ask string
---@field buf integer
---@field over boolean

---@type table<string, festina.AnswerPage>
local pages = {}

local OVER = { complete = true, cancelled = true, failed = true }

--- Put a page away, and stop an answer that is still coming.
---@param key string
local function close(key)
  local page = pages[key]
  pages[key] = nil
  local client = page and vim.lsp.get_client_by_id(page.client_id)
  if page and client and not page.over then
    rpc.execute(client, "cancel", { ask = page.ask })
  end
  if page and vim.api.nvim_buf_is_valid(page.buf) then
    vim.api.nvim_buf_delete(page.buf, { force = true })
  end
end

--- A window for an answer: the one of an earlier answer, else a new one below; the cursor stays.
---@param buf integer
local function show(buf)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local here = vim.api.nvim_win_get_buf(window)
    if vim.b[here].festina_answer then
      return vim.api.nvim_win_set_buf(window, buf)
    end
  end
  local height = math.max(math.min(15, math.floor(vim.o.lines / 3)), 3)
  local window = vim.api.nvim_open_win(buf, false, { split = "below", win = -1, height = height })
  local options = vim.wo[window][0] -- for this page alone: a file that is opened here has its own
  options.wrap = true
  options.linebreak = true
  options.number = false
  options.relativenumber = false
  options.winfixheight = true
  options.conceallevel = 2
end

---@param client_id integer
---@param answer festina.Answer
---@return festina.AnswerPage
local function open(client_id, answer)
  local key = client_id .. ":" .. answer.ask
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = "wipe"
  vim.b[buf].festina_answer = key
  pcall(vim.api.nvim_buf_set_name, buf, "festina://answer/" .. key)
  vim.bo[buf].filetype = "markdown"
  pcall(vim.treesitter.start, buf, "markdown")
  vim.keymap.set("n", "q", function()
    close(key)
  end, { buffer = buf, nowait = true, desc = "Festina: put the answer away" })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buf,
    callback = function()
      vim.schedule(function()
        close(key)
      end)
    end,
  })
  pages[key] = { client_id = client_id, ask = answer.ask, buf = buf, over = false }
  show(buf)
  return pages[key]
end

--- Take an answer so far.
---@param client_id integer
---@param answer festina.Answer
function M.receive(client_id, answer)
  local key = client_id .. ":" .. answer.ask
  local page = pages[key]
  if not page and OVER[answer.state] and answer.text == "" then
    if answer.state == "failed" then
      say.warn("no answer: " .. answer.message)
    end
    return
  end
  page = page or open(client_id, answer)
  page.over = OVER[answer.state] or false
  local lines = { "> " .. (answer.question:gsub("%s*\n%s*", " ")), "" }
  vim.list_extend(lines, hunks.lines(answer.text))
  if answer.state ~= "complete" then
    local message = answer.message ~= "" and answer.message or answer.state
    vim.list_extend(lines, { "", ("*%s*"):format((message:gsub("%s*\n%s*", " "))) })
  end
  if not vim.api.nvim_buf_is_valid(page.buf) then
    return
  end
  vim.bo[page.buf].modifiable = true
  -- what is there already is left alone: a person may be reading it, or have marked it
  local before = vim.api.nvim_buf_get_lines(page.buf, 0, -1, false)
  local same = 0
  while same < #before and before[same + 1] == lines[same + 1] do
    same = same + 1
  end
  vim.api.nvim_buf_set_lines(page.buf, same, -1, false, vim.list_slice(lines, same + 1, #lines))
  vim.bo[page.buf].modifiable = false
  vim.bo[page.buf].modified = false
  if page.over then
    say.fire("FestinaAnswer", { ask = answer.ask, state = answer.state, buf = page.buf })
  end
end

--- The server is gone: what came stays, and no more comes.
---@param client_id integer
function M.forget_client(client_id)
  for _, page in pairs(pages) do
    if page.client_id == client_id then
      page.over = true
    end
  end
end

---@param words string
---@param place festina.Place
local function send(words, place)
  edit.send("ask", place, { question = words })
end

--- Ask about lines.
---@param place festina.Place
---@param words? string without it the person is asked
function M.start(place, words)
  if not server.expected() then
    return
  end
  if words and words ~= "" then
    return send(words, place)
  end
  edit.ask(place, ("Festina, ask about %s: "):format(edit.named(place)), nil, send)
end

return M
