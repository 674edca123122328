"""Which cases go through which backends, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.face import SIDES
from tests.quality import opening
from tests.quality.appearance import Example, features, learn
from tests.quality.cases import Case, labelled_cases
from tests.quality.judging import Look, Reading, Readings, have_mediapipe, read_faces
from tests.quality.made_cases import MADE, REOPENED, closings, made_cases
from tests.quality.observing import Judges, Observation, looks_at, observe, rgb
from tests.quality.product import GIVEN_DONORS, Result, run_cases
from tests.quality.prototype import BACKEND as PROTOTYPE
from tests.quality.prototype import run_prototype
from tests.quality.sunglasses_cases import SUNGLASSES, sunglasses_cases

AUTO, LID_LIFT, MIRROR = "auto", "lid_lift", "mirror"
WINK = "wink"


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


def examine(folder: Path, seed: int | None = None, known: Readings | None = None) -> Examination:
    """Everything by `auto`; besides, what a person could ask for: no donor for pairs, each way for winks.

    Args:
        folder: gets made photos and runs.
        seed: of all runs; None for the product's own.
        known: readings of an examination in the same folder with another seed; the prototype, which knows no
            seeds, stays out then.
    """
    runs = folder / ("runs" if seed is None else f"runs_seed_{seed}")
    made = folder / "cases"
    made.mkdir(parents=True, exist_ok=True)
    labelled = labelled_cases()
    candidates = list(closings(labelled, made))
    looks = {(case.photo, face.place) for case in (*labelled, *candidates) for face in case.faces or ()}
    judges = _trained(labelled, _read(looks, known or {}, folder))
    cases = [
        *labelled,
        *made_cases(made),
        *sunglasses_cases(made),
        *_closed_to_judges(candidates, judges),
    ]
    results: list[Result] = []
    for backend, chosen in _backends(cases).items():
        print(f"{backend}: {len(chosen)} photos", flush=True)
        results += run_cases(chosen, backend, runs / backend.replace(" ", "_"), seed)
    if known is None:
        results += run_prototype(_for_prototype(cases), runs / PROTOTYPE)
    judges = Judges(_read(looks_at(results), judges.readings, folder), judges.appearance)
    seen = tuple(observe(result, judges) for result in results)
    return Examination(seen, judges, tuple(_notes(labelled, results, judges)))


def _read(looks: set[Look], known: Readings, folder: Path) -> dict[Look, Reading]:
    new = looks - known.keys()
    print(f"judges: {len(new)} faces", flush=True)
    return {**known, **read_faces(new, folder)}


def _trained(labelled: Sequence[Case], readings: Readings) -> Judges:
    return Judges(readings, learn(_examples(labelled, readings)))


def _closed_to_judges(candidates: Sequence[Case], judges: Judges) -> list[Case]:
    """Of each portrait the first closing that the judges take for closed eyes."""
    chosen: dict[Path, Case] = {}
    for case in candidates:
        face = (case.faces or ())[0]
        reading, picture = judges.readings[case.photo, face.place], rgb(case.photo)
        closed = [opening.closed(judges.evidence(picture, reading, side, case)) for side in SIDES]
        if case.truth and all(closed):
            chosen.setdefault(case.truth.picture, case)
    return list(chosen.values())


def _backends(cases: Sequence[Case]) -> dict[str, list[Case]]:
    photos = [case for case in cases if case.category not in (MADE, REOPENED, SUNGLASSES)]
    winks = [case for case in photos if case.category == WINK]
    pairs = [case for case in photos if case.truth]
    chosen = {
        AUTO: list(cases),
        LID_LIFT: [*winks, *pairs],
        MIRROR: winks,
        **dict.fromkeys(GIVEN_DONORS, pairs),
    }
    return {backend: group for backend, group in chosen.items() if group}


def _for_prototype(cases: Sequence[Case]) -> list[Case]:
    """What has a truth, without groups: the rest would need a person to compare."""
    return [case for case in cases if case.truth and case.category != "group"]


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
