"""Ids of runs, photos and variations: what file names are made of.

20250207_143022                      the batch: one call of the program, or the id a person gave
20250207_143022_shared               what all variations of a photo share
20250207_143022_original             the photo opened with the configuration as it is
20250207_143022_variation_01
20250207_143022_IMG_7_jpg_original   one of several photos
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import PurePath

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

SHARED = "shared"
ORIGINAL = "original"

_RUN_ID = re.compile(r"\w[\w.-]{0,79}\Z")
_LONGEST_PHOTO_ID = 120
"""Bytes; leaves room in the 255 of a file name for the longest prefix and variation."""


def timestamp_id(now: datetime) -> str:
    """The id of a batch that nobody named: YYYYMMDD_HHMMSS."""
    return now.strftime("%Y%m%d_%H%M%S")


def checked_run_id(run_id: str) -> str:
    """A person's run id, as it is.

    Raises:
        StageError: BAD_RUN_ID where it is empty, too long, or could be read as a path or an option.
    """
    if not _RUN_ID.match(run_id) or ".." in run_id:
        raise StageError(
            ErrorCode.BAD_RUN_ID,
            f"run id {run_id!r} cannot be part of a file name",
            "use up to 80 letters, digits, '_', '-' and '.', beginning with a letter or digit",
            ExitCode.USAGE,
        )
    return run_id


def variation_id(number: int) -> str:
    """ "original" for 0, "variation_01" for 1, ..."""
    return ORIGINAL if number == 0 else f"variation_{number:02d}"


def photo_id(name: str) -> str:
    """A photo's file name as part of a run id: the stem and, to keep a.jpg and a.png apart, the suffix.

    Names too long for the file names made of them are cut and told apart by a hash.
    """
    path = PurePath(name)
    identifier = f"{path.stem}_{path.suffix[1:]}" if path.suffix else path.stem
    if len(identifier.encode()) <= _LONGEST_PHOTO_ID:
        return identifier
    return _with_hash(identifier, identifier)


def photo_id_by_path(path: PurePath) -> str:
    """The same with a hash of the path, for photos whose ids are alike in one folder: q.jpg and q_jpg."""
    return _with_hash(photo_id(path.name), str(path))


def _with_hash(identifier: str, hashed: str) -> str:
    kept = identifier.encode()[: _LONGEST_PHOTO_ID - 9].decode(errors="ignore")
    return f"{kept}-{hashlib.sha256(hashed.encode()).hexdigest()[:8]}"
