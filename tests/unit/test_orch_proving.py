"""Weights that cannot be used are known before the first photo."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.envelope import ErrorInfo, Request, Result
from contracts.error_codes import StageError
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.backends.backend_report import BackendReport
from orch.app.src.backends.choice import BackendChoice
from orch.app.src.opening.proving import proved
from orch.app.src.run_paths import layout_for
from orch.app.src.settings import settings_of

WEIGHTS = {"codeformer": Path("/weights/codeformer.pth")}
DAMAGED = ErrorInfo("MODEL_005", "/weights/codeformer.pth cannot be used: it is damaged", "fetch it again")


def choice_of(backend: str) -> BackendChoice:
    return BackendChoice(
        started=[("face", "facemesh"), ("res", backend)],
        weights={("face", "facemesh"): {}, ("res", backend): WEIGHTS if backend != "none" else {}},
        reports=[BackendReport("res", "codeformer", True, True, "its weights are there")],
    )


def prove(folder: Path, choice: BackendChoice, error: ErrorInfo | None, enabled: object) -> list[Request]:
    """The requests that were made; the settled backend is then used."""
    settings = settings_of({"restoration": {"enabled": enabled}})
    layout = layout_for(folder, "r", verbose=False)
    requests = RequestMaker(settings, layout, "r", dict(choice.started), choice.weights)
    asked: list[Request] = []

    def run(request: Request) -> Result:
        asked.append(request)
        return Result("r", "res", request.backend, "failed" if error else "succeeded", 0, (), error=error)

    after = proved(choice, requests, run)
    assert after.backends["res"] == dict(choice.started)["res"]
    return asked


def test_the_stage_is_asked_to_load_them_with_no_photo(tmp_path: Path) -> None:
    choice = choice_of("codeformer")
    (asked,) = prove(tmp_path, choice, None, "auto")
    assert (asked.stage, asked.backend, asked.items) == ("res", "codeformer", ())
    assert list(asked.params["weights"]) == ["codeformer"]
    assert ("res", "codeformer") in choice.started and not choice.notices


def test_auto_goes_on_without_and_says_so(tmp_path: Path) -> None:
    choice = choice_of("codeformer")
    prove(tmp_path, choice, DAMAGED, "auto")
    assert choice.started == [("face", "facemesh"), ("res", "none")]
    assert choice.has("res", "none") and ("res", "codeformer") not in choice.weights
    assert [(r.backend, r.usable, r.chosen) for r in choice.reports] == [
        ("codeformer", False, False),
        ("none", True, True),
    ]
    assert DAMAGED.message in choice.notices[0].message


def test_what_was_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="it is damaged") as raised:
        prove(tmp_path, choice_of("codeformer"), DAMAGED, True)
    assert (raised.value.code, raised.value.exit_code) == ("MODEL_005", 3)


def test_without_a_backend_nobody_is_asked(tmp_path: Path) -> None:
    assert prove(tmp_path, choice_of("none"), None, "auto") == []


def prove_sdxl(folder: Path, model: str, error: ErrorInfo | None) -> tuple[BackendChoice, list[Request]]:
    choice = BackendChoice(
        started=[("gen", "sdxl"), ("gen", "embedded")],
        weights={("gen", "sdxl"): {"sdxl_base": Path("/weights/sdxl")}, ("gen", "embedded"): {}},
        reports=[BackendReport("gen", "sdxl", True, True, "its weights and a GPU are there")],
    )
    settings = settings_of({"generation": {"model": model}})
    layout = layout_for(folder, "r", verbose=False)
    requests = RequestMaker(settings, layout, "r", dict(choice.started), choice.weights)
    asked: list[Request] = []

    def run(request: Request) -> Result:
        asked.append(request)
        return Result("r", "gen", request.backend, "failed" if error else "succeeded", 0, (), error=error)

    assert proved(choice, requests, run).has("gen", "sdxl") == (error is None)
    return choice, asked


def test_sdxl_loads_its_weights_before_the_first_photo(tmp_path: Path) -> None:
    choice, (asked,) = prove_sdxl(tmp_path, "auto", None)
    assert (asked.stage, asked.backend, asked.items) == ("gen", "sdxl", ())
    assert asked.device == "cuda", "or it would be chosen for a GPU and creep along on the processor"
    assert list(asked.params["weights"]) == ["sdxl_base"] and not choice.notices


def test_without_sdxl_auto_paints_with_what_there_is(tmp_path: Path) -> None:
    choice, _ = prove_sdxl(tmp_path, "auto", DAMAGED)
    assert choice.started == [("gen", "embedded")]
    assert [(r.backend, r.usable, r.chosen) for r in choice.reports] == [("sdxl", False, False)]
    assert "SDXL does not paint" in choice.notices[0].message


def test_sdxl_that_is_asked_for_must_work(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="it is damaged"):
        prove_sdxl(tmp_path, "sdxl", DAMAGED)
