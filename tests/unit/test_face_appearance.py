"""The second opinion from the pixels, on drawn eyes: what it sees, and what it does not depend on."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from face.app.src.eye_appearance import LOOKS_OPEN, eye_appearance
from face.app.src.eye_patch import PATCH, eye_patch
from face.app.src.eye_visibility import edge_blur
from face.app.src.open_eye_template import TEMPLATE_FILE, open_eye_likeness, shape_features
from face.app.src.picture_pyramid import PicturePyramid
from face.tools.smears import smeared
from imaging import eye_mesh

SKIN, SCLERA, IRIS, LASHES = (205, 160, 135), (235, 228, 222), (80, 55, 40), (60, 40, 35)
WIDTH = 80
CENTER = (150, 120)


def _mesh(lid_height: float) -> np.ndarray:
    """Only the contour of the viewer's left eye matters here; everything else lies at one place."""
    mesh = np.zeros((478, 3))
    mesh[:, :2] = CENTER
    region = eye_mesh.EYE_REGION["left"]
    along = np.linspace(-WIDTH / 2, WIDTH / 2, 9)
    bow = 1 - (2 * along / WIDTH) ** 2
    for positions, sign in ((eye_mesh.UPPER_MARGIN, -1), (eye_mesh.LOWER_MARGIN, 0.6)):
        for position, x, b in zip(positions, along, bow):
            mesh[region[position], :2] = (CENTER[0] + x, CENTER[1] + sign * b * lid_height)
    return mesh


def _drawn(mesh: np.ndarray, is_open: bool) -> np.ndarray:
    photo = np.full((240, 300, 3), SKIN, np.uint8)
    contour = np.round(eye_mesh.eye_polygon(mesh, "left")).astype(np.int32)
    if is_open:
        inside = np.zeros(photo.shape[:2], np.uint8)
        cv2.fillPoly(inside, [contour], 255)
        eye = np.full_like(photo, SCLERA)
        cv2.circle(eye, CENTER, 17, IRIS, -1, cv2.LINE_AA)
        cv2.circle(eye, CENTER, 7, (15, 12, 12), -1, cv2.LINE_AA)
        photo[inside > 0] = eye[inside > 0]
        cv2.polylines(photo, [contour[:9]], False, LASHES, 3, cv2.LINE_AA)
    else:
        cv2.polylines(photo, [contour[8:]], False, LASHES, 4, cv2.LINE_AA)
    noise = np.random.default_rng(0).normal(0, 2, photo.shape)
    return np.clip(cv2.GaussianBlur(photo, (0, 0), 1.0) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def open_eye() -> tuple[PicturePyramid, np.ndarray]:
    mesh = _mesh(20.0)
    return PicturePyramid(_drawn(mesh, True)), mesh


@pytest.fixture(scope="module")
def closed_eye() -> tuple[PicturePyramid, np.ndarray]:
    mesh = _mesh(4.0)
    return PicturePyramid(_drawn(mesh, False)), mesh


def test_an_open_eye_looks_open_and_shows_iris_and_sclera(
    open_eye: tuple[PicturePyramid, np.ndarray],
) -> None:
    look = eye_appearance(*open_eye, "left")
    assert look.score > LOOKS_OPEN
    assert look.iris > 0.5
    assert look.sclera > 0.5


def test_a_closed_eye_does_not(closed_eye: tuple[PicturePyramid, np.ndarray]) -> None:
    look = eye_appearance(*closed_eye, "left")
    assert look.score < LOOKS_OPEN
    assert look.iris < 0.5


@pytest.mark.parametrize("method", ["telea", "ns"])
@pytest.mark.parametrize("growth", [0.1, 0.3])
def test_an_open_contour_on_a_smear_does_not_either(method: str, growth: float) -> None:
    closed = _mesh(4.0)
    smear = smeared(_drawn(closed, False), closed, ["left"], method, growth)
    assert eye_appearance(PicturePyramid(smear), _mesh(20.0), "left").score < LOOKS_OPEN


def test_only_the_corners_of_the_mesh_are_used(open_eye: tuple[PicturePyramid, np.ndarray]) -> None:
    pyramid, mesh = open_eye
    shut = mesh.copy()
    region = list(eye_mesh.EYE_REGION["left"])
    shut[[i for k, i in enumerate(region) if k not in (0, 8)], 1] = CENTER[1]
    assert eye_appearance(pyramid, shut, "left") == eye_appearance(pyramid, mesh, "left")


def test_a_patch_has_the_corners_on_its_middle_line(open_eye: tuple[PicturePyramid, np.ndarray]) -> None:
    pyramid, mesh = open_eye
    patch = eye_patch(pyramid, mesh, "left")
    assert patch.shape == (PATCH, PATCH, 3)
    middle = patch[PATCH // 2 - 2 : PATCH // 2 + 2, PATCH // 2 - 2 : PATCH // 2 + 2].mean()
    assert middle < 60  # the pupil


def test_likeness_ignores_brightness_and_colour(open_eye: tuple[PicturePyramid, np.ndarray]) -> None:
    patch = eye_patch(*open_eye, "left")
    likeness = open_eye_likeness(patch)
    darker = (patch * 0.5).astype(np.uint8)
    grey = np.repeat(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    assert open_eye_likeness(darker) == pytest.approx(likeness, abs=0.1)
    assert open_eye_likeness(grey) == pytest.approx(likeness, abs=0.05)


def test_flat_skin_has_no_shape() -> None:
    flat = np.full((PATCH, PATCH, 3), SKIN, np.uint8)
    assert shape_features(flat).max() == 0.0
    assert open_eye_likeness(flat) < 0.1


def test_blur_is_measured_in_eye_widths(open_eye: tuple[PicturePyramid, np.ndarray]) -> None:
    pyramid, mesh = open_eye
    softer = PicturePyramid(cv2.GaussianBlur(pyramid.photo, (0, 0), 0.1 * WIDTH))
    assert edge_blur(eye_patch(pyramid, mesh, "left")) < 0.04
    assert edge_blur(eye_patch(softer, mesh, "left")) == pytest.approx(0.1, abs=0.035)


def test_the_template_was_good_on_people_it_had_not_seen() -> None:
    figures = json.loads(TEMPLATE_FILE.read_text(encoding="utf-8"))["cross_validated"]
    assert figures["open accepted"] >= 0.97
    assert figures["small open accepted"] >= 0.97
    assert figures["closed rejected"] >= 0.9
    assert figures["smears rejected"] >= 0.9
