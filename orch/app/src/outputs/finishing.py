"""Finished pictures: encoded with the photo's metadata and with what a viewer should know about them.

The provenance keeps the names of the original design (Version, Config, Timestamps, GeneratedAt).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.codec import from_dict, to_dict
from contracts.failures import stage_error
from contracts.files import atomic_path
from contracts.finish import FinishItemData, FinishItemParams
from imaging.digital_source_type import digital_source_type
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.report import VariationReport, WrittenFile
from orch.app.src.run_paths import RunPathManager
from orch.app.src.settings import Settings
from orch.app.src.version import PROGRAM, VERSION


@dataclass(frozen=True)
class Finished:
    """A picture to be written.

    Attributes:
        photo: the original, as stages read it.
        picture: the edited one, upright and lossless.
        paths: of its variation.
        target: where it goes.
    """

    photo: Path
    picture: Path
    paths: RunPathManager
    target: Path
    variation: VariationReport


def write_finished(finished: Finished, requests: RequestMaker, ask: Asker) -> WrittenFile:
    """Have a picture encoded, and put it into its place whole.

    Raises:
        StageError: it cannot be written.
    """
    settings, variation = requests.settings, finished.variation
    params = FinishItemParams(
        output_format=settings.output.format,
        strip_metadata=settings.output.strip_metadata,
        provenance=provenance(settings, variation, ask.seconds, ask.models),
        source_type=digital_source_type(variation.methods()),
        edited_regions=variation.regions(),
    )
    made = finished.paths.get_finished(finished.target.suffix)
    (answer,) = ask(requests.finish(finished.picture, finished.photo, made, params), "write").items
    if answer.error:
        raise stage_error(answer.error)
    written = from_dict(FinishItemData, answer.data, "finish data").written
    assert written is not None, "it was asked for"
    with atomic_path(finished.target, lasting=True) as temporary:
        shutil.move(made, temporary)
    return WrittenFile(
        path=str(finished.target),
        sha256=answer.outputs["final"].sha256,
        file_format=written.file_format,
        bit_depth=written.bit_depth,
        recompression=to_dict(written.recompression),
        warnings=answer.warnings,
    )


def provenance(
    settings: Settings, variation: VariationReport, seconds: Mapping[str, float], models: Mapping[str, str]
) -> dict[str, str]:
    """What made a picture, as name -> text.

    Args:
        seconds: stage -> how long it worked so far.
        models: name -> what tells the weights that were used; see Versions.
    """
    return {
        "Program": PROGRAM,
        "Version": VERSION,
        "GeneratedAt": datetime.now().astimezone().isoformat(timespec="seconds"),
        "RunId": variation.run_id,
        "Seed": str(variation.seed),
        "Strategies": ", ".join(variation.strategies()),
        "Config": _json(shareable(settings)),
        "Models": _json(dict(sorted(models.items()))),
        "Timestamps": _json(dict(seconds)),
    }


def shareable(settings: Settings) -> dict[str, Any]:
    """The configuration without the folders of the person's machine: finished pictures are shared."""
    config = settings.as_json()
    config["input"]["image_path"] = [Path(path).name for path in settings.image_paths()]
    for section, key in (
        ("generation", "donor"),
        ("restoration", "model_path"),
        *(("models", name) for name in config["models"]),
    ):
        if config[section][key]:
            config[section][key] = Path(config[section][key]).name
    return config


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
