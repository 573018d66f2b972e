"""Changes of cards → one self-contained page that shows each card before and after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from cardwright.anki.diff import Change, TextChange, compare_keyed, shorten_title
from cardwright.anki.package_notes import PackageNotes
from cardwright.app.diff import CardChange
from cardwright.app.project import Project
from cardwright.changed_lines import REMOVED, mark_words
from cardwright.markdown.escape import escape_html
from cardwright.model import Card, Prompt
from cardwright.progress import track
from cardwright.text import count, escape_controls
from cardwright.web.face import FaceMaker
from cardwright.web.frame import frame_face
from cardwright.web.marks import mark_changes
from cardwright.web.package_face import PackageFaceMaker
from cardwright.web.page import Content, assemble_page, join_batches, read_page_asset, wrap_face

_GROUPS: Final = {
    "changed": "Changed",
    "renamed": "Renamed",
    "moved": "Moved",
    "added": "Added",
    "revived": "Brought back",
    "retired": "Retired",
    "reserved": "Held back",
    "vanished": "Vanished",
    "rerendered": "Rerendered",
}
"""The headings, in their order."""
_MAX_SHOWN: Final = 200_000
"""Longer texts, in characters, are not compared: a browser may hang."""
_MAX_CARDS: Final = 5_000
"""A page with more would be slow to make and to open: the others are counted."""
_MARKS: Final = "marks.css"
_FACTS: Final = ("tags", "lesson")
"""The parts that are not seen on a card, and are short."""
_UNSEEN: Final = re.compile(r'<div class="reason">.*?</div>', re.DOTALL)
"""What a question holds out of sight: why options are right or wrong."""


class Face(NamedTuple):
    """A question with its answer, on one of the two sides."""

    name: str
    """The same for both sides of a prompt."""
    question: str
    answer: str
    wrap: Callable[[str, str], str]
    """Returns HTML, and the title of the face, as it can stand beside others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A change, with what the page shows of it."""

    change: Change
    ref: str
    kinds: tuple[str, str]
    """Names of its kind, before and after, that scope stylesheets."""
    kind_title: str
    place: str
    reason: str
    """Why it was retired, or ""."""
    before: Sequence[Face]
    after: Sequence[Face]


def make_project_page(
    title: str, before: Project, after: Project, changes: Iterable[CardChange]
) -> str:
    """Make the page of the changes between two states of a project."""
    sides = [_Side(project) for project in (before, after)]
    cards = []
    restyled = []
    for one in changes:
        if card := one.after or one.before:
            cards.append((one, card))
        else:
            restyled.append(one.change.id)
    shown = [
        _show_card(one, card, sides) for one, card in track(cards[:_MAX_CARDS], "Rendering cards")
    ]
    scopes = [
        (f'.{name}[data-kind="{kind}"]', css)
        for name, side in zip(("before", "after"), sides, strict=True)
        for kind, css in side.maker.styles.items()
    ]
    return _make_page(
        title,
        shown,
        restyled,
        total=len(cards),
        scopes=scopes,
        scripts=chain.from_iterable(side.maker.scripts for side in sides),
        has_frames=any(side.maker.has_frames for side in sides),
    )


class _Side:
    """One of the two states of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.maker = FaceMaker(project.collection, project.renderer, project.media.find)

    def make_faces(self, card: Card | None) -> Iterator[Face]:
        for prompt, question, answer in self.maker.render_faces(card) if card else ():

            def wrap(html: str, title: str, prompt: Prompt = prompt) -> str:
                return self.maker.frame(prompt, html, title, _read_marks())

            yield Face(prompt.side_name, question, answer, wrap)


def _show_card(one: CardChange, card: Card, sides: Sequence[_Side]) -> ShownChange:
    cards = (one.before, one.after)
    before, after = (list(side.make_faces(found)) for side, found in zip(sides, cards, strict=True))
    kinds = [found.kind if found else card.kind for found in cards]
    project = sides[1 if one.after else 0].project
    return ShownChange(
        change=one.change,
        ref=card.ref,
        kinds=(kinds[0], kinds[1]),
        kind_title=project.collection.kinds[card.kind].title,
        place=f"{card.span.path}:{card.span.line}",
        reason=card.retired or "",
        before=before,
        after=after,
    )


