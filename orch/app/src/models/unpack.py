"""Unpacking an archive of weights: only the files that the manifest lists, each checked."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.model_manifest import ModelEntry


def unpack(archive: Path, entry: ModelEntry, folder: Path) -> None:
    """Take the files of `entry` out of a zip into `folder`.

    A member is found by its path, or below one folder of the archive's own (buffalo_l/det_10g.onnx).
    Nothing else in the archive is looked at, so that it cannot write elsewhere.

    Raises:
        StageError: WEIGHTS_CHECKSUM where it is no zip or a file is missing.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = {_inside(info.filename): info for info in reversed(zipped.infolist())}
            members |= {info.filename: info for info in zipped.infolist()}
            for file in entry.files:
                if file.path not in members:
                    raise _broken(entry, f"{file.path} is not in the archive")
                target = folder / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                with zipped.open(members[file.path]) as source, open(target, "wb") as written:
                    shutil.copyfileobj(source, written, 1 << 20)
    except zipfile.BadZipFile as error:
        raise _broken(entry, f"{archive.name} is no whole zip archive: {error}") from error


def _inside(name: str) -> str:
    """The path without the archive's own top folder."""
    return str(PurePosixPath(*PurePosixPath(name).parts[1:]))


def _broken(entry: ModelEntry, reason: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_CHECKSUM,
        f"{entry.name}: {reason}",
        f"fetch it again with models pull {entry.name}",
        ExitCode.ENVIRONMENT,
    )
