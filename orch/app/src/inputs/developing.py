"""Developing one photo, HEIC or camera raw, in a process of the optional environment that can."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.codec import from_dict
from contracts.envelope import ErrorInfo, Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.failures import exit_code_for
from contracts.parent import PARENT
from environments import EnvironmentBroken
from environments.places import CHECKOUT
from environments.store import ready_python
from imaging.photo_identity import PhotoLimits
from orch.app.src.inputs.darkroom import Developed
from orch.app.src.run_paths import Layout
from orch.app.src.stages.launching import stage_environment

FOLDER = CHECKOUT / "orch"
RECIPE = "camera"
MODULE = "imaging.camera.develop"

PATIENCE_S = 600.0
"""100 megapixels of camera raw take half a minute on one slow core; what takes longer than this hangs."""


def camera_python() -> Path | None:
    """The interpreter of the environment that develops photos, None where it is not installed."""
    try:
        return ready_python(FOLDER, RECIPE)
    except EnvironmentBroken:  # none of the interpreters here suits it
        return None


class Developer:
    """Starts such processes; used by many threads.

    Args:
        layout: of the run.
        limits: photos beyond them are refused before they are decoded.
        environ: what the processes' environment is made from.
        threads: of each process.
    """

    def __init__(
        self,
        python: Path,
        layout: Layout,
        limits: PhotoLimits,
        environ: Mapping[str, str],
        threads: int = 1,
    ) -> None:
        self._layout = layout
        self._command = [str(python), "-m", MODULE]
        self._limits = [str(limits.max_megapixels), str(limits.max_file_mb)]
        self._environment = {**stage_environment(environ, threads), PARENT: str(os.getpid())}
        self._running: set[subprocess.Popen[str]] = set()
        self._cancelled = False

    def __call__(self, photo: Path) -> Developed:
        """Make a PNG of a photo.

        Raises:
            StageError: what is wrong with the photo, that nothing can be written, or that the run is over.
        """
        target = self._layout.developed(photo)
        status, said, complaints = self._done([*self._command, str(photo), str(target), *self._limits], photo)
        if self._cancelled:
            raise StageError(ErrorCode.INTERRUPTED, "the run was ended", exit_code=ExitCode.INTERRUPTED)
        try:
            answer: dict[str, Any] = json.loads(said)
        except ValueError as error:
            last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
            raise _broken(ErrorCode.STAGE_CRASHED, photo, f"ended with status {status}: {last}") from error
        if answer["error"]:
            info = from_dict(ErrorInfo, answer["error"])
            raise StageError(info.code, info.message, info.hint, exit_code_for(info), info.retryable)
        return Developed(target, tuple(from_dict(Notice, notice) for notice in answer["notices"]))

    def cancel(self) -> None:
        """End all processes now."""
        self._cancelled = True
        for process in tuple(self._running):
            process.kill()

    def _done(self, command: list[str], photo: Path) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        if self._cancelled:
            return 0, "", ""
        with subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is ours to handle
        ) as process:
            self._running.add(process)
            try:
                said, complaints = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired as error:
                reason = f"took longer than {PATIENCE_S:.0f} s"
                raise _broken(ErrorCode.STAGE_DEADLINE, photo, reason, ExitCode.DEADLINE) from error
            finally:
                self._running.discard(process)
                process.kill()  # no matter to one that has ended
        return process.returncode, said, complaints


def _broken(code: str, photo: Path, reason: str, exit_code: ExitCode = ExitCode.INTERNAL) -> StageError:
    return StageError(
        code, f"{photo}: the process that develops it {reason}", "develop it with other software", exit_code
    )
