-- Opens a file with Neovim's own client; writes what it sees as JSON.
local out = { messages = {} }
local python, root, file, target = unpack(vim.split(vim.env.CARDS_SESSION, "\n"))
vim.cmd("edit " .. vim.fn.fnameescape(file))
local client = vim.lsp.start_client({ cmd = { python, "-m", "cardwright", "lsp" }, root_dir = root })
vim.lsp.buf_attach_client(0, client)
local function has_problems() return #vim.diagnostic.get(0) > 0 end
out.waited = vim.wait(60000, has_problems, 20)
for _, one in ipairs(vim.diagnostic.get(0)) do
  table.insert(out.messages, { one.lnum, one.code, one.message })
end
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
vim.lsp.buf.hover()
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
vim.cmd("qall!")
