"""Edits of notes as a person makes them in Anki's editor, with the HTML that it writes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml
from anki.collection import Collection
from anki.notes import Note

from cardwright.anki.collection import open_collection
from cardwright.anki.edits import Edit as ReaderEdit
from cardwright.anki.edits import Outcome
from cardwright.app.anki.edits import apply_edit, find_pack_edits, keep_new_files
from cardwright.app.project import Project, open_project
from cardwright.error import CardwrightError
from cardwright.html import normalize_html
from cardwright.model import FieldType, Kind

_PART = re.compile(
    r"<[^>]*>|\\\(.*?\\\)|\\\[.*?\\\]|\[sound:[^\]]*\]|\{\{c\d+::|\}\}|&\w+;|[^<\\\[&{}]+|.",
    re.DOTALL,
)
_WORD = re.compile(r"(?<![\w-])[A-Za-z]{3,}(?![\w-])")
_NEW_WORDS = ("often", "roughly", "Delta", "unless", "seven", "café", "row-level", "A/B")
_SENTENCES = (
    "It also holds for streams.",
    "See the docs, e.g. v2.1.",
    "Cost: about 5 % more.",
    "This isn't so for “views”.",
    "It is 2 * 3 * 4 = 24 here.",
    "Set my_var_name first.",
)
Edit = Callable[[str, random.Random], str | None]
"""Returns the HTML of a field after an edit; None if it does not fit the field."""


def _replace_word(html: str, dice: random.Random, make: Callable[[str], str]) -> str | None:
    """Replace one word of the text, outside of code and formulas."""
    places = []
    at, in_code = 0, 0
    for part in _PART.findall(html):
        if part.startswith(("<pre", "<code")):
            in_code += 1
        elif part.startswith(("</pre", "</code")):
            in_code -= 1
        elif not in_code and part[0] not in "<\\[{&":
            places += [(at + m.start(), at + m.end()) for m in _WORD.finditer(part)]
        at += len(part)
    if not places:
        return None
    start, end = dice.choice(places)
    return html[:start] + make(html[start:end]) + html[end:]


def change_word(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda _: dice.choice(_NEW_WORDS))


def add_word(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: f"{word} {dice.choice(_NEW_WORDS)}")


def delete_word(html: str, dice: random.Random) -> str | None:
    made = _replace_word(html, dice, lambda _: "\0")
    return made and re.sub(" ?\0", "", made)


def embolden(html: str, dice: random.Random) -> str | None:
    if "<strong>" in html or "<b>" in html:
        return None  # in bold text, Anki would take it away
    return _replace_word(html, dice, lambda word: f"<b>{word}</b>")


def slant(html: str, dice: random.Random) -> str | None:
    if "<em>" in html or "<i>" in html:
        return None
    return _replace_word(html, dice, lambda word: f"<i>{word}</i>")


def type_twice_space(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: f"{word}&nbsp; {dice.choice(_NEW_WORDS)}")


def add_nbsp(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: f"{word}&nbsp;{dice.choice(_NEW_WORDS)}")


def add_formula(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: rf"{word} \(x_1^2 + \alpha\)")


def mark_code(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: f"<code>{word}_id</code>")


def write_entities(html: str, dice: random.Random) -> str | None:
    return _replace_word(html, dice, lambda word: f"{word} (a &lt; b &amp;&amp; c &gt; d)")


def _append(html: str, added: str) -> str:
    """Write at the end of the last paragraph or item."""
    match = re.search(r"(?:\s*</(?:p|li|ul|ol|div|blockquote)>)*\s*\Z", html)
    assert match
    return html[: match.start()] + added + html[match.start() :]


def add_sentence(html: str, dice: random.Random) -> str | None:
    if not html or html.rstrip().endswith(("</pre>", "</table>", "</div></li>\n</ul>")):
        return None
    return _append(html, f" {dice.choice(_SENTENCES)}")


def add_line(html: str, dice: random.Random) -> str | None:
    if not html.endswith("</p>\n") and not html.endswith("</p>"):
        return None
    return _append(html, f"<br>{dice.choice(_SENTENCES)}")


def add_div(html: str, dice: random.Random) -> str | None:
    if "<p>" not in html:
        return None
    return f"{html.rstrip()}<div>{dice.choice(_SENTENCES)}</div>"


def add_list(html: str, dice: random.Random) -> str | None:
    if "<p>" not in html:
        return None
    return f"{html.rstrip()}<ul><li>one</li><li>{dice.choice(_NEW_WORDS)} <b>parts</b></li></ul>"


def add_item(html: str, dice: random.Random) -> str | None:
    if not html.rstrip().endswith("</li>\n</ul>") or 'class="reason"' in html:
        return None
    return re.sub(r"\n</ul>\s*\Z", f"\n<li>{dice.choice(_SENTENCES)}</li></ul>", html)


def delete_item(html: str, dice: random.Random) -> str | None:
    items = re.findall(r"<li>(?:(?!<li>).)*?</li>\n?", html, re.DOTALL)
    if len(items) < 3 or 'class="reason"' in html or "<ol" in html:
        return None
    return html.replace(dice.choice(items), "", 1)


def change_code(html: str, dice: random.Random) -> str | None:
    """Change a name within a block of code."""
    block = re.search(r"<pre.*?</pre>", html, re.DOTALL)
    if not block:
        return None
    words = [m for m in re.finditer(r">([a-z_]{4,})<", block[0]) if m[1] not in {"class", "span"}]
    if not words:
        return None
    word = dice.choice(words)
    start = block.start() + word.start(1)
    return f"{html[:start]}renamed{html[start + len(word[1]) :]}"


EDITS: Mapping[str, Edit] = {
    "word changed": change_word,
    "word added": add_word,
    "word deleted": delete_word,
    "bold": embolden,
    "italic": slant,
    "two spaces": type_twice_space,
    "no-break space": add_nbsp,
    "formula": add_formula,
    "code": mark_code,
    "entities": write_entities,
    "sentence": add_sentence,
    "line break": add_line,
    "div": add_div,
    "list": add_list,
    "item added": add_item,
    "item deleted": delete_item,
    "code changed": change_code,
}


@dataclass(frozen=True)
class Made:
    """An edit that was made."""

    name: str
    card: str
    """The card's key."""
    label: str
    before: str
    after: str


