"""Reading regular files within bounds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file


def test_reading_takes_as_much_memory_as_a_file_has(tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"x" * 1000)

    tracemalloc.start()
    try:
        assert read_plain_file(path, 2**30) == b"x" * 1000
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert read_plain_file(path, 1000) == b"x" * 1000
    with pytest.raises(ForeignFileError):
        read_plain_file(path, 999)
