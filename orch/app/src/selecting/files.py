"""Reading the files in which a person chose something: strictly, and with words for a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from contracts.codec import ContractError, from_dict
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

T = TypeVar("T")

Kind = Literal["faces", "picks"]

_MEANT_FOR: dict[object, str] = {
    "faces": "it chooses faces, which is for a run: give it to --selection",
    "picks": "it chooses among finished pictures: give it to the command select",
}


def read_choice(cls: type[T], kind: Kind, path: Path) -> T:
    """A document whose key `kind` says what it is for.

    Raises:
        StageError: BAD_SELECTION where it is missing, no JSON, of the other kind, or where something in it
            does not fit `cls`; the message names the place.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin files with a mark
        given = data.get("kind") if isinstance(data, dict) else None
        if given != kind and given in ("faces", "picks"):
            raise ContractError(_MEANT_FOR[given])
        return from_dict(cls, data, path.name)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    except json.JSONDecodeError as error:
        problem = f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except (UnicodeDecodeError, RecursionError):
        problem = "is not JSON in UTF-8"
    except ContractError as error:
        problem = str(error)
    raise StageError(
        ErrorCode.BAD_SELECTION,
        f"selection {path}: {problem}",
        "mend it, or save it again from the run's page",
        ExitCode.USAGE,
    )
