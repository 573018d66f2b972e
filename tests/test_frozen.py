"""Frozen values behave as those of `dataclass(frozen=True, slots=True, kw_only=True)`."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.frozen import frozen


@frozen
class Place:
    """A value with defaults, and a field that is neither compared nor shown."""

    path: str
    line: int = 1
    words: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The same, as a usual dataclass."""

    path: str
    line: int = 1
    words: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)


_VALUES = st.fixed_dictionaries(
    {"path": st.sampled_from("ab")},
    optional={
        "line": st.integers(0, 1),
        "words": st.sampled_from(((), ("x",))),
        "notes": st.sampled_from(({}, {"n": 1})),
    },
)


@given(_VALUES, _VALUES)
def test_values_are_those_of_a_dataclass(first: dict[str, Any], second: dict[str, Any]) -> None:
    ours, usual = Place(**first), Usual(**first)
    assert asdict(ours) == asdict(usual)
    assert repr(ours) == repr(usual).replace("Usual", "Place")
    assert (ours == Place(**second)) == (usual == Usual(**second))
    assert hash(ours) == hash(usual)
    assert asdict(replace(ours, **second)) == asdict(replace(usual, **second))


def test_values_never_change() -> None:
    place = Place(path="a/b")
    with pytest.raises(FrozenInstanceError):
        place.line = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del place.line
    with pytest.raises(FrozenInstanceError):
        place.other = 2  # type: ignore[attr-defined]
    assert (place.line, place.name) == (1, "b")


def test_values_differ_from_those_of_other_classes() -> None:
    other: object = Usual(path="a")
    assert Place(path="a") != other


@pytest.mark.parametrize("values", [{}, {"path": "a", "other": 1}])
def test_wrong_fields_are_refused(values: dict[str, Any]) -> None:
    # The constructor is compiled meanwhile.
    for _ in range(60):
        with pytest.raises(TypeError):
            Place(**values)
        with pytest.raises(TypeError):
            Place("a")  # type: ignore[call-arg]


def test_values_are_copied_whole() -> None:
    place = Place(path="a", notes={"n": 1})
    for other in (copy.copy(place), copy.deepcopy(place), pickle.loads(pickle.dumps(place))):
        assert asdict(other) == asdict(place)
    assert [one.name for one in fields(Place)] == ["path", "line", "words", "notes"]
    assert Place(path="a").notes is not Place(path="a").notes
