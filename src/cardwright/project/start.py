"""The files of a new project."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from cardwright.model import Kind
from cardwright.project.compose import compose_pair
from cardwright.project.write import make_modeline

_DECK = """\
# yaml-language-server: $schema=../../schemas/deck.schema.json
{name}
namespace: {namespace}
description: |
  What this deck is for, and for whom.
options:
  new_per_day: 20
  desired_retention: 0.9
"""

_LESSONS = """\
checks:
  # Once you write questions, remove this line to see how many are lacking for three mock exams.
  few-questions: "off"
order: [term, basic, cloze, route, instinct, objective, choice]
decks:
  - name: 1.1 First steps
    select: {lesson: "1.1"}
"""

_BLUEPRINT = """\
# yaml-language-server: $schema=../../schemas/blueprint.schema.json
# The exam that the deck prepares for.
{name}
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

_WORDS = """\
kind: vocabulary
cards:
  - id: arbol
    word: el árbol
    translation: the tree
    example: El árbol da sombra.
  # Recordings and pictures go into a media/ folder beside this file. All lines but the first three
  # may be left out.
  - id: hoja
    word: la hoja
    translation: the leaf
    # reading: ˈoxa
    # audio: "![](media/hoja.mp3)"
    # image: "![](media/hoja.jpg)"
    example: Cae una hoja.
"""

_README = """\
# {title}

Flashcards as code, for [Anki](https://apps.ankiweb.net) and the terminal, made with Cardwright.

```sh
cards check      # report every mistake
cards preview    # show the cards in a browser
cards review     # study in the terminal
cards build      # write build/{pack}.apkg, ready to import into Anki
```

The cards are in `cards/{pack}/`: sort them into as many files as you like.
"""
_README_PACKS = """
The packs, each of which becomes a package of its own:

{packs}
"""
_README_MORE = """\
To add one, run

```sh
cards new {kind} cards/{pack}/{file} --id my-first-card
```

and fill it in.
"""


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of project that `cards init` can start."""

    kinds: tuple[str, ...]
    """The kinds of its sample cards."""
    file: str = "first.yaml"
    """The name of its file of cards."""
    cards: str = ""
    """The text of that file; made of the samples of its kinds if empty."""
    has_exam: bool = False


TEMPLATES: Final = {
    "plain": Template(("basic", "cloze")),
    "language": Template(("vocabulary",), file="words.yaml", cards=_WORDS),
    "exam": Template(
        ("term", "instinct", "objective", "basic", "cloze", "choice", "route"), has_exam=True
    ),
}


def make_title(name: str) -> str:
    """Return the name of a deck, from that of its folder."""
    words = " ".join(name.replace("-", " ").replace("_", " ").replace("::", " ").split())
    return words[:1].upper() + words[1:] or "Deck"


def make_shared_files(packs: Sequence[str], title: str) -> dict[str, str]:
    """Return the files of a new project besides its sources, by path."""
    if len(packs) == 1:
        readme = _README.format(title=title, pack=packs[0])
    else:
        readme = _README.format(title=title, pack="PACK") + _README_PACKS.format(
            packs="\n".join(f"- `{pack}`" for pack in packs)
        )
    return {"README.md": readme, ".gitignore": "build/\n"}


def make_project_files(
    pack: str, title: str, namespace: str, template: Template, kinds: Mapping[str, Kind]
) -> dict[str, str]:
    """Return the files of a new project by path: one deck, and a sample card of each kind."""
    shown = PurePosixPath("cards", pack, template.file)
    name = "\n".join(compose_pair("name", title))
    samples = [kinds[name] for name in template.kinds]
    deck = _DECK.format(name=name, namespace=namespace)
    files = {
        shown.as_posix(): _make_cards(shown, samples, template),
        f"decks/{pack}/deck.yaml": deck + _LESSONS if template.has_exam else deck,
        "README.md": _README.format(title=title, pack=pack)
        + _README_MORE.format(pack=pack, kind=template.kinds[0], file=template.file),
        ".gitignore": "build/\n",
    }
    if template.has_exam:
        files[f"decks/{pack}/blueprint.yaml"] = _BLUEPRINT.format(name=name)
    return files


def _make_cards(shown: PurePosixPath, kinds: Iterable[Kind], template: Template) -> str:
    if template.cards:
        return make_modeline(shown) + template.cards
    lines = [make_modeline(shown) + ('lesson: "1.1"\n' if template.has_exam else "") + "cards:"]
    for kind in kinds:
        sample = textwrap.indent(kind.sample.rstrip(), "    ")
        lines += [f"  - id: first-{kind.name}", f"    kind: {kind.name}", sample, ""]
    return "\n".join(lines)
