"""The files of a new project."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import PurePosixPath

from cardwright.model import Kind
from cardwright.project.write import make_modeline

_DECK = """\
# yaml-language-server: $schema=../../schemas/deck.schema.json
name: {title}
namespace: {namespace}
description: |
  What this deck is for, and for whom.
options:
  new_per_day: 20
  desired_retention: 0.9
order: [term, basic, cloze, route, instinct, objective, choice]
decks:
  - name: 1.1 First steps
    select: {{lesson: "1.1"}}
"""

_BLUEPRINT = """\
# yaml-language-server: $schema=../../schemas/blueprint.schema.json
# The exam that the deck prepares for. No exam? Delete this file, and `lesson` in the cards.
name: {title}
questions: 20
minutes: 30
domains:
  - id: wood
    name: Wood
    weight: 100
    lessons:
      - {{id: "1.1", title: First steps}}
objectives:
  - {{id: "1.1", lesson: "1.1", about: Tell the age of a tree}}
"""

_README = """\
# {title}

Flashcards as code, for [Anki](https://apps.ankiweb.net) and the terminal, made with Cardwright.

```sh
cards check      # report every mistake
cards preview    # show the cards in a browser
cards build      # write build/{pack}.apkg, ready to import into Anki
cards review     # study in the terminal
```

The cards are in `cards/{pack}/`: sort them into as many files as you like. To add one, run

```sh
cards new term cards/{pack}/first.yaml --id my-first-card
```

and fill it in.
"""


def make_project_files(pack: str, namespace: str, kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return the files of a new project by path: one deck, and the sample card of every kind."""
    title = pack.replace("-", " ").capitalize()
    shown = PurePosixPath("cards", pack, "first.yaml")
    return {
        shown.as_posix(): _make_cards(shown, kinds),
        f"decks/{pack}/deck.yaml": _DECK.format(title=title, namespace=namespace),
        f"decks/{pack}/blueprint.yaml": _BLUEPRINT.format(title=title),
        "README.md": _README.format(title=title, pack=pack),
        ".gitignore": "build/\n",
    }


def _make_cards(shown: PurePosixPath, kinds: Mapping[str, Kind]) -> str:
    lines = [make_modeline(shown) + 'lesson: "1.1"', "cards:"]
    for kind in kinds.values():
        sample = textwrap.indent(kind.sample.rstrip(), "    ")
        lines += [f"  - id: first-{kind.name}", f"    kind: {kind.name}", sample, ""]
    return "\n".join(lines)
