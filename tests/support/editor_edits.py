"""Edits at random, as of somebody who never stops typing, and questions about places in between."""

from __future__ import annotations

import random
from collections.abc import Sequence

from editor_client import Editor

_PIECES = [
    *(
        "id",
        "kind",
        ": ",
        "\n",
        "\r\n",
        "- ",
        "  ",
        "cards:\n",
        "👍",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "|\n",
        "# ",
    ),
    *(
        "![](a.png)",
        "{{c1::",
        "}}",
        "\t",
        "&a ",
        "*a",
        "lesson: ",
        "formerly: [oak]",
        "oak",
        "\ufeff",
        "<<<<<<< a\n",
    ),
]
_ASKS = ("completion", "hover", "definition", "prepareRename")


def edit_at_random(
    editor: Editor, uris: Sequence[str], dice: random.Random, number: int, *, max_chars: int = 5_000
) -> None:
    """Edit files, and ask about places in them. An answer that is an error is raised."""
    past: list[tuple[str, str]] = []
    for _ in range(number):
        uri = dice.choice(uris)
        text = editor.texts[uri]
        if past and (dice.random() < 0.1 or len(text) > max_chars):
            uri, text = past.pop(dice.randrange(len(past)))
            editor.replace(uri, 0, len(editor.texts[uri]), text)
            continue
        start = dice.randint(0, len(text))
        end = min(len(text), start + dice.choice([0, 0, 0, 1, 5, 40]))
        if any(text[index - 1 : index + 1] == "\r\n" for index in (start, end)):
            continue
        past = [*past[-20:], (uri, text)]
        editor.replace(uri, start, end, dice.choice(_PIECES) if dice.random() < 0.7 else "")
        _ask_at_random(editor, uri, dice)


def _ask_at_random(editor: Editor, uri: str, dice: random.Random) -> None:
    index = dice.randint(0, len(editor.texts[uri]))
    editor.ask_at(f"textDocument/{dice.choice(_ASKS)}", uri, index)
    editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    if dice.random() < 0.3:
        editor.ask_at("cards/preview", uri, index)
        for problem in editor.read_problems(uri)[:3]:
            editor.list_actions(uri, problem)
