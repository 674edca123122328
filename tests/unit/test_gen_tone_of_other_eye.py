"""The drawn eye takes the contrast of the person's open eye."""

from __future__ import annotations

import numpy as np

from gen.app.src.seen.other_eye_tone import with_tones_of
from imaging import eye_mesh
from imaging.colour import Image
from tests.unit.synthetic_open_face import closed_mesh, open_mesh

SKIN = 0.4


def picture(mesh: np.ndarray, darks: dict[str, float]) -> Image:
    """Grey skin; each eye is sclera with a disc in the middle of the given level."""
    shown = np.full((400, 400, 3), SKIN, np.float32)
    y, x = np.mgrid[:400, :400]
    for side, dark in darks.items():
        (cx, cy), width = eye_mesh.eye_center(mesh, side), eye_mesh.eye_width(mesh, side)
        inside = ((x - cx) / (0.45 * width)) ** 2 + ((y - cy) / (0.2 * width)) ** 2 < 1
        shown[inside] = 0.5
        shown[inside & (np.hypot(x - cx, y - cy) < 0.2 * width)] = dark
    return shown


def level(shown: Image, mesh: np.ndarray, side: str) -> float:
    x, y = (round(c) for c in eye_mesh.eye_center(mesh, side))
    return float(shown[y, x].mean())


def toned(left: float, right: float) -> tuple[float, Image, Image, np.ndarray]:
    mesh = open_mesh(closed_mesh())
    before = picture(mesh, {"left": left, "right": right})
    outline = eye_mesh.eye_polygon(mesh, "left")
    box, view = with_tones_of(before, before, mesh, "left", outline, "right")
    after = before.copy()
    after[box.slices] = view
    return level(after, mesh, "left"), before, after, mesh


def test_a_pale_iris_becomes_as_dark_as_the_other_one() -> None:
    assert toned(0.25, 0.05)[0] < 0.12


def test_eyes_alike_stay_alike() -> None:
    after, before, shown, _ = toned(0.05, 0.05)
    assert abs(after - 0.05) < 0.01
    assert np.abs(shown - before).max() < 0.05


def test_nothing_changes_away_from_the_eye() -> None:
    _, before, after, mesh = toned(0.25, 0.05)
    y, x = np.nonzero(np.abs(after - before).max(axis=2) > 1e-4)
    (cx, cy), width = eye_mesh.eye_center(mesh, "left"), eye_mesh.eye_width(mesh, "left")
    assert (((x - cx) / (1.3 * width)) ** 2 + ((y - cy) / (1.2 * width)) ** 2).max() < 1
    assert level(after, mesh, "right") == level(before, mesh, "right")


def test_eyes_follow_the_light_of_their_side_by_less_than_the_skin_does() -> None:
    mesh = open_mesh(closed_mesh())
    lit = picture(mesh, {"left": 0.05, "right": 0.05})
    lit[:, :120] *= 2.0  # the left half of the face; its drawn eye was lit like the skin
    box, view = with_tones_of(lit, lit, mesh, "left", eye_mesh.eye_polygon(mesh, "left"), "right")
    after = lit.copy()
    after[box.slices] = view
    assert 1.2 * 0.05 < level(after, mesh, "left") < 1.7 * 0.05
