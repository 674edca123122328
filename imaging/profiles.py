"""Colour profiles: native samples of a photo <-> sRGB, by libvips' colour management.

Needs NumPy and pyvips. sRGB, and no profile at all, is an exact no-op. Grey is replicated to RGB and
comes back as luminance, so that a grey photo stays grey.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imaging.colour import luminance, to_encoded, to_linear

if TYPE_CHECKING:
    import pyvips

INTENT = "relative"
SRGB_TOLERANCE = 1.0
"""8-bit levels by which a profile may differ from sRGB and still count as sRGB."""
PROFILE_CHANNELS = {b"GRAY": 1, b"RGB ": 3}
"""Colour space signature at byte 16 of an ICC profile."""


@dataclass(frozen=True)
class ColourSpace:
    """Colours of a photo's samples.

    Attributes:
        icc: its profile, None where it has none.
        channels: 1 or 3.
        maximum: highest sample value, 255 or 65535.
    """

    icc: bytes | None
    channels: int
    maximum: int

    @property
    def is_srgb(self) -> bool:
        return self.icc is None or is_srgb_like(self.icc)

    def to_srgb(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Samples (height, width, channels) to sRGB-encoded (height, width, 3) float32 0..1."""
        if self.icc is None or self.is_srgb:
            levels = np.divide(pixels, np.float32(self.maximum), dtype=np.float32)
            return np.repeat(levels, 3, axis=2) if self.channels == 1 else levels
        image = _vips_image(_for_profile(pixels, self.icc), self.icc)
        converted = image.icc_transform("srgb", embedded=True, intent=INTENT, depth=16)
        return np.divide(converted.numpy(), np.float32(65535), dtype=np.float32)

    def from_srgb(self, srgb: NDArray[np.float32]) -> NDArray[np.float32]:
        """sRGB-encoded (height, width, 3) 0..1 to native samples, float32 0..1, unrounded where sRGB."""
        if self.channels == 1:
            grey = to_encoded(luminance(to_linear(srgb))[:, :, None])
            if self.is_srgb:
                return grey
            srgb = np.repeat(grey, 3, axis=2)
        if self.icc is None or self.is_srgb:
            return srgb
        levels = np.round(np.clip(srgb, 0, 1) * 65535).astype(np.uint16)
        image = _vips_image(levels, None).icc_import(input_profile="srgb", intent=INTENT, pcs="xyz")
        image.set_type(_blob_type(), "icc-profile-data", self.icc)
        converted = image.icc_export(intent=INTENT, pcs="xyz", depth=16).numpy()
        native = np.divide(converted, np.float32(65535), dtype=np.float32)
        return native.reshape(*srgb.shape[:2], -1)[:, :, : self.channels]


def as_rgb8(pixels: NDArray[Any], icc: bytes | None) -> NDArray[np.uint8]:
    """A whole picture (height, width, 1 or 3) as uint8 sRGB; `pixels` itself where it is that already."""
    if icc is not None and not is_srgb_like(icc):
        image = _vips_image(_for_profile(pixels, icc), icc)
        return image.icc_transform("srgb", embedded=True, intent=INTENT, depth=8).numpy()
    eight = pixels if pixels.dtype == np.uint8 else _to_8_bit(pixels)
    return np.repeat(eight, 3, axis=2) if eight.shape[2] == 1 else eight


def _to_8_bit(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Rounded to the nearest of 255 levels: (v + 128) // 257 without overflow."""
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def is_srgb_like(icc: bytes) -> bool:
    """Whether a profile maps every colour to (nearly) itself in sRGB, or cannot be used at all.

    An unusable profile (damaged, or of a colour model that pixels do not have) is treated like none, as
    viewers do.
    """
    import pyvips

    channels = PROFILE_CHANNELS.get(icc[16:20])
    if channels is None:
        return True
    steps = np.linspace(0, 65535, 9 if channels == 3 else 65).round().astype(np.uint16)
    probe = np.stack(np.meshgrid(*[steps] * channels, indexing="ij"), axis=-1).reshape(1, -1, channels)
    try:
        seen = _vips_image(probe, icc).icc_transform("srgb", embedded=True, intent=INTENT, depth=16).numpy()
    except pyvips.Error:
        return True
    return bool(np.abs(seen.astype(float) - probe).max() <= SRGB_TOLERANCE * 257)


def _for_profile(pixels: NDArray[Any], icc: bytes) -> NDArray[Any]:
    """Grey samples under an RGB profile are replicated."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 and icc[16:20] == b"RGB " else pixels


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
