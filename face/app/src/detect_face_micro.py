"""Stage 1, face: all faces of a photo, and for each eye whether it is open.

python -m face.app.src.detect_face_micro PHOTO --threshold 260 --out-json face.json --out-image face.png
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import SIDES, EyeReading, FaceDocument, FaceItemData, FaceParams
from contracts.files import read_json, reference, resolve
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from face.app.src.face_analysis import FaceAnalyser

STAGE_FOLDER = Path(__file__).resolve().parents[2]
PACK = "buffalo_l"
"""Name of InsightFace's weights in models.json."""


def polygon_area(points: Sequence[tuple[float, float]]) -> float:
    """Area of a simple polygon by the shoelace formula; 0 for fewer than three points."""
    twice = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, [*points[1:], *points[:1]]))
    return abs(twice) / 2


def analyze_faces(
    image_path: str | Path,
    threshold: float = FaceParams.threshold,
    smallest_face: int = FaceParams.smallest_face,
) -> tuple[list[dict[str, Any]], NDArray[np.uint8]]:
    """Find the faces of a photo; needs the packages of the `facemesh` environment.

    Args:
        threshold: px^2 at an inter-ocular distance of 100 px; below it an eye is closed.
        smallest_face: px; smaller faces may be missed.

    Returns:
        One dictionary per face, left to right, as `contracts.face.Face`; and the upright photo,
        (height, width, 3) RGB uint8.

    Raises:
        StageError: the photo cannot be read.
    """
    from face.app.src.picture_pyramid import PicturePyramid
    from imaging.photo import read_photo

    pyramid = PicturePyramid(read_photo(Path(image_path)).as_rgb8())
    faces = _analyser().find(pyramid, threshold, smallest_face)
    return [to_dict(face) for face in faces], pyramid.photo


@functools.cache
def _analyser() -> FaceAnalyser:
    from face.app.src.face_analysis import FaceAnalyser

    return FaceAnalyser()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    defaults = FaceParams()
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    parser.add_argument(
        "--threshold",
        type=float,
        default=defaults.threshold,
        metavar="PX2",
        help="eyes less open than this are closed, px^2 at 100 px between the eyes (%(default)s)",
    )
    parser.add_argument(
        "--smallest-face",
        type=int,
        default=defaults.smallest_face,
        metavar="PX",
        help="smaller faces may be missed (%(default)s)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        help="the InsightFace pack for --backend insightface: a folder of .onnx files",
    )
    parser.add_argument(
        "--out-json", type=Path, metavar="FILE", help="write what was found; a folder for several photos"
    )
    parser.add_argument(
        "--out-image", type=Path, metavar="FILE", help="write a picture of it; a folder for several photos"
    )
    parser.add_argument(
        "--debug", action="store_true", help="as --out-image face_PHOTO.png where that is not given"
    )


def request_from(options: argparse.Namespace) -> Request:
    """One item per photo."""
    if options.threshold <= 0 or options.smallest_face < 1:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            "--threshold and --smallest-face must be positive",
            exit_code=ExitCode.USAGE,
        )
    # the file itself may be a link to another disk
    photos = [photo.parent.resolve() / photo.name for photo in options.photos]
    roots = {"in": os.path.commonpath([photo.parent for photo in photos])}
    outputs: list[dict[str, str]] = [{} for _ in photos]
    picture = options.out_image
    if options.debug and picture is None:
        picture = Path(f"face_{photos[0].stem}.png") if len(photos) == 1 else Path()
    for name, target, suffix in (("json", options.out_json, ".json"), ("debug", picture, ".png")):
        if target is not None:
            roots[name] = str((target.parent if len(photos) == 1 else target).resolve())
            for photo, named in zip(photos, outputs):
                file = target.name if len(photos) == 1 else f"face_{photo.name}{suffix}"
                named[name] = reference(name, file)
    weights = {}
    if options.weights is not None:
        pack = options.weights.resolve()
        roots["weights"] = str(pack.parent)
        weights[PACK] = reference("weights", pack.name)
    return Request(
        request_id=f"face-{photos[0].stem}",
        run_id=photos[0].stem,
        stage="face",
        backend=STAGE.default_backend,
        items=tuple(
            Item(str(number), photo=reference("in", *photo.relative_to(roots["in"]).parts), outputs=named)
            for number, (photo, named) in enumerate(zip(photos, outputs))
        ),
        roots=roots,
        debug=options.debug,
        params=to_dict(FaceParams(weights, options.threshold, options.smallest_face)),
    )


