"""The summary of an exam whose day has come: what was done for it, and how the forecasts held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from cardwright.exam.forecasts import count_held, pick_forecasts
from cardwright.exam.plan import WHOLE, format_day, format_domain, format_recall
from cardwright.terminal.charts import Column, Fitted, draw_columns, make_line
from cardwright.terminal.exam import count_all, describe_days, format_time
from cardwright.text import count, list_names

if TYPE_CHECKING:
    from cardwright.app.preparation import Preparation
    from cardwright.exam.forecasts import Forecast
    from cardwright.exam.summary import Summary


def draw_summary(
    summary: Summary, preparation: Preparation
) -> Mapping[str, Iterator[RenderableType | str]]:
    """Return the sections of a summary by their headings."""
    goal = preparation.goal
    ago = preparation.today - goal.exam_day
    when = "is today" if not ago else f"was on {goal.exam_on}, {count(ago, 'day')} ago"
    if ago == 1:
        when = f"was yesterday, {goal.exam_on}"
    return {
        f"{preparation.title} {when}": _list_done(summary),
        "How the forecasts held": _draw_held(summary, preparation),
        "From here on": _list_next(goal.pack, is_today=not ago),
    }


def _list_done(summary: Summary) -> Iterator[str]:
    attendance, mocks = summary.attendance, summary.mocks
    if attendance.study_days or attendance.extra:
        spent = f", {format_time(attendance.minutes)} in all" if attendance.minutes else ""
        yield f"You studied on {describe_days(attendance)}{spent}."
    if summary.prompts:
        yield f"{summary.seen:,} of {count(summary.prompts, 'prompt')} seen before the day."
    if mocks:
        shares = list_names([f"{score.weighted:.0%}" for score in mocks])
        yield f"{count(len(mocks), 'mock exam')}, by the weights of the domains: {shares}."
    if summary.drills:
        yield f"{count(summary.drills, 'drill')}."
    if summary.misses:
        text = "1 miss" if summary.misses == 1 else f"{summary.misses:,} misses"
        yield f"{text} recorded, {summary.misses_with_rule:,} with the missing rule."


def _draw_held(summary: Summary, preparation: Preparation) -> Iterator[RenderableType | str]:
    recalls, forecasts, check = summary.recalls, summary.forecasts, summary.check
    if not recalls:
        yield "There is no prompt to measure them by."
        return
    yield f"Expected recall on the day, from your answers before it: {recalls[WHOLE]:.0%}."
    if forecasts:
        yield _format_all_held(count_held(forecasts, recalls, WHOLE), len(forecasts))
        if summary.attendance.studied < summary.attendance.study_days:
            yield "A forecast counts on every study day; you missed some."
    else:
        yield "No forecast was kept before the day."
    if check:
        yield (
            f"{count(check.tests, 'answer')} since the goal was set tested your memory: "
            f"{check.expected:.0%} expected, {check.actual:.0%} recalled."
        )
    if not forecasts:
        return
    yield Text()
    yield draw_forecasts_made(pick_forecasts(forecasts), recalls)
    yield Text()
    yield _draw_domains(summary, preparation)


def _format_all_held(held: int, total: int) -> str:
    if total == 1:
        return f"It was {'within' if held else 'outside'} the range of the one forecast."
    if held in {0, total}:
        forecasts = count_all(total, "forecast")
        return f"It was {'within' if held else 'outside'} the ranges of {forecasts}, one a day."
    return f"It was within the ranges of {held:,} of {total:,} forecasts, one a day."


def draw_forecasts_made(
    forecasts: Sequence[Forecast], recalls: Mapping[str, float] | None = None
) -> Fitted:
    """Draw forecasts of the whole exam by the day they were made; with what came, if it is known."""
    columns = [
        Column("days before", [f"{made.days_before:,}" for made in forecasts], rank=1),
        Column("exam day", [format_recall(made.whole) for made in forecasts]),
    ]
    if recalls:
        held = [count_held([made], recalls, WHOLE) for made in forecasts]
        columns.append(Column("held", ["yes" if one else "no" for one in held], rank=2))
    return draw_columns(Column("made", [format_day(made.study_day) for made in forecasts]), columns)


def _draw_domains(summary: Summary, preparation: Preparation) -> Fitted:
    blueprint, recalls, forecasts = preparation.blueprint, summary.recalls, summary.forecasts
    weights = {d.name: d.weight for d in blueprint.domains.values()} if blueprint else {}
    rows = sorted(recalls, key=lambda name: name == WHOLE)
    first, last = forecasts[0].on_day, forecasts[-1].on_day
    return draw_columns(
        Column("", [make_line(format_domain(name)) for name in rows]),
        [
            Column("weight", [f"{weights[n]:g}%" if n in weights else "" for n in rows], rank=3),
            Column("first", [f"{first[n].recall:.0%}" if n in first else "" for n in rows], rank=1),
            Column("last", [f"{last[n].recall:.0%}" if n in last else "" for n in rows]),
            Column("exam day", [f"{recalls[name]:.0%}" for name in rows]),
            Column("held", [_format_held(summary, name) for name in rows], rank=2),
        ],
    )


def _format_held(summary: Summary, name: str) -> str:
    made = sum(name in forecast.on_day for forecast in summary.forecasts)
    return f"{count_held(summary.forecasts, summary.recalls, name)}/{made}" if made else ""


def _list_next(pack: str, *, is_today: bool) -> Iterator[str]:
    yield (
        f"`cards review` asks what is due{', today too' if is_today else ''}, as without an exam; "
        "your memories are kept."
    )
    yield f"`cards exam set {pack} --date YYYY-MM-DD` sets another date."
    yield f"`cards exam set {pack} --clear` removes this one, and with it this summary."
