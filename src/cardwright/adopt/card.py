"""Notes → the values of cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, Final, Protocol
from urllib.parse import unquote

from cardwright.adopt.clean import clean_text, drop_unseen
from cardwright.adopt.kind import KindPlan
from cardwright.diagnostic import SEVERITIES
from cardwright.html import HtmlLoss, Layout, TooLargeError, convert_html
from cardwright.incoming import IncomingNote, Markup
from cardwright.markdown.links import is_web_address
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered
from cardwright.model import FieldType, Kind
from cardwright.text import INVISIBLE

_EMPTY_LINE: Final = re.compile(r"\n[ \t]*\n\s*")
_IMAGE: Final = re.compile(r"!\[([^\[\]\n]*)\]\((<[^<>\n]*>|[^()\s]*)\)")
_NOTHING: Final = re.compile(rf"[\s{INVISIBLE}]*")
_MAX_LENGTH: Final = 500_000
"""Of all texts of a card, in characters: a file of cards is not larger than a few million bytes."""
_TRUE: Final = frozenset({"true", "yes", "y", "1", "x"})
_SEPARATOR: Final = re.compile(r"[\s,;]+")
_OPTION: Final = re.compile(r"(right|wrong|reason): (.*)")
_TITLED: Final = re.compile(
    r"(?P<title>[^<>]*?)(?:\s*<(?P<url>[^\s<>]+)>)?(?:\s*\(checked (?P<checked>[0-9-]{10})\))?"
)
"""A source as `cards list --csv` writes it."""

FindMedia = Callable[[str], str | None]
"""Returns the path to write for a media file, by its name; None if there is no such file."""


class OwnNote(Protocol):
    """What a note of one of Cardwright's own note types says, by key of a card."""

    @property
    def values(self) -> Mapping[str, Any]:
        """As YAML has them, without what is empty."""

    @property
    def losses(self) -> Mapping[str, Sequence[HtmlLoss]]:
        """What the Markdown of a key lacks."""

    @property
    def key(self) -> str:
        """The key of its card; "" if there is none."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Those of the author."""

    @property
    def is_retired(self) -> bool:
        """Whether it is no longer asked."""


class ReadOwn(Protocol):
    """Reads a note of one of Cardwright's own note types."""

    def __call__(
        self, kind: Kind, fields: Mapping[str, str], tags: tuple[str, ...], *, find_media: FindMedia
    ) -> OwnNote:
        """Read it; `fields` holds its HTML by the names of its fields in Anki."""


@dataclass(slots=True)
class Values:
    """The values of a card, as YAML has them."""

    fields: dict[str, Any] = field(default_factory=dict)
    """By key, in order."""
    losses: dict[str, list[HtmlLoss]] = field(default_factory=dict)
    """What a value lacks, by key."""
    note_fields: dict[str, str] = field(default_factory=dict)
    """The HTML of the note, by key."""
    tags: tuple[str, ...] = ()
    key: str = ""
    """The key of its card, if the note is Cardwright's own."""
    texts: list[str] = field(default_factory=list)
    """Markdown by which the card can be named, the best first."""


