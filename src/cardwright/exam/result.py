"""The result of a mock exam or drill: the score, and a transcript as JSON or Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.estimate import Estimate, estimate_next
from cardwright.exam.mock import Mock, Question
from cardwright.history import MS_PER_SECOND, make_time

_MIN_MISSED: Final = 2
"""One question missed says little about an objective."""
_USUAL_QUESTIONS: Final = 3
"""How many more questions of an objective are taken to go like the whole exam."""
_MIN_GAP: Final = 0.1
"""How far the share of a weak objective is below that of the whole exam."""
_MAX_WEAK: Final = 5


class Part(NamedTuple):
    """The questions of a domain, a lesson or the whole exam."""

    id: str
    name: str
    right: int
    total: int
    spent_ms: int
    unseen_right: int
    unseen: int
    """How many had never been seen before the exam."""

    @property
    def share(self) -> float:
        """The share of questions answered correctly, from 0 to 1."""
        return self.right / self.total if self.total else 0.0

    @property
    def unseen_share(self) -> float | None:
        """The share of unseen questions answered correctly, if there is any."""
        return self.unseen_right / self.unseen if self.unseen else None

    def as_json(self) -> dict[str, Any]:
        """Return the part as a JSON object."""
        return {**self._asdict(), "share": self.share, "unseen_share": self.unseen_share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score by domain and lesson, without void questions."""

    all: Part
    answered: int
    seen: int | None
    """How many had been seen before the exam; None if its record does not tell."""
    weighted: float
    """The weighted mean of the domains' shares, from 0 to 1, without domains that have no question."""
    domains: tuple[Part, ...]
    """The domains with a question, in the blueprint's order."""
    lessons: tuple[Part, ...]
    """The lessons with a question, in the blueprint's order."""

    def as_json(self) -> dict[str, Any]:
        """Return the score as a JSON object."""
        return {
            "right": self.all.right,
            "answered": self.answered,
            "total": self.all.total,
            "share": self.all.share,
            "seen": self.seen,
            "unseen": self.all.unseen,
            "unseen_right": self.all.unseen_right,
            "unseen_share": self.all.unseen_share,
            "weighted": self.weighted,
            "domains": [part.as_json() for part in self.domains],
            "lessons": [part.as_json() for part in self.lessons],
        }


def score_mock(mock: Mock, blueprint: Blueprint) -> Score:
    """Return the score of a mock exam or drill."""
    counted = mock.counted
    domains = _split(
        counted,
        lambda question: question.domain,
        {domain.id: domain.name for domain in blueprint.domains.values()},
    )
    lessons = _split(
        counted,
        lambda question: question.lesson,
        {lesson.id: str(lesson) for lesson in blueprint.lessons.values()},
    )
    known = blueprint.domains
    weights = [known[part.id].weight if part.id in known else 0.0 for part in domains]
    weighted = sum(weight * part.share for weight, part in zip(weights, domains, strict=True)) / (
        sum(weights) or 1
    )
    return Score(
        all=_count("", "", counted),
        answered=sum(question.is_answered for question in counted),
        seen=None
        if any(question.was_seen is None for question in counted)
        else sum(question.was_seen is True for question in counted),
        weighted=weighted,
        domains=domains,
        lessons=lessons,
    )


def _split(
    questions: Iterable[Question], key: Callable[[Question], str], names: dict[str, str]
) -> tuple[Part, ...]:
    found: dict[str, list[Question]] = {id: [] for id in names}
    for question in questions:
        found.setdefault(key(question), []).append(question)
    return tuple(_count(id, names.get(id, id), some) for id, some in found.items() if some)


def _count(id: str, name: str, questions: list[Question]) -> Part:
    return Part(
        id=id,
        name=name,
        right=sum(question.is_right for question in questions),
        total=len(questions),
        spent_ms=sum(question.spent_ms for question in questions),
        unseen_right=sum(question.is_right for question in questions if question.was_seen is False),
        unseen=sum(question.was_seen is False for question in questions),
    )


class WeakObjective(NamedTuple):
    """An objective whose questions went worse than the others."""

    id: str
    about: str
    missed: int
    total: int


