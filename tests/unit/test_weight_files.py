"""Files of no published checksum: what can be told from themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.model_manifest import ModelFile
from contracts.weight_files import looks_whole
from tests.unit.weight_server import safetensors

WHOLE = safetensors(400)
LIES = [
    b"",
    b"<htm",
    b"<html>" + b" " * 900,
    WHOLE[:-1],
    WHOLE + b"\n",
    (2).to_bytes(8, "little") + b"[]",
    (9).to_bytes(8, "little") + b'{"a": {}}',
]


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_safetensors_end_where_their_header_says(tmp_path: Path) -> None:
    assert looks_whole(written(tmp_path, "a.safetensors", WHOLE))
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    empty = len(header).to_bytes(8, "little") + header
    assert looks_whole(written(tmp_path, "b.safetensors", empty))
    for content in LIES:
        assert not looks_whole(written(tmp_path, "c.safetensors", content)), content[:20]


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("config.json", b'{"a": 1}', True),
        ("config.json", b'{"a": 1', False),
        ("config.json", b"null", False),
        ("config.json", b"\xff\xfe", False),
        ("model.GGUF", b"GGUF\x03", True),
        ("model.gguf", b"<htm", False),
        ("merges.txt", b"#version: 0.2\ni n\n", True),
        ("merges.txt", b"", False),
        ("merges.txt", b"\xef\xbb\xbf\n <!DOCTYPE html><html>", False),
    ],
)
def test_other_kinds(tmp_path: Path, name: str, content: bytes, whole: bool) -> None:
    assert looks_whole(written(tmp_path, name, content)) is whole


def test_a_checksum_says_more_than_looks(tmp_path: Path) -> None:
    written(tmp_path, "a.safetensors", b"<html>")
    assert ModelFile("a.safetensors").state(tmp_path, hashes=False) == "damaged"
    assert ModelFile("a.safetensors", sha256="0" * 64).state(tmp_path) == "wrong checksum"
