"""`python -m tests.quality.judges LOOKS READINGS`: every judge on every face, JSON to JSON.

LOOKS: {"mediapipe": path of its model or null, "looks": {key: {"picture", "bbox", "eyes"}}}.
READINGS: {key: {"landmarks", "identity", "mesh" or null, "blink" or null}}, points in the picture's px.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.quality.judges.dlib_judge import DlibJudge
from tests.quality.judges.face_crop import FaceCrop, FloatArray, Picture, cut_face
from tests.quality.judges.mediapipe_judge import MediapipeJudge


def main(looks_file: Path, readings_file: Path) -> None:
    asked = json.loads(looks_file.read_text(encoding="utf-8"))
    dlib_judge = DlibJudge()
    mediapipe_judge = MediapipeJudge(Path(asked["mediapipe"])) if asked["mediapipe"] else None
    readings, last = {}, ("", np.zeros(0, np.uint8))
    for key, look in sorted(asked["looks"].items(), key=lambda item: str(item[1]["picture"])):
        if look["picture"] != last[0]:
            last = (look["picture"], _read_picture(look["picture"]))
        crop = cut_face(last[1], np.array(look["bbox"]), np.array(look["eyes"]))
        readings[key] = _read(crop, dlib_judge, mediapipe_judge)
    readings_file.write_text(json.dumps(readings), encoding="utf-8")


def _read_picture(path: str) -> Picture:
    """RGB, upright."""
    picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        raise OSError(f"{path} cannot be read")
    return np.ascontiguousarray(picture[..., ::-1]).astype(np.uint8)


def _read(crop: FaceCrop, dlib_judge: DlibJudge, mediapipe_judge: MediapipeJudge | None) -> dict[str, Any]:
    landmarks, identity = dlib_judge.read(crop)
    seen = mediapipe_judge.read(crop) if mediapipe_judge else None
    return {
        "landmarks": _listed(crop.to_picture(landmarks)),
        "identity": [round(float(value), 5) for value in identity],
        "mesh": _listed(crop.to_picture(seen[0])) if seen else None,
        "blink": seen[1] if seen else None,
    }


def _listed(points: FloatArray) -> list[list[float]]:
    return [[round(float(x), 2), round(float(y), 2)] for x, y in points]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
