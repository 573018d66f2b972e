"""Readable names for cards, files, fields and kinds, from texts in any script."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from anyascii import anyascii

from cardwright.markdown.cloze import find_deletions, reveal_deletions
from cardwright.markdown.tokens import Token, read_block

MAX_SLUG_LENGTH: Final = 40
_MAX_READ: Final = 400
"""The maximum of characters of a text that are read to name a card."""
_MAX_TEXTS: Final = 4
"""The maximum of texts that are read."""
_OCCLUSION: Final = re.compile(r"\{\{c[0-9,]+::image-occlusion:")
_APOSTROPHE: Final = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_SHARP: Final = re.compile(r"(?<=\b[A-Za-z])#")
"""As in the names of notes and of C#."""
_SIGN: Final = re.compile(r"[^A-Za-z0-9 ]")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_READING: Final = re.compile(r" ?([^\x00-\x7f]+?)\[[^\[\]]*\]")
"""How Anki's filter for furigana writes a word with its reading."""
_ID: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
MAX_ID_LENGTH: Final = 80


def make_slug(text: str, separator: str = "-", max_length: int = MAX_SLUG_LENGTH) -> str:
    """Return whole words of a text in Latin letters and digits, or "" if it has none."""
    plain = _SHARP.sub("-sharp", _APOSTROPHE.sub("", text[:_MAX_READ]))
    if not plain.isascii():
        plain = "".join(map(_write_latin, plain))
    words = _OTHER.sub(separator, plain.casefold()).strip(separator)
    if len(words) <= max_length:
        return words
    cut = words[: max_length + 1].rpartition(separator)[0]
    return cut or words[:max_length]


def _write_latin(char: str) -> str:
    if char.isascii():
        return char
    latin = anyascii(char)
    if char.isalpha():
        # Some letters have signs for a transcription: `'` and `` ` ``.
        return _SIGN.sub("", latin)
    # What emoji are called, `:deciduous_tree:`, is a word of its own.
    return f" {latin} " if latin.startswith(":") and len(latin) > 1 else latin


def is_id(word: str) -> bool:
    """Tell whether a text can be the id of a card."""
    return len(word) <= MAX_ID_LENGTH and _ID.fullmatch(word) is not None


class FreeNames:
    """Gives each name once, without regard to case, however often the same one is wanted."""

    def __init__(self, taken: Iterable[str] = (), *, separator: str = "-") -> None:
        """`taken` are names that are not free; the separator comes before a number."""
        self._taken = set(map(str.casefold, taken))
        self._separator = separator
        self._numbers: dict[tuple[str, str], int] = {}
        """The highest number that a name was given with."""

    def __contains__(self, name: str) -> bool:
        """Tell whether a name is taken."""
        return name.casefold() in self._taken

    def add(self, name: str) -> None:
        """Take a name as it is."""
        self._taken.add(name.casefold())

    def take(self, name: str, ending: str = "") -> str:
        """Take a name: itself, or with the lowest number that is free, before its ending."""
        wanted = name.casefold(), ending.casefold()
        number, made = self._numbers.get(wanted, 1), f"{name}{ending}"
        while made in self:
            number += 1
            made = f"{name}{self._separator}{number}{ending}"
        self._numbers[wanted] = number
        self.add(made)
        return made


class IdMaker:
    """Makes ids for the cards of a pack."""

    def __init__(self, taken: Iterable[str]) -> None:
        """`taken` are ids of other cards."""
        self._names = FreeNames(taken)

    def keep(self, card_id: str) -> bool:
        """Take an id as it is; tell whether that is possible."""
        if not is_id(card_id) or card_id in self._names:
            return False
        self._names.add(card_id)
        return True

    def make(self, texts: Iterable[str], identity: str) -> str:
        """Return a new id from the first of some Markdown texts that has words, or else a number.

        If none has, it is made from the note's `identity`.
        """
        slugs = [slug for text in islice(texts, _MAX_TEXTS) if (slug := _make_text_slug(text))]
        slug = next((slug for slug in slugs if not slug.isdigit()), slugs[0] if slugs else "")
        if not slug:
            digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
            slug = f"note-{digest[:8]}"
        return self._names.take(slug)


def _make_text_slug(markdown: str) -> str:
    text = markdown[:_MAX_READ]
    if _OCCLUSION.match(text):
        return ""
    shown = make_slug(_READING.sub(r" \1", _read_shown(text)))
    if shown or "![" not in text:
        return shown
    media = (token for token in _read(text) if token.name == "image")
    return next(filter(None, (_name_image(token) for token in media)), "")


def _name_image(token: Token) -> str:
    return make_slug(token.text) or make_slug(PurePosixPath(token.detail).stem)


def _read_shown(text: str) -> str:
    if text.replace(" ", "").isalnum():
        return text
    return "".join(
        token.text if token.name in {"text", "maths", "code"} else _separate(token)
        for token in _read(text)
    )


def _separate(token: Token) -> str:
    return "" if token.name.startswith(("strong", "em", "s_", "link")) else " "


def _read(text: str) -> tuple[Token, ...]:
    if "{{c" in text and find_deletions(text)[0]:
        text = reveal_deletions(text)
    return read_block(text)
