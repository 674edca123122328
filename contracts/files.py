"""References under named roots, atomic writes and hashes.

A reference is `<root>:<relative posix path>`, for instance `work:crop/face_crop_0.png`. Roots are
given once per request as absolute folders, so that moved folders and containers are a matter of
other roots. No reference leaves its root.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

ROOT_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
TEMPORARY_PREFIX = ".ote-"
"""Temporary files start with this, so that leftovers of a killed run can be told and removed."""


WEIGHTS_ROOT = "weights_"
"""Names of roots that hold weights start with this."""


def _refuse(reference: str, reason: str) -> StageError:
    return StageError(
        ErrorCode.BAD_REQUEST, f"path reference {reference!r}: {reason}", exit_code=ExitCode.USAGE
    )


@functools.lru_cache(maxsize=64)
def _real(root: Path) -> Path:
    """Where a root really is: of hundreds of references to a few roots."""
    return root.resolve()


def reference(root: str, *parts: str) -> str:
    """Join a root name and path parts to a reference."""
    return f"{root}:{PurePosixPath(*parts)}"


def resolve(roots: Mapping[str, str], ref: str) -> Path:
    """Absolute path of a reference.

    Raises:
        StageError: unknown root, relative root, absolute path, `..`, or a link that leads out of the root.
    """
    root_name, colon, relative = ref.partition(":")
    if not colon or not ROOT_NAME.match(root_name):
        raise _refuse(ref, "expected <root>:<relative path>")
    if root_name not in roots:
        raise _refuse(ref, f"unknown root {root_name!r}; known: {', '.join(sorted(roots))}")
    root = Path(roots[root_name])
    pure = PurePosixPath(relative)
    if not root.is_absolute():
        raise _refuse(ref, f"root {root_name!r} is not absolute")
    if not relative or "\0" in relative or pure.is_absolute() or ".." in pure.parts:
        raise _refuse(ref, "must be a relative path without '..'")
    path = root.joinpath(*pure.parts)
    # What is only read, photos and weights, may be a link to another disk; what is written, and every
    # folder on the way, may not.
    is_read = root_name == "in" or root_name.startswith(WEIGHTS_ROOT)
    if not is_read and not path.resolve().is_relative_to(_real(root)):
        raise _refuse(ref, f"leads out of root {root_name!r}")
    return path


@contextlib.contextmanager
def atomic_path(path: Path, lasting: bool = False) -> Iterator[Path]:
    """A temporary path in the folder of `path`; on success it replaces `path`, else it goes.

    The suffix is kept, because image libraries choose the format by it.

    Args:
        lasting: it is on the disk when this ends, and survives the machine's death. That takes a disk up to
            half a second; what only the next stage reads has no need of it.

    Raises:
        StageError: DISK_FULL or OUTPUT_NOT_WRITABLE instead of the operating system's error.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if lasting:
            with open(temporary, "rb+") as handle:
                os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def output_error(path: Path, error: OSError) -> StageError:
    """The project's error for a failed write to `path`."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StageError(
            ErrorCode.DISK_FULL,
            f"no space left to write {path}",
            "free some space and run again",
            ExitCode.RESOURCE,
            retryable=True,
        )
    return StageError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"cannot write {path}: {error.strerror or error}",
        "choose another folder with --output",
        ExitCode.RESOURCE,
    )


def write_json(path: Path, document: Any, lasting: bool = False) -> None:
    """Write a JSON document by `atomic_path`, UTF-8, keys in the order given."""
    with atomic_path(path, lasting) as temporary:
        temporary.write_text(
            json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8"
        )


def read_json(path: Path) -> Any:
    """A JSON document.

    Raises:
        StageError: BAD_REQUEST where it is missing, unreadable or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or f"it is no JSON, {error}"
        raise StageError(
            ErrorCode.BAD_REQUEST, f"cannot read the document {path}: {why}", exit_code=ExitCode.USAGE
        ) from error


def sha256_file(path: Path) -> str:
    """Hex digest of a file, read in blocks."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
