"""Makes the golden pictures, and compares.

Equal inputs give equal pixels, whatever the number of threads; processors with other vector instructions
round differently, which moves a level by one at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from environments.places import CHECKOUT
from tests.running import finish, outcomes

FOLDER = Path(__file__).resolve().parent
SAMPLES = CHECKOUT / "Input_Images"
EYES = (196, 140, 376, 216)
"""Both eyes in the portrait samples: left, top, right, bottom, px."""
TOLERANCE = 1
"""8-bit levels."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Golden:
    """photo: of the samples. strategy: by which its eyes are opened. options: of the command."""

    name: str
    photo: str
    strategy: str
    options: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.png"


GOLDENS = (
    Golden("both_closed_lid_lift", "portrait_both_closed.jpg", "lid_lift"),
    Golden("one_closed_mirror", "portrait_one_closed.jpg", "mirror"),
    Golden(
        "both_closed_donor", "portrait_both_closed.jpg", "donor",
        ("--donor", str(SAMPLES / "portrait_open.jpg")),
    ),
)  # fmt: skip


def painted(golden: Golden, folder: Path) -> Picture:
    """The eyes as the command paints them now, RGB (height, width, 3); `folder` is a place to work in."""
    photo = SAMPLES / golden.photo
    done = finish("--input", str(photo), *golden.options, output=folder / golden.name, cwd=folder)
    used = {strategy for _, strategy in outcomes(done.photo(photo.name)).values()}
    assert used == {golden.strategy}
    return read(done.picture(photo.name), EYES)


def read(path: Path, box: tuple[int, int, int, int] | None = None) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").crop(box or (0, 0, *image.size)))


def write(path: Path, picture: Picture) -> None:
    Image.fromarray(picture).save(path, optimize=True)


def difference_picture(golden: Picture, now: Picture) -> Picture:
    """Golden, now, and their difference eight times as strong, one below the other."""
    apart = np.abs(golden.astype(int) - now)
    return np.concatenate([golden, now, np.minimum(8 * apart, 255).astype(np.uint8)])
