"""What the schemas of all sorts of files are made of."""

from __future__ import annotations

from typing import Any, Final

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
TEXT: Final = {"type": ["string", "number", "boolean"]}
TEXTS: Final = {"type": "array", "items": TEXT, "minItems": 1}


def make_record(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return the schema of a mapping with these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": required} if required else {}),
    }
