"""Stages with heavy backends, and a machine on which their weights can be put."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts.model_manifest import ModelEntry, ModelFile
from orch.app.src.backends.equipment import Equipment
from orch.app.src.models.catalogue import StageModel
from orch.app.src.stage_registry import STAGES, BackendEntry, StageEntry
from tests.unit.orch_fakes import equipment

URL = "https://weights.invalid"
CONTENT = b"GGUF weights"

TABLE: dict[Any, StageEntry] = {
    **STAGES,
    "preenh": replace(
        STAGES["preenh"],
        backends={
            "rules": BackendEntry(),
            "llama": BackendEntry("llama", ("llm",)),
            "smollm2": BackendEntry("smollm2"),
        },
    ),
    "face": replace(
        STAGES["face"],
        backends={
            "facemesh": BackendEntry("facemesh"),
            "insightface": BackendEntry("if", ("buffalo_l",)),
        },
    ),
    "gen": replace(
        STAGES["gen"],
        backends={
            "embedded": BackendEntry("embedded"),
            "sdxl": BackendEntry("sdxl", ("sdxl_base",), ("sdxl_refiner", "sdxl_lcm_lora")),
        },
    ),
    "res": replace(
        STAGES["res"],
        backends={
            "none": BackendEntry(),
            "codeformer": BackendEntry("codeformer", ("codeformer",)),
            "gfpgan": BackendEntry("codeformer", ("gfpgan",)),
        },
    ),
}


def _file(stage: Any, name: str, commercial: bool) -> StageModel:
    entry = ModelEntry(
        name, "tests", f"{name}.bin", f"{name} licence", commercial,
        size=len(CONTENT), sha256=sha256(CONTENT).hexdigest(), url=f"{URL}/{name}.bin",
    )  # fmt: skip
    return StageModel(stage, entry)


def _folder(stage: Any, name: str, commercial: bool) -> StageModel:
    entry = ModelEntry(
        name, "tests", name, f"{name} licence", commercial, "folder",
        revision="abc", url=f"{URL}/abc", files=(ModelFile("model_index.json"),),
    )  # fmt: skip
    return StageModel(stage, entry)


MODELS = (
    _folder("face", "buffalo_l", False),
    _folder("gen", "sdxl_base", True),
    _folder("gen", "sdxl_refiner", True),
    _file("gen", "sdxl_lcm_lora", True),
    _file("res", "codeformer", False),
    _file("res", "gfpgan", True),
    _file("preenh", "llm", True),
)


def machine(folder: Path, *there: str, **changes: Any) -> Equipment:
    """A machine with the named weights in its store."""
    made = equipment(folder / "store", models=MODELS, **changes)
    for model in MODELS:
        if model.name in there:
            put(made.store.path(model), model)
    return made


def put(path: Path, model: StageModel) -> None:
    """Weights as a quick look wants them."""
    for file in model.entry.contents():
        target = path.parent / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"{}" if target.suffix == ".json" else CONTENT)
