"""What every way of opening eyes has in common: what it sees, what it answers, how it declines.

A strategy opens all eyes of `scene.sides` or declines with a reason. To add one: a file in
`strategies/` with a class of this protocol, and a line in `STRATEGIES`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument
from contracts.envelope import Notice
from contracts.face import Side
from contracts.gen import GenItemParams, PaintedEye
from imaging.colour import Image

FloatArray = NDArray[np.float64]

STRATEGIES = {
    "donor": "gen.app.src.strategies.donor:Donor",
    "mirror": "gen.app.src.strategies.mirror:Mirror",
    "lid_lift": "gen.app.src.strategies.lid_lift:LidLift",
}
"""Name of each strategy -> "module:class"."""


@dataclass(frozen=True)
class FaceView:
    """A face in its crop frame.

    Attributes:
        crop: (H, W, 3) float32, sRGB-encoded 0..1.
        document: how the crop was made.
        mesh: (478, 3) float64, crop px; z towards the viewer negative.
    """

    crop: Image
    document: CropDocument
    mesh: FloatArray


@dataclass(frozen=True)
class EyeScene:
    """Everything that a strategy sees.

    Attributes:
        face: the face whose eyes are to be opened.
        sides: the eyes to open, the viewer's left first; never empty.
        params: what was asked for.
        seed: base of every random draw; the same scene and seed give the same picture.
        donor: the same person with open eyes in another photo, None where there is none.
    """

    face: FaceView
    sides: tuple[Side, ...]
    params: GenItemParams = field(default_factory=GenItemParams)
    seed: int = 0
    donor: FaceView | None = None

    @property
    def crop(self) -> Image:
        return self.face.crop

    @property
    def document(self) -> CropDocument:
        return self.face.document

    @property
    def mesh(self) -> FloatArray:
        return self.face.mesh

    @property
    def greyscale(self) -> bool:
        """The photo has no colour: neither may the paint."""
        return self.face.document.greyscale

    @property
    def sepia(self) -> bool:
        """One hue over the whole photo: the paint takes it."""
        return self.face.document.sepia


@dataclass
class Painting:
    """What a strategy answers, in the crop frame.

    Attributes:
        painted: (H, W, 3) float32, sRGB-encoded 0..1; only meaningful where `alpha` is above 0.
        alpha: (H, W) float32, 0 keep .. 1 take.
        eyes: what was done to each side.
        intermediates: pictures for people who debug: "prepared" before relighting, "base_output"
            before sharpness and grain; (H, W, 3) like `painted`.
        warnings: what a person should know about the result.
    """

    painted: Image
    alpha: NDArray[np.float32]
    eyes: tuple[PaintedEye, ...]
    intermediates: dict[str, Image] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()


class Refused(Exception):
    """Raised while painting by a strategy that finds it cannot do it well.

    Attributes:
        reason: one clause in plain words that is true of the photo ("the donor's eyes are closed").
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Strategy(Protocol):
    """One way to open eyes."""

    name: str

    def refuse(self, scene: EyeScene) -> str | None:
        """A cheap look: the reason why this strategy declines, None where it would try."""

    def paint(self, scene: EyeScene) -> Painting:
        """Open all eyes of `scene.sides`.

        Raises:
            Refused: it turned out that the result would not be good.
        """


def strategy_named(name: str) -> Strategy:
    """The strategy of a name of `STRATEGIES`; imported on first use.

    Raises:
        KeyError: unknown name.
    """
    module, _, class_name = STRATEGIES[name].partition(":")
    return cast(Strategy, getattr(importlib.import_module(module), class_name)())
