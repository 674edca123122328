"""Putting the eyes of one face together into a Painting."""

from __future__ import annotations

import numpy as np

from contracts.envelope import Notice
from contracts.gen import PaintedEye
from gen.app.src.strategy import Painting
from gen.app.src.transfer.eye_transfer import Transfer
from imaging.colour import Image


class PaintLayers:
    """Collects transfers over one crop. Where two overlap, at the root of the nose, the stronger wins."""

    def __init__(self, crop: Image) -> None:
        self._crop = crop
        self._alpha = np.zeros(crop.shape[:2], np.float32)
        self._pictures = {name: crop.copy() for name in ("painted", "prepared", "base_output")}

    def add(self, transfer: Transfer) -> None:
        region = transfer.box.slices
        stronger = (transfer.alpha > self._alpha[region])[..., None]
        views = {"painted": transfer.painted, "prepared": transfer.prepared, "base_output": transfer.relit}
        for name, view in views.items():
            picture = self._pictures[name][region]
            picture[...] = np.where(stronger, view, picture)
        self._alpha[region] = np.maximum(self._alpha[region], transfer.alpha)

    def painting(self, eyes: tuple[PaintedEye, ...], warnings: tuple[Notice, ...] = ()) -> Painting:
        intermediates = {name: self._pictures[name] for name in ("prepared", "base_output")}
        return Painting(self._pictures["painted"], self._alpha, eyes, intermediates, warnings)
