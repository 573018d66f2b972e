r"""Whether marks were meant as Markdown: `*`, `\\`, `-`, `>` and `#` can also be literal.

Each judgement rests on what surrounds the mark. It must be right nineteen times in twenty, so what
could be either is taken as Markdown.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.markdown.cloze import replace_spans
from cardwright.markdown.escape import OPEN
from cardwright.markdown.trace import InlineText, Trace, place_of

if TYPE_CHECKING:
    from markdown_it.token import Token

CODE: Final = "read-as-markup"
_MAX_PROBLEMS: Final = 50
"""The maximum of each sort reported in a text."""
_BACKTICKS: Final = "or put it in backticks if it is code"

_SAFE_ESCAPES: Final = frozenset("\\*_[]`<>~^$#&=")
"""Characters that Markdown may read as marks nearly anywhere: writers and converters escape them to
be sure."""
_CONVERTED: Final = re.compile(r"\\[&=<>~*_\[\]]")
"""An escape that may be a converter's, which then escapes `|` everywhere too."""
_LITERAL: Final = re.compile(
    r"(?<![A-Za-z])[A-Za-z]:\\[A-Za-z0-9]|(?<!\\)(?:\\\\)*+\\[A-Za-z](?![A-Za-z])"
)
r"""Part of a path with a drive, or `\d` as in a pattern; `\alpha` would rather be LaTeX."""
_MAX_WORD: Final = 100
_GROUPS: Final = {"{": "{}", "}": "{}", "(": "()", ")": "()"}
_UNC_PATH: Final = re.compile(r"(?<![\\\w])\\\\(?=[A-Za-z0-9][\w.$-]*\\[A-Za-z0-9])")

_DRIVE: Final = re.compile(r"[^\w\s]{0,3}[A-Za-z]:(?:\\|$)")
_IN_PATH: Final = "path"

_MARKS: Final = "*_~^="
_QUOTES: Final = "\"'"
_NUMBERED_ENTITY: Final = re.compile(r"&#[0-9]{2,7};\Z")
_MAX_ENTITY: Final = 10
_OPENERS: Final = frozenset({"Ps", "Pi", "Pd"})
_CLOSERS: Final = frozenset({"Pe", "Pf", "Pd"})
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
_MAX_BRACKETS: Final = 2_000

_QUANTITY: Final = r"(?:[.,]?\d|[$€£¥%∞√π½⅓¼¾])"
_BULLET: Final = re.compile(rf"[-+*][ \t]+(?={_QUANTITY}|[^\W\d_]{{1,2}}\s*$)")
_HEADING: Final = re.compile(r"#[ \t]+(?=[a-z]|\d+\s*$)")
_COMPARISON: Final = re.compile(rf">(?:=|[ \t]*[-+~≈]?{_QUANTITY}|[ \t]*[^\W\d_]\s*$)")
_PROMPT: Final = re.compile(r">>>(?!>)(?:\s|$)")
"""The prompt of Python."""
_FILE: Final = re.compile(r"[^()\[\]<>\n]*\s[^()\[\]<>\n]*\.[A-Za-z][A-Za-z0-9]{1,4}")
_SIZE: Final = re.compile(r"(?P<file>\S+\.\w{2,5})\s+=(?P<width>[0-9]*%?)x?[0-9]*%?")
_WIKI_IMAGE: Final = re.compile(r"!\[\[([^\[\]\n]{1,200})\]\]")
_TARGET: Final = re.compile(r"\](?P<gap>[ \t]?)\((?P<target>[^()\n]{1,300})\)")
_ADDRESS: Final = re.compile(r"https?://\S+")
_MEDIA_FILE: Final = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|mp3)")


def judge_escapes(
    trace: Trace, render: Callable[[str], str], restore: Callable[[int], int], text: str
) -> Iterator[TextProblem]:
    r"""Report backslashes before a character that would have been shown as it is without them.

    Such a backslash was not written for Markdown: `\,` belongs to LaTeX, `\.` to a pattern. In a path,
    none was. `render` renders a text; `restore` returns the index in `text` of one in the traced source.
    """
    groups: dict[str, list[int]] = {}
    for inline in trace.inlines:
        escapes = [token for token in inline.tokens if _is_escape(token)]
        habits = _find_habits(inline.text) if escapes else ""
        for token in escapes:
            group = _group_escape(inline.text, place_of(token), token.content, habits)
            if group:
                groups.setdefault(group, []).append(restore(inline.find(place_of(token))))
    if not groups:
        return
    shown = render(text)
    for group, places in groups.items():
        if (
            group != _IN_PATH
            and render(replace_spans(text, ((start, start + 1, "") for start in places))) != shown
        ):
            continue
        for start in places[:_MAX_PROBLEMS]:
            pair = text[start : start + 2]
            yield TextProblem(
                code=CODE,
                message=f"Markdown removes the backslash of `{pair}`, so it is not shown",
                quote=pair,
                start=start,
                help=f"write `\\{pair}` to show it, {_BACKTICKS}; write `{pair[1]}` if not",
            )


