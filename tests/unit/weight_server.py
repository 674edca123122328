"""A server of weights on 127.0.0.1 that can behave badly, started and ended by a test."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from contracts.model_manifest import ModelEntry, ModelFile
from orch.app.src.models.catalogue import StageModel


@dataclass
class WeightServer:
    """What it serves, and how.

    Attributes:
        files: path -> content.
        drop_after: path -> how many bytes of each answer are sent before the connection is cut.
        ranges: whether it can go on in the middle.
        etags: whether it names versions.
        lengths: whether it says how long an answer is.
        statuses: path -> answers to give before the real one.
        redirects: path -> where it really is, as the hub sends to its store.
        asked: (path, Range header) of every request.
    """

    files: dict[str, bytes]
    drop_after: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    lengths: bool = True
    statuses: dict[str, list[int]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def model(self, name: str, path: str, **changes: Any) -> StageModel:
        """A manifest's entry for a file that is served."""
        content = self.files[path]
        fields: dict[str, Any] = {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "url": self.url(path),
            "licence": "MIT",
            "commercial_use": True,
            **changes,
        }
        return StageModel("res", ModelEntry(name, "tests", fields.pop("file", path), **fields))


def safetensors(size: int) -> bytes:
    """A whole file of one tensor of `size` bytes."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def model_file(path: str, content: bytes) -> ModelFile:
    return ModelFile(path, len(content), hashlib.sha256(content).hexdigest())


@contextlib.contextmanager
def serving(files: dict[str, bytes], **behaviour: Any) -> Iterator[WeightServer]:
    """Serve until the block ends; on this machine only, on a free port."""
    served = WeightServer(files, **behaviour)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(served: WeightServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            wanted = self.headers.get("Range", "")
            served.asked.append((path, wanted))
            if served.statuses.get(path):
                return self._empty(served.statuses[path].pop(0))
            if path in served.redirects:
                self.send_response(302)
                self.send_header("Location", served.url(served.redirects[path]))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if path not in served.files:
                return self._empty(404)
            content = served.files[path]
            etag = f'"{hashlib.sha256(content).hexdigest()[:12]}"'
            start = self._start(wanted, etag)
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if served.etags:
                self.send_header("ETag", etag)
            if served.lengths:
                self.send_header("Content-Length", str(len(content) - start))
            else:
                self.close_connection = True
            self.end_headers()
            rest = content[start:]
            limit = served.drop_after.get(path, len(rest))
            self.wfile.write(rest[:limit])
            if limit < len(rest):
                self.close_connection = True
            return None

        def _start(self, wanted: str, etag: str) -> int:
            match = re.fullmatch(r"bytes=(\d+)-", wanted)
            if not (match and served.ranges):
                return 0
            if self.headers.get("If-Range", etag) != etag:
                return 0
            return int(match[1])

        def _empty(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    return Handler
