"""`doctor`: what is installed, what is missing, and which backends runs would choose here, and why."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.codec import to_dict
from contracts.exit_codes import ExitCode
from environments.places import building_folder
from imaging.photo_identity import INSTALL
from orch.app.src.backends.backend_report import BackendReport
from orch.app.src.backends.equipment import Equipment
from orch.app.src.backends.settling import settle_backends
from orch.app.src.inputs.developing import FOLDER as CAMERA_FOLDER
from orch.app.src.inputs.developing import RECIPE as CAMERA_RECIPE
from orch.app.src.models.listing import where
from orch.app.src.settings_sources import load_settings
from orch.app.src.stage_registry import STAGES
from orch.app.src.version import PROGRAM, VERSION

READY, NOT_BUILT, NO_NEED = "ready", "not built yet", "needs none"


@dataclass(frozen=True)
class EnvironmentFinding:
    """state: READY, NOT_BUILT or NO_NEED."""

    stage: str
    backend: str
    state: str


@dataclass(frozen=True)
class WeightsFinding:
    """state: of the file's name and size; of weights in the repository of its checksum too."""

    name: str
    stage: str
    used_for: str
    state: str
    place: str
    commercial_use: bool
    in_repository: bool


@dataclass(frozen=True)
class Findings:
    """All that `doctor` tells.

    Attributes:
        camera: READY or NOT_BUILT: the optional environment that develops HEIC and camera raw.
        healthy: whether a default run would work.
    """

    version: str
    python: str
    platform: str
    gpu: str
    environments_folder: str
    models_folder: str
    environments: tuple[EnvironmentFinding, ...]
    camera: str
    weights: tuple[WeightsFinding, ...]
    backends: tuple[BackendReport, ...]
    healthy: bool


def examine(equipment: Equipment, environ: Mapping[str, str]) -> Findings:
    """Look at everything; nothing is built and nothing fetched.

    Raises:
        StageError: an environment variable names something that cannot be used.
    """
    environments = tuple(
        EnvironmentFinding(stage.name, name, _environment(equipment, backend.recipe, stage.folder))
        for stage in STAGES.values()
        for name, backend in stage.backends.items()
    )
    weights = tuple(
        WeightsFinding(
            model.name,
            model.stage,
            model.entry.used_for,
            equipment.store.state(model, hashes=model.entry.in_repository),
            where(model, equipment.store),
            model.entry.commercial_use,
            model.entry.in_repository,
        )
        for model in equipment.models
    )
    settings = load_settings(None, (), environ)
    choice = settle_backends(settings, equipment, num_variations=1, builds=False)
    return Findings(
        f"{PROGRAM} {VERSION}",
        platform.python_version(),
        platform.platform(),
        equipment.gpu(),
        str(building_folder()),
        str(equipment.store.written),
        environments,
        _environment(equipment, CAMERA_RECIPE, CAMERA_FOLDER),
        weights,
        tuple(choice.reports),
        all(w.state == "ok" for w in weights if w.in_repository),
    )


def doctor(equipment: Equipment, environ: Mapping[str, str], as_json: bool = False) -> int:
    """Print the findings; ENVIRONMENT where weights of the default path are broken."""
    findings = examine(equipment, environ)
    if as_json:
        print(json.dumps(to_dict(findings), indent=1))
    else:
        print("\n".join(_lines(findings)))
    return int(ExitCode.OK if findings.healthy else ExitCode.ENVIRONMENT)


def _lines(findings: Findings) -> list[str]:
    lines = [
        f"{findings.version}, Python {findings.python}, {findings.platform}",
        f"GPU: {findings.gpu or 'none found; the default path needs none'}",
        f"environments, in {findings.environments_folder}:",
        *(f"  {e.stage}/{e.backend}: {_built(e.state)}" for e in findings.environments),
        f"HEIC and camera raw: {_camera(findings.camera)}",
        "weights in the repository:",
        *(f"  {w.name}: {w.state}" for w in findings.weights if w.in_repository),
        f"weights that are not, all optional, in {findings.models_folder}:",
    ]
    for w in findings.weights:
        if not w.in_repository:
            lines += [f"  {w.name}, {w.used_for}", f"    {w.place}"]
            lines += [] if w.commercial_use else ["    non-commercial use only"]
    lines.append("a run without options would use:")
    for b in findings.backends:
        word = "yes" if b.chosen else "no "
        lines.append(f"  {word} {b.stage}/{b.backend}: {b.why}")
    return lines


def _built(state: str) -> str:
    return f"{state}; the first run that needs it does that" if state == NOT_BUILT else state


def _camera(state: str) -> str:
    return f"{state}; no run does that unasked: {INSTALL}" if state == NOT_BUILT else state


def _environment(equipment: Equipment, recipe: str | None, folder: Path) -> str:
    if recipe is None:
        return NO_NEED
    return READY if equipment.is_ready(folder, recipe) else NOT_BUILT