def show(request: Request, result: Result) -> None:
    """A table per photo; left is the viewer's left."""
    items = {item.item_id: item for item in request.items}
    for answer in result.items:
        photo = resolve(request.roots, items[answer.item_id].photo)
        if answer.error:
            print(f"{photo}: {answer.error.message} [{answer.error.code}]")
            continue
        data = from_dict(FaceItemData, answer.data)
        if "json" in answer.outputs:
            document = from_dict(FaceDocument, read_json(resolve(request.roots, answer.outputs["json"].path)))
        else:
            document = from_dict(FaceDocument, data.document)
        width, height = document.image_size
        print(f"{photo}: {width} x {height}, {data.faces} face{'' if data.faces == 1 else 's'}")
        for line in _table(document):
            print("  " + line)
        for output in answer.outputs.values():
            print(f"  written: {resolve(request.roots, output.path)}")


def _table(document: FaceDocument) -> Iterator[str]:
    if not document.faces:
        return
    yield (
        f"{'face':>4} {'at x, y':>13} {'side':>5} {'yaw':>4} {'pitch':>5} {'roll':>4}  "
        f"{'eye':<5} {'state':<12} {'area':>8} {'norm.':>6} {'ratio':>5} {'looks':>5}"
    )
    for face in document.faces:
        x1, y1, x2, y2 = face.bbox
        head = (
            f"{face.face_index:>4} {f'{x1:.0f}, {y1:.0f}':>13} {max(x2 - x1, y2 - y1):>5.0f} "
            f"{face.pose.yaw:>4.0f} {face.pose.pitch:>5.0f} {face.pose.roll:>4.0f}"
        )
        for side in SIDES:
            yield f"{head}  {side:<5} {_eye_columns(face.eye(side))}"
            head = " " * len(head)


def _eye_columns(eye: EyeReading) -> str:
    looks = f"{eye.appearance.score:.2f}" if eye.appearance else "-"
    reason = f"  ({eye.reason})" if eye.reason else ""
    return (
        f"{eye.state:<12} {eye.area:>8.1f} {eye.normalised_area:>6.0f} {eye.aspect_ratio:>5.2f} "
        f"{looks:>5}{reason}"
    )


STAGE = Stage(
    name="face",
    module="face.app.src.detect_face_micro",
    summary="Find all faces of a photo, their landmarks and pose, and for each eye whether it is open.",
    backends={
        "facemesh": Backend(
            "face.app.src.backends.facemesh:open_session",
            environment="facemesh",
            needs=(
                "face_detection_full_range",
                "face_landmark_with_attention",
                "open_eye_template",
                "eye_texture_template",
            ),
            summary="embedded MediaPipe networks on ONNX Runtime, CPU",
        ),
        "insightface": Backend(
            "face.app.src.backends.insightface:open_session",
            environment="insightface",
            needs=(PACK,),
            summary="InsightFace: detection, 106 landmarks, age and gender; the mesh decides the eyes",
        ),
        "identity": Backend(
            "face.app.src.backends.identity:open_session",
            environment="identity",
            summary="identity vectors of known faces by dlib's network, CPU",
        ),
        "insightface_identity": Backend(
            "face.app.src.backends.insightface_identity:open_session",
            environment="insightface",
            needs=(PACK,),
            summary="identity vectors of known faces by the recognition network of an InsightFace pack",
        ),
    },
    default_backend="facemesh",
    failure_code=ErrorCode.FACE_DETECTION_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("face_params", "face_item_params", "face_document", "face_item_data", "identity_document"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
