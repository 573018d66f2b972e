"""What `cards review` says at its end: what is left, when the next card is due, what to do now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cardwright.app.study import Study
from cardwright.history import Rating, make_date, make_time
from cardwright.memory import Memory, State
from cardwright.study.prospects import Prospects
from cardwright.study.queue import Counts, Queue, SessionOptions
from cardwright.study.workload import read_pace
from cardwright.terminal.reports import format_counts
from cardwright.terminal.review_state import ReviewState
from cardwright.text import count

if TYPE_CHECKING:
    from cardwright.app.preparation import ExamDay


class _NextDay(NamedTuple):
    """The next study day on which something is due, if nothing more is answered today."""

    day: int
    counts: Counts

    def name(self, today: int) -> str:
        on = make_date(self.day)
        return "tomorrow" if self.day == today + 1 else f"on {on:%a} {on.day} {on:%b}"


def list_ahead(
    study: Study,
    state: ReviewState,
    exam_day: ExamDay | None,
    *,
    is_saved: bool,
    is_off: bool,
    is_timed: bool,
) -> list[str]:
    """Return what is left today, what is due next, and commands to go on with, unless it `is_off`.

    `is_timed` tells that it had minutes of its own.
    """
    today = state.clock().study_day(study.journal.rollover_hour)
    is_planned = exam_day is not None and exam_day.preparation.today == today
    memories = {} if is_planned or state.is_cram else study.read_memories()
    next_day = _find_next_day(study, memories, today)
    if exam_day and is_planned:
        lines = list(_list_planned(exam_day, state, is_timed=is_timed))
    else:
        lines = list(_list_left(study, state, today, next_day))
    if state.answers and is_saved:
        lines.append("Everything is saved.")
    if not is_off:
        command = "cards review --all" if len(study.roots) > 1 else "cards review"
        if any(state.counts):
            is_left = state.item is not None and not is_planned and not state.is_cram
            lines += [f"`{command}` goes on."] * is_left
        elif next_day and (asked := _count_ahead(study, memories, state, today, next_day)):
            due = f"{count(asked, 'prompt')} due {next_day.name(today)}"
            lines.append(f"`{command} --ahead {next_day.day - today}` asks {due}.")
        lines += _list_exam_hints(study, state)
    return lines


def asks_whole_plan(exam_day: ExamDay, state: ReviewState) -> bool:
    """Tell whether a review was of all that can be planned, not of a selection."""
    return all(state.has(one.item.key) for one in exam_day.preparation.candidates)


def _list_planned(exam_day: ExamDay, state: ReviewState, *, is_timed: bool) -> Iterator[str]:
    """Yield what is left of the day's plan, and why that is more than a review of all of it showed."""
    from cardwright.terminal.exam import list_prospects  # noqa: PLC0415  (most have no exam)

    exam_day.preparation.refresh()
    left = exam_day.preparation.estimate()
    is_more = state.answers and left.prompts > sum(state.counts) and not is_timed
    if is_more and asks_whole_plan(exam_day, state):
        yield "You were quicker than planned, so there is time for more:"
    yield from list_prospects(exam_day.preparation, left)


def _list_left(
    study: Study, state: ReviewState, today: int, next_day: _NextDay | None
) -> Iterator[str]:
    if state.is_cram:
        return
    if any(state.counts):
        yield f"Left today: {format_counts(state.counts, state.minutes_left)}."
    if state.item is None and state.next_at_ms is not None:
        local = make_time(state.next_at_ms).astimezone(state.clock().local.tzinfo)
        yield f"Next card at {local:%H:%M}."
    if next_day:
        minutes = max(read_pace(study.journal).estimate_minutes(next_day.counts), 1)
        due = count(sum(next_day.counts), "prompt")
        is_open = state.counts.learning or state.counts.review
        condition = " if you stop here" if is_open else ""
        yield f"Due {next_day.name(today)}{condition}: {due}, about {minutes:,.0f} min."


def _list_exam_hints(study: Study, state: ReviewState) -> Iterator[str]:
    """Yield what to do with what was missed, and after all that was due."""
    packs = [
        pack
        for pack in dict.fromkeys(answer.item.pack for answer in state.answers)
        if pack in study.sources.blueprints
    ]
    if not packs:
        return
    pack = packs[0] if len(study.sources.blueprints) > 1 else ""
    missed = {
        answer.item.card_ref
        for answer in state.answers
        if answer.review.rating is Rating.AGAIN and answer.item.pack == packs[0]
    }
    if missed:
        miss = _join("cards exam miss", pack and f"--pack {pack}")
        yield f"`{miss}` records why you missed {count(len(missed), 'card')}."
    if not any(state.counts):
        mock, drill = (_join(f"cards exam {name}", pack) for name in ("mock", "drill"))
        yield f"`{mock}` starts a mock exam, `{drill}` a few questions."


def _join(command: str, pack: str) -> str:
    return f"{command} {pack}".strip()


def _count_ahead(
    study: Study, memories: Mapping[str, Memory], state: ReviewState, today: int, next_day: _NextDay
) -> int:
    """Return how many prompts can be asked ahead of a day: not those whose siblings were asked today."""
    options = SessionOptions(ahead_days=next_day.day - today)
    prospects = Prospects(study.items, memories)
    return Queue(prospects, study.journal.limits, options, state.clock(), today).counts.review


def _find_next_day(study: Study, memories: Mapping[str, Memory], today: int) -> _NextDay | None:
    """Return the next study day on which anything is due; None if nothing is."""
    due = [
        (max(memory.due_day or 0, today + 1), memory.state)
        for item in study.items
        if (memory := memories.get(item.key))
        and memory.state is not State.NEW
        and not memory.is_suspended
    ]
    day = study.journal.days.find_next(min(due)[0]) if due else None
    if day is None:
        return None
    states = [state for on, state in due if on <= day]
    reviews = states.count(State.REVIEW)
    return _NextDay(day, Counts(0, len(states) - reviews, reviews))
