"""A pack against its ledger: what would cost people who imported it their cards or their progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cardwright.anki.moves import find_moves
from cardwright.diagnostic import Diagnostic, Related, Span, apply_severities, diagnose
from cardwright.item import place_cards
from cardwright.model import CardHead, Collection, Deck

if TYPE_CHECKING:
    from cardwright.anki.ledger import Ledger, Published
    from cardwright.anki.notetype import NoteType

_MAX_SHOWN: Final = 5
_MAX_RENAMED: Final = 100
"""Of more new cards than this, none is compared with an id that has gone."""


def check_ledger(
    ledger: Ledger, collection: Collection, note_types: Mapping[str, NoteType], shown_path: str
) -> list[Diagnostic]:
    """Report changes that would cost people who imported the pack their cards or their progress.

    `note_types` holds the note types of the kinds that the pack's cards use, by kind, unless the ledger
    has none to compare with.
    """
    cards = collection.heads_of(ledger.pack)
    deck = collection.decks.get(ledger.pack)
    found = [
        *_check_finished(ledger, shown_path),
        *(_check_namespace(ledger, deck) if deck else ()),
        *(
            ()
            if ledger.pack in collection.incomplete
            else _check_vanished(ledger, cards, shown_path)
        ),
        *_check_cards(ledger, cards, collection),
        *_check_note_types(ledger, cards, collection, note_types, shown_path),
        *(_check_deck_names(ledger, deck) if deck else ()),
        *(_check_moved(ledger, deck, cards) if deck else ()),
    ]
    return apply_severities(found, deck.severities if deck else {})


def _check_finished(ledger: Ledger, shown_path: str) -> Iterator[Diagnostic]:
    if ledger.unfinished:
        yield diagnose(
            "unfinished-release",
            f"the release of {ledger.version} was interrupted: changelog or package may lack it",
            Span(path=shown_path, line=1, column=1),
            help=f"run `cards release {ledger.pack}` again to finish it",
        )


def _check_namespace(ledger: Ledger, deck: Deck) -> Iterator[Diagnostic]:
    if ledger.namespace and ledger.namespace != deck.namespace:
        yield diagnose(
            "namespace-changed",
            f"`{deck.pack}` was published with the namespace `{ledger.namespace}`; with "
            f"`{deck.namespace}`, readers would get every card a second time",
            deck.span_of("namespace"),
            help=f"write `namespace: {ledger.namespace}`; if the pack is a copy, "
            "delete its ledger and changelog",
        )
    elif "namespace" not in deck.spans:
        yield diagnose(
            "missing-namespace",
            f"`{deck.pack}` has no namespace to distinguish it from other packs of the same name",
            deck.span,
            help=f"run `cards namespace {deck.pack}` to add one",
        )


def _check_vanished(
    ledger: Ledger, cards: Sequence[CardHead], shown_path: str
) -> Iterator[Diagnostic]:
    if not ledger.notes:
        return
    known = {card_id for card in cards for card_id in (card.id, *card.formerly)}
    heirs = {card.guid: card for card in cards if card.guid}
    new = [card for card in cards if ledger.find(card) is None]
    for note in ledger.notes.values():
        if note.id in known:
            continue
        if heir := heirs.get(note.guid):
            yield diagnose(
                "vanished-id",
                f"`{heir.id}` was published as `{note.id}`",
                heir.span,
                help=f"add `formerly: [{note.id}]` to it, so that its history goes on",
            )
        else:
            yield diagnose(
                "vanished-id",
                f"`{note.id}` was published but no longer exists",
                Span(path=shown_path, line=note.line, column=1),
                help="put it back with `retired: why`, or list it in `formerly` of its new id",
                related=_find_renamed(note, new),
            )


def _find_renamed(note: Published, new: Sequence[CardHead]) -> tuple[Related, ...]:
    """Return the new card that is called almost like a published one that has gone."""
    by_id = {card.id: card for card in new if card.kind == note.kind}
    if not by_id or len(by_id) > _MAX_RENAMED:
        return ()
    import difflib  # noqa: PLC0415  (start-up)

    close = difflib.get_close_matches(note.id, by_id, n=1)
    return tuple(Related(message="perhaps renamed", span=by_id[name].span) for name in close)


def _check_cards(
    ledger: Ledger, cards: Sequence[CardHead], collection: Collection
) -> Iterator[Diagnostic]:
    known = [(card, ledger.find(card)) for card in cards] if ledger.notes else []
    kept = {note.id for card, note in known if note and note.kind == card.kind}
    for card, published in known:
        if published is None:
            continue
        # Of two cards with one id, the other may be the published one.
        if published.kind != card.kind and published.id not in kept:
            yield diagnose(
                "kind-changed",
                f"`{card.id}` was published as `{published.kind}`, not `{card.kind}`",
                collection.load(card).span_of("kind"),
                help="change the kind back; or retire the card, and write a new one with a new id",
            )
        key = f"{ledger.namespace}:{card.key.partition(':')[2]}"
        if published.guid_ref != key:
            yield diagnose(
                "ledger-mismatch",
                f"`{card.id}` was first published as `{published.guid_ref}`; "
                f"as `{key}`, readers would get it a second time",
                collection.load(card).span_of("formerly"),
                help="list all earlier ids in `formerly`, the oldest first",
            )
        if published.guid != (card.guid or ""):
            yield diagnose(
                "guid-changed",
                f"`{card.id}` was published "
                + (f"with the guid `{published.guid}`" if published.guid else "without a `guid`"),
                collection.load(card).span_of("guid"),
                help="undo this: with another guid, readers would get the card a second time",
            )


def _check_note_types(
    ledger: Ledger,
    cards: Sequence[CardHead],
    collection: Collection,
    note_types: Mapping[str, NoteType],
    shown_path: str,
) -> Iterator[Diagnostic]:
    for kind in dict.fromkeys(card.kind for card in cards):
        published = ledger.note_types.get(kind)
        if published is None or published.structure == note_types[kind].structure:
            continue
        made = collection.kinds[kind]
        if made.is_built_in:
            # Its note type never changes, so the ledger must have.
            yield diagnose(
                "ledger-mismatch",
                f"the note type of `{kind}` is not the one that was released",
                Span(path=shown_path, line=published.line, column=1),
                help="restore the ledger from version control; only `cards release` writes it",
            )
            continue
        from cardwright.anki.type_change import find_type_changes  # noqa: PLC0415  (seldom needed)

        changes = find_type_changes(made, note_types[kind], published.structure)
        for change in changes:
            place = made.span_of(change.part, collection.decks[ledger.pack].span)
            yield diagnose("note-type-changed", change.message, place, help=change.help)


def _check_deck_names(ledger: Ledger, deck: Deck) -> Iterator[Diagnostic]:
    names = {"::".join(path) for path, _ in deck.walk()}
    for name in ledger.deck_names:
        if name not in names:
            yield diagnose(
                "deck-renamed",
                f"the deck `{name}` was published but no longer exists",
                deck.span,
                help="Anki identifies decks by name: existing cards stay in the old one",
            )


def _check_moved(ledger: Ledger, deck: Deck, cards: Sequence[CardHead]) -> Iterator[Diagnostic]:
    """Report published cards that go to another deck, unless their old one has been renamed."""
    if not any(note.deck for note in ledger.notes.values()):
        return
    placed, _ = place_cards(deck, (card for card in cards if not card.withdrawn))
    decks = {card.key: "::".join(path) for path, found in placed.items() for card in found}
    parts = {"::".join(path): part for path, part in deck.walk()}
    for (old, new), keys in find_moves(ledger.notes.values(), decks).items():
        if old in parts:
            ids = [key.partition(":")[2] for key in keys]
            shown = ", ".join(f"`{id}`" for id in ids[:_MAX_SHOWN])
            more = f" and {len(ids) - _MAX_SHOWN} more" if len(ids) > _MAX_SHOWN else ""
            yield diagnose(
                "card-moved",
                f"published in `{old}`, now in `{new}`: {shown}{more}",
                parts[new].span,
                help="Anki leaves existing cards where they are; the changelog will say how to move them",
            )