def make_package_page(title: str, before: PackageNotes, after: PackageNotes) -> tuple[str, int]:
    """Make the page of the differences between two packages; return it with their number."""
    changes = list(compare_keyed(before, after))
    cut = changes[:_MAX_CARDS]
    makers = []
    for notes in (before, after):
        ids = [notes.ids[key] for key, _ in cut if key in notes]
        makers.append(PackageFaceMaker(notes.collection, ids))
    shown = []
    for key, change in track(cut, "Rendering cards"):
        kind_title = ""
        faces: list[list[Face]] = []
        for notes, maker in zip((before, after), makers, strict=True):
            faces.append([])
            if key in notes:
                note = notes.read(key)
                kind_title = maker.find_note_type(note.type_id).name
                faces[-1] += _frame_note(maker, note.type_id, maker.render_faces(note))
        shown.append(
            ShownChange(
                change=change,
                ref=change.id,
                kinds=(kind_title, kind_title),
                kind_title=kind_title,
                place="",
                reason="",
                before=faces[0],
                after=faces[1],
            )
        )
    total = len(changes)
    return _make_page(title, shown, (), total=total, scopes=(), scripts=(), has_frames=True), total


def _frame_note(
    maker: PackageFaceMaker, type_id: int, faces: Iterable[tuple[int, str, str]]
) -> Iterator[Face]:
    css = maker.find_note_type(type_id).css + _read_marks()
    for ordinal, question, answer in faces:

        def wrap(html: str, title: str, ordinal: int = ordinal) -> str:
            return frame_face(html, css, ordinal, title)

        yield Face(f"card {ordinal + 1}", question, answer, wrap)


def _read_marks() -> str:
    return read_page_asset(_MARKS)


def _make_page(
    title: str,
    changes: Sequence[ShownChange],
    restyled: Sequence[str],
    *,
    total: int,
    scopes: Iterable[tuple[str, str]],
    scripts: Iterable[str],
    has_frames: bool,
) -> str:
    by_group: dict[str, list[ShownChange]] = {name: [] for name in _GROUPS}
    for one in changes:
        by_group[one.change.what].append(one)
    groups = {name: found for name, found in by_group.items() if found}
    sections = [
        f'<section class="deck">\n<h2>{_GROUPS[name]}</h2>\n'
        f"{join_batches([_make_section(one) for one in found])}</section>\n"
        for name, found in groups.items()
    ]
    content = Content(
        title=escape_controls(title),
        count=len(changes),
        noun="card",
        kinds={one.kinds[1]: one.kind_title for one in changes},
        groups={name: _GROUPS[name] for name in groups},
        groups_label="changes",
        views={"": "Before and after"},
        start=_make_list(groups, restyled, total),
        sections="".join(sections),
    )
    return assemble_page(
        content,
        styles=["page.css", "diff.css", _MARKS],
        scopes=scopes,
        scripts=dict.fromkeys(scripts),
        has_frames=has_frames,
    )


def _make_list(
    groups: Mapping[str, Sequence[ShownChange]], restyled: Sequence[str], total: int
) -> str:
    """Return the list of the changes that are shown, of `total`, each a link to its card."""
    parts = []
    for name, found in groups.items():
        items = "".join(
            f'<li><a href="#at={_escape(one.ref)}" target="_self" data-at="{_escape(one.ref)}">'
            f"{_escape(shorten_title(one.change.id))}</a> {_escape(one.change.title)}</li>\n"
            for one in found
        )
        parts.append(
            f"<h2>{_GROUPS[name]} <small>{len(found):,}</small></h2>\n<ul>\n{items}</ul>\n"
        )
    if restyled:
        names = ", ".join(f"<code>{_escape(kind)}</code>" for kind in restyled)
        parts.append(f"<p>All cards of these kinds look different: {names}</p>\n")
    if not parts:
        parts.append("<p>No card has changed.</p>\n")
    summary = count(total, "card")
    shown = sum(map(len, groups.values()))
    if shown < total:
        parts.append("<p><code>cards diff</code> lists them all.</p>\n")
        summary = f"The first {shown:,} of {summary}"
    return (
        f'<details class="list" open>\n<summary>{summary}</summary>\n{"".join(parts)}</details>\n'
    )


def _make_section(one: ShownChange) -> str:
    what = one.change.what
    return (
        f'<section class="prompt" data-ref="{_escape(one.ref)}"'
        f' data-kind="{_escape(one.kinds[1])}" data-lesson="{what}">\n'
        f'<p class="head"><b class="{what}">{what}</b><code>{_escape(shorten_title(one.ref))}</code>'
        f'<span>{_escape(one.kind_title)}</span><span class="place">{_escape(one.place)}</span></p>\n'
        f"{_make_facts(one)}{_make_faces(one)}{_make_texts(one.change.texts)}</section>\n"
    )


