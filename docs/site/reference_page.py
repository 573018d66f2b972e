"""The library reference, from the docstrings of what `cardwright` and `cardwright.exam` export."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_INTRODUCTION: Final = """\
# Library reference

Written from the docstrings of what `cardwright` and `cardwright.exam` export. [Using Cardwright as a
library](library.md) shows how the parts work together. Names are imported on first use.
"""


def write_reference_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION]
    for name in ("cardwright", "cardwright.exam"):
        module = import_module(name)
        parts.append(f"## {name}\n")
        parts += [_describe(getattr(module, public), public, name) for public in module.__all__]
    return "\n".join(parts)


def _describe(value: Any, name: str, module: str) -> str:
    node = _find_node(value)
    lines = [f"### {name}", "", f"```python\nfrom {module} import {name}\n```", ""]
    if isinstance(node, ast.FunctionDef):
        lines += [_write_signature(node), "", _write_docstring(node)]
    else:
        assert isinstance(node, ast.ClassDef)
        lines += [_write_docstring(node), *_describe_members(node)]
    return "\n".join(lines) + "\n"


def _find_node(value: Any) -> ast.FunctionDef | ast.ClassDef:
    """Return the definition of a class or function in its file."""
    tree = ast.parse(Path(inspect.getfile(value)).read_text("utf-8"))
    return next(
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == value.__name__
    )


def _describe_members(node: ast.ClassDef) -> Iterator[str]:
    """Yield the public fields, properties and methods of a class."""
    fields = list(_list_fields(node))
    if fields:
        yield from ("", "| field | type or value | |", "|---|---|---|", *fields)
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            if _is_setter(method):
                continue
            yield from ("", f"#### {node.name}.{method.name}", "", _write_signature(method))
            yield from ("", _write_docstring(method))


def _list_fields(node: ast.ClassDef) -> Iterator[str]:
    """Yield a row for each field, with the docstring below it."""
    for field, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            name, kind, value = field.target.id, ast.unparse(field.annotation), field.value
        elif isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
            name, kind, value = field.targets[0].id, "", field.value
        else:
            continue
        if name.startswith("_"):
            continue
        note = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            note = " ".join(str(following.value.value).split())
        shown = f" = {ast.unparse(value)}" if value else ""
        code = f"{kind}{shown}".removeprefix(" = ")
        yield f"| `{name}` | `{code}` | {note} |"


def _is_setter(method: ast.FunctionDef) -> bool:
    return any(isinstance(item, ast.Attribute) for item in method.decorator_list)


def _write_signature(node: ast.FunctionDef) -> str:
    """Return how a function is called, without `self`."""
    if any(isinstance(item, ast.Name) and item.id == "property" for item in node.decorator_list):
        kind = ast.unparse(node.returns) if node.returns else ""
        return f"```python\n{node.name}: {kind}\n```"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    arguments = re.sub(r"^(?:self|cls)(?:, )?", "", ast.unparse(node.args))
    return f"```python\n{node.name}({arguments}){returned}\n```"


def _write_docstring(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return a docstring as Markdown; what it raises becomes a list."""
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    head, mark, raised = text.partition("Raises:\n")
    if not mark:
        return head
    rows = textwrap.dedent(raised).strip().splitlines()
    return f"{head.rstrip()}\n\nRaises:\n\n" + "\n".join(
        f"- `{row.replace(': ', '`: ', 1)}" for row in rows if row
    )
