"""Compare the planner with other ways to study for an exam, by simulation (see docs)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from multiprocessing import Pool
from typing import Final, NamedTuple

import numpy as np
from exam_rivals import GREEDY, NEW_A_DAY, PACED, Planner, Rival, make_fixed, make_plain
from exam_world import Floats, Scenario, World, draw_scenario

SCENARIOS: Final = 60
FIRST_SEED: Final = 1000
DRAWS: Final = 2
"""How often each scenario is simulated, with different luck and missed days."""
PROCESSES: Final = 2
RIVALS: Final = (
    "FSRS 0.9, 20 new a day",
    "FSRS 0.9, best new a day",
    "clipped intervals",
    "paced, lowest recall first",
    "greedy by worth",
)
_PLANNER: Final = len(RIVALS)


class Outcome(NamedTuple):
    """The outcome of one scenario: rows are draws, columns are the rivals, then the planner."""

    scenario: Scenario
    scores: Floats
    """Expected recall on the day of the exam, weighted, in percent."""
    minutes: Floats
    forecasts: Floats
    """The planner's forecasts on the first day, by draw."""


def simulate(scenario: Scenario, draw: int, rival: Rival) -> tuple[float, float]:
    """Return the score of one simulation and the minutes used."""
    world = World(scenario, draw)
    for day in range(scenario.days):
        if not world.is_missed[day]:
            world.study(day, rival(world, day))
    return world.score(), world.used_s / 60


def run_scenario(scenario: Scenario) -> Outcome:
    """Simulate a scenario in every way, choosing the best number of new cards a day by score."""
    fixed = [
        make_plain(20),
        make_plain(20, is_clipped=True),
        make_fixed(PACED),
        make_fixed(GREEDY),
    ]
    grid = [
        make_plain(new_a_day, is_new_first=is_first)
        for new_a_day in NEW_A_DAY
        for is_first in (False, True)
    ]
    rows, forecasts = [], []
    tried = np.array([[simulate(scenario, draw, rival) for rival in grid] for draw in range(DRAWS)])
    best = int(tried[:, :, 0].mean(axis=0).argmax())
    for draw in range(DRAWS):
        planner = Planner()
        plain, *others = (simulate(scenario, draw, rival) for rival in fixed)
        rows.append([plain, tuple(tried[draw, best]), *others, simulate(scenario, draw, planner)])
        forecasts.append(planner.forecast or 0.0)
    table = np.array(rows)
    return Outcome(scenario, table[:, :, 0], table[:, :, 1], np.array(forecasts))


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print the means, and the differences between the planner and each rival."""
    scores = np.array([outcome.scores.mean(axis=0) for outcome in outcomes])
    minutes = np.array([outcome.minutes.mean(axis=0) for outcome in outcomes])
    print("| | recall on the day | minutes | planner's lead | least lead | at least even |")
    print("|---|---|---|---|---|---|")
    for place, name in enumerate(RIVALS):
        lead = scores[:, _PLANNER] - scores[:, place]
        error = lead.std(ddof=1) / np.sqrt(len(lead))
        print(
            f"| {name} | {scores[:, place].mean():.1f} % | {minutes[:, place].mean():,.0f} "
            f"| {lead.mean():+.1f} ± {error:.1f} | {lead.min():+.1f} "
            f"| {np.count_nonzero(lead >= 0)} of {len(lead)} |"
        )
    print(
        f"| **the planner** | **{scores[:, _PLANNER].mean():.1f} %** "
        f"| {minutes[:, _PLANNER].mean():,.0f} | | | |"
    )


def print_checks(outcomes: Sequence[Outcome]) -> list[str]:
    """Print the planner's results against its targets; return the targets it misses."""
    scores = np.array([outcome.scores.mean(axis=0) for outcome in outcomes])
    plain = scores[:, _PLANNER] - scores[:, 0]
    behind = scores[:, :_PLANNER].max(axis=1) - scores[:, _PLANNER]
    # The two draws of a scenario show how much of a difference is luck.
    luck = np.array(
        [
            (outcome.scores[:, _PLANNER] - outcome.scores[:, :_PLANNER].max(axis=1)).std(ddof=1)
            for outcome in outcomes
        ]
    ).mean() / np.sqrt(DRAWS)
    error = np.array(
        [outcome.forecasts.mean() - outcome.scores[:, _PLANNER].mean() for outcome in outcomes]
    )
    print(f"\nLead over plain FSRS: mean {plain.mean():+.1f} points, least {plain.min():+.1f}.")
    print(
        f"Behind the best rival of each scenario: mean {behind.mean():+.2f}, most "
        f"{behind.max():+.2f} (standard error of one: {luck:.2f}); by more than a point in "
        f"{np.count_nonzero(behind > 1)} of {len(behind)}."
    )
    low, middle, high = np.percentile(error, (5, 50, 95))
    print(
        f"First day's forecast less what came: median {middle:+.1f} points, "
        f"from {low:+.1f} to {high:+.1f} in nine of ten."
    )
    for outcome, row in (
        pair
        for pair, gap in zip(zip(outcomes, scores, strict=True), behind, strict=True)
        if gap > 0.5
    ):
        scenario = outcome.scenario
        print(
            f"  seed {scenario.seed}: {scenario.cards} cards, {scenario.days} days, "
            f"{scenario.minutes} min, known {scenario.known_share:.0%}, "
            f"missed {scenario.missed_share:.0%}, decay {scenario.parameters[20]:.2f}: "
            + " ".join(f"{score:.1f}" for score in row)
        )
    targets = {
        "ten points above plain FSRS": plain.mean() >= 10,
        "never below plain FSRS": plain.min() >= 0,
        "within a point of the best rival": behind.max() <= 1,
    }
    return [name for name, is_reached in targets.items() if not is_reached]


def main() -> None:
    """Print the tables; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the scenarios")
    options = parser.parse_args()
    number = SCENARIOS // 10 if options.quick else SCENARIOS
    start = time.perf_counter()
    scenarios = [draw_scenario(FIRST_SEED + place) for place in range(number)]
    with Pool(PROCESSES) as pool:
        outcomes = pool.map(run_scenario, scenarios, chunksize=1)
    print_table(outcomes)
    missed = print_checks(outcomes)
    print(f"\n{number} scenarios, {DRAWS} draws of each, {time.perf_counter() - start:.0f} s")
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
