"""Backend `finish`: encodes pictures for people, on the processor."""

from __future__ import annotations

from imaging.memory import give_big_buffers_back
from imaging.photo import load_codecs
from res.app.src.finish_session import FinishSession


def open_session(device: str) -> FinishSession:
    """device does not matter: nothing is computed on one."""
    give_big_buffers_back()
    load_codecs()
    return FinishSession()
