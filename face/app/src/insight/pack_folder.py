"""Where an InsightFace pack lies, on what it runs, and what is said of packs that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import FaceParams
from contracts.stage import Job

WEIGHTS = "buffalo_l"
"""The name of a pack in models.json."""
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def pack_folder(job: Job, params: FaceParams) -> Path:
    """The folder that a request names.

    Raises:
        StageError: WEIGHTS_MISSING.
    """
    if WEIGHTS not in params.weights:
        raise StageError(
            ErrorCode.WEIGHTS_MISSING,
            "the request names no InsightFace pack",
            "name one: --weights FOLDER",
            ExitCode.ENVIRONMENT,
        )
    return job.path(params.weights[WEIGHTS])


def onnx_files(folder: Path) -> list[Path]:
    """The models of a pack; InsightFace would go and download where there are none.

    Raises:
        StageError: WEIGHTS_MISSING.
    """
    files = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    if not files:
        raise StageError(
            ErrorCode.WEIGHTS_MISSING,
            f"there is no InsightFace pack in {folder}: no .onnx file",
            "put det_10g.onnx and 2d106det.onnx of buffalo_l there, or fetch it: "
            "python3 run_pipeline.py models pull buffalo_l",
            ExitCode.ENVIRONMENT,
        )
    return files


def wanted_providers(device: str) -> list[str]:
    """What ONNX Runtime is asked for. device: "auto", "cpu" or "cuda"."""
    import onnxruntime

    offered = CUDA in onnxruntime.get_available_providers()
    return [CUDA, CPU] if device == "cuda" or (device == "auto" and offered) else [CPU]


def check_providers(models: Mapping[str, Any], device: str) -> tuple[Notice, ...]:
    """What is to be told of where the models really run: ONNX Runtime falls back without a word.

    Args:
        models: task -> InsightFace's model, which has a `session`.

    Raises:
        StageError: NO_GPU: one was asked for.
    """
    slow = [task for task, model in models.items() if CUDA not in model.session.get_providers()]
    if device == "cuda" and slow:
        raise StageError(
            ErrorCode.NO_GPU,
            f"InsightFace's {slow[0]} would run on the processor: ONNX Runtime has no CUDA here",
            "install onnxruntime-gpu and the CUDA that it names, or use --device auto",
            ExitCode.ENVIRONMENT,
        )
    if device == "auto" and slow and CUDA in wanted_providers(device):
        message = "ONNX Runtime offers CUDA but could not start it: InsightFace runs on the processor"
        return (Notice("DEVICE_FALLBACK", message),)
    return ()


def unusable(folder: Path, what: str) -> StageError:
    """A pack is there, but."""
    return StageError(
        ErrorCode.WEIGHTS_UNUSABLE,
        f"the InsightFace pack in {folder} cannot be used: {what}",
        "fetch it again: python3 run_pipeline.py models pull buffalo_l; or use facemesh",
        ExitCode.ENVIRONMENT,
    )


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else repr(error)
