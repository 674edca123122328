"""Stage 2, crop: an upright square around the eyes of a face, masks, and the exact way back.

python -m crop.app.src.crop_eye_region PHOTO --face-json face.json --out-dir crops
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.codec import from_dict, to_dict
from contracts.crop import CropDocument, CropParams
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import Face, FaceDocument
from contracts.files import read_json, reference, resolve
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

STAGE_FOLDER = Path(__file__).resolve().parents[2]


def align_face(
    image: NDArray[Any], left_eye: ArrayLike, right_eye: ArrayLike, crop_scale: float = CropParams.crop_scale
) -> tuple[NDArray[Any], NDArray[Any], tuple[int, int]]:
    """Turn a face upright and cut a square around its eyes.

    Args:
        image: (height, width, channels) uint8.
        left_eye, right_eye: points (n, 2) of the viewer's left and right eye.
        crop_scale: side of the square in distances between the eyes.

    Returns:
        The square crop; the 2x3 rotation about the middle between the eyes; the crop's top left corner
        (x, y) in the rotated picture.
    """
    import cv2
    import numpy as np

    left, right = (np.mean(np.asarray(points, float), axis=0) for points in (left_eye, right_eye))
    middle = (left + right) / 2
    tilt = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
    rotation = cv2.getRotationMatrix2D(middle.tolist(), tilt, 1.0)
    side = max(1, math.ceil(crop_scale * float(np.linalg.norm(right - left))))
    x, y = np.round(middle - (side - 1) / 2).astype(int).tolist()
    to_crop = rotation - [[0, 0, x], [0, 0, y]]
    crop = cv2.warpAffine(
        image, to_crop, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return crop, rotation, (x, y)


def create_eye_mask(eye_points: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Filled polygon: uint8 (height, width), 255 inside, 0 outside. shape: height, width, ..."""
    from crop.app.src.masks import create_eye_mask as fill

    return fill(eye_points, shape)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument("--face-json", type=Path, required=True, help="what detect_face_micro wrote")
    parser.add_argument(
        "--face",
        type=int,
        metavar="N",
        help="only this face, left to right from 0; else all with closed eyes",
    )
    parser.add_argument("--out-dir", type=Path, default=Path(), help="folder for crops, masks and JSON")
    parser.add_argument(
        "--crop-output-size", type=int, metavar="PX", help="side of the crop; else native size"
    )
    parser.add_argument("--use-larger-eye", action="store_true", help="both masks take the larger eye's size")
    parser.add_argument("--debug", action="store_true", help="also draw contours and masks into a picture")


def request_from(options: argparse.Namespace) -> Request:
    """One item per face; files are named after the photo."""
    photo, face_json = options.photo.resolve(), options.face_json.resolve()
    stem = photo.stem
    return Request(
        request_id=f"crop-{stem}",
        run_id=stem,
        stage="crop",
        backend=STAGE.default_backend,
        items=tuple(_item(photo, face_json, face, stem, options.debug) for face in _chosen(options)),
        roots={"in": str(photo.parent), "face": str(face_json.parent), "out": str(options.out_dir.resolve())},
        debug=options.debug,
        params=to_dict(
            CropParams(crop_output_size=options.crop_output_size, use_larger_eye=options.use_larger_eye)
        ),
    )


def _chosen(options: argparse.Namespace) -> list[Face]:
    document = from_dict(FaceDocument, read_json(options.face_json), "--face-json")
    if options.face is None:
        return [face for face in document.faces if face.requires_processing]
    chosen = [face for face in document.faces if face.face_index == options.face]
    if not chosen:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            f"--face {options.face}: the document has {len(document.faces)} faces, numbered from 0",
            exit_code=ExitCode.USAGE,
        )
    return chosen


def _item(photo: Path, face_json: Path, face: Face, stem: str, debug: bool) -> Item:
    index = face.face_index
    names = {
        "crop": f"face_crop_{index}_{stem}.png",
        "mask": f"face_mask_{index}_{stem}.png",
        "mask_left": f"face_mask_L_{index}_{stem}.png",
        "mask_right": f"face_mask_R_{index}_{stem}.png",
        "crop_json": f"crop_{index}_{stem}.json",
    }
    if debug:
        names["debug"] = f"face_debug_{index}_{stem}.png"
    # An open face that is asked for by its number gets a crop with empty masks.
    params: dict[str, Any] = {} if face.requires_processing else {"eyes_to_open": []}
    return Item(
        str(index),
        photo=reference("in", photo.name),
        face_index=index,
        inputs={"face_json": reference("face", face_json.name)},
        outputs={name: reference("out", file) for name, file in names.items()},
        params=params,
    )


def show(request: Request, result: Result) -> None:
    if not result.items:
        print("no face has a closed eye; --face N crops one all the same")
    for item in result.items:
        if item.error:
            print(f"face {item.item_id}: {item.error.message} [{item.error.code}]")
        elif "crop_json" in item.outputs:
            path = resolve(request.roots, item.outputs["crop_json"].path)
            crop = from_dict(CropDocument, read_json(path))
            notes = [word for word in ("padded", "greyscale", "sepia") if getattr(crop, word)]
            print(
                f"face {crop.face_index}: {crop.crop_size} x {crop.crop_size} px at scale {crop.scale:.3f}, "
                f"turned {crop.crop_rotation_angle:+.1f} deg, masks {crop.left_eye_mask_area} + "
                f"{crop.right_eye_mask_area} px{''.join(', ' + note for note in notes)} -> {path.parent}"
            )


STAGE = Stage(
    name="crop",
    module="crop.app.src.crop_eye_region",
    summary="Cut an upright square around the eyes of each face, with masks and the exact transform.",
    backends={
        "opencv": Backend(
            "crop.app.src.backends.opencv:open_session", environment="opencv", summary="NumPy and OpenCV, CPU"
        )
    },
    default_backend="opencv",
    failure_code=ErrorCode.CROP_GENERATION_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("crop_params", "crop_item_params", "crop_document"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
