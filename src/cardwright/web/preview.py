"""Cards → one self-contained page that shows every prompt as Anki does."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template
from typing import Final

from cardwright.anki.notetype import read_asset
from cardwright.app.project import Project
from cardwright.diagnostic import Diagnostic, Span
from cardwright.item import place_cards
from cardwright.kinds import list_prompts
from cardwright.markdown.escape import escape_html
from cardwright.model import Card, CardHead, Collection, Prompt
from cardwright.progress import track
from cardwright.project.cache import make_key
from cardwright.project.card_file import CardFile
from cardwright.project.source_url import make_source_url
from cardwright.text import count
from cardwright.web.face import FaceMaker

_MAX_LINE: Final = 300
_BATCH_CHARS: Final = 30_000
"""A browser makes the elements of so much in about a hundredth of a second."""
_NIGHT: Final = re.compile(r"\.(?:nightMode|night_mode)\s+(?=[^{},;]*[,{])")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    """A page, and how many prompts it shows."""

    html: str
    prompt_count: int


def make_page(project: Project, packs: Sequence[str], *, is_watched: bool) -> PreviewPage:
    """Make the page of some packs: the project's problems, then every prompt in teaching order.

    One that `is_watched` may ask its server for a newer one.
    """
    collection = project.collection
    maker = FaceMaker(collection, project.renderer, project.media.find)
    prompts = _make_prompts(project, packs, maker)
    kinds: dict[str, str] = {}
    lessons: dict[str, str] = {}
    decks = []
    prompt_count = 0
    for title, members in _list_decks(collection, packs):
        shown: list[str] = []
        for card in members:
            made = prompts[card.span]
            prompt_count += len(made)
            shown.append("".join(made))
            kinds[card.kind] = collection.kinds[card.kind].title
            if card.lesson:
                lessons[_lesson_key(card)] = str(collection.lesson_of(card) or card.lesson)
        decks.append(f'<section class="deck">\n{title}{_join_batches(shown)}</section>\n')
    names = [collection.decks[p].name if p in collection.decks else p for p in packs]
    own_styles = "".join(_scope_style(name, css) for name, css in maker.styles.items())
    style = f"{read_asset('card.css')}\n{_read_asset('page.css')}{own_styles}"
    script = _read_asset("page.js")
    card_scripts = [_wrap_script(text) for text in maker.scripts]
    html = Template(_read_asset("page.html")).substitute(
        policy=_make_policy(
            # A frame has the policy of its page, so a page with frames cannot name its stylesheets.
            "'unsafe-inline'" if maker.has_frames else _hash(style),
            [script, *card_scripts],
            is_watched=is_watched,
        ),
        title=escape_html(", ".join(names) or "Preview"),
        style=style,
        script=script,
        count=count(prompt_count, "prompt"),
        kinds=_make_choices(kinds),
        lessons=_make_choices(lessons),
        problems=_make_problems(project),
        decks="".join(decks),
        scripts="".join(f"<script>{text}</script>\n" for text in card_scripts),
    )
    return PreviewPage(html=html, prompt_count=prompt_count)


def _scope_style(kind: str, css: str) -> str:
    """Return the stylesheet of a kind for its cards alone: in Anki, it applies to no others."""
    # A rule for the night begins above the card, but within the scope nothing is above it.
    css = _NIGHT.sub(":root.nightMode :scope ", css)
    return f'\n@scope (.prompt[data-kind="{kind}"] .faces) {{\n{css}\n}}\n'


def _wrap_script(text: str) -> str:
    """Return the script of a card's template, to be run for the prompts of one batch after another."""
    return f'addEventListener("prompts", ({{ detail: document }}) => {{\n{text}\n}});'


@cache
def _read_asset(name: str) -> str:
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


def _list_decks(
    collection: Collection, packs: Sequence[str]
) -> Iterator[tuple[str, list[CardHead]]]:
    """Yield the heading of every deck that has cards itself, and these in teaching order."""
    by_pack: dict[str, list[CardHead]] = {}
    for card in collection.heads:
        if card.retired is None:
            by_pack.setdefault(card.pack, []).append(card)
    for pack in packs:
        cards = by_pack.get(pack, [])
        deck = collection.decks.get(pack)
        if deck is None:
            yield _make_heading((pack,)), cards
            continue
        placed, left = place_cards(deck, cards)
        for path, found in (*placed.items(), ((deck.name, "In no deck"), left)):
            if found:
                yield _make_heading(path), found


def _make_heading(path: tuple[str, ...]) -> str:
    above = " › ".join(path[:-1])
    small = f"<small>{escape_html(above)}</small>" if above else ""
    return f"<h2>{small}{escape_html(path[-1])}</h2>\n"


def _join_batches(cards: Sequence[str]) -> str:
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


