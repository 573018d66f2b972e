// The page of the view: what shows cards is loaded with it, the cards are sent to it.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** What decides which page shows a card. */
export interface PageParts {
  html: string;
  style: string;
  script: string;
}

/** What the server answers to `cards/preview`. */
export interface CardView extends PageParts {
  ref: string;
}

/** Make the page for cards of one style. Of a card, no script runs and nothing is loaded. */
export function makePage(webview: vscode.Webview, extension: vscode.Uri, view: PageParts): string {
  const nonce = randomBytes(16).toString("base64");
  const address = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, "out", name)).toString();
  // A frame has the policy of its page, which cannot know the stylesheet of the frame.
  const styles = hasFrame(view) ? `'unsafe-inline' ${webview.cspSource}` : `'nonce-${nonce}'`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${styles}`,
    "img-src data:",
    "media-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="${nonce}">${closed(view.style)}</style>
<link rel="stylesheet" nonce="${nonce}" href="${address("view.css")}">
<script nonce="${nonce}">${closed(view.script)}</script>
</head>
<body>
<header class="tools">
<select id="sides" aria-label="View">
<option value="">Both sides</option>
<option value="question">Question</option>
<option value="answer">Answer</option>
</select>
<select id="theme" aria-label="Colours">
<option value="">Editor colours</option>
<option value="light">Light</option>
<option value="dark">Dark</option>
</select>
</header>
<main id="card"><p class="none">Put the cursor into a card.</p></main>
<script nonce="${nonce}" src="${address("view.js")}"></script>
</body>
</html>
`;
}

/** Text of a style or script, which must not end its element. */
function closed(text: string): string {
  return text.replace(/<\//g, "<\\/");
}

/** Tell whether a card has the frame of an adopted note type, which has a stylesheet of its own. */
export function hasFrame({ html }: PageParts): boolean {
  return html.includes("<iframe");
}
