"""Our renderer against Anki's: every prompt, question and answer is identical."""

from __future__ import annotations

import re
from pathlib import Path

from anki_backend import Anki
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import make_note_type
from cardwright.anki.template import render_card
from cardwright.app.project import open_project
from cardwright.kinds import list_prompts
from project_files import Run

CARDS = r"""
lesson: "1.1"
sources: [https://example.com/wood]
cards:
  - id: clozes
    kind: cloze
    text: |
      A {{c1::first::hint **bold**}}, {{c2::second {{c3::inner::why?}} rest}}, {{c1,3::both}},
      {{c10::ten}} and {{c1::é – "ü" & <b>::a::b}}; {Braces} and a::b outside.

      {{c1::A whole
      two lines}} `{{Id}}` {{c2::`x::y`}} $a_{b}$ {{c4::$\frac{1}{2}$}} $\frac{ {{c5::x < 1}} }{y}$

      $$\sum_{i} {{c6::i^{2}}} + {{c1::j {{c2::k}}}}$$

      ```python
      def f(x):
          return {{c7::x + 1::expr}}  # {{c8::note "a" < 'b'}}
      ```

      - {{c9::a}} \(no\) \[no\] <b>

      | a | b |
      |---|---|
      | {{c11::x}} | **{{c12::y::h}}** |
    extra: More `x` and **this**.
  - id: hostile
    kind: basic
    question: |
      $x < y$ \{{c1::no}} {{Front}} {{#Extra}}{{/Extra}} [sound:x.mp3] }} {{

      ```python
      print("{{Question}}", a < b)
      ```
    answer: "{{Question}} {{cloze:Question}} $$\\int_0^1 x \\, dx$$"
  - id: plain-instinct
    kind: instinct
    failure: Watering by the clock.
    instinct: Feel the soil.
    why: Roots drown.
    spot: true
    example: The soil is wet.
  - id: word
    kind: vocabulary
    word: arbre
    translation: tree
    reading: aʁbʁ
  - id: several
    kind: choice
    question: Which two?
    options:
      - {right: "`a < b`", reason: Yes.}
      - {right: $x$, reason: "{{Id}}"}
      - {wrong: c, reason: No.}
"""


def drop_answers(html: str) -> str:
    """Drop the answer that Anki repeats, encoded, in an attribute of each gap of a question.

    Nothing shows it, and a page that asks does better without the answer in it.
    """
    return re.sub(r' data-cloze="[^"]*"', "", html)


def test_every_prompt_is_rendered_as_anki_renders_it(run: Run, anki: Anki, tmp_path: Path) -> None:
    run("init", "sample", "--template", "exam", folder=tmp_path)
    root = tmp_path / "sample"
    (root / "cards" / "sample" / "more.yaml").write_text(CARDS, "utf-8")
    run("build", folder=root)
    anki.import_package(root / "build" / "sample.apkg")
    project = open_project(root)
    notes = anki.notes()
    assert {card.kind for card in project.collection.cards} == set(project.collection.kinds)

    compared = 0
    for card in project.collection.cards:
        kind = project.collection.kinds[card.kind]
        note_type = make_note_type(kind, project.renderer)
        fields = make_fields(project.collection, card, project.renderer, {})
        real = {c.ord: c.render_output() for c in notes[card.key].cards()}
        prompts = list_prompts(card, kind)
        assert {prompt.ordinal for prompt in prompts} == set(real)
        for prompt in prompts:
            question, answer = render_card(note_type, fields, prompt.ordinal)
            assert question == drop_answers(real[prompt.ordinal].question_text)
            assert answer == real[prompt.ordinal].answer_text
            compared += 1
    assert compared > 20