def _is_escape(token: Token) -> bool:
    return token.type == "text_special" and token.info == "escape" and len(token.content) == 1


def _find_habits(text: str) -> str:
    r"""Return the characters that a cautious writer or a converter escapes everywhere in a text."""
    # `\{{` is no deletion, and within one, a single brace has a backslash.
    braces = "{}" if OPEN in text else ""
    return braces + "|" if _CONVERTED.search(text) else braces


def _group_escape(text: str, place: int, char: str, habits: str) -> str:
    """Return which escapes one is judged with; "" if it is certainly meant as one."""
    if char != "\\" and _is_in_path(text, place):
        return _IN_PATH
    is_meant = char in habits or _is_careful(text, place, char)
    return "" if is_meant else _GROUPS.get(char, char)


def _is_in_path(text: str, place: int) -> bool:
    r"""Tell whether an escape stands in a path of Windows, or in `¯\_(ツ)_/¯`."""
    if text[place - 1 : place] == "¯":
        return True
    before = text[max(place - _MAX_WORD, 0) : place].rsplit(None, 1)
    return bool(before) and not text[place - 1].isspace() and bool(_DRIVE.match(before[-1]))


def _is_careful(text: str, place: int, char: str) -> bool:
    """Tell whether a cautious writer or a converter would escape this character here."""
    before = text[place - 1 : place] if place else ""
    after = text[place + 2 : place + 3]
    match char:
        case "-":
            is_careful = not before.strip()
        case "+":
            # `C\+\+`, `100\+ layers`; a pattern has it after brackets and dots too.
            is_careful = not before.strip() or before.isalnum() or before in "+%"
        case "." | ")":
            is_careful = before.isdigit() and not after.strip()
        case ":":
            # In a cloze deletion, two of them divide the answer from its hint.
            is_careful = ":" in (before, after) or text.startswith("\\:", place + 2)
        case "{" | "}":
            is_careful = char in (before, after)
        case _:
            is_careful = char in _SAFE_ESCAPES and (char == "\\" or not _is_literal(text, place))
    return is_careful


def _is_literal(text: str, place: int) -> bool:
    r"""Tell whether a word has a backslash that escapes nothing, as in `C:\new\_old` or `\d+\*`."""
    word = text[max(place - _MAX_WORD, 0) : place].rsplit(None, 1)[-1:]
    before = "" if text[place - 1 : place].isspace() else "".join(word)
    after = text[place + 2 : place + _MAX_WORD].split(None, 1)
    rest = "" if text[place + 2 : place + 3].isspace() else "".join(after[:1])
    return _LITERAL.search(before) is not None or _LITERAL.search(rest) is not None


def judge_breaks(trace: Trace) -> Iterator[TextProblem]:
    r"""Report a backslash at the end of a line that continues a command: it has a space before it."""
    for inline in trace.inlines:
        for token in inline.tokens:
            place = place_of(token)
            if token.type == "hardbreak" and inline.text[place - 1 : place + 1] == " \\":
                yield TextProblem(
                    code=CODE,
                    message="Markdown reads this backslash as a line break, so it is not shown",
                    quote="\\",
                    start=inline.find(place),
                    help=f"write two to show it, {_BACKTICKS}; for a line break, remove the space",
                )


def judge_network_paths(trace: Trace) -> Iterator[TextProblem]:
    r"""Report `\\server\share`, whose second backslash shows that the first two are not an escape."""
    for inline in trace.inlines:
        places = {place_of(token) for token in inline.tokens if token.markup == "\\\\"}
        for place in sorted(places)[:_MAX_PROBLEMS]:
            if _UNC_PATH.match(inline.text, place):
                yield TextProblem(
                    code=CODE,
                    message="Markdown shows one backslash for two",
                    quote="\\\\",
                    start=inline.find(place),
                    help="write four to show two, or put the path in backticks",
                )


def judge_emphasis(trace: Trace) -> Iterator[TextProblem]:
    """Report delimiters that were paired although they are operators, pointers or wildcards.

    These pairs cut a pair of brackets in two, or are where nobody puts emphasis: after a full stop or
    a closing bracket, or between two signs.
    """
    for inline in trace.inlines:
        pairs = _list_pairs(inline)
        if not pairs:
            continue
        brackets = _match_brackets(inline)
        addresses = [match.span() for match in _ADDRESS.finditer(inline.text)]
        for start, stop, mark in pairs[:_MAX_PROBLEMS]:
            inner = (start + len(mark), stop)
            is_in_address = any(left < start < stop < right for left, right in addresses)
            if (
                not is_in_address
                and _is_emphasis(inline.text, inner, len(mark))
                and not _cuts(brackets, inner, len(mark))
            ):
                continue
            yield TextProblem(
                code=CODE,
                message=f"Markdown reads this `{mark}` and the next one as marks around text, "
                "so they are not shown",
                quote=cut_quote(inline.text, start),
                start=inline.find(start),
                help=f"write `\\{mark[0]}`, {_BACKTICKS}",
            )


