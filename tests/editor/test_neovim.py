"""Neovim with its own client, without a screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project_files import Write

SCRIPT = Path(__file__).parents[1] / "support" / "nvim_session.lua"
CARDS = "kind: basic\ncards:\n- id: oak\n  question: Oak 🌳?\n  anwser: A tree.\n"


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
@pytest.mark.skipif(sys.platform == "win32", reason="the command is a shell script")
def test_neovim_shows_problems_completes_and_hovers(write: Write, tmp_path: Path) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    target = tmp_path / "seen.json"
    config = tmp_path / "init.lua"
    page = (Path(__file__).parents[2] / "docs" / "editors.md").read_text("utf-8")
    config.write_text(page.partition("```lua\n")[2].partition("```")[0], "utf-8")
    command = tmp_path / "bin" / "cards"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cardwright "$@"\n', "utf-8")
    command.chmod(0o755)
    words = [str(config), str(root / "cards/trees/a.yaml"), str(target)]
    env = {
        **os.environ,
        "CARDS_SESSION": "\n".join(words),
        "PATH": os.pathsep.join([str(command.parent), os.environ["PATH"]]),
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        **{
            f"XDG_{name}_HOME": str(tmp_path / name)
            for name in ("CONFIG", "DATA", "STATE", "CACHE")
        },
    }
    done = subprocess.run(
        ["nvim", "--headless", "--clean", "-n", "-S", str(SCRIPT), "-c", "qall!"],
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert target.exists(), done.stderr
    seen = json.loads(target.read_text("utf-8"))
    assert seen["messages"] == [
        [
            2,
            "missing-field",
            "`answer` is missing\nhelp: add `answer: …`. As short as truth allows.",
        ],
        [4, "unknown-key", "unknown key `anwser`\nhelp: did you mean `answer`?"],
    ]
    assert {"question", "answer"} <= set(seen["labels"])
    assert "Oak 🌳?" in seen["hover"]
    assert seen["repaired"] is True