def _make_prompts(
    project: Project, packs: Sequence[str], maker: FaceMaker
) -> dict[Span, list[str]]:
    """Return the prompts of every card of the packs, by the card's place."""
    prompts: dict[Span, list[str]] = {}
    for file in track(project.files, "Rendering files"):
        if file.pack in packs:
            asked = [head for head in file.heads if head.retired is None]
            for name in dict.fromkeys(head.kind for head in asked):
                maker.add_kind(name)
            found = _make_prompts_of_file(project, file, maker)
            prompts.update(zip((head.span for head in asked), found, strict=True))
    project.cache.flush()
    return prompts


def _make_prompts_of_file(project: Project, file: CardFile, maker: FaceMaker) -> list[list[str]]:
    """Return the prompts of each card of a file that is still asked."""
    collection = project.collection
    blueprint = collection.blueprints.get(file.pack)
    lessons = blueprint.lessons.values() if blueprint else ()
    titles = [f"{lesson.id} {lesson}" for lesson in lessons]
    deck = collection.decks.get(file.pack)
    address = deck.source_url if deck else ""
    key = make_key("preview", file.key, address, *titles) if file.key else None
    known = project.cache.recall(key, list[list[str]])
    if known is not None:
        return known
    maker.has_media = False
    with project.renderers.open(file.name) as renderer:
        found = [
            _frame_prompts(collection, card, maker.make_faces(card, renderer))
            for card in file.load_cards()
            if card.retired is None
        ]
    # A media file may change without its card.
    if key and project.cache.is_lasting and not maker.has_media:
        project.cache.keep(key, found)
    return found


def _frame_prompts(
    collection: Collection, card: Card, faces: Sequence[tuple[Prompt, str, str]]
) -> list[str]:
    kind = collection.kinds[card.kind]
    tags = "".join(f"<span>#{escape_html(tag)}</span>" for tag in card.tags)
    place = f"{card.span.path}:{card.span.line}"
    address = escape_html(make_source_url(collection.decks, card))
    # Its label is not part of the text, in which the page searches.
    improve = f'<a href="{address}" aria-label="Improve this card"></a>' if address else ""
    # Found by searching: what a reader sees in Anki as the card's Id.
    key = "" if card.key == card.ref else f"<span hidden>{escape_html(card.key)}</span>"
    left = len(list_prompts(card, kind)) - len(faces)
    more = f"<p>… and {count(left, 'prompt')} more of this card</p>\n" if left > 0 else ""
    shown = []
    for prompt, question, answer in faces:
        is_last = prompt is faces[-1][0]
        ref = escape_html(prompt.ref)
        shown.append(
            f'<section class="prompt" data-ref="{ref}" data-kind="{escape_html(card.kind)}"'
            f' data-lesson="{escape_html(_lesson_key(card))}">\n'
            f'<p class="head"><code>{ref}</code>{key}<span>{escape_html(kind.title)}</span>{tags}'
            f'<span class="place">{escape_html(place)}</span>{improve}</p>\n'
            '<div class="bounds"><div class="faces">\n'
            f"{_wrap_face(question)}{_wrap_face(answer)}</div></div>\n{more if is_last else ''}</section>\n"
        )
    return shown


def _wrap_face(html: str) -> str:
    return f"{html}\n" if html.startswith("<iframe") else f'<div class="card">\n{html}</div>\n'


def _lesson_key(card: CardHead) -> str:
    return f"{card.pack}:{card.lesson}" if card.lesson else ""


def _make_choices(choices: dict[str, str]) -> str:
    return "".join(
        f'<option value="{escape_html(value)}">{escape_html(text)}</option>'
        for value, text in choices.items()
    )


def _make_problems(project: Project) -> str:
    problems = project.problems
    if not problems:
        return ""
    items = "".join(_make_problem(problem, project.texts.line) for problem in problems)
    errors = sum(problem.is_error for problem in problems)
    counts = [(errors, "error"), (len(problems) - errors, "warning")]
    summary = ", ".join(count(number, noun) for number, noun in counts if number)
    return (
        f'<details class="problems" open>\n<summary>{summary}</summary>\n'
        f"<ul>\n{items}</ul>\n</details>\n"
    )


def _make_problem(problem: Diagnostic, read_line: Callable[[Span], str | None]) -> str:
    code, place = escape_html(problem.code), escape_html(str(problem.span))
    parts = [
        f"<p><b>{problem.severity}</b> {escape_html(problem.message)} <code>{code}</code></p>\n",
        f'<p class="place">{place}</p>\n',
    ]
    line = read_line(problem.span)
    if line is not None and line.strip() and len(line) <= _MAX_LINE:
        start = problem.span.column - 1
        end = start + problem.span.length
        before, fault, after = map(escape_html, (line[:start], line[start:end], line[end:]))
        parts.append(f"<pre>{before}<mark>{fault}</mark>{after}</pre>\n")
    parts += [
        f"<p>{escape_html(related.message)} at {escape_html(str(related.span))}</p>\n"
        for related in problem.related
    ]
    if problem.help:
        parts.append(f"<p>Help: {escape_html(problem.help)}</p>\n")
    return f'<li class="{problem.severity}">\n{"".join(parts)}</li>\n'
