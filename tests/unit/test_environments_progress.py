"""Progress: plain lines in a log, one line that counts on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from environments.progress import say, step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with step("making it"):
        say("trying pip")
    assert sys.stderr.getvalue() == "making it ...\ntrying pip\nmaking it: done in 0 s\n"


def test_a_terminal_gets_a_line_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with step("making it"):
        pass
    shown = [line.rpartition("\r\x1b[K")[2] for line in sys.stderr.getvalue().split("\n")]
    assert "\r\x1b[Kmaking it ... 0 s" in sys.stderr.getvalue()
    assert shown == ["making it: done in 0 s", ""]


def test_what_fails_is_not_called_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(ValueError, match="no"), step("making it"):
        raise ValueError("no")
    assert "done" not in sys.stderr.getvalue()
    assert sys.stderr.getvalue().endswith("\r\x1b[K")
