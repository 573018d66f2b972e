"""Whether a `::` in a cloze deletion introduces a hint, or belongs to code such as `std::cout`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cardwright.diagnostic import TextProblem

_MAX_PATH: Final = 80
_TEMPLATE: Final = r"(?:<[\w:,*& ]*>)?"
_PATH: Final = re.compile(rf"(?:\w+{_TEMPLATE}::)*(?P<last>[A-Za-z_]\w*){_TEMPLATE}")
_IDENTIFIER: Final = re.compile(r"~?[A-Za-z_]\w*")
_NAMESPACES: Final = frozenset(
    {
        *("std", "boost", "absl", "Eigen", "cv", "tf", "torch", "chrono", "ranges"),
        *("crate", "self", "super", "Self", "core", "alloc", "parent", "static"),
    }
)
"""Names that often precede `::` in code, and hardly ever a hint."""
_DELETION: Final = re.compile(r"\{\{c[^{}]*\}\}|\{\{c[0-9,]*::")
_NAME_OF_CODE: Final = re.compile("_|[a-z][A-Z]")
_CODE: Final = re.compile(
    r"::|;\s*$|[\w)>]\(\)|->|==|<<|>>|\b(?:enum|namespace|struct)\b", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a `::` is read."""

    is_hint: bool
    problem: TextProblem | None = None


_HINT: Final = Reading(is_hint=True)
_CODE_ITSELF: Final = Reading(is_hint=False)


def read_divider(text: str, answer: int, start: int) -> Reading:
    """Read the `::` at `start`, in a deletion whose answer begins at `answer`."""
    before = text[answer:start] if start - answer <= _MAX_PATH else ""
    left = _PATH.fullmatch(before)
    right = _IDENTIFIER.match(text, start + len("::"))
    if left is None or right is None:
        return _HINT
    after = text[right.end() : right.end() + 2]
    is_call = after[:1] in ("(", "<", "[", ";", "*", "&")
    is_path = "::" in before
    if left["last"] in _NAMESPACES and not is_path:
        goes_on = after[:1] == " " and not after[1:].isalpha()
        return _CODE_ITSELF if is_call or goes_on or after in ("}}", "::") else _HINT
    if is_call or after == "::":
        return _CODE_ITSELF
    if after == "}}" and (
        is_path or _NAME_OF_CODE.search(before + " " + right[0]) or _has_code(text)
    ):
        meaning = "one answer" if is_path else f"the answer `{before}` with the hint `{right[0]}`"
        problem = TextProblem(
            code="ambiguous-hint",
            message=f"`{before}::{right[0]}` may be code or a hint; it is read as {meaning}",
            quote="",
            help="put code in backticks: {{c1::`a::b`}}; put a space before a hint: {{c1::a:: b}}",
        )
        return Reading(is_hint=not is_path, problem=problem)
    return _HINT


@lru_cache(maxsize=4)
def _has_code(text: str) -> bool:
    """Tell whether a text looks like code outside its deletions."""
    return _CODE.search(_DELETION.sub("", text)) is not None
