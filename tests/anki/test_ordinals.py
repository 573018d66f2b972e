"""The prompts we list are the cards that Anki makes, for any kind and any card."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anki.models import NotetypeDict
from hypothesis import given, settings
from hypothesis import strategies as st

from anki_backend import Anki
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import make_note_type
from cardwright.anki.package import _make_model
from cardwright.kinds import list_prompts
from cardwright.kinds.template import find_unknown_name
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection, Kind
from cardwright.project.card import parse_cards
from cardwright.project.document import Document
from cardwright.project.kind import parse_kind

RENDERER = Renderer()
FIELDS = ("word", "note", "points", "flag", "pick", "spare")
TYPES = ("inline", "block", "list", "flag", "options", "inline")
OPTIONS = [{"right": "a", "reason": "b"}, {"wrong": "c", "reason": "d"}]
TEXTS = st.sampled_from(["x", "**x**", "a\nb", "&nbsp;", "$x$", "{{Word}}", "0", "`<br>`"])
LINES = TEXTS.map(lambda text: text.replace("\n", " "))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "inline": LINES,
    "block": TEXTS,
    "list": st.lists(LINES, min_size=1, max_size=2),
    "flag": st.booleans(),
    "options": st.just(OPTIONS),
}
CARDS = st.fixed_dictionaries(
    {"word": LINES},
    optional={name: VALUES[kind] for name, kind in zip(FIELDS[1:], TYPES[1:], strict=True)},
)
OWN_SIDES = st.lists(st.sampled_from([None, *FIELDS]), min_size=1, max_size=4)


def read(kind: dict[str, Any], card: dict[str, Any]) -> tuple[Kind, Card]:
    _, made = parse_kind(Document("kinds/k.yaml", json.dumps(kind).encode()))
    assert made
    text = json.dumps({"kind": "k", "cards": [{"id": "a", **card}]})
    (found,) = parse_cards(Document("cards/p/a.yaml", text.encode()), "p", {"k": made})[0]
    return made, found


def describe_fields(*, is_adopted: bool) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "word": {"required": True},
        "spare": {} if is_adopted else {"spare": 2},
    }
    return {
        name: {"type": kind, **own.get(name, {})} for name, kind in zip(FIELDS, TYPES, strict=True)
    }


def list_ordinals(anki: Anki, kind: Kind, card: Card) -> tuple[list[int], list[int]]:
    """Return the ordinals that we expect, and those of the cards that Anki makes."""
    note_type = make_note_type(kind, RENDERER)
    model = _make_model(note_type, 0).to_json(0, 1)
    templates = [{**t, "qfmt": f"{t['ord']} {{{{Word}}}}"} for t in model["tmpls"]]
    model_id = anki.col.models.add_dict({**model, "id": 0, "name": "k", "tmpls": templates}).id
    made = anki.col.models.get(model_id)  # type: ignore[arg-type]
    assert made
    for template, own in zip(made["tmpls"], note_type.templates, strict=True):
        template["qfmt"] = own.front
    # An import does not refuse what the editor would, such as a front without any field.
    anki.col.models.update_dict(made, skip_checks=True)
    note = anki.col.new_note(made)
    note.fields = list(
        make_fields(
            Collection(kinds={"k": kind}, cards=(card,), decks={}, blueprints={}),
            card,
            RENDERER,
            {},
        )
    )
    anki.col.add_note(note, 1)  # type: ignore[arg-type]
    found = [made.ord for made in note.cards()]
    anki.col.models.remove(model_id)  # type: ignore[arg-type]
    return [prompt.ordinal for prompt in list_prompts(card, kind)], found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Anki(tmp_path_factory.mktemp("anki") / "anki")
    yield made
    made.col.close()


@settings(max_examples=30)
@given(OWN_SIDES, CARDS)
def test_of_kinds_of_our_own(
    shared: Anki, needed: list[str | None], values: dict[str, Any]
) -> None:
    sides = {
        f"side-{number}": {
            "ask": f"Number {number}: {{{{word}}}}",
            "show": ["word"],
            **({"when": name} if name else {}),
        }
        for number, name in enumerate(needed)
    }
    kind, card = read({"fields": describe_fields(is_adopted=False), "sides": sides}, values)
    expected, found = list_ordinals(shared, kind, card)
    # Anki keeps one card of a note that makes none; `check` reports such a card.
    assert found == (expected or [0])


TEMPLATES = st.recursive(
    st.sampled_from(
        [
            *("text", "<br>", "{{Note}}", "{{hint:Points}}", "{{ Flag }}", "{{Tags}}", "{{Pick}}"),
            *("{{FrontSide}}", "{{text:Spare}}", "{{Deck}}", "<!-- {{Word}} -->", "{{Subdeck}}"),
        ]
    ),
    lambda inner: st.builds(
        "{{{{{0}{1}}}}}{2}{{{{/{1}}}}}".format,
        st.sampled_from("#^"),
        st.sampled_from([name.capitalize() for name in FIELDS]),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=6,
)


@settings(max_examples=30)
@given(st.lists(TEMPLATES, min_size=1, max_size=3), CARDS)
def test_of_adopted_kinds(shared: Anki, fronts: list[str], values: dict[str, Any]) -> None:
    fronts = ["{{Word}}", *(f"{number} {front}" for number, front in enumerate(fronts))]
    sides = {
        f"side-{number}": {
            "ask": "{{word}}",
            "show": ["word"],
            "anki": {"name": f"Card {number}", "front": front, "back": "{{Word}}"},
        }
        for number, front in enumerate(fronts)
    }
    anki = {"id": 1342697561419, "name": "k"}
    fields = describe_fields(is_adopted=True)
    kind, card = read({"anki": anki, "fields": fields, "sides": sides}, values)
    expected, found = list_ordinals(shared, kind, card)
    assert found == expected


@pytest.fixture(scope="module")
def gaps(shared: Anki) -> NotetypeDict:
    made = shared.col.models.new("gaps") | {"type": 1}
    shared.col.models.add_field(made, shared.col.models.new_field("Word"))
    template = shared.col.models.new_template("Cloze")
    template |= {"qfmt": "{{cloze:Word}}", "afmt": "{{cloze:Word}}"}
    shared.col.models.add_template(made, template)
    shared.col.models.add(made)
    found = shared.col.models.by_name("gaps")
    assert found
    return found


@pytest.mark.parametrize(
    "template",
    [
        *("{{Word}}", "{{ Word }}", "{{hint:Word}}", "{{#Word}}x{{/Word}}", "<!-- {{Nope}} -->"),
        *("{{FrontSide}}", "{{#Tags}}x{{/Tags}}", "{{^Card}}x{{/Card}}", "{{tts-voices:}}"),
        *(
            "{{Type}}{{Deck}}{{Subdeck}}{{CardFlag}}{{CardID}}",
            "{{#c1}}x{{/c1}}",
            "{{^c2}}x{{/c2}}",
        ),
        *("{{word}}", "{{hint: Word}}", "{{#Nope}}x{{/Nope}}", "{{^Nope}}x{{/Nope}}", "{{cX}}"),
        *("{{#Word}}{{Nope}}{{/Word}}", "{{^Word}}x{{Nope}}{{/Word}}", "{{!Word}}"),
    ],
)
def test_names_that_anki_does_not_know(shared: Anki, gaps: NotetypeDict, template: str) -> None:
    gaps["tmpls"][0]["qfmt"] = "{{cloze:Word}}" + template
    note = shared.col.new_note(gaps)
    note.fields = ["{{c1::a}}"]

    shown = note.ephemeral_card(custom_note_type=gaps).render_output().question_text

    assert (find_unknown_name(template, ["Word"]) is not None) == ("no field called" in shown)
