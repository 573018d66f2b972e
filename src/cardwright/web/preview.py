"""Cards → one self-contained page that shows every prompt as Anki does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.app.project import Project
from cardwright.diagnostic import Diagnostic, Span
from cardwright.item import place_cards
from cardwright.kinds import list_prompts
from cardwright.markdown.escape import escape_html
from cardwright.markdown.render import Renderer
from cardwright.model import Card, CardHead, Collection, Prompt
from cardwright.progress import track
from cardwright.project.cache import make_key
from cardwright.project.card_file import CardFile
from cardwright.project.source_url import make_source_url
from cardwright.text import count
from cardwright.web.face import FaceMaker
from cardwright.web.page import (
    Content,
    assemble_page,
    join_batches,
    join_styles,
    wrap_face,
    wrap_script,
)

_MAX_LINE: Final = 300
_STYLES: Final = ("page.css",)


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
        decks.append(f'<section class="deck">\n{title}{join_batches(shown)}</section>\n')
    names = [collection.decks[p].name if p in collection.decks else p for p in packs]
    html = assemble_page(
        Content(
            title=", ".join(names) or "Preview",
            count=prompt_count,
            noun="prompt",
            kinds=kinds,
            groups=lessons,
            groups_label="lessons",
            views={"": "Both sides", "flip": "One by one"},
            start=_make_problems(project),
            sections="".join(decks),
        ),
        styles=_STYLES,
        scopes=_list_scopes(maker),
        scripts=maker.scripts,
        has_frames=maker.has_frames,
        is_watched=is_watched,
    )
    return PreviewPage(html=html, prompt_count=prompt_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """The prompts of one card, in parts of a page of somebody else."""

    html: str
    style: str
    """What `html` needs; with the class `nightMode`, the root is dark."""
    script: str
    """Our own, to be run once before each event `prompts` that tells of new ones; "" if none is needed."""


def make_card_view(project: Project, card: Card) -> CardView:
    """Return one card as the page shows it, even a retired one."""
    collection = project.collection
    maker = FaceMaker(collection, Renderer(), project.media.find)
    html = "".join(_frame_prompts(collection, card, maker.make_faces(card)))
    return CardView(
        html=html,
        style=join_styles(_STYLES, _list_scopes(maker)),
        script="\n".join(map(wrap_script, maker.scripts)),
    )


def _list_scopes(maker: FaceMaker) -> Iterator[tuple[str, str]]:
    """Yield the stylesheets of kinds, each with where it applies."""
    for name, css in maker.styles.items():
        yield f'.prompt[data-kind="{name}"] .faces', css


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
            f"{wrap_face(question)}{wrap_face(answer)}</div></div>\n{more if is_last else ''}</section>\n"
        )
    return shown


def _lesson_key(card: CardHead) -> str:
    return f"{card.pack}:{card.lesson}" if card.lesson else ""


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