def _list_pairs(inline: InlineText) -> list[tuple[int, int, str]]:
    """Return the places of paired delimiters, with the delimiter."""
    pairs: list[tuple[int, int, str]] = []
    stack: list[tuple[int, str]] = []
    for token in inline.tokens:
        if not token.markup or token.markup.strip(_MARKS) or "_" not in token.type:
            continue
        if token.nesting > 0:
            stack.append((place_of(token), token.markup))
        elif token.nesting < 0 and stack:
            start, mark = stack.pop()
            pairs.append((start, place_of(token), mark))
    return pairs


def _is_emphasis(text: str, inner: tuple[int, int], width: int) -> bool:
    """Tell whether delimiters with this between them stand where they would around an emphasis."""
    start, stop = inner
    first, last = text[start : start + 1], text[stop - 1 : stop]
    if first == last and first in "/-":
        return False
    outer = start - width
    while outer and text[outer - 1] in _MARKS:
        outer -= 1
    end = stop + width
    while end < len(text) and text[end] in _MARKS:
        end += 1
    # A letter written as an entity is there so that emphasis can start within a word.
    is_entity = _NUMBERED_ENTITY.search(text, max(outer - _MAX_ENTITY, 0), outer)
    before = text[outer - 1] if outer and not is_entity else " "
    after = text[end : end + 2] or " "
    return width > 1 or (_may_open(before, first) and _may_close(last, after))


def _may_open(before: str, first: str) -> bool:
    """Tell whether emphasis may start between two characters."""
    if not _is_sign(before):
        return True
    if _is_sign(first):
        return _opens(before) or (first != "." and (_opens(first) or first in "`$[!<&\\"))
    return before not in ".)]}!?;^%\\" or not first.isalnum()


def _may_close(last: str, after: str) -> bool:
    """Tell whether emphasis may end between a character and those that follow."""
    if not (_is_sign(last) and _is_sign(after[0])):
        return True
    if last in "([{":
        return False
    is_glued = after[0] in ".,:;" and after[1:].isalnum()
    return _closes(last) or last in "`$" or (_closes(after[0]) and not is_glued)


def _is_sign(char: str) -> bool:
    return not char.isalnum() and not char.isspace() and char != ""


def _opens(char: str) -> bool:
    if char.isascii():
        return char in '([{"-' or char == "'"
    return unicodedata.category(char) in _OPENERS or unicodedata.category(char)[0] in "PC"


def _closes(char: str) -> bool:
    if char.isascii():
        return char in ")]}.,:;!?-" or char in _QUOTES
    return unicodedata.category(char) in _CLOSERS or unicodedata.category(char)[0] in "PC"


def _match_brackets(inline: InlineText) -> list[tuple[int, int]]:
    """Return the places of brackets in running text that belong together."""
    stack: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    for token in inline.tokens:
        if token.type != "text":
            continue
        place = place_of(token)
        for index, char in enumerate(token.content, place):
            if char in "([{":
                stack.append((char, index))
            elif char in _BRACKETS and stack and stack[-1][0] == _BRACKETS[char]:
                found.append((stack.pop()[1], index))
        if len(found) > _MAX_BRACKETS:
            return []
    return found


def _cuts(brackets: list[tuple[int, int]], inner: tuple[int, int], width: int) -> bool:
    """Tell whether brackets stand half within, and not only because a mark slipped over one."""
    start, stop = inner
    return any(
        (left < start <= right < stop - 1) or (start < left < stop and right > stop + width)
        for left, right in brackets
    )


def judge_blocks(trace: Trace) -> Iterator[TextProblem]:
    """Report signs at the start of a line that are read as a list, a quote or a heading."""
    tokens = trace.tokens
    is_line = "\n" not in trace.source.strip("\n")
    for index, token in enumerate(tokens):
        if token.map is None or token.nesting <= 0:
            continue
        line = trace.lines[token.map[0]]
        indent = len(line) - len(line.lstrip())
        start = trace.starts[token.map[0]] + indent
        if token.type == "blockquote_open":
            yield from _judge_quote(trace, token, indent)
        elif is_line and index == 0 and token.type == "bullet_list_open":
            if _BULLET.match(line, indent):
                yield _report_sign(line, indent, start, "the bullet of a list")
        elif is_line and index == 0 and token.type == "heading_open" and token.markup[0] == "#":
            if _HEADING.match(line, indent):
                yield _report_sign(line, indent, start, "the mark of a heading")
        elif (
            token.type == "bullet_list_open" and index and _is_glued_list(tokens[index - 1], token)
        ):
            yield _report_sign(line, indent, start, "the bullet of another list")
        elif token.type == "heading_open" and token.markup in {"-", "="}:
            yield from _judge_underline(trace, token.map[1] - 1, tokens[index + 1].content)


