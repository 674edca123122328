"""Restoring in the run: what is asked, what is judged, what is kept; with stages as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from contracts.codec import from_dict, to_dict
from contracts.envelope import ErrorInfo, Item, ItemResult, Metrics, Notice, Request, Result, Versions
from contracts.face import Face, FaceDocument
from contracts.files import read_json, resolve, write_json
from contracts.res import NOT_RESTORED, FaceRestoration, RestoreItemData, RestoreItemParams
from imaging.digital_source_type import GENERATIVE_EDIT, digital_source_type
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.opening.face_work import Attempt, FaceWork
from orch.app.src.opening.plan import Selection, plan_photo
from orch.app.src.opening.restoration import Restored, restore
from orch.app.src.outputs.finishing import shareable
from orch.app.src.report import EyeVerdict, FaceEdit, VariationReport
from orch.app.src.run_paths import RunPathManager, layout_for
from orch.app.src.settings import Settings, settings_of
from orch.app.src.verification import MOST_SHAPE_CHANGE, restoration_problem
from tests.unit.orch_fakes import eye, face


def opened(index: int) -> Face:
    return face(index, "open", "open")


@dataclass
class Stages:
    """face and res as functions.

    Attributes:
        before, after: how faces look in the blended and in the restored picture.
        lost: faces that nobody finds in the blended picture.
        guarded: faces whose iris changed its colour: the stage itself keeps them.
        fails: stage -> the error of its items.
    """

    before: Callable[[int], Face] = opened
    after: Callable[[int], Face] = opened
    lost: set[int] = field(default_factory=set)
    guarded: set[int] = field(default_factory=set)
    fails: dict[str, str] = field(default_factory=dict)
    skips: bool = False
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Result:
        self.requests.append(request)
        work = {"face": self._look, "res": self._restore}[request.stage]
        items = tuple(
            ItemResult(item.item_id, "failed", error=ErrorInfo(self.fails[request.stage], "it broke"))
            if request.stage in self.fails
            else work(request, item)
            for item in request.items
        )
        versions = Versions(python="3")
        return Result(
            "r", request.stage, request.backend, "succeeded", 0, items, metrics=Metrics(), versions=versions
        )

    def asked(self, stage: str) -> list[Request]:
        return [request for request in self.requests if request.stage == stage]

    def _look(self, request: Request, item: Item) -> ItemResult:
        look = self.after if "res/" in item.photo else self.before
        faces = tuple(look(index) for index in item.params["only_faces"] if index not in self.lost)
        document = FaceDocument("t", item.photo, (900, 300), "fake", 260.0, faces)
        write_json(resolve(request.roots, item.outputs["json"]), to_dict(document))
        return ItemResult(item.item_id, "succeeded")

    def _restore(self, request: Request, item: Item) -> ItemResult:
        if self.skips:
            return ItemResult(item.item_id, "skipped", warnings=(Notice("MODEL_001", "no weights"),))
        faces = from_dict(RestoreItemParams, item.params).faces
        assert faces is not None
        document = from_dict(FaceDocument, read_json(resolve(request.roots, item.inputs["face_json"])))
        assert {f.face_index for f in document.faces} >= set(faces)
        factor = request.params["upscale"]
        done = tuple(
            FaceRestoration(i, "kept", "the iris turns green")
            if i in self.guarded
            else FaceRestoration(i, "restored", "", (0, 0, round(9 * factor), round(9 * factor)))
            for i in faces
        )
        path = resolve(request.roots, item.outputs["image"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"restored {faces} x{factor:g}")
        return ItemResult(item.item_id, "succeeded", data=to_dict(RestoreItemData(done)))


def restored(
    folder: Path,
    stages: Stages,
    variations: Sequence[str] = ("original",),
    backend: str = "codeformer",
    **restoration: object,
) -> dict[str, Restored]:
    """Two faces that were closed in the photo and opened in every variation, and a third, open all along."""
    settings = settings_of({"restoration": restoration})
    layout = layout_for(folder, "r", verbose=True)
    requests = RequestMaker(settings, layout, "r", {"face": "facemesh", "res": backend})
    shared = RunPathManager("shared", folder / "photo.png", True, "r", layout)
    photo = FaceDocument("t", "in:photo.png", (900, 300), "fake", 260.0, (face(0), face(1), opened(2)))
    write_json(shared.get_face_json(), to_dict(photo))
    plan = plan_photo(photo, Selection(), "lid_lift")
    work = []
    for variation in variations:
        for planned in plan.faces:
            paths = shared.for_variation(variation)
            entry = FaceWork(planned, variation, paths, 42, params=None)  # type: ignore[arg-type]
            attempt = Attempt(None, "lid_lift", ("left", "right"), (), None)  # type: ignore[arg-type]
            attempt.verdicts = {side: EyeVerdict(side, "opened") for side in attempt.eyes}
            entry.attempts.append(attempt)
            work.append(entry)
    pictures = {v: shared.for_variation(v).get_blended() for v in variations}
    for picture in pictures.values():
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text("blended")
    return restore(shared, pictures, work, requests, stages)  # type: ignore[arg-type]


def test_all_well_is_one_request_between_two_looks(tmp_path: Path) -> None:
    stages = Stages()
    answers = restored(tmp_path, stages, ("original", "variation_01"))
    assert [r.stage for r in stages.requests] == ["face", "res", "face"]
    for answer in answers.values():
        assert (answer.note, answer.upscale) == ("succeeded", 1.0)
        assert answer.picture.read_text() == "restored (0, 1) x1"
        assert [f.outcome for f in answer.faces] == ["restored", "restored"]
    assert set(answers) == {"original", "variation_01"}


def test_a_face_that_is_not_found_again_is_left_and_the_others_are_restored(tmp_path: Path) -> None:
    answer = restored(tmp_path, Stages(lost={2}), faces="all")["original"]
    assert answer.note == "succeeded; left as blended: face 2: it is not found again"
    assert answer.picture.read_text() == "restored (0, 1) x1"
    assert [(f.face_index, f.outcome) for f in answer.faces] == [
        (0, "restored"),
        (1, "restored"),
        (2, "kept"),
    ]


def closed_again(index: int) -> Face:
    return face(index, "closed", "open") if index == 0 else opened(index)


def test_a_face_whose_eye_closed_again_is_left_as_blended_and_the_others_are_restored(tmp_path: Path) -> None:
    stages = Stages(after=closed_again)
    answer = restored(tmp_path, stages)["original"]
    assert answer.note.startswith("succeeded; left as blended: face 0: restoring spoils the left eye: still")
    assert answer.picture.read_text() == "restored (1,) x1"
    assert [(f.face_index, f.outcome, f.region is None) for f in answer.faces] == [
        (0, "kept", True),
        (1, "restored", False),
    ]
    assert [r.stage for r in stages.requests] == ["face", "res", "face", "res"]
    # The first request shows a verbose run what the network made of every face.
    assert ["debug" in r.items[0].outputs for r in stages.asked("res")] == [True, False]


def test_where_every_face_suffers_the_blended_picture_stays(tmp_path: Path) -> None:
    stages = Stages(after=lambda index: face(index, "closed", "closed"))
    answer = restored(tmp_path, stages)["original"]
    assert answer.note.startswith("kept as blended: face 0: restoring spoils the left eye")
    assert "; face 1: " in answer.note
    assert answer.picture.read_text() == "blended"
    assert len(stages.asked("res")) == 1


def test_what_the_stage_kept_itself_is_told_and_not_looked_at(tmp_path: Path) -> None:
    stages = Stages(guarded={0, 1})
    answer = restored(tmp_path, stages)["original"]
    assert answer.note == "kept as blended: face 0: the iris turns green; face 1: the iris turns green"
    assert answer.picture.read_text() == "blended"
    assert [r.stage for r in stages.requests] == ["face", "res"]


def test_enlarging_happens_after_the_look_with_the_faces_that_are_well(tmp_path: Path) -> None:
    stages = Stages(after=closed_again)
    answer = restored(tmp_path, stages, upscale=2.0)["original"]
    assert [r.params["upscale"] for r in stages.asked("res")] == [1.0, 2.0]
    assert answer.picture.read_text() == "restored (1,) x2"
    assert answer.upscale == 2.0
    assert answer.faces[1].region == (0, 0, 18, 18)
    none_well = Stages(guarded={0, 1})
    answer = restored(tmp_path, none_well, upscale=2.0)["original"]
    assert answer.picture.read_text() == "restored () x2"
    assert answer.note.startswith("kept as blended")


def test_all_faces_by_choice(tmp_path: Path) -> None:
    """Also the one that nobody edited; its eyes were open and have to stay so."""
    stages = Stages(after=lambda index: face(2, "open", "closed") if index == 2 else opened(index))
    answer = restored(tmp_path, stages, faces="all")["original"]
    assert [f.face_index for f in answer.faces] == [0, 1, 2]
    assert answer.note.startswith("succeeded; left as blended: face 2: restoring spoils the right eye")


@pytest.mark.parametrize("stage", ["face", "res"])
def test_what_fails_leaves_the_blended_picture(tmp_path: Path, stage: str) -> None:
    answer = restored(tmp_path, Stages(fails={stage: "STAGE_001"}))["original"]
    assert answer.note == "failed: it broke"
    assert answer.picture.read_text() == "blended"


def test_what_cannot_be_looked_at_afterwards_is_not_believed(tmp_path: Path) -> None:
    def lost(request: Request) -> Result:
        if stages.asked("res"):
            stages.fails["face"] = "STAGE_001"
        return stages(request)

    stages = Stages()
    answer = restored(tmp_path, lost)["original"]  # type: ignore[arg-type]
    assert answer.note == "failed: it broke"
    assert answer.picture.read_text() == "blended"


def test_without_a_backend_nothing_is_looked_at(tmp_path: Path) -> None:
    stages = Stages(skips=True)
    answer = restored(tmp_path, stages, backend="none")["original"]
    assert answer.note == f"skipped: {NOT_RESTORED}"
    assert answer.picture.read_text() == "blended"
    assert stages.requests == []
    not_wanted = Stages()
    assert restored(tmp_path, not_wanted, enabled=False)["original"].note == "not_wanted"
    assert not_wanted.requests == []


def test_what_speaks_against_a_restored_face() -> None:
    original, before = face(0), opened(0)
    both = ("left", "right")
    assert restoration_problem(original, before, before, both) == ""
    assert restoration_problem(original, before, None, both) == "restored, the face was not found again"
    smeared = replace(before, left_eye=eye("open", appearance=0.2))
    assert "does not look like an eye" in restoration_problem(original, before, smeared, both)
    # What was so before is not held against it, in an eye that nobody edited.
    assert restoration_problem(original, smeared, smeared, ("right",)) == ""
    assert (
        restoration_problem(original, face(0, "closed", "open"), face(0, "closed", "open"), ("right",)) == ""
    )
    mesh = [list(point) for point in before.mesh]
    mesh[473][0] += 14.0
    squint = replace(before, mesh=tuple((x, y, z) for x, y, z in mesh))
    assert "restoring spoils the left eye: the eyes look apart" in restoration_problem(
        original, before, squint, both
    )
    other = replace(before, mesh=tuple((x * 1.3, y, z) for x, y, z in before.mesh))
    reason = restoration_problem(original, before, other, both)
    assert reason.startswith("restoring changes the shape of the face") and str(MOST_SHAPE_CHANGE) in reason


def test_the_report_knows_restored_regions_and_that_a_network_drew() -> None:
    region = (10, 20, 30, 40)
    eyes = (EyeVerdict("left", "opened", region=region), EyeVerdict("right", "opened", region=None))
    report = VariationReport("original", "r", 1, 1.0, (FaceEdit(0, "mirror", 1, eyes),))
    assert report.regions() == (region,)
    kept = replace(report, restored_faces=(FaceRestoration(0, "kept", "green"),))
    assert kept.methods() == ("mirror",)
    good = replace(
        report, restored_faces=(FaceRestoration(0, "restored", region=(5, 5, 99, 99)),), upscale=2.0
    )
    assert good.regions() == ((12, 32, 68, 88), (5, 5, 99, 99))
    assert digital_source_type(good.methods()) == GENERATIVE_EDIT
    assert shareable(Settings())["restoration"]["faces"] == "edited"
