"""Bad input: one clear line, a stable code, before anything is decoded."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from imaging.photo import PhotoLimits, read_header, read_photo
from tests.synthetic_faces import textured_picture


def refused(path: Path, limits: PhotoLimits | None = None) -> StageError:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing a library says may reach the screen
        with pytest.raises(StageError) as caught:
            read_photo(path, limits)
    error = caught.value
    assert error.exit_code == ExitCode.UNREADABLE_INPUT
    assert str(path) in error.message
    assert "\n" not in error.line()
    assert error.hint
    return error


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(textured_picture((200, 150))).save(path)
    return path


def test_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.jpg").code == ErrorCode.INPUT_MISSING


def test_folder(tmp_path: Path) -> None:
    assert refused(tmp_path).code == ErrorCode.INPUT_MISSING


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is readable to root")
def test_forbidden_file(jpeg: Path) -> None:
    jpeg.chmod(0)
    assert refused(jpeg).code == ErrorCode.INPUT_MISSING


@pytest.mark.parametrize("content", [b"", b"Dear diary, no picture today.\n" * 9, bytes(range(128, 255)) * 9])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert refused(path).code == ErrorCode.INPUT_NOT_AN_IMAGE


@pytest.mark.parametrize("share", [0.03, 0.3, 0.6, 0.99])
def test_truncated_jpeg(jpeg: Path, share: float) -> None:
    data = jpeg.read_bytes()
    jpeg.write_bytes(data[: int(len(data) * share)])
    assert refused(jpeg).code == ErrorCode.INPUT_TRUNCATED


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_other_truncated_files(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(textured_picture((200, 150))).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: max(16, int(len(data) * share))])
    assert refused(path).code == ErrorCode.INPUT_TRUNCATED


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )
    return path


def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    error = refused(bomb(tmp_path / "bomb.png", 60000, 60000))
    assert error.code == ErrorCode.INPUT_TOO_LARGE
    assert "3600 megapixels" in error.message


def test_large_picture_within_our_limit_makes_no_library_warn(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_header(bomb(tmp_path / "large.png", 15000, 15000)).width == 15000


def test_limits_are_options(jpeg: Path) -> None:
    assert refused(jpeg, PhotoLimits(max_megapixels=0.01)).code == ErrorCode.INPUT_TOO_LARGE
    assert refused(jpeg, PhotoLimits(max_file_mb=0.001)).code == ErrorCode.INPUT_TOO_LARGE
    assert read_photo(jpeg, PhotoLimits(0.03, 1)).size == (200, 150)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    frames = [Image.fromarray(textured_picture((40, 30), seed=k)) for k in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    error = refused(path)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED
    assert "3 frames" in error.message


def test_tiff_of_several_pages(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    page = Image.fromarray(textured_picture((40, 30)))
    page.save(path, save_all=True, append_images=[page])
    error = refused(path)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED
    assert "2 pages" in error.message


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_one_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(textured_picture((40, 30))).convert("1").save(path)
    assert refused(path).code == ErrorCode.INPUT_UNSUPPORTED


def test_floating_point_tiff(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    pyvips.Image.new_from_array(np.zeros((30, 40, 3), np.float32)).write_to_file(str(path))
    error = refused(path)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED
    assert "floating point" in error.message


def test_lab_tiff(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    Image.new("LAB", (40, 30)).save(path)
    assert refused(path).code == ErrorCode.INPUT_UNSUPPORTED


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("photo.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"),
        ("photo.cr3", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"),
        ("photo.cr2", b"II*\0\x10\0\0\0CR\x02\0"),
        ("photo.nef", b"MM\0*\0\0\0\x08"),
    ],
)
def test_formats_that_have_to_be_converted_first(tmp_path: Path, name: str, start: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(start + bytes(400))
    assert refused(path).code == ErrorCode.INPUT_UNSUPPORTED


def test_raw_by_another_name_is_not_taken_for_its_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    Image.fromarray(textured_picture((40, 30))).save(path, tiffinfo={50706: b"\x01\x04\0\0"})
    error = refused(path)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED
    assert "raw" in error.message
