"""Write gen/app/src/canonical_eye.json from the face stage's document of an open-eyed portrait.

python -c "import skimage.data, skimage.io; skimage.io.imsave('astronaut.png', skimage.data.astronaut())"
python -m face.app.src.detect_face_micro astronaut.png --out-json astronaut.json
python -m gen.tools.make_canonical_eye astronaut.json
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.codec import from_dict
from contracts.face import SIDES, FaceDocument
from gen.app.src.canonical_eye import DATA_FILE, open_eye_of
from imaging import eye_mesh

DECIMALS = 5
"""A hundred-thousandth of the inter-ocular distance: far below what the mesh knows."""


def canonical_document(mesh: NDArray[np.float64]) -> dict[str, Any]:
    """Both eyes of a mesh (478, 3), upright, centred between the eyes, in inter-ocular distances."""
    left, right = (eye_mesh.eye_center(mesh, side) for side in SIDES)
    along = (right - left) / np.linalg.norm(right - left)
    turn = np.array([along, [-along[1], along[0]]])
    upright = mesh.astype(float).copy()
    upright[:, :2] = (mesh[:, :2] - (left + right) / 2) @ turn.T
    upright /= np.linalg.norm(right - left)
    eyes = {}
    for side in SIDES:
        eye = open_eye_of(upright, side)
        eyes[side] = {
            "region": np.round(eye.region, DECIMALS).tolist(),
            "iris": np.round(eye.iris, DECIMALS).tolist(),
        }
    return {
        "source": "skimage.data.astronaut: NASA portrait of Eileen Collins, public domain",
        "made_by": "gen/tools/make_canonical_eye.py",
        "frame": "origin between the eyes, x to the viewer's right, y down, unit inter-ocular distance",
        "eyes": eyes,
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("face_json", type=Path)
    parser.add_argument("--out", type=Path, default=DATA_FILE)
    options = parser.parse_args(argv)
    document = from_dict(FaceDocument, json.loads(options.face_json.read_text(encoding="utf-8")))
    data = canonical_document(np.array(document.faces[0].mesh, float))
    options.out.write_text(readable_json(data), encoding="utf-8")
    return 0


def readable_json(data: dict[str, Any]) -> str:
    """JSON with one point a line."""
    number = r"([-\d.e]+)"
    point = rf"\[\s+{number},\s+{number},\s+{number}\s+\]"
    return re.sub(point, r"[\1, \2, \3]", json.dumps(data, indent=1)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
