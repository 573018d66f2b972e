module.exports = require("./fake").vscode;
