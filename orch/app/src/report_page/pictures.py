"""The pictures of one photo on the page, cut from the photo and its finished pictures.

Nothing is taken from the photo's work, so a run that was resumed shows its earlier photos as well.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.error_codes import StageError
from imaging.photo import PhotoLimits, read_photo
from imaging.preview import Box, Preview, fitted, preview
from orch.app.src.inputs.darkroom import Darkroom
from orch.app.src.report import PhotoReport, VariationReport
from orch.app.src.report_page.regions import (
    MOST_EYES,
    MOST_FACE,
    MOST_THUMBNAIL,
    Size,
    eye_region,
    face_region,
    size_of,
)

LEAST_SCALE_OF_FACES = 0.4
"""Faces that were not edited are shown only where they can be recognised."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A picture inside the page. width, height: px."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Pair:
    """The eyes of a face before and after. percent: of the size that they have in the photo."""

    before: Picture
    after: Picture
    percent: int


@dataclass(frozen=True)
class PhotoPictures:
    """What is shown of a photo.

    Attributes:
        faces: index -> face, of those that were not edited.
        pairs: variation -> index -> eyes.
        problems: what could not be shown, and why.
        pixels, size: of all pictures together: px, bytes.
    """

    thumbnail: Picture | None = None
    faces: Mapping[int, Picture] = field(default_factory=dict)
    pairs: Mapping[str, Mapping[int, Pair]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    pixels: int = 0
    size: int = 0


def photo_pictures(
    photo: PhotoReport, scale: float, limits: PhotoLimits, darkroom: Darkroom
) -> PhotoPictures:
    """Read a photo and its finished pictures, and cut out what the page shows.

    Args:
        scale: factor for the sides of all pictures, at most 1.
        limits: of the run, so that what it refused is not read here either.
        darkroom: of the run.
    """
    if photo.size is None:
        return PhotoPictures()
    return _Cutter(photo, photo.size, scale, limits, darkroom).cut()


class _Cutter:
    def __init__(
        self, photo: PhotoReport, size: Size, scale: float, limits: PhotoLimits, darkroom: Darkroom
    ) -> None:
        self._photo = photo
        self._size = size
        self._scale = scale
        self._limits = limits
        self._darkroom = darkroom
        self._by_index = {face.face_index: face for face in photo.faces}
        self._problems: list[str] = []
        self._pixels = self._bytes = 0

    def cut(self) -> PhotoPictures:
        before = self._read(self._photo.path)
        if before is None or (before.shape[1], before.shape[0]) != self._size:
            self._problems.append("the photo is not what it was")
            return PhotoPictures(problems=tuple(self._problems[:1]))
        thumbnail = self._shown(before, (0, 0, *self._size), MOST_THUMBNAIL)
        pairs = {v.variation_id: self._pairs(before, v) for v in self._photo.variations if v.output}
        edited = {index for shown in pairs.values() for index in shown}
        return PhotoPictures(
            thumbnail,
            self._faces(before, edited),
            pairs,
            tuple(self._problems),
            self._pixels,
            self._bytes,
        )

    def _faces(self, before: Pixels, edited: set[int]) -> dict[int, Picture]:
        if self._scale < LEAST_SCALE_OF_FACES:
            return {}
        regions = {i: face_region(f, self._size) for i, f in self._by_index.items() if i not in edited}
        return {i: self._shown(before, region, MOST_FACE) for i, region in regions.items() if region}

    def _pairs(self, before: Pixels, variation: VariationReport) -> dict[int, Pair]:
        assert variation.output is not None
        regions = {
            edit.face_index: region
            for edit in variation.faces
            if (region := eye_region(self._by_index[edit.face_index], edit, self._size))
        }
        after = self._read(variation.output.path) if regions else None
        if after is None:
            return {}
        factor = after.shape[1] / self._size[0]  # a restored picture may have been enlarged
        pairs = {}
        for index, box in regions.items():
            x1, y1, x2, y2 = (round(edge * factor) for edge in box)
            first = self._shown(before, box, MOST_EYES)
            second = self._encoded(preview(after, (x1, y1, x2, y2), (first.width, first.height)))
            pairs[index] = Pair(first, second, round(100 * first.width / (box[2] - box[0])))
        return pairs

    def _shown(self, pixels: Pixels, box: Box, most: Size) -> Picture:
        full = fitted(size_of(box), most)
        size = fitted(full, (full[0] * self._scale, full[1] * self._scale))
        return self._encoded(preview(pixels, box, size))

    def _encoded(self, picture: Preview) -> Picture:
        self._pixels += picture.width * picture.height
        self._bytes += len(picture.data)
        text = base64.b64encode(picture.data).decode("ascii")
        return Picture(f"data:{picture.mime};base64,{text}", picture.width, picture.height)

    def _read(self, path: str) -> Pixels | None:
        """sRGB pixels (height, width, 3), None with a problem noted where there are none."""
        try:
            with self._darkroom.developed(Path(path)) as developed:
                return read_photo(developed.path, self._limits).as_rgb8()
        except StageError as error:
            self._problems.append(f"not shown: {error.message}")
        except OSError as error:
            self._problems.append(f"not shown: {path}: {error.strerror or error}")
        except MemoryError:
            self._problems.append(f"not shown: {path} does not fit into memory")
        return None
