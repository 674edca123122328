"""The crop stage on pictures: pixels, masks, documents, and its command line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from contracts.codec import from_dict, to_dict
from contracts.crop import CropDocument, CropParams
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.face import SIDES, Side
from contracts.stage_main import stage_main
from crop.app.src.crop import crop_face
from crop.app.src.crop_eye_region import STAGE
from imaging import affine
from imaging.crop_files import read_picture
from imaging.photo import Photo, PhotoHeader
from tests.synthetic_faces import face_document, face_of, synthetic_mesh, textured_picture

SIZE = (400, 320)


def levels(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return np.asarray(picture)


def photo_of(pixels: np.ndarray, icc: bytes | None = None) -> Photo:
    header = PhotoHeader("PNG", pixels.shape[1], pixels.shape[0], pixels.dtype.itemsize * 8, "rgb")
    return Photo(pixels, None, icc, header)


def test_unturned_native_crop_is_the_photo_s_own_pixels() -> None:
    pixels = textured_picture(SIZE, depth=16)
    # With a whole number of pixels around the middle, no interpolation is needed.
    middle = (200.5, 160.5)
    crop = crop_face(photo_of(pixels), face_of(synthetic_mesh(middle, 60)), SIDES, CropParams())
    assert crop.document.scale == 1
    size = crop.document.crop_size
    x, y = np.round(crop.document.crop_original_position).astype(int)
    assert crop.document.crop_original_position == pytest.approx((x, y), abs=1e-6)
    assert np.abs(crop.picture - pixels[y : y + size, x : x + size] / 65535).max() < 1e-6


@pytest.mark.parametrize("scale", [0.2, 0.45, 0.8, 1.0, 1.7])
def test_crop_shows_what_its_transform_says(scale: float) -> None:
    """A smooth picture sampled at the crop's pixel centres, whatever the scale and turn."""
    y, x = np.mgrid[0:320, 0:400]

    def smooth(points: np.ndarray) -> np.ndarray:
        return 0.5 + 0.2 * np.sin(points[..., 0] / 40) + 0.2 * np.cos(points[..., 1] / 37)

    values = smooth(np.dstack([x, y]).astype(float))
    pixels = np.round(np.repeat(values[:, :, None], 3, axis=2) * 65535).astype(np.uint16)
    mesh = synthetic_mesh((203.3, 158.8), 70, tilt=0.3)
    native = crop_face(photo_of(pixels), face_of(mesh), (), CropParams()).document.crop_size
    params = CropParams(crop_output_size=round(native * scale))
    crop = crop_face(photo_of(pixels), face_of(mesh), (), params)
    size = crop.document.crop_size
    v, u = np.mgrid[0:size, 0:size]
    expected = smooth(affine.apply(affine.inverse(crop.document.transform), np.dstack([u, v])))
    assert np.abs(crop.picture[:, :, 0] - expected).max() < 2e-3


