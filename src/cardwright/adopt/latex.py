"""Commands of LaTeX that a program lets its users define, replaced by what they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_COMMAND: Final = re.compile(r"\\(?:[A-Za-z]+|.)")
_PARAMETER: Final = re.compile(r"#([1-9])")
_MAX_STEPS: Final = 1_000
_MAX_LENGTH: Final = 20_000
_DEFINITION: Final = re.compile(r"(\\[A-Za-z]+)\s+(\S.*)")


def read_macros(text: str) -> dict[str, str]:
    r"""Return the commands of a file with a definition on each line: `\R \mathbb{R}`."""
    found = map(_DEFINITION.fullmatch, map(str.strip, text.splitlines()))
    return {match[1]: match[2].strip() for match in found if match}


def expand_macros(formula: str, macros: Mapping[str, str]) -> str:
    """Return a formula without the commands; it is unchanged if they are endless."""
    if not macros:
        return formula
    text, position, steps = formula, 0, 0
    while match := _COMMAND.search(text, position):
        definition = macros.get(match[0])
        if definition is None:
            position = match.end()
            continue
        steps += 1
        count = max(map(int, _PARAMETER.findall(definition)), default=0)
        arguments, end = _read_arguments(text, match.end(), count)
        value = _fill(definition, arguments)
        after = text[end : end + 1]
        # A command must not run into the next word.
        gap = " " if re.search(r"\\[A-Za-z]+\Z", value) and after.isalpha() else ""
        text = text[: match.start()] + value + gap + text[end:]
        position = match.start()
        if steps > _MAX_STEPS or len(text) > _MAX_LENGTH + len(formula):
            return formula
    return text


def _fill(definition: str, arguments: Sequence[str]) -> str:
    return _PARAMETER.sub(lambda found: arguments[int(found[1]) - 1], definition)


def _read_arguments(text: str, position: int, count: int) -> tuple[list[str], int]:
    """Return the arguments of a command, and where they end."""
    arguments = []
    for _ in range(count):
        while text[position : position + 1].isspace():
            position += 1
        end = _find_end(text, position)
        argument = text[position:end]
        is_group = argument.startswith("{") and argument.endswith("}")
        arguments.append(argument[1:-1] if is_group else argument)
        position = end
    return arguments, position


def _find_end(text: str, position: int) -> int:
    if text[position : position + 1] != "{":
        command = _COMMAND.match(text, position)
        return command.end() if command else min(position + 1, len(text))
    depth = 0
    for index in range(position, len(text)):
        if text[index - 1 : index] == "\\":
            continue
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return index + 1
    return len(text)
