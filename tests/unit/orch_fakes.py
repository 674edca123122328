"""Stages as functions, so that the orchestrator is tested without processes, pictures or models.

A `World` says which faces a photo shows and what happens when they are painted; pictures are text
files that only say what was done.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from msgspec.structs import replace as replaced

from contracts.blend import BlendItemData, BlendItemParams, EyePaste
from contracts.codec import from_dict, to_dict
from contracts.crop import CropItemParams
from contracts.envelope import (
    ErrorInfo,
    Item,
    ItemResult,
    Metrics,
    Notice,
    Refusal,
    Request,
    Result,
    StageName,
    Versions,
)
from contracts.exit_codes import ExitCode
from contracts.face import (
    SIDES,
    EyeAppearance,
    EyeReading,
    EyeState,
    Face,
    FaceDocument,
    FacePart,
    Pose,
)
from contracts.files import write_json
from contracts.finish import FinishItemData, FinishItemParams, Shown, Written
from contracts.gen import GenItemData, GenItemParams, PaintedEye
from contracts.identity import FaceIdentity, IdentityDocument
from contracts.preenh import PreEnhanceItemParams
from contracts.stage import Job
from orch.app.src.backends.choice import BackendChoice
from orch.app.src.backends.equipment import Equipment
from orch.app.src.backends.settling import settle_backends
from orch.app.src.calling.options import RunOptions
from orch.app.src.models.catalogue import catalogue
from orch.app.src.models.store import ModelStore
from orch.app.src.outputs.names import likely_suffix
from orch.app.src.progress.shown import Silent
from orch.app.src.report import RunReport
from orch.app.src.running import run as run_module
from orch.app.src.running.begun_run import Surroundings
from orch.app.src.running.run import execute
from orch.app.src.settings import Settings
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.hardware import Hardware
from orch.app.src.stages.pool import Key
from orch.app.src.stages.process import OnEvent, StageDied

ASPECT: dict[EyeState, float] = {"open": 0.2, "closed": 0.05, "undetermined": 0.13}
OPENED = 0.9
"""Appearance score of an eye that looks."""


def face(index: int, left: EyeState = "closed", right: EyeState = "closed", **changes: Any) -> Face:
    """A face whose eyes are 40 px wide and 100 px apart; irises in the middle."""
    x = 300.0 * index
    mesh = [[x + k * 37 % 300, k * 53 % 290, k * 19 % 100 - 50.0] for k in range(478)]
    for landmark, place in ((33, 80), (133, 120), (362, 180), (263, 220), (468, 100), (473, 200)):
        mesh[landmark] = [x + place, 100.0, 0.0]
    part = FacePart((), ())
    made = Face(
        face_index=index,
        bbox=(x, 0.0, x + 300.0, 300.0),
        confidence=0.9,
        left_eye=eye(left),
        right_eye=eye(right),
        left_eyebrow=part,
        right_eyebrow=part,
        nose=part,
        mesh=tuple((p[0], p[1], p[2]) for p in mesh),
        pose=Pose(0.0, 0.0, 0.0),
        inter_ocular_distance=100.0,
        requires_processing="closed" in (left, right),
    )
    return replace(made, **changes)


def eye(state: EyeState, appearance: float | None = None) -> EyeReading:
    score = appearance if appearance is not None else OPENED if state == "open" else 0.1
    return EyeReading(
        state=state,
        closed=state == "closed",
        score=0.9 if state == "closed" else 0.1,
        area=100.0,
        normalised_area=100.0,
        aspect_ratio=ASPECT[state],
        width=40.0,
        points=(),
        indices=(),
        landmark_set="mesh478",
        reason="downcast" if state == "undetermined" else "",
        appearance=EyeAppearance(score, score, score),
    )


@dataclass
class World:
    """What the fake stages see and do.

    Attributes:
        photos: file name -> faces.
        people: file name -> identity vectors of its first faces.
        opens: (face index, strategy, how often this face was painted before) -> states afterwards.
        declines: strategies that refuse, with their reason.
        breaks: strategies that fail with an error.
        unblendable: faces with which no picture can be blended.
        fails: (stage, item id or photo name) -> the error to answer.
        dies: the same, but the stage crashes.
    """

    photos: dict[str, tuple[Face, ...]]
    people: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    opens: Callable[[int, str, int], EyeState] = lambda index, strategy, before: "open"
    appearance: float | None = None
    declines: dict[str, str] = field(default_factory=dict)
    breaks: set[str] = field(default_factory=set)
    unblendable: set[int] = field(default_factory=set)
    fails: dict[tuple[str, str], str] = field(default_factory=dict)
    dies: set[tuple[str, str]] = field(default_factory=set)
    seam: float = 1.1
    requests: list[Request] = field(default_factory=list)
    painted: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    started: list[Key] = field(default_factory=list)
    interrupt_at: str = ""

    def of(self, stage: StageName) -> list[Request]:
        return [r for r in self.requests if r.stage == stage]

    def work(self) -> list[Request]:
        """Requests without those that cut pictures for the page."""
        return [r for r in self.requests if r.backend != "finish" or "final" in r.items[0].outputs]

    def items(self, stage: StageName) -> list[Item]:
        return [item for request in self.of(stage) for item in request.items]


@dataclass
class FakeStage:
    """A channel that answers from the world."""

    entry: StageEntry
    world: World

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        self.world.requests.append(request)
        job = Job(request)
        items: list[ItemResult] = []
        for item in request.items:
            keys = {(request.stage, item.item_id), (request.stage, item.photo.rpartition("/")[2])}
            if keys & self.world.dies:
                death = StageDied("STAGE_001", f"stage {request.stage} crashed", "", ExitCode.INTERNAL, True)
                death.finished = tuple(items)
                raise death
            failing = [self.world.fails[key] for key in keys if key in self.world.fails]
            if failing:
                error = ErrorInfo(failing[0], f"{request.stage} failed")
                items.append(ItemResult(item.item_id, "failed", error=error))
            else:
                items.append(getattr(self, f"_{request.stage}")(job, item))
        return Result(
            request.request_id,
            request.stage,
            request.backend,
            "succeeded",
            0,
            tuple(items),
            metrics=Metrics(run_s=0.001, peak_rss_mb=100.0),
            versions=Versions(python="3", models={f"{request.stage}_model": "0" * 64}),
        )

    def kill(self) -> None:
        """Nothing runs."""

    def _face(self, job: Job, item: Item) -> ItemResult:
        if job.request.backend == "identity":
            people = self.world.people.get(item.photo.rpartition("/")[2].removeprefix("in:"), ())
            identities = tuple(FaceIdentity(k, vector) for k, vector in enumerate(people))
            document = IdentityDocument("fake", 0.4, 0.6, (), identities)
            return self._write_all(job, item, json.dumps(to_dict(document)))
        if "face_json" in item.inputs:
            known = from_dict(FaceDocument, json.loads(job.input(item, "face_json").read_text()))
            done = json.loads(job.path(item.photo).read_text())
            only = item.params["only_faces"]
            faces = tuple(self._reread(f, done) for f in known.faces if f.face_index in only)
        else:
            shown = {Path(name).name: faces for name, faces in self.world.photos.items()}
            faces = shown[item.photo.partition(":")[2]]
        seen = FaceDocument("2025-02-07T14:30:22Z", item.photo, (900, 300), "fake", 260.0, faces)
        result = self._write_all(job, item, json.dumps(to_dict(seen)))
        return replace(result, data={"faces": len(faces)})

    def _reread(self, known: Face, done: dict[str, Any]) -> Face:
        eyes = {
            f"{side}_eye": eye(done[f"{known.face_index}/{side}"], self.world.appearance)
            for side in SIDES
            if f"{known.face_index}/{side}" in done
        }
        return replace(known, **eyes)  # type: ignore[arg-type]

    def _crop(self, job: Job, item: Item) -> ItemResult:
        if item.photo == f"in:{self.world.interrupt_at}":
            raise KeyboardInterrupt
        job.item_params(CropItemParams, item)
        return self._write_all(job, item, '"crop"')

    def _gen(self, job: Job, item: Item) -> ItemResult:
        params = job.item_params(GenItemParams, item)
        usable = [s for s in item.strategies if s not in self.world.declines]
        tried = item.strategies[: item.strategies.index(usable[0])] if usable else item.strategies
        refused = tuple(Refusal(s, self.world.declines[s]) for s in tried)
        if not usable:
            return ItemResult(item.item_id, "skipped", refused=refused)
        if usable[0] in self.world.breaks:
            return ItemResult(item.item_id, "failed", error=ErrorInfo("GEN_001", f"{usable[0]} broke"))
        assert item.face_index is not None and item.variation_id is not None
        key = (item.variation_id, item.face_index)
        state = self.world.opens(item.face_index, usable[0], self.world.painted[key])
        self.world.painted[key] += 1
        eyes = tuple(PaintedEye(side, params.openness) for side in SIDES)
        result = self._write_all(job, item, json.dumps(state))
        return replace(result, strategy_used=usable[0], refused=refused, data=to_dict(GenItemData(eyes)))

    def _blend(self, job: Job, item: Item) -> ItemResult:
        params = job.item_params(BlendItemParams, item)
        done, pastes = {}, []
        if self.world.unblendable & {entry.face_index for entry in params.faces}:
            error = ErrorInfo("BLEND_001", "the crop does not fit")
            return ItemResult(item.item_id, "failed", error=error)
        for entry in params.faces:
            state = json.loads(job.input(item, f"painted_{entry.face_index}").read_text())
            for side in entry.eyes:
                done[f"{entry.face_index}/{side}"] = state
                pastes.append(EyePaste(entry.face_index, side, (0, 0, 9, 9), 81, self.world.seam))
        result = self._write_all(job, item, json.dumps(done))
        return replace(result, data=to_dict(BlendItemData(tuple(pastes))))

    def _res(self, job: Job, item: Item) -> ItemResult:
        if job.request.backend == "finish":
            return self._finish(job, item)
        return ItemResult(item.item_id, "skipped", warnings=(Notice("MODEL_001", "no weights"),))

    def _finish(self, job: Job, item: Item) -> ItemResult:
        """The finished "picture" is what the blended one says; nothing is shown."""
        params = job.item_params(FinishItemParams, item)
        if "final" in item.outputs:
            result = self._write_all(job, item, job.path(item.photo).read_text())
            return replace(result, data=to_dict(FinishItemData(Written("TEXT", 8))))
        shown = tuple(Shown("", "image/jpeg", *view.size) for view in params.views)
        return job.succeeded(item, data=to_dict(FinishItemData(None, params.frame, shown)))

    def _preenh(self, job: Job, item: Item) -> ItemResult:
        number = job.item_params(PreEnhanceItemParams, item).number
        path = job.output(item, "variation")
        assert path is not None
        write_json(path, {"generation": {"prompt": f"prompt {number}"}})
        return job.succeeded(item)

    def _write_all(self, job: Job, item: Item, text: str) -> ItemResult:
        for ref in item.outputs.values():
            path = job.path(ref)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return job.succeeded(item)


def equipment(store: Path, **changes: Any) -> Equipment:
    """A machine without a GPU whose environments are all there."""
    made = Equipment(
        gpu=lambda: "",
        is_ready=lambda folder, recipe: True,
        make=lambda folder, recipe: None,
        store=ModelStore((store,), store),
        models=catalogue(),
    )
    return replace(made, **changes)


@contextmanager
def restoring(weights: Path) -> Iterator[None]:
    """Runs restore faces by CodeFormer, whose weights seem to lie there."""

    def settle(settings: Settings, *arguments: Any, **named: Any) -> BackendChoice:
        auto = replaced(settings.restoration, enabled="auto")
        choice = settle_backends(replaced(settings, restoration=auto), *arguments, **named)
        choice.started = [key if key[0] != "res" else ("res", "codeformer") for key in choice.started]
        choice.weights["res", "codeformer"] = {"codeformer": weights}
        return choice

    with mock.patch.object(run_module, "settle_backends", settle):
        yield


def surroundings(world: World, **changes: Any) -> Surroundings:
    def launch(entry: StageEntry, backend: str) -> FakeStage:
        world.started.append((entry.name, backend))
        return FakeStage(entry, world)

    return replace(
        Surroundings(
            launcher=lambda layout, batch_id, threads: launch,
            suffix=likely_suffix,
            progress=lambda log_format: Silent(),
            environ={},
            equipment=equipment(Path("/nowhere")),
            hardware=Hardware(cores=1, memory_mb=8000.0),
        ),
        **changes,
    )


def run(world: World, folder: Path, **options: Any) -> RunReport:
    """A run over the world's photos, which are made in `folder`/in; output goes to `folder`/out."""
    source = folder / options.pop("source", "in")
    contents = options.pop("contents", {})
    for name in world.photos:
        photo = source / name
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_text(contents.get(name, name))
    inputs = options.pop("inputs", ("in",) if len(world.photos) > 1 else (f"in/{next(iter(world.photos))}",))
    changes = options.pop("surroundings", {})
    output = options.pop("output", folder / "out")
    given = RunOptions(inputs=inputs, base=folder, output=output, **options)
    return execute(given, surroundings(world, **changes), started=0.0)
