"""What brows say about irises that are not seen."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.face import SIDES
from gen.app.src.seen.iris_by_brows import as_light_as_brows, brow_darkness
from gen.app.src.seen.iris_colour import IrisColour, albedo_named
from imaging import eye_mesh
from imaging.colour import LUMINANCE, Image
from tests.unit.synthetic_face import face_mesh

SKIN = np.array([0.45, 0.30, 0.22], np.float32)
MESH = face_mesh()


def face_with_brows(share: float) -> Image:
    """Plain skin, linear RGB, with everything above the eyes at this share of its light."""
    picture = np.broadcast_to(SKIN, (512, 512, 3)).copy()
    lowest = min(MESH[[eye_mesh.EYE_REGION[side][k] for k in eye_mesh.BROW], 1].min() for side in SIDES)
    eyes = np.mean([eye_mesh.eye_center(MESH, side)[1] for side in SIDES])
    picture[: round((lowest + 2 * eyes) / 3)] *= share
    return np.asarray(picture, np.float32)


def lightness(share: float, source: str = "default") -> float:
    colour = IrisColour(albedo_named("brown"), source)
    return float(as_light_as_brows(colour, face_with_brows(share), MESH).albedo @ LUMINANCE)


def test_the_darkness_of_brows_is_read() -> None:
    bare = [brow_darkness(face_with_brows(1.0), MESH, side) for side in SIDES]
    assert bare == pytest.approx([0.0, 0.0], abs=0.01)
    dark = [brow_darkness(face_with_brows(0.3), MESH, side) for side in SIDES]
    assert all(0.5 < value < 1.4 for value in dark)


def test_the_darker_the_brows_the_darker_the_irises() -> None:
    levels = [lightness(share) for share in (1.0, 0.6, 0.3, 0.1)]
    assert levels == sorted(levels, reverse=True) and levels[0] > 2 * levels[-1]
    assert min(levels) >= 0.03 - 1e-6 and max(levels) <= 0.13 + 1e-6


def hue(share: float) -> float:
    """Red to blue of the default beside brows with this share of the skin's light."""
    made = as_light_as_brows(
        IrisColour(albedo_named("brown"), "default"), face_with_brows(share), MESH
    ).albedo
    assert made[0] > made[1] > made[2]
    return float(made[0] / made[2])


def test_the_hue_stays_by_dark_brows_and_grows_greyer_by_fair_ones() -> None:
    brown = albedo_named("brown")
    assert hue(0.1) == pytest.approx(brown[0] / brown[2])
    assert hue(1.0) < hue(0.6) < hue(0.1)


@pytest.mark.parametrize("source", ["other_eye", "donor", "eye_colour", "prompt"])
def test_what_is_known_or_asked_for_is_not_touched(source: str) -> None:
    assert lightness(0.1, source) == pytest.approx(float(albedo_named("brown") @ LUMINANCE))
