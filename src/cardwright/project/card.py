"""A file of cards: `cards/<pack>/**.yaml` → Cards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from datetime import date
from typing import Any, Final

import yaml

from cardwright.diagnostic import SEVERITIES, WARNINGS, Allowance, diagnose
from cardwright.kinds import is_asked, list_asked
from cardwright.model import (
    RESERVED_FOR,
    RESERVED_TAGS,
    Card,
    Field,
    FieldType,
    Kind,
    Option,
    Source,
)
from cardwright.project import table
from cardwright.project.document import Document, Node
from cardwright.project.entry import ITEMS_HELP, Entry, read_entry
from cardwright.text import Hint, list_names, suggest, to_nfc

MAX_ID_LENGTH: Final = 80
ID_HELP: Final = f"use a-z, 0-9 and hyphens, at most {MAX_ID_LENGTH}"
_ID: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_TAG: Final = re.compile(r"[^\s\"',:]+(?:::[^\s\"',:]+)*")
MAX_GUID_LENGTH: Final = 128
_TAKEN_TAGS: Final = ("domain", "kind", "lesson", "leech", "marked", "retired")
"""Tags that Cardwright or Anki sets."""
_ADOPTED_TAG: Final = re.compile(r'[^\s"]+')
_MARKING_TAGS: Final = ("leech", "marked", "retired")
"""A card with a guid keeps the tags that its note has in Anki, but for these."""


def is_id(word: str) -> bool:
    """Tell whether a text can be a card's id."""
    return len(word) <= MAX_ID_LENGTH and _ID.fullmatch(word) is not None


def suggest_id(words: str) -> str:
    """Return an id made from any text, or "" if it has no Latin letters or digits."""
    plain = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_ID_LENGTH].strip("-")


def _read_id(entry: Entry, name: str) -> str | None:
    word = entry.text(name)
    if word and not is_id(word):
        help = ID_HELP
        if suggestion := suggest_id(word):
            help = Hint.make(f"{help}: `{suggestion}`", suggestion)
        entry.report("bad-id", f"`{word}` is not a valid id", name, help=help)
        return None
    return word or None


def _parse_former_id(entry: Entry, node: Node, name: str) -> str | None:
    word = entry.text_of(node, name)
    if word and not is_id(word):
        help = "write earlier ids as they were published"
        entry.document.report("bad-id", f"`{word}` is not a valid id", node, help=help)
        return None
    return word or None


def _parse_tag(entry: Entry, node: Node, name: str) -> str | None:
    tag = entry.text_of(node, name)
    if not tag:
        return None
    is_adopted = "guid" in entry
    if not (_ADOPTED_TAG if is_adopted else _TAG).fullmatch(tag):
        help = "use no spaces, quotes, commas or single colons; `::` makes a hierarchy"
        entry.document.report("bad-tag", f"`{tag}` is not a valid tag", node, help=help)
        return None
    taken = _MARKING_TAGS if is_adopted else _TAKEN_TAGS
    if tag.split("::")[0].casefold() in taken or tag.casefold() in RESERVED_TAGS:
        help = "choose another: Cardwright or Anki sets this tag"
        entry.document.report("bad-tag", f"the tag `{tag}` is reserved", node, help=help)
        return None
    return tag


def _read_date(entry: Entry, name: str) -> str | None:
    word = entry.text(name)
    try:
        is_date = date.fromisoformat(word).isoformat() == word
    except ValueError:
        is_date = False
    if word and not is_date:
        message = f"`{word}` is not a valid date"
        entry.report("bad-date", message, name, help="write it as 2026-04-30")
    return word or None


def _read_guid(entry: Entry, name: str) -> str | None:
    word = entry.exact_text(name)
    if word is not None and not (word.isprintable() and 0 < len(word) <= MAX_GUID_LENGTH):
        help = "write it exactly as in Anki, in single quotes"
        entry.report("bad-id", "this is not the guid of a note", name, help=help)
        return None
    return word


