"""Stage 4, blend: painted eyes go back into the photo, and nothing else changes.

    python -m blend.app.src.blend_eye_patch PHOTO --crop-json crop_0_PHOTO.json --painted painted.png \\
        --alpha alpha.png --out-image out.png
"""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.blend import BlendFace, BlendItemData, BlendItemParams, BlendParams
from contracts.codec import from_dict, to_dict
from contracts.crop import CropDocument
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode
from contracts.face import SIDES
from contracts.files import read_json, reference
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAGE_FOLDER = Path(__file__).resolve().parents[2]


def feather_mask(mask: NDArray[Any], feather_size: float = 25) -> NDArray[Any]:
    """Fade a mask to nothing at its edge, inwards, over `feather_size` pixels; same shape and dtype."""
    from blend.app.src.regions import feather_mask as feather

    return feather(mask, feather_size)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--crop-json", type=Path, required=True, help="what crop_eye_region wrote for the face"
    )
    parser.add_argument("--painted", type=Path, required=True, help="the painted crop")
    parser.add_argument("--alpha", type=Path, required=True, help="where the painting counts, white is fully")
    parser.add_argument("--out-image", type=Path, required=True, help="the blended photo, a PNG")
    parser.add_argument("--feather-size", type=float, default=25.0, metavar="PX", help="at a crop of 512 px")
    parser.add_argument("--seed", type=int, default=0, help="of the grain")
    parser.add_argument(
        "--debug", action="store_true", help="also show the crop before, after and their difference"
    )


def request_from(options: argparse.Namespace) -> Request:
    """One item, one face."""
    face = from_dict(CropDocument, read_json(options.crop_json), "--crop-json")
    eyes = tuple(side for side in SIDES if face.eye(side).to_open) or SIDES
    roots = {"out": str(options.out_image.resolve().parent)}
    refs = {}
    for name in ("photo", "crop_json", "painted", "alpha"):
        path = getattr(options, name).resolve()
        root = "in" if name == "photo" else name
        roots[root] = str(path.parent)
        refs[name] = reference(root, path.name)
    i = face.face_index
    outputs = {"image": reference("out", options.out_image.name)}
    if options.debug:
        outputs[f"debug_{i}"] = reference("out", f"{options.out_image.stem}_debug.png")
    item = Item(
        str(i),
        photo=refs["photo"],
        seed=options.seed,
        inputs={f"{name}_{i}": refs[name] for name in ("crop_json", "painted", "alpha")},
        outputs=outputs,
        params=to_dict(BlendItemParams((BlendFace(i, eyes),))),
    )
    return Request(
        request_id=f"blend-{options.photo.stem}",
        run_id=options.photo.stem,
        stage="blend",
        backend=STAGE.default_backend,
        items=(item,),
        roots=roots,
        debug=options.debug,
        params=to_dict(BlendParams(feather_size=options.feather_size)),
    )


def show(request: Request, result: Result) -> None:
    for item in result.items:
        for paste in from_dict(BlendItemData, item.data).pastes:
            seam = "none" if paste.seam is None else f"{paste.seam:.2f}"
            print(
                f"face {paste.face_index}, {paste.side} eye: {paste.changed_px} px changed "
                f"in {paste.region}, seam {seam}, grain {paste.grain_added:.2f} levels"
            )
        for output in item.outputs.values():
            print(f"wrote {output.path.partition(':')[2]} in {request.roots['out']}")


STAGE = Stage(
    name="blend",
    module="blend.app.src.blend_eye_patch",
    summary="Paste painted eyes into the photo: matched, feathered, and nothing outside of them changed.",
    backends={
        "opencv": Backend(
            "blend.app.src.backends.opencv:open_session",
            environment="opencv",
            summary="NumPy and OpenCV, CPU",
        )
    },
    default_backend="opencv",
    failure_code=ErrorCode.BLEND_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("blend_params", "blend_item_params", "blend_item_data"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
