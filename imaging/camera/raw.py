"""Developing camera raw with LibRaw's defaults, in 16 bits and sRGB. Needs rawpy.

White balance as the camera chose it, AHD demosaicing, and LibRaw's automatic brightness, by which at most
one pixel in a hundred becomes white.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import rawpy

from imaging.camera.raw_metadata import raw_metadata
from imaging.photo import Photo
from imaging.photo_header import PhotoHeader, check_size
from imaging.photo_identity import PhotoLimits, damaged, unsupported

SRGB_CURVE = (2.4, 12.92)
"""Power and slope of the linear part (IEC 61966-2-1); LibRaw's own default is BT.709's."""


def read_raw(path: Path, limits: PhotoLimits) -> Photo:
    """Develop a camera raw file: upright uint16 sRGB.

    Raises:
        StageError: INPUT_TRUNCATED, INPUT_TOO_LARGE (told before anything is decoded), INPUT_UNSUPPORTED
            where LibRaw does not know the camera. MemoryError: it does not fit.
    """
    try:
        with rawpy.imread(str(path)) as raw:
            check_size(path, raw.sizes.raw_width, raw.sizes.raw_height, limits)
            metadata, notices = raw_metadata(path, raw)
            samples = raw.postprocess(use_camera_wb=True, output_bps=16, gamma=SRGB_CURVE)
    except rawpy.LibRawUnsufficientMemoryError as error:
        raise MemoryError(f"{path.name} does not fit into memory") from error
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        version = ".".join(map(str, rawpy.libraw_version))
        what = f"no camera raw file that LibRaw {version} knows"
        raise unsupported(path, what, "develop it with the camera's own software") from error
    except rawpy.LibRawError as error:
        sys.stderr.write(f"LibRaw: {error}\n")
        raise damaged(path, "camera raw") from error
    pixels = np.ascontiguousarray(samples if samples.ndim == 3 else samples[:, :, None])
    height, width, channels = pixels.shape
    header = PhotoHeader("camera raw", width, height, 16, "grey" if channels == 1 else "rgb")
    return Photo(pixels, None, None, header, metadata, notices)
