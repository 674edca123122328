"""An interpreter is executed before it is trusted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from environments import EnvironmentBroken
from environments.interpreters import current, for_recipe, on_search_path, probe, works
from environments.recipe import Recipe

HOLLOW = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
MAJOR, MINOR = sys.version_info[:2]


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(text)
    program.chmod(0o755)
    return program


def _recipe_for(minor: int) -> Recipe:
    return Recipe("new", (), (), ((MAJOR, minor), (MAJOR, minor)), "{}")


def test_an_interpreter_tells_of_its_installation() -> None:
    assert probe(sys.executable) == current()
    assert current().minor == (MAJOR, MINOR)
    assert works(sys.executable)


def test_a_virtual_environment_tells_of_the_same_installation(tmp_path: Path) -> None:
    subprocess.run(
        [current().executable, "-m", "venv", "--without-pip", str(tmp_path / "v")], check=True, timeout=60
    )
    inside = probe(str(tmp_path / "v" / "bin" / "python"))
    assert (inside.base, inside.abi, inside.platform) == (
        current().base,
        current().abi,
        current().platform,
    )


@pytest.mark.parametrize("text", [HOLLOW, "#!/bin/sh\necho '{}'\n", "#!/bin/sh\necho Python 3.12\n"])
def test_what_does_not_answer_like_a_python_is_none(tmp_path: Path, text: str) -> None:
    program = _program(tmp_path, "python3.12", text)
    assert not works(program)
    with pytest.raises(EnvironmentBroken, match="is not a working Python"):
        probe(str(program))


def test_a_hollow_shim_is_named_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken, match="command not found"):
        probe(str(_program(tmp_path, "python3.12", HOLLOW)))


def test_this_interpreter_is_used_where_the_recipe_allows_it() -> None:
    assert for_recipe(_recipe_for(MINOR)) == current()


def test_a_real_interpreter_behind_a_hollow_shim_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"python{MAJOR}.{MINOR + 1}"
    _program(tmp_path / "shims", name, HOLLOW)
    answer = f'["/real", [{MAJOR}, {MINOR + 1}], "abi", "platform", "/base"]'
    real = _program(tmp_path / "real", name, f"#!/bin/sh\necho '{answer}'\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{tmp_path / 'real'}")
    assert list(on_search_path(name)) == [str(tmp_path / "shims" / name), str(real)]
    assert for_recipe(_recipe_for(MINOR + 1)).executable == "/real"


def test_a_program_that_is_another_version_than_its_name_says_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = f'["/real", [{MAJOR}, {MINOR}], "abi", "platform", "/base"]'
    _program(tmp_path, f"python{MAJOR}.{MINOR + 1}", f"#!/bin/sh\necho '{answer}'\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentBroken) as caught:
        for_recipe(_recipe_for(MINOR + 1))
    assert f"needs Python {MAJOR}.{MINOR + 1}" in caught.value.message
    assert f"this is {MAJOR}.{MINOR}" in caught.value.message
    assert "install" in caught.value.hint
