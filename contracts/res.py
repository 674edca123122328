"""What the restore stage is asked and answers.

Inputs of an item: the blended picture as `photo`, and `face_json`, the FaceDocument of that very picture
(edited eyes open in it). Output `image`: the whole upright picture as a lossless PNG in the photo's own
bit depth, channels and profile, `upscale` times as big; every pixel outside of the regions of restored
faces equals the input's (or, upscaled, the input's upscaled one). Output `debug`: each face before and
after, side by side. An item that is "skipped" writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NOT_RESTORED = (
    "faces are not restored, the picture stays as blended: that takes the weights of CodeFormer or GFPGAN "
    "(python3 run_pipeline.py models pull codeformer)"
)
"""What the backend `none` says to every item."""

Restoration = Literal["restored", "kept"]
"""kept: the face stays as it was blended, because restoring it would have done harm."""


@dataclass(frozen=True)
class RestoreParams:
    """Request parameters.

    Attributes:
        fidelity: 0 (most restored) .. 1 (most faithful); CodeFormer's weight. GFPGAN has no such choice.
        upscale: factor of the picture's size, 1..4.
        weights: name as in the stage's models.json -> reference of the file.
    """

    fidelity: float = 0.7
    upscale: float = 1.0
    weights: Mapping[str, str] = field(default_factory=dict)
    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0

    def __post_init__(self) -> None:
        if not 0 <= self.fidelity <= 1:
            raise ValueError(f"fidelity is {self.fidelity:g}, it goes from 0 to 1")
        if not 1 <= self.upscale <= 4:
            raise ValueError(f"upscale is {self.upscale:g}, it goes from 1 to 4")


@dataclass(frozen=True)
class RestoreItemParams:
    """faces: indices of the faces to be restored; () restores none, None restores all."""

    faces: tuple[int, ...] | None = ()


@dataclass(frozen=True)
class IrisChange:
    """Distance of an eye's iris colour to what it was before, in CIE Lab with lightness halved; None where
    too little of the iris is seen."""

    left: float | None
    right: float | None


@dataclass(frozen=True)
class FaceRestoration:
    """What became of one face.

    Attributes:
        reason: why it is kept, "" otherwise.
        region: x1, y1, x2, y2 in the output, exclusive end; nothing outside of it changed for this face.
        iris_change: None where the network was not asked.
    """

    face_index: int
    outcome: Restoration
    reason: str = ""
    region: tuple[int, int, int, int] | None = None
    iris_change: IrisChange | None = None


@dataclass(frozen=True)
class RestoreItemData:
    """`data` of the item's result. size: width, height of the output."""

    faces: tuple[FaceRestoration, ...] = ()
    size: tuple[int, int] | None = None
