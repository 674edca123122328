"""Reading HEIC: the primary picture, upright, in its own depth. Needs pillow-heif.

libheif applies the rotation, mirroring and cropping of the file (ISO/IEC 23008-12, 6.5); an orientation in
its EXIF data says the same once more and is not applied.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray

from contracts.envelope import Notice
from imaging.photo import PICTURES_LEFT_OUT, Photo
from imaging.photo_header import PhotoHeader, check_size
from imaging.photo_identity import PhotoLimits, damaged, unsupported
from imaging.photo_metadata import PhotoMetadata

DECODER_ERRORS = (ValueError, OSError, EOFError, RuntimeError, SyntaxError)
"""What pillow-heif raises on damaged files."""
STRAIGHT_MODES = frozenset(("L", "LA", "RGB", "RGBA", "I;16", "L;16", "LA;16", "RGB;16", "RGBA;16"))
PQ, HLG = 16, 18
"""Transfer characteristics of HDR pictures (ITU-T H.273, table 3)."""
BT2020 = 9
P3_PRIMARIES = (11, 12)
"""Colour primaries (ITU-T H.273, table 2)."""


def read_heic(path: Path, limits: PhotoLimits) -> Photo:
    """Read the primary picture; gain maps, depth and further pictures are left out, with a notice.

    Raises:
        StageError: INPUT_TRUNCATED, INPUT_TOO_LARGE (told before anything is decoded), INPUT_UNSUPPORTED.
    """
    try:
        # Lazily: decoding waits until the samples are asked for.
        pictures = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
        primary = pictures[pictures.primary_index]
    except DECODER_ERRORS as error:
        raise damaged(path, "HEIC") from error
    width, height = primary.size
    check_size(path, width, height, limits)
    if primary.mode not in STRAIGHT_MODES:
        raise unsupported(path, f"a HEIC of mode {primary.mode}", "save it as JPEG, PNG or TIFF")
    icc = primary.info.get("icc_profile") or _profile(path, primary.info.get("nclx_profile") or {})
    try:
        samples = _full_range(np.asarray(primary), primary.info["bit_depth"])
    except DECODER_ERRORS as error:
        raise damaged(path, "HEIC") from error
    has_alpha = samples.shape[2] in (2, 4)
    pixels = np.ascontiguousarray(samples[:, :, :-1]) if has_alpha else samples
    alpha = np.ascontiguousarray(samples[:, :, -1]) if has_alpha else None
    height, width, channels = pixels.shape
    header = PhotoHeader("HEIC", width, height, pixels.itemsize * 8, "grey" if channels == 1 else "rgb")
    exif, xmp = primary.info.get("exif"), primary.info.get("xmp")
    metadata = PhotoMetadata(exif=exif.removeprefix(b"Exif\0\0") if exif else None, xmp=xmp or None, icc=icc)
    return Photo(pixels, alpha, icc, header, metadata, _left_out(path, len(pictures), primary.info))


def _profile(path: Path, colours: dict[str, Any]) -> bytes | None:
    """The colour profile of a file that names its colours by number; None for sRGB.

    Raises:
        StageError: they are those of an HDR picture.
    """
    primaries, transfer = colours.get("color_primaries"), colours.get("transfer_characteristics")
    if transfer in (PQ, HLG) or primaries == BT2020:
        raise unsupported(path, "an HDR photo (PQ, HLG or BT.2020)", "export it as a standard photo (SDR)")
    if primaries not in P3_PRIMARIES:
        return None
    import pyvips

    profile: bytes = pyvips.Operation.call("profile_load", "p3")
    return profile


def _full_range(samples: NDArray[Any], depth: int) -> NDArray[Any]:
    """(height, width, channels); 10 and 12 bits, which come in the upper bits of 16, such that white is
    65535."""
    if samples.dtype == np.uint16:
        samples = samples | samples >> depth
    return samples[:, :, None] if samples.ndim == 2 else samples


def _left_out(path: Path, pictures: int, info: dict[str, Any]) -> tuple[Notice, ...]:
    if pictures == 1 and not info.get("aux") and not info.get("depth_images"):
        return ()
    message = f"{path.name} holds further pictures (depth or gain map), left out"
    return (Notice(PICTURES_LEFT_OUT, message),)