def list_weak_objectives(mock: Mock, blueprint: Blueprint) -> list[WeakObjective]:
    """Return the objectives with the worst results, the worst first.

    At least two of its questions were missed, and the share of right answers is well below that of
    the whole exam even if some more questions had gone like that.
    """
    counted = mock.counted
    found: dict[str, list[bool]] = defaultdict(list)
    for question in counted:
        for objective in question.objectives:
            found[objective].append(question.is_right)
    usual = sum(question.is_right for question in counted) / (len(counted) or 1)
    weak = []
    for id, answers in found.items():
        missed = answers.count(False)
        share = (sum(answers) + usual * _USUAL_QUESTIONS) / (len(answers) + _USUAL_QUESTIONS)
        if missed >= _MIN_MISSED and usual - share >= _MIN_GAP:
            known = blueprint.objectives.get(id)
            about = known.about if known else ""
            weak.append((share, WeakObjective(id, about, missed, len(answers))))
    return [objective for _, objective in sorted(weak)[:_MAX_WEAK]]


def make_transcript(mock: Mock, blueprint: Blueprint) -> dict[str, Any]:
    """Return a mock exam with its score and every question, as a JSON object."""
    return {
        "id": mock.id,
        "pack": mock.pack,
        "exam": mock.exam,
        "kind": mock.kind,
        "seed": mock.seed,
        "started_at": make_time(mock.started_at_ms).isoformat(),
        "ended_at": None if mock.ended_at_ms is None else make_time(mock.ended_at_ms).isoformat(),
        "timed_out": mock.is_timed_out,
        "interrupted": mock.breaks,
        "recorded": mock.is_recorded,
        "spent_ms": mock.spent_ms,
        "limit_ms": mock.limit_ms,
        "score": score_mock(mock, blueprint).as_json(),
        "estimate": _estimate_as_json(mock, blueprint),
        "weak_objectives": [one._asdict() for one in list_weak_objectives(mock, blueprint)],
        "questions": [_question_as_json(question) for question in mock.questions],
    }


def _estimate_as_json(mock: Mock, blueprint: Blueprint) -> dict[str, Any] | None:
    estimated = estimate_next(mock)
    if estimated is None:
        return None
    whole, by_domain = estimated
    known = blueprint.domains
    domains = [
        {"id": id, "name": known[id].name if id in known else id, **found.as_json()}
        for id, found in by_domain.items()
    ]
    return {**whole.as_json(), "domains": domains}


def _question_as_json(question: Question) -> dict[str, Any]:
    return {
        "card": question.card_ref,
        "domain": question.domain,
        "lesson": question.lesson,
        "objectives": list(question.objectives),
        "seen_before": question.was_seen,
        "counts": not question.is_void,
        "right": question.is_right,
        "answered": question.is_answered,
        "marked": question.is_marked,
        "spent_ms": question.spent_ms,
        "question": question.text,
        "options": [
            {
                "text": option.text,
                "right": option.right,
                "picked": place in question.picked,
                "reason": option.reason,
            }
            for place, option in enumerate(question.options)
        ],
    }


def format_mock_markdown(mock: Mock, blueprint: Blueprint) -> str:
    """Return a mock exam with its score and every question, as Markdown."""
    return "\n".join(_list_lines(mock, blueprint)) + "\n"


def format_seen(score: Score) -> str:
    """Return how many questions had been seen before; "" if that is not known."""
    if score.seen is None:
        return ""
    return f"{score.seen or 'none'} of {score.all.total} seen before"


def format_unseen(score: Score) -> str:
    """Return the score on questions never seen before; "" if there are none, or only such."""
    share = score.all.unseen_share
    if share is None or not score.seen:
        return ""
    return f"Unseen questions: {score.all.unseen_right} of {score.all.unseen} right, {share:.0%}."


def format_estimate(mock: Mock, score: Score) -> str:
    """Return a sentence on what the next mock exam like a finished one will come to."""
    if mock.is_drill or mock.ended_at_ms is None or score.seen is None or not score.all.total:
        return ""
    estimated = estimate_next(mock)
    if estimated is None:
        return (
            "All questions had been seen before, so this score does not tell what the next will be."
        )
    whole, _ = estimated
    return (
        f"Estimate for the next one like it, on unseen questions: {whole.right:.0f} of "
        f"{whole.total} right, {whole.low} to {whole.high} in nine of ten cases. This is not a "
        "chance of passing."
    )


def format_weak(objective: WeakObjective) -> str:
    """Return an objective with how many of its questions were missed."""
    name = f"{objective.id} {objective.about}".rstrip()
    return f"{name}: {objective.missed} of {objective.total} missed"


