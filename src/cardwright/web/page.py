"""The frame of a self-contained page of cards: its policy, styles, scripts and filters."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template
from typing import Final

from cardwright.anki.notetype import read_asset
from cardwright.markdown.escape import escape_html
from cardwright.text import count
from cardwright.web.frame import share_styles

_BATCH_CHARS: Final = 30_000
"""A browser makes the elements of so much in about a hundredth of a second."""
_NIGHT: Final = re.compile(r"\.(?:nightMode|night_mode)\s+(?=[^{},;]*[,{])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a page shows."""

    title: str
    count: int
    noun: str
    """What is counted."""
    kinds: Mapping[str, str]
    """The titles of the kinds that can be chosen."""
    groups: Mapping[str, str]
    """The titles of the groups that can be chosen."""
    groups_label: str
    views: Mapping[str, str]
    start: str
    """HTML above the sections."""
    sections: str
    """HTML of the sections, in batches."""


def assemble_page(
    content: Content,
    *,
    styles: Iterable[str],
    scopes: Iterable[tuple[str, str]],
    scripts: Iterable[str],
    has_frames: bool,
    is_watched: bool = False,
) -> str:
    """Return a page with our stylesheets of these names, and those of kinds, each with its scope.

    `scripts` are those of the templates of cards. If it `has_frames`, these have stylesheets of their own.
    """
    style = join_styles(styles, scopes)
    sections, shared = share_styles(content.sections)
    script = read_page_asset("page.js")
    card_scripts = [wrap_script(text) for text in scripts]
    return Template(read_page_asset("page.html")).substitute(
        policy=_make_policy(
            # A frame has the policy of its page, so a page with frames cannot name its stylesheets.
            "'unsafe-inline'" if has_frames else _hash(style),
            [script, *card_scripts],
            is_watched=is_watched,
        ),
        title=escape_html(content.title),
        style=style,
        script=script,
        count=count(content.count, content.noun),
        noun=content.noun,
        kinds=_make_choices(content.kinds),
        groups=_make_choices(content.groups),
        groups_label=content.groups_label,
        views=_make_choices(content.views),
        hidden="" if len(content.views) > 1 else " hidden",
        start=content.start,
        sections=sections,
        shared="".join(f'<script type="text/css">{css}</script>\n' for css in shared),
        scripts="".join(f"<script>{text}</script>\n" for text in card_scripts),
    )


def join_styles(styles: Iterable[str], scopes: Iterable[tuple[str, str]]) -> str:
    """Return the stylesheet of cards, ours of these names, and those of kinds, each with its scope."""
    own = "\n".join([read_asset("card.css"), *map(read_page_asset, styles)])
    return own + "".join(_scope_style(selector, css) for selector, css in scopes)


def _scope_style(selector: str, css: str) -> str:
    """Return the stylesheet of a kind for its cards alone: in Anki, it applies to no others."""
    # A rule for the night begins above the card, but within the scope nothing is above it.
    css = _NIGHT.sub(":root.nightMode :scope ", css)
    return f"\n@scope ({selector}) {{\n{css}\n}}\n"


def wrap_script(text: str) -> str:
    """Return the script of a card's template, to be run for the prompts of one batch after another."""
    return f'addEventListener("prompts", ({{ detail: document }}) => {{\n{text}\n}});'


@cache
def read_page_asset(name: str) -> str:
    """Return a file of this package."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _make_policy(style_source: str, scripts: list[str], *, is_watched: bool) -> str:
    hashes = " ".join(_hash(script) for script in scripts)
    rules = [
        "default-src 'none'",
        f"script-src {hashes}",
        f"style-src {style_source}",
        "img-src data:",
        "media-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types cards",
    ]
    return "; ".join([*rules, "connect-src 'self'"] if is_watched else rules)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest())
    return f"'sha256-{digest.decode('ascii')}'"


def join_batches(cards: Sequence[str]) -> str:
    """Return the prompts of some cards in batches, which a browser keeps as text if it has scripts."""
    batches: list[list[str]] = []
    size = _BATCH_CHARS
    for html in cards:
        if size >= _BATCH_CHARS:
            batches.append([])
            size = 0
        batches[-1].append(html)
        size += len(html)
    return "".join(
        f'<div class="batch"><noscript>\n{"".join(batch)}</noscript></div>\n' for batch in batches
    )


def _make_choices(choices: Mapping[str, str]) -> str:
    return "".join(
        f'<option value="{escape_html(value)}">{escape_html(text)}</option>'
        for value, text in choices.items()
    )


def wrap_face(html: str) -> str:
    """Return a face as it stands beside others."""
    return f"{html}\n" if html.startswith("<iframe") else f'<div class="card">\n{html}</div>\n'
