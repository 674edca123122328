"""The whole command, run as a user runs it, and what it says and leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.face import Side
from environments.reexec import child_environment

PATIENCE_S = 300.0
"""A single command that takes longer hangs."""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    def lines_with(self, code: str) -> list[str]:
        return [line for line in self.text.splitlines() if f"[{code}]" in line]


def run(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None, patience_s: float = PATIENCE_S
) -> Answer:
    """The orchestrator's command line in a process of its own.

    Args:
        variables: environment variables besides those of this process.
    """
    done = subprocess.run(
        [sys.executable, "-m", "orch.app.src.open_the_eyes", *arguments],
        cwd=cwd,
        env={**child_environment(), **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=patience_s,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Finished:
    """A run that went well, and its folder.

    Attributes:
        output: the folder given as `--output`.
        report: report.json.
    """

    answer: Answer
    output: Path
    report: dict[str, Any]

    def photo(self, name: str) -> dict[str, Any]:
        """The report on one photo, by its file name."""
        (found,) = (photo for photo in self.report["photos"] if Path(photo["photo"]).name == name)
        return dict(found)

    def picture(self, name: str, variation: str = "original") -> Path:
        """The finished picture of a photo that was edited."""
        return Path(variation_of(self.photo(name), variation)["output"]["path"])


def finish(*arguments: str, output: Path, cwd: Path, patience_s: float = PATIENCE_S) -> Finished:
    """A run that must end with exit status 0."""
    answer = run(*arguments, "--output", str(output), cwd=cwd, patience_s=patience_s)
    assert answer.exit_code == 0, answer.text
    return Finished(answer, output, read_report(output))


def read_report(output: Path) -> dict[str, Any]:
    """The only report below an output folder."""
    (path,) = (output / "Output_Json").glob("report_*.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def variation_of(photo: Mapping[str, Any], variation: str = "original") -> dict[str, Any]:
    """One variation of a photo's report."""
    (found,) = (v for v in photo["variations"] if v["variation_id"] == variation)
    return dict(found)


def outcomes(
    photo: Mapping[str, Any], variation: str = "original"
) -> dict[tuple[int, Side], tuple[str, str | None]]:
    """(face, side) -> (outcome, strategy) of every eye that was to be opened."""
    return {
        (face["face_index"], eye["side"]): (eye["outcome"], face["strategy_used"])
        for face in variation_of(photo, variation)["faces"]
        for eye in face["eyes"]
    }


def files_below(folder: Path) -> list[str]:
    """Every file, relative, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
