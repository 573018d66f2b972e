"""The stylesheet of a kind: a strict part of CSS that can neither load anything nor end early.

Decks come from strangers, and their rules are put into `<style>` elements of people's collections
and of the preview. So only what is known to be harmless passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 20_000
_AT_RULES: Final = {"media", "supports", "keyframes", "container", "layer"}
_FUNCTIONS: Final = {
    # values
    *("var", "calc", "min", "max", "clamp", "env", "counter", "counters", "fit-content", "minmax"),
    *("repeat", "round", "mod", "rem", "abs", "sign", "pow", "sqrt", "hypot"),
    *("rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "color-mix"),
    *("light-dark", "linear-gradient", "radial-gradient", "conic-gradient"),
    *("repeating-linear-gradient", "repeating-radial-gradient", "repeating-conic-gradient"),
    *("translate", "translatex", "translatey", "translatez", "translate3d", "scale", "scalex"),
    *("scaley", "rotate", "rotatex", "rotatey", "rotatez", "skew", "skewx", "skewy", "matrix"),
    *("perspective", "cubic-bezier", "steps", "linear", "inset", "circle", "ellipse", "polygon"),
    *("blur", "brightness", "contrast", "drop-shadow", "grayscale", "hue-rotate", "invert"),
    *("opacity", "saturate", "sepia"),
    # selectors and conditions
    *("is", "where", "not", "has", "lang", "dir", "nth-child", "nth-last-child", "nth-of-type"),
    *("nth-last-of-type", "and", "or", "selector", "style"),
}
"""Functions that cannot name a resource. `and (` is read as one, like a function."""
_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*(?:[^*<\\]|\*(?!/))*\*/)
    |(?P<string>"[^"\n\f\r\\<]*"|'[^'\n\f\r\\<]*')
    |@(?P<at>[\w-]*)
    |(?P<word>[\w-]+)(?P<call>\()?
    |(?P<open>[{(\[])
    |(?P<close>[})\]])
    |(?P<plain>(?:[\s.,:;#%+*>~=^$|!&?]|/(?!\*))+)
    |(?P<other>.)""",
    re.VERBOSE,
)
_PAIRS: Final = {"}": "{", ")": "(", "]": "["}
_MAX_PROBLEMS: Final = 5


@dataclass(frozen=True, slots=True)
class StyleProblem:
    """Something that a stylesheet of a kind may not contain."""

    message: str
    quote: str
    """The part of the stylesheet with the problem."""
    help: str


def find_style_problems(css: str) -> list[StyleProblem]:
    """Return what is not allowed in the stylesheet of a kind, each once, at most five."""
    if len(css) > MAX_LENGTH:
        help = "shorten it: it is part of every note type and of every package"
        return [StyleProblem(f"`css` has more than {MAX_LENGTH:,} characters", "", help)]
    found: dict[StyleProblem, None] = {}
    for problem in _check_tokens(css):
        found[problem] = None
        if len(found) == _MAX_PROBLEMS:
            break
    return list(found)


def _check_tokens(css: str) -> Iterator[StyleProblem]:
    open_brackets: list[str] = []
    for match in _TOKEN.finditer(css):
        if match["other"]:
            yield _explain_character(match["other"])
        elif match["at"] is not None and match["at"].lower() not in _AT_RULES:
            rules = ", ".join(f"@{rule}" for rule in sorted(_AT_RULES))
            message = f"`@{match['at']}` is not allowed in `css`"
            yield StyleProblem(message, match[0], f"allowed: {rules}")
        elif match["call"] and match["word"].lower() not in _FUNCTIONS:
            help = "remove it: a stylesheet cannot load anything, and can use known functions only"
            yield StyleProblem(f"`{match[0]})` is not allowed in `css`", match[0], help)
        if bracket := match["call"] or match["open"]:
            open_brackets.append(bracket)
        elif match["close"] and (not open_brackets or open_brackets.pop() != _PAIRS[match[0]]):
            yield StyleProblem(f"`{match[0]}` in `css` closes nothing", match[0], "remove it")
            return
    if open_brackets:
        bracket = open_brackets[-1]
        yield StyleProblem(f"`{bracket}` in `css` is not closed", "", "close it")


def _explain_character(character: str) -> StyleProblem:
    message, help = f"`{character}` is not allowed in `css`", "remove it"
    if character in "\"'":
        message = "a string in `css` is not closed"
        help = "close it on the same line; a string cannot contain `\\` or `<`"
    elif character == "/":
        message, help = (
            "a comment in `css` is not closed",
            "close it with `*/`; it cannot contain `\\` or `<`",
        )
    elif character == "\\":
        help = "write the character itself"
    elif character == "<":
        help = "write `min-width: 30em` instead of a comparison"
    return StyleProblem(message, character, help)
