"""What `cards review` shows in place of the card: all keys, its memory, the wait for the next one."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.history import make_date, make_time
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_wait
from cardwright.text import make_plain

_KEYS: Final = (
    ("space, enter", "show the answer; then what is below; then take the marked rating"),
    ("1 2 3 4", "rate: Again, Hard, Good, Easy"),
    ("1 … 9", "before that: pick an option, or tick a point that you had"),
    ("a", "tick all points, or none"),
    ("u", "undo, as often as you like, back to the start of this sitting"),
    ("e", "edit the card in your editor, and read it again"),
    ("s", "suspend: never ask it until you `cards unsuspend` it"),
    ("b", "bury: put it off until tomorrow"),
    ("f", "flag it, or take the flag away (`cards review --flagged`)"),
    ("i", "memory and history of this card"),
    ("o", "open its images, links and sources, one each time"),
    ("/", "search ahead: ask the next card that holds a word"),
    ("↑ ↓ j k", "scroll; also page up and down, home, end"),
    ("?", "these keys"),
    ("q", "stop; everything is saved already"),
)
_SHOWN_ANSWERS: Final = 12


def draw_keys() -> RenderableType:
    """Draw what each key does."""
    lines = []
    for keys, does in _KEYS:
        line = Text(f"{keys:<14}", style="bold")
        line.append(does, "not bold")
        lines.append(line)
    return Group(*lines)


def draw_memory(sitting: Sitting) -> RenderableType:
    """Draw what is believed of the card's memory, and its answers, the latest first."""
    item = sitting.session.current
    if item is None:
        return Text()
    memory, journal = sitting.session.memory, sitting.session.journal
    schedule = journal.schedule_of(item.key)
    today = sitting.clock().study_day(journal.rollover_hour)
    rows = [("card", item.ref), ("state", str(memory.state))]
    if memory.last_day is not None:
        recall = schedule.retrievability(memory, today)
        rows += [
            ("recall now", f"{recall:.0%} expected"),
            ("stability", f"{memory.stability:.1f} days until it falls to 90%"),
            ("difficulty", f"{memory.difficulty:.1f} of 10"),
            ("answers", f"{memory.reps}, forgotten {memory.lapses} times"),
            ("last", make_date(memory.last_day).isoformat()),
        ]
    if sitting.reason:
        rows.append(("worth", sitting.reason))
    if memory.is_leech:
        rows.append(("leech", "yes"))
    lines = [
        Text(f"{name:<12}", style="bold").append(make_plain(text), "not bold")
        for name, text in rows
    ]
    steps = list(journal.trace(item.key))[-_SHOWN_ANSWERS:]
    if steps:
        lines += [Text(), Text("answers, the latest first", style="bold magenta")]
    for review, step in reversed(steps):
        assert review.rating is not None  # noqa: S101
        after = step.after
        wait = say_wait((after.due_at_ms or 0) - review.at_ms, days=after.interval_days)
        expected = f"{step.retrievability:.0%}" if step.retrievability else "new"
        lines.append(
            Text(
                f"{review.moment.local:%Y-%m-%d %H:%M}  {name_rating(review.rating):<6}"
                f"expected {expected:<5} took {review.duration_ms / 1000:.0f} s, then {wait}"
            )
        )
    return Group(*lines)


def draw_wait(sitting: Sitting) -> RenderableType:
    """Draw how long it is until the next prompt."""
    now = sitting.clock()
    next_ms = sitting.session.next_at_ms or now.at_ms
    seconds = max(next_ms - now.at_ms, 0) // 1000
    local = make_time(next_ms).astimezone(now.local.tzinfo)
    return Group(
        Text("Nothing to ask at this moment.", style="bold"),
        Text(),
        Text(
            f"The next card comes at {local:%H:%M}, in {seconds // 60}:{seconds % 60:02d} minutes."
        ),
        Text("Wait here, or stop with q: nothing is lost."),
    )


def draw_end(sitting: Sitting) -> RenderableType:
    """Draw that the sitting is over, while its last answer can still be taken back."""
    why = "Enough for this sitting." if sitting.is_enough else "Nothing more to ask today."
    return Group(Text(why, style="bold"), Text(), Text("Space ends it; u takes the last act back."))
