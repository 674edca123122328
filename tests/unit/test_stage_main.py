"""The command line that all stages share, on a stage that does almost nothing."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, ItemResult, Request, Result, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.execution import execute, threads_to_use
from contracts.exit_codes import ExitCode
from contracts.files import read_json
from contracts.stage import Backend, Job, Stage, each_item
from contracts.stage_main import stage_main


class EchoSession:
    """Writes each item's text to its output; refuses the text "bad"."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        def work(item: Item) -> ItemResult:
            text = item.params["text"]
            if text == "bad":
                raise StageError(
                    ErrorCode.INPUT_MISSING, "no such photo", "look again", ExitCode.UNREADABLE_INPUT
                )
            if text == "bug":
                raise KeyError("bug")
            path = job.output(item, "text")
            assert path is not None
            path.write_text(text)
            return job.succeeded(item, data={"length": len(text)})

        return each_item(job, ErrorCode.CROP_GENERATION_FAILED, work)

    def versions(self) -> Versions:
        return Versions(packages={"echo": "1"})


def open_echo(device: str) -> EchoSession:
    return EchoSession()


def _request_from(options: argparse.Namespace) -> Request:
    return _request([options.text])


def _show(request: Request, result: Result) -> None:
    print(f"{len(result.items)} done")


STAGE = Stage(
    name="crop",
    module="tests.unit.test_stage_main",
    summary="Echo.",
    backends={"echo": Backend(f"{__name__}:open_echo")},
    default_backend="echo",
    failure_code=ErrorCode.CROP_GENERATION_FAILED,
    add_arguments=lambda parser: parser.add_argument("text") and None,
    request_from=_request_from,
    show=_show,
)

WORK: dict[str, Path] = {}


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path) -> Iterator[None]:
    WORK["work"] = tmp_path
    yield


def _request(texts: list[str], **changes: Any) -> Request:
    items = [
        {"item_id": str(i), "params": {"text": t}, "outputs": {"text": f"work:{i}.txt"}}
        for i, t in enumerate(texts)
    ]
    document = {
        "request_id": "r",
        "run_id": "run",
        "stage": "crop",
        "backend": "echo",
        "items": items,
        "roots": {"work": str(WORK["work"])},
    }
    return from_dict(Request, document | changes)


def test_items_fail_alone() -> None:
    result = execute(STAGE, _request(["good", "bad", "bug"]), {})
    assert [i.status for i in result.items] == ["succeeded", "failed", "failed"]
    assert result.status == "succeeded"
    assert result.exit_code == 0
    assert result.items[0].outputs["text"].path == "work:0.txt"
    assert [i.error.code for i in result.items if i.error] == ["INPUT_001", "CROP_001"]


def test_the_envelope_fails_only_when_no_item_could_be_done() -> None:
    result = execute(STAGE, _request(["bad", "bad"]), {})
    assert (result.status, result.exit_code) == ("failed", ExitCode.UNREADABLE_INPUT)


@pytest.mark.parametrize(
    ("changes", "code", "exit_code"),
    [
        ({"contract": "2"}, "CONTRACT_002", ExitCode.ENVIRONMENT),
        ({"stage": "face"}, "CONTRACT_001", ExitCode.USAGE),
        ({"backend": "magic"}, "CONTRACT_001", ExitCode.USAGE),
    ],
)
def test_wrong_envelopes_are_refused(changes: dict[str, str], code: str, exit_code: int) -> None:
    result = execute(STAGE, _request(["x"], **changes), {})
    assert result.error is not None
    assert (result.error.code, result.exit_code) == (code, exit_code)


def test_the_result_is_written_also_on_failure() -> None:
    execute(STAGE, _request(["bad"], result="work:result.json"), {})
    written = json.loads((WORK["work"] / "result.json").read_text())
    assert from_dict(Result, written).status == "failed"


def test_the_session_stays_loaded_between_requests() -> None:
    sessions: dict[str, Any] = {}
    execute(STAGE, _request(["a"]), sessions)
    first = dict(sessions)
    execute(STAGE, _request(["b"]), sessions)
    assert sessions == first


def test_a_person_gets_a_table_or_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, ["hello"]) == 0
    assert capsys.readouterr().out == "1 done\n"
    assert stage_main(STAGE, ["bad"]) == ExitCode.UNREADABLE_INPUT
    captured = capsys.readouterr()
    assert captured.err == "error: no such photo [INPUT_001]. look again\n"


def test_run_reads_one_request(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(to_dict(_request(["hello"], result="work:result.json"))))
    assert stage_main(STAGE, ["run", "--request", str(path)]) == 0
    assert (tmp_path / "0.txt").read_text() == "hello"
    assert stage_main(STAGE, ["run", "--request", str(tmp_path / "none.json")]) == ExitCode.USAGE


def test_describe_needs_no_backend(capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, ["describe"]) == 0
    assert json.loads(capsys.readouterr().out)["backends"]["echo"]["environment"] is None


@pytest.mark.parametrize(("argv", "code"), [([], "ARGS_001"), (["run", "--request", "{"], "CONTRACT_001")])
def test_a_wrong_command_is_one_line_with_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], code: str
) -> None:
    if argv:
        argv[-1] = str(tmp_path / "request.json")
        (tmp_path / "request.json").write_text('{"unknown": 1}')
        assert stage_main(STAGE, argv) == ExitCode.USAGE
    else:
        with pytest.raises(SystemExit) as caught:
            stage_main(STAGE, argv)
        assert caught.value.code == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert f"[{code}]" in said


def test_a_document_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StageError) as caught:
        read_json(tmp_path / "none.json")
    assert caught.value.line() == (
        f"cannot read the document {tmp_path}/none.json: No such file or directory [CONTRACT_001]"
    )
    (tmp_path / "text.json").write_text("hello")
    with pytest.raises(StageError, match=r"text\.json: it is no JSON, Expecting value: line 1"):
        read_json(tmp_path / "text.json")


def test_the_environment_is_asked_for_only_where_one_is_needed() -> None:
    asked: list[str] = []
    assert stage_main(STAGE, ["hello"], ensure=asked.append) == 0
    assert asked == []
    assert __name__ in sys.modules


@pytest.mark.parametrize(("options", "shown"), [([], False), (["--verbose"], True)])
def test_a_traceback_is_shown_only_when_asked_for(options: list[str], shown: bool) -> None:
    program = f"import sys; from {__name__} import STAGE, WORK, Path; WORK['work'] = Path('.');"
    program += (
        f"from contracts.stage_main import stage_main; sys.exit(stage_main(STAGE, ['bug', *{options!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.INTERNAL
    assert ("Traceback" in done.stderr) is shown
    assert "KeyError" in done.stderr


@pytest.mark.parametrize(("wanted", "threads"), [("3", 3), ("2,1", 2)])
def test_a_stage_computes_with_the_threads_that_it_is_given(
    monkeypatch: pytest.MonkeyPatch, wanted: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert threads_to_use() == threads


@pytest.mark.parametrize("wanted", ["", "0", "many"])
def test_without_a_number_a_stage_takes_all_cores(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1, 2, 3, 4}, raising=False)
    assert threads_to_use() == 5
