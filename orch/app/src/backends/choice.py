"""Which backend does each stage's work, and why; settled before the first photo.

What a person asked for must be there, or the run does not begin. `auto` takes the best that is there,
and the report says of every backend whether it could be used, and why it was chosen or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.envelope import Notice, StageName
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments import EnvironmentBroken
from orch.app.src.backends.backend_report import BackendReport
from orch.app.src.backends.equipment import Equipment
from orch.app.src.models.weights import Weights, find_weights, settled_paths
from orch.app.src.settings import Settings
from orch.app.src.stage_registry import FINISHER, NO_RESTORER, STAGES

FALLBACK = "BACKEND_FALLBACK"


@dataclass
class BackendChoice:
    """What was settled.

    Attributes:
        started: stages and backends of the run, the one that is needed first in front.
        weights: (stage, backend) -> name of weights -> where they are.
        reports: every backend that was looked at.
        notices: what a person should know: fallbacks, a slow device.
    """

    started: list[tuple[StageName, str]] = field(default_factory=list)
    weights: dict[tuple[StageName, str], dict[str, Path]] = field(default_factory=dict)
    reports: list[BackendReport] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    @property
    def processes(self) -> list[tuple[StageName, str]]:
        """What has to run, in this order."""
        return [*(key for key in self.started if key != NO_RESTORER), FINISHER]

    def has(self, stage: StageName, backend: str) -> bool:
        return (stage, backend) in self.started


@dataclass(frozen=True)
class _Obstacle:
    """Why a backend cannot be used. named: it lies in weights of which the person named the path."""

    code: str
    reason: str
    hint: str = ""
    named: bool = False


class BackendChooser:
    """Settles one stage after the other.

    Args:
        builds: make the environments of what is chosen; a dry run and `doctor` only look.
    """

    def __init__(self, settings: Settings, equipment: Equipment, builds: bool) -> None:
        self.choice = BackendChoice()
        self._settings = settings
        self._equipment = equipment
        self._builds = builds
        self._models = {model.name: model for model in equipment.models}
        self._settled = settled_paths(settings)
        if settings.processing.device == "cuda" and not equipment.gpu():
            raise StageError(
                ErrorCode.NO_GPU,
                "processing.device is cuda, and the driver tells of no NVIDIA GPU",
                "use --device auto, or repair the driver: nvidia-smi must name the card",
                ExitCode.ENVIRONMENT,
            )

    def take(self, stage: StageName, backend: str, why: str, also: Sequence[str] = ()) -> None:
        """Choose what was asked for, or what needs nothing.

        Args:
            also: weights that this run needs besides those that the backend always does.

        Raises:
            StageError: it cannot be used; the line says what to do.
            EnvironmentBroken: its environment cannot be made.
        """
        self.check(stage, backend, why, also)
        self._make(stage, backend)
        self._choose(stage, backend, why)

    def check(self, stage: StageName, backend: str, why: str, also: Sequence[str] = ()) -> None:
        """Return where what was asked for has its weights.

        Raises:
            StageError: it has not; the line says what to do.
        """
        obstacle = self._obstacle(stage, backend, also)
        if obstacle:
            message = f"{why}, and {obstacle.reason}"
            raise StageError(obstacle.code, message, obstacle.hint, ExitCode.ENVIRONMENT)

    def first_usable(self, stage: StageName, backends: Sequence[str], else_take: str) -> None:
        """Choose the first that can be used, of heavy ones in their order; else what always works."""
        for backend in backends:
            if self.try_to_take(stage, backend, "auto: its weights are there"):
                self._report(stage, else_take, True, False, f"{backend} is there")
                return
        self.take(stage, else_take, f"auto: {' and '.join(backends)} cannot be used here")

    def try_to_take(self, stage: StageName, backend: str, why: str, unless: str = "") -> bool:
        """Choose it where it can be used; report why not where it cannot.

        Args:
            unless: a reason against it that is already known.
        """
        obstacle = self._obstacle(stage, backend)
        reason = obstacle.reason if obstacle else unless
        if obstacle and obstacle.named:  # nobody names weights that shall not be used
            self.choice.notices.append(Notice(FALLBACK, f"{stage}: {backend} is not used, {reason}"))
        if not reason:
            try:
                self._make(stage, backend)
            except EnvironmentBroken as broken:
                reason = f"its environment cannot be made: {broken.message}"
                self.choice.notices.append(Notice(FALLBACK, f"{stage}: {backend} is not used, {reason}"))
        if reason:
            self._report(stage, backend, obstacle is None, False, reason)
            return False
        self._choose(stage, backend, why)
        return True

    def leave(self, stage: StageName, backend: str, why: str) -> None:
        """Report a backend that nobody wants in this run."""
        obstacle = self._obstacle(stage, backend)
        reason = f"{why}; {obstacle.reason}" if obstacle else why
        self._report(stage, backend, obstacle is None, False, reason)

    def _obstacle(self, stage: StageName, backend: str, also: Sequence[str] = ()) -> _Obstacle | None:
        entry = STAGES[stage].backends.get(backend)
        if entry is None:
            return _Obstacle(ErrorCode.WEIGHTS_MISSING, f"this version has no {backend}")
        named = [w for w in self._weights(entry.uses) if w.setting]  # what a person names must be right
        weights = self._weights((*entry.needs, *also)) + named
        if self._settings.models.license == "commercial":
            for each in weights:
                if not each.model.entry.commercial_use:
                    return _Obstacle(
                        ErrorCode.LICENCE_REFUSED,
                        f"{each.model.name} may not be used commercially ({each.model.entry.licence})",
                        "leave out --license commercial, or use another way",
                    )
        for each in weights:
            if each.problem:
                return _Obstacle(
                    ErrorCode.WEIGHTS_MISSING,
                    f"the weights {each.model.name} are {each.problem}: {each.path}",
                    each.hint(),
                    named=bool(each.setting),
                )
        return None

    def _weights(self, names: Sequence[str]) -> list[Weights]:
        return find_weights(names, self._models, self._equipment.store, self._settled)

    def _make(self, stage: StageName, backend: str) -> None:
        entry = STAGES[stage]
        recipe = entry.backends[backend].recipe
        if recipe is not None and self._builds:
            self._equipment.make(entry.folder, recipe)

    def _choose(self, stage: StageName, backend: str, why: str) -> None:
        entry = STAGES[stage].backends[backend]
        free = self._settings.models.license == "any"
        besides = [w for w in self._weights(entry.uses) if not w.problem]
        used = self._weights(entry.needs) + [w for w in besides if free or w.model.entry.commercial_use]
        outside = {w.model.name: w.path for w in used if not w.model.entry.in_repository}
        self.choice.started.append((stage, backend))
        self.choice.weights[stage, backend] = outside
        self._report(stage, backend, True, True, why)

    def _report(self, stage: StageName, backend: str, usable: bool, chosen: bool, why: str) -> None:
        self.choice.reports.append(BackendReport(stage, backend, usable, chosen, why))
