"""Text that looks like markup but is shown as plain text, with the problem to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardwright.diagnostic import TextProblem, cut_quote

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token


def push_stray(
    state: StateInline,
    content: str,
    message: str,
    help: str,
    *,
    code: str = "literal-markup",
    quote: str = "",
) -> None:
    """Add a `stray` token of literal text, and move behind it."""
    turn_stray(state.push("text", "", 0), content, message, help, code=code, quote=quote)
    state.pos += len(content)


def turn_stray(
    token: Token,
    content: str,
    message: str,
    help: str,
    *,
    code: str = "literal-markup",
    quote: str = "",
) -> None:
    """Make a token a `stray` one, which neighbouring text is not joined to."""
    token.type = "stray"
    token.content = content
    quote = cut_quote(quote or content)
    token.meta = {"problem": TextProblem(code=code, message=message, quote=quote, help=help)}
