"""A draft of a pack, the pack as it is, and what it was adopted from → what to change.

What the author changed since stays, and so does what is not in the draft any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from cardwright.adopt.draft import DraftCard, DraftPack
from cardwright.anki.adopted import AdoptedField, AdoptedNote
from cardwright.anki.guid import make_guid
from cardwright.diagnostic import Span
from cardwright.html import normalize_html
from cardwright.kinds import render_text
from cardwright.markdown.render import Renderer
from cardwright.merge import merge_texts
from cardwright.model import Card, FieldType, Kind, Value
from cardwright.project.card import parse_cards
from cardwright.project.compose import compose
from cardwright.project.document import Document
from cardwright.project.edit import Edited

_BATCH: Final = 100
"""How many cards are read at once, well below the size of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A value that was changed here and in the deck: that of here stays."""

    ref: str
    key: str
    span: Span
    ours: str
    theirs: str


@dataclass(slots=True, kw_only=True)
class PackMerge:
    """What to change in a pack."""

    pack: str
    added: list[DraftCard] = field(default_factory=list)
    """The cards that are new, in order."""
    edits: dict[str, dict[str, dict[str, Edited | None]]] = field(default_factory=dict)
    """Changed values by path of the file, id of the card, and key."""
    notes: dict[str, AdoptedNote] = field(default_factory=dict)
    """What the cards that were there are adopted from now, by guid."""
    conflicts: list[Conflict] = field(default_factory=list)
    gone: list[Card] = field(default_factory=list)
    """Cards whose notes are no longer in the deck."""
    moved: list[tuple[Card, str]] = field(default_factory=list)
    """Cards whose notes are in another deck now."""
    retyped: list[Card] = field(default_factory=list)
    """Cards whose notes have another note type now."""
    deleted: int = 0
    """How many cards were adopted before, and deleted here since."""

    @property
    def changed(self) -> int:
        """How many cards get other values."""
        return sum(map(len, self.edits.values()))


def merge_pack(
    draft: DraftPack,
    namespace: str,
    cards: Sequence[Card],
    kinds: Mapping[str, Kind],
    notes: Mapping[str, AdoptedNote],
) -> PackMerge:
    """Return what to change in a pack that has these cards, adopted from these notes."""
    made = PackMerge(pack=draft.name, notes=dict(notes))
    ours = {make_guid(card): card for card in cards}
    changed: list[tuple[Card, DraftCard]] = []
    seen = set(draft.left_out)
    for drafted in draft.cards:
        guid = find_guid(drafted, draft.name, namespace)
        seen.add(guid)
        card, base = ours.get(guid), notes.get(guid)
        if card is None:
            if base is None:
                made.added.append(drafted)
            else:
                made.deleted += 1
        elif card.kind != drafted.kind:
            made.retyped.append(card)
        else:
            if base and base.deck != drafted.deck:
                made.moved.append((card, drafted.deck))
            if base is None or _has_changed(drafted, base):
                changed.append((card, drafted))
            elif base.mod_s != drafted.mod_s or base.deck != drafted.deck:
                made.notes[guid] = replace(base, mod_s=drafted.mod_s, deck=drafted.deck)
    for start in range(0, len(changed), _BATCH):
        _merge_cards(made, changed[start : start + _BATCH], namespace, kinds, notes)
    made.gone = _find_gone(draft, ours, notes, seen)
    return made


def find_guid(drafted: DraftCard, pack: str, namespace: str) -> str:
    """Return the guid of the note of a drafted card."""
    if drafted.guid:
        return drafted.guid
    return make_guid(_make_bare_card(drafted, pack, namespace))


def _make_bare_card(drafted: DraftCard, pack: str, namespace: str) -> Card:
    span = Span(path="", line=1, column=1)
    return Card(
        pack=pack,
        namespace=namespace,
        id=drafted.id,
        kind=drafted.kind,
        fields={},
        tags=(),
        lesson=None,
        objectives=(),
        sources=(),
        extra="",
        formerly=tuple(drafted.values.get("formerly", ())),
        retired=None,
        span=span,
    )


def _has_changed(drafted: DraftCard, base: AdoptedNote) -> bool:
    """Tell whether a note may have changed since it was adopted."""
    if not drafted.note_fields or sorted(drafted.tags) != sorted(base.tags):
        return True
    html = {key: found.html for key, found in base.fields.items() if found.html}
    return {key: text for key, text in drafted.note_fields.items() if text} != html


def _merge_cards(
    made: PackMerge,
    changed: Sequence[tuple[Card, DraftCard]],
    namespace: str,
    kinds: Mapping[str, Kind],
    notes: Mapping[str, AdoptedNote],
) -> None:
    read = read_drafted([drafted for _, drafted in changed], made.pack, namespace, kinds)
    for card, drafted in changed:
        theirs = read.get(drafted.id)
        if theirs is None:
            continue
        kind = kinds[card.kind]
        guid = make_guid(card)
        base = notes.get(guid)
        values = dict(_merge_values(made, card, drafted, theirs, kind, base))
        if values:
            made.edits.setdefault(card.span.path, {})[card.id] = values
        made.notes[guid] = describe_note(drafted, theirs, kind, base)


def read_drafted(
    drafts: Sequence[DraftCard], pack: str, namespace: str, kinds: Mapping[str, Kind]
) -> dict[str, Card]:
    """Return drafted cards as they will be read from their file, by id; faulty ones are left out."""
    data = [{"id": one.id, "kind": one.kind, **one.values} for one in drafts]
    document = Document("drafts.yaml", compose({"cards": data}).encode())
    found, _, _ = parse_cards(document, pack, kinds, namespace=namespace)
    return {card.id: card for card in found}


def _merge_values(
    made: PackMerge,
    card: Card,
    drafted: DraftCard,
    theirs: Card,
    kind: Kind,
    base: AdoptedNote | None,
) -> Iterator[tuple[str, Edited | None]]:
    """Yield the values of a card that change, by key; None for one to remove."""
    mine, other = list_values(card, kind), list_values(theirs, kind)
    for key, new in other.items():
        if base is None:
            # Without knowing who changed what, nothing here is overwritten.
            if new != mine[key] and not _shows_same(kind, key, mine[key], new):
                _add_conflict(made, card, key, mine[key], new)
            continue
        was = base.fields.get(key)
        if was and was.html and was.html == drafted.note_fields.get(key):
            # Another version of this program may write the same HTML in another way.
            continue
        old = was.value if was else ""
        if new in (old, mine[key]):
            continue
        if mine[key] == old:
            yield key, drafted.values.get(key)
        elif merged := _merge_value(kind, key, (old, mine[key], new)):
            yield key, merged
        else:
            _add_conflict(made, card, key, mine[key], new)
    if base is not None:
        yield from _merge_tags(card, theirs, base)


def _shows_same(kind: Kind, key: str, mine: Value, new: Value) -> bool:
    """Tell whether two texts show the same, as if only one of them is wrapped."""
    if not isinstance(mine, str) or not isinstance(new, str) or key in {"sources", kind.options}:
        return False
    types = {part.name: part.type for part in kind.fields}
    renderer, is_cloze = Renderer(highlights=False), key == kind.cloze
    first, second = (
        render_text(renderer, kind, key, text, types.get(key, FieldType.BLOCK)).html
        for text in (mine, new)
    )
    return normalize_html(first, is_cloze=is_cloze) == normalize_html(second, is_cloze=is_cloze)


def _merge_value(kind: Kind, key: str, values: tuple[Value, Value, Value]) -> str:
    """Return a value with both changes; "" if that is not possible."""
    old, mine, new = values
    if key in {"sources", kind.options}:
        return ""
    if isinstance(old, str) and isinstance(mine, str) and isinstance(new, str):
        return merge_texts(old, mine, new) or ""
    return ""


def _merge_tags(card: Card, theirs: Card, base: AdoptedNote) -> Iterator[tuple[str, Edited | None]]:
    added = [tag for tag in theirs.tags if tag not in base.tags]
    removed = set(base.tags) - set(theirs.tags)
    tags = dict.fromkeys([*(tag for tag in card.tags if tag not in removed), *added])
    if list(tags) != list(card.tags):
        yield "tags", tuple(tags) or None


def _add_conflict(made: PackMerge, card: Card, key: str, ours: Value, theirs: Value) -> None:
    made.conflicts.append(
        Conflict(
            ref=card.ref,
            key=key,
            span=card.span_of(key),
            ours=_show(ours),
            theirs=_show(theirs),
        )
    )


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    return value if isinstance(value, str) else str(value).lower()


def _find_gone(
    draft: DraftPack,
    ours: Mapping[str, Card],
    notes: Mapping[str, AdoptedNote],
    seen: set[str],
) -> list[Card]:
    """Return the cards whose notes are no longer in the deck, if it is the one they are from."""
    decks = {drafted.deck for drafted in draft.cards}
    # A package has one deck with all below it, so it has all that is below what its decks share.
    above = _find_shared([deck.split("::") for deck in decks])
    own = [
        guid
        for guid, note in notes.items()
        if note.deck in decks or (above and note.deck.split("::")[: len(above)] == above)
    ]
    gone = [guid for guid in own if guid not in seen]
    if 2 * len(gone) > len(own):
        # Another deck of the same name, or a part of it.
        return []
    return [ours[guid] for guid in gone if guid in ours and ours[guid].retired is None]


def _find_shared(paths: Sequence[list[str]]) -> list[str]:
    """Return the parts that all begin with."""
    shared: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def list_values(card: Card, kind: Kind) -> dict[str, Value]:
    """Return what an adopted deck can tell of a card by key: "" for what it lacks."""
    found: dict[str, Value] = {}
    for part in kind.fields:
        if part.name == kind.options:
            found[part.name] = _dump([asdict(option) for option in card.options])
        elif part.holds is None:
            found[part.name] = card.fields.get(part.name, "")
    held = {part.holds for part in kind.fields}
    if not kind.adopted or "extra" in held:
        found["extra"] = card.extra
    if not kind.adopted or "sources" in held:
        found["sources"] = _dump([asdict(source) for source in card.sources])
    return found


def _dump(items: list[dict[str, Any]]) -> str:
    return json.dumps(items, ensure_ascii=False) if items else ""


def describe_note(
    drafted: DraftCard, card: Card, kind: Kind, base: AdoptedNote | None = None
) -> AdoptedNote:
    """Return what a card is adopted from: a draft, and the card that is read from it.

    Values whose HTML is the same as before stay the ones that were written then.
    """
    fields: dict[str, AdoptedField] = {}
    for key, value in list_values(card, kind).items():
        html = drafted.note_fields.get(key, "")
        was = base.fields.get(key) if base else None
        if was and was.html and was.html == html:
            fields[key] = was
        elif value or html:
            fields[key] = AdoptedField(value=value, html=html)
    return AdoptedNote(
        guid=make_guid(card),
        mod_s=drafted.mod_s,
        deck=drafted.deck,
        tags=card.tags,
        fields=fields,
    )
