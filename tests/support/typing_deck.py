"""A small deck whose answers are typed."""

from __future__ import annotations

from typing import Final

FILES: Final = {
    "kinds/word.yaml": """\
sources: optional
fields:
  word: {type: inline, required: true}
  meaning: {type: inline, required: true}
  alike: {type: list, label: Also right}
sides:
  there:
    ask: "What is **{{word}}**?"
    show: [meaning, alike]
    type: meaning
    accept: alike
    ignore: [case]
""",
    "kinds/gap.yaml": """\
sources: optional
cloze: text
fields:
  text: {type: block, required: true}
sides:
  gap: {ask: "{{text}}", show: [text], type: text}
""",
    "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\noptions: {bury_siblings: false}\n",
    "cards/trees/a.yaml": """\
cards:
  - {id: kaki, kind: word, word: 柿, meaning: the **kakí** tree, alike: [persimmon]}
  - {id: eiche, kind: word, word: Eiche, meaning: oak}
  - id: gap
    kind: gap
    text: "The {{c1::Cambium}} makes {{c2::wood}}."
""",
}