_SOURCE: Final[table.Table] = {
    "url": table.text("Web address."),
    "title": table.prose("What to call it."),
    "checked": table.Key(
        read=_read_date,
        schema=table.text("The date when the card was checked against it: 2026-04-30.").schema,
        default="",
    ),
}


def _parse_source(entry: Entry, node: Node, name: str) -> Source | None:
    if isinstance(node, yaml.MappingNode):
        item = read_entry(entry.document, node)
        if item is None:
            return None
        read = table.read_record(item, _SOURCE)
        if "url" not in item and "title" not in item:
            item.require("url", help="give a source its url, its title, or both")
        source = Source(url=read["url"], title=read["title"], checked_on=read["checked"])
    else:
        word = entry.text_of(node, name)
        is_address = " " not in word and (":" in word or word.startswith("www."))
        if word and not is_address and isinstance(node, yaml.ScalarNode):
            word = to_nfc(entry.document.read_prose(node)).strip()
        source = Source(
            url=word if is_address else "", title="" if is_address else word, checked_on=""
        )
    return source if source.url or source.title else None


def _parse_code(entry: Entry, node: Node, name: str) -> str | None:
    code = entry.text_of(node, name)
    if not code or code in WARNINGS:
        return code or None
    if code in SEVERITIES:
        message = f"`{code}` is always an error"
        help = "fix it: only warnings can be allowed"
    else:
        message = f"there is no warning `{code}`"
        help = suggest(code, WARNINGS, "warnings")
    entry.document.report("bad-value", message, node, help=help)
    return None


COMMON: Final[table.Table] = {
    "id": table.Key(
        read=_read_id,
        schema={
            "type": ["string", "number"],
            "pattern": f"^{_ID.pattern}$".replace("?:", ""),
            "maxLength": MAX_ID_LENGTH,
            "description": "A short name, unique in the pack, that never changes.",
        },
        missing="give the card a short, lasting name, such as `label-drift`",
    ),
    "kind": table.text("The kind of card."),
    "lesson": table.text("The lesson of the blueprint that the card belongs to."),
    "objectives": table.texts("Objectives of the blueprint that the card covers."),
    "tags": table.listed(_parse_tag, "Tags in Anki; `::` makes a hierarchy."),
    "sources": table.listed(
        _parse_source,
        "Where the content can be looked up.",
        item={"anyOf": [{"type": "string"}, table.make_schema(_SOURCE)]},
    ),
    "extra": table.prose("Markdown shown below the answer."),
    "formerly": table.listed(_parse_former_id, "Earlier ids, oldest first."),
    "retired": table.prose("Why the card is no longer asked."),
    "reserved": table.choice(
        RESERVED_FOR, "What the card is held back for: `mock` exams, until the exam is over."
    ),
    "twins": table.Key(
        read=_read_id,
        schema=table.text(
            "A name shared by questions with the same options: of those, one is asked a day."
        ).schema,
    ),
    "guid": table.Key(
        read=_read_guid,
        schema=table.text("The guid of a note that people already have in Anki.").schema,
    ),
    "allow": table.listed(
        _parse_code, "Warnings that are not reported here.", item={"enum": list(WARNINGS)}
    ),
}
COMMON_KEYS: Final = tuple(COMMON)
"""The keys that a card of any kind may have."""
FILE_KEYS: Final = (
    *("kind", "lesson", "objectives", "tags", "sources", "extra", "reserved", "allow"),
)
FILE: Final[table.Table] = {
    **{name: COMMON[name] for name in FILE_KEYS},
    "cards": table.Key(
        # Items are read individually, since the keys allowed depend on the kind.
        read=lambda entry, name: entry.items(name, help=ITEMS_HELP),
        schema={"type": "array", "minItems": 1},
        default=(),
        missing="list the cards of the file below `cards:`",
    ),
}
_OPTION: Final[table.Table] = {
    "right": table.prose("A right option."),
    "wrong": table.prose("A wrong option."),
    "reason": table.prose(
        "Why it is right or wrong.", missing="say why the option is right or wrong"
    ),
}


