"""Time the planning of an exam, and the order of a day. Half of the prompts have been answered."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Final

from exam_rivals import begin_planner
from exam_world import World, draw_scenario
from table import Row, print_rows

DAYS: Final = 90
PROMPTS: Final = 2_000
MAX_PLAN_S: Final = 2.0
ORDERED: Final = 10_000
MAX_ORDER_MS: Final = 50
_ROUNDS: Final = 5


def make_world(prompts: int) -> World:
    """Return a learner who was asked half of the prompts before."""
    scenario = replace(
        draw_scenario(1), cards=prompts, days=DAYS, minutes=30, known_share=0.5, missed_share=0.0
    )
    return World(scenario, 0)


def time_plan(prompts: int) -> Row:
    """Time what the first command of a day does: learn, choose a policy, order the day, forecast."""
    world = make_world(prompts)
    times = []
    for _ in range(_ROUNDS):
        planner = begin_planner(world)
        start = time.process_time()
        planner.start_day(0)
        planner.plan()
        times.append(time.process_time() - start)
    what = f"plan, {prompts:,} prompts, {DAYS} days"
    return Row(what, median(times), "s", limit=MAX_PLAN_S, target=f"{MAX_PLAN_S:g} s CPU")


def time_order(prompts: int) -> Row:
    """Time putting prompts in order once a policy is chosen."""
    planner = begin_planner(make_world(prompts))
    planner.start_day(0)
    times = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        planner._rank(0, DAYS)  # noqa: SLF001
        times.append((time.process_time() - start) * 1000)
    target = f"{MAX_ORDER_MS} ms CPU"
    return Row(
        f"order, {prompts:,} prompts", median(times), "ms", limit=MAX_ORDER_MS, target=target
    )


def time_all(divisor: int) -> Iterator[Row]:
    """Yield all rows, for a part of the prompts."""
    yield time_plan(PROMPTS // divisor)
    yield time_order(ORDERED // divisor)


def main() -> None:
    """Print both times; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the prompts")
    options = parser.parse_args()
    print_rows(time_all(10 if options.quick else 1))


if __name__ == "__main__":
    main()
