"""Colour profiles: there and back without loss, no-op for sRGB, grey stays grey."""

from __future__ import annotations

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from imaging.colour import to_encoded
from imaging.icc_matrix import SRGB_TO_XYZ, NotMatrixProfileError, parse_matrix_profile
from imaging.profiles import ColourSpace, as_rgb8, is_srgb_like
from tests.synthetic_faces import as_unit, textured_picture, textured_unit


def display_p3() -> bytes:
    return bytes(pyvips.Operation.call("profile_load", "p3"))


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A version 2 display profile with XYZ as connection space."""
    white = b"".join(round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    tags = {**tags, b"wtpt": b"XYZ " + bytes(4) + white}
    offset, table, data = 128 + 4 + 12 * len(tags), len(tags).to_bytes(4, "big"), b""
    for name, content in tags.items():
        table += name + (offset + len(data)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        data += content + bytes(-len(content) % 4)
    head = (offset + len(data)).to_bytes(4, "big") + bytes(4) + b"\x02\x40\0\0mntr" + space + b"XYZ "
    head = head.ljust(36, b"\0") + b"acsp"
    return (head.ljust(68, b"\0") + white).ljust(128, b"\0") + table + data


def grey_gamma(gamma: float) -> bytes:
    """A grey profile with a pure gamma curve."""
    curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big")
    return profile(b"GRAY", {b"kTRC": curve})


def linear_light_as_tables() -> bytes:
    """Linear sRGB, said with look-up tables as scanner profiles do: lut16 both ways."""
    ramp = np.array([0, 65535, 0, 65535, 0, 65535], ">u2").tobytes()
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], float)
    xyz = corners @ SRGB_TO_XYZ.T / (1 + 32767 / 32768)
    start = b"mft2" + bytes(4) + bytes((3, 3, 2, 0))
    counts = (2).to_bytes(2, "big") * 2

    def lut(matrix: np.ndarray, table: np.ndarray) -> bytes:
        fixed = b"".join(round(v * 65536).to_bytes(4, "big", signed=True) for v in matrix.ravel())
        return start + fixed + counts + ramp + np.round(table * 65535).astype(">u2").tobytes() + ramp

    # The matrix of a table counts only where its input is XYZ; there it does all the work.
    back = np.linalg.inv(SRGB_TO_XYZ) * (1 + 32767 / 32768)
    return profile(b"RGB ", {b"A2B0": lut(np.eye(3), xyz), b"B2A0": lut(back, corners)})


def test_srgb_profiles_are_recognised() -> None:
    assert is_srgb_like(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not is_srgb_like(display_p3())
    assert not is_srgb_like(grey_gamma(1.8))


@pytest.mark.parametrize("icc", [None, b"", b"garbage" * 60])
def test_no_usable_profile_is_a_no_op(icc: bytes | None) -> None:
    picture = textured_unit((20, 10))
    space = ColourSpace(icc, 3)
    assert space.to_srgb(picture) is picture
    assert space.from_srgb(picture) is picture or np.array_equal(space.from_srgb(picture), picture)


@given(st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3))
@settings(deadline=None)
def test_there_and_back_in_display_p3(colour: list[float]) -> None:
    space = ColourSpace(display_p3(), 3)
    srgb = np.asarray([[colour]], np.float32)
    assert np.abs(space.to_srgb(space.from_srgb(srgb)) - srgb).max() < 1 / 65535 * 8


def test_display_p3_is_what_the_standard_says() -> None:
    """Pure sRGB red in Display P3, from the published matrices (D65 primaries, sRGB curve)."""
    red = ColourSpace(display_p3(), 3).from_srgb(np.array([[[1.0, 0.0, 0.0]]], np.float32))
    assert red.ravel() * 255 == pytest.approx([234, 51, 35], abs=1)


def test_agrees_with_the_colour_engine() -> None:
    picture = textured_picture((64, 48), depth=8)
    ours = ColourSpace(display_p3(), 3).to_srgb(as_unit(picture))
    assert np.abs(ours * 255 - as_rgb8(picture, display_p3())).max() < 1.5


def test_grey_profile_there_and_back() -> None:
    grey = np.asarray(np.linspace(0.05, 0.95, 50), np.float32).reshape(5, 10, 1)
    space = ColourSpace(grey_gamma(1.8), 1)
    srgb = space.to_srgb(grey)
    assert srgb.shape == (5, 10, 3)
    assert np.ptp(srgb, axis=2).max() == 0
    assert np.abs(space.from_srgb(srgb) - grey).max() < 1e-4


def test_grey_under_an_rgb_profile() -> None:
    grey = np.asarray(np.linspace(0.05, 0.95, 50), np.float32).reshape(5, 10, 1)
    space = ColourSpace(display_p3(), 1)
    assert np.abs(space.from_srgb(space.to_srgb(grey)) - grey).max() < 1e-3


def test_colour_comes_back_to_grey_as_luminance() -> None:
    green = np.zeros((1, 1, 3), np.float32)
    green[..., 1] = 1
    value = float(ColourSpace(None, 1).from_srgb(green).item())
    assert value == pytest.approx(1.055 * 0.7152 ** (1 / 2.4) - 0.055, abs=1e-3)


def test_lookup_table_profiles_go_through_the_engine() -> None:
    icc = linear_light_as_tables()
    with pytest.raises(NotMatrixProfileError):
        parse_matrix_profile(icc)
    space = ColourSpace(icc, 3)
    native = textured_unit((16, 12), noise=0)
    srgb = space.to_srgb(native)
    assert np.abs(srgb - to_encoded(native)).max() < 0.01
    assert np.abs(space.from_srgb(srgb) - native).max() < 0.01


def test_profile_of_another_colour_model_is_ignored() -> None:
    cmyk = bytes(pyvips.Operation.call("profile_load", "cmyk"))
    assert ColourSpace(cmyk, 3).is_srgb
