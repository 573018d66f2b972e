"""What a reader changed in the notes of a pack, as changes of its cards.

A note is compared with what was shipped of it: now, or in the release that the reader has. A change is
brought into the author's text as narrowly as possible, and counts only if the new text renders as what
the reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from cardwright.anki.adopted import AdoptedNote
from cardwright.anki.card_files import CardFiles
from cardwright.anki.card_values import (
    Data,
    format_value,
    get_value,
    list_keys,
    restore_card,
    set_value,
)
from cardwright.anki.changed_values import merge_values, transfer_values
from cardwright.anki.ledger import Published
from cardwright.anki.note import Note, hash_fields, make_fields
from cardwright.anki.original import read_value
from cardwright.anki.values import read_field
from cardwright.html import HtmlLoss, TooLargeError, normalize_html
from cardwright.markdown.render import Renderer
from cardwright.model import RESERVED_TAGS, Card, Collection, FieldType, Kind
from cardwright.text import list_names, to_nfc

_IGNORED_TAGS: Final = frozenset(("marked", "leech", *RESERVED_TAGS))
"""Tags that Anki itself adds, and those of reserved cards."""
_ELSEWHERE: Final = {
    "id": "the card's key, which identifies it",
    "lesson": "the lesson's title, from the blueprint",
}
"""Keys whose fields show what is not written on the card."""
_WORD: Final = re.compile(r"\w+|[^\w\s]")
_RIGHT: Final = re.compile(r"""<li class=["']?(right|wrong)\b""")
_PICK: Final = re.compile(r"""<p class=["']?pick\b[^<]*</p>""")
_MAX_PAIRS: Final = 1_000_000
MAX_LENGTH: Final = 50_000
"""Longer fields, in characters, are not compared word by word."""


class Outcome(StrEnum):
    """What can be done with a change."""

    EDIT = "edit"
    """It can be written, and shows exactly what the reader sees."""
    MERGED = "merged"
    """The source has changed in other places since; both changes can be kept."""
    LOSSY = "lossy"
    """Its text can be written, but not all of its looks."""
    CONFLICT = "conflict"
    """The source has changed in the same place since."""
    REFUSED = "refused"
    """It cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderNote:
    """A note as a reader has it."""

    guid: str
    fields: Mapping[str, str]
    """HTML by the names of the fields."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change that a reader made to a value of a card."""

    card: Card
    key: str
    """The key on the card."""
    label: str
    """The name of the field in Anki; "" for tags."""
    outcome: Outcome
    shipped: Data
    """What the reader got."""
    theirs: Data
    """What the reader made of it."""
    ours: Data
    """What the sources say now."""
    after: Data = None
    """What to write; None to remove the value."""
    losses: tuple[HtmlLoss, ...] = ()
    """What is not kept of the reader's change."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The paths of files that come with it, by their names in Anki."""
    reason: str = ""
    """Why it is refused."""


class Sources(NamedTuple):
    """What notes are compared with."""

    collection: Collection
    renderer: Renderer
    labels: Mapping[str, Sequence[str]]
    """The names of the fields of note types, by kind."""


class Past(NamedTuple):
    """What was shipped of a note before."""

    published: Published | None
    """The note in the ledger."""
    adopted: AdoptedNote | None
    """The note that its card was adopted from."""
    built_hashes: frozenset[str]
    """Digests of the fields of builds since the release."""


class _Edition(NamedTuple):
    """A note as it was shipped once."""

    card: Card
    html: Mapping[str, str]
    tags: frozenset[str]
    """In lower case."""


def find_edits(
    sources: Sources,
    note: Note,
    theirs: ReaderNote,
    files: CardFiles,
    past: Past,
) -> list[Edit]:
    """Return what a reader changed in a note."""
    return list(_Comparison(sources, note, theirs, files, past).list_edits())


