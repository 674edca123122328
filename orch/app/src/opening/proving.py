"""Weights for painting and restoring, loaded once before the first photo is painted: a file that is there may
still be no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contracts.envelope import Notice, Request, Result
from contracts.error_codes import StageError
from contracts.failures import exit_code_for
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.backends.backend_report import BackendReport
from orch.app.src.backends.choice import FALLBACK, BackendChoice
from orch.app.src.stage_registry import NO_RESTORER
from orch.app.src.strategies import AUTO

SDXL = "sdxl"


def proved(choice: BackendChoice, requests: RequestMaker, run: Callable[[Request], Result]) -> RequestMaker:
    """Have heavy backends load their weights; without them, go on as `auto` allows.

    Args:
        choice: changed where painting by SDXL or restoring is given up.
        run: asks a stage.

    Returns:
        The maker of requests to go on with.

    Raises:
        StageError: what was asked for cannot be done.
    """
    return _restoring(choice, _painting(choice, requests, run), run)


def _painting(
    choice: BackendChoice, requests: RequestMaker, run: Callable[[Request], Result]
) -> RequestMaker:
    if not requests.has("gen", SDXL):
        return requests
    error = run(requests.gen_nothing(SDXL)).error
    if error is None:
        return requests
    if requests.settings.generation.model != AUTO:
        raise StageError(error.code, error.message, error.hint, exit_code_for(error))
    choice.started.remove(("gen", SDXL))
    del choice.weights["gen", SDXL]
    choice.reports = [r for r in choice.reports if (r.stage, r.backend) != ("gen", SDXL)]
    choice.reports.append(BackendReport("gen", SDXL, False, False, error.message))
    choice.notices.append(Notice(FALLBACK, f"SDXL does not paint: {error.message}"))
    return replace(requests, backends=dict(choice.started), weights=choice.weights)


def _restoring(
    choice: BackendChoice, requests: RequestMaker, run: Callable[[Request], Result]
) -> RequestMaker:
    backend = requests.backends.get("res", NO_RESTORER[1])
    if backend == NO_RESTORER[1]:
        return requests
    error = run(requests.restore({}, upscale=1.0)).error
    if error is None:
        return requests
    if requests.settings.restoration.enabled is True:
        raise StageError(error.code, error.message, error.hint, exit_code_for(error))
    choice.started = [NO_RESTORER if stage == "res" else (stage, b) for stage, b in choice.started]
    del choice.weights["res", backend]
    choice.weights[NO_RESTORER] = {}
    choice.reports = [
        r for r in choice.reports if r.stage != "res" or r.backend not in (backend, NO_RESTORER[1])
    ]
    choice.reports += [
        BackendReport("res", backend, False, False, error.message),
        BackendReport(*NO_RESTORER, True, True, f"{backend} cannot be used"),
    ]
    choice.notices.append(Notice(FALLBACK, f"faces are not restored: {error.message}"))
    return replace(requests, backends=dict(choice.started), weights=choice.weights)