def _read_options(entry: Entry, name: str) -> tuple[Option, ...] | None:
    options = []
    for item in entry.entries(name):
        if ("right" in item) == ("wrong" in item):
            item.refuse_unknown(_OPTION)
            item.report(
                "wrong-type" if "right" in item else "missing-field",
                "an option is either `right` or `wrong`",
                "wrong",
                help="write `- right: text` or `- wrong: text`, and a `reason`",
            )
            continue
        read = table.read_record(item, _OPTION)
        words = read["right"] or read["wrong"]
        options.append(Option(text=words, right="right" in item, reason=read["reason"]))
    if options and not any(option.right for option in options):
        help = "mark the right one with `right:`"
        entry.report("no-right-option", "no option is right", name, help=help)
    if len(options) == 1:
        entry.report("bad-value", "a choice needs at least two options", name, help="add another")
    return tuple(options) or None


def _read_line(entry: Entry, name: str) -> str | None:
    words = entry.text(name, is_prose=True)
    if "\n" in words:
        entry.report("wrong-type", f"`{name}` must be one line", name, help="join the lines")
    return words or None


def _make_field_key(field: Field) -> table.Key:
    """Return the key for a field of a kind."""
    missing = f"add `{field.name}: …`. {field.help}".strip() if field.required else ""
    match field.type:
        case FieldType.FLAG:
            return table.flag(field.help, missing=missing)
        case FieldType.LIST:
            return table.texts(field.help, missing=missing, is_prose=True)
        case FieldType.OPTIONS:
            either = [{"required": ["right"]}, {"required": ["wrong"]}]
            option = {**table.make_schema(_OPTION), "oneOf": either}
            schema = {**table.records({}, field.help, schema=option).schema, "minItems": 2}
            return table.Key(read=_read_options, schema=schema, missing=missing)
        case FieldType.INLINE:
            return table.Key(read=_read_line, schema=table.text(field.help).schema, missing=missing)
        case FieldType.OBJECTIVE:
            return table.text(field.help, missing=missing)
        case _:
            return table.prose(field.help, missing=missing)


def make_field_table(kind: Kind) -> table.Table:
    """Return the keys for the fields of a kind."""
    return {field.name: _make_field_key(field) for field in kind.fields if not field.holds}


def parse_cards(
    document: Document,
    pack: str,
    kinds: Mapping[str, Kind],
    faulty: Container[str] = (),
    *,
    namespace: str = "",
) -> tuple[list[Card], bool, list[Allowance]]:
    """Read a file; return its cards, whether none were left out, and the warnings it allows.

    Without `namespace`, that of the cards is the pack's name.

    Cards whose identity cannot be read are left out, and so are those whose kind is `faulty`.
    """
    entry = read_entry(document)
    if entry is None:
        return [], False, []
    root = table.read_record(entry, FILE)
    reader = _CardReader(root, pack, namespace or pack, kinds, faulty)
    nodes = reader.root["cards"]
    found = [reader.read(item) for node in nodes if (item := read_entry(document, node))]
    cards = [card for card in found if card is not None]
    return cards, bool(nodes) and len(cards) == len(nodes), reader.allowances


def _list_allowances(entry: Entry, *, is_file: bool = False) -> Iterator[Allowance]:
    start, end = entry.node.start_mark, entry.node.end_mark
    for code, node in entry.list_words("allow"):
        if code in WARNINGS:
            yield Allowance(
                code=code,
                span=entry.document.span(node),
                start=(1, 1) if is_file else (start.line + 1, start.column + 1),
                end=None if is_file else (end.line + 1, end.column + 1),
            )


