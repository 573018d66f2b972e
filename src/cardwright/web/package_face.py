"""Note of a package → its cards' questions and answers, as the package's own templates show them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cardwright.anki.collection import Collection, NoteRow
from cardwright.anki.notetype import NoteField, NoteType, Template
from cardwright.anki.template import render_card
from cardwright.error import CardwrightError
from cardwright.foreign.media import read_media
from cardwright.kinds import MAX_SHOWN
from cardwright.markdown.escape import escape_html
from cardwright.web.face import MAX_EMBEDDED_BYTES, embed_media, finish_face

_ADDRESS: Final = re.compile(
    r"""(<(?:img|audio|video|source)\b[^<>]*?\bsrc\s*=\s*)("[^"]*"|'[^']*'|[^\s>]+)""",
    re.IGNORECASE,
)
_SOUND: Final = re.compile(r"\[sound:([^\]<>\n]{1,500})\]")
_MAX_TOTAL_BYTES: Final = 10 * MAX_EMBEDDED_BYTES
"""Of all media of a package that are shown."""
_MAX_TOTAL_LENGTH: Final = 30_000_000
"""Of all faces of a package that are shown, in characters."""


class PackageFaceMaker:
    """Makes the faces of notes of a package, for frames: its templates may hold anything."""

    def __init__(self, collection: Collection, note_ids: Iterable[int]) -> None:
        """Find the cards of some notes."""
        self._collection = collection
        self._members = {name: member for member, name in collection.media.items()}
        self._left = _MAX_TOTAL_BYTES
        self._length_left = _MAX_TOTAL_LENGTH
        self._ordinals: dict[int, list[int]] = {id: [] for id in note_ids}
        for note_id, ordinal, _ in collection.read_homes():
            if note_id in self._ordinals:
                self._ordinals[note_id].append(ordinal)
        self._find_address: Callable[[str], str] = cache(self._embed)

    def render_faces(self, note: NoteRow) -> list[tuple[int, str, str]]:
        """Return the first cards of a note: Anki's number of each, its question and its answer."""
        note_type = self.find_note_type(note.type_id)
        fields = [*note.fields, *[""] * len(note_type.fields)][: len(note_type.fields)]
        faces = []
        for ordinal in self._ordinals[note.id][:MAX_SHOWN]:
            if note_type.is_cloze or 0 <= ordinal < len(note_type.templates):
                shown = render_card(note_type, fields, ordinal, {"Tags": " ".join(note.tags)})
                question, answer = (
                    self._add_media(self._bound(finish_face(html))) for html in shown
                )
                faces.append((ordinal, question, answer))
        return faces

    def find_note_type(self, id: int) -> NoteType:
        """Return a note type of the package."""
        found = self._collection.note_types[id]
        return NoteType(
            kind="",
            anki_id=found.id,
            name=found.name,
            is_cloze=found.is_cloze,
            fields=tuple(NoteField(name=field.name, anki_id=None) for field in found.fields),
            templates=tuple(
                Template(name=one.name, anki_id=None, front=one.front, back=one.back)
                for one in found.templates
            ),
            css=found.css,
        )

    def _bound(self, html: str) -> str:
        """Return a face, or why it is not shown."""
        self._length_left -= len(html)
        return html if self._length_left >= 0 else "<p>Not shown: this page has too many cards</p>"

    def _add_media(self, html: str) -> str:
        def replace_address(match: re.Match[str]) -> str:
            name = unescape(match[2].strip("\"'"))
            return f'{match[1]}"{self._find_address(name) or "data:,"}"'

        def replace_sound(match: re.Match[str]) -> str:
            address = self._find_address(unescape(match[1]))
            if address.startswith("data:video"):
                return f'<video controls preload="metadata" src="{address}"></video>'
            if address:
                return f'<audio controls preload="metadata" src="{address}"></audio>'
            return f"<em>{escape_html(unescape(match[1]))}</em>"

        return _SOUND.sub(replace_sound, _ADDRESS.sub(replace_address, html))

    def _embed(self, name: str) -> str:
        """Return a media file as a `data:` URL; "" if there is none that can be shown."""
        member = self._members.get(name) or self._members.get(unquote(name))
        size = self._collection.measure_media(member) if member else None
        if member is None or size is None or size > min(MAX_EMBEDDED_BYTES, self._left):
            return ""
        self._left -= size
        with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / f"file{Path(name).suffix[:9]}"
            with suppress(CardwrightError, OSError, ValueError):
                with path.open("wb") as file:
                    self._collection.write_media(member, file)
                return embed_media(read_media(path))
        return ""
