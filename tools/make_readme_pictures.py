"""Makes the README's before/after pictures: runs the pipeline on the samples and cuts out the heads.

    python -m tools.make_readme_pictures

Needs Pillow; the pipeline brings its own environments.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from contracts.files import atomic_path

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLES = {"both_closed": "portrait_both_closed.jpg", "one_closed": "portrait_one_closed.jpg"}
HEAD = (120, 40, 440, 400)
"""left, top, right, bottom in the samples."""
WIDTH = 480
QUALITY = 90


def open_eyes(photo: Path, output: Path) -> Path:
    """Run the whole command; the finished picture.

    Raises:
        subprocess.CalledProcessError: it failed.
        ValueError: it opened nothing.
    """
    command = [sys.executable, str(CHECKOUT / "run_pipeline.py"), "--input", str(photo)]
    subprocess.run([*command, "--output", str(output)], check=True)
    (picture,) = output.glob("final_restore_*_original.png")
    return picture


def save_head(picture: Path, target: Path) -> None:
    """The head, enlarged for the page."""
    with Image.open(picture) as whole:
        head = whole.convert("RGB").crop(HEAD)
    height = round(WIDTH * head.height / head.width)
    with atomic_path(target) as temporary:
        head.resize((WIDTH, height), Image.Resampling.LANCZOS).save(temporary, quality=QUALITY)


def main() -> int:
    for name, sample in SAMPLES.items():
        photo = CHECKOUT / "Input_Images" / sample
        with tempfile.TemporaryDirectory() as folder:
            save_head(photo, CHECKOUT / "docs" / f"{name}_before.jpg")
            save_head(open_eyes(photo, Path(folder)), CHECKOUT / "docs" / f"{name}_after.jpg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