def is_as_shipped(labels: Sequence[str], theirs: ReaderNote, past: Past) -> bool:
    """Tell whether all fields of a note are as some release or build had them, whatever rendered them."""
    shipped = {*past.built_hashes}
    if published := past.published:
        shipped |= {published.html_hash, *(one.html_hash for one in published.former)}
    return bool(shipped) and hash_fields([theirs.fields.get(one, "") for one in labels]) in shipped


class _Comparison:
    """Compares one note."""

    def __init__(
        self,
        sources: Sources,
        note: Note,
        theirs: ReaderNote,
        files: CardFiles,
        past: Past,
    ) -> None:
        self._sources = sources
        self._note = note
        self._card = sources.collection.load(note.card)
        self._kind: Kind = sources.collection.kinds[note.card.kind]
        self._theirs = theirs
        self._files = files
        self._past = past
        self._labels = sources.labels[note.card.kind]
        self._keys = list_keys(self._kind)
        self._forms = {
            label: _find_form(self._kind, self._keys.get(label, "")) for label in self._labels
        }
        self._now = _Edition(
            self._card,
            dict(zip(self._labels, note.fields, strict=True)),
            _fold(note.content["tags"]),
        )

    def list_edits(self) -> Iterator[Edit]:
        tags = _fold(self._theirs.tags)
        changed = {
            label: html
            for label in self._labels
            if (html := self._theirs.fields.get(label)) is not None
            and not self._forms[label].is_same(html, self._now.html[label])
        }
        if not changed and tags == self._now.tags:
            return
        editions = [self._now, *self._list_former()]
        is_shipped = is_as_shipped(self._labels, self._theirs, self._past)
        changed = {
            label: html
            for label, html in changed.items()
            if not is_shipped
            and not any(self._forms[label].is_same(html, one.html[label]) for one in editions)
        }
        base = self._choose_edition(editions, changed)
        for label, html in changed.items():
            if edit := self._compare_field(self._keys.get(label, ""), label, base, html):
                yield edit
        if not any(tags == one.tags for one in editions):
            yield from self._compare_tags(base)

    def _list_former(self) -> Iterator[_Edition]:
        """Yield what was shipped of the note, the last release first."""
        published, adopted = self._past.published, self._past.adopted
        if published is not None and published.kind == self._card.kind:
            for content in published.list_contents():
                if content == self._note.content or "retired" in content.get("tags", ()):
                    continue
                try:
                    card = restore_card(self._card, self._kind, content)
                    tags = _fold(content.get("tags", ()))
                    html = self._render(card, digests=content.get("media", {}))
                except (AttributeError, KeyError, TypeError, ValueError):
                    # The kind has changed, or somebody has changed the ledger.
                    continue
                yield _Edition(card, html, tags)
        if adopted is not None:
            card = self._card
            for key, found in adopted.fields.items():
                value = list(found.value) if isinstance(found.value, tuple) else found.value
                card = set_value(card, self._kind, key, value)
            yield _Edition(card, self._render(card), _fold(adopted.tags))

    def _choose_edition(self, editions: Sequence[_Edition], changed: Iterable[str]) -> _Edition:
        """Return what the reader had before the edits: what most fields are still like."""
        # Where nothing tells, a release is likelier than what is not released, and a conflict safer.
        ordered = [*editions[1:], editions[0]]
        counts = [self._count_same(one) for one in ordered]
        most = max(counts)
        likely = [one for one, number in zip(ordered, counts, strict=True) if number == most]
        if len(likely) == 1:
            return likely[0]

        def measure(edition: _Edition) -> float:
            return sum(
                _measure_likeness(self._theirs.fields[label], edition.html[label])
                for label in changed
            )

        return max(likely, key=measure)

    def _count_same(self, edition: _Edition) -> int:
        same = sum(
            self._forms[label].is_same(self._theirs.fields.get(label, ""), html)
            for label, html in edition.html.items()
        )
        return 2 * same + (_fold(self._theirs.tags) == edition.tags)

    def _render(
        self, card: Card, *, digests: Mapping[str, str] | None = None, is_original: bool = True
    ) -> dict[str, str]:
        """Return the fields of a card; those that are as adopted ship the HTML they had."""
        fields = make_fields(
            self._sources.collection,
            card,
            self._sources.renderer,
            self._files.make_writers(digests),
            self._find_originals(card) if is_original else {},
        )
        return dict(zip(self._labels, fields, strict=True))

    def _find_originals(self, card: Card) -> dict[str, str]:
        if self._past.adopted is None or not self._kind.adopted:
            return {}
        found = self._past.adopted.fields
        return {
            field.name: found[key].html
            for field in self._kind.fields
            if (key := field.holds or field.name) in found
            and found[key].value == read_value(card, field)
        }

    def _compare_field(self, key: str, label: str, base: _Edition, html: str) -> Edit | None:
        if not key or key in _ELSEWHERE:
            reason = f"it shows {_ELSEWHERE.get(key, 'what no card says')}"
            return self._refuse(key or label, label, base, html, reason)
        if max(len(html), len(base.html[label])) > MAX_LENGTH:
            reason = f"it has more than {MAX_LENGTH:,} characters"
            return self._refuse(key, label, base, html[:MAX_LENGTH], reason)
        try:
            shipped, known = self._read(key, base.html[label])
            theirs, found = self._read(key, html)
        except TooLargeError:
            return self._refuse(key, label, base, None, "it is nested too deeply, or too large")
        lost = _subtract(found, known)
        before = get_value(base.card, self._kind, key)
        value, is_exact = self._find_value(key, label, base, shipped, theirs, html)
        if value == before:
            # Without a loss, whatever differs cannot be seen.
            names = list_names(dict.fromkeys(loss.what for loss in lost))
            reason = f"Markdown has no {names}"
            return self._refuse(key, label, base, theirs, reason, lost) if lost else None
        if value is None and self._is_required(key):
            return self._refuse(key, label, base, None, f"`{key}` cannot be empty")
        return self._decide(key, label, base, value, () if is_exact else found, is_exact=is_exact)

    def _read(self, key: str, html: str) -> tuple[Data, tuple[HtmlLoss, ...]]:
        return read_field(self._kind, key, html, find_media=self._files.find_path)

    def _decide(
        self,
        key: str,
        label: str,
        base: _Edition,
        value: Data,
        losses: tuple[HtmlLoss, ...],
        *,
        is_exact: bool,
    ) -> Edit | None:
        """Return a change that can be written, unless the sources have changed in the same place."""
        before, ours = (get_value(card, self._kind, key) for card in (base.card, self._card))
        outcome, after = Outcome.EDIT if is_exact else Outcome.LOSSY, value
        if ours != before:
            after = merge_values(before, ours, value)
            if after == ours:
                return None
            if after is None:
                outcome = Outcome.CONFLICT
            elif is_exact:
                outcome = Outcome.MERGED
        return Edit(
            card=self._card,
            key=key,
            label=label,
            outcome=outcome,
            shipped=before,
            theirs=value,
            ours=ours,
            after=after,
            losses=losses,
            files=self._list_files(after),
        )

    def _list_files(self, value: Data) -> dict[str, str]:
        """Return the new files that a value names."""
        text = format_value(value)
        return {name: path for name, path in self._files.new.items() if path in text}

    def _refuse(
        self,
        key: str,
        label: str,
        base: _Edition,
        theirs: Data,
        reason: str,
        losses: tuple[HtmlLoss, ...] = (),
    ) -> Edit:
        is_own = bool(key) and key not in _ELSEWHERE and key != label
        shipped, ours = (
            get_value(card, self._kind, key) if is_own else None for card in (base.card, self._card)
        )
        return Edit(
            card=self._card,
            key=key,
            label=label,
            outcome=Outcome.REFUSED,
            shipped=shipped,
            theirs=theirs,
            ours=ours,
            losses=losses,
            reason=reason,
        )

    def _find_value(
        self, key: str, label: str, base: _Edition, shipped: Data, theirs: Data, html: str
    ) -> tuple[Data, bool]:
        """Return the value that shows what the reader sees, and whether it does so exactly."""
        before = get_value(base.card, self._kind, key)
        ways = [*transfer_values(shipped, theirs, before), theirs]
        for value in ways:
            if self._forms[label].is_same(html, self._show(key, label, base, value)):
                return value, True
        # The narrowest change that says the same.
        for value in ways:
            made = self._show(key, label, base, value)
            said, _ = self._read(key, made)
            if said == theirs:
                return value, False
        return theirs, False

    def _show(self, key: str, label: str, base: _Edition, value: Data) -> str:
        card = set_value(base.card, self._kind, key, value)
        return self._render(card, is_original=False)[label]

    def _is_required(self, key: str) -> bool:
        return any(field.name == key and field.required for field in self._kind.fields)

    def _compare_tags(self, base: _Edition) -> Iterator[Edit]:
        kept = _fold(self._theirs.tags)
        theirs = {name: tag for tag in self._theirs.tags if (name := tag.casefold()) in kept}
        added = {name: tag for name, tag in theirs.items() if name not in base.tags}
        removed = base.tags - theirs.keys()
        own = _fold(self._card.tags)
        before = list(self._card.tags)
        after = [tag for tag in before if tag.casefold() not in removed]
        after += [tag for name, tag in added.items() if name not in self._now.tags]
        if after != before:
            shipped = [tag for tag in before if tag.casefold() in base.tags]
            yield Edit(
                card=self._card,
                key="tags",
                label="",
                outcome=Outcome.EDIT,
                shipped=shipped,
                theirs=after,
                ours=before or None,
                after=after or None,
            )
        if derived := sorted((removed - own) & self._now.tags):
            yield Edit(
                card=self._card,
                key="tags",
                label="",
                outcome=Outcome.REFUSED,
                shipped=derived,
                theirs=None,
                ours=before or None,
                reason="Cardwright adds these tags: they tell the kind, the lesson and the domain",
            )


