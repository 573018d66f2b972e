"""Values of cards are changed in their files, and every other byte stays as it is."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.project.compose import WriteError
from cardwright.project.document import Document
from cardwright.project.edit import edit_card, edit_cards, read_card_values
from cardwright.project.entry import Entry, read_entry

FILE = """\
# Trees
kind: basic
tags: [wood, bark]
cards:
  - id: oak  # the first
    question: Which tree?  # not the bush
    answer: |
      An *oak*, which
      grows slowly.

      It is old.
    extra: >-
      One long line of words that is
      folded over two lines.
    # what follows is odd
    note: plain words that
      continue here  # with a comment

  - {id: elm, question: "Which \\"elm\\"?", answer: 'An elm''s leaf', tags: [a, b]}
  - id: ash
    question: "Words in quotes
      on two lines."
    options:
      - right: yes  # the right one
        reason: It is.
      - {wrong: no, reason: It is not.}
    sources:
      - https://example.org/ash
      - url: https://example.org/tree
        title: A tree

    answer: An ash
"""


def edit(text: str, card_id: str, **values: Any) -> str:
    return edit_card(text.encode(), "cards/trees/wood.yaml", card_id, values).decode()


def list_changed(before: str, after: str) -> list[str]:
    """Return the lines that are only in one of two texts, those of the first prefixed by a minus."""
    old, new = before.splitlines(), after.splitlines()
    return [f"-{one}" for one in old if one not in new] + [
        f"+{one}" for one in new if one not in old
    ]


@pytest.mark.parametrize(
    ("card_id", "values", "changed"),
    [
        (
            "oak",
            {"question": "Which big tree?"},
            ["-    question: Which tree?  # not the bush", "+    question: Which big tree?  # not the bush"],
        ),
        (
            "oak",
            {"question": "Which: tree?"},
            ["-    question: Which tree?  # not the bush", '+    question: "Which: tree?"  # not the bush'],
        ),
        (
            "oak",
            {"answer": "An *oak*, which\ngrows very slowly.\n\nIt is old."},
            ["-      grows slowly.", "+      grows very slowly."],
        ),
        (
            "oak",
            {"extra": "One long line of words that is folded over three lines."},
            ["-      folded over two lines.", "+      folded over three lines."],
        ),
        (
            "oak",
            {"note": "plain words that go on here"},
            ["-      continue here  # with a comment", "+      go on here  # with a comment"],
        ),
        (
            "oak",
            {"question": "Which?\n\n- this\n- that"},
            [
                "-    question: Which tree?  # not the bush",
                "+    question: |  # not the bush",
                "+      Which?",
                "+      - this",
                "+      - that",
            ],
        ),
        ("oak", {"extra": None}, ["-    extra: >-", "-      One long line of words that is", "-      folded over two lines."]),
        ("oak", {"tags": ["wood"]}, ["+    tags: [wood]"]),
        ("oak", {"hint": "a: b"}, ['+    hint: "a: b"']),
        (
            "elm",
            {"answer": "An elm's new leaf"},
            [
                """-  - {id: elm, question: "Which \\"elm\\"?", answer: 'An elm''s leaf', tags: [a, b]}""",
                """+  - {id: elm, question: "Which \\"elm\\"?", answer: 'An elm''s new leaf', tags: [a, b]}""",
            ],
        ),
        (
            "elm",
            {"question": 'Which "elm", then?', "tags": ["a", "c", "b"], "hint": "a, b"},
            [
                """-  - {id: elm, question: "Which \\"elm\\"?", answer: 'An elm''s leaf', tags: [a, b]}""",
                """+  - {id: elm, question: "Which \\"elm\\", then?", answer: 'An elm''s leaf', hint: "a, b", tags: [a, c, b]}""",
            ],
        ),
        (
            "elm",
            {"tags": None, "answer": "one\ntwo"},
            [
                """-  - {id: elm, question: "Which \\"elm\\"?", answer: 'An elm''s leaf', tags: [a, b]}""",
                """+  - {id: elm, question: "Which \\"elm\\"?", answer: "one\\ntwo"}""",
            ],
        ),
        (
            "ash",
            {"question": "Words in double quotes on two lines."},
            ['-    question: "Words in quotes', '+    question: "Words in double quotes'],
        ),
        (
            "ash",
            {"options": [{"wrong": "yes", "reason": "It is."}, {"right": "no", "reason": "It is: yes."}]},
            [
                "-      - right: yes  # the right one",
                "-      - {wrong: no, reason: It is not.}",
                "+      - wrong: yes  # the right one",
                '+      - {right: no, reason: "It is: yes."}',
            ],
        ),
        (
            "ash",
            {
                "options": [
                    {"right": "yes", "reason": "It is."},
                    {"wrong": "perhaps", "reason": "Who knows."},
                    {"wrong": "no", "reason": "It is not."},
                ]
            },
            ["+      - wrong: perhaps", "+        reason: Who knows."],
        ),
        ("ash", {"sources": ["https://example.org/ash"]}, ["-      - url: https://example.org/tree", "-        title: A tree"]),
        (
            "ash",
            {"sources": [{"url": "https://example.org/tree", "title": "A big tree"}]},
            ["-      - https://example.org/ash", "-        title: A tree", "+        title: A big tree"],
        ),
        ("ash", {"reverse": True}, ["+    reverse: true"]),
        ("ash", {"reverse": False}, []),
    ],
)  # fmt: skip
def test_only_the_lines_of_a_value_change(
    card_id: str, values: dict[str, Any], changed: list[str]
) -> None:
    after = edit(FILE, card_id, **values)

    assert list_changed(FILE, after) == changed
    found = read_card_values(after.encode(), "x", card_id)
    for key, value in values.items():
        written = (
            {True: "true", False: None}.get(value, value) if isinstance(value, bool) else value
        )
        assert found.get(key) == written


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_line_ends_and_marks_stay(end: str, bom: str, is_whole: bool) -> None:
    lines = FILE.rstrip("\n").split("\n")
    text = bom + end.join(lines) + (end if is_whole else "")

    after = edit_card(text.encode(), "x", "ash", {"answer": "An ash.\n\nIt is tall."})
    expected = text.replace(
        "    answer: An ash", end.join(["    answer: |", "      An ash.", "", "      It is tall."])
    )
    assert after.decode() == expected
    assert edit_card(after, "x", "ash", {"answer": "An ash"}) != after


def test_each_line_keeps_its_own_end() -> None:
    raw = b"cards:\r\n- id: a\r  q: one\n  r: two\r\n- id: b\n  q: x\r\n"
    assert edit_card(raw, "x", "a", {"q": "1"}) == raw.replace(b"one", b"1")
    assert edit_card(raw, "x", "a", {"r": None}) == raw.replace(b"  r: two\r\n", b"")


@pytest.mark.parametrize(
    ("raw", "card_id", "values"),
    [
        (b"cards:\n- id: a\n  q: [\n", "a", {"q": "x"}),
        (b"cards: []\n", "a", {"q": "x"}),
        (b"kind: basic\n", "a", {"q": "x"}),
        (b"cards:\n- id: a\n  q: x\n", "b", {"q": "y"}),
        (b"cards:\n- id: a\n  q: x\n", "a", {"q": "y\x07"}),
        (b"cards:\n- id: a\n  q: x\n", "a", {"q": "y\u202e".encode().decode()}),
        (b"tags: [a]\ncards:\n- id: a\n  q: x\n", "a", {"tags": ["a", ""]}),
        (b"cards:\n- text\n", "a", {"q": "y"}),
        (b"\xff", "a", {"q": "y"}),
    ],
)
def test_what_cannot_be_edited_is_refused(raw: bytes, card_id: str, values: dict[str, Any]) -> None:
    with pytest.raises(WriteError):
        edit_card(raw, "x", card_id, values)


WORDS = st.sampled_from(
    ["oak", "elm:", "#1", "a#b", "'s", '"q"', "*b*", "- x", "| y", "`c`", "\\n", "\\", "é", "e\u0301", "木",
     "[x]", "{{c1::y}}", "yes", "null", "12:30", "%", "@", "!t", "&a", "? k", "x: y", "z #", "~", "…"]
)  # fmt: skip
GAPS = st.sampled_from([" ", " ", " ", " ", "  ", "\n", "\n\n", "\n  ", "\t", "\n\n\n", "\n- "])
TEXTS = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=12).map(
    lambda pairs: "".join(word + gap for word, gap in pairs).strip()
)


def fold(text: str, indent: str, dice: random.Random) -> str:
    """Write a text on several lines, which YAML joins again."""
    words = text.split(" ")
    made = words[0]
    for word in words[1:]:
        made += (f"\n{indent}" if word and dice.random() < 0.3 else " ") + word
    return made


def write_text(text: str, indent: str, dice: random.Random) -> list[str]:
    """Return ways to write a text; some of them may be wrong."""
    single = "'{}'".format(text.replace("'", "''"))
    double = '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    literal = "|" + dice.choice(["", "-", "+"]) + "\n" + textwrap.indent(text, indent)
    folded = ">" + dice.choice(["", "-"]) + "\n" + textwrap.indent(
        fold(text, "", dice).replace("\n", "\n"), indent
    )  # fmt: skip
    block_comment = literal.replace("\n", "  # note\n", 1)
    on_lines = "\n" + indent + fold(text, indent, dice)
    ways = [text, single, double, literal, folded, block_comment, on_lines]
    ways += [fold(way, indent, dice) for way in (text, single, double)]
    return dice.sample(ways, len(ways))


def read_text(written: str) -> str | None:
    document = Document("x", f"cards:\n- id: x\n  k: {written}\n".encode())
    try:
        card = document.root.value[0][1].value[0]  # type: ignore[union-attr]
        entry = Entry(document, card)
        text = entry.text("k", is_prose=True)
        return text if not document.problems and list(entry.keys) == ["id", "k"] else None
    except (AttributeError, IndexError, TypeError):
        return None


@st.composite
def files(draw: Callable[[Any], Any]) -> tuple[str, list[dict[str, Any]]]:
    """Make a file of cards in any style, and the values that it was made from."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    cards: list[dict[str, Any]] = []
    indent = dice.choice(["", "  ", "    "])
    lines = [dice.choice(["cards:", "# c\ntags: [top]\ncards:  # c", "kind: basic\n\ncards:"])]
    for number in range(draw(st.integers(1, 3))):
        values: dict[str, Any] = {"id": f"card-{number}"}
        rows = [f"id: card-{number}"]
        for key in dice.sample(["q", "r", "extra", "l"], draw(st.integers(0, 4))):
            if key == "l":
                items = draw(st.lists(TEXTS, min_size=1, max_size=4))
                written = [
                    next(
                        (
                            w
                            for w in write_text(item, indent + "      ", dice)
                            if read_text(w) == item
                        ),
                        None,
                    )
                    for item in items
                ]
                if None in written:
                    continue
                values[key] = items
                rows.append("l:" + "".join(f"\n{indent}    - {one}" for one in written))
            else:
                text = draw(TEXTS)
                way = next(
                    (w for w in write_text(text, indent + "    ", dice) if read_text(w) == text),
                    None,
                )
                if way is None:
                    continue
                values[key] = text
                comment = "" if "\n" in way else dice.choice(["", "", "  # note"])
                rows.append(f"{key}: {way}{comment}")
        cards.append(values)
        for row, one in enumerate(rows):
            lines.append(f"{indent}{'  ' if row else '- '}{one}")
            if dice.random() < 0.2:
                lines.append(dice.choice(["", f"{indent}  # about", f"{indent}  # about\n"]))
    end = dice.choice(["\n", "", "\n\n", "\n# end\n"])
    return "\n".join(lines) + end, cards


