"""What Anki keeps of a note type, rebuilt from what our reader tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anki.collection import Collection as Anki

from cardwright.incoming import IncomingType

UNKEPT = {"mod", "usn", "did", "vers", "tags", "originalId", "req", "ord", "media", "scratchPad"}
FIELD_KEYS = {
    "font": "font",
    "size": "size",
    "rtl": "rtl",
    "sticky": "sticky",
    "collapsed": "collapsed",
    "plainText": "plain_text",
    "excludeFromSearch": "unsearchable",
    "description": "description",
    "tag": "tag",
    "preventDeletion": "protected",
}
TEMPLATE_KEYS = {
    "bqfmt": "browser_front",
    "bafmt": "browser_back",
    "bfont": "browser_font",
    "bsize": "browser_size",
    "id": "id",
}
TYPE_KEYS = {
    "latexPre": "latex_pre",
    "latexPost": "latex_post",
    "latexsvg": "latex_svg",
    "originalStockKind": "stock",
    "crowdanki_uuid": "crowdanki_uuid",
}


def keep(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an update must leave alone in a note type."""
    made = {key: value for key, value in model.items() if key not in UNKEPT}
    for part in ("flds", "tmpls"):
        made[part] = [
            {key: value for key, value in one.items() if key not in UNKEPT} for one in model[part]
        ]
    return made


def rebuild(found: IncomingType, anki: Anki) -> dict[str, Any]:
    """Return a note type as Anki keeps it, beginning with Anki's own defaults."""
    made = anki.models.new(found.name) | {"originalStockKind": 0}
    made |= {"id": found.anki_id, "type": int(found.is_cloze), "css": found.css, **found.attributes}
    made["flds"] = [
        anki.models.new_field(field.name) | {"id": None, **field.attributes}
        for field in found.fields
    ]
    made["tmpls"] = [
        anki.models.new_template(one.name)
        | {"id": None, "qfmt": one.front, "afmt": one.back, **one.attributes}
        for one in found.templates
    ]
    if not made["originalStockKind"]:
        # Anki leaves it out.
        del made["originalStockKind"]
    return keep(made)


def describe_kind(found: IncomingType) -> dict[str, Any]:
    """Return the file of a kind that adopts a note type."""
    names = [f"f{number}" for number in range(len(found.fields))]
    attributes = dict(found.attributes)
    sort = {"sort": names[int(attributes.pop("sortf"))]} if "sortf" in attributes else {}
    return {
        "sources": "optional",
        **({"cloze": names[0]} if found.is_cloze else {}),
        "anki": {
            "id": found.anki_id,
            "name": found.name,
            "css": found.css,
            **sort,
            **{TYPE_KEYS[key]: value for key, value in attributes.items()},
        },
        "fields": {
            name: {
                "label": field.name,
                "type": "block" if found.is_cloze and name == names[0] else "inline",
                **({"id": field.attributes["id"]} if "id" in field.attributes else {}),
                "anki": {
                    FIELD_KEYS[key]: value for key, value in field.attributes.items() if key != "id"
                },
            }
            for name, field in zip(names, found.fields, strict=True)
        },
        "sides": {
            f"side-{number}": {
                "ask": "{{f0}}",
                "show": ["f0"],
                "anki": {
                    "name": one.name,
                    "front": one.front,
                    "back": one.back,
                    **{TEMPLATE_KEYS[key]: value for key, value in one.attributes.items()},
                },
            }
            for number, one in enumerate(found.templates)
        },
    }
