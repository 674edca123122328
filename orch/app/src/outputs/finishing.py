"""Finished pictures: encoded with the photo's metadata and with what a viewer should know about them.

The provenance keeps the names of the original design (Version, Config, Timestamps, GeneratedAt).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from contracts.codec import to_dict
from orch.app.src.report import VariationReport, WrittenFile
from orch.app.src.settings import Settings
from orch.app.src.version import PROGRAM, VERSION


@dataclass(frozen=True)
class Finished:
    """A picture to be written.

    Attributes:
        photo: the original, as stages read it.
        picture: the edited one, upright and lossless.
        seconds: stage -> how long it worked so far.
        models: name -> what tells the weights that were used; see Versions.
    """

    photo: Path
    picture: Path
    target: Path
    variation: VariationReport
    seconds: Mapping[str, float]
    models: Mapping[str, str]


class WriteFinal(Protocol):
    """Writes a finished picture.

    Raises:
        StageError: it cannot be written.
    """

    def __call__(self, finished: Finished) -> WrittenFile: ...


def final_writer(settings: Settings) -> WriteFinal:
    """Writes through `imaging.photo_output`."""

    def write(finished: Finished) -> WrittenFile:
        # Pixels and metadata libraries load while the stages work, not when the program starts.
        from contracts.files import sha256_file
        from imaging.digital_source_type import digital_source_type
        from imaging.photo_output import OutputOptions, write_final

        options = OutputOptions(
            output_format=settings.output.format,
            strip_metadata=settings.output.strip_metadata,
            provenance=provenance(settings, finished),
            source_type=digital_source_type(finished.variation.methods()),
            edited_regions=finished.variation.regions(),
        )
        written = write_final(finished.target, finished.picture, finished.photo, options)
        return WrittenFile(
            path=str(finished.target),
            sha256=sha256_file(finished.target),
            file_format=written.file_format,
            bit_depth=written.bit_depth,
            recompression=to_dict(written.recompression),
            warnings=written.warnings,
        )

    return write


def provenance(settings: Settings, finished: Finished) -> dict[str, str]:
    """What made a picture, as name -> text."""
    variation = finished.variation
    return {
        "Program": PROGRAM,
        "Version": VERSION,
        "GeneratedAt": datetime.now().astimezone().isoformat(timespec="seconds"),
        "RunId": variation.run_id,
        "Seed": str(variation.seed),
        "Strategies": ", ".join(variation.strategies()),
        "Config": _json(shareable(settings)),
        "Models": _json(dict(sorted(finished.models.items()))),
        "Timestamps": _json(dict(finished.seconds)),
    }


def shareable(settings: Settings) -> dict[str, Any]:
    """The configuration without the folders of the person's machine: finished pictures are shared."""
    config = settings.model_dump()
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
