"""The samples are what their script makes, and closing an eye touches that eye only."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contracts.face import SIDES, Side
from face.app.src.detect_face_micro import analyze_faces
from tools.eye_closing import REACH, EyeFrame, close_eye
from tools.make_samples import (
    ASTRONAUT,
    FOLDER,
    HOPPER,
    LANDMARKS,
    SAMPLES,
    Portrait,
    make_sample,
    write_sample,
)

needs_portraits = pytest.mark.skipif(
    find_spec("skimage") is None or find_spec("matplotlib") is None,
    reason="the portraits come with scikit-image and Matplotlib, which are not installed",
)

JPEG_TOLERANCE = 3
"""Mean absolute difference, 8-bit levels, that encoders and resamplers of other versions may make."""


@needs_portraits
@pytest.mark.parametrize("name", SAMPLES)
def test_the_files_are_what_the_script_makes(name: str, tmp_path: Path) -> None:
    write_sample(name, tmp_path)
    with Image.open(tmp_path / name) as made, Image.open(FOLDER / name) as kept:
        assert made.size == kept.size
        assert made.getexif() == kept.getexif()
        difference = np.abs(np.asarray(made, int) - np.asarray(kept, int))
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99.9) <= JPEG_TOLERANCE


@pytest.mark.parametrize("name", SAMPLES)
def test_the_face_stage_sees_them_as_they_are_named(name: str) -> None:
    faces, _ = analyze_faces(FOLDER / name)
    assert len(faces) == 1
    for side in SIDES:
        eye = faces[0][f"{side}_eye"]
        assert eye["state"] == ("closed" if side in SAMPLES[name][1] else "open")
        assert eye["closed"] == (eye["aspect_ratio"] < 0.1)


@needs_portraits
@pytest.mark.parametrize(
    ("portrait", "open_name", "closed_name", "closed"),
    [
        (ASTRONAUT, "portrait_open.jpg", "portrait_both_closed.jpg", SIDES),
        (ASTRONAUT, "portrait_open.jpg", "portrait_one_closed.jpg", ("right",)),
        (HOPPER, "glasses_open.jpg", "glasses_one_closed.jpg", ("left",)),
    ],
)
def test_only_the_closed_eyes_differ(
    portrait: Portrait, open_name: str, closed_name: str, closed: tuple[Side, ...]
) -> None:
    before, after = make_sample(open_name).astype(int), make_sample(closed_name).astype(int)
    changed = np.abs(before - after).max(axis=2)
    allowed = np.zeros(changed.shape, bool)
    for side in closed:
        frame = EyeFrame(_region(portrait, side))
        rows, columns = np.indices(changed.shape)
        distance = np.hypot(columns - frame.center[0], rows - frame.center[1])
        near = distance < (REACH + 0.05) * frame.width
        allowed |= near
        assert changed[distance < 0.2 * frame.width].mean() > 40
    assert changed[~allowed].max() == 0


def test_a_drawn_eye_disappears_behind_skin() -> None:
    """A white disc in the aperture of a flat face is gone, whichever way the lid is made."""
    region = _region(ASTRONAUT, "left") * 3
    region += 180 - EyeFrame(region).center
    frame = EyeFrame(region)
    face = np.full((360, 360, 3), 0.5, np.float32)
    rows, columns = np.indices(face.shape[:2])
    face[np.hypot(columns - frame.center[0], rows - frame.center[1]) < 0.1 * frame.width] = 1.0
    for skin in ("above", "below"):
        closed = close_eye(face, region, skin)
        assert closed.dtype == np.float32
        assert closed.max() < 0.6  # cubic resampling overshoots a little
        assert face.max() == 1.0
    with pytest.raises(ValueError, match="border"):
        close_eye(face, region - 120)


def _region(portrait: Portrait, side: Side) -> np.ndarray:
    regions = json.loads(LANDMARKS.read_text(encoding="utf-8"))[portrait.name]
    inside = np.array(regions[side], float) - portrait.crop[:2]
    return np.asarray((inside + 0.5) * portrait.scale - 0.5)