def _is_glued_list(before: Token, token: Token) -> bool:
    """Tell whether `+` follows a list with `-` or the other way round, as in a diff."""
    return before.type == "bullet_list_close" and {before.markup, token.markup} == {"+", "-"}


def _report_sign(line: str, column: int, start: int, what: str) -> TextProblem:
    quote = cut_quote(line, column)
    return TextProblem(
        code=CODE,
        message=f"Markdown reads this `{quote[0]}` as {what}",
        quote=quote,
        start=start,
        help=f"write `\\{quote}` to show it",
    )


def _judge_quote(trace: Trace, token: Token, indent: int) -> Iterator[TextProblem]:
    """Report comparisons and prompts of Python that are read as quotes."""
    first, last = token.map or (0, 0)
    line, start = trace.lines[first], trace.starts[first]
    match = _COMPARISON.search(line)
    if _PROMPT.match(line, indent):
        if token.level == 0:
            yield TextProblem(
                code=CODE,
                message="Markdown reads `>>>` as a quote within quotes, so it is not shown",
                quote=cut_quote(line, indent),
                start=start + indent,
                help="put code between lines of ```, or write `\\>>>`",
            )
    elif match and sum(other.lstrip()[:1] == ">" for other in trace.lines[first:last]) <= 1:
        yield _report_sign(line, match.start(), start + match.start(), "a quote")


def _judge_underline(trace: Trace, number: int, text: str) -> Iterator[TextProblem]:
    """Report text that is a heading only because a line of dashes happens to follow it."""
    underline = trace.lines[number].strip(" \t>")
    is_short = len(underline) <= len("--")
    if is_short or "\n" in text or text[-1:] in ".,:;?!":
        column = trace.lines[number].rfind(underline)
        yield TextProblem(
            code=CODE,
            message=f"this `{underline[:3]}` makes the text above it a heading, and is not shown",
            quote=cut_quote(underline),
            start=trace.starts[number] + max(column, 0),
            help=f"leave a blank line above it for a rule, or write `\\{underline[:3]}`"
            if not is_short and underline[0] == "-"
            else f"write `\\{underline[:3]}` to show it",
        )


def judge_links(trace: Trace) -> Iterator[TextProblem]:
    """Report text that looks like a link or an image, but is neither."""
    for inline in trace.inlines:
        if "](" not in inline.text and "] (" not in inline.text and "![[" not in inline.text:
            continue
        texts = [token for token in inline.tokens if token.type == "text"]
        starts = [place_of(token) for token in texts]
        for pattern, explain in _LIKE_LINKS:
            for match in pattern.finditer(inline.text):
                index = bisect_right(starts, match.start()) - 1
                is_text = index >= 0 and match.start() - starts[index] < len(texts[index].content)
                if is_text and (explained := explain(match)):
                    message, help = explained
                    yield TextProblem(
                        code="bad-link",
                        message=f"{message} is shown as text",
                        quote=cut_quote(match[0]),
                        start=inline.find(match.start()),
                        help=help,
                    )


def _explain_wiki_image(match: re.Match[str]) -> tuple[str, str]:
    message = "this is not an image in Markdown, so it"
    return message, f"write `![](media/{match[1].split('|')[0]})`"


def _explain_target(match: re.Match[str]) -> tuple[str, str] | None:
    """Return why brackets with an address make no link, and what to write; None if not meant."""
    target = match["target"].strip()
    is_web = _ADDRESS.match(target) is not None
    if match["gap"]:
        if is_web or _MEDIA_FILE.fullmatch(target):
            return "a space separates the two parts of this link, so this", "remove the space"
        return None
    if size := _SIZE.fullmatch(target):
        message = "this is not how Markdown gives an image a width, so it"
        return message, f"write `({size['file']}){{width={size['width'] or '300'}}}`"
    if is_web or _FILE.fullmatch(target):
        message = "an address with spaces must be in angle brackets, so this"
        return message, f"write `(<{target}>)`"
    return None


_LIKE_LINKS: Final = ((_WIKI_IMAGE, _explain_wiki_image), (_TARGET, _explain_target))
"""What looks like a link, and what to say about it."""
