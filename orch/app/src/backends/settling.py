"""The backends of a run: for each stage what is asked for, or the best that is there."""

from __future__ import annotations

from contracts.envelope import Notice
from orch.app.src.backends.choice import BackendChoice, BackendChooser
from orch.app.src.backends.equipment import Equipment
from orch.app.src.settings import PACKAGED_LLM, Settings
from orch.app.src.strategies import AUTO, SDXL_MODELS

RESTORERS = ("codeformer", "gfpgan")
FEW_STEPS_WEIGHTS = "sdxl_lcm_lora"
"""What sdxl-turbo needs besides."""


def settle_backends(
    settings: Settings, equipment: Equipment, num_variations: int = 0, builds: bool = True
) -> BackendChoice:
    """Settle what each stage runs, in the order in which stages are needed.

    Args:
        builds: make the environments of heavy backends that are chosen; a dry run and `doctor` only look.

    Raises:
        StageError: something that was asked for cannot be used: weights, licence, device.
        EnvironmentBroken: its environment cannot be made.
    """
    chooser = BackendChooser(settings, equipment, builds)
    _face(chooser, settings)
    chooser.take("crop", "opencv", "the only one")
    _gen(chooser, settings, equipment)
    chooser.take("blend", "opencv", "the only one")
    if num_variations:
        _preenh(chooser, settings)
    _res(chooser, settings)
    return chooser.choice


def _face(chooser: BackendChooser, settings: Settings) -> None:
    detector = settings.processing.detector
    if detector == "auto":
        chooser.first_usable("face", ["insightface"], "facemesh")
    else:
        chooser.take("face", detector, f"processing.detector is {detector}")
    weights = chooser.choice.weights
    if ("face", "insightface") in weights:  # the same pack may also tell people apart
        weights["face", "insightface_identity"] = weights["face", "insightface"]


def _gen(chooser: BackendChooser, settings: Settings, equipment: Equipment) -> None:
    model = settings.generation.model
    on_gpu = bool(equipment.gpu()) and settings.processing.device != "cpu"
    if model in SDXL_MODELS:
        also = (FEW_STEPS_WEIGHTS,) if model == "sdxl-turbo" else ()
        chooser.take("gen", "sdxl", f"generation.model is {model}", also)
        if not on_gpu:
            notice = Notice("SLOW_DEVICE", f"{model} runs on the CPU: minutes for each face")
            chooser.choice.notices.append(notice)
        return
    if model == AUTO:
        no_gpu = "" if on_gpu else "there is no GPU that may be used; --backend sdxl runs on the CPU, slowly"
        chooser.try_to_take("gen", "sdxl", "auto: its weights and a GPU are there", unless=no_gpu)
        chooser.take("gen", "embedded", "auto: donor, mirror and lid_lift need no weights")
        return
    chooser.leave("gen", "sdxl", f"generation.model is {model}")
    chooser.take("gen", "embedded", f"generation.model is {model}")


def _preenh(chooser: BackendChooser, settings: Settings) -> None:
    if settings.models.llm is None:
        chooser.first_usable("preenh", ["llama"], "rules")
        return
    backend = PACKAGED_LLM if settings.models.llm == PACKAGED_LLM else "llama"
    chooser.check("preenh", backend, "models.llm names a language model")
    if not chooser.try_to_take("preenh", backend, "models.llm names a language model"):
        chooser.take("preenh", "rules", f"{backend} cannot be used")


def _res(chooser: BackendChooser, settings: Settings) -> None:
    restoration = settings.restoration
    if restoration.enabled is True:
        chooser.take("res", restoration.model, f"restoration by {restoration.model} is asked for")
    elif restoration.enabled == "auto":
        others = [name for name in RESTORERS if name != restoration.model]
        chooser.first_usable("res", [restoration.model, *others], "none")
