"""Colour profiles: native samples of a photo <-> sRGB.

Needs NumPy; pyvips only for whole pictures and for profiles made of look-up tables. sRGB, and no
profile at all, is an exact no-op. Grey is replicated to RGB and comes back as luminance, so that a
grey photo stays grey.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imaging.colour import luminance, to_encoded, to_linear
from imaging.icc_matrix import MatrixProfile, NotMatrixProfileError, parse_matrix_profile

if TYPE_CHECKING:
    import pyvips

INTENT = "relative"
SRGB_TOLERANCE = 1.0
"""8-bit levels by which a profile may differ from sRGB and still count as sRGB."""
PROFILE_CHANNELS = {b"GRAY": 1, b"RGB ": 3}
"""Colour space signature at byte 16 of an ICC profile."""


class ColourSpace:
    """Colours of a photo's samples: its profile, 1 or 3 channels.

    A profile that cannot be used (damaged, or of a colour model that pixels do not have) is treated
    like none, as viewers do.
    """

    def __init__(self, icc: bytes | None, channels: int) -> None:
        self.channels = channels
        self.is_srgb = icc is None or is_srgb_like(icc)
        self._icc = icc or b""
        self._matrix = None if self.is_srgb else _matrix_profile(self._icc)

    def to_srgb(self, native: NDArray[np.float32]) -> NDArray[np.float32]:
        """Native samples (height, width, channels) 0..1 to sRGB-encoded (height, width, 3), 0..1."""
        if not self.is_srgb:
            native = _for_profile(native, self._icc)
            if self._matrix:
                native = to_encoded(self._matrix.linear_srgb(native).astype(np.float32))
            else:
                image = _vips_image(_levels16(native), self._icc)
                converted = image.icc_transform("srgb", embedded=True, intent=INTENT, depth=16)
                native = _unit(converted.numpy())
        return np.repeat(native, 3, axis=2) if native.shape[2] == 1 else native

    def from_srgb(self, srgb: NDArray[np.float32]) -> NDArray[np.float32]:
        """sRGB-encoded (height, width, 3) 0..1 to native samples (height, width, channels), 0..1."""
        if self.channels == 1:
            grey = to_encoded(luminance(to_linear(srgb))[:, :, None])
            srgb = grey if self._icc[16:20] == b"GRAY" else np.repeat(grey, 3, axis=2)
        if self.is_srgb:
            native = srgb
        elif self._matrix:
            native = self._matrix.native(to_linear(srgb))
        else:
            native = self._export(srgb)
        return native[:, :, : self.channels]

    def _export(self, srgb: NDArray[np.float32]) -> NDArray[np.float32]:
        image = _vips_image(_levels16(srgb), None).icc_import(input_profile="srgb", intent=INTENT)
        image.set_type(_blob_type(), "icc-profile-data", self._icc)
        return _unit(image.icc_export(intent=INTENT, depth=16).numpy())


def as_rgb8(pixels: NDArray[Any], icc: bytes | None) -> NDArray[np.uint8]:
    """A whole picture (height, width, 1 or 3) as uint8 sRGB; `pixels` itself where it is that already."""
    if icc is not None and not is_srgb_like(icc):
        image = _vips_image(_for_profile(pixels, icc), icc)
        converted: NDArray[np.uint8] = image.icc_transform(
            "srgb", embedded=True, intent=INTENT, depth=8
        ).numpy()
        return converted
    eight = pixels if pixels.dtype == np.uint8 else _to_8_bit(pixels)
    return np.repeat(eight, 3, axis=2) if eight.shape[2] == 1 else eight


@functools.lru_cache(maxsize=16)
def is_srgb_like(icc: bytes) -> bool:
    """Whether a profile maps every colour to (nearly) itself in sRGB, or cannot be used at all."""
    channels = PROFILE_CHANNELS.get(icc[16:20])
    if channels is None:
        return True
    steps = np.linspace(0, 1, 9 if channels == 3 else 65, dtype=np.float32)
    probe = np.stack(np.meshgrid(*[steps] * channels, indexing="ij"), axis=-1).reshape(1, -1, channels)
    matrix = _matrix_profile(icc)
    if matrix:
        seen = to_encoded(matrix.linear_srgb(probe).astype(np.float32))
    else:
        import pyvips

        try:
            image = _vips_image(_levels16(probe), icc).icc_transform(
                "srgb", embedded=True, intent=INTENT, depth=16
            )
            seen = _unit(image.numpy())
        except pyvips.Error:
            return True
    return bool(np.abs(seen - probe).max() * 255 <= SRGB_TOLERANCE)


def _matrix_profile(icc: bytes) -> MatrixProfile | None:
    try:
        return parse_matrix_profile(icc)
    except NotMatrixProfileError:
        return None


def _for_profile(pixels: NDArray[Any], icc: bytes) -> NDArray[Any]:
    """Grey samples under an RGB profile are replicated."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 and icc[16:20] == b"RGB " else pixels


def _levels16(unit: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.round(np.clip(unit, 0, 1) * 65535).astype(np.uint16)


def _unit(levels16: NDArray[np.uint16]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = np.divide(levels16, np.float32(65535), dtype=np.float32)
    return unit


def _to_8_bit(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Rounded to the nearest of 255 levels."""
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _vips_image(pixels: NDArray[Any], icc: bytes | None) -> pyvips.Image:
    """An image over samples (height, width, 1 or 3) with a profile attached."""
    import pyvips

    height, width, bands = pixels.shape
    wide = pixels.dtype == np.uint16
    interpretations = {1: ("b-w", "grey16"), 3: ("srgb", "rgb16")}
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(pixels), width, height, bands, "ushort" if wide else "uchar"
    ).copy(interpretation=interpretations[bands][wide])
    if icc is not None:
        image.set_type(_blob_type(), "icc-profile-data", icc)
    return image


def _blob_type() -> int:
    import pyvips

    return int(pyvips.GValue.blob_type)
