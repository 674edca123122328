"""The configuration file of the gen stage's own command line; standard library only.

Any option of the command by its name with underscores, and a section `generation` as in the
project's configurations, of which `model`, `eye_color`, `seed`, `prompt` and `negative_prompt`
count here:

    {"crop": "face_crop_0_photo.png", "crop_json": "crop_0_photo.json", "out_image": "painted.png",
     "generation": {"model": "lid_lift", "eye_color": "blue", "seed": 7}}

Paths resolve from the project's root.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.codec import unknown_key_message
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT

PATHS = (
    "crop",
    "crop_json",
    "mask",
    "donor_crop",
    "donor_json",
    "out_image",
    "out_alpha",
    "out_prepared",
    "out_base",
    "out_refined",
)
SETTINGS = (*PATHS, "strategy", "eye_color", "openness", "seed", "prompt", "negative_prompt")
_TYPES: dict[str, type | tuple[type, ...]] = {"openness": (int, float), "seed": int}
_FROM_GENERATION = {
    "model": "strategy", "eye_color": "eye_color", "seed": "seed",
    "prompt": "prompt", "negative_prompt": "negative_prompt",
}  # fmt: skip


def read_gen_config(path: Path) -> dict[str, Any]:
    """Values by name of `SETTINGS`; only those that the file gives.

    Raises:
        StageError: BAD_CONFIG where it cannot be read, is not an object, or has an unknown key or type.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad_config(path, error.strerror or str(error)) from error
    except ValueError as error:  # not JSON, or not UTF-8
        raise _bad_config(path, f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _bad_config(path, "must be an object")
    generation = document.pop("generation", {})
    if not isinstance(generation, dict):
        raise _bad_config(path, "generation must be an object")
    values = {name: generation[key] for key, name in _FROM_GENERATION.items() if key in generation}
    for key in document:
        if key not in SETTINGS:
            raise _bad_config(path, unknown_key_message(key, [*SETTINGS, "generation"], "the file"))
    values = {k: v for k, v in (values | document).items() if v is not None}
    for key, value in values.items():
        if not isinstance(value, _TYPES.get(key, str)) or isinstance(value, bool):
            raise _bad_config(path, f"{key} has the wrong type")
    return {k: CHECKOUT / v if k in PATHS else v for k, v in values.items()}


def _bad_config(path: Path, reason: str) -> StageError:
    return StageError(
        ErrorCode.BAD_CONFIG, f"configuration {path}: {reason}", "see gen/README.md", ExitCode.USAGE
    )
