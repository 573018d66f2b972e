"""Renderers of the texts of files, which know what these were rendered to in earlier runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardwright.markdown.render import Renderer, Texts
from cardwright.markdown.rendered import Rendered
from cardwright.project.cache import Cache, make_key

_Row = tuple[str, str, Rendered]


class Renderers:
    """A renderer for each file: after a change, only texts that are new in the file are rendered."""

    def __init__(self, cache: Cache, root: Path, *, highlights: bool) -> None:
        """Keep in a cache what is rendered of the project in a folder."""
        self._cache = cache
        # Another project may have files of the same names.
        self._root = os.fsencode(root)
        self._highlights = highlights

    @contextmanager
    def open(self, name: str) -> Iterator[Renderer]:
        """Yield a renderer that knows the texts of a file; keep what else it renders."""
        renderer = Renderer(highlights=self._highlights, known=self.recall(name))
        yield renderer
        # A build follows its checks; what only they need is kept for other runs.
        if renderer.has_learned and (self._highlights or self._cache.is_lasting):
            rows = [(how, text, made) for (how, text), made in renderer.used.items()]
            self._cache.keep(self._make_key(name), rows)

    def recall(self, name: str) -> Texts:
        """Return what the texts of a file were rendered to."""
        rows = self._cache.recall(self._make_key(name), list[_Row]) or []
        return {(how, text): made for how, text, made in rows}

    def _make_key(self, name: str) -> bytes:
        how = "highlighted" if self._highlights else "plain"
        return make_key("texts", how, self._root, name)
