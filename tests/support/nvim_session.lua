-- Opens a file with the configuration of docs/editors.md; writes what is seen as JSON.
local out = { messages = {} }
local config, file, target = unpack(vim.split(vim.env.CARDS_SESSION, "\n"))
vim.cmd("luafile " .. vim.fn.fnameescape(config))
vim.cmd("edit " .. vim.fn.fnameescape(file))
local function has_problems() return #vim.diagnostic.get(0) > 0 end
out.waited = vim.wait(60000, has_problems, 20)
for _, one in ipairs(vim.diagnostic.get(0)) do
  table.insert(out.messages, { one.lnum, one.code, one.message })
end
local client = vim.tbl_keys(vim.lsp.buf_get_clients(0))[1]
local function ask(method, line, character)
  local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = line, character = character } }
  local answers = vim.lsp.buf_request_sync(0, method, params, 60000)
  return answers[client].result
end
vim.api.nvim_buf_set_lines(0, -1, -1, false, { "- id: elm", "  " })
local items = ask("textDocument/completion", vim.api.nvim_buf_line_count(0) - 1, 2).items
out.labels = vim.tbl_map(function(item) return item.label end, items)
-- The window that the key K opens.
vim.api.nvim_win_set_cursor(0, { 3, 7 })
vim.api.nvim_feedkeys("K", "x", false)
vim.wait(60000, function() return #vim.api.nvim_list_wins() > 1 end, 20)
local window = vim.api.nvim_list_wins()[2]
out.hover = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\n")
vim.api.nvim_win_close(window, true)
-- An edit repairs the card, and the problem goes.
vim.api.nvim_buf_set_lines(0, -3, -1, false, {})
vim.api.nvim_buf_set_lines(0, 4, 5, false, { "  answer: A tree." })
out.repaired = vim.wait(60000, function() return not has_problems() end, 20)
vim.fn.writefile({ vim.json.encode(out) }, target)
vim.lsp.stop_client(client)
