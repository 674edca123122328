"""A new user's machine: bare interpreters, no network the second time, a checkout that is read-only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import EnvironmentBroken
from environments.interpreters import Interpreter, current, probe
from environments.places import CHECKOUT

MODULES = {
    "preenh": "preenh.app.src.pre_enhance_prompt",
    "face": "face.app.src.detect_face_micro",
    "crop": "crop.app.src.crop_eye_region",
    "gen": "gen.app.src.eyegen_micro",
    "blend": "blend.app.src.blend_eye_patch",
    "res": "res.app.src.restore_faces",
    "orch": "orch.app.src.open_the_eyes",
}
NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_OFFLINE": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


def _real_interpreters() -> list[Interpreter]:
    """Every supported minor version at hand, each executed before it is believed."""
    candidates = [current().executable]
    candidates += [found for minor in range(10, 14) if (found := shutil.which(f"python3.{minor}"))]
    candidates += map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3")))
    found: dict[tuple[int, int], Interpreter] = {}
    for candidate in candidates:
        try:
            interpreter = probe(candidate)
        except EnvironmentBroken:
            continue
        if (3, 10) <= interpreter.minor <= (3, 13):
            found.setdefault(interpreter.minor, interpreter)
    return [found[minor] for minor in sorted(found)]


def _copy_of_checkout(target: Path) -> Path:
    """The files that a clone would have, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source = CHECKOUT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


def _run(
    command: list[str], cwd: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "OTE_VENVS")}
    return subprocess.run(
        command, cwd=cwd, env=kept | (variables or {}), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("stage", sorted(MODULES))
def test_help_needs_no_package(stage: str) -> None:
    done = _run([sys.executable, "-S", "-m", MODULES[stage], "--help"], CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")


@pytest.mark.parametrize("stage", sorted(set(MODULES) - {"orch"}))
def test_describe_needs_no_package(stage: str) -> None:
    done = _run([sys.executable, "-S", "-m", MODULES[stage], "describe"], CHECKOUT)
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout)
    assert described["stage"] == stage
    assert described["backends"]


@pytest.mark.heavy
@pytest.mark.parametrize("interpreter", _real_interpreters(), ids=lambda i: ".".join(map(str, i.minor)))
def test_a_fresh_copy_opens_the_sample_and_needs_no_network_twice(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    checkout = _copy_of_checkout(tmp_path / "a fresh copy")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    door = [interpreter.executable, str(checkout / "run_pipeline.py")]
    for stage, module in MODULES.items():
        asked = _run([interpreter.executable, "-m", module, "--help"], checkout)
        assert asked.returncode == 0, f"{stage}: {asked.stderr}"
    first = _run(door, elsewhere)
    assert first.returncode == 0, first.stderr
    assert len(list((checkout / "Output_Images").glob("final_restore_*_original.png"))) == 1
    second = _run(door, elsewhere, NO_NETWORK)
    assert second.returncode == 0, second.stderr
    assert "making the environment" not in second.stderr
    assert len(list((checkout / "Output_Images").glob("final_restore_*_original.png"))) == 2


@pytest.fixture
def read_only_checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy that cannot be written to, also not by root, for whom mode bits are no wall."""
    copy = _copy_of_checkout(tmp_path / "writable")
    place = tmp_path / "read-only"
    place.mkdir()
    mounted = (
        _run(["mount", "--bind", str(copy), str(place)], tmp_path).returncode == 0
        and _run(["mount", "-o", "remount,bind,ro", str(place)], tmp_path).returncode == 0
    )
    if mounted:
        yield place
        _run(["umount", str(place)], tmp_path)
        return
    if os.geteuid() == 0:
        _run(["umount", str(place)], tmp_path)
        pytest.skip("root without the right to mount: nothing can be made read-only here")
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield copy
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.heavy
def test_a_read_only_checkout_works(read_only_checkout: Path, tmp_path: Path) -> None:
    done = _run(
        [sys.executable, str(read_only_checkout / "run_pipeline.py"), "--output", str(tmp_path / "out")],
        tmp_path,
        {"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").rglob("final_restore_*_original.png"))) == 1
    assert (tmp_path / "cache" / "open-the-eyes" / "venvs").is_dir()
