"""Runs the `run:` steps of an action or a job as GitHub's runner does, as far as they can tell."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def read_yaml(name: str) -> dict[Any, Any]:
    """Return a file of the repository."""
    found: dict[Any, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return found


@dataclass
class Runner:
    """A machine with a checkout, and programs in place of those that would need a network."""

    workspace: Path
    temp: Path
    values: dict[str, str]
    """What expressions stand for, such as `inputs.folder`."""
    output: str = ""
    """What the steps printed."""
    failed: list[str] = field(default_factory=list)
    """The names of the steps that failed."""

    def __post_init__(self) -> None:
        self.programs = self.temp / "programs"
        self.programs.mkdir(parents=True)
        self.summary = self.temp / "step summary.md"
        python = shlex.quote(sys.executable)
        self.add_program("cards", f'exec {python} -m cardwright "$@"')
        self.add_program(
            "python",
            f'if [ "$1 $2 $3 $4" = "-I -m pip install" ]; then printf "%s\\n" "$*" >> "$RUNNER_TEMP/pip.txt"\n'
            f'else exec {python} "$@"; fi',
        )

    def add_program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        path.chmod(0o755)

    def run(self, steps: Sequence[Mapping[str, Any]], env: Mapping[str, str] | None = None) -> None:
        """Run the steps that are scripts; after one failed, those that run all the same."""
        for step in steps:
            if "run" in step and not self._is_left_out(step):
                self._run_step(step, env or {})

    def _is_left_out(self, step: Mapping[str, Any]) -> bool:
        condition = str(step.get("if", "true"))
        if "!cancelled()" in condition:
            return False
        return bool(self.failed) or not self.expand(condition)

    def _run_step(self, step: Mapping[str, Any], env: Mapping[str, str]) -> None:
        outputs = self.temp / "output"
        outputs.write_text("", "utf-8")
        given = {
            name: self.expand(str(value)) for name, value in {**env, **step.get("env", {})}.items()
        }
        script = self.temp / "step.sh"
        script.write_text(step["run"], "utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.workspace,
            env={
                **kept,
                "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(SOURCE),
                "LANG": "C.UTF-8",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(outputs),
                "RUNNER_TEMP": str(self.temp),
                **given,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.output += done.stdout + done.stderr
        if done.returncode:
            self.failed.append(step["name"])
        for line in outputs.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{name}"] = value

    def expand(self, text: str) -> str:
        """Return a text with the values of its expressions; an output that is not set is empty."""
        return EXPRESSION.sub(
            lambda match: (
                self.values.get(match[1], "")
                if match[1].startswith("steps.")
                else self.values[match[1]]
            ),
            text,
        )
