"""A real Chromium without a window, driven through its DevTools pipe; standard library only.

Found as `OTE_CHROMIUM`, else by its usual names; tests skip, saying so, where there is none.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("OTE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (set OTE_CHROMIUM to its path)"
)

LAUNCHER = """
import os, sys
ends = [os.dup(int(end)) for end in sys.argv[1:3]]
while min(ends) < 5:
    ends = [os.dup(end) for end in ends]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The ends of the pipe must have the numbers 3 and 4 in the browser."""

KEYS = {
    "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9, "Home": 36, "Enter": 13,
    " ": 32,
}  # fmt: skip
"""Key -> its Windows code, by which Chromium knows what the key does."""


class Page:
    """One page in a browser."""

    def __init__(self, to_browser: FileIO, from_browser: BufferedReader) -> None:
        self._to = to_browser
        self._from = from_browser
        self._number = 0
        self._waiting = b""
        self.events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call the browser and wait for its answer; what it tells meanwhile goes to `events`."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            block = self._from.read1(1 << 20)
            assert block, "Chromium went away"
            self._waiting += block
        message, _, self._waiting = self._waiting.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded

    def open(self, path: Path, width: int, height: int, dark: bool = False) -> None:
        """Show a file at a width of the window, px; forgets what was told of the page before."""
        self.events.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.as_uri())
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._read())

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, as JSON."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, name: str, times: int = 1) -> None:
        """Press a key as a person does."""
        text = {"Enter": "\r", " ": " "}.get(name)
        for _ in range(times):
            down = {"type": "keyDown", "key": name, "windowsVirtualKeyCode": KEYS[name]}
            self.send("Input.dispatchKeyEvent", **(down | ({"text": text} if text else {})))
            self.send("Input.dispatchKeyEvent", **(down | {"type": "keyUp"}))

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def downloads_to(self, folder: Path) -> None:
        self.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def complaints(self) -> list[str]:
        """What the browser or the page's script complained about."""
        told = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") == "Log.entryAdded":
                told.append(params["entry"]["text"])
            elif event.get("method") == "Runtime.exceptionThrown":
                told.append(params["exceptionDetails"]["text"])
        return told

    def requested(self) -> list[str]:
        """Addresses that were asked for, without the page's own pictures."""
        sent = (e["params"] for e in self.events if e.get("method") == "Network.requestWillBeSent")
        urls = [params["request"]["url"] for params in sent]
        return [url for url in urls if not url.startswith(("data:", "blob:"))]

    def screenshot(self, path: Path, whole: bool = False) -> None:
        picture = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page in a fresh browser that goes with it. profile: an empty folder of its own."""
    assert CHROMIUM is not None
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}",
    ]  # fmt: skip
    ends = [str(end) for end in (their_in, their_out)]
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *ends, *command],
        pass_fds=(their_in, their_out),
        stderr=subprocess.DEVNULL,
    )
    os.close(their_in)
    os.close(their_out)
    with os.fdopen(our_out, "wb", buffering=0) as to_browser, os.fdopen(our_in, "rb") as from_browser:
        try:
            yield Page(to_browser, from_browser)
        finally:
            process.kill()
            process.wait()
