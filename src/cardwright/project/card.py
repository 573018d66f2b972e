"""Entry → Card: one YAML file of cards."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Container, Mapping
from datetime import date
from typing import Any, Final

import yaml

from cardwright.diagnostic import Span
from cardwright.kinds import list_asked
from cardwright.model import (
    COMMON_KEYS,
    FILE_KEYS,
    Card,
    Field,
    FieldType,
    Kind,
    Option,
    Source,
    Value,
)
from cardwright.project.document import ITEMS_CURE, Document, Entry

MAX_ID_LENGTH: Final = 80
_ID: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_TAG: Final = re.compile(r"[^\s\"',:]+(?:::[^\s\"',:]+)*")
_OURS: Final = ("domain", "kind", "lesson", "leech", "marked", "retired")


def parse_cards(
    document: Document, pack: str, kinds: Mapping[str, Kind], faulty: Container[str] = ()
) -> tuple[list[Card], bool]:
    """Read a file: its cards, and whether that is all of them.

    Cards with a fault that hides their identity are left out, and so are those of a kind whose
    own file is `faulty`.
    """
    entry = document.entry()
    if entry is None:
        return [], False
    entry.refuse_unknown((*FILE_KEYS, "cards"))
    common = _parse_common(entry, kinds, faulty)
    spans = {key: entry.span_of(key) for key in entry.values if key in FILE_KEYS}
    entry.require("cards", help="list the cards of the file below `cards:`")
    items = entry.items("cards", help=ITEMS_CURE)
    cards = []
    for node in items:
        item = document.entry(node)
        card = _parse_card(item, pack, kinds, faulty, common, spans) if item else None
        if card is not None:
            cards.append(card)
    return cards, bool(items) and len(cards) == len(items)


def _parse_card(
    entry: Entry,
    pack: str,
    kinds: Mapping[str, Kind],
    faulty: Container[str],
    defaults: Mapping[str, Any],
    default_spans: Mapping[str, Span],
) -> Card | None:
    common = {**defaults, **_parse_common(entry, kinds, faulty)}
    if "kind" not in common:
        entry.require("kind", help=f"one of {', '.join(kinds)}; it may stand once for the file")
    kind = kinds.get(common.get("kind", ""))
    card_id = _parse_id(entry)
    if kind is None or card_id is None:
        return None
    field_names = tuple(field.name for field in kind.fields)
    entry.refuse_unknown((*field_names, *COMMON_KEYS))
    fields = {
        field.name: value
        for field in kind.fields
        if field.type is not FieldType.OPTIONS and (value := _parse_field(entry, field)) is not None
    }
    options = _parse_options(entry, kind.field(kind.options)) if kind.options else ()
    _require_asked(entry, kind, fields)
    return Card(
        pack=pack,
        id=card_id,
        kind=kind.name,
        fields=fields,
        tags=common.get("tags", ()),
        lesson=common.get("lesson"),
        objectives=common.get("objectives", ()),
        sources=common.get("sources", ()),
        extra=common.get("extra", ""),
        formerly=_parse_formerly(entry),
        retired=entry.text("retired") or None,
        span=entry.span_of("id"),
        options=options,
        spans={**default_spans, **{key: entry.span_of(key) for key in entry.values}},
    )


def _parse_common(
    entry: Entry, kinds: Mapping[str, Kind], faulty: Container[str]
) -> dict[str, Any]:
    """Return the common values that an entry sets itself."""
    common: dict[str, Any] = {}
    if "kind" in entry:
        common["kind"] = _parse_kind_name(entry, kinds, faulty)
    for key in ("lesson", "extra"):
        if text := entry.text(key):
            common[key] = text
    if "objectives" in entry:
        common["objectives"] = entry.texts("objectives")
    if "tags" in entry:
        common["tags"] = _parse_tags(entry)
    if "sources" in entry:
        common["sources"] = _parse_sources(entry)
    return common


def _parse_kind_name(entry: Entry, kinds: Mapping[str, Kind], faulty: Container[str]) -> str:
    name = entry.text("kind")
    if name and name not in kinds and name not in faulty:
        close = difflib.get_close_matches(name, kinds, n=1)
        entry.report(
            "unknown-kind",
            f"there is no kind `{name}`",
            "kind",
            help=f"did you mean `{close[0]}`?" if close else f"kinds: {', '.join(kinds)}",
        )
    return name


def _parse_id(entry: Entry) -> str | None:
    if not entry.require("id", help="give the card a short, lasting name, such as `label-drift`"):
        return None
    text = entry.text("id")
    if not text:
        return None
    if not is_id(text):
        entry.report(
            "bad-id",
            f"`{text}` is no id",
            "id",
            help=f"use a-z, 0-9 and hyphens, at most {MAX_ID_LENGTH}: `{suggest_id(text)}`",
        )
        return None
    return text


def is_id(text: str) -> bool:
    """Tell whether a text can be a card's id."""
    return len(text) <= MAX_ID_LENGTH and _ID.fullmatch(text) is not None


