"""Stage 0: variations of the four prompt fields, kept true to the original.

    python -m preenh.app.src.pre_enhance_prompt --config config/default.json --num-variations 4 \\
        --out-dir variations/
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

from contracts.envelope import Item, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import reference
from contracts.stage import Backend, Stage
from contracts.stage_main import stage_main
from environments.reexec import ensure_environment

STAGE_FOLDER = Path(__file__).resolve().parents[2]
DEFAULT_CONFIG = STAGE_FOLDER.parent / "config" / "default.json"
DEFAULT_SEED = 42
MODEL = "llm"
MODEL_VARIABLE = "LLM_MODEL_PATH"
"""Environment variable that names the language model, as in the original design."""


def read_prompts(config: Path) -> dict[str, str]:
    """The parameters of a request from a configuration file, merged over `config/default.json`.

    Raises:
        StageError: BAD_CONFIG where a file is missing, not JSON, or a prompt is not text.
    """
    generation: dict[str, Any] = {}
    refiner: dict[str, Any] = {}
    instruction: Any = ""
    for path in dict.fromkeys((DEFAULT_CONFIG, config.resolve())):
        document = _read_object(path)
        given = _object(document.get("generation", {}), path, "generation")
        refiner |= _object(given.get("refiner", {}), path, "generation.refiner")
        generation |= given
        instruction = document.get("pre_enhance_instruction_prompt", instruction)
    prompts = {
        "prompt": generation.get("prompt", ""),
        "negative_prompt": generation.get("negative_prompt", ""),
        "refiner_prompt": refiner.get("prompt", ""),
        "refiner_negative_prompt": refiner.get("negative_prompt", ""),
        "instruction": instruction,
    }
    for name, value in prompts.items():
        if not isinstance(value, str):
            raise _bad_config(config, f"{name.replace('refiner_', 'refiner.')} must be text")
    return prompts


def _read_object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad_config(path, error.strerror or str(error)) from error
    except ValueError as error:  # not JSON, or not UTF-8
        raise _bad_config(path, f"not JSON: {error}") from error
    return _object(document, path, "the file")


def _object(value: Any, path: Path, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad_config(path, f"{what} must be an object")
    return value


def _bad_config(path: Path, reason: str) -> StageError:
    return StageError(
        ErrorCode.BAD_CONFIG, f"configuration {path}: {reason}", "see config/default.json", ExitCode.USAGE
    )


def variation_name(number: int) -> str:
    """Name of variation `number` (from 1), for files and run ids."""
    return f"variation_{number:02d}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, help="configuration with the prompts to vary"
    )
    parser.add_argument("--num-variations", type=_count, default=4, metavar="N", help="how many (4)")
    parser.add_argument("--out-dir", type=Path, required=True, help="folder for variation_NN.json")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help=f"other wordings ({DEFAULT_SEED})")
    parser.add_argument(
        "--weights",
        type=_named_file,
        metavar="llm=FILE",
        help="the GGUF for --backend llama; the environment variable LLM_MODEL_PATH names it, too",
    )


def _named_file(text: str) -> Path:
    name, _, path = text.partition("=")
    if name != MODEL or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not {MODEL}=FILE")
    return Path(path)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 99:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 99")
    return int(text)


def request_from(options: argparse.Namespace) -> Request:
    items = tuple(
        Item(
            item_id=variation_name(number),
            variation_id=variation_name(number),
            seed=options.seed,
            outputs={"variation": reference("out", f"{variation_name(number)}.json")},
            params={"number": number},
        )
        for number in range(1, options.num_variations + 1)
    )
    roots = {"out": str(options.out_dir.resolve())}
    weights = {}
    named = options.weights or (Path(os.environ[MODEL_VARIABLE]) if os.environ.get(MODEL_VARIABLE) else None)
    if named:
        roots["weights"] = str(named.resolve().parent)
        weights[MODEL] = reference("weights", named.resolve().name)
    return Request(
        request_id="preenh",
        run_id="manual",
        stage="preenh",
        backend=options.backend,
        items=items,
        roots=roots,
        params={**read_prompts(options.config), "weights": weights},
    )


def show(request: Request, result: Result) -> None:
    for item in result.items:
        if item.error:
            print(f"{item.item_id}  failed: {item.error.message} [{item.error.code}]")
            continue
        print(f"{item.item_id}  {request.roots['out']}/{item.item_id}.json")
        print(f"              {item.data['prompt']}")
        for warning in item.warnings:
            print(f"              note: {warning.message} [{warning.code}]")


STAGE = Stage(
    name="preenh",
    module="preenh.app.src.pre_enhance_prompt",
    summary="Writes variations of the four prompt fields that keep what the prompts say.",
    backends={
        "rules": Backend(
            "preenh.app.src.backends.rules:open_session",
            summary="the original text plus curated fragments; no weights",
        ),
        "llama": Backend(
            "preenh.app.src.backends.llama:open_session",
            environment="llama",
            needs=("llm",),
            summary="a language model of your own, any GGUF, on the CPU; what fails the checks, rules write",
        ),
        "smollm2": Backend(
            "preenh.app.src.backends.llama:open_packaged_session",
            environment="smollm2",
            summary="a very small language model from a package, to try things out; otherwise as llama",
        ),
    },
    default_backend="rules",
    failure_code=ErrorCode.PRE_ENHANCEMENT_FAILED,
    add_arguments=add_arguments,
    request_from=request_from,
    show=show,
    schemas=("preenh_params", "preenh_item_params"),
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, ensure=functools.partial(ensure_environment, STAGE_FOLDER, STAGE.module)))
