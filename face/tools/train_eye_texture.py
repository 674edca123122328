"""Learns `face/app/models/eye_texture_template.json` from a folder of labelled photos.

python -m face.tools.train_eye_texture ../shared/photos

Open eyes, also at 25 and 15 px of width, are positive; patterns painted over any eye are negative, where
they were painted and as the mesh reads the face again. Cross-validated by person, and each family of
patterns by what was learned of the others: what is printed, and stored beside the weights, was measured on
people, or on patterns, that the fold had not seen.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES
from contracts.files import write_json
from face.app.src.eye_patch import eye_patch
from face.app.src.face_analysis import FaceAnalyser
from face.app.src.face_mesh import face_square
from face.app.src.open_eye_template import TEXTURE_TEMPLATE_FILE, Features, open_eye_likeness, shape_features
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Rgb8
from face.tools.patterns import SHAPES, TEXTURES, painted_over
from face.tools.smears import surroundings
from face.tools.train_open_eye import ALTERED_COPIES, FOLDS, SMALL_WIDTHS, altered, fit
from imaging.eye_mesh import eye_width
from imaging.photo import read_photo

LARGEST_WIDTH = 80.0
"""px; larger eyes are shrunk before they are painted over."""
OPEN_AT_ALL = 0.25
"""Likeness to an open eye; what has less is refused by the other template, and need not be learned."""
CUT = 0.3
"""Likeness from which a texture may be an eye's; below even, because a refused eye is a loss too."""
NOT_ALIVE = ("painting", "statue", "cat")


@dataclass(frozen=True)
class Sample:
    """One patch. kind: "" for an open eye, else the name of the texture; small: shrunk before."""

    patch: Rgb8
    kind: str
    person: str
    small: bool = False


def samples_of(folder: Path, random: np.random.Generator) -> Iterator[Sample]:
    """All samples of the labelled photos whose faces are found as labelled."""
    analyser = FaceAnalyser()
    for row in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        if not row["faces"] or any(word in row["shows"] for word in NOT_ALIVE):
            continue
        photo = read_photo(folder / row["file"]).as_rgb8()
        faces = analyser.find(PicturePyramid(photo), threshold=260.0, smallest_face=photo.shape[1] / 25)
        if len(faces) != len(row["faces"]):
            print(f"left out: {row['file']}: {len(faces)} faces found")
            continue
        for face, label in zip(faces, row["faces"]):
            person = f"{row['pair'] or row['file']} {face.face_index if row['category'] == 'group' else ''}"
            mesh = np.asarray(face.mesh)
            is_open = [side for side in SIDES if label[side[0].upper()] == "open"]
            width = max(eye_width(mesh, side) for side in SIDES)
            for size in (width, *(small for small in SMALL_WIDTHS if width > 1.25 * small)):
                part, moved = surroundings(photo, mesh, size / width)
                for side in is_open:
                    yield Sample(eye_patch(PicturePyramid(part), moved, side), "", person, size < width)
            part, moved = surroundings(photo, mesh, min(1.0, LARGEST_WIDTH / width))
            yield from _patterns(part, moved, person, analyser, random)


def _patterns(
    photo: Rgb8, mesh: FloatArray, person: str, analyser: FaceAnalyser, random: np.random.Generator
) -> Iterator[Sample]:
    """Every texture over both eyes, in any of the shapes."""
    shapes = list(SHAPES.values())
    for kind, texture in TEXTURES.items():
        after = photo
        shape = shapes[int(random.integers(len(shapes)))]
        for side in SIDES:
            after = painted_over(after, mesh, side, texture, shape, random)
        pyramid = PicturePyramid(after)
        seen = analyser.mesh(pyramid, face_square(mesh)).mesh
        for side in SIDES:
            for where in (mesh, seen):
                patch = eye_patch(pyramid, where, side)
                if open_eye_likeness(patch) > OPEN_AT_ALL:
                    yield Sample(patch, kind, person)


def family(kind: str) -> str:
    """Textures that differ in size or colour only are one family."""
    return kind.split(" of ")[0].removeprefix("coloured ").removeprefix("grey ").replace("rainbow", "noise")


def cross_validated(samples: list[Sample], plain: Features, copies: Features) -> dict[str, float]:
    """Shares that the cut gets right. copies: features of the altered eyes, (times, eyes, n)."""
    is_eye = np.array([not sample.kind for sample in samples])
    small = np.array([sample.small for sample in samples])
    people = sorted({sample.person for sample in samples})
    order = np.random.default_rng(0).permutation(len(people))
    fold_of = {person: int(order[k]) % FOLDS for k, person in enumerate(people)}
    fold = np.array([fold_of[sample.person] for sample in samples])
    families = np.array([family(sample.kind) for sample in samples])
    by_person = _evidence(plain, copies, is_eye, [fold == k for k in range(FOLDS)])
    unseen = _evidence(plain, copies, is_eye, [families == name for name in sorted(set(families[~is_eye]))])
    cut = math.log(CUT / (1 - CUT))
    return {
        "people": len(people),
        "eyes accepted": _share(by_person[is_eye & ~small] > cut),
        "small eyes accepted": _share(by_person[is_eye & small] > cut),
        "patterns rejected": _share(by_person[~is_eye] <= cut),
        "unseen patterns rejected": _share(unseen[~is_eye] <= cut),
    }


def _evidence(
    plain: Features, copies: Features, is_eye: NDArray[np.bool_], left_out: list[NDArray[np.bool_]]
) -> FloatArray:
    """Of every sample by what was learned without its group; NaN for those in none."""
    evidence = np.full(len(is_eye), np.nan)
    for group in left_out:
        weights, bias = _learned(plain[~group], copies[:, ~group[is_eye]], is_eye[~group])
        evidence[group] = plain[group] @ weights + bias
    return evidence


def _learned(plain: Features, copies: Features, is_eye: NDArray[np.bool_]) -> tuple[Features, float]:
    eyes = copies.reshape(-1, plain.shape[1])
    return fit(np.vstack([plain, eyes]), np.concatenate([is_eye, np.ones(len(eyes), bool)]))


def _share(right: NDArray[np.bool_]) -> float:
    return round(float(right.mean()), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder with manifest.json")
    parser.add_argument("--out", type=Path, default=TEXTURE_TEMPLATE_FILE)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    samples = list(samples_of(options.photos, random))
    shape = shape_features(samples[0].patch).shape
    plain = np.array([shape_features(sample.patch).ravel() for sample in samples])
    is_eye = np.array([not sample.kind for sample in samples])
    eyes = [sample.patch for sample in samples if not sample.kind]
    copies = np.array(
        [[shape_features(altered(eye, random)).ravel() for eye in eyes] for _ in range(ALTERED_COPIES)]
    )
    figures = cross_validated(samples, plain, copies)
    print(json.dumps(figures, indent=1))
    weights, bias = _learned(plain, copies, is_eye)
    document = {
        "about": "eye among patterns: one line per row and column of cells, one number per orientation",
        "cross_validated": figures,
        "bias": round(bias, 4),
        "shape": shape,
        "weights": [" ".join(f"{w:.3f}" for w in cell) for cell in weights.reshape(-1, shape[-1])],
    }
    write_json(options.out, document)


if __name__ == "__main__":
    main()
