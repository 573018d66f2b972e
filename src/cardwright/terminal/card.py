"""Cards in a terminal: the question and answer of a prompt, and whole cards."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.text import Text

from cardwright.frozen import frozen
from cardwright.kinds import MAX_SHOWN, list_asked, list_prompts
from cardwright.kinds.typed import Comparison
from cardwright.markdown.links import is_followable, is_web_address
from cardwright.markdown.tokens import Token, read_block, read_cloze, read_inline
from cardwright.model import Card, Collection, FieldType, Kind, Option, Prompt, Source
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.paint import Stack
from cardwright.text import count, make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

_FIELD_MARK: Final = re.compile("(cwfield[0-9]+x)")
"""Placeholder of a field while the question's Markdown is parsed, so that no field can alter it."""
_MAX_SIGNS: Final = 500_000
"""How much text the prompts of a card have that are shown at once, if there is more than one."""
_NUMBERS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def draw_question(
    prompt: Prompt,
    kind: Kind,
    *,
    shuffle_seed: int | None = None,
    picked: Container[int] = (),
    is_above_answer: bool = False,
) -> Drawing:
    """Draw the question; `picked` are indices into the card's options.

    Above its answer, paragraphs that the answer repeats (options, cloze texts) are left out.
    """
    face = _Face(
        prompt=prompt,
        kind=kind,
        revealed=is_above_answer,
        shuffle_seed=shuffle_seed,
        picked=picked,
    )
    return Drawing(tuple(face.ask()))


def draw_asked(prompt: Prompt, kind: Kind) -> Drawing:
    """Draw a question for a list, without what is the same on every card of its kind.

    Options belong to the answer.
    """
    face = _Face(prompt=prompt, kind=kind, revealed=False, shuffle_seed=None, picked=())
    return Drawing(tuple(face.ask_shortly()))


def _name_sounds(drawing: Drawing) -> Drawing:
    """Name the files of sounds and videos without a description, which would give away an answer."""
    return Drawing(tuple(map(_name_sound, drawing.tokens)))


def _name_sound(token: Token) -> Token:
    is_bare = token.name == "image" and not token.text
    if not is_bare:
        return token
    from cardwright.foreign.media import MediaKind, name_kind  # noqa: PLC0415  (few cards have media)

    if name_kind(token.detail) is MediaKind.IMAGE:
        return token
    name = token.detail.rpartition("/")[2]
    if "%" in name:
        from urllib.parse import unquote  # noqa: PLC0415  (rarely needed)

        name = " ".join(make_plain(unquote(name)).split())
    return replace(token, text=name)


def draw_answer(
    prompt: Prompt,
    kind: Kind,
    *,
    shuffle_seed: int | None = None,
    picked: Container[int] = (),
    ticked: Container[int] = (),
    comparison: Comparison | None = None,
) -> Drawing:
    """Draw the answer; `ticked` are indices into its points.

    Options are in the same order as in a question drawn with the same seed. What was typed comes
    first if it is wrong.
    """
    face = _Face(
        prompt=prompt,
        kind=kind,
        revealed=True,
        shuffle_seed=shuffle_seed,
        picked=picked,
        ticked=ticked,
    )
    compared = _write_comparison(comparison) if comparison and not comparison.is_right else ()
    return _name_sounds(Drawing((*compared, *face.answer())))


def _write_comparison(comparison: Comparison) -> Iterator[Token]:
    """Write what was typed above what is right; brackets mark what differs, without colours too."""
    for title, pieces, name in (
        ("typed: ", comparison.typed, "wrong"),
        ("right: ", comparison.expected, "right"),
    ):
        tokens = [*_style("quiet", [Token(name="text", text=title)])]
        for text, is_same in pieces:
            piece = Token(name="text", text=text if is_same else f"[{text}]")
            tokens += [piece] if is_same else _style(name, [piece])
        yield from _write_line(tokens, "tight" if name == "wrong" else "")