def _make_facts(one: ShownChange) -> str:
    """Return what has changed besides the texts of a card."""
    change = one.change
    facts = []
    if change.was:
        facts.append(f"id: {_mark(change.was, change.id)}")
    if change.decks:
        facts.append(f"deck: {_mark(*change.decks)} (Anki leaves existing cards where they are)")
    for text in change.texts:
        if text.part in _FACTS:
            before, after = text.before.split("\n"), text.after.split("\n")
            # The page says it already.
            gone = "\n".join(word for word in before if word not in (*after, "retired"))
            new = "\n".join(word for word in after if word not in (*before, "retired"))
            if gone or new:
                facts.append(f"{text.part}: {_mark(gone, new)}")
    if one.reason:
        facts.append(f"retired: {_escape(one.reason)}")
    items = "".join(f"<li>{fact}</li>\n" for fact in facts)
    return f'<ul class="facts">\n{items}</ul>\n' if facts else ""


def _mark(before: str, after: str) -> str:
    return " ".join(
        f"<{mark}>{_escape(part)}</{mark}>"
        for mark, text in (("del", before), ("ins", after))
        for part in text.split("\n")
        if part
    )


def _make_faces(one: ShownChange) -> str:
    before = {face.name: face for face in one.before}
    after = {face.name: face for face in one.after}
    names = list(dict.fromkeys((*after, *before)))
    shown = []
    for name in names:
        made = _make_prompt(one, before.get(name), after.get(name))
        if made and len(names) > 1:
            made = f'<h3 class="side">{_escape(name)}</h3>\n{made}'
        shown.append(made)
    if not any(shown) and names:
        # What changed is not seen on the card, but the card is.
        face = after.get(names[0]) or before[names[0]]
        return _wrap_side(one, "after", [face.wrap(face.answer, "answer")], "still")
    same = sum(not made for made in shown)
    rest = f'<p class="quiet">{count(same, "prompt")} of it as before</p>\n' if same else ""
    return "".join(shown) + rest


def _make_prompt(one: ShownChange, before: Face | None, after: Face | None) -> str:
    """Return a prompt before and after; "" if it looks the same."""
    if before is None or after is None:
        side, face = ("after", after) if after else ("before", before)
        assert face is not None  # noqa: S101  (one of them is there)
        faces = [face.wrap(face.question, "question"), face.wrap(face.answer, "answer")]
        return _wrap_side(one, side, faces, "both")
    differing = []
    if _UNSEEN.sub("", before.question) != _UNSEEN.sub("", after.question):
        differing.append(("question", before.question, after.question))
    if before.answer != after.answer:
        differing.append(("answer", before.answer, after.answer))
    rows = []
    for title, old, new in differing:
        marked = mark_changes(old, new)
        left = before.wrap(marked[0], f"{title}, before")
        right = after.wrap(marked[1], f"{title}, after")
        pair = _wrap_side(one, "before", [left]) + _wrap_side(one, "after", [right])
        rows.append(f'<div class="pair">\n{pair}</div>\n')
    return "".join(rows)


def _wrap_side(one: ShownChange, side: str, faces: Sequence[str], look: str = "") -> str:
    """Return faces in the styles of one side; `look` is a class of the page."""
    kind = one.kinds[side == "after"]
    wrapped = "".join(map(wrap_face, faces))
    classes = f"faces {side} {look}".rstrip()
    return (
        f'<div class="bounds"><div class="{classes}" data-kind="{_escape(kind)}">\n'
        f"{wrapped}</div></div>\n"
    )


def _make_texts(texts: Sequence[TextChange]) -> str:
    """Return how the texts were written before, and are now."""
    parts = []
    for text in texts:
        if text.part in _FACTS:
            continue
        if max(len(text.before), len(text.after)) > _MAX_SHOWN:
            lines = "too long to compare"
        else:
            marked = mark_words(escape_controls(text.before), escape_controls(text.after))
            lines = "\n".join("".join(map(_write_piece, pieces)) for pieces in marked)
        parts.append(f"<h4>{_escape(text.part)}</h4>\n<pre>{lines}</pre>\n")
    if not parts:
        return ""
    return f'<details class="written"><summary>As written</summary>\n{"".join(parts)}</details>\n'


def _write_piece(piece: tuple[str, str]) -> str:
    text, role = piece
    if not role or text in ("- ", "+ "):
        return escape_html(text)
    mark = "del" if role == REMOVED else "ins"
    return f"<{mark}>{escape_html(text)}</{mark}>"


def _escape(text: str) -> str:
    return escape_html(escape_controls(text).replace("\n", " "))
