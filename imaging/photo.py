"""Reading a photo: upright pixels in their own depth, with all that its edited copy must keep.

Needs NumPy, Pillow (headers, metadata) and pyvips (pixels: it keeps 16 bits, which Pillow does not).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode
from imaging.photo_header import PhotoHeader, read_header
from imaging.photo_identity import PhotoLimits, damaged, refuse
from imaging.photo_metadata import PhotoMetadata, read_metadata
from imaging.pillow_reader import opened_by_pillow

if TYPE_CHECKING:
    import pyvips

__all__ = ["Levels", "Photo", "PhotoHeader", "PhotoLimits", "read_header", "read_photo"]

Levels = NDArray[Any]
"""uint8 or uint16 samples."""

CMYK_CONVERTED = "INPUT_CMYK"
PICTURES_LEFT_OUT = "INPUT_EXTRA_PICTURES"


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in memory.

    Attributes:
        pixels: (height, width, channels) uint8 or uint16, upright; 1 channel for grey, 3 for RGB; in the
            colours of `icc`, or sRGB where there is none.
        alpha: (height, width) in the pixels' dtype, or None.
        icc: colour profile of `pixels`.
        header: what the file's header said, before the orientation was applied.
        metadata: what the edited copy keeps.
        warnings: what a person should know about the reading.
    """

    pixels: Levels
    alpha: Levels | None
    icc: bytes | None
    header: PhotoHeader
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)
    warnings: tuple[Notice, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, upright."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def bit_depth(self) -> int:
        return self.pixels.dtype.itemsize * 8

    @property
    def file_format(self) -> str:
        return self.header.file_format

    @property
    def is_grey(self) -> bool:
        return int(self.pixels.shape[2]) == 1

    def as_rgb8(self) -> NDArray[np.uint8]:
        """The photo for looking at it: (height, width, 3) uint8 sRGB; `pixels` itself where it is that."""
        from imaging.profiles import as_rgb8

        return as_rgb8(self.pixels, self.icc)


def load_codecs() -> None:
    """Load what decodes and encodes pictures now, and not while the first photo waits."""
    import pyvips

    pyvips.Image.black(1, 1).write_to_memory()


def read_photo(path: Path, limits: PhotoLimits | None = None) -> Photo:
    """Read a photo; the header is checked first, before anything is decoded.

    CMYK is converted to sRGB through its profile, with a warning; palettes are expanded.

    Raises:
        StageError: exit code UNREADABLE_INPUT, see `imaging.photo_header`.
    """
    path = Path(path)
    header = read_header(path, limits)
    metadata = read_metadata(path, header)
    samples = _decode_with_pillow(path, header) if header.file_format == "BMP" else _decode(path, header)
    warnings = []
    icc = metadata.icc
    if header.colour == "cmyk":
        icc = None
        warnings.append(Notice(CMYK_CONVERTED, f"{path.name} is CMYK and was converted to sRGB"))
    if header.extra_pictures:
        warnings.append(
            Notice(PICTURES_LEFT_OUT, f"{path.name} holds further pictures (depth or gain map), left out")
        )
    has_alpha = samples.shape[2] in (2, 4)
    pixels = np.ascontiguousarray(samples[:, :, :-1]) if has_alpha else samples
    alpha = np.ascontiguousarray(samples[:, :, -1]) if has_alpha else None
    return Photo(pixels, alpha, icc, header, metadata, tuple(warnings))


def _decode(path: Path, header: PhotoHeader) -> Levels:
    """Upright samples (height, width, 1..4), decoded in one sweep where no turning is needed."""
    import pyvips

    pyvips.cache_set_max(0)  # a process reads each photo once; a cache would only hold memory
    try:
        image: pyvips.Image = pyvips.Image.new_from_file(
            str(path), access="random" if header.orientation > 2 else "sequential", fail_on="error"
        )
        image = _upright(_in_rgb(path, image, header), header.orientation)
        dtype = np.uint16 if image.format == "ushort" else np.uint8
        levels = np.frombuffer(image.write_to_memory(), dtype)
    except pyvips.Error as error:
        if "out of memory" in str(error):
            raise MemoryError(f"{path.name} does not fit into memory") from error
        raise damaged(path, header.file_format) from error
    return levels.reshape(image.height, image.width, image.bands)


def _in_rgb(path: Path, image: pyvips.Image, header: PhotoHeader) -> pyvips.Image:
    if header.colour == "cmyk":
        if image.bands != 4:
            raise refuse(
                ErrorCode.INPUT_UNSUPPORTED,
                f"{path} is CMYK with transparency, which is not handled",
                "flatten it",
            )
        # "cmyk" is libvips' own press profile, for files that carry none.
        image = image.icc_transform(
            "srgb", embedded=True, input_profile="cmyk", intent="relative", depth=header.bit_depth
        )
    if image.bands > 4 or image.format not in ("uchar", "ushort"):
        raise refuse(ErrorCode.INPUT_UNSUPPORTED, f"{path} has samples of an unknown kind", "save it as PNG")
    return image


def _upright(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """Apply an EXIF orientation, 1..8."""
    import pyvips

    if orientation == 1:
        return image
    if orientation == 2:
        return image.fliphor()
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image.autorot()


def _decode_with_pillow(path: Path, header: PhotoHeader) -> Levels:
    """BMP, which pyvips lacks."""
    with opened_by_pillow(path, header.file_format) as image:
        samples = np.array(image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB"))
    return samples[:, :, None] if samples.ndim == 2 else samples
