"""One request from its envelope to its result; and what the process needed for it."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from contracts import CONTRACT
from contracts.codec import ContractError, to_dict
from contracts.envelope import ErrorInfo, ItemResult, Metrics, Request, Result, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.events import ProtocolStream
from contracts.exit_codes import ExitCode
from contracts.failures import error_info, exit_code_for
from contracts.files import resolve, write_json
from contracts.stage import Job, Session, Stage, open_session


class CpuMeter:
    """Processor seconds of this process, lap by lap; the first lap starts with the process."""

    def __init__(self) -> None:
        self._told = 0.0

    def lap(self) -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        lap, self._told = used - self._told, used
        return lap


_CPU = CpuMeter()


def execute(
    stage: Stage, request: Request, sessions: dict[str, Session], stream: ProtocolStream | None = None
) -> Result:
    """Run one request and never raise: whatever happens becomes a Result, written where asked."""
    started = time.monotonic()
    loaded = started
    items: list[ItemResult] = []
    error: ErrorInfo | None = None
    exit_code = ExitCode.OK
    versions = Versions(python=platform.python_version())
    try:
        if request.contract != CONTRACT:
            raise StageError(
                ErrorCode.CONTRACT_VERSION,
                f"contract {request.contract!r} asked, {CONTRACT!r} spoken",
                "use an orchestrator and stages of one version",
                ExitCode.ENVIRONMENT,
            )
        if request.stage != stage.name:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"request is for stage {request.stage!r}, this is {stage.name!r}",
                exit_code=ExitCode.USAGE,
            )
        key = f"{request.backend}/{request.device}"
        if key not in sessions:
            sessions[key] = open_session(stage, request.backend, request.device)
        loaded = time.monotonic()
        for item in sessions[key].run(Job(request, stream)):
            items.append(item)
            if stream:
                stream.send("item", request_id=request.request_id, item=to_dict(item))
        versions = sessions[key].versions()
    except ContractError as problem:
        error, exit_code = ErrorInfo(ErrorCode.BAD_REQUEST, str(problem)), ExitCode.USAGE
    except StageError as problem:
        error, exit_code = error_info(problem, stage.failure_code), problem.exit_code
    except Exception as problem:  # noqa: BLE001 - the caller gets a Result whatever happens
        error, exit_code = error_info(problem, ErrorCode.INTERNAL), ExitCode.INTERNAL
    if error is None and items and all(i.status == "failed" for i in items):
        error, exit_code = items[0].error, exit_code_for(items[0].error)
    status = "failed" if error else "skipped" if _all_skipped(items) else "succeeded"
    result = Result(
        request_id=request.request_id,
        stage=stage.name,
        backend=request.backend,
        status=status,  # type: ignore[arg-type]
        exit_code=int(exit_code),
        items=tuple(items),
        error=error,
        metrics=Metrics(
            load_s=round(loaded - started, 4),
            run_s=round(time.monotonic() - loaded, 4),
            cpu_s=round(_CPU.lap(), 4),
            peak_rss_mb=peak_rss_mb(),
        ),
        versions=versions,
    )
    if request.result:
        write_json(resolve(request.roots, request.result), to_dict(result))
    return result


def _all_skipped(items: Sequence[ItemResult]) -> bool:
    return bool(items) and all(i.status == "skipped" for i in items)


def peak_rss_mb() -> float:
    """Peak resident memory of this process in MB.

    On Linux from /proc, because what getrusage tells survives exec: it may be the parent's.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, kB elsewhere
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


def threads_to_use() -> int:
    """Threads that this process may compute with: OMP_NUM_THREADS, which divides the cores among processes
    that work side by side, else a thread for each core."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