def edit_notes(
    col: Collection, kinds: Mapping[str, Kind], count: int, dice: random.Random
) -> list[Made]:
    """Edit fields of as many notes of ours, each in one way, and return what was done."""
    notes = [col.get_note(id) for id in col.find_notes("")]
    by_name = {kind.anki_name: kind for kind in kinds.values()}
    dice.shuffle(notes)
    names = list(EDITS)
    made: list[Made] = []
    for note in notes:
        if len(made) == count:
            break
        type_name = (note.note_type() or {})["name"]
        labels = list_texts(by_name[type_name])
        # Rare edits come first, so that each occurs.
        wanted = sorted(
            names, key=lambda name: (sum(one.name == name for one in made), dice.random())
        )
        if one := _edit(col, note, labels, wanted, dice):
            made.append(one)
    return made


def _edit(
    col: Collection, note: Note, labels: Sequence[str], wanted: Sequence[str], dice: random.Random
) -> Made | None:
    for name in wanted:
        for label in dice.sample(labels, len(labels)):
            before = note[label]
            after = EDITS[name](before, dice) if before else None
            if after and after != before:
                note[label] = after
                col.update_note(note)
                return Made(name, note["Id"], label, before, col.get_note(note.id)[label])
    return None


def list_texts(kind: Kind) -> list[str]:
    """Return the fields of a kind that hold text, by their names in Anki."""
    types = (FieldType.INLINE, FieldType.BLOCK, FieldType.LIST, FieldType.OPTIONS)
    return [*(field.anki_name for field in kind.fields if field.type in types), "Extra"]