def change_text(text: str, dice: random.Random, other: str) -> str:
    words = text.split(" ")
    where = dice.randrange(len(words))
    match dice.randrange(4):
        case 0:
            words[where] = "changed"
        case 1:
            words.insert(where, "added")
        case 2:
            del words[where]
        case _:
            return other
    return " ".join(words).strip() or other


@settings(max_examples=40)
@given(made=files(), number=st.integers(0, 2**32), other=TEXTS, items=st.lists(TEXTS, max_size=4))
def test_any_edit_of_any_file_reads_back(
    made: tuple[str, list[dict[str, Any]]], number: int, other: str, items: list[str]
) -> None:
    text, cards = made
    read = read_entry(Document("x", text.encode()))
    if read is None or "cards" not in read:
        return
    try:
        known = [read_card_values(text.encode(), "x", card["id"]) for card in cards]
    except WriteError:
        return  # a mixture that is not valid YAML
    if known != [nfc(card) for card in cards]:
        return
    dice = random.Random(number)
    card = dice.choice(cards)
    key = dice.choice(["q", "r", "extra", "l"])
    new: Any
    if key == "l":
        new = items or None
        if items and card.get("l") and dice.random() < 0.7:
            new = [*card["l"]]
            new[dice.randrange(len(new))] = change_text(dice.choice(new), dice, other)
    elif key in card and dice.random() < 0.9:
        new = change_text(card[key], dice, other)
    else:
        new = dice.choice([other, None])

    after = edit_card(text.encode(), "x", card["id"], {key: new})

    expected = [nfc({**one, key: new} if one is card else one) for one in cards]
    for one in expected:
        if one.get(key) is None:
            one.pop(key, None)
    assert [read_card_values(after, "x", one["id"]) for one in cards] == expected
    # Comments stay, and so does each line of other values.
    kept = [line for line in text.split("\n") if re.match(r" *(- id:|# about|# end)", line)]
    assert [line for line in after.decode().split("\n") if line in kept] == kept


