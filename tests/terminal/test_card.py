"""Question and answer of every kind, as shown in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from cardwright.diagnostic import Span
from cardwright.kinds import list_prompts
from cardwright.model import Card, Collection, Kind, Option, Prompt, Source, Value
from cardwright.project.document import Document
from cardwright.project.kind import parse_kind, read_built_in_kinds
from cardwright.project.load import load
from cardwright.terminal.card import draw_answer, draw_card, draw_question, order_options
from cardwright.terminal.formula import draw_formula
from cardwright.terminal.paint import paint

ROOT = Path(__file__).parents[2]
KINDS = read_built_in_kinds()
OPTIONS = (
    Option(text="An oak", right=True, reason="Acorns are its fruit."),
    Option(text="An **elm**", right=False, reason=""),
    Option(text="An ash [red]", right=False, reason="It has keys."),
)


def make_card(
    kind: str,
    fields: Mapping[str, Value],
    *,
    options: tuple[Option, ...] = (),
    extra: str = "",
    sources: tuple[Source, ...] = (),
) -> Card:
    return Card(
        pack="trees",
        namespace="trees",
        id="card",
        kind=kind,
        fields=fields,
        options=options,
        tags=(),
        lesson=None,
        objectives=(),
        sources=sources,
        extra=extra,
        formerly=(),
        retired=None,
        span=Span(path="cards/trees/wood.yaml", line=1, column=1),
        spans={},
    )


def show(drawing: RenderableType, width: int = 60) -> str:
    return paint(drawing, {}, is_terminal=False, width=width) + "\n"


def find_prompt(card: Card, kind: Kind | None = None, key: str | None = None) -> Prompt:
    prompts = list_prompts(card, kind or KINDS[card.kind])
    return next(prompt for prompt in prompts if key in (None, prompt.side_name))


def test_a_term_with_all_it_may_have() -> None:
    """Field labels head all but the answer itself; extra and sources come last."""
    card = make_card(
        "term",
        {
            "term": "Tree *ring*",
            "definition": "The wood of **one** year.",
            "example": "- wide: good\n- narrow: dry",
            "contrast": "Bark.",
            "reverse": True,
        },
        extra="More in `dendro`.",
        sources=(
            Source(url="https://example.com/a", title="Wood", checked_on=""),
            Source(url="https://example.com/b", title="", checked_on=""),
            Source(url="", title="A book", checked_on=""),
            Source(url="javascript:x", title="Bad", checked_on=""),
        ),
    )
    kind = KINDS["term"]
    rest = (
        "\nExample\n• wide: good\n• narrow: dry\n\nNot to be confused\nBark.\n\nMore in dendro.\n\n"
        "Source: Wood (https://example.com/a)\nSource: https://example.com/b\nSource: A book\n"
        "Source: Bad\n"
    )

    assert show(draw_question(find_prompt(card), kind)) == "What does this mean?\n\nTree ring\n"
    assert show(draw_answer(find_prompt(card), kind)) == "The wood of one year.\n" + rest
    back = find_prompt(card, key="reverse")
    assert show(draw_question(back, kind)) == "Which term is this?\n\nThe wood of one year.\n"
    assert show(draw_answer(back, kind)) == "Tree ring\n" + rest


def test_a_field_cannot_change_the_question_around_it() -> None:
    card = make_card("term", {"term": "- a** cwfield0x {{definition}}", "definition": "x"})

    shown = show(draw_question(find_prompt(card), KINDS["term"]))
    assert shown == "What does this mean?\n\n- a** cwfield0x {{definition}}\n"


def test_an_instinct_quotes_its_failure() -> None:
    card = make_card(
        "instinct", {"failure": "Watering *at once*.", "instinct": "Feel.", "why": "Rot."}
    )
    kind = KINDS["instinct"]

    shown = show(draw_question(find_prompt(card), kind))
    assert shown == "Which instinct serves better?\n\n│ Watering at once.\n"
    assert show(draw_answer(find_prompt(card), kind)) == "Feel.\n\nWhy\nRot.\n"


def test_a_choice_before_and_after() -> None:
    card = make_card("choice", {"question": "Which bears acorns?"}, options=OPTIONS)
    kind, prompt = KINDS["choice"], find_prompt(card)

    assert show(draw_question(prompt, kind, picked={2})) == (
        "Which bears acorns?\n\nChoose one.\n\n1) [ ] An oak\n2) [ ] An elm\n3) [x] An ash [red]\n"
    )
    assert show(draw_answer(prompt, kind, picked={2})) == (
        "1) [ ] ✓ An oak\n       Acorns are its fruit.\n"
        "2) [ ] ✗ An elm\n"
        "3) [x] ✗ An ash [red]\n       It has keys.\n"
    )


def test_a_choice_says_how_many_options_are_right() -> None:
    options = (*OPTIONS, Option(text="A red oak", right=True, reason=""))
    card = make_card("choice", {"question": "Which bear acorns?"}, options=options)

    assert "\nChoose two.\n" in show(draw_question(find_prompt(card), KINDS["choice"]))


@given(st.integers())
def test_a_seed_gives_one_order_to_question_answer_and_marks(seed: int) -> None:
    card = make_card("choice", {"question": "Which?"}, options=OPTIONS)
    kind, prompt = KINDS["choice"], find_prompt(card)
    order = order_options(prompt, seed)

    asked = show(draw_question(prompt, kind, shuffle_seed=seed, picked={0}))
    shown = show(draw_answer(prompt, kind, shuffle_seed=seed, picked={0}))

    assert sorted(order) == [0, 1, 2]
    assert order == order_options(prompt, seed)
    number = order.index(0) + 1
    assert f"\n{number}) [x] An oak\n" in asked
    assert f"{number}) [x] ✓ An oak\n" in shown


def test_seeds_give_every_order_and_the_same_on_every_machine() -> None:
    card = make_card("choice", {"question": "Which?"}, options=OPTIONS)
    prompt = find_prompt(card)

    assert order_options(prompt, None) == (0, 1, 2)
    assert len({order_options(prompt, seed) for seed in range(60)}) == 6
    assert order_options(prompt, 1) == (2, 0, 1)
    assert order_options(find_prompt(make_card("basic", {"question": "?", "answer": "!"})), 1) == ()


def test_points_of_an_objective_are_ticked_off() -> None:
    card = make_card(
        "objective", {"objective": "1", "question": "How?", "points": ("A *core*.", "Count.")}
    )
    kind, prompt = KINDS["objective"], find_prompt(card)

    assert show(draw_question(prompt, kind)) == "How?\n"
    assert show(draw_answer(prompt, kind, ticked=[1])) == "1. [ ] A core.\n2. [x] Count.\n"


def test_a_route_lists_its_cues() -> None:
    card = make_card("route", {"about": "age", "go": "Rings", "cues": ("core", "borer")})
    kind, prompt = KINDS["route"], find_prompt(card)

    assert show(draw_question(prompt, kind)).endswith("\n\n│ age\n")
    assert show(draw_answer(prompt, kind)) == "Rings\n\nCues\n• core\n• borer\n"


def test_a_cloze_asks_each_number() -> None:
    card = make_card("cloze", {"text": "{{c1::Cambium}} makes {{c2::wood::what?}}."}, extra="Yes.")
    kind = KINDS["cloze"]

    questions = [show(draw_question(prompt, kind)) for prompt in list_prompts(card, kind)]
    assert questions == ["[…] makes wood.\n", "Cambium makes [what?].\n"]
    assert show(draw_answer(find_prompt(card), kind)) == "Cambium makes wood.\n\nYes.\n"


def test_a_kind_of_a_project_is_drawn_by_its_sides() -> None:
    _, kind = parse_kind(
        Document(
            "command.yaml",
            b"fields:\n"
            b"  does: {type: inline, required: true}\n"
            b"  flags: {type: list}\n"
            b"  command: {type: inline, required: true}\n"
            b"  picks: {type: options}\n"
            b"sides:\n"
            b"  do: {ask: '## {{does}}?\n\n\n    {{flags}}', show: [command, flags]}\n"
            b"  undo: {ask: 'What is `{{command}}`, **{{command}}**?', show: [does, picks]}\n",
        )
    )
    assert kind is not None
    card = make_card(
        "command",
        {
            "does": "Copy *it*",
            "flags": ("`-r`", "`-f`"),
            "command": "c_p [x]",
        },
        options=OPTIONS[:1],
    )

    do, undo = list_prompts(card, kind)
    assert show(draw_question(do, kind)) == "Copy it?\n\n• -r\n• -f\n"
    assert show(draw_answer(do, kind)) == "c_p [x]\n\nFlags\n• -r\n• -f\n"
    assert show(draw_question(undo, kind)) == "What is c_p [x], c_p [x]?\n"
    assert show(draw_answer(undo, kind)) == (
        "Copy it\n\nPicks\n1) [ ] ✓ An oak\n       Acorns are its fruit.\n"
    )


def test_what_stands_below_a_card_cannot_act_on_the_terminal() -> None:
    card = make_card("basic", {"question": "Q", "answer": "A"})
    collection = Collection(kinds=KINDS, cards=(card,), decks={}, blueprints={})
    object.__setattr__(card, "retired", "\x1b[2J[red]\u202egone")

    shown = show(draw_card(collection, card))

    assert "Retired: �[2J[red]gone\n" in shown
    assert "Basic · no lesson · cards/trees/wood.yaml:1:1\n" in shown


def test_of_a_long_card_few_prompts_are_shown() -> None:
    card = make_card(
        "cloze", {"text": "word " * 45_000 + "{{c1::a}} {{c2::b}} {{c3::c}} {{c4::d}}"}
    )
    collection = Collection(kinds=KINDS, cards=(card,), decks={}, blueprints={})

    shown = show(draw_card(collection, card))

    assert "… and 2 prompts more\n" in shown
    assert shown.count("[…]") == 2


@cache
def read_collection() -> Collection:
    return load(ROOT)[0]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_every_card_of_ours_fits_the_width(width: int) -> None:
    collection = read_collection()
    console = Console(width=width, color_system=None, _environ={})
    for card in collection.cards:
        kind = collection.kinds[card.kind]
        for prompt in list_prompts(card, kind):
            for drawing in (draw_question(prompt, kind), draw_answer(prompt, kind)):
                lines = drawing.lay_out(console, width)
                assert lines, prompt.ref
                assert all(line.cell_len <= width for line in lines), prompt.ref


def test_every_formula_of_ours_becomes_a_line() -> None:
    collection = read_collection()
    for card in collection.cards:
        kind = collection.kinds[card.kind]
        for prompt in list_prompts(card, kind):
            for token in (*draw_question(prompt, kind).tokens, *draw_answer(prompt, kind).tokens):
                if token.name == "maths":
                    assert draw_formula(token.text), token.text
