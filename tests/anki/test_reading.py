"""What Anki shows around the cards: its list of cards, and the description of a deck."""

from __future__ import annotations

from pathlib import Path

from anki_backend import Anki
from project_files import Run, Write

CARDS = """\
lesson: "1.1"
sources: [https://example.com/wood]
cards:
  - id: term
    kind: term
    term: Tree *ring*
    definition: "The wood of $n$ years:"
    example: Not shown.
    reverse: true
  - id: table
    kind: basic
    question: |
      Which row is wrong?

      | tree | leaves |
      |---|---|
      | oak | round |
      | pine | needles |
    answer: |
      - oak
      - not pine
  - id: choice
    kind: choice
    question: Which has needles?
    options:
      - {right: Pine, reason: In bundles.}
      - {wrong: Oak, reason: It has leaves.}
  - id: gap
    kind: cloze
    text: It {{c1::grows}} through its {{c2::cambium}}.
  - id: instinct
    kind: instinct
    failure: Watering by the clock.
    instinct: Feel the soil.
    why: Roots drown.
    spot: true
    example: The soil is wet.
  - id: route
    kind: route
    about: rings and cores
    go: Dendrochronology
"""
ROWS = {
    "term": [
        ("Tree ring", r"The wood of \(n\) years:"),
        (r"The wood of \(n\) years:", "Tree ring"),
    ],
    "table": [
        ("Which row is wrong? tree leaves oak round pine needles", "oak not pine"),
    ],
    "gap": [
        ("It [...] through its cambium.", "It grows through its cambium."),
        ("It grows through its [...].", "It grows through its cambium."),
    ],
    "instinct": [
        ("Watering by the clock.", "Feel the soil."),
        ("The soil is wet.", "Watering by the clock."),
    ],
    "route": [("rings and cores", "Dendrochronology")],
}


def test_the_list_of_cards_shows_questions_and_answers(
    write: Write, run: Run, anki: Anki, project: Path
) -> None:
    write({"cards/trees/wood.yaml": CARDS})
    run("build")
    anki.import_package(project / "build" / "trees.apkg")
    anki.col._backend.set_active_browser_columns(["question", "answer"])

    rows = {}
    for name, note in anki.notes().items():
        found = [anki.col._backend.browser_row_for_id(card.id).cells for card in note.cards()]
        rows[name.partition(":")[2]] = [
            tuple(" ".join(c.text.split()) for c in row) for row in found
        ]
    # The options and their reasons are one field.
    ((question, answer),) = rows.pop("choice")
    assert question == "Which has needles?"
    assert answer.startswith("Pine")
    assert rows == ROWS


DECK = """\
name: Trees
description: |
  About **trees**, and what
  wood tells of <b>years</b>.

  Begin with the
  rings.

  - one
    item
  - another
decks:
  - name: Wood
    description: |
      All about
      wood.

      And bark.
"""


def test_descriptions_read_well_where_line_breaks_are_kept(
    write: Write, run: Run, anki: Anki, project: Path
) -> None:
    write({"cards/trees/wood.yaml": CARDS, "decks/trees/deck.yaml": DECK})
    run("build")
    anki.import_package(project / "build" / "trees.apkg")

    shown = {}
    for name in ("Trees", "Trees::Wood"):
        deck = anki.col.decks.by_name(name)
        assert deck is not None
        shown[name] = anki.col.render_markdown(deck["desc"])
    assert shown["Trees::Wood"] == "<p>All about wood.<br><br>And bark.</p>\n"
    start, rest = shown["Trees"].split("\n", 1)
    assert start == (
        "<p>About <strong>trees</strong>, and what wood tells of &lt;b&gt;years&lt;/b&gt;."
        "<br><br>Begin with the rings.</p>"
    )
    assert "<li>one item</li>" in rest
    assert rest.endswith("turn it on in the options of this deck, under <em>FSRS</em>.</p>\n")
