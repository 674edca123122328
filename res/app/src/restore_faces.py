"""Stage 5: restores the edited faces of a blended picture.

python -m res.app.src.restore_faces PHOTO --out-image O.png --fidelity 0.7 --upscale 1.0
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path

from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import reference
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment

STAGE_FOLDER = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, help="the blended picture")
    parser.add_argument("--out-image", type=Path, required=True, help="where the restored picture goes")
    parser.add_argument(
        "--fidelity",
        type=_between(0.0, 1.0),
        default=0.7,
        help="0 most restored .. 1 most faithful to the photo (0.7)",
    )
    parser.add_argument(
        "--upscale", type=_between(1.0, 4.0), default=1.0, help="factor of the picture's size (1.0)"
    )


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
    item = Item(
        item_id=photo.stem,
        photo=reference("in", photo.name),
        outputs={"image": reference("out", out_image.name)},
    )
    return Request(
        request_id="res",
        run_id="manual",
        stage="res",
        backend=options.backend,
        items=(item,),
        roots={"in": str(photo.parent), "out": str(out_image.parent)},
        params={"fidelity": options.fidelity, "upscale": options.upscale},
    )


def show(request: Request, result: Result) -> None:
    for item in result.items:
        written = f"  {request.roots['out']}/{request.items[0].outputs['image'].partition(':')[2]}"
        print(f"{item.item_id}  {item.status}{written if item.outputs else ''}")
        for warning in item.warnings:
            print(f"  {warning.message} [{warning.code}]")


STAGE = Stage(
    name="res",
    module="res.app.src.restore_faces",
    summary="Restores the edited faces of a blended picture; skips, and says so, without weights.",
    backends={
        "none": Backend(
            "res.app.src.backends.none:open_session", summary="restores nothing and says what is missing"
        )
    },
    default_backend="none",
    failure_code=ErrorCode.RESTORATION_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("res_params", "res_item_params"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
