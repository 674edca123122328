"""A new user's machine: bare interpreters, no network the second time, a checkout that is read-only."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import EnvironmentBroken
from environments.commands import python_in, run
from environments.interpreters import Interpreter, current, on_search_path, probe
from environments.places import CHECKOUT
from environments.recipe import Recipe, read_recipe
from environments.setup import DEFAULT_PATH
from environments.venv_pip import build_with_pip

MODULES = {
    "preenh": "preenh.app.src.pre_enhance_prompt",
    "face": "face.app.src.detect_face_micro",
    "crop": "crop.app.src.crop_eye_region",
    "gen": "gen.app.src.eyegen_micro",
    "blend": "blend.app.src.blend_eye_patch",
    "res": "res.app.src.restore_faces",
    "orch": "orch.app.src.open_the_eyes",
}
MINORS = (10, 11, 12, 13)
NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_OFFLINE": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}
SAMPLE = "final_restore_*_original.png"
_LISTING = (
    "import importlib.metadata as m, json;"
    "print(json.dumps({d.metadata['Name'].lower().replace('_', '-'): d.version for d in m.distributions()}))"
)


def _interpreter(minor: int) -> Interpreter:
    """The real Python of this version, each candidate executed before it is believed; skips without one."""
    managed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
    for candidate in [current().executable, *on_search_path(f"python3.{minor}"), *map(str, managed)]:
        try:
            found = probe(candidate)
        except EnvironmentBroken:
            continue
        if found.minor == (3, minor):
            return found
    pytest.skip(f"no Python 3.{minor} is at hand")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy with the files that a clone would have, as they are now."""
    listed = run(["git", "-C", str(CHECKOUT), "ls-files", "-z", "-c", "-o", "--exclude-standard"], {})
    if not listed.ok:
        pytest.skip("this is no git checkout, so what belongs to it is not known")
    copy = tmp_path / "a fresh copy"
    for name in filter(None, listed.output.split("\0")):
        if (CHECKOUT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, copy / name)
    return copy


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that is not the checkout, where the caller stands."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def _run(
    command: list[str], cwd: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OTE_", "VIRTUAL_ENV"))}
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
@pytest.mark.parametrize("minor", MINORS)
def test_a_fresh_copy_opens_the_sample_and_needs_no_network_twice(
    minor: int, checkout: Path, elsewhere: Path
) -> None:
    interpreter = _interpreter(minor)
    for stage, module in MODULES.items():
        asked = _run([interpreter.executable, "-m", module, "--help"], checkout)
        assert asked.returncode == 0, f"{stage}: {asked.stderr}"
    assert not (checkout / ".venvs").exists()

    first = _run([interpreter.executable, str(checkout / "run_pipeline.py")], elsewhere)
    assert first.returncode == 0, first.stderr
    assert len(list((checkout / "Output_Images").glob(SAMPLE))) == 1
    made = sorted(path.parent for path in checkout.glob(".venvs/*/ready.json"))
    assert len(made) == 2, "the orchestrator's and the embedded stages'"

    link = elsewhere / "open_eyes"
    link.symlink_to(checkout / "run_pipeline.py")
    second = _run([*_no_network(elsewhere), interpreter.executable, str(link)], elsewhere, NO_NETWORK)
    assert second.returncode == 0, second.stderr
    assert "making the environment" not in second.stderr
    assert len(list((checkout / "Output_Images").glob(SAMPLE))) == 2
    assert sorted(path.parent for path in checkout.glob(".venvs/*/ready.json")) == made
    for stage, name in DEFAULT_PATH[:2]:
        recipe = read_recipe(checkout / stage, name)
        marker = next(
            f for f in made if recipe.content in json.loads((f / "ready.json").read_text())["recipes"]
        )
        assert _installed(marker, recipe) == _pinned(recipe, minor)
    assert list(elsewhere.iterdir()) == [link]


@pytest.mark.heavy
@pytest.mark.parametrize("minor", MINORS)
def test_pip_alone_installs_the_same_versions(minor: int, tmp_path: Path) -> None:
    interpreter = _interpreter(minor)
    recipe = read_recipe(CHECKOUT / "face", "facemesh")
    build_with_pip(recipe, interpreter.executable, tmp_path / "made", tmp_path / "tools", run)
    assert _installed(tmp_path / "made", recipe) == _pinned(recipe, minor)


@pytest.fixture
def read_only_checkout(checkout: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy that cannot be written to, also not by root, for whom mode bits are no wall."""
    place = tmp_path / "read-only"
    place.mkdir()
    mounted = (
        _run(["mount", "--bind", str(checkout), str(place)], tmp_path).returncode == 0
        and _run(["mount", "-o", "remount,bind,ro", str(place)], tmp_path).returncode == 0
    )
    if mounted:
        yield place
        _run(["umount", str(place)], tmp_path)
        return
    if os.geteuid() == 0:
        _run(["umount", str(place)], tmp_path)
        pytest.skip("root without the right to mount: nothing can be made read-only here")
    for path in [checkout, *checkout.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield checkout
    for path in [checkout, *checkout.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.heavy
def test_a_read_only_checkout_works(read_only_checkout: Path, elsewhere: Path, tmp_path: Path) -> None:
    command = [current().executable, str(read_only_checkout / "run_pipeline.py")]
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = _run([*command, "--output", str(tmp_path / "out")], elsewhere, cache)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").rglob(SAMPLE))) == 1
    assert len(list((tmp_path / "cache" / "open-the-eyes" / "venvs").glob("*/ready.json"))) == 2
    again = _run([*command, "--output", str(tmp_path / "again")], elsewhere, cache | NO_NETWORK)
    assert again.returncode == 0, again.stderr


def _no_network(folder: Path) -> list[str]:
    """What stands before a command to take the network from it, where this machine lets us."""
    prefix = ["unshare", "--net"]
    try:
        works = _run([*prefix, "true"], folder).returncode == 0
    except OSError:
        works = False
    return prefix if works else []


def _installed(folder: Path, recipe: Recipe) -> dict[str, str]:
    """Name -> version of what an environment holds, besides the installers themselves."""
    outcome = run([str(python_in(folder)), "-I", "-c", _LISTING], {})
    assert outcome.ok, f"{recipe.name}: {outcome.output}"
    found: dict[str, str] = json.loads(outcome.output)
    return {name: version for name, version in found.items() if name not in ("pip", "setuptools", "wheel")}


def _pinned(recipe: Recipe, minor: int) -> dict[str, str]:
    """Name -> version of what a recipe asks for on Python 3.minor."""
    pins: dict[str, str] = {}
    for step in recipe.steps:
        for requirement in step.requirements:
            pin, _, marker = requirement.partition("; ")
            limit = re.fullmatch(r"python_version (<|>=) '3\.(\d+)'|", marker)
            assert limit, f"an unknown marker: {requirement}"
            sign, bound = limit.groups()
            if sign is None or (minor < int(bound)) == (sign == "<"):
                name, _, version = pin.partition("==")
                pins[name] = version
    return pins