@dataclass(frozen=True)
class Verdict:
    """What became of the edits of a reader."""

    faults: Sequence[str]
    lossy: int
    """How many could be written only in part."""


def take_over(root: Path, file: Path, made: Sequence[Made]) -> Verdict:
    """Take all edits of a reader's collection over into a project, and check every consequence."""
    project = open_project(root)
    sources = {path: path.read_text("utf-8") for path in (root / "cards").rglob("*.yaml")}
    labels, before = _describe(project)
    faults: list[str] = []
    with open_collection(file) as collection, keep_new_files(collection, root) as new_files:
        found = [
            edit
            for pack in find_pack_edits(project, collection, new_files, _ignore)
            for edit in pack.edits
        ]
        lossy = sum(edit.outcome is Outcome.LOSSY for edit in found)
        wanted = {(one.card, one.label): one for one in made}
        lines: dict[Path, set[int]] = {}
        for edit in found:
            one = wanted.pop((edit.card.key, edit.label), None)
            if one is None or edit.outcome is not Outcome.EDIT:
                faults.append(f"{edit.outcome} {edit.reason} {edit.losses}: {edit.label} of {one}")
                continue
            path = root / edit.card.span.path
            lines.setdefault(path, set()).update(_list_lines(edit, sources[path]))
            try:
                apply_edit(project, edit, new_files, edit.after)
            except CardwrightError as error:
                faults.append(f"{error}: {one}")
    faults += [f"not found: {one}" for one in wanted.values()]
    for path, text in sources.items():
        changed = list_changed_lines(text, path.read_text("utf-8"))
        if extra := changed - lines.get(path, set()):
            faults.append(f"{path.name}: other lines changed: {sorted(extra)}")
    _, after = _describe(open_project(root))
    edited = {(one.card, one.label): one for one in made}
    for key, fields in before.items():
        for label, old, new in zip(labels[key], fields, after[key], strict=True):
            one = edited.get((key, label))
            if one is None and old != new:
                faults.append(f"{key} {label} changed, too")
            elif one and _normalize(new) != _normalize(one.after):
                faults.append(f"built otherwise: {one}: {new}")
    return Verdict(faults, lossy)


def _normalize(html: str) -> str:
    return normalize_html(html, is_cloze="{{c" in html, as_paragraphs=True)


def _ignore(_path: Path, _words: str) -> None:
    pass


def _describe(project: Project) -> tuple[dict[str, list[str]], dict[str, tuple[str, ...]]]:
    """Return the names of the fields and the fields of every note, by the card's key."""
    project.refuse_errors()
    labels, fields = {}, {}
    for pack in project.collection.decks:
        contents = project.describe_pack(pack)
        for note in contents.packed:
            names = contents.note_types[note.card.kind].fields
            labels[note.card.key] = [field.name for field in names]
            fields[note.card.key] = note.fields
    return labels, fields


def _list_lines(edit: ReaderEdit, text: str) -> set[int]:
    """Return the lines that a value takes up, as PyYAML says; those of the card if it has none."""
    root: Any = yaml.compose(text, Loader=yaml.CBaseLoader)
    cards = next(value for key, value in root.value if key.value == "cards")
    card = next(
        one
        for one in cards.value
        if any(key.value == "id" and value.value == edit.card.id for key, value in one.value)
    )
    spans = {key.value: (key.start_mark.line, value.end_mark) for key, value in card.value}
    first, end = spans.get(edit.key, (card.start_mark.line, card.end_mark))
    # A block ends where the next key starts.
    last = end.line if end.column else end.line - 1
    return set(range(first + 1, last + 2))


def list_changed_lines(before: str, after: str) -> set[int]:
    """Return the numbers of the lines of a text, from 1, that another text lacks or adds to."""
    old, new = before.splitlines(), after.splitlines()
    changed: set[int] = set()
    for what, start, end, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "insert":
            changed.add(start)  # added below this line
        elif what != "equal":
            changed |= set(range(start + 1, end + 1))
    return changed
