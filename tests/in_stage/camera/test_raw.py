"""DNG files made here, developed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from imaging.camera.develop import develop
from imaging.photo import read_photo
from imaging.photo_identity import PhotoLimits
from tests.raw_files import MAKER, linear16, write_dng

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "Input_Images" / "portrait_both_closed.jpg"
TAKEN = "2026:02:07 14:30:22"
SETTINGS = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"/>'


@pytest.fixture(scope="module")
def upright() -> Image.Image:
    return Image.open(SAMPLE).convert("RGB").resize((280, 350), Image.Resampling.LANCZOS)


def scene(picture: Image.Image) -> np.ndarray:
    return linear16(np.asarray(picture) / 255.0)


def refusal(source: Path, limits: PhotoLimits | None = None) -> StageError:
    with pytest.raises(StageError) as caught:
        develop(source, source.with_suffix(".png"), limits or PhotoLimits())
    return caught.value


def test_sixteen_bits_upright_in_the_scenes_colours(tmp_path: Path, upright: Image.Image) -> None:
    path = tmp_path / "DSC_1.DNG"
    write_dng(path, scene(upright.rotate(90, expand=True)), orientation=6, taken=TAKEN)
    assert develop(path, tmp_path / "a.png", PhotoLimits()) == ()
    photo = read_photo(tmp_path / "a.png")
    assert (photo.bit_depth, photo.size, photo.header.orientation) == (16, upright.size, 1)
    assert len(np.unique(photo.pixels)) > 1000
    # LibRaw brightens the whole by one factor of light; what is left over is demosaicing.
    before = scene(upright).astype(float)
    after = linear16(photo.pixels / 65535.0).astype(float)
    factor = np.median(after[after > 3000] / before[after > 3000])
    assert 0.9 < factor < 1.6
    unclipped = before * factor < 60_000
    assert np.median(np.abs(after - before * factor)[unclipped]) < 0.01 * 65535
    exif = Image.Exif()
    exif.load(photo.metadata.exif or b"")
    assert exif[271] == MAKER and exif.get(274, 1) == 1
    assert dict(exif.get_ifd(34665)) == {36867: TAKEN}  # no maker notes
    assert 50706 not in exif  # a picture that said it is a DNG would be refused as one


def test_the_same_file_becomes_the_same_picture(tmp_path: Path, upright: Image.Image) -> None:
    path = tmp_path / "a.dng"
    write_dng(path, scene(upright))
    for name in ("1.png", "2.png"):
        develop(path, tmp_path / name, PhotoLimits())
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_settings_of_a_raw_developer_are_not_applied_a_second_time(
    tmp_path: Path, upright: Image.Image
) -> None:
    path = tmp_path / "a.dng"
    write_dng(path, scene(upright), xmp=SETTINGS)
    (notice,) = develop(path, tmp_path / "a.png", PhotoLimits())
    assert "raw developer" in notice.message
    assert b"camera-raw-settings" not in (tmp_path / "a.png").read_bytes()


def test_truncated_unknown_and_too_big(tmp_path: Path, upright: Image.Image) -> None:
    path = tmp_path / "a.dng"
    write_dng(path, scene(upright))
    assert refusal(path, PhotoLimits(max_megapixels=0.05)).code == ErrorCode.INPUT_TOO_LARGE
    assert refusal(path, PhotoLimits(max_file_mb=0.1)).code == ErrorCode.INPUT_TOO_LARGE
    path.write_bytes(path.read_bytes()[:100_000])
    assert refusal(path).code == ErrorCode.INPUT_TRUNCATED
    picture = tmp_path / "a.nef"
    picture.write_bytes(SAMPLE.read_bytes())
    error = refusal(picture)
    assert error.code == ErrorCode.INPUT_UNSUPPORTED and "LibRaw" in error.message


def test_the_process_answers_in_json(tmp_path: Path, upright: Image.Image) -> None:
    good, target = tmp_path / "a.dng", tmp_path / "a.png"
    write_dng(good, scene(upright))

    def ask(source: Path) -> tuple[int, dict[str, object]]:
        command = [
            sys.executable,
            "-m",
            "imaging.camera.develop",
            str(source),
            str(target),
            "250.0",
            "2000.0",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    assert ask(good) == (ExitCode.OK, {"error": None, "notices": []})
    status, answer = ask(tmp_path / "gone.dng")
    assert status == ExitCode.UNREADABLE_INPUT
    assert isinstance(answer["error"], dict) and answer["error"]["code"] == ErrorCode.INPUT_MISSING
