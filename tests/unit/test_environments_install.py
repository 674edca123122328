"""What is run to build an environment: uv where it can be had, else venv and pip, with the same pins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from environments import EnvironmentBroken, pip_settings, uv
from environments.commands import Outcome, run
from environments.installer import build
from environments.interpreters import current
from environments.pip_settings import configuration_files, parse_listing, read_files, read_variables
from environments.recipe import Recipe, Step
from environments.uv import uv_variables
from tests.unit.environments_fakes import FakeMachine, silent

PINS = ("numpy==2.2.6; python_version < '3.11'", "numpy==2.4.6; python_version >= '3.11'")
RECIPE = Recipe(
    "two steps",
    (Step(PINS), Step(("big==1",), ("--no-deps",), (("CMAKE_ARGS", "-DX=1"),))),
    ("numpy",),
    ((3, 10), (3, 13)),
    "{}",
)


@pytest.fixture(autouse=True)
def no_tools_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _build(machine: FakeMachine, tmp_path: Path, tell: list[str] | None = None) -> None:
    say = silent if tell is None else tell.append
    build(RECIPE, current(), tmp_path / "made", tmp_path / "tools", say, machine)


def test_uv_gets_the_steps_in_their_order(tmp_path: Path) -> None:
    machine = FakeMachine()
    _build(machine, tmp_path)
    first, second = machine.installs()
    python = str(tmp_path / "made" / "bin" / "python")
    assert first[1:] == ["pip", "install", "--quiet", "--python", python, *PINS]
    assert second[1:] == ["pip", "install", "--quiet", "--python", python, "--no-deps", "big==1"]
    assert machine.variables_of("big==1")["CMAKE_ARGS"] == "-DX=1"
    assert "CMAKE_ARGS" not in machine.variables_of(PINS[0])


def test_without_uv_the_same_pins_go_through_pip(tmp_path: Path) -> None:
    machine = FakeMachine(uv=False)
    _build(machine, tmp_path)
    first, second = machine.installs()
    assert first[:4] == [str(tmp_path / "made" / "bin" / "python"), "-m", "pip", "install"]
    assert first[-2:] == list(PINS)
    assert second[-2:] == ["--no-deps", "big==1"]
    assert machine.variables_of("big==1")["CMAKE_ARGS"] == "-DX=1"


def test_an_installed_uv_is_used_and_none_is_fetched(tmp_path: Path, no_tools_installed: Path) -> None:
    installed = no_tools_installed / "uv"
    installed.touch(0o755)
    machine = FakeMachine()
    _build(machine, tmp_path)
    assert machine.installs()[0][0] == str(installed)
    assert not (tmp_path / "tools").exists()


def test_a_fetched_uv_is_kept(tmp_path: Path) -> None:
    machine = FakeMachine()
    _build(machine, tmp_path)
    again = FakeMachine()
    build(RECIPE, current(), tmp_path / "other", tmp_path / "tools", silent, again)
    assert not any("--target" in command for command in again.commands)


def test_uv_fetches_no_python(tmp_path: Path) -> None:
    machine = FakeMachine()
    _build(machine, tmp_path)
    assert machine.variables_of("venv", str(tmp_path / "made"))["UV_PYTHON_DOWNLOADS"] == "never"
    assert machine.variables_of(PINS[0])["UV_PYTHON_DOWNLOADS"] == "never"


def test_when_uv_fails_pip_is_tried_and_it_is_said(tmp_path: Path) -> None:
    class UvBreaks(FakeMachine):
        def _uv(self, words: list[str]) -> Outcome:
            broken = words[1] == "pip"
            return Outcome(2, "error: no answer\n  cause: refused\n") if broken else super()._uv(words)

    lines: list[str] = []
    machine = UvBreaks()
    _build(machine, tmp_path, lines)
    assert lines == ["uv failed: no answer: refused; trying pip"]
    assert machine.installs()[-1][1:3] == ["-m", "pip"]


def test_without_ensurepip_uv_makes_the_environment(tmp_path: Path) -> None:
    machine = FakeMachine(venv=False)
    _build(machine, tmp_path)
    assert len(machine.installs()) == 2


def test_without_ensurepip_and_uv_an_installed_virtualenv_does_it(tmp_path: Path) -> None:
    machine = FakeMachine(uv=False, venv=False, virtualenv=True)
    _build(machine, tmp_path)
    assert len(machine.installs()) == 2
    assert not any("virtualenv==" in word for command in machine.commands for word in command)


def test_without_ensurepip_and_uv_a_virtualenv_is_fetched(tmp_path: Path) -> None:
    machine = FakeMachine(uv=False, venv=False)
    _build(machine, tmp_path)
    assert len(machine.installs()) == 2
    assert machine.variables_of("virtualenv", str(tmp_path / "made"), "--quiet") == {}
    assert {"PYTHONPATH": str(tmp_path / "tools" / "virtualenv")} in machine.variables


def test_without_ensurepip_uv_and_pip_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken) as caught:
        _build(FakeMachine(uv=False, venv=False, pip=False), tmp_path)
    assert "neither ensurepip nor pip" in caught.value.message
    assert "python3-venv" in caught.value.hint
    assert not (tmp_path / "made").exists()


def test_another_fault_of_venv_is_told_as_it_is(tmp_path: Path) -> None:
    class FullDisk(FakeMachine):
        def __call__(self, command, variables):  # type: ignore[no-untyped-def]
            if "venv" in command or "virtualenv" in command:
                return Outcome(1, "Error: [Errno 28] No space left on device")
            return super().__call__(command, variables)

    with pytest.raises(EnvironmentBroken, match="No space left on device"):
        _build(FullDisk(uv=False), tmp_path)


def test_habits_of_own_installs_do_not_disturb(tmp_path: Path) -> None:
    machine = FakeMachine(uv=False)
    _build(machine, tmp_path)
    assert machine.variables_of("--target")["PIP_REQUIRE_VIRTUALENV"] == "0"
    assert machine.variables_of(PINS[0])["PIP_USER"] == "0"


def test_pips_settings_reach_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    configuration = "global.index-url='https://mirror.example/simple'\nglobal.find-links='/wheels'\n"
    machine = FakeMachine(pip_configuration=configuration)
    _build(machine, tmp_path)
    variables = machine.variables_of(PINS[0])
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert variables["UV_FIND_LINKS"] == "/wheels"


def test_settings_become_variables_of_uv(tmp_path: Path) -> None:
    settings = parse_listing(
        "global.index-url='https://mirror.example/simple'\n"
        "global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'\n"
        "global.find-links='/wheels/a /wheels/b'\n"
        "global.timeout='1'\n"
        "install.timeout='2'\n"
        "install.trusted-host='mirror.example'\n"
        "global.proxy='http://proxy.example:3128'\n"
        ":env:.cert='/etc/own.pem'\n"
        "freeze.find-links='/elsewhere'\n"
        "WARNING: something else\n"
    )
    assert uv_variables(settings, {"XDG_CONFIG_HOME": str(tmp_path)}) == {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels/a,/wheels/b",
        "UV_HTTP_TIMEOUT": "2",
        "UV_INSECURE_HOST": "mirror.example",
        "ALL_PROXY": "http://proxy.example:3128",
        "SSL_CERT_FILE": "/etc/own.pem",
    }


@pytest.mark.parametrize(
    ("setting", "own", "unwanted"),
    [
        ("find-links", "UV_FIND_LINKS", "UV_FIND_LINKS"),
        ("index-url", "UV_DEFAULT_INDEX", "UV_DEFAULT_INDEX"),
        ("index-url", "UV_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_EXTRA_INDEX_URL", "UV_INDEX"),
        ("proxy", "https_proxy", "ALL_PROXY"),
    ],
)
def test_what_was_said_to_uv_itself_stays(setting: str, own: str, unwanted: str) -> None:
    assert unwanted in uv_variables({setting: "pips"}, {})
    assert unwanted not in uv_variables({setting: "pips"}, {own: "mine"})


def test_no_index_holds_for_uv_too() -> None:
    assert uv_variables({"no-index": "true"}, {})["UV_NO_INDEX"] == "1"
    assert "UV_NO_INDEX" not in uv_variables({"no-index": "false"}, {})


def test_only_the_persons_own_uv_configuration_counts(tmp_path: Path) -> None:
    own = tmp_path / "uv" / "uv.toml"
    own.parent.mkdir()
    own.touch()
    here = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    assert uv_variables({}, here)["UV_CONFIG_FILE"] == str(own)
    named = uv_variables({}, here | {"UV_CONFIG_FILE": "/named.toml"})
    assert not {"UV_CONFIG_FILE", "UV_NO_CONFIG"} & set(named)


def test_pips_environment_beats_its_files() -> None:
    listing = ":env:.index-url='https://env.example'\nglobal.index-url='https://file.example'\n"
    assert parse_listing(listing)["index-url"] == "https://env.example"


def test_without_pip_its_files_and_variables_count_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "named.conf"))
    monkeypatch.setenv("PIP_FIND_LINKS", "/from/variable")
    for folder, text in {
        "system/pip": "[global]\nindex-url = https://system.example\ntimeout = 1\n",
        "user/pip": "[install]\ntrusted-host =\n  a.example\n  b.example\n[freeze]\ntimeout = 7\n",
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pip.conf").write_text(text)
    (tmp_path / "named.conf").write_text("[global]\nindex_url = https://named.example\n")
    found = pip_settings.pip_settings(sys.executable, str(tmp_path), lambda c, v: Outcome(1, "no pip"))
    assert found["index-url"] == "https://named.example"
    assert found["trusted-host"] == "a.example b.example"
    assert found["find-links"] == "/from/variable"
    assert found["timeout"] == "1"


def test_a_damaged_file_of_pip_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url without a section")
    assert read_files([tmp_path / "pip.conf", tmp_path / "missing.conf"]) == {}


def test_pip_can_be_told_to_read_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert configuration_files("/opt") == []


def test_variables_of_pip_are_settings() -> None:
    variables = {"PIP_EXTRA_INDEX_URL": "a\nb", "PIP_CONFIG_FILE": "/x", "OTHER": "y"}
    assert read_variables(variables) == {"extra-index-url": "a b"}


def test_a_command_that_is_not_there_is_an_outcome() -> None:
    assert not run(["/nonexistent/uv", "--version"], {}).ok


def test_commands_do_not_inherit_the_callers_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/leak")
    program = "import os; print(os.environ.get('PYTHONPATH'), os.environ['ADDED'])"
    assert run([sys.executable, "-S", "-c", program], {"ADDED": "1"}) == Outcome(0, "None 1\n")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "exit status 1"),
        ("Traceback\n  File\nImportError: no libvips\n", "ImportError: no libvips"),
        ("error: No solution\n  cause: no a==1\n  cause: deeper\n\nhint: x\n", "No solution: no a==1"),
        (
            "WARNING: Retrying after connection broken by 'Refused'\nERROR: No matching distribution\n",
            "no connection to the package index",
        ),
        ("ERROR: first\nERROR: No matching distribution\nnotice: new pip\n", "No matching distribution"),
    ],
)  # fmt: skip
def test_the_reason_is_the_line_that_says_it(output: str, reason: str) -> None:
    assert Outcome(1, output).reason() == reason


def test_uv_and_virtualenv_are_pinned() -> None:
    from environments.venv_pip import VIRTUALENV_REQUIREMENT

    assert "==" in uv.UV_REQUIREMENT
    assert "==" in VIRTUALENV_REQUIREMENT
