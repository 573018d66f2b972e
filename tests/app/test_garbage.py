"""A program that loads again and again, as `cards preview --watch` does, does not grow."""

from __future__ import annotations

import gc
import weakref

from cardwright.app.garbage import gc_paused


class Loop:
    """Something that only the garbage collector frees."""

    def __init__(self) -> None:
        self.me = self


def test_what_a_later_load_replaces_is_collected() -> None:
    with gc_paused():
        first = Loop()
    with gc_paused():
        second = Loop()
        seen = weakref.ref(second)
    del first, second

    gc.collect()

    assert seen() is None
    assert gc.isenabled()
