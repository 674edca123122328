"""Learns `face/app/models/open_eye_template.json` from a folder of labelled photos.

python -m face.tools.train_open_eye ../shared/photos

The folder has a `manifest.json`: file, pair and, per face from left to right, the state of both eyes.
Open eyes are positive; closed ones and their smears (as they are and as the mesh reads them again) are
negative; both also at 25 and 15 px of width. Cross-validated by person: what is printed, and stored
beside the weights, was measured on people that the fold had not seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES
from contracts.files import write_json
from face.app.src.adaptive_search import find_faces
from face.app.src.eye_patch import PATCH, eye_patch
from face.app.src.face_detector import FaceDetector
from face.app.src.face_mesh import FaceMesher, face_square
from face.app.src.open_eye_template import TEMPLATE_FILE, Features, shape_features
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Rgb8, Square
from face.tools.smears import GROWTHS, METHODS, smeared, surroundings
from imaging.eye_mesh import eye_width
from imaging.photo import read_photo

SMALL_WIDTHS = (25.0, 15.0)
"""px; eyes of group photos."""
SMEAR_WIDTH = 120.0
"""px; larger eyes are shrunk before they are smeared, which would take minutes."""
ALTERED_COPIES = 3
FOLDS = 6
RIDGE = 30.0
"""Strength of the penalty on the squared weights; 10 to 60 score alike."""


@dataclass(frozen=True)
class Sample:
    """One patch. kind: "photo", "small" or "smear"; person: what a fold leaves out as a whole."""

    patch: Rgb8
    is_open: bool
    kind: str
    person: str


def samples_of(folder: Path) -> Iterator[Sample]:
    """All samples of the labelled photos whose faces are found as labelled."""
    detector, mesher = FaceDetector(), FaceMesher()
    for row in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        if not row["faces"]:
            continue
        photo = read_photo(folder / row["file"]).as_rgb8()
        pyramid = PicturePyramid(photo)
        longest = max(photo.shape[:2])
        faces = [
            mesher.read(pyramid, Square(c.center, c.side, c.roll)).mesh
            for c in find_faces(pyramid, detector, longest / 25)
        ]
        faces.sort(key=lambda mesh: float(mesh[:, 0].mean()))
        if len(faces) != len(row["faces"]):
            print(f"left out: {row['file']}: {len(faces)} faces found")
            continue
        person = row["pair"] or Path(row["file"]).stem.split("_")[0 if row["category"] == "group" else -1]
        for number, (mesh, label) in enumerate(zip(faces, row["faces"])):
            name = f"{row['category']} {person} {number if row['category'] == 'group' else ''}"
            yield from _samples_of_face(photo, mesh, label, name, mesher)


def _samples_of_face(
    photo: Rgb8, mesh: FloatArray, label: dict[str, str], person: str, mesher: FaceMesher
) -> Iterator[Sample]:
    sides = [(side, label[side[0].upper()]) for side in SIDES]
    pyramid = PicturePyramid(photo)
    for side, state in sides:
        yield Sample(eye_patch(pyramid, mesh, side), state == "open", "photo", person)
    width = max(eye_width(mesh, side) for side, _ in sides)
    for small in SMALL_WIDTHS:
        if width > 1.25 * small:
            shrunk, shrunk_mesh = surroundings(photo, mesh, small / width)
            again = PicturePyramid(shrunk)
            seen = mesher.read(again, face_square(shrunk_mesh)).mesh
            for side, state in sides:
                yield Sample(eye_patch(again, seen, side), state == "open", "small", person)
    closed = [side for side, state in sides if state == "closed"]
    if closed:
        base, base_mesh = surroundings(photo, mesh, min(1.0, SMEAR_WIDTH / width))
        for growth in GROWTHS:
            for method in METHODS:
                after = PicturePyramid(smeared(base, base_mesh, closed, method, growth))
                seen = mesher.read(after, face_square(base_mesh)).mesh
                for side in closed:
                    for where in (base_mesh, seen):
                        yield Sample(eye_patch(after, where, side), False, "smear", person)


def altered(patch: Rgb8, random: np.random.Generator) -> Rgb8:
    """Another photo of the same eye: moved landmarks, mirrored, out of focus, darker, grainier."""
    turn = cv2.getRotationMatrix2D(((PATCH - 1) / 2,) * 2, random.uniform(-6, 6), random.uniform(0.92, 1.1))
    turn = turn + np.column_stack([np.zeros((2, 2)), random.uniform(-2, 2, 2)])
    copy = cv2.warpAffine(patch, turn, (PATCH, PATCH), borderMode=cv2.BORDER_REPLICATE)
    if random.random() < 0.5:
        copy = copy[:, ::-1]
    levels: Rgb8 = copy.astype(np.float32)
    if random.random() < 0.3:
        levels = cv2.GaussianBlur(levels, (0, 0), random.uniform(0.5, 1.8))
    levels = 255 * (levels / 255) ** random.uniform(0.7, 1.4)
    if random.random() < 0.4:
        levels = levels + random.normal(0, random.uniform(1, 9), levels.shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def fit(features: Features, is_open: NDArray[np.bool_]) -> tuple[Features, float]:
    """Logistic regression with a ridge penalty by Newton's method; both classes weigh the same.

    Returns the weights and the bias, which is not penalised.
    """
    target = is_open.astype(float)
    share = np.where(is_open, 0.5 / target.mean(), 0.5 / (1 - target).mean())
    mean = features.mean(0)
    design = np.column_stack([features - mean, np.ones(len(features))])
    penalty = np.diag([RIDGE] * features.shape[1] + [0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(15):
        likely = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (share * (likely - target)) + penalty @ weights
        curvature = design.T @ (design * (share * likely * (1 - likely))[:, None]) + penalty
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-5:
            break
    return weights[:-1], float(weights[-1] - mean @ weights[:-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder with manifest.json")
    parser.add_argument("--out", type=Path, default=TEMPLATE_FILE)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    samples = list(samples_of(options.photos))
    shape = shape_features(samples[0].patch).shape
    plain = np.array([shape_features(s.patch).ravel() for s in samples])
    copies = [
        np.array([shape_features(altered(s.patch, random)).ravel() for s in samples])
        for _ in range(ALTERED_COPIES)
    ]
    is_open = np.array([s.is_open for s in samples])
    figures = cross_validated(samples, plain, copies, random)
    print(json.dumps(figures, indent=1))
    weights, bias = fit(np.vstack([plain, *copies]), np.tile(is_open, 1 + ALTERED_COPIES))
    document = {
        "about": "open eye template: one line per row and column of cells, one number per orientation",
        "cross_validated": figures,
        "bias": round(bias, 4),
        "shape": shape,
        "weights": [" ".join(f"{w:.3f}" for w in cell) for cell in weights.reshape(-1, shape[-1])],
    }
    write_json(options.out, document)


def cross_validated(
    samples: list[Sample], plain: Features, copies: list[Features], random: np.random.Generator
) -> dict[str, float]:
    """Shares that the 0.5 cut gets right, on people left out of training."""
    people = sorted({s.person for s in samples})
    fold_of = {person: k % FOLDS for k, person in enumerate(random.permutation(people))}
    fold = np.array([fold_of[s.person] for s in samples])
    is_open = np.array([s.is_open for s in samples])
    evidence = np.zeros(len(samples))
    for number in range(FOLDS):
        train = fold != number
        stacked = np.vstack([part[train] for part in (plain, *copies)])
        weights, bias = fit(stacked, np.tile(is_open[train], 1 + len(copies)))
        evidence[~train] = plain[~train] @ weights + bias
    kind = np.array([s.kind for s in samples])
    groups = {
        "open accepted": (is_open & (kind == "photo"), True),
        "small open accepted": (is_open & (kind == "small"), True),
        "closed rejected": (~is_open & (kind == "photo"), False),
        "small closed rejected": (~is_open & (kind == "small"), False),
        "smears rejected": (kind == "smear", False),
    }
    shares = {name: float(((evidence > 0)[chosen] == want).mean()) for name, (chosen, want) in groups.items()}
    return {"people": len(people), **{name: round(share, 3) for name, share in shares.items()}}


if __name__ == "__main__":
    main()