class _CardReader:
    """Reads the cards of one file."""

    def __init__(
        self,
        root: table.Record,
        pack: str,
        namespace: str,
        kinds: Mapping[str, Kind],
        faulty: Container[str],
    ) -> None:
        self.root = root
        self._pack = pack
        self._namespace = namespace
        self._kinds = kinds
        self._faulty = faulty
        self._shared = {name: root[name] for name in FILE_KEYS if name in root.entry}
        self._shared_spans = {name: root.entry.span_of(name) for name in self._shared}
        self._tables: dict[str, tuple[table.Table, table.Table]] = {}
        self.allowances = list(_list_allowances(root.entry, is_file=True))
        self._check_kind(root.entry, root["kind"])

    def read(self, entry: Entry) -> Card | None:
        own = table.read_present(entry, COMMON)
        if "allow" in own:
            self.allowances += _list_allowances(entry)
        if "kind" in entry:
            own.setdefault("kind", "")
            self._check_kind(entry, own["kind"])
        elif "kind" not in self._shared:
            names = list_names(self._kinds)
            entry.require("kind", help=f"write one of {names}, here or once for the whole file")
        if "id" not in entry:
            entry.require("id", help=COMMON["id"].missing)
        common = {**self._shared, **own}
        kind = self._kinds.get(common.get("kind", ""))
        if kind is None or "id" not in common:
            return None
        return self._read_card(entry, kind, common)

    def _read_card(self, entry: Entry, kind: Kind, common: dict[str, Any]) -> Card:
        if kind.name not in self._tables:
            fields_table = make_field_table(kind)
            self._tables[kind.name] = fields_table, {**fields_table, **COMMON}
        fields_table, known = self._tables[kind.name]
        entry.refuse_unknown(known)
        fields = table.read_present(entry, fields_table)
        for name, key in fields_table.items():
            if key.missing and name not in entry:
                entry.require(name, help=key.missing)
        _require_asked(entry, kind, fields)
        options = fields.pop(kind.options, ()) if kind.options else ()
        spans = entry.list_spans()
        card = Card(
            pack=self._pack,
            namespace=self._namespace,
            id=common["id"],
            kind=kind.name,
            # A flag that is off and an empty list are the same as an absent field.
            fields={name: fields[name] for name in fields_table if fields.get(name)},
            options=options,
            tags=tuple(dict.fromkeys(common.get("tags", ()))),
            lesson=common.get("lesson") or None,
            objectives=common.get("objectives", ()),
            sources=common.get("sources", ()),
            extra=common.get("extra", ""),
            formerly=common.get("formerly", ()),
            retired=common.get("retired"),
            guid=common.get("guid"),
            reserved=common.get("reserved"),
            twins=common.get("twins"),
            span=spans["id"],
            spans={**self._shared_spans, **spans},
        )
        _require_side(entry, card, kind)
        return card

    def _check_kind(self, entry: Entry, name: str) -> None:
        if name and name not in self._kinds and name not in self._faulty:
            help = suggest(name, self._kinds, "kinds")
            entry.report("unknown-kind", f"there is no kind `{name}`", "kind", help=help)


def _require_asked(entry: Entry, kind: Kind, fields: Mapping[str, Any]) -> None:
    """Report missing fields of an enabled side, whose question or answer would be empty."""
    for side in kind.sides:
        if side.when is None or not fields.get(side.when):
            continue
        is_flag = kind.field(side.when).type is FieldType.FLAG
        asked = list_asked(side)
        # A field that enables its side is given for it; a flag needs all that the side asks.
        is_sure = not is_flag and any(fields.get(name) for name in asked)
        for name in (*(() if is_sure else asked), *side.show[:1]):
            if name not in entry and not kind.field(name).required:
                reason = f"`{side.when}: true`" if is_flag else f"the side `{side.name}`"
                entry.require(name, help=f"add it: {reason} needs it")


def _require_side(entry: Entry, card: Card, kind: Kind) -> None:
    """Report a card that is never asked, for lack of the fields that enable its sides."""
    if kind.cloze or any(is_asked(card, kind, side) for side in kind.sides):
        return
    needed = dict.fromkeys(side.when for side in kind.sides if side.when)
    help = (
        f"fill one of {list_names(needed)}" if needed else "fill the fields that its questions show"
    )
    entry.document.problems.append(
        diagnose("missing-field", f"`{card.id}` is never asked", card.span, help=help)
    )
