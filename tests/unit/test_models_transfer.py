"""Downloads go on where they stopped, and never mix two versions of a file."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from contracts.error_codes import StageError
from contracts.exit_codes import ExitCode
from orch.app.src.models import transfer
from orch.app.src.models.transfer import MOST_FAILURES, Source, download
from tests.unit.weight_server import serving

CONTENT = bytes(range(256)) * 40
NAME = "weights.pth"


def fetch(url: str, folder: Path, seen: list[int] | None = None, **source: object) -> Path:
    on_bytes = (seen if seen is not None else []).append
    return download(Source(url, **source), folder / NAME, on_bytes, pause=lambda seconds: None)  # type: ignore[arg-type]


def test_a_file_is_fetched_with_its_progress(tmp_path: Path) -> None:
    seen: list[int] = []
    with serving({NAME: CONTENT}) as server:
        part = fetch(server.url(NAME), tmp_path, seen, size=len(CONTENT))
    assert part == tmp_path / f"{NAME}.part"
    assert part.read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)
    assert not (tmp_path / NAME).exists(), "the final name is for whoever has checked it"


@pytest.mark.parametrize("etags", [True, False])
def test_broken_connections_are_gone_on_with(tmp_path: Path, etags: bool) -> None:
    with serving({NAME: CONTENT}, drop_after={NAME: 3000}, etags=etags) as server:
        part = fetch(server.url(NAME), tmp_path, pinned=True)
        assert part.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["", "bytes=3000-", "bytes=6000-", "bytes=9000-"]


def test_a_redirection_is_followed_also_in_the_middle(tmp_path: Path) -> None:
    with serving({"store": CONTENT}, drop_after={"store": 6000}, redirects={NAME: "store"}) as server:
        assert fetch(server.url(NAME), tmp_path).read_bytes() == CONTENT
    assert server.asked == [(NAME, ""), ("store", ""), (NAME, "bytes=6000-"), ("store", "bytes=6000-")]


def test_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with serving({NAME: CONTENT}, drop_after={NAME: 6000}) as server:
        with pytest.raises(KeyboardInterrupt):
            download(Source(server.url(NAME)), tmp_path / NAME, lambda done: None, pause=interrupt)
        assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:6000]
        assert fetch(server.url(NAME), tmp_path).read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["", "bytes=6000-"]


def test_a_server_that_cannot_go_on_sends_all_again(tmp_path: Path) -> None:
    with serving({NAME: CONTENT}, ranges=False) as server:
        (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:100])
        (tmp_path / f"{NAME}.part.tag").write_text(f'{{"url": "{server.url(NAME)}", "etag": ""}}')
        assert fetch(server.url(NAME), tmp_path, pinned=True).read_bytes() == CONTENT
    assert server.asked == [(NAME, "bytes=100-")]


def test_a_file_that_changed_starts_anew(tmp_path: Path) -> None:
    with serving({NAME: CONTENT}) as server:
        (tmp_path / f"{NAME}.part").write_bytes(b"x" * 100)
        (tmp_path / f"{NAME}.part.tag").write_text(f'{{"url": "{server.url(NAME)}", "etag": "\\"old\\""}}')
        assert fetch(server.url(NAME), tmp_path, pinned=True).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "tag", [None, "no json", '{"url": "http://elsewhere/weights.pth", "etag": "\\"a\\""}']
)
def test_a_part_of_unknown_origin_is_not_used(tmp_path: Path, tag: str | None) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 100)
    if tag:
        (tmp_path / f"{NAME}.part.tag").write_text(tag)
    with serving({NAME: CONTENT}) as server:
        assert fetch(server.url(NAME), tmp_path, pinned=True).read_bytes() == CONTENT
    assert server.asked == [(NAME, "")]


def test_a_part_that_is_whole_already_is_not_fetched_again(tmp_path: Path) -> None:
    with serving({NAME: CONTENT}) as server:
        fetch(server.url(NAME), tmp_path)
        assert fetch(server.url(NAME), tmp_path, size=len(CONTENT)).read_bytes() == CONTENT
        assert len(server.asked) == 1
        assert fetch(server.url(NAME), tmp_path).read_bytes() == CONTENT, "416: nothing is left to send"
    assert server.asked[1] == (NAME, f"bytes={len(CONTENT)}-")


def test_a_busy_server_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with serving({NAME: CONTENT}, statuses={NAME: [503, 429]}) as server:
        assert fetch(server.url(NAME), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "words"), [(404, "it has moved"), (401, "needs an account"), (451, "later")]
)
def test_a_refusal_is_one_line_with_what_to_do(tmp_path: Path, status: int, words: str) -> None:
    with serving({NAME: CONTENT}, statuses={NAME: [status]}) as server, pytest.raises(StageError) as caught:
        fetch(server.url(NAME), tmp_path)
    assert caught.value.code == "MODEL_003"
    assert f"answers {status}" in caught.value.message
    assert words in caught.value.hint


def test_a_file_of_another_size_is_not_even_fetched(tmp_path: Path) -> None:
    with (
        serving({NAME: CONTENT}) as server,
        pytest.raises(StageError, match="10240 bytes, and 7 are expected"),
    ):
        fetch(server.url(NAME), tmp_path, size=7)
    assert list(tmp_path.iterdir()) == []


def test_a_body_of_unknown_length_is_taken_only_where_its_size_is_published(tmp_path: Path) -> None:
    with serving({NAME: CONTENT}, lengths=False) as server:
        with pytest.raises(StageError, match="does not say how long") as caught:
            fetch(server.url(NAME), tmp_path, pinned=True)
        assert (caught.value.code, list(tmp_path.iterdir())) == ("MODEL_003", [])
        assert fetch(server.url(NAME), tmp_path, size=len(CONTENT)).read_bytes() == CONTENT


def test_it_gives_up_and_keeps_what_came(tmp_path: Path) -> None:
    paused: list[float] = []
    with serving({NAME: CONTENT}, drop_after={NAME: 0}) as server:
        (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:4000])
        (tmp_path / f"{NAME}.part.tag").write_text(f'{{"url": "{server.url(NAME)}", "etag": ""}}')
        with pytest.raises(StageError, match=f"broke {MOST_FAILURES} times") as caught:
            source = Source(server.url(NAME), pinned=True)
            download(source, tmp_path / NAME, lambda done: None, pause=paused.append)
    assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:4000]
    assert "run the same command again" in caught.value.hint
    assert paused == sorted(paused) and len(paused) == MOST_FAILURES - 1
    assert caught.value.exit_code == ExitCode.ENVIRONMENT


@pytest.mark.parametrize("behaviour", [{"ranges": False}, {"etags": False}])
def test_it_is_said_where_what_came_is_of_no_use(tmp_path: Path, behaviour: dict[str, bool]) -> None:
    with (
        serving({NAME: CONTENT}, drop_after={NAME: 3000}, **behaviour) as server,
        pytest.raises(StageError, match=f"broke {MOST_FAILURES} times") as caught,
    ):
        fetch(server.url(NAME), tmp_path)
    assert "are kept" not in caught.value.hint
    assert "fetches it from its start" in caught.value.hint


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StageError, match=r"cannot reach 127\.0\.0\.1"):
        fetch(f"http://127.0.0.1:{port}/{NAME}", tmp_path)


def test_offline_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"cannot reach weights\.invalid: this machine is offline"):
        fetch(f"https://weights.invalid/{NAME}", tmp_path)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_append", full)
    with serving({NAME: CONTENT}) as server, pytest.raises(StageError) as caught:
        fetch(server.url(NAME), tmp_path)
    assert caught.value.code == "OUTPUT_002"
