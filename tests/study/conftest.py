"""Checks that every test of study closes what it opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studying import close_stores


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    yield
    close_stores()
