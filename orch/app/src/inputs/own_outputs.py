"""Pictures that earlier runs made, told by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

_KINDS = (
    "final_restore|final_result|restored_faces|3_final_result|3_final_alpha|0_prepared|1_base_output|2_refined"
    "|face_crop|face_mask|face"
)
_ROLE = r"(?:shared|original|variation_\d\d)"
_TIMESTAMP = r"\d{8}_\d{6}"


def names_by_run(run_ids: Iterable[str] = ()) -> re.Pattern[str]:
    """Matches stems of the names that `run_paths` makes, for runs that are named by their time.

    A person's own photo may be called face_anna_original, which takes more than the look of the name.

    Args:
        run_ids: of runs that persons named; their pictures are told by these ids alone.
    """
    ids = "|".join([_TIMESTAMP, *map(re.escape, run_ids)])
    by_id = rf"(?:{_KINDS})_(?:[LR]_)?(?:\d+_)?(?:{ids})_(?:.+_)?{_ROLE}(?:_retry_\d)?"
    developed = r"developed_.+_[0-9a-f]{8}_shared"
    return re.compile(rf"(?:{by_id}|{developed})\Z", re.DOTALL)
