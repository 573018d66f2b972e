"""The JSON Schema of an exam's blueprint."""

from __future__ import annotations

from typing import Any, Final

from cardwright.project.schema_parts import DIALECT, TEXT, TEXTS, make_record

_LESSONS: Final = {
    "type": "array",
    "items": TEXT,
    "description": "Lessons of this blueprint; none: mixed practice.",
}
_SOME_LESSONS: Final = {**TEXTS, "description": "Lessons of this blueprint, in order."}


def make_blueprint_schema() -> dict[str, Any]:
    """Return the schema of an exam's blueprint."""
    lesson = make_record({"id": TEXT, "title": TEXT}, ["id", "title"])
    domain = make_record(
        {
            "id": TEXT,
            "name": TEXT,
            "weight": {"type": "number", "description": "Share of the questions, in percent."},
            "lessons": {"type": "array", "items": lesson},
        },
        ["id", "weight"],
    )
    objective = make_record({"id": TEXT, "lesson": TEXT, "about": TEXT}, ["id", "lesson", "about"])
    return {
        "$schema": DIALECT,
        "title": "Cardwright blueprint",
        **make_record(
            {
                "name": TEXT,
                "questions": {"type": "integer", "minimum": 1},
                "minutes": {"type": "integer", "minimum": 1},
                "domains": {"type": "array", "items": domain, "minItems": 1},
                "objectives": {"type": "array", "items": objective},
                **_make_preparation(),
            },
            ["name", "domains"],
        ),
    }


def _make_preparation() -> dict[str, Any]:
    """Return what may be said of the way to the exam, by key."""
    hours = {
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 2,
        "maxItems": 2,
        "description": "The least and the most hours of study.",
    }
    stage = {"focus": TEXT, "lessons": _LESSONS}
    left = {"type": "integer", "minimum": 1, "description": "1 is the day before the exam."}
    measure = make_record(
        {
            "lessons": _SOME_LESSONS,
            "kinds": {**TEXTS, "description": "Kinds of cards."},
            "tags": {**TEXTS, "description": "Tags, one of which a card must have."},
            "recall": {
                "type": "number",
                "minimum": 1,
                "maximum": 100,
                "default": 90,
                "description": "Mean expected recall from which the signal is given, in percent.",
            },
        },
        [],
    )
    measure["description"] = "The cards that show it; without, candidates judge for themselves."
    items = {
        "starts": ({"hours": hours}, ["hours"], "Where candidates may stand at the beginning."),
        "plans": (
            {"weeks": {"type": "array", "items": make_record(stage, ["focus"]), "minItems": 1}},
            ["weeks"],
            "Orders of study, week by week; the first one is the usual one.",
        ),
        "lanes": (
            {"lessons": _SOME_LESSONS},
            ["lessons"],
            "Orders of lessons for those who are weak in one thing.",
        ),
        "signals": ({"measure": measure}, [], "What speaks for booking the exam."),
        "failure_modes": ({}, [], "Ways in which questions are missed."),
    }
    made: dict[str, Any] = {
        key: {
            "type": "array",
            "items": make_record({"id": TEXT, "about": TEXT, **own}, ["id", "about", *required]),
            "description": about,
        }
        for key, (own, required, about) in items.items()
    }
    made["last_days"] = {
        "type": "array",
        "items": make_record({"days_left": left, **stage}, ["days_left", "focus"]),
        "description": "What each of the last days is for.",
    }
    return made
