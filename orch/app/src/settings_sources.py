"""Where settings come from: default file < config file < environment variables < command line.

Each source is checked by itself before they are merged, so that a refusal names the file and line,
the variable or the option that is wrong, and not the sum of all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from orch.app.src.calling.options import Override
from orch.app.src.settings import Settings, settings_of
from orch.app.src.settings_refusals import Place, first_fault

DEFAULT_CONFIG = CHECKOUT / "config" / "default.json"

ENVIRONMENT_KEYS: dict[str, tuple[str, ...]] = {
    "PIPELINE_LOG_FORMAT": ("processing", "log_format"),
    "PIPELINE_VERBOSE": ("processing", "verbose"),
    "SDXL_BASE_PATH": ("models", "sdxl_base"),
    "SDXL_REFINER_PATH": ("models", "sdxl_refiner"),
    "CODEFORMER_PATH": ("restoration", "model_path"),
    "LLM_MODEL_PATH": ("models", "llm"),
}
_SWITCH = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


def load_settings(
    config_file: Path | None, overrides: Iterable[Override], environ: Mapping[str, str]
) -> Settings:
    """Merge all sources.

    Args:
        config_file: a file that merges over `config/default.json`; None takes the defaults alone.
        overrides: of the command line or a caller, strongest last.
        environ: environment variables; only those of `ENVIRONMENT_KEYS` are read, empty ones ignored.

    Raises:
        StageError: BAD_CONFIG naming the place, with the nearest right name for an unknown key.
    """
    layers: list[dict[str, Any]] = [read_config(DEFAULT_CONFIG)]
    if config_file is not None:
        layers.append(read_config(config_file))
    layers += [_checked_override(o) for o in (*environment_overrides(environ), *overrides)]
    merged: dict[str, Any] = reduce(merge, layers, {})
    return settings_of(merged)


def read_config(path: Path) -> dict[str, Any]:
    """A config file as plain JSON values, checked; keys left out stay left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _refuse(f"config file {path} does not exist", "see the config folder for examples") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _refuse(f"config file {path} cannot be read: {error}") from error
    try:
        document = json.loads(text, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        raise _refuse(f"{path}, line {error.lineno}: {_json_problem(text, error)}") from error
    except (ValueError, RecursionError) as error:  # a key twice, endless digits, brackets in brackets
        raise _refuse(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise _refuse(f"{path}: a configuration is a JSON object: {{...}}")
    document.pop("$schema", None)
    check(document, lambda place: f"{path}, line {_line_of(text, place)}")
    return document


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} is there twice")
    return entries


def environment_overrides(environ: Mapping[str, str]) -> list[Override]:
    """The environment variables of the original design that are set, as overrides."""
    found = []
    for name, key in ENVIRONMENT_KEYS.items():
        value: object = environ.get(name, "")
        if value == "":
            continue
        if name == "PIPELINE_VERBOSE":
            value = _SWITCH.get(str(value).lower(), value)
        found.append(Override(f"environment variable {name}", key, value))
    return found


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Objects merge key by key; any other value of `over` replaces that of `base`."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def check(document: Mapping[str, Any], place_name: Callable[[Place], str]) -> None:
    """Refuse what `Settings` refuses.

    Args:
        place_name: maps a key path to how the source calls it.

    Raises:
        StageError: BAD_CONFIG.
    """
    try:
        settings_of(document)
    except msgspec.ValidationError as error:
        fault = first_fault(document, error)
        raise _refuse(f"{place_name(fault.place)}: {fault.message}") from error
    except UnicodeEncodeError as error:  # lone surrogates, as of bytes that are no UTF-8
        raise _refuse(f"{place_name(())}: not valid Unicode: {str(error.object)!a}") from error


def _checked_override(override: Override) -> dict[str, Any]:
    document = reduce(lambda inner, key: {key: inner}, reversed(override.key), override.value)
    assert isinstance(document, dict)  # keys are never empty
    check(document, lambda place: override.label)
    return document


def _json_problem(text: str, error: json.JSONDecodeError) -> str:
    rest = text[error.pos :].lstrip()
    if rest.startswith(("//", "/*", "#")):
        return "comments are not allowed in JSON; remove it"
    return f"not valid JSON: {error.msg} (column {error.colno})"


def _line_of(text: str, place: Place) -> int:
    """Line of a key: each name of its path is looked for behind the one before."""
    position = 0
    for part in place:
        if isinstance(part, str):
            position = max(position, text.find(json.dumps(part), position))
    return text.count("\n", 0, position) + 1


def _refuse(message: str, hint: str = "") -> StageError:
    return StageError(ErrorCode.BAD_CONFIG, message, hint, ExitCode.USAGE)
