"""Makes Input_Images/ from two public-domain portraits, closing eyes by moving the person's own lids.

    python -m tools.make_samples [FOLDER]

Needs NumPy, SciPy, OpenCV and Pillow, and the packages that carry the portraits: scikit-image
(`data/astronaut.png`) and Matplotlib (`mpl-data/sample_data/grace_hopper.jpg`). The eyes' landmarks
in `sample_landmarks.json` were read once by the face stage from the untouched portraits, so that the
samples do not change when the face stage does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contracts.face import SIDES, Side
from contracts.files import atomic_path
from tools.eye_closing import LidSkin, close_eye

FOLDER = Path(__file__).resolve().parent.parent / "Input_Images"
LANDMARKS = Path(__file__).with_name("sample_landmarks.json")

JPEG_QUALITY = 95
FULL_CHROMA = 0
"""Pillow's subsampling 4:4:4: the samples are also ground truth."""
IMAGE_DESCRIPTION, ARTIST, COPYRIGHT = 0x010E, 0x013B, 0x8298
"""EXIF tags."""


@dataclass(frozen=True)
class Portrait:
    """A public-domain picture inside an installed package.

    Attributes:
        package, file: where it is.
        crop: left, top, right, bottom, px of the original.
        scale: enlargement of the crop, Lanczos.
        skin: where a closed lid takes its skin from.
        name: key in the landmarks file.
    """

    name: str
    package: str
    file: str
    crop: tuple[int, int, int, int]
    scale: int
    skin: LidSkin
    description: str
    artist: str


ASTRONAUT = Portrait(
    "astronaut",
    "skimage",
    "data/astronaut.png",
    (84, 14, 364, 364),
    2,
    "above",
    "Eileen Collins, official portrait",
    "NASA",
)
HOPPER = Portrait(
    "grace_hopper",
    "matplotlib",
    "mpl-data/sample_data/grace_hopper.jpg",
    (0, 0, 512, 600),
    1,
    "below",  # the brow and the frame of the glasses hide the upper lid
    "Grace Hopper, official portrait",
    "James S. Davis, US Navy",
)

SAMPLES: dict[str, tuple[Portrait, tuple[Side, ...]]] = {
    "portrait_both_closed.jpg": (ASTRONAUT, SIDES),
    "portrait_one_closed.jpg": (ASTRONAUT, ("right",)),
    "portrait_open.jpg": (ASTRONAUT, ()),
    "glasses_one_closed.jpg": (HOPPER, ("left",)),
    "glasses_open.jpg": (HOPPER, ()),
}
"""File name -> portrait and the eyes to close (the viewer's sides)."""


def make_sample(name: str) -> NDArray[np.uint8]:
    """One sample before JPEG, RGB uint8.

    Raises:
        FileNotFoundError: the package that carries the portrait is not installed.
    """
    portrait, closed = SAMPLES[name]
    regions = json.loads(LANDMARKS.read_text(encoding="utf-8"))[portrait.name]
    left, top, right, bottom = portrait.crop
    with Image.open(_portrait_path(portrait)) as original:
        cropped = original.convert("RGB").crop(portrait.crop)
    size = ((right - left) * portrait.scale, (bottom - top) * portrait.scale)
    enlarged = cropped.resize(size, Image.Resampling.LANCZOS)
    picture = (np.asarray(enlarged) / 255).astype(np.float32)
    for side in closed:
        # Pixel centres are at integers: 0 of the original becomes (scale - 1) / 2.
        region = (np.array(regions[side]) - (left, top) + 0.5) * portrait.scale - 0.5
        picture = close_eye(picture, region, portrait.skin)
    return np.round(picture * 255).astype(np.uint8)


def write_sample(name: str, folder: Path) -> None:
    """Write one sample as JPEG, atomically."""
    portrait, closed = SAMPLES[name]
    exif = Image.Exif()
    change = f"; closed by warping the lids: {', '.join(closed)} eye (viewer's side)" if closed else ""
    exif[IMAGE_DESCRIPTION] = portrait.description + change
    exif[ARTIST] = portrait.artist
    exif[COPYRIGHT] = "Public domain"
    with atomic_path(folder / name) as temporary:
        Image.fromarray(make_sample(name)).save(
            temporary, exif=exif, quality=JPEG_QUALITY, subsampling=FULL_CHROMA
        )


def _portrait_path(portrait: Portrait) -> Path:
    spec = find_spec(portrait.package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{portrait.package} is not installed, it carries {portrait.file}")
    return Path(spec.origin).parent / portrait.file


def main(argv: list[str]) -> int:
    folder = Path(argv[0]) if argv else FOLDER
    for name in SAMPLES:
        write_sample(name, folder)
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
