"""Events: what a serving stage says on its standard output, one JSON object a line.

    {"event": "ready",    "stage": ..., "backend": ...}
    {"event": "progress", "request_id": ..., "done": 1, "total": 4, "message": ...}
    {"event": "log",      "level": "info", "message": ...}
    {"event": "artifact", "request_id": ..., "item_id": ..., "name": ..., "path": ...}
    {"event": "item",     "request_id": ..., "item": {ItemResult}}
    {"event": "result",   "result": {Result}}

Standard output belongs to this protocol. `ProtocolStream.claim` keeps a private copy of descriptor
1 and points the descriptor itself at standard error, so that a chatty library cannot break it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, Literal, TextIO

EventName = Literal["ready", "progress", "log", "artifact", "item", "result"]


class ProtocolStream:
    """Writes events; safe to use from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    @classmethod
    def claim(cls) -> ProtocolStream:
        """Take descriptor 1 for the protocol; from now on whatever is printed goes to stderr."""
        sys.stdout.flush()
        private = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(os.fdopen(private, "w", encoding="utf-8", buffering=1))

    def send(self, event: EventName, **fields: Any) -> None:
        """Write one event as one line."""
        line = json.dumps({"event": event, **fields}, ensure_ascii=True, allow_nan=False)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()
