"""Where environments are looked for, and where new ones are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import EnvironmentBroken, places
from environments.places import building_folder, searched_folders, writable


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.setattr(places, "CHECKOUT", folder)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.platform", "linux")
    return folder


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "writable", lambda folder: False)


def test_in_the_checkout(checkout: Path) -> None:
    assert building_folder() == checkout / ".venvs"
    assert searched_folders()[0] == checkout / ".venvs"
    assert not (checkout / ".venvs").exists()


@pytest.mark.usefixtures("read_only")
def test_in_the_cache_where_the_checkout_is_read_only(checkout: Path, tmp_path: Path) -> None:
    assert building_folder() == tmp_path / "cache" / "open-the-eyes" / "venvs"


@pytest.mark.usefixtures("read_only")
def test_what_was_set_up_ahead_in_a_read_only_checkout_is_still_found(checkout: Path, tmp_path: Path) -> None:
    assert searched_folders() == (checkout / ".venvs", tmp_path / "cache" / "open-the-eyes" / "venvs")


@pytest.mark.usefixtures("read_only")
@pytest.mark.parametrize(
    ("system", "expected"),
    [("linux", ".cache/open-the-eyes/venvs"), ("darwin", "Library/Caches/open-the-eyes/venvs")],
)
def test_the_cache_is_where_the_system_has_it(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, expected: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", system)
    assert building_folder() == tmp_path / "home" / expected


@pytest.mark.usefixtures("checkout", "read_only")
def test_without_a_home_folder_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "expanduser", nobody)
    with pytest.raises(EnvironmentBroken) as caught:
        building_folder()
    assert places.VARIABLE in caught.value.hint
    assert len(searched_folders()) == 1


@pytest.mark.usefixtures("checkout")
def test_the_variable_beats_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VARIABLE, "~/own")
    assert searched_folders() == (tmp_path / "home" / "own",)
    assert building_folder() == tmp_path / "home" / "own"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(places.VARIABLE, "relative")
    assert building_folder() == tmp_path / "relative"


def test_writable_asks_the_file_system(tmp_path: Path) -> None:
    assert writable(tmp_path)
    assert not writable(tmp_path / "missing")
    assert not writable(Path("/proc/self"))
    assert list(tmp_path.iterdir()) == []
