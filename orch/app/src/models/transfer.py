"""One file from a server to a `.part` file, going on where an earlier attempt stopped.

A `.part` has a `.tag` beside it: the url and the server's ETag. The rest is asked for with `If-Range`,
so that a file that changed on the server starts anew instead of becoming a mixture.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import output_error
from orch.app.src.models import web

PART, TAG = ".part", ".tag"
MOST_FAILURES = 5
"""Broken connections in a row, without a byte between them, after which we give up."""
_LONGEST_PAUSE_S = 20.0
_BLOCK = 1 << 20

OnBytes = Callable[[int], None]
"""Told how many bytes are there in all."""


class FromTheStart(HTTPError):
    """The connection broke while the server sent all of a file again instead of the rest."""


@dataclass(frozen=True)
class Source:
    """size: bytes, None where unknown. pinned: the content is checked afterwards, so that a server
    without ETags may be asked to go on too."""

    url: str
    size: int | None = None
    pinned: bool = False


def download(
    source: Source, target: Path, on_bytes: OnBytes, pause: Callable[[float], None] = time.sleep
) -> Path:
    """Fetch into `target` + ".part" and return that; what is there already stays there on failure.

    Raises:
        StageError: DOWNLOAD_FAILED, WEIGHTS_CHECKSUM where the server has a file of another size,
            DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    part = target.with_name(target.name + PART)
    failures = 0
    while True:
        before = _size(part)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            _fetch_rest(source, part, on_bytes)
            return part
        except HTTPError as error:
            failures = 1 if _size(part) > before else failures + 1
            if failures == MOST_FAILURES:
                raise StageError(
                    ErrorCode.DOWNLOAD_FAILED,
                    f"the connection broke {failures} times while fetching {source.url}: {error}",
                    _outlook(source, part, isinstance(error, FromTheStart)),
                    ExitCode.ENVIRONMENT,
                ) from error
            pause(min(_LONGEST_PAUSE_S, 0.5 * 2**failures))
        except OSError as error:
            raise output_error(part, error) from error


def _outlook(source: Source, part: Path, from_the_start: bool) -> str:
    """What running the same command again is good for."""
    if from_the_start or _known_tag(source, part) is None:
        return "nothing is kept that could be gone on with: the same command fetches it from its start"
    return f"{_size(part) / 1e6:.1f} MB are kept: run the same command again to go on"


def discard(part: Path) -> None:
    """Remove a `.part` and its tag."""
    part.unlink(missing_ok=True)
    _tag(part).unlink(missing_ok=True)


def _fetch_rest(source: Source, part: Path, on_bytes: OnBytes) -> None:
    known = _known_tag(source, part)
    if known is None:
        discard(part)
    have = _size(part)
    if source.size is not None and have == source.size:
        return on_bytes(have)
    headers = {"Range": f"bytes={have}-", **({"If-Range": known} if known else {})} if have else {}
    response = web.get(source.url, headers)
    try:
        start, total = _range_of(response, have)
        if response.status == 416 and total == have:  # all of it is there, and its size was not known
            return on_bytes(have)
        endless = source.size is None and total is None
        if response.status == 416 or start not in (0, have) or (endless and start):
            discard(part)
            raise HTTPError("the server does not go on where it was asked to")
        if endless and "chunked" not in response.headers.get("Transfer-Encoding", ""):
            raise _endless(source)  # broken off it would look whole; chunks tell where they end
        _check_size(source, total)
        _append(response, source, part, start, on_bytes)
    except HTTPError as error:
        if have and start == 0:
            raise FromTheStart(str(error)) from error
        raise
    finally:
        response.close()
    return None


def _append(response: BaseHTTPResponse, source: Source, part: Path, start: int, on_bytes: OnBytes) -> None:
    if start == 0:
        etag = response.headers.get("ETag", "")
        strong = "" if etag.startswith("W/") else etag
        _tag(part).write_text(json.dumps({"url": source.url, "etag": strong}), encoding="utf-8")
    with open(part, "ab" if start else "wb") as handle:
        while block := response.read1(_BLOCK):  # what came before a break is kept too
            handle.write(block)
            on_bytes(handle.tell())


def _range_of(response: BaseHTTPResponse, have: int) -> tuple[int, int | None]:
    """Where the body starts and how long the whole file is, as the server says."""
    if response.status == 200:
        length = response.headers.get("Content-Length")
        return 0, int(length) if length and length.isdecimal() else None
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
    if match is None:
        return -1, None
    total = None if match[2] == "*" else int(match[2])
    return have if match[1] is None else int(match[1]), total


def _check_size(source: Source, total: int | None) -> None:
    if source.size is not None and total is not None and total != source.size:
        raise StageError(
            ErrorCode.WEIGHTS_CHECKSUM,
            f"{source.url} has {total} bytes, and {source.size} are expected: it is another file",
            "find the right one elsewhere, then models import FILE",
            ExitCode.ENVIRONMENT,
        )


def _endless(source: Source) -> StageError:
    return StageError(
        ErrorCode.DOWNLOAD_FAILED,
        f"the server does not say how long {source.url} is, so nobody could tell whether all of it came",
        "try another network or proxy",
        ExitCode.ENVIRONMENT,
    )


def _known_tag(source: Source, part: Path) -> str | None:
    """The ETag of what is in the `.part`, "" for none; None where it must not be gone on with."""
    try:
        tag = json.loads(_tag(part).read_text(encoding="utf-8"))
        url, etag = tag["url"], tag["etag"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if url != source.url or not isinstance(etag, str):
        return None
    return etag if etag or source.pinned else None


def _tag(part: Path) -> Path:
    return part.with_name(part.name + TAG)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
