"""The face of an adopted note type → a frame in which its own stylesheet applies and nothing runs.

Its templates were written by somebody else. The frame is sandboxed without any permission, has a
policy that loads nothing, and what would act before both apply is taken out.
"""

from __future__ import annotations

import re
from typing import Final

from cardwright.markdown.escape import escape_html

_SCRIPT: Final = re.compile(r"<script\b.*?(?:</script\s*>|$)", re.IGNORECASE | re.DOTALL)
_ACTIVE: Final = re.compile(
    r"<(/?)(script|link|meta|base|iframe|frame|object|embed|portal|form)\b", re.IGNORECASE
)
_STYLED: Final = re.compile(
    r'(<iframe class="card")( [^<>]*? srcdoc="[^"]*?&lt;style&gt;)([^"]*?)(?=&lt;/style&gt;)'
)
_POLICY: Final = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


def frame_face(html: str, css: str, ordinal: int, title: str) -> str:
    """Return a frame that shows a face as Anki would, without its scripts.

    `ordinal` is Anki's number of the card; stylesheets can tell cards apart by it.
    """
    shown = _ACTIVE.sub(r"<\1x-\2", _SCRIPT.sub("", html))
    style = css.replace("</", "<\\/")
    page = (
        "<!doctype html>\n"
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<style>{style}</style>\n"
        f'<body class="card card{ordinal + 1}"><div id="qa">{shown}</div>'
    )
    return (
        f'<iframe class="card" sandbox="" loading="lazy" title="{escape_html(title)}"'
        f' srcdoc="{escape_html(page)}"></iframe>'
    )


def share_styles(html: str) -> tuple[str, list[str]]:
    """Return a page's HTML with `data-style` in place of the stylesheet of each frame, and these.

    They are escaped, as they are to be put into the frames again.
    """
    places: dict[str, int] = {}

    def take(match: re.Match[str]) -> str:
        place = places.setdefault(match[3], len(places))
        return f'{match[1]} data-style="{place}"{match[2]}'

    return _STYLED.sub(take, html), list(places)
