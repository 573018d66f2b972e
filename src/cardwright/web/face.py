"""Prompt → its question and answer as HTML for a self-contained page."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from cardwright.anki.note import make_fields
from cardwright.anki.notetype import NoteType, make_note_type
from cardwright.anki.template import render_card
from cardwright.kinds import list_images, list_prompts
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Prompt
from cardwright.web.frame import frame_face
from cardwright.web.maths import convert_maths

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>\n", re.DOTALL)
_TYPES: Final = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
_NO_IMAGE: Final = "data:,"
"""Makes the browser show the description instead."""


class FaceMaker:
    """Makes the faces of cards, and collects the scripts of their templates."""

    def __init__(
        self,
        collection: Collection,
        renderer: Renderer,
        find_media: Callable[[Card, str], Path | None],
    ) -> None:
        """`find_media(card, path as written)` returns the file of an image."""
        self._collection = collection
        self._renderer = renderer
        self._find_media = find_media
        self._note_types: dict[str, NoteType] = {}
        self._images: dict[Path, str] = {}
        self.scripts: dict[str, None] = {}
        """Without duplicates: a page runs each of them once for all cards."""
        self.styles: dict[str, str] = {}
        """The stylesheets of the project's own kinds, by kind."""
        self.has_frames = False
        """Whether adopted note types are shown, whose stylesheets the page cannot know by a hash."""

    def make_faces(self, card: Card) -> list[tuple[Prompt, str, str]]:
        """Return the prompts of a card, each with its question and its answer as HTML."""
        kind = self._collection.kinds[card.kind]
        prompts = list_prompts(card, kind)
        if not prompts:
            return []
        note_type = self._find_note_type(card.kind)
        fields = make_fields(self._collection, card, self._renderer, self._read_images(card))
        details = {"Tags": " ".join(card.tags), "Deck": card.pack, "Type": kind.anki_name}
        faces = []
        for prompt in prompts:
            question, answer = map(
                convert_maths, render_card(note_type, fields, prompt.ordinal, details)
            )
            if kind.adopted:
                question = frame_face(question, note_type.css, prompt.ordinal, "question")
                answer = frame_face(answer, note_type.css, prompt.ordinal, "answer")
                self.has_frames = True
            faces.append((prompt, question, answer))
        if kind.css:
            self.styles[kind.name] = kind.css
        return faces

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

    def _read_images(self, card: Card) -> dict[str, str]:
        """Return the images of a card as `data:` URLs, by path as written."""
        kind = self._collection.kinds[card.kind]
        return {
            image: self._read_image(self._find_media(card, image))
            for image in list_images(card, kind, self._renderer)
        }

    def _read_image(self, path: Path | None) -> str:
        if path is None:
            return _NO_IMAGE
        if path not in self._images:
            try:
                data = base64.b64encode(path.read_bytes()).decode("ascii")
            except OSError:
                return _NO_IMAGE
            media_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
            self._images[path] = f"data:{media_type};base64,{data}"
        return self._images[path]
