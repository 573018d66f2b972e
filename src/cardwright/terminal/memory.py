"""The memory of a prompt in a terminal, with the answers that led to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from cardwright.history import Review, make_date
from cardwright.memory import Memory
from cardwright.study.schedule import ReplayedAnswer
from cardwright.terminal.paint import Stack
from cardwright.terminal.words import format_wait, name_rating
from cardwright.text import count, make_plain

_MAX_STEPS: Final = 12
"""How many answers are shown."""


def draw_memory(
    ref: str,
    memory: Memory,
    recall: float,
    steps: Sequence[tuple[Review, ReplayedAnswer]],
    *,
    worth: str = "",
) -> Stack:
    """Draw the memory of a prompt, and its answers, the latest first.

    `recall` is what is expected today; `worth` is why it is asked for an exam.
    """
    rows = _list_facts(ref, memory, recall, worth)
    lines = [Text.assemble((f"{name:<12}", "bold"), make_plain(fact)) for name, fact in rows]
    if steps:
        lines += [Text(), Text("answers, the latest first", "bold magenta")]
    for review, step in reversed(steps[-_MAX_STEPS:]):
        assert review.rating is not None  # noqa: S101  (steps belong to answers)
        after = step.after
        wait = format_wait((after.due_at_ms or 0) - review.at_ms, days=after.interval_days)
        expected = f"{step.retrievability:.0%}" if step.retrievability else "new"
        line = (
            f"{review.moment.local:%Y-%m-%d %H:%M}  {name_rating(review.rating):<6}"
            f"expected {expected:<5} took {review.duration_ms / 1000:.0f} s, next in {wait}"
        )
        lines.append(Text(line))
    return Stack(*lines)


def _list_facts(ref: str, memory: Memory, recall: float, worth: str) -> Iterator[tuple[str, str]]:
    yield "card", ref
    yield "state", str(memory.state)
    if memory.last_day is not None:
        yield "recall now", f"{recall:.0%} expected"
        yield "stability", f"{memory.stability:.1f} days until recall falls to 90%"
        yield "difficulty", f"{memory.difficulty:.1f} of 10"
        yield "answers", f"{memory.reps}, forgotten {count(memory.lapses, 'time')}"
        yield "last", make_date(memory.last_day).isoformat()
    if worth:
        yield "worth", worth
    if memory.is_leech:
        yield "leech", "yes"
