"""The command line: on a bare interpreter, in one clear line, with the right exit status."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.codec import ContractError
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments import EnvironmentBroken
from environments.places import CHECKOUT
from orch.app.src.calling.options import Override
from orch.app.src.cli import build_parser, parse
from orch.app.src.errors import exit_code_of, tell
from orch.app.src.open_the_eyes import MODULE, command, main
from orch.app.src.settings import Section
from orch.app.src.settings_sources import load_settings
from orch.app.src.version import VERSION

HERE = Path("/somewhere")


def test_help_works_without_any_package() -> None:
    command = [sys.executable, "-S", "-E", "-m", MODULE, "--help"]  # -S: no site-packages
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for option in ("--config", "--input", "--donor", "--dry-run", "doctor", "models list|verify"):
        assert option in answer.stdout


def test_every_option_says_what_it_does() -> None:
    for action in build_parser()._actions:
        assert action.help, action.option_strings


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--colour", "blue"], "unrecognized arguments: --colour"),
        (["--num-variations", "-1"], "is not a number from 0 to 99"),
        (["--num-variations", "many"], "'many' is not a number from 0 to 99"),
        (["--faces", "a"], "'a' is not a list of numbers like 0,2"),
        (["--faces=-1"], "numbered from 0"),
        (["--threshold", "big"], "invalid float value: 'big'"),
        (["--backend", "magic"], "invalid choice: 'magic'"),
        (["--seed"], "expected one argument"),
        (["--thresh", "2"], "unrecognized arguments"),
        (["models", "steal"], "invalid choice: 'steal'"),
        (["--inptu", "a.jpg"], "unrecognized arguments: --inptu a.jpg; did you mean --input? [ARGS_001]"),
        (["a.jpg", "--seed", "7"], "unrecognized arguments: a.jpg; photos are named by --input [ARGS_001]"),
        (["models", "list", "a.jpg"], "unrecognized arguments: a.jpg [ARGS_001]. See --help"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(argv, HERE)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert words in said


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--version"], HERE)
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"Open The Eyes {VERSION}\n"


def changed(section: Section) -> dict[str, Any]:
    """Of a section what is not as by default."""
    usual, now = (msgspec.structs.asdict(one) for one in (type(section)(), section))
    return {name: value for name, value in now.items() if value != usual[name]}


def test_options_become_settings() -> None:
    argv = ["--threshold", "200", "--backend", "lid_lift", "--eye-color", "green", "--seed", "7"]
    argv += ["--min-age", "6", "--restore", "off", "--output-format", "same", "--copy-unchanged"]
    argv += ["--name-template", "{stem}_eyes{ext}", "--strip-metadata", "--log-format", "json", "--verbose"]
    argv += ["--max-megapixels", "20", "--max-file-mb", "30", "--donor", "d.jpg"]
    settings = load_settings(None, parse(argv, HERE).run.overrides, {})
    assert changed(settings.processing) == {
        "threshold": 200.0,
        "min_age": 6.0,
        "verbose": True,
        "log_format": "json",
        "max_megapixels": 20.0,
        "max_file_mb": 30.0,
    }
    assert changed(settings.generation) == {
        "model": "lid_lift",
        "eye_color": "green",
        "seed": 7,
        "donor": "/somewhere/d.jpg",
    }
    assert settings.restoration.enabled is False
    assert changed(settings.output) == {
        "format": "same",
        "name_template": "{stem}_eyes{ext}",
        "copy_unchanged": True,
        "strip_metadata": True,
    }


def test_without_options_nothing_is_overridden() -> None:
    run = parse([], HERE).run
    assert run.overrides == ()
    assert (run.inputs, run.config, run.output, run.faces) == ((), None, None, None)


def test_paths_start_from_the_callers_folder() -> None:
    run = parse(["--input", "a.jpg", "b", "--config", "c.json", "--output", "o", "--input", "/d"], HERE).run
    assert run.base == HERE
    assert run.inputs == ("a.jpg", "b", "/d")
    assert (run.config, run.output) == (HERE / "c.json", HERE / "o")


def test_faces() -> None:
    run = parse(["--faces", "0,2", "--ignore-faces", "1"], HERE).run
    assert (run.faces, run.ignored_faces) == (frozenset({0, 2}), frozenset({1}))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (StageError(ErrorCode.BAD_CONFIG, "no", "do", ExitCode.USAGE), 2, "error: no [CONFIG_001]. do\n"),
        (ContractError("request: no"), 2, "error: request: no [CONTRACT_001]\n"),
        (EnvironmentBroken("no network", "wait"), 3, "error: no network [ENV_001]. wait\n"),
        (KeyboardInterrupt(), 130, "error: interrupted [RUN_130]\n"),
        (MemoryError(), 7, "error: out of memory [MEMORY_001]. use smaller photos or close other programs\n"),
        (RuntimeError("oops"), 70, "error: RuntimeError: oops [INTERNAL_001]."),
    ],
)
def test_exceptions_become_one_line_and_an_exit_status(error: BaseException, code: int, words: str) -> None:
    stream = io.StringIO()
    assert tell(error, tracebacks=False, stream=stream) == code == exit_code_of(error)
    assert stream.getvalue().startswith(words)
    assert "Traceback" not in stream.getvalue()


def test_tracebacks_only_on_demand() -> None:
    stream = io.StringIO()
    try:
        raise RuntimeError("oops")
    except RuntimeError as error:
        tell(error, tracebacks=True, stream=stream)
    assert "Traceback" in stream.getvalue()


def test_overrides_name_their_option() -> None:
    assert Override("--seed", ("generation", "seed"), 3) in parse(["--seed", "3"], HERE).run.overrides


def test_main_without_the_packages_is_done_elsewhere_and_its_errors_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orch.app.src.calling.in_environment.packages_are_here", lambda: False)
    monkeypatch.setattr("environments.store.environment_python", lambda folder, recipe: sys.executable)
    with pytest.raises(StageError) as caught:
        main(config_file=tmp_path / "none.json", output=tmp_path / "out", faces=[0])
    assert (caught.value.code, caught.value.exit_code) == ("CONFIG_001", ExitCode.USAGE)
    assert "none.json does not exist" in caught.value.message


def test_main_takes_settings_from_python(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"settings generation\.seed: .*should be a whole number"):
        main(input_path="a.jpg", output=tmp_path, settings={"generation": {"seed": "x"}})


def test_what_the_environment_says_is_not_said_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path, module: str, recipe: str) -> None:
        print("error: no network [ENV_001]", file=sys.stderr)
        raise SystemExit(3)

    monkeypatch.setattr("environments.reexec.ensure_environment", broken)
    with pytest.raises(SystemExit) as caught:
        command(["doctor"])
    assert caught.value.code == 3
    assert capsys.readouterr().err == "error: no network [ENV_001]\n"


def test_an_unknown_exception_is_one_line_and_status_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("environments.reexec.ensure_environment", broken)
    assert command(["--input", "a.jpg"]) == 70
    said = capsys.readouterr().err
    assert said.startswith("error: RuntimeError: oops [INTERNAL_001]")
    assert said.count("\n") == 1
