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
_BRACKETS: Final = ("[]", "()", "<>")
_NETWORK_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:]*[0-9:][0-9A-Fa-f:]*")
"""An IPv6 address, or a part of one."""
_SIGNATURE: Final = re.compile(r"[\w']+ :: [^{}\n]*[-=]> ?[^{}\n]+(?=\}\})")
"""A name with its type in Haskell."""
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
    rest = text[start + len("::") : start + _MAX_PATH].partition("}}")[0]
    special = _read_special(text, answer, before, rest)
    if special is not None:
        return special
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
        return _doubt(before, right[0], is_hint=not is_path)
    return _HINT


def _read_special(text: str, answer: int, before: str, rest: str) -> Reading | None:
    """Read a divider within brackets, a type, an address of a network or a path that goes on."""
    if _is_in_brackets(before, rest):
        return _CODE_ITSELF
    signature = (
        _SIGNATURE.match(text, answer, answer + 2 * _MAX_PATH) if before.endswith(" ") else None
    )
    if signature or (
        _NETWORK_ADDRESS.fullmatch(before + "::") and _NETWORK_ADDRESS.fullmatch(rest)
    ):
        return _doubt(before, rest, is_hint=True)
    if "::" in before and re.fullmatch(r"\w+", rest) and not set(before) & set(" `"):
        return _doubt(before, rest, is_hint=False)
    return None


def _is_in_brackets(before: str, rest: str) -> bool:
    """Tell whether a divider stands within brackets, as in `vector<std::string>` and `a[::2]`."""
    return any(
        before.count(left) > before.count(right) and right in rest for left, right in _BRACKETS
    )


def _doubt(answer: str, hint: str, *, is_hint: bool) -> Reading:
    """Read what may be both, and say so."""
    meaning = f"the answer `{answer.strip()}` with the hint `{hint.strip()}`"
    problem = TextProblem(
        code="ambiguous-hint",
        message=f"`{answer}::{hint}` may be code or a hint; it is read as "
        f"{meaning if is_hint else 'one answer'}",
        quote="",
        help="put code in backticks: {{c1::`a::b`}}; put a space before a hint: {{c1::a:: b}}",
    )
    return Reading(is_hint, problem)


@lru_cache(maxsize=4)
def _has_code(text: str) -> bool:
    """Tell whether a text looks like code outside its deletions."""
    return _CODE.search(_DELETION.sub("", text)) is not None
