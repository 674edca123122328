"""HEIC files made here, developed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from contracts.error_codes import ErrorCode, StageError
from imaging.camera.develop import develop
from imaging.capture_time import capture_time
from imaging.photo import PICTURES_LEFT_OUT, Photo, read_photo
from imaging.photo_identity import PhotoLimits

SAMPLE = Path(__file__).resolve().parents[3] / "Input_Images" / "portrait_both_closed.jpg"
LOSSLESS: dict[str, Any] = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
"""matrix_coefficients 0: samples are RGB and not YCbCr."""
TAKEN = "2026:02:07 14:30:22"


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """160 x 200, higher than wide."""
    return Image.open(SAMPLE).convert("RGB").resize((160, 200))


def developed(source: Path, limits: PhotoLimits | None = None) -> Photo:
    target = source.with_suffix(".png")
    develop(source, target, limits or PhotoLimits())
    return read_photo(target)


def refusal(source: Path, limits: PhotoLimits | None = None) -> StageError:
    with pytest.raises(StageError) as caught:
        develop(source, source.with_suffix(".png"), limits or PhotoLimits())
    assert not source.with_suffix(".png").exists()
    return caught.value


def write(path: Path, *pictures: Image.Image, **options: Any) -> Path:
    file = pillow_heif.HeifFile()
    for picture in pictures:
        file.add_from_pillow(picture)
    file.save(path, **options)
    return path


def test_every_pixel_and_no_orientation_twice(tmp_path: Path, picture: Image.Image) -> None:
    exif = Image.Exif()
    exif[271], exif[274] = "Phone", 6
    exif.get_ifd(34665)[36867] = TAKEN
    lying = picture.rotate(90, expand=True)  # a quarter turn clockwise, 6, makes it upright
    path = write(tmp_path / "IMG_1.HEIC", lying, exif=exif.tobytes(), **LOSSLESS)
    photo = developed(path)
    assert np.array_equal(photo.pixels, np.asarray(picture))
    assert (photo.header.orientation, photo.bit_depth, photo.icc) == (1, 8, None)
    kept = Image.Exif()
    kept.load(photo.metadata.exif or b"")
    assert (kept[271], kept.get(274, 1), kept.get_ifd(34665)[36867]) == ("Phone", 1, TAKEN)
    assert capture_time(path.with_suffix(".png")) is not None


def test_profile_and_xmp_are_kept(tmp_path: Path, picture: Image.Image) -> None:
    icc = _p3_profile()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'  # noqa: E501
    path = write(tmp_path / "p3.heic", picture, icc_profile=icc, xmp=xmp)
    photo = developed(path)
    assert photo.icc == icc
    assert photo.metadata.xmp and b'xmp:Rating="4"' in photo.metadata.xmp


def test_colours_by_number_become_a_profile(tmp_path: Path, picture: Image.Image) -> None:
    path = write(tmp_path / "p3.heic", picture, color_primaries=12, transfer_characteristics=13)
    assert developed(path).icc == _p3_profile()
    hdr = write(tmp_path / "hdr.heic", picture, color_primaries=9, transfer_characteristics=16)
    error = refusal(hdr)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED and "HDR" in error.message


def test_twelve_bits_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", True)
    deep = np.random.default_rng(3).integers(0, 1 << 12, (64, 80, 3)).astype(np.uint16)
    deep[0, 0], deep[0, 1] = 0, 4095
    path = tmp_path / "deep.heic"
    file = pillow_heif.from_bytes("RGB;16", (80, 64), (deep << 4).tobytes())
    file.save(path, **LOSSLESS)
    photo = developed(path)
    assert photo.bit_depth == 16
    assert np.array_equal(photo.pixels >> 4, deep)
    assert photo.pixels[0, 0].max() == 0 and photo.pixels[0, 1].min() == 65535


def test_grey_and_transparency(tmp_path: Path, picture: Image.Image) -> None:
    assert developed(write(tmp_path / "grey.heic", picture.convert("L"))).is_grey
    see_through = picture.copy()
    see_through.putalpha(120)
    photo = developed(write(tmp_path / "alpha.heic", see_through, **LOSSLESS))
    assert photo.alpha is not None and np.all(photo.alpha == 120)
    assert np.array_equal(photo.pixels, np.asarray(picture))


def test_of_several_pictures_the_primary_one(tmp_path: Path, picture: Image.Image) -> None:
    other = Image.new("RGB", (64, 64), "red")
    path = write(tmp_path / "burst.heic", other, picture, primary_index=1, **LOSSLESS)
    (notice,) = develop(path, tmp_path / "burst.png", PhotoLimits())
    assert notice.code == PICTURES_LEFT_OUT and "burst.heic" in notice.message
    assert np.array_equal(read_photo(tmp_path / "burst.png").pixels, np.asarray(picture))


def test_a_heic_by_another_name(tmp_path: Path, picture: Image.Image) -> None:
    path = write(tmp_path / "a.heic", picture, **LOSSLESS).rename(tmp_path / "a.jpg")
    assert np.array_equal(developed(path).pixels, np.asarray(picture))


@pytest.mark.parametrize("part", [0.002, 0.1, 0.5, 0.99])
def test_truncated(tmp_path: Path, picture: Image.Image, part: float) -> None:
    path = write(tmp_path / "a.heic", picture)
    content = path.read_bytes()
    path.write_bytes(content[: max(40, int(len(content) * part))])
    error = refusal(path)
    assert error.code == ErrorCode.INPUT_TRUNCATED and "a.heic" in error.message


def test_too_big_is_told_before_it_is_decoded(
    tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "bomb.heic", picture)
    content = path.read_bytes()
    sizes = content.index(b"ispe") + 8  # behind the name, version and flags
    path.write_bytes(content[:sizes] + struct.pack(">II", 30_000, 30_000) + content[sizes + 8 :])

    def decode(picture: object, *arguments: object) -> NDArray[Any]:
        raise AssertionError("decoded")

    monkeypatch.setattr("imaging.camera.heic.np.asarray", decode)
    error = refusal(path)
    assert error.code == ErrorCode.INPUT_TOO_LARGE and "900 megapixels" in error.message


def _p3_profile() -> bytes:
    import pyvips

    profile: bytes = pyvips.Operation.call("profile_load", "p3")
    return profile
