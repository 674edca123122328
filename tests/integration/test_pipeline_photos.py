"""Real photos, from the command to the finished pictures, held against their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.face import SIDES, Face, Side
from imaging.photo import read_photo
from tests.edit_regions import Eye, allowed, aperture, changed, faces_in
from tests.photos import PHOTOS, LabelledPhoto, labelled_photos, needs_photos
from tests.running import Finished, finish, outcomes

pytestmark = needs_photos

LABEL: dict[Side, str] = {"left": "L", "right": "R"}
NO_HUMAN = ("painting", "statue", "cat")
LEAST_OPENED = 0.85
PATIENCE_FOR_ALL_S = 3600.0


@dataclass(frozen=True, eq=False)
class Judged:
    """One photo of a run, with what its labels say and what was done to it.

    Attributes:
        report: the run's report on it.
    """

    labelled: LabelledPhoto
    report: dict[str, Any]
    photo: Path

    @cached_property
    def before(self) -> NDArray[Any]:
        return read_photo(self.photo).pixels

    @cached_property
    def after(self) -> NDArray[Any] | None:
        """The finished picture; None where there is none."""
        written = [v["output"] for v in self.report["variations"] if v["output"]]
        return read_photo(Path(written[0]["path"])).pixels if written else None

    @cached_property
    def faces(self) -> list[Face]:
        return faces_in(read_photo(self.photo).as_rgb8())

    @property
    def outcomes(self) -> dict[Eye, str]:
        """Eyes that were to be opened."""
        if not self.report["variations"]:
            return {}
        return {(index, side): what for (index, side), (what, _) in outcomes(self.report).items()}

    @property
    def opened(self) -> list[Eye]:
        return [eye for eye, outcome in self.outcomes.items() if outcome == "opened"]

    def eyes(self, label: str) -> Iterator[Eye]:
        """Eyes with this label; the labels are left to right, as faces are numbered."""
        for index, face in enumerate(self.labelled.faces or ()):
            yield from ((index, side) for side in SIDES if face[LABEL[side]] == label)

    @property
    def all_faces_found(self) -> bool:
        """Whether labels and faces can be told to belong together."""
        return self.labelled.faces is not None and len(self.labelled.faces) == len(self.report["faces"])

    def why_not(self, eye: Eye) -> str:
        """The reason that the report gives for an eye that was not opened; "" where it was taken for open."""
        index, side = eye
        planned = self.report["faces"][index][f"{side}_eye"]
        if not planned["to_open"]:
            return str(planned["reason"])
        (face,) = (f for f in self.report["variations"][0]["faces"] if f["face_index"] == index)
        (verdict,) = (e for e in face["eyes"] if e["side"] == side)
        return str(verdict["reason"])


def judged(labelled: list[LabelledPhoto], finished: Finished, folder: Path) -> list[Judged]:
    by_path = {Path(photo["path"]): photo for photo in finished.report["photos"]}
    paths = {photo.path: folder / photo.path.relative_to(PHOTOS) for photo in labelled}
    return [Judged(photo, by_path[paths[photo.path]], paths[photo.path]) for photo in labelled]


def assert_changed_only_where_opened(photo: Judged) -> None:
    assert (photo.after is not None) == bool(photo.opened), photo.labelled.path.name
    if photo.after is None:
        return
    differs = changed(photo.before, photo.after)
    outside = differs & ~allowed(photo.before.shape, photo.faces, photo.opened)
    assert not outside.any(), f"{photo.labelled.path.name}: {outside.sum()} pixels outside changed"
    for index, side in photo.opened:
        assert (differs & aperture(differs.shape, photo.faces[index], side)).any(), photo.labelled.path.name
    if photo.all_faces_found:
        for index, side in photo.eyes("open"):
            touched = differs & aperture(differs.shape, photo.faces[index], side)
            assert not touched.any(), f"{photo.labelled.path.name}: open {side} eye of face {index} changed"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """The pictures without a person, a group with one blinking, and two portraits in 16 bit."""
    folder = tmp_path_factory.mktemp("few")
    everything = labelled_photos()
    negatives = [photo for photo in everything if _is_negative(photo)]
    group = [photo for photo in everything if photo.path.stem.endswith("one_closed")]
    deep = [_middling(labelled_photos(category)) for category in ("closed", "wink")]
    for photo in [*negatives, *group]:
        target = folder / photo.path.relative_to(PHOTOS)
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(photo.path)
    in_16_bit = []
    for photo in deep:
        target = folder / photo.path.relative_to(PHOTOS).with_suffix(".png")
        target.parent.mkdir(exist_ok=True)
        _write_16_bit(photo.path, target)
        in_16_bit.append(
            LabelledPhoto(
                PHOTOS / target.relative_to(folder), photo.category, photo.shows, photo.pair, photo.faces
            )
        )
    done = finish("--input", str(folder), output=folder.parent / "few_out", cwd=folder)
    return judged([*negatives, *group, *in_16_bit], done, folder)


def _is_negative(photo: LabelledPhoto) -> bool:
    return photo.category == "open" and any(word in photo.shows for word in NO_HUMAN)


def _middling(photos: list[LabelledPhoto]) -> LabelledPhoto:
    """The photo of middle size."""
    return sorted(photos, key=lambda photo: photo.path.stat().st_size)[len(photos) // 2]


def _write_16_bit(photo: Path, target: Path) -> None:
    """A 16-bit PNG whose low bytes are noise: what passes through 8 bits anywhere shows."""
    eight = read_photo(photo).pixels[..., :3]
    noise = np.random.default_rng(1).integers(0, 256, eight.shape, np.uint16)
    deep = eight.astype(np.uint16) * 256 + noise
    assert cv2.imwrite(str(target), deep[..., ::-1] if deep.shape[2] == 3 else deep)


def test_nothing_is_painted_where_nobody_is(few: list[Judged]) -> None:
    negatives = [photo for photo in few if _is_negative(photo.labelled)]
    assert len(negatives) == len(NO_HUMAN)
    for photo in negatives:
        assert photo.report["status"] == "unchanged", photo.labelled.path.name
        assert photo.report["reason"]


def test_only_the_one_who_blinked_changes(few: list[Judged]) -> None:
    (group,) = (photo for photo in few if photo.labelled.category == "group")
    assert group.all_faces_found
    assert sorted(group.opened) == sorted(group.eyes("closed"))
    assert_changed_only_where_opened(group)


def test_sixteen_bit_photos_change_only_in_the_eyes(few: list[Judged]) -> None:
    deep = [photo for photo in few if photo.photo.suffix == ".png"]
    assert len(deep) == 2
    for photo in deep:
        assert photo.before.dtype == np.uint16
        assert sorted(photo.opened) == sorted(photo.eyes("closed")), photo.labelled.path.name
        assert_changed_only_where_opened(photo)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """One run over all photos."""
    folder = tmp_path_factory.mktemp("everything")
    done = finish("--input", str(PHOTOS), output=folder / "out", cwd=folder, patience_s=PATIENCE_FOR_ALL_S)
    return judged(labelled_photos(), done, PHOTOS)


@pytest.mark.heavy
def test_every_tight_crop_has_its_face(everything: list[Judged]) -> None:
    crops = [photo for photo in everything if "tight face crop" in photo.labelled.shows]
    assert len(crops) == 19
    assert [photo.labelled.path.name for photo in crops if len(photo.report["faces"]) != 1] == []


@pytest.mark.heavy
def test_closed_eyes_are_opened_or_refused_with_a_reason(everything: list[Judged]) -> None:
    closed, opened, silent = 0, 0, []
    for photo in everything:
        for eye in photo.eyes("closed"):
            closed += 1
            if not photo.all_faces_found:
                silent.append(f"{photo.labelled.path.name}: {len(photo.report['faces'])} faces found")
            elif eye in photo.opened:
                opened += 1
            elif not photo.why_not(eye):
                silent.append(f"{photo.labelled.path.name} face {eye[0]}, {eye[1]} eye: taken for open")
    assert closed >= 80
    assert opened / closed >= LEAST_OPENED, silent
    assert len(silent) / closed <= 0.05, silent


@pytest.mark.heavy
def test_nothing_else_changes_in_any_photo(everything: list[Judged]) -> None:
    for photo in everything:
        assert_changed_only_where_opened(photo)


@pytest.mark.heavy
def test_no_eye_labelled_open_is_touched(everything: list[Judged]) -> None:
    assert sum(len(list(photo.eyes("open"))) for photo in everything) >= 90
    touched = [
        f"{photo.labelled.path.name} face {index}, {side} eye"
        for photo in everything
        if photo.all_faces_found
        for index, side in photo.eyes("open")
        if (index, side) in photo.outcomes
    ]
    assert touched == []


@pytest.mark.heavy
def test_photos_of_open_eyes_give_no_picture(everything: list[Judged]) -> None:
    for photo in everything:
        if photo.labelled.category == "open":
            assert photo.report["status"] == "unchanged", photo.labelled.path.name
