"""Decks → the manifest of a pack, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from cardwright.adopt.clean import clean_deck_name, clean_line, clean_text
from cardwright.adopt.ids import FreeNames
from cardwright.adopt.layout import PackPlan
from cardwright.diagnostic import SEVERITIES
from cardwright.html import Layout, TooLargeError, convert_html
from cardwright.incoming import IncomingDeck, LossCounter
from cardwright.markdown.escape import escape_html
from cardwright.markdown.render import Renderer
from cardwright.model import DeckOptions

_DEFAULTS: Final = DeckOptions()
_ALL_FILES: Final = "**"
_IN_DESCRIPTIONS: Final = frozenset({"unbalanced-maths", "unsafe-maths"})
"""Problems of maths, which Anki does not render in descriptions."""


class ManifestMaker:
    """Makes the manifests of packs, each of which gets a name that no other has."""

    def __init__(
        self,
        name: str,
        decks: Mapping[str, IncomingDeck],
        taken: Iterable[str],
        losses: LossCounter,
    ) -> None:
        """`name` is that of the incoming deck, and `taken` are those of the top decks of other packs."""
        self._name = name
        self._decks = decks
        self._ranks = {deck: rank for rank, deck in enumerate(decks)}
        self._names = FreeNames(taken, separator=" ")
        self._losses = losses

    def make(self, pack: PackPlan) -> dict[str, Any]:
        """Return the manifest of a pack."""
        known = pack.known.decks if pack.known else {}
        if any(deck in known and deck not in self._decks for deck in pack.files):
            # The incoming deck is a part, which does not say how all of them are ordered.
            ranks = {deck: rank for rank, deck in enumerate({**known, **self._decks})}
        else:
            ranks = self._ranks
        ordered = sorted(pack.files, key=lambda deck: ranks.get(deck, len(ranks)))
        decks = {**known, **self._decks}
        return _Manifest(pack, self._name, decks, ordered, self._losses).make(self._names)


class _Manifest:
    def __init__(
        self,
        pack: PackPlan,
        name: str,
        decks: Mapping[str, IncomingDeck],
        ordered: Iterable[str],
        losses: LossCounter,
    ) -> None:
        """`ordered` are the decks with notes in the order to show."""
        self._pack = pack
        self._name = name
        self._decks = decks
        self._losses = losses
        self._children: dict[str, dict[str, None]] = {}
        for deck in ordered:
            parts = deck.split("::")
            for depth in range(1, len(parts)):
                below = self._children.setdefault("::".join(parts[:depth]), {})
                below["::".join(parts[: depth + 1])] = None

    def make(self, names: FreeNames) -> dict[str, Any]:
        tops = list(self._pack.tops)
        if len(tops) == 1:
            name = self._clean_name(tops[0] or self._name, names)
            return self._make_deck(tops[0], _DEFAULTS, is_root=True, name=name)
        for top in tops:
            self._losses.add("deck that is now below another", f"deck {top or self._name}")
        named = [top for top in tops if top]
        return {
            "name": self._clean_name(self._name, names),
            **({"select": {"file": _ALL_FILES}} if "" in tops else {}),
            "decks": list(self._make_children(named, _DEFAULTS)),
        }

    def _make_deck(
        self, deck: str, inherited: DeckOptions, *, name: str, is_root: bool = False
    ) -> dict[str, Any]:
        found = self._decks.get(deck)
        children = self._children.get(deck, {})
        data: dict[str, Any] = {"name": name}
        if found and (description := self._describe(found)):
            data["description"] = description
        files = self._pack.files.get(deck, {})
        if files and not is_root:
            pattern = self._pack.patterns.get(deck)
            data["select"] = {
                "file": pattern or (next(iter(files)) if len(files) == 1 else [*files])
            }
        elif files and children:
            data["select"] = {"file": _ALL_FILES}
        options = found.options if found and found.options else inherited
        if changed := dict(_list_changed(options, inherited)):
            data["options"] = changed
        if children:
            data["decks"] = list(self._make_children(children, options))
        return data

    def _make_children(
        self, decks: Iterable[str], inherited: DeckOptions
    ) -> Iterator[dict[str, Any]]:
        names = FreeNames(separator=" ")
        for deck in decks:
            name = self._clean_name(deck.rpartition("::")[2], names)
            yield self._make_deck(deck, inherited, name=name)

    def _clean_name(self, name: str, names: FreeNames) -> str:
        cleaned = clean_deck_name(name)
        free = names.take(cleaned)
        if free != name:
            self._losses.add("deck name that a project cannot have", f"deck {cleaned}", name)
        return free

    def _describe(self, deck: IncomingDeck) -> str:
        text = deck.description
        if not text.strip():
            return ""
        place = f"description of {clean_line(deck.name)}"
        if deck.is_markdown and not _has_errors(clean_text(text)):
            return clean_text(text)
        html = escape_html(text) if deck.is_markdown else text
        # Anki shows descriptions with their line breaks.
        html = "<br>".join(html.strip().splitlines())
        try:
            made = convert_html(html, Layout.BLOCK, find_media=lambda _: None)
        except TooLargeError:
            self._losses.add("description that is too long", place)
            return ""
        for loss in made.losses:
            self._losses.add(loss.what, place, loss.example)
        return clean_text(made.markdown)


def _has_errors(text: str) -> bool:
    rendered = Renderer(highlights=False).render_block(text)
    codes = {problem.code for problem in rendered.problems} - _IN_DESCRIPTIONS
    return bool(rendered.media) or any(SEVERITIES[code] == "error" for code in codes)


def _list_changed(options: DeckOptions, inherited: DeckOptions) -> Iterator[tuple[str, Any]]:
    for one in fields(DeckOptions):
        value = getattr(options, one.name)
        if value != getattr(inherited, one.name):
            yield one.name, _write_option(value)


def _write_option(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_write_option(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
