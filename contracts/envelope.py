"""Request and result: the envelope around every stage's work.

`items` are the unit of success and failure: the envelope is `failed` only when no item could be
attempted. Paths are references of the form `<root>:<relative posix path>`; see `contracts.files`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from contracts import CONTRACT

StageName = Literal["preenh", "face", "crop", "gen", "blend", "res"]
Status = Literal["succeeded", "skipped", "failed", "cancelled"]


@dataclass(frozen=True)
class Item:
    """One piece of work: a photo, a face of it, or a face in one variation.

    Attributes:
        item_id: unique within the request.
        photo: reference of the photo (or of the picture that is looked at), "" where a stage needs none.
        face_index: number of the face, left to right from 0; None for work on the whole photo.
        variation_id: "original", "variation_01", ...; None before variations part.
        seed: base of every random draw for this item.
        strategies: names to try in this order (gen).
        inputs, outputs: name -> reference. A stage writes the named outputs and nothing else.
        params: this item's own parameters; the stage's item dataclass reads them strictly.
    """

    item_id: str
    photo: str = ""
    face_index: int | None = None
    variation_id: str | None = None
    seed: int = 0
    strategies: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What the caller wants of one stage.

    Attributes:
        contract: version of the wire format, `contracts.CONTRACT`.
        backend: name of the backend, from the stage's own table.
        device: "auto", "cpu" or "cuda".
        deadline_s: seconds that the stage may take for this request; None for no limit.
        debug: keep and describe intermediates, log more.
        params: parameters of the whole request; the stage's dataclass reads them strictly.
        roots: root name -> absolute folder. `in`, `out`, `work` and `weights_<name>` are the usual
            ones.
        result: reference under which the result is also written as a file; "" for none.
    """

    request_id: str
    run_id: str
    stage: StageName
    backend: str
    items: tuple[Item, ...]
    roots: dict[str, str]
    contract: str = CONTRACT
    device: Literal["auto", "cpu", "cuda"] = "auto"
    deadline_s: float | None = None
    debug: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    result: str = ""


@dataclass(frozen=True)
class ErrorInfo:
    code: str
    message: str
    hint: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class Notice:
    """A warning: the work was done, and this is what a person should know about it."""

    code: str
    message: str


@dataclass(frozen=True)
class Refusal:
    """A strategy that looked at the item and declined, with its reason."""

    strategy: str
    reason: str


@dataclass(frozen=True)
class OutputFile:
    """A file that was written. path: as in the request. size: bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ItemResult:
    """What became of one item; `error` is set exactly when `status` is "failed"."""

    item_id: str
    status: Status
    strategy_used: str | None = None
    refused: tuple[Refusal, ...] = ()
    outputs: dict[str, OutputFile] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    error: ErrorInfo | None = None

    def __post_init__(self) -> None:
        if (self.status == "failed") != (self.error is not None):
            raise ValueError("a failed item carries an error, any other item none")


@dataclass(frozen=True)
class Metrics:
    """load_s, run_s: seconds; peak memory in MB of 10**6 bytes, None where it is not known.

    cpu_s: processor seconds, user and system, since the process answered last or began.
    """

    load_s: float = 0.0
    run_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float | None = None
    peak_vram_mb: float | None = None


@dataclass(frozen=True)
class Versions:
    """models: model name -> sha256 of its file; of folders "stat:" and a hash of names, sizes and times."""

    python: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The answer to one request; written last, also on failure."""

    request_id: str
    stage: StageName
    backend: str
    status: Status
    exit_code: int
    items: tuple[ItemResult, ...] = ()
    warnings: tuple[Notice, ...] = ()
    error: ErrorInfo | None = None
    metrics: Metrics = field(default_factory=Metrics)
    versions: Versions = field(default_factory=Versions)
    contract: str = CONTRACT