def order_options(prompt: Prompt, seed: int | None) -> tuple[int, ...]:
    """Return the order in which the options of a card are shown, as indices into them.

    The order depends only on the seed, on every machine; without a seed it is as written.
    """
    order = range(len(prompt.card.options))
    if seed is None or not order:
        return tuple(order)
    import hashlib  # noqa: PLC0415  (slow to load, and only choices need it)

    def rank(index: int) -> bytes:
        return hashlib.sha256(f"{seed}/{prompt.ref}/{index}".encode()).digest()

    return tuple(sorted(order, key=rank))


def format_verdict(order: Iterable[int], picked: Iterable[int], right: Iterable[int]) -> str:
    """Describe whether exactly the right options were picked and, if not, which ones are right.

    All arguments are indices of options; `order` is the order shown.
    """
    picked, right = set(picked), set(right)
    if picked == right:
        return "✓ right"
    numbers = [str(number) for number, index in enumerate(order, 1) if index in right]
    verb = "is" if len(numbers) == 1 else "are"
    return f"{'✗ wrong' if picked else '– unanswered'}: {' and '.join(numbers)} {verb} right"


def draw_card(collection: Collection, card: Card) -> Stack:
    """Draw every prompt of a card, then its kind, lesson, location and objectives."""
    return Stack(*_draw_parts(collection, card))


