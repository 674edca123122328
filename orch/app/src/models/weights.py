"""Which weights a run uses: those that the person named, else those of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from contracts.files import sha256_file
from contracts.model_manifest import ModelEntry
from environments.places import CHECKOUT
from orch.app.src.inputs.home_folder import from_home
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.store import ModelStore
from orch.app.src.settings import PACKAGED_LLM, Settings

_MAGIC = {".gguf": b"GGUF"}
"""First bytes of files, by their ending: a page saved in place of a model is seen before the first photo."""
MOST_HASHED_BYTES = 500_000_000
"""Content of single files up to this is compared before every run that uses them, in half a second; of
bigger ones name and size, and the content when they were fetched."""


@dataclass(frozen=True)
class Weights:
    """One set of weights as a run finds it.

    Attributes:
        model: what it is.
        path: where it is, or would be.
        setting: the setting that names the path, "" for the store's.
        problem: why it cannot be used, "" where it can.
    """

    model: StageModel
    path: Path
    setting: str
    problem: str

    def hint(self) -> str:
        """What to do about the problem."""
        if self.setting:
            return f"correct {self.setting}, or leave it out to use the model store's"
        if self.model.can_be_pulled:
            return f"python3 run_pipeline.py models pull {self.model.name}"
        return f"put it at {self.path}"


def settled_paths(settings: Settings) -> dict[str, tuple[str, str]]:
    """Model name -> setting and path, of weights that the person named a path of."""
    named = {
        "sdxl_base": ("models.sdxl_base", settings.models.sdxl_base),
        "sdxl_refiner": ("models.sdxl_refiner", settings.models.sdxl_refiner),
        "sdxl_lora": ("models.sdxl_lora", settings.models.sdxl_lora),
        "buffalo_l": ("models.insightface", settings.models.insightface),
        "llm": ("models.llm", None if settings.models.llm == PACKAGED_LLM else settings.models.llm),
        settings.restoration.model: ("restoration.model_path", settings.restoration.model_path),
    }
    return {name: (setting, path) for name, (setting, path) in named.items() if path}


def find_weights(
    names: Sequence[str],
    models: Mapping[str, StageModel],
    store: ModelStore,
    settled: Mapping[str, tuple[str, str]],
) -> list[Weights]:
    """Look for weights: names, sizes, first bytes, and the content of those that are not too big.

    Args:
        settled: see `settled_paths`; relative paths start from the project's root.
    """
    found = []
    for name in names:
        model = models[name]
        if name in settled:
            setting, given = settled[name]
            path = CHECKOUT / from_home(given)
            found.append(Weights(model, path, setting, _problem_of_own(model, path)))
        else:
            found.append(Weights(model, store.path(model), "", _problem_in_store(model, store)))
    return found


def _problem_in_store(model: StageModel, store: ModelStore) -> str:
    state = store.state(model)
    if state != "ok":
        return state if state == "missing" else f"broken ({state})"
    return "" if _is_whole(model.entry, store.path(model)) else "broken (wrong checksum)"


def _is_whole(entry: ModelEntry, path: Path) -> bool:
    small = entry.kind == "file" and entry.size is not None and entry.size <= MOST_HASHED_BYTES
    if not small or entry.in_repository or entry.sha256 is None:
        return True
    return _sha256_once(path, path.stat().st_mtime_ns) == entry.sha256


@cache
def _sha256_once(path: Path, mtime_ns: int) -> str:
    """The hash of a version of a file, computed once for a run."""
    return sha256_file(path)


def _problem_of_own(model: StageModel, path: Path) -> str:
    """Why weights of the person's own cannot be used, as far as a quick look tells."""
    if not path.exists():
        return "missing"
    wants_folder = model.entry.kind in ("folder", "archive")
    if path.is_dir() and not wants_folder:
        return "a folder, and a file is needed"
    if path.is_file() and wants_folder and path.suffix.lower() != ".safetensors":
        return "a file, and a folder or one .safetensors file is needed"
    if path.is_dir():
        return "" if any(path.iterdir()) else "an empty folder"
    magic = _MAGIC.get(path.suffix.lower(), b"")
    with open(path, "rb") as handle:
        begins = handle.read(max(1, len(magic)))
    if not begins:
        return "an empty file"
    return "" if begins.startswith(magic) else f"no {path.suffix[1:].upper()} file, whatever the name says"
