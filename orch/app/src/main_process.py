"""`main()` as a process: `python -m orch.app.src.main_process`, its arguments as JSON in, its results out."""

from __future__ import annotations

import json
import sys
from typing import Any

from contracts.codec import to_dict
from contracts.error_codes import StageError
from contracts.exit_codes import ExitCode
from orch.app.src.errors import described, exit_code_of
from orch.app.src.open_the_eyes import main


def answer() -> int:
    try:
        results: dict[str, Any] = {"results": main(**json.load(sys.stdin))}
    except StageError as error:
        results = {"error": to_dict(described(error)), "exit_code": int(exit_code_of(error))}
    json.dump(results, sys.stdout)
    return int(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(answer())