def _draw_parts(collection: Collection, card: Card) -> Iterator[Renderable]:
    from rich.rule import Rule  # noqa: PLC0415  (for `cards show`, not for the first card)

    kind = collection.kinds[card.kind]
    prompts = list_prompts(card, kind)
    length = sum(len(text) for text in card.fields.values() if isinstance(text, str))
    shown = max(min(MAX_SHOWN, _MAX_SIGNS // max(length, 1)), 1)
    for prompt in prompts[:shown]:
        yield Rule(Text(make_plain(prompt.ref), "bold"), align="left")
        yield _name_sounds(draw_question(prompt, kind))
        yield Rule(style="dim")
        yield draw_answer(prompt, kind)
        yield Text()
    if left := prompts[shown:]:
        yield Text(f"… and {count(len(left), 'prompt')} more")
    if card.retired is not None:
        yield Text(make_plain(f"Retired: {card.retired}"), "bold")
    if card.reserved is not None:
        yield Text(f"Reserved for {card.reserved} exams", "bold")
    if card.twins is not None:
        yield Text(make_plain(f"Twins: {card.twins}"), "dim")
    lesson = collection.lesson_of(card) or "no lesson"
    yield Text(make_plain(f"{kind.title} · {lesson} · {card.span}"), "dim")
    blueprint = collection.blueprints.get(card.pack)
    known = blueprint.objectives if blueprint else {}
    for name in card.all_objectives:
        about = f" {known[name].about}" if name in known else ""
        yield Text(make_plain(f"Objective {name}{about}"), "dim")


@frozen
class _Face:
    """One face of a prompt, as tokens."""

    prompt: Prompt
    kind: Kind
    revealed: bool
    shuffle_seed: int | None
    picked: Container[int]
    ticked: Container[int] = ()

    def ask(self) -> Iterator[Token]:
        markdown = self.prompt.side.ask
        names = {}
        for number, name in enumerate(list_asked(self.prompt.side)):
            mark = f"cwfield{number}x"
            names[mark] = name
            markdown = markdown.replace(f"{{{{{name}}}}}", mark)
        tokens = list(read_block(markdown))
        while tokens:
            token = tokens.pop(0)
            mark = tokens[0].text if tokens else ""
            if token.name == "paragraph_open" and mark in names and not self._is_line(names[mark]):
                del tokens[:2]
                if not self.revealed or names[mark] not in self.prompt.side.show:
                    yield from self._read_field(names[mark])
            else:
                yield from self._fill(token, names)

    def ask_shortly(self) -> Iterator[Token]:
        asked, shown = list_asked(self.prompt.side), self.prompt.side.show
        for name in [name for name in asked if name not in shown] or asked:
            yield from _write_line(self._read_field(name))

    def _fill(self, token: Token, names: dict[str, str]) -> Iterator[Token]:
        """Replace the placeholders in a token with the fields."""
        for piece in _FIELD_MARK.split(token.text):
            if piece not in names:
                yield replace(token, text=piece)
            elif token.name == "text":
                yield from self._read_field(names[piece])
            else:
                yield replace(token, text=self.prompt.card.text(names[piece]))

    def answer(self) -> Iterator[Token]:
        card = self.prompt.card
        for number, name in enumerate(self.prompt.side.show):
            tokens = tuple(self._read_field(name))
            if tokens and number:
                label = Token(name="text", text=self.kind.field(name).label)
                yield from _write_line(_style("label", [label]))
            yield from _write_line(tokens, "") if self._is_line(name) else tokens
        yield from read_block(card.extra)
        for source in card.sources:
            yield from _write_line(_style("quiet", _write_source(source)))

    def _is_line(self, name: str) -> bool:
        return self.kind.field(name).type is FieldType.INLINE

    def _read_field(self, name: str) -> Iterable[Token]:
        value = self.prompt.card.fields.get(name)
        if isinstance(value, str):
            if name == self.kind.cloze:
                return read_cloze(value, self.prompt.ordinal + 1, revealed=self.revealed)
            return read_inline(value) if self._is_line(name) else read_block(value)
        if name == self.kind.options:
            return self._write_options(self.prompt.card.options)
        points = value if isinstance(value, tuple) else ()
        is_answer = self.revealed and name == self.prompt.side.show[0]
        return self._write_points([str(point) for point in points], is_answer=is_answer)

    def _write_options(self, options: Sequence[Option]) -> Iterator[Token]:
        if not self.revealed:
            right = sum(option.right for option in options)
            number = _NUMBERS[right] if right < len(_NUMBERS) else str(right)
            yield from _write_line([Token(name="text", text=f"Choose {number}.")], "")
        yield Token(name="list_open")
        for place, index in enumerate(order_options(self.prompt, self.shuffle_seed)):
            yield _open_item(f"{place + 1})", is_marked=index in self.picked)
            yield from self._write_option(options[index])
            yield Token(name="list_item_close")
        yield Token(name="list_close")

    def _write_option(self, option: Option) -> Iterator[Token]:
        text = read_inline(option.text)
        if not self.revealed:
            yield from _write_line(text)
            return
        name, sign = ("right", "✓") if option.right else ("wrong", "✗")
        mark = _style(name, [Token(name="text", text=sign)])
        yield from _write_line([*mark, Token(name="text", text=" "), *_style("strong", text)])
        if option.reason:
            yield from _write_line(read_inline(option.reason))

    def _write_points(self, points: Sequence[str], *, is_answer: bool) -> Iterator[Token]:
        """Write the items of a list; those of the answer are a checklist."""
        if not points:
            return
        yield Token(name="list_open")
        for index, point in enumerate(points):
            if is_answer:
                yield _open_item(f"{index + 1}.", is_marked=index in self.ticked)
            else:
                yield Token(name="list_item_open", detail="•")
            yield from _write_line(read_inline(point))
            yield Token(name="list_item_close")
        yield Token(name="list_close")


def _open_item(name: str, *, is_marked: bool) -> Token:
    return Token(name="list_item_open", detail=f"{name} [{'x' if is_marked else ' '}]")


def _write_line(tokens: Iterable[Token], detail: str = "tight") -> Iterator[Token]:
    """Write a paragraph; a tight one is not followed by a blank line."""
    yield Token(name="paragraph_open", detail=detail)
    yield from tokens
    yield Token(name="paragraph_close", detail=detail)


def _style(name: str, tokens: Iterable[Token]) -> Iterator[Token]:
    yield Token(name=f"{name}_open")
    yield from tokens
    yield Token(name=f"{name}_close")


def _write_source(source: Source) -> Iterator[Token]:
    yield Token(name="text", text="Source: ")
    shown = [Token(name="text", text=source.title or source.url)]
    if not (is_web_address(source.url) and is_followable(source.url)):
        yield from shown
        return
    yield Token(name="link_open", detail=source.url)
    yield from shown
    yield Token(name="link_close")
