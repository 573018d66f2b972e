"""A file of cards → its notes, which are kept between runs with all that they depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec

from cardwright.anki.adopted import AdoptedPack
from cardwright.anki.guid import make_guid
from cardwright.anki.media import FindMedia, MediaFinder
from cardwright.anki.note import FIELD_SEPARATOR, Note, NoteRow, NoteStore, encode_row, make_note
from cardwright.anki.original import Originals
from cardwright.kinds import list_media
from cardwright.markdown.render import Renderer
from cardwright.model import Card, CardHead, Collection, Kind

_NO_MEDIA: Final[Mapping[str, str]] = {}
_T = TypeVar("_T")


class CardFile(Protocol):
    """A file of cards."""

    @property
    def name(self) -> str:
        """Its path in the project."""

    @property
    def pack(self) -> str:
        """The pack of its cards."""

    @property
    def key(self) -> bytes | None:
        """A digest of all that its cards depend on, and of the program; None if that is not known."""

    @property
    def heads(self) -> Sequence[CardHead]:
        """Its cards in brief."""

    def load_cards(self) -> Sequence[Card]:
        """Return its cards in full."""


class Cache(Protocol):
    """Values that are kept between runs."""

    @property
    def is_lasting(self) -> bool:
        """Whether they are kept at all."""

    def recall(self, key: bytes | None, value_type: type[_T]) -> _T | None:
        """Return what was kept with a key, if anything."""

    def keep(self, key: bytes, value: Any) -> None:
        """Keep data of a type that `recall` can make again."""


OpenRenderer = Callable[[str], AbstractContextManager[Renderer]]
"""Opens a renderer for the texts of a file."""


class _Looks(NamedTuple):
    """What notes show of a media file."""

    hash: str
    name: str
    kind: str


class _KeptNote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a note."""

    hash: str
    html_hash: str
    markup: str
    ordinals: tuple[int, ...]
    media_hashes: dict[str, str]
    """The digests of its media, by path as written."""
    media: dict[str, str]
    """The paths of its media as written, by their names in Anki."""
    row: bytes


class _KeptFile(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a file."""

    looks: dict[str, _Looks | None]
    """Of its media, by path as written; None if there is no such file."""
    notes: list[_KeptNote]


class NoteMaker:
    """Makes the notes of a pack, one file at a time."""

    def __init__(
        self,
        collection: Collection,
        open_renderer: OpenRenderer,
        find_media: FindMedia,
        adopted: AdoptedPack,
        cache: Cache | None,
    ) -> None:
        """`adopted` is what the pack was adopted from."""
        self._collection = collection
        self._open_renderer = open_renderer
        self._finder = MediaFinder(find_media, adopted.media)
        self._originals = Originals(adopted)
        self._adopted = adopted
        self._cache = cache if cache and cache.is_lasting else None
        self._store = NoteStore(collection)
        self._known: dict[Any, Any] = {}
        """What many notes have in common."""

    def make_notes(self, file: CardFile) -> Iterator[tuple[Note, dict[str, Path]]]:
        """Yield the note of each card of a file, with its media by their names in Anki."""
        key = self._make_key(file)
        kept = self._recall(file, key) or self._make(file, key)
        first = self._store.add([one.row for one in kept.notes])
        for number, (head, one) in enumerate(zip(file.heads, kept.notes, strict=True), first):
            note = Note(
                card=head,
                hash=one.hash,
                html_hash=one.html_hash,
                markup=self._known.setdefault(one.markup, one.markup),
                ordinals=self._known.setdefault(one.ordinals, one.ordinals),
                media_hashes=one.media_hashes or _NO_MEDIA,
                store=self._store,
                number=number,
            )
            yield note, self._find_media(head, one.media) if one.media else {}

    def _find_media(self, head: CardHead, media: Mapping[str, str]) -> dict[str, Path]:
        found = {name: self._finder.find(head, written) for name, written in media.items()}
        return {name: file.path for name, file in found.items() if file}

    def _make_key(self, file: CardFile) -> bytes | None:
        """Return a digest of all that the notes of a file depend on, besides media."""
        if file.key is None or not self._cache:
            return None
        parts: list[object] = []
        for head in {head.lesson: head for head in file.heads}.values():
            lesson, domain = self._collection.lesson_of(head), self._collection.domain_of(head)
            parts.append((head.lesson, lesson and str(lesson), domain and domain.id))
        adopted = self._adopted.digest
        if any(self._collection.kinds[head.kind].adopted for head in file.heads):
            parts.append(adopted)
        digest = blake2b(file.key, digest_size=16)
        digest.update(b"notes")
        digest.update(repr(parts).encode("utf-8", "surrogatepass"))
        return digest.digest()

    def _recall(self, file: CardFile, key: bytes | None) -> _KeptFile | None:
        kept = self._cache.recall(key, _KeptFile) if self._cache else None
        is_as_kept = (
            kept is not None
            and len(kept.notes) == len(file.heads)
            and all(
                self._look(file.heads[0], written) == looks for written, looks in kept.looks.items()
            )
        )
        return kept if is_as_kept else None

    def _look(self, head: CardHead, written: str) -> _Looks | None:
        file = self._finder.find(head, written)
        return _Looks(file.hash, file.name, file.file.format.kind) if file else None

    def _make(self, file: CardFile, key: bytes | None) -> _KeptFile:
        looks: dict[str, _Looks | None] = {}
        notes = []
        with self._open_renderer(file.name) as renderer:
            for card in file.load_cards():
                kind = self._collection.kinds[card.kind]
                if written := list_media(card, kind, renderer):
                    looks |= {path: self._look(card, path) for path in written}
                notes.append(self._make_note(card, kind, written, renderer))
        kept = _KeptFile(looks, notes)
        if key and self._cache:
            self._cache.keep(key, kept)
        return kept

    def _make_note(
        self, card: Card, kind: Kind, written: Iterable[str], renderer: Renderer
    ) -> _KeptNote:
        files = {path: file for path in written if (file := self._finder.find(card, path))}
        originals = self._originals.find(card, kind, files)
        made = make_note(self._collection, card, renderer, files, originals.html)
        paths = {file.path: path for path, file in files.items()}
        row = NoteRow(
            guid=make_guid(card),
            tags=" ".join(made.content["tags"]),
            fields=FIELD_SEPARATOR.join(made.fields),
        )
        return _KeptNote(
            hash=made.hash,
            html_hash=made.html_hash,
            markup=made.markup,
            ordinals=made.ordinals,
            media_hashes={path: file.hash for path, file in files.items()},
            media={file.name: path for path, file in files.items()}
            | {name: paths[path] for name, path in originals.media.items()},
            row=encode_row(row),
        )
