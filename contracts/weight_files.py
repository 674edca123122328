"""Whether a file of weights is whole as far as it tells by itself: for files of no published checksum."""

from __future__ import annotations

import json
from pathlib import Path

_LONGEST_SAFETENSORS_HEADER = 100_000_000
"""Bytes; the limit of the safetensors library."""
_PAGES = (b"<!doctype", b"<html", b"<?xml")
"""How the pages begin that servers and proxies send in place of a file."""


def looks_whole(path: Path) -> bool:
    """Whether a file is what its ending says, from its first to its last byte where the format tells.

    `.safetensors`: the header describes exactly the bytes that follow. `.json`: one JSON object. `.gguf`:
    the first bytes. Others: neither empty nor a page for a browser. Takes milliseconds.

    Raises:
        OSError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return _is_whole_safetensors(path)
    if suffix == ".json":
        return _is_json_object(path)
    with open(path, "rb") as handle:
        begins = handle.read(64)
    if suffix == ".gguf":
        return begins.startswith(b"GGUF")
    return bool(begins) and not begins.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES)


def _is_whole_safetensors(path: Path) -> bool:
    """8 bytes with the header's length, the header as JSON, then tensors without gaps to the end."""
    size = path.stat().st_size
    with open(path, "rb") as handle:
        begin = 8 + int.from_bytes(handle.read(8), "little")
        if begin > min(size, _LONGEST_SAFETENSORS_HEADER):
            return False
        header = handle.read(begin - 8)
    try:
        tensors = json.loads(header)
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
        return bool(begin + max(ends, default=0) == size)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return False


def _is_json_object(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return False
