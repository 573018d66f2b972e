"""Prompt → its question and answer as HTML for a self-contained page."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from cardwright.anki.media import FindMedia, write_media
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import NoteType, make_note_type
from cardwright.anki.template import render_card
from cardwright.foreign.media import MediaFile
from cardwright.kinds import MAX_SHOWN, list_media, list_prompts
from cardwright.markdown.escape import escape_html
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import WriteMedia
from cardwright.model import Card, Collection, Prompt
from cardwright.web.frame import frame_face
from cardwright.web.maths import convert_maths

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>\n", re.DOTALL)
MAX_EMBEDDED_BYTES: Final = 20 * 10**6
"""A larger file would make the page too slow to open."""
_MAX_FACE: Final = 200_000
"""Longer faces, in characters without their media, are not shown: a browser may hang."""
_MEDIA: Final = re.compile(r' src="data:[^"<>]*"')


def finish_face(html: str) -> str:
    """Return a face with its formulas as MathML, or how long it is if that is too long to show."""
    html = convert_maths(html)
    length = len(html) if len(html) <= _MAX_FACE else len(_MEDIA.sub("", html))
    return html if length <= _MAX_FACE else f"<p>Too long to show: {length:,} characters</p>"


class FaceMaker:
    """Makes the faces of cards, and collects the scripts of their templates."""

    def __init__(
        self,
        collection: Collection,
        renderer: Renderer,
        find_media: FindMedia,
    ) -> None:
        """Use a renderer unless another is given; `find_media(card, path as written)` finds a file."""
        self._collection = collection
        self._renderer = renderer
        self._find_media = find_media
        self._note_types: dict[str, NoteType] = {}
        self._addresses: dict[Path, str] = {}
        self.scripts: dict[str, None] = {}
        """Without duplicates: a page runs each of them once for all cards."""
        self.styles: dict[str, str] = {}
        """The stylesheets of the project's own kinds, by kind."""
        self.has_frames = False
        """Whether adopted note types are shown, whose stylesheets the page cannot know by a hash."""
        self.has_media = False
        """Whether a card has had a media file since this was last set."""

    def add_kind(self, name: str) -> None:
        """Collect what the page needs for cards of a kind."""
        kind = self._collection.kinds[name]
        self._find_note_type(name)
        self.has_frames |= kind.adopted is not None
        if kind.css:
            self.styles[name] = kind.css

    def make_faces(
        self, card: Card, renderer: Renderer | None = None
    ) -> list[tuple[Prompt, str, str]]:
        """Return the first prompts of a card, each with its question and its answer as HTML."""
        return [
            (
                prompt,
                self.frame(prompt, question, "question"),
                self.frame(prompt, answer, "answer"),
            )
            for prompt, question, answer in self.render_faces(card, renderer)
        ]

    def render_faces(
        self, card: Card, renderer: Renderer | None = None
    ) -> list[tuple[Prompt, str, str]]:
        """Return what `make_faces` does, without the frames that faces of adopted kinds need."""
        renderer = renderer or self._renderer
        kind = self._collection.kinds[card.kind]
        prompts = list_prompts(card, kind)
        if not prompts:
            return []
        self.add_kind(card.kind)
        note_type = self._find_note_type(card.kind)
        fields = make_fields(self._collection, card, renderer, self._make_writers(card, renderer))
        details = {"Tags": " ".join(card.tags), "Deck": card.pack, "Type": kind.anki_name}
        faces = []
        for prompt in prompts[:MAX_SHOWN]:
            faces_made = render_card(note_type, fields, prompt.ordinal, details)
            question, answer = map(finish_face, faces_made)
            faces.append((prompt, question, answer))
        return faces

    def frame(self, prompt: Prompt, html: str, title: str, css: str = "") -> str:
        """Return a face as it can be shown beside others: in a frame, if its kind is adopted.

        `css` is added to the stylesheet of a frame.
        """
        kind = prompt.card.kind
        if not self._collection.kinds[kind].adopted:
            return html
        return frame_face(html, self._find_note_type(kind).css + css, prompt.ordinal, title)

    def _find_note_type(self, name: str) -> NoteType:
        if name not in self._note_types:
            made = make_note_type(self._collection.kinds[name], self._renderer)
            if self._collection.kinds[name].adopted:
                self._note_types[name] = made
                return made
            for template in made.templates:
                self.scripts.update(dict.fromkeys(_SCRIPT.findall(template.front + template.back)))
            bare = tuple(
                replace(
                    template,
                    front=_SCRIPT.sub("", template.front),
                    back=_SCRIPT.sub("", template.back),
                )
                for template in made.templates
            )
            self._note_types[name] = replace(made, templates=bare)
        return self._note_types[name]

    def _make_writers(self, card: Card, renderer: Renderer) -> dict[str, WriteMedia]:
        """Return writers that put a card's media into the page, by path as written."""
        found = list_media(card, self._collection.kinds[card.kind], renderer)
        self.has_media |= bool(found)
        return {
            written: partial(self._write, written, self._find_media(card, written))
            for written in found
        }

    def _write(
        self, written: str, file: MediaFile | None, attributes: str, /, *, is_hidden: bool
    ) -> str:
        if file is None:
            # The browser shows the description instead.
            return f'<img src="data:,"{attributes}>'
        address = self._read_address(file)
        if not address:
            return f"<em>{escape_html(written)} is too large for this page</em>"
        preload = "none" if is_hidden else "metadata"
        return write_media(file.format.kind, address, attributes, preload=preload)

    def _read_address(self, file: MediaFile) -> str:
        """Return the content of a file as a `data:` URL; "" if it is too large."""
        if file.path not in self._addresses:
            self._addresses[file.path] = embed_media(file)
        return self._addresses[file.path]


def embed_media(file: MediaFile) -> str:
    """Return the content of a file as a `data:` URL; "" if it is too large."""
    try:
        if file.path.stat().st_size > MAX_EMBEDDED_BYTES:
            return ""
        data = base64.b64encode(file.path.read_bytes()).decode("ascii")
    except OSError:
        return "data:,"
    return f"data:{file.format.mime_type};base64,{data}"
