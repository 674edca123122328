"""What the restore stage is asked and answers.

Inputs of an item: the blended picture as `photo`, `face_json` of the original. Output `image`: the
restored picture, only when the item's status is "succeeded"; "skipped" keeps the blended picture.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RestoreParams:
    """fidelity: 0 (most restored) .. 1 (most faithful). upscale: factor of the picture's size."""

    fidelity: float = 0.7
    upscale: float = 1.0


@dataclass(frozen=True)
class RestoreItemParams:
    """faces: indices of the edited faces; only these are restored."""

    faces: tuple[int, ...] = ()
