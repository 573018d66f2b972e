"""Emphasis with `*` and `_`, for prose in any script, and for text that is full of operators.

This replaces CommonMark's rules of what opens and closes emphasis:

- Beside Chinese, Japanese, Korean, Thai …, where there are no spaces, punctuation does not prevent
  emphasis: `**「引用」**です`.
- Between Latin, Greek or Cyrillic letters and digits, and between brackets, `*` is an operator:
  `15*16`, `a**b**c`, `(a+b)*(c+d)`. Part of a word is emphasised if it consists of letters:
  `**S**tochastic`, `habl**o**`, `gel**ern**t`.
- `__name__` without a space is a name.

What looks like emphasis and is not taken for it becomes the token `stray`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markdown_it.rules_inline import emphasis
from markdown_it.rules_inline.state_inline import Delimiter

from cardwright.diagnostic import cut_quote
from cardwright.markdown.characters import (
    GAP,
    LETTER,
    is_letter,
    is_punctuation,
    is_space,
    is_unspaced,
    is_word,
)
from cardwright.markdown.escape import CLOSE, HINT, PLAIN
from cardwright.markdown.stray import push_stray, turn_stray

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_NAME: Final = re.compile(
    rf"__(?=[A-Za-z0-9]|{GAP})(?:[A-Za-z0-9]|{GAP}|_(?!_))++__(?![A-Za-z0-9_])"
)
_LIKE_PROSE: Final = re.compile("__[A-Z][a-z]+__")
_LETTERS: Final = re.compile(f"[{LETTER}]+")
_LETTERS_BEFORE: Final = re.compile(f"[{LETTER}]*$")
_STRONG: Final = 2
"""The length of a run for strong emphasis."""
_MAX_WORD: Final = 60
_MAX_STRAY: Final = 300
_USUAL_BEFORE: Final = frozenset({"", " ", "\n"})
_USUAL_AFTER: Final = frozenset({"", *" \n.,;:!?"})
_QUOTES: Final = "\"'“”„‘’«»"
_CLOSING: Final = frozenset(")]}")
_OPENING: Final = frozenset("([{")
_ENCLOSING: Final = frozenset({'""', "''", "()", "[]", "{}", "“”", "‘’", "«»", "„“"})
_HELP: Final = (
    "let the marks touch the words, with a space or punctuation outside; put code in backticks"
)


def add_emphasis(parser: MarkdownIt) -> None:
    """Replace the emphasis of a parser."""
    parser.inline.ruler.at("emphasis", _parse_run)
    parser.inline.ruler2.at("emphasis", _link_runs)


@dataclass(slots=True)
class _Run:
    """A run of the same mark."""

    text: str
    start: int
    end: int
    before: str
    """The character before it, or "" at the start."""
    after: str

    @property
    def length(self) -> int:
        return self.end - self.start


def _parse_run(state: StateInline, silent: bool) -> bool:
    mark = state.src[state.pos]
    if silent or mark not in "*_":
        return False
    run = _read_run(state.src, state.pos, state.posMax)
    if mark == "_" and run.length == _STRONG and not (is_word(run.before) or run.before == "_"):
        name = _NAME.match(state.src, run.start, state.posMax)
        if name is not None:
            _push_name(state, name[0])
            return True
    can_open, can_close = _judge(run)
    for index in range(run.length):
        token = state.push("text", "", 0)
        token.content = mark
        if not index:
            token.meta = {"run": run}
        state.delimiters.append(
            Delimiter(
                marker=ord(mark),
                length=run.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=can_open,
                close=can_close,
            )
        )
    state.pos = run.end
    return True


def _read_run(text: str, start: int, limit: int) -> _Run:
    end = start + 1
    while end < limit and text[end] == text[start]:
        end += 1
    return _Run(text, start, end, text[start - 1 : start], text[end : min(end + 1, limit)])


def _push_name(state: StateInline, name: str) -> None:
    if _LIKE_PROSE.fullmatch(name):
        message = f"`{name}` is shown as a name, not in bold"
        push_stray(state, name, message, f"write `**{name.strip('_')}**` for bold type")
    else:
        state.append_pending(name)
        state.pos += len(name)


def _judge(run: _Run) -> tuple[bool, bool]:
    """Tell whether a run can open and can close emphasis."""
    before, after = run.before, run.after
    if before in _USUAL_BEFORE and after.isalnum():
        return True, False
    if after in _USUAL_AFTER and before.isascii() and before.isalnum():
        return False, True
    can_open = not is_space(after) and (
        not is_punctuation(after)
        or is_unspaced(after)
        or is_space(before)
        or is_punctuation(before)
        or is_unspaced(before)
    )
    can_close = not is_space(before) and (
        not is_punctuation(before)
        or is_unspaced(before)
        or is_space(after)
        or is_punctuation(after)
        or is_unspaced(after)
    )
    if run.text[run.start] == "_":
        return (
            can_open and (not can_close or is_punctuation(before)),
            can_close and (not can_open or is_punctuation(after)),
        )
    if is_word(before) and is_word(after):
        return _opens_part(run), _closes_part(run)
    if _is_alone(run):
        return False, False
    if before in _CLOSING and (after in _OPENING or is_word(after)):
        # `(a)*(b)` and `(a)**2`, but not `(see)**note**`.
        can_open = can_open and run.length > 1 and is_letter(after)
        can_close = can_close and after not in _OPENING
    elif after in _OPENING and before.isdigit() and run.length == 1:
        can_close = False
    elif before == "/" and run.length == 1 and _starts_word(run.text, run.start - 1):
        can_open = False
    elif before == "." and run.length == 1:
        # A regular expression; a sentence that starts here has a space before it.
        can_open = False
    return can_open, can_close


def _is_alone(run: _Run) -> bool:
    """Tell whether there is nothing but the run within quotes, brackets or a cloze deletion."""
    if run.before + run.after in _ENCLOSING:
        return True
    return run.before == run.after == "," and run.text[run.end + 1 : run.end + 2] in (
        CLOSE,
        HINT,
        PLAIN,
    )


def _starts_word(text: str, position: int) -> bool:
    return is_space(text[position - 1 : position])


def _opens_part(run: _Run) -> bool:
    """Tell whether a run between letters opens the emphasis of a part of the word."""
    content = _LETTERS.match(run.text, run.end, run.end + _MAX_WORD)
    if run.length != _STRONG or content is None or not is_letter(run.before):
        return False
    if not run.text.startswith("**", content.end()):
        return False
    return _is_part(run, _read_run(run.text, content.end(), len(run.text)))


def _closes_part(run: _Run) -> bool:
    """Tell whether a run between letters closes the emphasis of a part of the word."""
    if not is_letter(run.after):
        return False
    start = run.start - len(_read_letters_before(run.text, run.start))
    opener_end = start
    while start and run.text[start - 1] == "*" and opener_end - start <= run.length:
        start -= 1
    if opener_end == run.start or opener_end - start != run.length:
        return False
    opener = _read_run(run.text, start, len(run.text))
    if is_word(opener.before):
        return is_letter(opener.before) and _is_part(opener, run)
    if opener.before in _CLOSING or opener.before in ("/", "."):
        return False
    content = run.text[opener_end : run.start]
    return run.length == _STRONG or (run.length == 1 and content.istitle() and run.after.islower())


def _is_part(opener: _Run, closer: _Run) -> bool:
    """Tell whether two runs around letters emphasise them, and are no powers of short names."""
    is_short = closer.start - opener.end == 1
    if is_short and len(_read_letters_before(opener.text, opener.start)) == 1:
        return False
    return opener.length == closer.length == _STRONG and not closer.after.isdigit()


def _read_letters_before(text: str, end: int) -> str:
    match = _LETTERS_BEFORE.search(text[max(end - _MAX_WORD, 0) : end])
    return match[0] if match else ""


def _link_runs(state: StateInline) -> None:
    """Turn paired marks into emphasis, and report others that look like pairs."""
    emphasis.postProcess(state)
    metas = (meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta)
    for delimiters in (state.delimiters, *metas):
        if delimiters:
            _report_stray(state, delimiters)


def _report_stray(state: StateInline, delimiters: Sequence[Delimiter]) -> None:
    """Report pairs of `**` or `__` that look like emphasis and are not."""
    openers: dict[str, tuple[_Run, Token]] = {}
    for run, token in _find_left(state.tokens, delimiters):
        mark = token.content
        opener = openers.pop(mark, None)
        if opener is None or not _looks_like_pair(opener[0], run):
            openers[mark] = (run, token)
            continue
        text = run.text[opener[0].start : run.end]
        message = f"`{cut_quote(text)}` is not taken for emphasis, so its `{mark * 2}` is shown"
        turn_stray(opener[1], mark, message, _HELP, quote=text)


def _find_left(
    tokens: Sequence[Token], delimiters: Sequence[Delimiter]
) -> Iterator[tuple[_Run, Token]]:
    """Yield each run of two marks of which none is paired, with its first token."""
    closers = {delimiter.end for delimiter in delimiters}
    for index, delimiter in enumerate(delimiters):
        token = tokens[delimiter.token]
        run = token.meta.get("run")
        if run is None or run.length != _STRONG:
            continue
        is_paired = delimiter.end >= 0 or delimiters[index + 1].end >= 0
        if not is_paired and closers.isdisjoint((index, index + 1)):
            yield run, token


def _looks_like_pair(opener: _Run, closer: _Run) -> bool:
    """Tell whether an author meant emphasis by two runs that CommonMark would not pair either."""
    if not 0 < closer.start - opener.end <= _MAX_STRAY:
        return False
    if is_space(opener.after) or is_space(closer.before):
        # `** a **`, but not `2 ** 3 ** 4`
        return not opener.before and not closer.after
    if is_word(opener.before):
        return opener.after in _QUOTES and not is_word(closer.after)
    is_operator = closer.before.isdigit() or closer.before in _CLOSING
    return not closer.after.isdigit() and not (is_operator and is_word(closer.after))
