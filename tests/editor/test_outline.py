"""What is at a place of a file that nobody could parse: ¦ marks the place."""

from __future__ import annotations

import pytest

from cardwright.editor.buffer import Buffer
from cardwright.editor.outline import Cursor, Outline
from editor_client import find_position

CARD = "kind: basic\ncards:\n- id: a\n  question: x\n"
CASES = [
    ("ki¦", "", "KEY", "ki", ""),
    ("kind: ba¦", "", "kind", "ba", ""),
    ("kind: x\n¦\ncards:\n", "", "KEY", "", "cards kind"),
    (f"{CARD}  ans¦", "cards -", "KEY", "ans", "id question"),
    (f"{CARD}  ¦", "cards -", "KEY", "", "id question"),
    (f"{CARD}  tags: [a, b¦]", "cards - tags -", "", "b", ""),
    (f"{CARD}  tags: [a, ¦", "cards - tags -", "", "", ""),
    (f"{CARD}  tags:\n  - a¦", "cards - tags -", "", "a", ""),
    (f"{CARD}  tags:\n    - ¦", "cards - tags -", "", "", ""),
    (f"{CARD}- ¦", "cards -", "", "", ""),
    (f"{CARD}- {{id: x, ki¦}}", "cards -", "KEY", "ki", "id"),
    (f"{CARD}- {{id: x, ¦, tags: [a]}}", "cards -", "KEY", "", "id tags"),
    (f"{CARD}- {{id: it's, kind: ba¦", "cards -", "kind", "ba", "id kind"),
    (f"{CARD}- {{id: 'x, y', tags: [a, \"b: c¦", "cards - tags -", "", "b: c", ""),
    (f"{CARD}  options:\n  - right: a\n    rea¦", "cards - options -", "KEY", "rea", "right"),
    (f"{CARD}  options:\n  - right: a\n  wh¦", "cards -", "KEY", "wh", "id options question"),
    (f"{CARD}  options:\n  - ri¦\n    reason: b", "cards - options -", "", "ri", "reason"),
    (f'{CARD}  lesson: "1.¦"\n  tags: [a]', "cards -", "lesson", "1.", "id question tags"),
    (f"{CARD}  formerly: [old-¦id]  # a", "cards - formerly -", "", "old-id", ""),
    ("cards:\n  -\n    i¦", "cards -", "KEY", "i", ""),
    ("cards:\n  -   i¦: x", "cards -", "KEY", "i", ""),
    ("decks:\n- name: x\n  select:\n    kind: ¦\n", "decks - select", "kind", "", ""),
    ("decks:\n- select: {kind: [ba¦]}\n", "decks - select kind -", "", "ba", ""),
    ("objectives:\n  off:\n  - id: a\n    lesson: 2¦", "objectives off -", "lesson", "2", "id"),
    ("checks:\n  literal-markup: o¦", "checks", "literal-markup", "o", ""),
    ("\ufeffki¦", "", "KEY", "ki", ""),
]


def find(text: str) -> Cursor:
    index = text.index("¦")
    buffer = Buffer(text.replace("¦", ""))
    return Outline(buffer).find(*buffer.locate(find_position(text, index)))


@pytest.mark.parametrize(("text", "path", "key", "word", "siblings"), CASES)
def test_a_place_is_found_in_half_a_file(
    text: str, path: str, key: str, word: str, siblings: str
) -> None:
    found = find(text)

    assert " ".join(found.path) == path
    assert ("KEY" if found.is_key else found.key or "") == key
    assert (found.word, found.is_text) == (word, False)
    assert found.siblings - {found.key} == set(siblings.split()) - {found.key}


def test_a_text_of_several_lines_is_no_place_for_keys() -> None:
    text = f"{CARD}  answer: |\n    id: no\n    ![](a¦\n\n  tags: [b]\n"

    assert (find(text).is_text, find(text).key, find(text).before) == (True, "answer", "    ![](a")
    assert find(text.replace("¦", "").replace("  tags", "¦  tags")).is_key
    assert [line.key for line in Outline(Buffer(text)).lines] == [
        *("kind", "cards", "id", "question", "answer", "tags"),
    ]


def test_cards_are_told_apart() -> None:
    text = f"{CARD}- {{id: b, kind: x}}\n\n# c\n- kind: y\n  id: 'q'\n  tags:\n  - z\nend: 1\n"
    cards = Outline(Buffer(text)).cards

    assert [(card.start, card.end, card.value("id"), card.value("kind")) for card in cards] == [
        (2, 4, "a", ""),
        (4, 7, "b", "x"),
        (7, 11, "q", "y"),
    ]