def format_circumstances(mock: Mock, score: Score) -> str:
    """Return one sentence with the unanswered questions, the time used and anything unusual."""
    parts = [f"{score.all.total - score.answered} unanswered"]
    parts.append(f"{format_clock(mock.spent_ms)} used")
    if mock.limit_ms is not None:
        parts[-1] += f" of {format_clock(mock.limit_ms)}"
    if mock.is_timed_out:
        parts.append("time was up")
    if mock.breaks:
        parts.append(f"interrupted {mock.breaks} time{'s' if mock.breaks > 1 else ''}")
    if left_out := len(mock.questions) - len(mock.counted):
        parts.append(f"{left_out} left out because the cards were edited in the meantime")
    if mock.is_recorded:
        parts.append("answers recorded as reviews")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def format_clock(milliseconds: int) -> str:
    """Format a duration as `1:02:03`, or `2:03` below an hour."""
    minutes, seconds = divmod(milliseconds // MS_PER_SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _list_lines(mock: Mock, blueprint: Blueprint) -> Iterator[str]:
    score = score_mock(mock, blueprint)
    started = make_time(mock.started_at_ms)
    what = "Drill" if mock.is_drill else "Mock exam"
    yield f"# {what}: {mock.exam}"
    yield ""
    yield f"{started:%Y-%m-%d %H:%M} UTC, `{mock.id}`, seed {mock.seed}"
    yield ""
    yield (
        f"**{score.all.right} of {score.all.total} right ({score.all.share:.0%}; "
        f"{score.weighted:.0%} by the weights of the domains"
        f"{f'; {seen}' if (seen := format_seen(score)) else ''}).** "
        f"{format_circumstances(mock, score)}"
    )
    yield ""
    for sentence in filter(None, (format_unseen(score), format_estimate(mock, score))):
        yield sentence
        yield ""
    _, estimates = estimate_next(mock) or (None, {})
    yield from _list_table_lines("Domain", score.domains, estimates, shows_unseen=bool(score.seen))
    yield from _list_table_lines("Lesson", score.lessons, {}, shows_unseen=bool(score.seen))
    if weak := list_weak_objectives(mock, blueprint):
        yield "Weak objectives:"
        yield ""
        yield from (f"- {format_weak(one)}" for one in weak)
        yield ""
    for number, question in enumerate(mock.questions, 1):
        yield from _list_question_lines(number, question)


def _list_table_lines(
    heading: str,
    parts: tuple[Part, ...],
    estimates: Mapping[str, Estimate],
    *,
    shows_unseen: bool,
) -> Iterator[str]:
    headings = ["right", "of", "share", "time each"]
    headings += ["unseen"] if shows_unseen else []
    headings += ["next"] if estimates else []
    yield f"| {heading} | {' | '.join(headings)} |"
    yield f"|---|{'--:|' * len(headings)}"
    for part in parts:
        name = part.name.replace("|", "\\|")
        each = format_clock(part.spent_ms // part.total)
        cells = [name, f"{part.right}", f"{part.total}", f"{part.share:.0%}", each]
        cells += [format_part(part)] if shows_unseen else []
        cells += [f"{estimates[part.id]}"] if estimates else []
        yield f"| {' | '.join(cells)} |"
    yield ""


def format_part(part: Part) -> str:
    """Return how many unseen questions of a part were right."""
    return f"{part.unseen_right}/{part.unseen}" if part.unseen else "·"


def _list_question_lines(number: int, question: Question) -> Iterator[str]:
    verdict = "right" if question.is_right else "wrong" if question.is_answered else "unanswered"
    if question.is_void:
        verdict = "left out"
    marked = ", marked" if question.is_marked else ""
    yield f"## {number}. {verdict}{marked}, {format_clock(question.spent_ms)}"
    yield ""
    yield f"`{question.card_ref}`, lesson {question.lesson}"
    yield ""
    if question.text:
        yield question.text
        yield ""
    for place, option in enumerate(question.options):
        sign = "✓" if option.right else "✗"
        picked = " **(picked)**" if place in question.picked else ""
        yield f"- {sign} {_indent(option.text, 2)}{picked}"
        if option.reason:
            yield f"  - {_indent(option.reason, 4)}"
    if question.options:
        yield ""


def _indent(text: str, columns: int) -> str:
    return text.replace("\n", "\n" + " " * columns)
