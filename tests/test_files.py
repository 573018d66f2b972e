"""Writing files: whole or not at all, with the permissions they had, and nothing left behind."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.files import write_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions differ there")


def list_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def umask() -> Iterator[None]:
    """Make new files readable for the group only."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_file_keeps_its_permissions_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    for mode in (0o600, 0o664, 0o755):
        path = tmp_path / str(mode)
        path.touch()
        path.chmod(mode)
        write_file(path, "new")
        assert (path.stat().st_mode & 0o7777, path.read_text("utf-8")) == (mode, "new")
    write_file(tmp_path / "deep" / "new", b"new")
    assert (tmp_path / "deep" / "new").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("step", ["write", "fsync", "chmod", "replace"])
@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_text("old", "utf-8")

    def fail(*_: object) -> None:
        raise fault

    if step == "write":
        monkeypatch.setattr("os.fdopen", fail)
    elif step == "fsync":
        monkeypatch.setattr("os.fsync", fail)
    else:
        monkeypatch.setattr(Path, step, fail)
    with pytest.raises(type(fault)) as caught:
        write_file(path, "new")
    monkeypatch.undo()

    assert path.read_text("utf-8") == "old"
    assert list_names(tmp_path) == ["file"]
    if isinstance(caught.value, OSError):
        assert caught.value.filename == str(path)


def test_what_a_killed_process_left_is_removed_an_hour_later(tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", "")
    left = {
        ".a.yaml.0123abcd.cardwright-tmp": (7_200, False),
        ".a.yaml.4567cdef.cardwright-tmp": (60, True),
        ".b.yaml.0123abcd.cardwright-tmp": (7_200, False),
        ".a.yaml.swp": (7_200, True),
        "a.yaml~": (7_200, True),
    }
    now_s = (tmp_path / "a.yaml").stat().st_mtime
    for name, (age_s, _) in left.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now_s - age_s, now_s - age_s))

    write_file(tmp_path / "a.yaml", "new")

    stays = {name for name, (_, is_kept) in left.items() if is_kept}
    assert set(list_names(tmp_path)) == {"a.yaml", *stays}


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "\udcff.md"])
def test_every_name_that_a_file_can_have_can_be_written(tmp_path: Path, name: str) -> None:
    write_file(tmp_path / name, "new")

    assert list_names(tmp_path) == [name]


def test_what_is_not_a_regular_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    for name in ("pipe", "folder", "folder/below/pipe"):
        (tmp_path / "folder" / "below").touch()
        with pytest.raises(OSError, match=name) as caught:
            write_file(tmp_path / name, "new")
        assert caught.value.filename == str(tmp_path / name)

    write_file(tmp_path / "link", "new")

    assert list_names(tmp_path / "folder") == ["below"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anything"
)
def test_a_read_only_file_or_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o444)
    with pytest.raises(PermissionError):
        write_file(tmp_path / "file", "new")
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError):
        write_file(tmp_path / "other", "new")
    tmp_path.chmod(0o755)