def _fold(tags: Sequence[str]) -> frozenset[str]:
    """Return the tags that an author or a reader may have given, in lower case."""
    return frozenset(tag.casefold() for tag in tags) - _IGNORED_TAGS


def _subtract(losses: Sequence[HtmlLoss], known: Sequence[HtmlLoss]) -> tuple[HtmlLoss, ...]:
    """Return losses without those that were there before."""
    left = list(losses)
    for loss in known:
        if loss in left:
            left.remove(loss)
    return tuple(left)


class _Form(NamedTuple):
    """How a field is compared."""

    is_cloze: bool
    as_paragraphs: bool
    has_options: bool

    def is_same(self, one: str, other: str) -> bool:
        """Tell whether two texts show the same in the field."""
        if one == other or to_nfc(one) == to_nfc(other):
            return True
        return _normalize(one, *self) == _normalize(other, *self)


def _measure_likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1."""
    before, after = _WORD.findall(one), _WORD.findall(other)
    if len(before) * len(after) > _MAX_PAIRS:
        return 0.0
    return SequenceMatcher(None, before, after, autojunk=False).ratio()


@lru_cache(maxsize=4096)
def _normalize(html: str, is_cloze: bool, as_paragraphs: bool, has_options: bool) -> str:
    # Of options, it cannot be seen which are right, and how many to choose follows from that.
    shown = _PICK.sub("", html) if has_options else html
    normal = normalize_html(shown, is_cloze=is_cloze, as_paragraphs=as_paragraphs)
    return normal + " ".join(_RIGHT.findall(html)) if has_options else normal


def _find_form(kind: Kind, key: str) -> _Form:
    field = next((one for one in kind.fields if key in {one.name, one.holds}), None)
    is_cloze = key == kind.cloze
    is_block = key == "extra" or is_cloze or (field is not None and field.type is FieldType.BLOCK)
    return _Form(
        is_cloze,
        as_paragraphs=is_block and not (field and field.is_bare),
        has_options=key == kind.options,
    )
