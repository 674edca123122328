"""Photos are read in their own depth and channels, upright, whatever file they come in."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin

from imaging.photo import CMYK_CONVERTED, PICTURES_LEFT_OUT, read_header, read_photo
from tests.synthetic_faces import textured_picture

INTERPRETATIONS = {(1, 8): "b-w", (2, 8): "b-w", (3, 8): "srgb", (4, 8): "srgb"}
INTERPRETATIONS |= {(1, 16): "grey16", (2, 16): "grey16", (3, 16): "rgb16", (4, 16): "rgb16"}


def save(path: Path, samples: NDArray[Any], **options: Any) -> Path:
    """Any depth and number of channels."""
    depth = samples.dtype.itemsize * 8
    image = pyvips.Image.new_from_array(samples).copy(interpretation=INTERPRETATIONS[samples.shape[2], depth])
    image.write_to_file(str(path), **options)
    return path


def _encoded(file_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(textured_picture((40, 30))).save(buffer, file_format)
    return buffer.getvalue()


FORMATS = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF", ".webp": "WEBP", ".bmp": "BMP"}
FILES = {suffix: _encoded(file_format) for suffix, file_format in FORMATS.items()}


def samples(channels: int, depth: int) -> NDArray[Any]:
    picture = textured_picture((40, 30), min(channels, 3) if channels != 2 else 1, depth)
    if channels in (2, 4):
        alpha = np.linspace(0, 2**depth - 1, 40 * 30).reshape(30, 40, 1).astype(picture.dtype)
        picture = np.dstack([picture, alpha])
    return picture


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossless_formats_give_their_samples_back(
    tmp_path: Path, suffix: str, depth: int, channels: int
) -> None:
    expected = samples(channels, depth)
    photo = read_photo(save(tmp_path / f"photo{suffix}", expected))
    assert photo.bit_depth == depth
    assert photo.pixels.shape == (30, 40, 1 if channels < 3 else 3)
    assert (photo.alpha is not None) == (channels in (2, 4))
    read = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    assert np.array_equal(read, expected)


@pytest.mark.parametrize(
    "options", [{"compression": "lzw"}, {"compression": "deflate", "predictor": "horizontal"}]
)
def test_compressed_16_bit_tiff(tmp_path: Path, options: dict[str, str]) -> None:
    expected = samples(3, 16)
    assert np.array_equal(read_photo(save(tmp_path / "photo.tif", expected, **options)).pixels, expected)


def test_lossless_webp_with_alpha(tmp_path: Path) -> None:
    expected = samples(4, 8)
    path = tmp_path / "photo.webp"
    Image.fromarray(expected).save(path, lossless=True, exact=True)
    photo = read_photo(path)
    assert photo.metadata.lossless_webp
    assert photo.alpha is not None
    assert np.array_equal(np.dstack([photo.pixels, photo.alpha]), expected)


@pytest.mark.parametrize(("subsampling", "code"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_jpeg_decodes_as_pillow_does_and_keeps_its_coding(
    tmp_path: Path, subsampling: str, code: int
) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(samples(3, 8)).save(path, quality=83, subsampling=subsampling, progressive=True)
    photo = read_photo(path)
    with Image.open(path) as image:
        assert np.array_equal(photo.pixels, np.asarray(image))
    assert photo.metadata.jpeg is not None
    assert photo.metadata.jpeg.subsampling == code
    assert photo.metadata.jpeg.progressive
    assert not photo.metadata.lossless_webp


def test_grey_jpeg_stays_one_channel(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(samples(1, 8)[:, :, 0]).save(path)
    photo = read_photo(path)
    assert photo.is_grey
    assert photo.as_rgb8().shape == (30, 40, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"photo{suffix}"
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(samples(3, 8)).save(path, exif=exif, **options)
    photo = read_photo(path)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(photo.pixels, upright)
    assert photo.size == read_header(path).upright_size == (upright.shape[1], upright.shape[0])


def test_png_metadata_are_found_behind_the_pixels_too(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(samples(3, 8)).save(path)
    exif = Image.Exif()
    exif[0x0112] = 3
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    text = b"Comment\0\0" + zlib.compress("a compressed comment, café".encode("latin-1"))
    title = b"Title\0\1\0\0\0" + zlib.compress("Zoë".encode())
    extra = [(b"eXIf", block), (b"zTXt", text), (b"iTXt", title)]
    data = path.read_bytes()
    packed = b"".join(
        len(d).to_bytes(4, "big") + kind + d + zlib.crc32(kind + d).to_bytes(4, "big") for kind, d in extra
    )
    path.write_bytes(data[:-12] + packed + data[-12:])
    photo = read_photo(path)
    assert photo.header.orientation == 3
    assert dict(photo.metadata.text) == {"Comment": "a compressed comment, café", "Title": "Zoë"}


def test_compressed_text_cannot_explode(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("Bomb", "0" * (70 << 20), zip=True)
    info.add_text("Kept", "yes")
    Image.fromarray(samples(3, 8)).save(path, pnginfo=info)
    assert dict(read_photo(path).metadata.text) == {"Kept": "yes"}


def test_reading_a_header_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    monkeypatch.setattr("pyvips.Image.new_from_file", refuse)
    for suffix, data in FILES.items():
        path = tmp_path / f"photo{suffix}"
        path.write_bytes(data)
        assert read_header(path).upright_size == (40, 30)


def test_palette_is_expanded_with_its_transparency(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    indexed = Image.fromarray(samples(3, 8)).quantize(64)
    indexed.save(path, transparency=5)
    photo = read_photo(path)
    expected = np.asarray(Image.open(path).convert("RGBA"))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, expected[:, :, 3])
    opaque = photo.alpha > 0
    assert np.array_equal(photo.pixels[opaque], expected[:, :, :3][opaque])


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_becomes_srgb_and_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(samples(3, 8)).convert("CMYK").save(path)
    photo = read_photo(path)
    assert photo.pixels.shape == (30, 40, 3)
    assert photo.icc is None
    assert [warning.code for warning in photo.warnings] == [CMYK_CONVERTED]


def test_further_pictures_of_a_phone_jpeg_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    first = Image.fromarray(samples(3, 8))
    first.save(path, "MPO", save_all=True, append_images=[first.resize((10, 8))])
    photo = read_photo(path)
    assert photo.file_format == "JPEG"
    assert photo.size == (40, 30)
    assert [warning.code for warning in photo.warnings] == [PICTURES_LEFT_OUT]


@pytest.mark.parametrize("suffix", [".bmp", ".gif"])
def test_other_still_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(samples(3, 8)).save(path)
    with Image.open(path) as image:
        assert np.array_equal(read_photo(path).pixels, np.asarray(image.convert("RGB")))


def test_16_bit_is_rounded_for_looking(tmp_path: Path) -> None:
    deep = samples(3, 16)
    photo = read_photo(save(tmp_path / "photo.png", deep))
    assert np.abs(photo.as_rgb8() * 257.0 - deep).max() <= 128.5


def test_looking_at_8_bit_srgb_copies_nothing(tmp_path: Path) -> None:
    photo = read_photo(save(tmp_path / "photo.png", samples(3, 8)))
    assert photo.as_rgb8() is photo.pixels