class ValueReader:
    """Turns the fields of notes into values of cards."""

    def __init__(self, markup: Markup, read_own: ReadOwn | None) -> None:
        """`read_own` reads notes of Cardwright's own; without it, they are read like others."""
        self._markup = markup
        self._read_own = read_own
        self._renderer = Renderer(highlights=False)

    def read(self, plan: KindPlan, note: IncomingNote, find_media: FindMedia) -> Values:
        """Return the values of a note's card.

        Raises:
            TooLargeError: they are longer than those of any note.

        """
        if plan.is_ours and plan.kind and self._read_own:
            return _read_ours(self._read_own, plan, plan.kind, note, find_media)
        found = Values(tags=note.tags)
        held = {f.name: f.holds for f in plan.kind.fields if f.holds} if plan.kind else {}
        for place, (key, text) in enumerate(zip(plan.keys, note.fields, strict=True)):
            written = held.get(key, key)
            if not key or not text or (key in held and written != "extra"):
                continue
            layout = Layout.BLOCK if written == "extra" else plan.layouts[place]
            value = self._read_value(
                found, written, text, plan.types[place], layout, find_media, key == plan.cloze
            )
            if value:
                found.fields[written] = value
                if isinstance(value, str):
                    found.texts.append(value)
            if plan.is_adopted:
                found.note_fields[key] = text
        if sum(map(len, found.texts)) > _MAX_LENGTH:
            raise TooLargeError
        return found

    def _read_value(
        self,
        found: Values,
        key: str,
        text: str,
        type: FieldType,
        layout: Layout,
        find_media: FindMedia,
        is_cloze: bool,
    ) -> Any:
        match key, type:
            case "sources", _:
                return _split_sources(clean_text(text))
            case ("lesson", _) | (_, FieldType.OBJECTIVE):
                return " ".join(clean_text(text).split())
            case _, FieldType.FLAG:
                return clean_text(text).casefold() in _TRUE
            case _, FieldType.LIST:
                lines = filter(None, map(str.strip, clean_text(text).split("\n")))
                return [
                    self._convert(found, key, line, Layout.INLINE, find_media) for line in lines
                ]
            case _, FieldType.OPTIONS:
                return _read_options(clean_text(text))
        return self._convert(found, key, text, layout, find_media, is_cloze=is_cloze)

    def _convert(
        self,
        found: Values,
        key: str,
        text: str,
        layout: Layout,
        find_media: FindMedia,
        *,
        is_cloze: bool = False,
    ) -> str:
        if self._markup is Markup.MARKDOWN:
            markdown = self._adapt(found, key, clean_text(text), layout, find_media, is_cloze)
            if not self._has_errors(markdown, layout, is_cloze=is_cloze):
                return markdown
            found.losses.setdefault(key, []).append(HtmlLoss("Markdown with errors", text[:100]))
        if self._markup is Markup.HTML:
            html = drop_unseen(text)
            if len(html) < len(text.replace("\r\n", "\n")):
                found.losses.setdefault(key, []).append(HtmlLoss("control characters", ""))
        else:
            html = _write_html(clean_text(text), layout)
        made = convert_html(html, layout, is_cloze=is_cloze, find_media=find_media)
        if made.losses:
            found.losses.setdefault(key, []).extend(made.losses)
        markdown = clean_text(made.markdown)
        if _NOTHING.fullmatch(unescape(markdown)):
            # A text that shows nothing is an error.
            return ""
        return markdown

    def _adapt(
        self,
        found: Values,
        key: str,
        text: str,
        layout: Layout,
        find_media: FindMedia,
        is_cloze: bool,
    ) -> str:
        """Return Markdown with the paths of its media as they are in the project."""

        def replace(match: re.Match[str]) -> str:
            name = match[2].strip("<>")
            path = find_media(unquote(name)) or find_media(name)
            if path is None:
                loss = HtmlLoss("media file that is not there", match[0])
                found.losses.setdefault(key, []).append(loss)
                return match[1] or f"`{name}`"
            return f"![{match[1]}]({f'<{path}>' if ' ' in path else path})"

        if "![" in text:
            text = _IMAGE.sub(replace, text)
        if layout is Layout.INLINE and not is_cloze:
            text = "<br>".join(filter(None, map(str.strip, text.split("\n"))))
        return text

    def _has_errors(self, text: str, layout: Layout, *, is_cloze: bool) -> bool:
        rendered: Rendered
        if is_cloze:
            rendered = self._renderer.render_cloze(text)
        elif layout is Layout.INLINE:
            rendered = self._renderer.render_inline(text)
        else:
            rendered = self._renderer.render_block(text)
        return any(SEVERITIES[problem.code] == "error" for problem in rendered.problems)


def _read_ours(
    read_own: ReadOwn, plan: KindPlan, kind: Kind, note: IncomingNote, find_media: FindMedia
) -> Values:
    html = {field.name: text for field, text in zip(plan.type.fields, note.fields, strict=True)}
    own = read_own(kind, html, note.tags, find_media=find_media)
    fields = {key: _clean(value) for key, value in own.values.items()}
    if own.is_retired:
        fields["retired"] = "It was retired when it was adopted."
    return Values(
        fields=fields,
        losses={key: list(losses) for key, losses in own.losses.items()},
        note_fields={
            field.name: html[field.anki_name]
            for field in kind.fields
            if html.get(field.anki_name) and field.name in fields
        },
        tags=own.tags,
        key=own.key,
        texts=[value for value in fields.values() if isinstance(value, str)],
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _read_options(text: str) -> list[dict[str, str]]:
    """Return the options of a question, as `cards list --csv` writes them."""
    options: list[dict[str, str]] = []
    for line in text.split("\n"):
        match = _OPTION.fullmatch(line)
        if match is None or (match[1] == "reason" and not options):
            continue
        if match[1] == "reason":
            options[-1]["reason"] = match[2]
        else:
            options.append({match[1]: match[2]})
    return options


def _split_sources(text: str) -> list[Any]:
    parts = list(filter(None, _SEPARATOR.split(text)))
    if parts and all(map(is_web_address, parts)):
        return parts
    return [_read_source(line.strip()) for line in text.split("\n") if line.strip()]


def _read_source(line: str) -> Any:
    match = _TITLED.fullmatch(line)
    if match is None or not (match["url"] or match["checked"]):
        return line
    return {name: value.strip() for name, value in match.groupdict().items() if value}


def _write_html(text: str, layout: Layout) -> str:
    """Return a text without markup as HTML; gaps, formulas and sounds stay those of Anki."""
    html = escape(text, quote=False)
    if layout is Layout.BLOCK:
        paragraphs = _EMPTY_LINE.split(html)
        if len(paragraphs) > 1:
            return "".join(f"<p>{_break(one)}</p>" for one in paragraphs)
        return f"<p>{_break(html)}</p>"
    return _break(html)


def _break(html: str) -> str:
    return "<br>".join(html.split("\n"))
