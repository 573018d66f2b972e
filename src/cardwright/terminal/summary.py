"""What a sitting came to, printed when it ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.text import Text

from cardwright.history import Rating, State
from cardwright.study.session import SessionAnswer
from cardwright.text import make_plain


def print_summary(
    answers: Sequence[SessionAnswer], passed_ms: int, due_tomorrow: int, lessons: Mapping[str, str]
) -> None:
    """Print answers, recall by lesson, time, and what tomorrow brings; `lessons` are titles by id."""
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(_draw_summary(answers, passed_ms, due_tomorrow, lessons))


def _draw_summary(
    answers: Sequence[SessionAnswer], passed_ms: int, due_tomorrow: int, lessons: Mapping[str, str]
) -> Group:
    if not answers:
        return Group(Text("No answers. Nothing is lost."))
    minutes, seconds = divmod(passed_ms // 1000, 60)
    each = sum(answer.review.duration_ms for answer in answers) / 1000 / len(answers)
    lines = [
        Text(
            f"{_count(len(answers), 'answer')} in {minutes}:{seconds:02d} min, {each:.0f} s each",
            style="bold",
        )
    ]
    counts = [sum(answer.review.rating == rating for answer in answers) for rating in Rating]
    names = ("again", "hard", "good", "easy")
    shown = ", ".join(
        f"{number} {name}" for number, name in zip(counts, names, strict=True) if number
    )
    lines.append(Text(f"  {shown}"))
    new = sum(answer.before.state is State.NEW for answer in answers)
    if new:
        lines.append(Text(f"  {_count(new, 'new card')} begun"))
    reviewed = [answer for answer in answers if answer.before.state is State.REVIEW]
    if reviewed:
        expected = sum(answer.retrievability for answer in reviewed) / len(reviewed)
        lines.append(
            Text(f"  recalled {_share(reviewed)} of the reviews; {expected:.0%} was expected")
        )
    by_lesson: dict[str, list[SessionAnswer]] = defaultdict(list)
    for answer in answers:
        by_lesson[answer.item.lesson or ""].append(answer)
    if len(by_lesson) > 1 or "" not in by_lesson:
        lines.append(Text())
        for lesson, found in sorted(by_lesson.items()):
            title = make_plain(lessons.get(lesson, lesson) or "no lesson").replace("\n", " ")
            line = Text(f"  {_share(found):>4}  {len(found):>3}  {title}", no_wrap=True)
            line.overflow = "ellipsis"
            lines.append(line)
    lines += [Text(), Text(f"Due tomorrow: {_count(due_tomorrow, 'review')}. Everything is saved.")]
    return Group(*lines)


def _share(answers: Sequence[SessionAnswer]) -> str:
    good = sum(answer.review.rating is not Rating.AGAIN for answer in answers)
    return f"{good / len(answers):.0%}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