def nfc(card: dict[str, Any]) -> dict[str, Any]:
    from unicodedata import normalize

    def one(value: Any) -> Any:
        return (
            [normalize("NFC", v) for v in value]
            if isinstance(value, list)
            else value and normalize("NFC", value)
        )

    return {key: one(value) for key, value in card.items()}


def test_many_cards_at_once() -> None:
    after = edit_cards(
        FILE.encode(),
        "x",
        {"oak": {"question": "A?"}, "elm": {"answer": "B"}, "ash": {"answer": "C"}},
    ).decode()
    assert [read_card_values(after.encode(), "x", one)["answer"] for one in ("elm", "ash")] == [
        "B",
        "C",
    ]
    assert len(list_changed(FILE, after)) == 6


WRAPPED = st.lists(
    st.sampled_from(["oak", "elm", "ash", "is", "a", "tree,"]), min_size=4, max_size=30
)


@given(words=WRAPPED, seed=st.integers(0, 2**32), style=st.sampled_from(["", "'", '"', "|", ">"]))
def test_one_word_changes_one_line(words: list[str], seed: int, style: str) -> None:
    dice = random.Random(seed)
    lines = [words[:1]]
    for word in words[1:]:
        if dice.random() < 0.3:
            lines.append([])
        lines[-1].append(word)
    body = "\n      ".join(" ".join(line) for line in lines if line)
    mark = f"{style}\n      " if style in {"|", ">"} else style
    text = f"cards:\n  - id: oak\n    q: {mark}{body}{'' if style in {'|', '>'} else style}\n    r: x\n"
    old = read_card_values(text.encode(), "x", "oak")["q"]
    place = dice.randrange(len(words))
    pieces = re.split(r"(\s+)", old)
    pieces[2 * place] = "changed"

    after = edit(text, "oak", q="".join(pieces))

    assert len(list_changed(text, after)) <= 2
    assert after.count("\n") == text.count("\n")
