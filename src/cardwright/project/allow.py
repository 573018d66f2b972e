"""Warnings that cards and files allow: `allow: [code]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cardwright.diagnostic import Allowance, Diagnostic, apply_severities, diagnose
from cardwright.model import Deck


def drop_allowed(
    problems: Iterable[Diagnostic], allowances: Iterable[Allowance]
) -> tuple[list[Diagnostic], list[Allowance]]:
    """Return the problems that are not allowed, and the allowances, marked if they were used."""
    by_name: dict[tuple[str, str], list[Allowance]] = {}
    for allowance in allowances:
        by_name.setdefault((allowance.span.path, allowance.code), []).append(allowance)
    if not by_name:
        return list(problems), []
    kept = []
    for problem in problems:
        known = by_name.get((problem.span.path, problem.code), [])
        if covering := [one for one in known if one.covers(problem.span)]:
            for one in covering:
                known[known.index(one)] = replace(one, is_used=True)
        else:
            kept.append(problem)
    return kept, [one for found in by_name.values() for one in found]


def report_unused(
    allowances: Iterable[Allowance], problems: Iterable[Diagnostic], decks: Mapping[str, Deck]
) -> Iterator[Diagnostic]:
    """Report allowances that were not used, unless errors or `checks` kept the warning away."""
    unused = [allowance for allowance in allowances if not allowance.is_used]
    faulty = {problem.span.path for problem in problems if problem.is_error} if unused else ()
    for allowance in unused:
        deck = decks.get(allowance.span.path.split("/")[1])
        severities = deck.severities if deck else {}
        warning = diagnose(allowance.code, "", allowance.span, help="")
        if allowance.span.path not in faulty and apply_severities([warning], severities):
            unneeded = diagnose(
                "unused-allow",
                f"`{allowance.code}` does not occur here",
                allowance.span,
                help="remove it",
            )
            yield from apply_severities([unneeded], severities)
