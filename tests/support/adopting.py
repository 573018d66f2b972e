"""A note type made by somebody else in Anki, and the kind's file that adopts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anki.collection import Collection
from anki.models import NotetypeDict

FRONT = "<div class=q>{{Country/Land}}</div>\r\n{{#Hint}}<i>{{hint:Hint}}</i>{{/Hint}}  \n"
BACK = "{{FrontSide}}\n\n<hr id=answer>\n\n{{Capital}}<script>alert(1)</script>{{Tags}}\n\n"
MAP = '{{#Type}}<b style="color: #b00">{{Capital}}?</b>{{/Type}}{{^Type}}{{/Type}}'
CSS = ".card {\r\n  font: 20px arial;\r\n}\r\n.q::after { content: '\\2014' }  \n\n"


def make_note_type(col: Collection) -> NotetypeDict:
    """Add a note type with several templates and odd fields, and return it as Anki keeps it."""
    made = col.models.new("Länder & Städte")
    for name in ("Nr.", "Country/Land", "Capital", "Hint", "Type", "Extra"):
        col.models.add_field(made, col.models.new_field(name))
    made["flds"][2] |= {"rtl": True, "size": 33, "font": "Noto Serif", "description": "the city"}
    made["flds"][5] |= {"collapsed": True, "sticky": True, "plainText": True}
    for name, front, back in (
        ("Card 1", FRONT, BACK),
        ("back ⇄", "{{Capital}}", "{{FrontSide}}{{Country/Land}}"),
        ("map", MAP, "{{type:Country/Land}}"),
    ):
        template = col.models.new_template(name)
        template |= {"qfmt": front, "afmt": back, "bqfmt": "{{Capital}} ", "bsize": 12}
        col.models.add_template(made, template)
    made |= {"css": CSS, "sortf": 1, "latexPre": "\\documentclass{x}\n", "latexsvg": True}
    col.models.add(made)
    found = col.models.by_name("Länder & Städte")
    assert found
    return found


def describe_kind(model: Mapping[str, Any], *, with_ids: bool = True) -> str:
    """Return the file of a kind that adopts a note type: JSON is YAML too."""
    names = [f"f{number}" for number in range(len(model["flds"]))]
    kind = {
        "sources": "optional",
        "anki": {
            "id": model["id"],
            "name": model["name"],
            "css": model["css"],
            "sort": names[model["sortf"]],
            "latex_pre": model["latexPre"],
            "latex_post": model["latexPost"],
            "latex_svg": model["latexsvg"],
            "stock": model["originalStockKind"],
        },
        "fields": {
            name: {
                "type": "inline",
                "label": field["name"],
                **({"id": field["id"]} if with_ids else {}),
                "anki": {
                    "font": field["font"],
                    "size": field["size"],
                    "rtl": field["rtl"],
                    "sticky": field["sticky"],
                    "collapsed": field["collapsed"],
                    "plain_text": field["plainText"],
                    "description": field["description"],
                },
            }
            for name, field in zip(names, model["flds"], strict=True)
        },
        "sides": {
            f"side-{number}": {
                "ask": "{{f1}} or {{f2}}",
                "show": ["f2"],
                "anki": {
                    "name": template["name"],
                    **({"id": template["id"]} if with_ids else {}),
                    "front": template["qfmt"],
                    "back": template["afmt"],
                    "browser_front": template["bqfmt"],
                    "browser_back": template["bafmt"],
                    "browser_size": template["bsize"],
                },
            }
            for number, template in enumerate(model["tmpls"])
        },
    }
    return json.dumps(kind, indent=1, ensure_ascii=False)
