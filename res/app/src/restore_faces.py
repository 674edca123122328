"""Stage 5: restores the edited faces of a blended picture, and writes the finished file.

    python -m res.app.src.restore_faces PHOTO --backend codeformer --weights codeformer=codeformer.pth \\
        --face-json F.json --out-image O.png --fidelity 0.7 --upscale 1.0
    python -m res.app.src.restore_faces O.png --backend finish --original IMG_1.jpg --out-image final.jpg
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import reference
from contracts.finish import FinishItemParams, FinishParams, OutputFormat
from contracts.res import RestoreItemData, RestoreItemParams, RestoreParams
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment
from imaging.output_formats import SUFFIXES

STAGE_FOLDER = Path(__file__).resolve().parents[2]
NO_BACKEND = "none"
FINISH = "finish"
FORMATS = {
    suffix: cast(OutputFormat, name.lower()) for name, suffixes in SUFFIXES.items() for suffix in suffixes
}
"""Ending of a finished picture's name -> its format."""
WEIGHTS_VARIABLES = {"codeformer": "CODEFORMER_PATH"}
"""Environment variables that name weights, as in the original design."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, help="the blended picture")
    parser.add_argument("--out-image", type=Path, required=True, help="where the result goes")
    parser.add_argument(
        "--original",
        type=Path,
        help="the photo that the picture came from, for --backend finish: its metadata and its way of "
        "encoding are kept, and the ending of --out-image tells the format",
    )
    parser.add_argument(
        "--fidelity",
        type=_between(0.0, 1.0),
        default=0.7,
        help="0 most restored .. 1 most faithful to the photo (0.7)",
    )
    parser.add_argument(
        "--upscale", type=_between(1.0, 4.0), default=1.0, help="factor of the picture's size (1.0)"
    )
    parser.add_argument("--face-json", type=Path, help="what detect_face_micro wrote for this very picture")
    parser.add_argument(
        "--faces", type=_indices, metavar="N,...", help="numbers of the faces to be restored (all of them)"
    )
    parser.add_argument(
        "--weights",
        type=_named_file,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="weights, named as in res/models.json; CODEFORMER_PATH names those of CodeFormer, too",
    )
    parser.add_argument("--debug", action="store_true", help="also show each face before and after")


def _between(low: float, high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return number


def _indices(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers like 0,2") from None


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, Path(path)


def request_from(options: argparse.Namespace) -> Request:
    photo, out_image = options.photo.resolve(), options.out_image.resolve()
    if not photo.is_file():
        raise StageError(
            ErrorCode.INPUT_MISSING,
            f"there is no photo {options.photo}",
            "check the path",
            ExitCode.UNREADABLE_INPUT,
        )
    if out_image == photo:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            "--out-image is the photo itself",
            "inputs are never changed: choose another name",
            ExitCode.USAGE,
        )
    if options.backend == FINISH:
        return _finish_request(photo, out_image, options)
    if options.original:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS, "--original is for --backend finish", "leave it out", ExitCode.USAGE
        )
    if options.backend != NO_BACKEND and options.face_json is None:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            "--face-json is missing: which faces, and where",
            f"python -m face.app.src.detect_face_micro {options.photo} --out-json F.json",
            ExitCode.USAGE,
        )
    roots = {"in": str(photo.parent), "out": str(out_image.parent)}
    outputs = {"image": reference("out", out_image.name)}
    if options.debug:
        outputs["debug"] = reference("out", f"{out_image.stem}_debug.png")
    inputs = {}
    if options.face_json:
        roots["faces"] = str(options.face_json.resolve().parent)
        inputs["face_json"] = reference("faces", options.face_json.resolve().name)
    item = Item(
        item_id=photo.stem,
        photo=reference("in", photo.name),
        inputs=inputs,
        outputs=outputs,
        params=to_dict(RestoreItemParams(options.faces)),
    )
    weights = {}
    for number, (name, path) in enumerate(_weights(options).items()):
        roots[f"weights{number}"] = str(path.resolve().parent)
        weights[name] = reference(f"weights{number}", path.resolve().name)
    return Request(
        request_id="res",
        run_id="manual",
        stage="res",
        backend=options.backend,
        items=(item,),
        roots=roots,
        debug=options.debug,
        params=to_dict(RestoreParams(options.fidelity, options.upscale, weights)),
    )


def _finish_request(photo: Path, out_image: Path, options: argparse.Namespace) -> Request:
    output_format = FORMATS.get(out_image.suffix.lower())
    original = options.original.resolve() if options.original else None
    problem = ""
    if options.face_json or options.faces or options.weights or options.debug:
        problem = "--face-json, --faces, --weights and --debug are for restoring"
    elif original is None:
        problem = "--original is missing"
    elif original == out_image:
        problem = "--out-image is the original, and inputs are never changed"
    elif output_format is None:
        problem = f"--out-image ends with none of {', '.join(FORMATS)}"
    if problem or original is None or output_format is None:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS, f"--backend finish: {problem}", "see --help", ExitCode.USAGE
        )
    roots = {"in": str(photo.parent), "original": str(original.parent), "out": str(out_image.parent)}
    item = Item(
        item_id=photo.stem,
        photo=reference("in", photo.name),
        inputs={"original": reference("original", original.name)},
        outputs={"final": reference("out", out_image.name)},
        params=to_dict(FinishItemParams(output_format)),
    )
    return Request("res", "manual", "res", FINISH, (item,), roots, params=to_dict(FinishParams()))


def _weights(options: argparse.Namespace) -> dict[str, Path]:
    """By name; the command line wins over the environment."""
    named = {name: Path(os.environ[v]) for name, v in WEIGHTS_VARIABLES.items() if os.environ.get(v)}
    return named | dict(options.weights)


def show(request: Request, result: Result) -> None:
    for item in result.items:
        (written, *_) = request.items[0].outputs.values()
        where = f"  {request.roots['out']}/{written.partition(':')[2]}"
        print(f"{item.item_id}  {item.status}{where if item.outputs else ''}")
        faces = () if request.backend == FINISH else from_dict(RestoreItemData, item.data).faces
        for face in faces:
            print(f"  face {face.face_index}: {face.outcome}{f': {face.reason}' if face.reason else ''}")
        for warning in item.warnings:
            print(f"  {warning.message} [{warning.code}]")


STAGE = Stage(
    name="res",
    module="res.app.src.restore_faces",
    summary="Restores the edited faces of a blended picture, skips without weights; writes finished files.",
    backends={
        NO_BACKEND: Backend("res.app.src.backends.none:open_session", summary="restores nothing and says so"),
        "codeformer": Backend(
            "res.app.src.backends.codeformer:open_session",
            environment="codeformer",
            needs=("codeformer",),
            summary="CodeFormer; fidelity weighs restoration against the photo",
        ),
        "gfpgan": Backend(
            "res.app.src.backends.gfpgan:open_session",
            environment="codeformer",
            needs=("gfpgan",),
            summary="GFPGAN 1.4",
        ),
        FINISH: Backend(
            "res.app.src.backends.finish:open_session",
            environment="finish",
            summary="encodes the result as the original was, with its metadata and where it came from",
        ),
    },
    default_backend=NO_BACKEND,
    failure_code=ErrorCode.RESTORATION_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=(
        "res_params",
        "res_item_params",
        "res_item_data",
        "finish_params",
        "finish_item_params",
        "finish_item_data",
    ),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
