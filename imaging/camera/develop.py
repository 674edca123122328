"""Make a PNG of a HEIC or camera raw file, with everything about the photo that is worth keeping.

    python -m imaging.camera.develop PHOTO PNG MEGAPIXELS MEGABYTES

Standard output has one JSON object: `error`, null where it went well, and `notices`. A process of its own,
because decoders of foreign files crash.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.failures import error_info, exit_code_for
from contracts.finish import OutputOptions
from contracts.parent import die_with_parent
from imaging.photo_identity import PhotoLimits, developed_format, refuse
from imaging.photo_output import FORMAT_CHANGED, write_final


def develop(source: Path, target: Path, limits: PhotoLimits) -> tuple[Notice, ...]:
    """Write `target`, upright, in the source's depth (camera raw: 16 bits); returns what to know about it.

    Raises:
        StageError: INPUT_*, OUTPUT_NOT_WRITABLE, DISK_FULL. MemoryError.
    """
    file_format = developed_format(source, limits)
    if file_format == "HEIC":
        from imaging.camera.heic import read_heic as read
    elif file_format == "camera raw":
        from imaging.camera.raw import read_raw as read
    else:
        raise refuse(
            ErrorCode.INPUT_UNSUPPORTED, f"{source} is neither HEIC nor camera raw", "use it as it is"
        )
    photo = read(source, limits)
    written = write_final(target, photo, photo, OutputOptions(output_format="png"))
    kept = (notice for notice in written.warnings if notice.code != FORMAT_CHANGED)
    return (*photo.warnings, *kept)


def main(arguments: Sequence[str]) -> int:
    die_with_parent()
    source, target, megapixels, megabytes = arguments
    error = None
    notices: tuple[Notice, ...] = ()
    try:
        notices = develop(Path(source), Path(target), PhotoLimits(float(megapixels), float(megabytes)))
    except (StageError, MemoryError) as problem:
        error = error_info(problem, ErrorCode.INTERNAL)
    json.dump({"error": to_dict(error), "notices": to_dict(notices)}, sys.stdout)
    return int(exit_code_for(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
