"""Reports with real pictures on the disk, for tests of the page and of what is chosen on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from contracts.envelope import ErrorInfo, Request, Result
from contracts.execution import execute
from contracts.face import EyeState, Pose
from contracts.files import sha256_file
from contracts.stage import Session
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.report import (
    EyeNumbers,
    EyeVerdict,
    FaceEdit,
    FaceReport,
    PhotoReport,
    PlannedEye,
    RunDocuments,
    RunReport,
    VariationReport,
    WrittenFile,
)
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.documents import write_documents
from orch.app.src.report_page.pictures import Cutter
from orch.app.src.run_paths import Layout, layout_for
from orch.app.src.settings import Settings
from res.app.src.restore_faces import STAGE

SIZE = (600, 400)
EYES = {"left": (200, 180, 260, 220), "right": (300, 180, 360, 220)}
"""Regions of a face's eyes: 100 px apart."""


def picture(path: Path, seed: int = 0, size: tuple[int, int] = SIZE) -> Path:
    """A picture file with smooth colours; another seed gives another content."""
    width, height = size
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    colours = 127 + 100 * np.sin(4 * x + seed + np.arange(3)) * np.cos(3 * y)
    path.parent.mkdir(parents=True, exist_ok=True)
    pyvips.Image.new_from_array(np.broadcast_to(colours, (height, width, 3)).astype(np.uint8)).write_to_file(
        str(path)
    )
    return path


def numbers(state: EyeState) -> EyeNumbers:
    return EyeNumbers(state, 0.9, 120.0, 118.0, 0.06, 0.2, "mesh")


def planned(state: EyeState) -> PlannedEye:
    reason = {"closed": "", "open": "it is open", "undetermined": "undetermined: downcast"}[state]
    return PlannedEye(numbers(state), state == "closed", reason)


def face(index: int = 0, left: EyeState = "closed", right: EyeState = "closed") -> FaceReport:
    return FaceReport(
        face_index=index,
        bbox=(150.0 + 10 * index, 100.0, 410.0 + 10 * index, 360.0),
        confidence=0.9,
        pose=Pose(1.0, -2.0, 0.0),
        inter_ocular_distance=100.0,
        age=None,
        eyeglasses=None,
        left_eye=planned(left),
        right_eye=planned(right),
        strategies=("lid_lift",),
        choice="auto: lid_lift",
    )


def edit(index: int = 0, **changes: Any) -> FaceEdit:
    """Both eyes opened."""
    eyes = tuple(
        EyeVerdict(side, "opened", "", numbers("open"), 0.5, 1.0, EYES[side])  # type: ignore[arg-type]
        for side in ("left", "right")
    )
    return replace(FaceEdit(index, "lid_lift", 1, eyes, iris_source="default"), **changes)


def edited(
    folder: Path, name: str, variations: int = 1, template: str | None = None, batch: str = "r"
) -> PhotoReport:
    """A photo in `folder`/in and its finished pictures in `folder`/out, as a run names them."""
    photo = picture(folder / "in" / name)
    identifier = f"{Path(name).stem}_{Path(name).suffix[1:]}"
    reports = []
    for number in range(variations):
        variation = f"variation_{number:02d}" if number else "original"
        run_id = f"{batch}_{identifier}_{variation}"
        if template is None:
            target = f"final_restore_{run_id}.png"
        else:
            marked = "" if variation == "original" else f"_{variation}"
            target = f"{template.format(stem=Path(name).stem)}{marked}.png"
        output = picture(folder / "out" / Path(name).parent / target, seed=number + 1)
        reports.append(
            VariationReport(
                variation, run_id, 42, 1.0, (edit(),), WrittenFile(str(output), sha256_file(output))
            )
        )
    return PhotoReport(
        name, str(photo), "edited", size=SIZE, detector="facemesh", faces=(face(),),
        variations=tuple(reports), stage_seconds={"face": 0.2, "gen": 0.3}, total_s=0.6,
    )  # fmt: skip


def failed(folder: Path, name: str) -> PhotoReport:
    return PhotoReport(
        name, str(folder / name), "failed", error=ErrorInfo("INPUT_003", f"{name} is damaged", "copy it")
    )


def unchanged(folder: Path, name: str) -> PhotoReport:
    photo = picture(folder / "in" / name, seed=9)
    faces = (face(0, "open", "open"), face(1, "undetermined", "open"))
    return PhotoReport(name, str(photo), "unchanged", "no closed eyes", SIZE, "facemesh", faces)


def everything(folder: Path) -> list[PhotoReport]:
    """Photos of every state that a run gives them."""
    return [
        edited(folder, "a.jpg", 2),
        unchanged(folder, "b.jpg"),
        failed(folder, "c.jpg"),
        replace(edited(folder, "d.jpg"), status="partial"),
    ]


def plan(folder: Path, name: str, *faces: FaceReport) -> PhotoReport:
    """A photo of a dry run."""
    photo = picture(folder / "in" / name)
    return PhotoReport(name, str(photo), "planned", "", SIZE, "facemesh", faces or (face(),))


def run_report(folder: Path, *photos: PhotoReport, **changes: Any) -> RunReport:
    """A run over the photos with `folder`/out as its output."""
    run = RunReport(
        format="1",
        version="0.1.0",
        contract="1",
        run_id="r",
        started="2026-11-21T08:00:00+00:00",
        exit_code=0,
        stopped=None,
        not_done=(),
        total_s=12.5,
        overhead_s=0.5,
        peak_rss_mb=300.0,
        settings=Settings().as_json(),
        options={"inputs": ["in"], "output": str(folder / "out"), "dry_run": False},
        photos=photos,
        problems=(),
        notices=(),
        backends=(),
        stages={
            "face": {"backend": "embedded", "requests": 3, "load_s": 0.5, "run_s": 1.2, "peak_rss_mb": 99.0}
        },
    )
    return replace(run, **changes)


def layout(folder: Path) -> Layout:
    return layout_for(folder / "out", "r", verbose=False)


def cutter(folder: Path) -> Cutter:
    """Cuts pictures as a run does, in this process."""
    sessions: dict[str, Session] = {}

    def ask(request: Request) -> Result:
        result = execute(STAGE, request, sessions)
        items = {item.item_id: item for item in result.items}
        assert items.keys() == {item.item_id for item in request.items}, result.error
        return result

    return Cutter(RequestMaker(Settings(), layout(folder), "r", {}), ask)


def album(folder: Path, photos: int = 8) -> Album:
    """An album of a few photos, to be closed."""
    return Album(photos, cutter(folder))


def documents_of(run: RunReport, folder: Path) -> RunDocuments:
    """What is written about a run."""
    with album(folder) as pictures:
        return write_documents(run, layout(folder), pictures)
