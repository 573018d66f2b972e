"""Merging two changes of a text."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.merge import merge_texts, transfer_change

WORDS = st.lists(st.sampled_from(["oak", "elm", "**ash**", "a", "is"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("an oak is a tree", "an elm is a tree", "an oak is a plant", "an elm is a plant"),
        ("an oak is a tree", "an elm is a tree", "an ash is a tree", None),
        ("an oak is a tree", "the oak is a tree", "an elm is a tree", None),
        ("one\ntwo\nthree", "one\n2\nthree", "one\ntwo\nthree\nfour", None),
        ("one\ntwo\nthree\n", "1\ntwo\nthree\n", "one\ntwo\nthree\nfour", "1\ntwo\nthree\nfour"),
        ("", "oak", "elm", None),
        ("oak", "", "oak tree", None),
    ],
)
def test_changes_in_different_places_are_both_made(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    assert merge_texts(base, ours, theirs) == merged


@given(WORDS, WORDS)
def test_one_change_is_taken_whoever_made_it(base: str, other: str) -> None:
    assert merge_texts(base, base, other) == other
    assert merge_texts(base, other, base) == other
    assert merge_texts(base, other, other) == other


@given(WORDS, WORDS, WORDS)
def test_merging_does_not_depend_on_who_is_who(base: str, ours: str, theirs: str) -> None:
    assert merge_texts(base, ours, theirs) == merge_texts(base, theirs, ours)


TEXTS = st.lists(
    st.sampled_from(["oak", "*elm*", "ash.", "a", "is", "`x y`", "(see", "b)"]), max_size=12
).map(" ".join)


@pytest.mark.parametrize(
    ("base", "theirs", "source", "changed"),
    [
        ("An oak is tall.", "An oak is very tall.", "An oak\nis tall.", "An oak\nis very tall."),
        ("An *oak* is tall.", "An *elm* is tall.", "An _oak_ is\ntall.", "An _elm_ is\ntall."),
        ("An *oak* is tall.", "An oak is tall.", "An _oak_ is\ntall.", "An oak is\ntall."),
        ("- a\n- b", "- a\n- c\n- b", "* a\n* b", "* a\n* c\n- b"),
        ("a\n\nb", "a\n\nb c", "a\n\nb", "a\n\nb c"),
        ("a b c", "a c", "a\nb\nc", "a\nc"),
        ("a b", "", "a\nb", ""),
        ("", "a", "", "a"),
    ],
)
def test_a_change_is_transferred(base: str, theirs: str, source: str, changed: str) -> None:
    assert changed in transfer_change(base, theirs, source)


@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
def test_lines_stay_where_nothing_was_changed(base: str, theirs: str, dice: Random) -> None:
    source = "".join(dice.choice(" \n") if char == " " else char for char in base)

    for changed in transfer_change(base, theirs, source):
        assert changed.split() == theirs.split()
        assert changed.count("\n") <= source.count("\n")
    assert source in transfer_change(base, base, source)
    assert list(transfer_change(base, theirs, base)) == [theirs]


@given(TEXTS, TEXTS, TEXTS)
def test_any_texts_can_be_transferred(base: str, theirs: str, source: str) -> None:
    ways = list(transfer_change(base, theirs, source))
    assert 0 < len(ways) <= 2
