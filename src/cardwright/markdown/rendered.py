"""A text as HTML, and the media in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from cardwright.diagnostic import TextProblem

_IMAGE: Final = re.compile('<img src="([^"]*)"([^>]*)>')


class WriteMedia(Protocol):
    """Writes one media file."""

    def __call__(self, attributes: str, /, *, is_hidden: bool) -> str:
        """Return its HTML from the attributes of its image: `alt`, maybe more, as HTML.

        If it is hidden at first, it must not start to play.
        """


class Rendered(NamedTuple):
    """A text as HTML."""

    html: str
    problems: tuple[TextProblem, ...]
    media: tuple[str, ...]
    """The paths of its images, sounds and videos as written, each once, in order."""


def replace_media(html: str, writers: Mapping[str, WriteMedia], *, is_hidden: bool = False) -> str:
    """Write media in their final form; a path that is not in `writers` stays an image.

    The result may hold Anki's `[sound:…]`, so it must not be neutralised again.
    """
    if "<img " not in html:
        return html
    from html import unescape  # noqa: PLC0415  (slow, and few texts have media)

    def write(match: re.Match[str]) -> str:
        writer = writers.get(unescape(match[1]))
        return match[0] if writer is None else writer(match[2], is_hidden=is_hidden)

    return _IMAGE.sub(write, html)