def suggest_id(text: str) -> str:
    """Return an id made from any text."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_ID_LENGTH].strip("-")
    return slug or "new-card"


def _parse_formerly(entry: Entry) -> tuple[str, ...]:
    former = []
    for node in entry.items("formerly"):
        text = entry.text_of(node, "formerly")
        if text and not is_id(text):
            cure = "name earlier ids as they were published"
            entry.document.report("bad-id", f"`{text}` is no id", node, help=cure)
        elif text:
            former.append(text)
    return tuple(former)


def _parse_tags(entry: Entry) -> tuple[str, ...]:
    tags = []
    for node in entry.items("tags"):
        tag = entry.text_of(node, "tags")
        if not tag:
            continue
        if not _TAG.fullmatch(tag):
            cure = "no spaces, quotes, commas or single colons; `::` makes a hierarchy"
            entry.document.report("bad-tag", f"`{tag}` is no tag", node, help=cure)
        elif tag.split("::")[0].casefold() in _OURS:
            cure = "Cardwright or Anki sets it; choose another"
            entry.document.report("bad-tag", f"the tag `{tag}` is reserved", node, help=cure)
        else:
            tags.append(tag)
    return tuple(dict.fromkeys(tags))


def _parse_sources(entry: Entry) -> tuple[Source, ...]:
    sources = []
    for node in entry.items("sources"):
        if isinstance(node, yaml.MappingNode):
            item = entry.document.entry(node)
            if item is None:
                continue
            item.refuse_unknown(("url", "title", "checked"))
            if "url" not in item and "title" not in item:
                item.require("url", help="give a source its url, its title, or both")
            checked = item.text("checked")
            if checked and not _is_date(checked):
                cure = "write it as 2026-04-30"
                item.report("bad-date", f"`{checked}` is no date", "checked", help=cure)
            source = Source(url=item.text("url"), title=item.text("title"), checked_on=checked)
        else:
            text = entry.text_of(node, "sources")
            is_address = " " not in text and (":" in text or text.startswith("www."))
            source = Source(
                url=text if is_address else "", title="" if is_address else text, checked_on=""
            )
        if source.url or source.title:
            sources.append(source)
    return tuple(sources)


def _is_date(text: str) -> bool:
    """Tell whether a text is a day of the calendar, written 2026-04-30."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _parse_field(entry: Entry, field: Field) -> Value | None:
    """Return a field's value; None when it is absent or reported."""
    name = field.name
    if name not in entry:
        if field.required:
            entry.require(name, help=f"add `{name}: …`. {field.help}".strip())
        return None
    if field.type is FieldType.FLAG:
        return entry.flag(name) or None
    if field.type is FieldType.LIST:
        return entry.texts(name) or None
    text = entry.text(name)
    if field.type is FieldType.INLINE and "\n" in text:
        entry.report("wrong-type", f"`{name}` must be one line", name, help="join the lines")
    return text or None


def _parse_options(entry: Entry, field: Field) -> tuple[Option, ...]:
    name, options = field.name, []
    if name not in entry:
        if field.required:
            entry.require(name, help=f"add `{name}: …`. {field.help}".strip())
        return ()
    for item in entry.entries(name):
        item.refuse_unknown(("right", "wrong", "reason"))
        if ("right" in item) == ("wrong" in item):
            item.report(
                "wrong-type" if "right" in item else "missing-field",
                "an option is either `right` or `wrong`",
                "wrong",
                help="write `- right: text` or `- wrong: text`, and a `reason`",
            )
            continue
        item.require("reason", help="say why the option is right or wrong")
        options.append(
            Option(
                text=item.text("right") or item.text("wrong"),
                right="right" in item,
                reason=item.text("reason"),
            )
        )
    if options and not any(option.right for option in options):
        cure = "mark the right one with `right:`"
        entry.report("no-right-option", "no option is right", name, help=cure)
    if len(options) == 1:
        entry.report("bad-value", "one option is no choice", name, help="give two or more")
    return tuple(options)


def _require_asked(entry: Entry, kind: Kind, fields: Mapping[str, Value]) -> None:
    """Report the missing field of a side that is switched on: its question would be empty."""
    for side in kind.sides:
        if side.when is None or not fields.get(side.when):
            continue
        for name in (*list_asked(side), *side.show[:1]):
            if name not in entry:
                entry.require(name, help=f"`{side.when}: true` needs it")
