"""Which cases go through which backends, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.quality.appearance import Example, features, learn
from tests.quality.cases import Case, labelled_cases
from tests.quality.judging import Readings, have_mediapipe, read_faces
from tests.quality.made_cases import MADE, REOPENED, made_cases, reopened_cases
from tests.quality.observing import Judges, Observation, looks_at, observe, rgb
from tests.quality.product import Result, run_cases
from tests.quality.prototype import BACKEND as PROTOTYPE
from tests.quality.prototype import run_prototype

AUTO, LID_LIFT, MIRROR, DONOR = "auto", "lid_lift", "mirror", "donor"
PAIRS = "pairs"


@dataclass(frozen=True)
class Examination:
    """Everything that was seen, by whom, and what was left out."""

    observations: tuple[Observation, ...]
    judges: Judges
    notes: tuple[str, ...]

    @property
    def names_of_judges(self) -> str:
        """Figures of other judges cannot be compared."""
        names = ["dlib", *(["mediapipe"] if have_mediapipe() else [])]
        return ", ".join([*names, *(["appearance"] if self.judges.appearance else [])])


def examine(folder: Path, seed: int | None = None, with_prototype: bool = True) -> Examination:
    """Everything by `auto`; besides, what a person could ask for: no donor for pairs, each way for winks.

    Args:
        folder: gets made photos and runs.
        seed: of all runs; None for the product's own.
    """
    made = folder / "cases"
    made.mkdir(parents=True, exist_ok=True)
    labelled = labelled_cases()
    cases = [*labelled, *made_cases(made), *reopened_cases(labelled, made)]
    results: list[Result] = []
    for backend, chosen in _backends(cases).items():
        print(f"{backend}: {len(chosen)} photos", flush=True)
        results += run_cases(chosen, backend, folder / "runs" / backend, seed)
    if with_prototype:
        results += run_prototype(_for_prototype(cases), folder / "runs" / PROTOTYPE)
    looks = looks_at(results)
    print(f"judges: {len(looks)} faces", flush=True)
    readings = read_faces(looks, folder)
    judges = Judges(readings, learn(_examples(labelled, readings)))
    seen = tuple(observe(result, judges) for result in results)
    return Examination(seen, judges, tuple(_notes(labelled, results, judges)))


def _backends(cases: Sequence[Case]) -> dict[str, list[Case]]:
    winks = [case for case in cases if case.faces and any(face.is_wink for face in case.faces)]
    with_truth = [case for case in cases if case.truth]
    pairs = [case for case in with_truth if case.truth and not case.truth.same_frame]
    reopened = [case for case in cases if case.category == REOPENED]
    return {
        AUTO: list(cases),
        LID_LIFT: [*winks, *pairs, *reopened],
        MIRROR: winks,
        DONOR: [case for case in pairs if case.category != "group"],
    }


def _for_prototype(cases: Sequence[Case]) -> list[Case]:
    """What has a truth; the rest would need a person to compare."""
    return [c for c in cases if c.truth and c.category in (PAIRS, REOPENED, MADE, "closed")]


def _examples(labelled: Sequence[Case], readings: Readings) -> list[Example]:
    return [
        Example(features(rgb(case.photo), readings[case.photo, face.place].axis(side)), state, case.half)
        for case in labelled
        for face in case.faces or ()
        for side, state in face.states
        if state in ("open", "closed")
    ]


def _notes(labelled: Sequence[Case], results: Sequence[Result], judges: Judges) -> list[str]:
    notes = []
    if not labelled:
        notes.append("The labelled photos are not here: only photos of our own making are examined.")
    if not have_mediapipe():
        notes.append("MediaPipe's model is not here: no figures of gaze, iris colour and pairs.")
    if judges.appearance:
        notes.append(
            "The judge of appearance is right on "
            f"{judges.appearance.right:.1%} of labelled eyes of persons that it was not trained on."
        )
    else:
        notes.append("Too few labelled eyes to train the judge of appearance: only landmarks judge.")
    if all(result.backend != PROTOTYPE for result in results):
        notes.append("The prototype was not run: there is nothing to beat.")
    return notes