def test_fine_detail_does_not_alias_when_scaled_down() -> None:
    stripes = np.zeros((320, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    mesh = synthetic_mesh((200, 160), 100)
    crop = crop_face(photo_of(stripes), face_of(mesh), (), CropParams(crop_output_size=90))
    assert np.abs(crop.picture - 0.5).max() < 0.12


def test_border_is_repeated_where_the_photo_ends() -> None:
    pixels = textured_picture(SIZE)
    crop = crop_face(photo_of(pixels), face_of(synthetic_mesh((20, 30), 60)), SIDES, CropParams())
    assert crop.document.padded
    corner = affine.apply(crop.document.transform, [(0, 0)])[0]
    assert corner.min() > 10
    outside = crop.picture[: int(corner[1]) - 3, : int(corner[0]) - 3]
    assert np.ptp(outside, axis=(0, 1)).max() < 1e-6
    assert outside[0, 0] == pytest.approx(pixels[0, 0] / 255, abs=1e-6)


def test_document_carries_the_face_into_the_crop() -> None:
    mesh = synthetic_mesh((200, 160), 80, tilt=math.radians(-9))
    mesh[:, 2] = np.linspace(-10, 10, len(mesh))
    crop = crop_face(
        photo_of(textured_picture(SIZE)), face_of(mesh), ("left",), CropParams(max_crop_size=100)
    )
    document = crop.document
    moved = np.asarray(document.mesh)
    assert np.allclose(moved[:, :2], affine.apply(document.transform, mesh[:, :2]))
    assert np.allclose(moved[:, 2], mesh[:, 2] * document.scale)
    assert document.crop_size == 100
    assert document.inter_ocular_distance == pytest.approx(80 * document.scale)
    assert document.left_eye.to_open and not document.right_eye.to_open
    assert document.left_eye_mask_area == np.count_nonzero(crop.masks["left"]) > 0
    assert document.right_eye_mask_area == 0
    assert not crop.masks["right"].any()
    assert np.array_equal(crop.mask, crop.masks["left"])
    assert from_dict(CropDocument, json.loads(json.dumps(to_dict(document)))) == document


def test_larger_eye_gives_both_masks_their_size() -> None:
    mesh = synthetic_mesh((200, 160), 80)
    from imaging.eye_mesh import EYE_REGION, eye_center

    indices = list(EYE_REGION["right"])
    center = eye_center(mesh, "right")
    mesh[indices, :2] = center + (mesh[indices, :2] - center) * 0.7
    photo = photo_of(textured_picture(SIZE))
    plain = crop_face(photo, face_of(mesh), SIDES, CropParams()).document
    larger = crop_face(photo, face_of(mesh), SIDES, CropParams(use_larger_eye=True)).document
    assert plain.right_eye_mask_area < 0.6 * plain.left_eye_mask_area
    assert larger.right_eye_mask_area == pytest.approx(larger.left_eye_mask_area, rel=0.05)


@pytest.mark.parametrize(
    ("channels", "tint", "expected"),
    [
        (1, None, (True, False)),
        (3, None, (False, False)),
        (3, (1, 1, 1), (True, False)),
        (3, (1, 0.8, 0.55), (False, True)),
    ],
)
def test_tone(channels: int, tint: tuple[float, ...] | None, expected: tuple[bool, bool]) -> None:
    pixels = textured_picture(SIZE, channels)
    if channels == 3 and tint is None:
        pixels[140:200, 150:180] = (40, 90, 200)
    elif tint:
        ramp = np.linspace(0.4, 1.2, SIZE[0])[None, :, None]
        grey = np.clip(textured_picture(SIZE, 1) * ramp, 0, 255)
        pixels = np.round(grey * np.array(tint)).astype(np.uint8)
    crop = crop_face(photo_of(pixels), face_of(synthetic_mesh((200, 160), 80)), SIDES, CropParams())
    assert (crop.document.greyscale, crop.document.sepia) == expected


# --- the stage itself ---


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A photo and the document of its two faces; the second has open eyes."""
    pixels = textured_picture(SIZE)
    cv2.imwrite(str(tmp_path / "photo.png"), pixels[:, :, ::-1])
    faces = (face_of(synthetic_mesh((110, 160), 60), 0), face_of(synthetic_mesh((300, 160), 60), 1, ()))
    (tmp_path / "face.json").write_text(json.dumps(to_dict(face_document(SIZE, *faces))))
    return tmp_path


def request(root: Path, *faces: int, photo: str = "photo.png", **params: Any) -> Request:
    outputs = ("crop", "crop_json", "mask", "mask_left", "mask_right", "debug")
    items = tuple(
        Item(
            str(face),
            photo=f"in:{photo}",
            face_index=face,
            inputs={"face_json": "in:face.json"},
            outputs={n: f"work:{n}_{face}.{'json' if 'json' in n else 'png'}" for n in outputs},
            params=params,
        )
        for face in faces
    )
    return Request("r", "run", "crop", "opencv", items, {"in": str(root), "work": str(root / "work")})


def run(wanted: Request) -> Result:
    return execute(STAGE, wanted, {})


def test_stage_writes_its_files(prepared: Path) -> None:
    result = run(request(prepared, 0))
    assert result.status == "succeeded"
    assert set(result.items[0].outputs) == {"crop", "crop_json", "mask", "mask_left", "mask_right", "debug"}
    document = from_dict(CropDocument, json.loads((prepared / "work/crop_json_0.json").read_text()))
    crop = levels(prepared / "work/crop_0.png")
    assert crop.dtype == np.uint16
    assert crop.shape == (document.crop_size, document.crop_size, 3)
    masks = [levels(prepared / f"work/{n}_0.png") for n in ("mask_left", "mask_right", "mask")]
    assert np.array_equal(np.maximum(masks[0], masks[1]), masks[2])
    assert read_picture(prepared / "work/crop_0.png").max() <= 1
    assert "pyvips" in result.versions.packages


def test_face_without_closed_eyes_is_skipped_unless_asked_for(prepared: Path) -> None:
    result = run(request(prepared, 1))
    assert result.items[0].status == "skipped"
    assert result.items[0].warnings[0].code == ErrorCode.NO_CLOSED_EYES
    donor = run(request(prepared, 1, eyes_to_open=[]))
    assert donor.items[0].status == "succeeded"
    assert not levels(prepared / "work/mask_1.png").any()


def test_a_face_document_of_another_picture_is_a_wrong_request(prepared: Path) -> None:
    document = json.loads((prepared / "face.json").read_text())
    document["image_size"] = [1, 2]
    (prepared / "face.json").write_text(json.dumps(document))
    result = run(request(prepared, 0))
    assert result.exit_code == ExitCode.USAGE
    assert result.error is not None
    assert result.error.code == ErrorCode.BAD_REQUEST
    assert "is of a 1 x 2 picture" in result.error.message


def test_faults_stay_with_their_item(prepared: Path) -> None:
    result = run(request(prepared, 0, 7))
    assert [item.status for item in result.items] == ["succeeded", "failed"]
    assert result.items[1].error is not None
    assert result.items[1].error.code == ErrorCode.CROP_GENERATION_FAILED
    assert "faces: 0, 1" in result.items[1].error.message


def test_document_of_another_photo(prepared: Path) -> None:
    cv2.imwrite(str(prepared / "other.png"), textured_picture((50, 40)))
    error = run(request(prepared, 0, photo="other.png")).error
    assert error is not None
    assert "400 x 320" in error.message and "50 x 40" in error.message


@pytest.mark.parametrize("content", [None, "no json"])
def test_unreadable_face_document(prepared: Path, content: str | None) -> None:
    (prepared / "face.json").unlink()
    if content:
        (prepared / "face.json").write_text(content)
    result = run(request(prepared, 0))
    assert result.error is not None
    assert result.error.code == ErrorCode.BAD_REQUEST
    assert result.exit_code == 2


def test_missing_photo(prepared: Path) -> None:
    result = run(request(prepared, 0, photo="gone.jpg"))
    assert result.error is not None
    assert result.error.code == ErrorCode.INPUT_MISSING
    assert result.exit_code == 4


def test_person_s_command_line(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--face-json", str(prepared / "face.json"), "--out-dir", str(prepared / "out"), "--debug"]
    assert stage_main(STAGE, [str(prepared / "photo.png"), *options, "--crop-output-size", "200"]) == 0
    assert "face 0: 200 x 200 px" in capsys.readouterr().out
    assert {path.name for path in (prepared / "out").iterdir()} == {
        "face_crop_0_photo.png",
        "face_mask_0_photo.png",
        "face_mask_L_0_photo.png",
        "face_mask_R_0_photo.png",
        "face_debug_0_photo.png",
        "crop_0_photo.json",
    }
    assert stage_main(STAGE, [str(prepared / "photo.png"), *options, "--face", "1"]) == 0
    assert (prepared / "out/crop_1_photo.json").exists()
    assert stage_main(STAGE, [str(prepared / "photo.png"), *options, "--face", "5"]) == 2
    assert "ARGS_001" in capsys.readouterr().err


def test_closed_sides_follow_the_document() -> None:
    face = face_of(synthetic_mesh((200, 160), 60), closed=("right",))
    from crop.app.src.crop import closed_sides

    expected: tuple[Side, ...] = ("right",)
    assert closed_sides(face) == expected
    assert closed_sides(replace(face, right_eye=face.left_eye)) == ()
