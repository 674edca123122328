"""Commands run again where their packages are; the door opens for every caller."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.error_codes import ErrorCode
from contracts.exit_codes import ExitCode
from environments import ERROR_CODE, EXIT_ENVIRONMENT, EnvironmentBroken, places, reexec
from environments.commands import run
from environments.interpreters import current
from environments.key import environment_key
from environments.marker import MARKER
from environments.places import CHECKOUT
from environments.recipe import read_recipe
from environments.reexec import child_environment, ensure_environment, hand_over, inside
from tests.unit.environments_fakes import DOCUMENT

MODULE = """
import json, os, pathlib, sys
from environments.reexec import ensure_environment
ensure_environment(pathlib.Path(__file__).parent, "stage.entry", "tiny")
print(json.dumps([sys.prefix, sys.argv[1:], os.getcwd(), sys.stdin.read(), os.getpid()]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with `environments` and one stage, whose environment is ready."""
    root = tmp_path / "a project"
    shutil.copytree(CHECKOUT / "environments", root / "environments")
    stage = root / "stage"
    (stage / "environments").mkdir(parents=True)
    (stage / "__init__.py").touch()
    (stage / "entry.py").write_text(MODULE)
    (stage / "environments" / "tiny.json").write_text(json.dumps(DOCUMENT))
    recipe = read_recipe(stage, "tiny")
    key = environment_key(recipe, current())
    made = root / ".venvs" / key
    subprocess.run([current().executable, "-m", "venv", "--without-pip", str(made)], check=True, timeout=60)
    (made / MARKER).write_text(json.dumps({"keys": [key], "recipes": [recipe.content]}))
    return root


def _environment_of(project: Path) -> Path:
    (folder,) = (project / ".venvs").iterdir()
    return folder


def _run(
    command: list[str], cwd: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OTE_"))}
    return subprocess.run(
        command,
        cwd=cwd,
        env=kept | (variables or {}),
        input="from standard input",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_command_goes_on_in_its_environment(project: Path, tmp_path: Path) -> None:
    arguments = ["photo with spaces.jpg", "--threshold", "260", ""]
    done = _run(
        [current().executable, "-m", "stage.entry", *arguments], tmp_path, {"PYTHONPATH": str(project)}
    )
    assert done.returncode == 0, done.stderr
    prefix, argv, cwd, stdin, _ = json.loads(done.stdout)
    assert Path(prefix).parent == project / ".venvs"
    assert argv == arguments
    assert cwd == str(tmp_path)
    assert stdin == "from standard input"


def test_it_stays_the_same_process(project: Path) -> None:
    process = subprocess.Popen(
        [current().executable, "-m", "stage.entry"],
        cwd=project,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OTE_"))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)[4] == process.pid


def test_modules_where_the_caller_stands_replace_none_of_ours(project: Path, tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("PYTHONSAFEPATH is new in Python 3.11")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    done = _run([current().executable, "-P", "-m", "stage.entry"], tmp_path, {"PYTHONPATH": str(project)})
    assert done.returncode == 0, done.stderr


def test_an_environment_that_starts_elsewhere_does_not_go_round_in_circles(project: Path) -> None:
    (_environment_of(project) / "pyvenv.cfg").unlink()
    done = _run([current().executable, "-m", "stage.entry"], project)
    assert done.returncode == EXIT_ENVIRONMENT
    assert "starts outside of its folder" in done.stderr


def test_what_is_at_home_stays(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(_environment_of(project)))
    assert inside(project / "stage", "tiny")
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("handed over"))
    ensure_environment(project / "stage", "stage.entry", "tiny")


def test_asking_whether_one_is_at_home_costs_nearly_nothing(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(_environment_of(project)))
    started = time.perf_counter()
    for _ in range(20):
        inside(project / "stage", "tiny")
    assert (time.perf_counter() - started) / 20 < 0.01


def test_what_cannot_be_had_is_one_line_and_status_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        ensure_environment(tmp_path, "stage.entry", "missing")
    assert caught.value.code == EXIT_ENVIRONMENT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: cannot read the recipe")
    assert "[ENV_001]" in line


def test_codes_are_those_of_the_contract() -> None:
    assert ExitCode.ENVIRONMENT == EXIT_ENVIRONMENT
    assert ErrorCode.ENVIRONMENT_BROKEN == ERROR_CODE
    assert EnvironmentBroken("what", "do").line() == "error: what [ENV_001]. do"


def test_the_callers_module_path_is_kept_behind_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"/mine{os.pathsep}{CHECKOUT}")
    assert child_environment()["PYTHONPATH"].split(os.pathsep) == [str(CHECKOUT), "/mine"]


def test_children_are_told_to_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert child_environment()["ORT_DISABLE_TELEMETRY"] == "1"
    assert child_environment({})["ORT_DISABLE_TELEMETRY"] == "1"
    said = run([sys.executable, "-I", "-c", "import os; print(os.environ['ORT_DISABLE_TELEMETRY'])"], {})
    assert said.output.split() == ["1"]  # health checks import what was installed, too


def test_no_byte_code_goes_into_a_read_only_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    assert "PYTHONDONTWRITEBYTECODE" not in child_environment()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert child_environment()["PYTHONDONTWRITEBYTECODE"] == "1"


def test_where_there_is_no_exec_the_status_of_the_child_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "five.py").write_text("import sys; sys.exit(5)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(reexec, "HAS_EXEC", False)
    with pytest.raises(SystemExit) as caught:
        hand_over(Path(sys.executable), "five", [])
    assert caught.value.code == 5


def _door_as(version: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    source = (CHECKOUT / "run_pipeline.py").read_text()
    program = (
        f"import sys; sys.version_info = {version}; sys.argv = ['run_pipeline.py', *{arguments}];"
        f"exec({source!r}, {{'__name__': '__main__', '__file__': {str(CHECKOUT / 'run_pipeline.py')!r}}})"
    )
    return _run([sys.executable, "-c", program], CHECKOUT)


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 6, 9)", "(3, 9, 18)"])
def test_the_door_tells_old_interpreters_what_it_needs(version: str) -> None:
    done = _door_as(version, [])
    assert done.returncode == EXIT_ENVIRONMENT
    told = version.strip("()").split(", ")
    assert done.stderr.startswith(
        f"error: Python 3.10 or newer is needed, this is {told[0]}.{told[1]} [ENV_001]"
    )
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [(["--help"], 0, "usage: run_pipeline.py"), (["--no-such-option"], 2, "--no-such-option")],
)
def test_help_and_typing_errors_need_no_set_up(
    tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    place = tmp_path / "venvs"
    done = _run(
        [current().executable, str(CHECKOUT / "run_pipeline.py"), *arguments],
        tmp_path,
        {places.VARIABLE: str(place)},
    )
    assert done.returncode == status
    assert words in done.stdout + done.stderr
    assert not place.exists()


def test_the_door_opens_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "eyes").symlink_to(CHECKOUT / "run_pipeline.py")
    done = _run([current().executable, "eyes", "--help"], tmp_path, {places.VARIABLE: str(tmp_path / "v")})
    assert done.returncode == 0, done.stderr


def test_the_door_says_in_one_line_that_no_environment_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = _run(
        [current().executable, str(CHECKOUT / "run_pipeline.py"), "doctor"],
        tmp_path,
        {places.VARIABLE: str(tmp_path / "file" / "venvs")},
    )
    assert done.returncode == EXIT_ENVIRONMENT
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: cannot make the environment orch in")
    assert places.VARIABLE in line
