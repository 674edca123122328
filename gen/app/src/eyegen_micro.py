"""Stage 3: paints open eyes into a crop of a face.

    python -m gen.app.src.eyegen_micro CROP.png --crop-json C.json --out-image painted.png \\
        --out-alpha alpha.png [--strategy lid_lift] [--donor-crop D.png --donor-json DJ.json]
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import WEIGHTS_ROOT, reference
from contracts.gen import GenItemParams, GenParams
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment
from gen.app.src.gen_config import SETTINGS, read_gen_config

STAGE_FOLDER = Path(__file__).resolve().parents[2]

AUTO_STRATEGIES = ("donor", "mirror", "lid_lift")
"""Tried in this order by `--strategy auto`: the most faithful first."""

SDXL_STRATEGIES = ("sdxl", "sdxl-turbo")
WEIGHTS_VARIABLES = {"sdxl_base": "SDXL_BASE_PATH", "sdxl_refiner": "SDXL_REFINER_PATH"}
"""Environment variables that name weights, as in the original design."""

DEFAULT_SEED = 42
_INPUTS = {
    "crop": "crop",
    "crop_json": "crop_json",
    "mask": "mask",
    "donor_crop": "donor_crop",
    "donor_json": "donor_json",
}
_OUTPUTS = {
    "out_image": "painted",
    "out_alpha": "alpha",
    "out_prepared": "prepared",
    "out_base": "base_output",
    "out_refined": "refined",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("crop", type=Path, nargs="?", help="face crop, as the crop stage writes it")
    parser.add_argument("--crop-json", type=Path, help="the crop's document")
    parser.add_argument("--mask", type=Path, help="mask of the eyes; painters that use landmarks ignore it")
    parser.add_argument("--donor-crop", type=Path, help="crop of the same person with open eyes")
    parser.add_argument("--donor-json", type=Path, help="the donor crop's document")
    parser.add_argument("--out-image", type=Path, help="where the painted crop goes")
    parser.add_argument("--out-alpha", type=Path, help="where the paint's opacity goes")
    parser.add_argument("--out-prepared", type=Path, help="picture before relighting, for debugging")
    parser.add_argument("--out-base", type=Path, help="picture before sharpness is matched, for debugging")
    parser.add_argument("--out-refined", type=Path, help="picture after sharpness is matched, for debugging")
    parser.add_argument(
        "--strategy", choices=("auto", *AUTO_STRATEGIES, *SDXL_STRATEGIES), help="how to open the eyes (auto)"
    )
    parser.add_argument("--eye-color", help="iris colour by name or #rrggbb; found by itself without")
    parser.add_argument(
        "--openness", type=float, help="0.5 half-closed .. 1 as the face would .. 1.2 wide (1.0)"
    )
    parser.add_argument("--seed", type=int, help=f"the same seed gives the same picture ({DEFAULT_SEED})")
    parser.add_argument("--prompt", help="what SDXL is to paint")
    parser.add_argument("--negative-prompt", help="what it is not to paint")
    parser.add_argument(
        "--weights",
        type=_named_path,
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="weights of SDXL, named as in gen/models.json; SDXL_BASE_PATH, SDXL_REFINER_PATH do it, too",
    )
    parser.add_argument(
        "--config", type=Path, help="JSON with any of these options; the command line beats it"
    )


def _named_path(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, Path(path)


def request_from(options: argparse.Namespace) -> Request:
    """The Request of a person's command line.

    Raises:
        StageError: a needed path or one half of a pair is missing, or a number is out of range.
    """
    values = read_gen_config(options.config) if options.config else {}
    values |= {name: given for name in SETTINGS if (given := getattr(options, name)) is not None}
    for name, flag in (("crop", "CROP"), ("crop_json", "--crop-json"), ("out_image", "--out-image")):
        if name not in values:
            raise _bad_arguments(f"{flag} is missing", "see --help")
    if ("donor_crop" in values) != ("donor_json" in values):
        raise _bad_arguments("a donor needs both --donor-crop and --donor-json", "give both or neither")
    openness = values.get("openness", 1.0)
    if not 0.5 <= openness <= 1.2:
        raise _bad_arguments(f"--openness {openness} is out of range", "give a number from 0.5 to 1.2")
    paths = {name: Path(values[name]).resolve() for name in (*_INPUTS, *_OUTPUTS) if name in values}
    for name in _INPUTS:
        if name in paths and not paths[name].is_file():
            raise StageError(
                ErrorCode.INPUT_MISSING,
                f"there is no file {paths[name]}",
                "check the path",
                ExitCode.UNREADABLE_INPUT,
            )
    for name in _OUTPUTS:
        if name in paths and paths[name] in [paths[i] for i in _INPUTS if i in paths]:
            raise _bad_arguments(f"--{name.replace('_', '-')} is an input", "choose another name")
    strategy = values.get("strategy", "auto")
    item = Item(
        item_id=paths["crop"].stem,
        seed=int(values.get("seed", DEFAULT_SEED)),
        strategies=_auto(options.backend) if strategy == "auto" else (strategy,),
        inputs={key: reference(name, paths[name].name) for name, key in _INPUTS.items() if name in paths},
        outputs={key: reference(name, paths[name].name) for name, key in _OUTPUTS.items() if name in paths},
        params=to_dict(
            GenItemParams(
                eye_colour=values.get("eye_color"),
                openness=openness,
                prompt=values.get("prompt", ""),
                negative_prompt=values.get("negative_prompt", ""),
            )
        ),
    )
    roots = {name: str(path.parent) for name, path in paths.items()}
    weights = {}
    for name, path in _weights(options).items():
        roots[f"{WEIGHTS_ROOT}{name}"] = str(path.resolve().parent)
        weights[name] = reference(f"{WEIGHTS_ROOT}{name}", path.resolve().name)
    return Request(
        request_id="gen",
        run_id="manual",
        stage="gen",
        backend=options.backend,
        items=(item,),
        roots=roots,
        params=to_dict(GenParams(weights=weights)),
    )


def _auto(backend: str) -> tuple[str, ...]:
    return SDXL_STRATEGIES[:1] if backend == "sdxl" else AUTO_STRATEGIES


def _weights(options: argparse.Namespace) -> dict[str, Path]:
    """By name; the command line wins over the environment."""
    if options.backend != "sdxl":
        return {}
    named = {name: Path(os.environ[v]) for name, v in WEIGHTS_VARIABLES.items() if os.environ.get(v)}
    return named | dict(options.weights)


def _bad_arguments(message: str, hint: str) -> StageError:
    return StageError(ErrorCode.BAD_ARGUMENTS, message, hint, ExitCode.USAGE)


def show(request: Request, result: Result) -> None:
    for item in result.items:
        print(f"{item.item_id}  {item.status}" + (f" by {item.strategy_used}" if item.strategy_used else ""))
        for eye in item.data.get("eyes", ()):
            iris = f", iris from {eye['iris_source']}" if eye["iris_source"] else ""
            print(f"  {eye['side']} eye: opening {eye['openness']:.2f} of its width{iris}")
        for refusal in item.refused:
            print(f"  {refusal.strategy} declined: {refusal.reason}")
        for warning in item.warnings:
            print(f"  note: {warning.message} [{warning.code}]")


STAGE = Stage(
    name="gen",
    module="gen.app.src.eyegen_micro",
    summary="Paints open eyes into the crop of a face: from a donor, the other eye, or by lifting the lid.",
    backends={
        "embedded": Backend(
            "gen.app.src.backends.embedded:open_session",
            environment="embedded",
            summary="donor, mirror and lid_lift; no weights, no GPU",
        ),
        "sdxl": Backend(
            "gen.app.src.backends.sdxl:open_session",
            environment="sdxl",
            needs=("sdxl_base",),
            uses=("sdxl_refiner", "sdxl_vae", "sdxl_lora", "sdxl_lcm_lora"),
            summary="sdxl and sdxl-turbo: inpainting by SDXL, refined; slow without a GPU",
        ),
    },
    default_backend="embedded",
    failure_code=ErrorCode.GENERATION_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("gen_params", "gen_item_params", "gen_item_data"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
