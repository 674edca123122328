"""What single figures are made of: one value for each eye, face or photo that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tests.quality.cases import NO_PERSON
from tests.quality.eye_measures import EyeSeen
from tests.quality.observing import FaceSeen, Observation
from tests.quality.similarity import Similarity

Values = Iterable[float | None]
"""None counts for nothing."""
Observations = Sequence[Observation]
Measure = Callable[[Observations], Values]


def eyes(observations: Observations, label: str | None = None) -> list[EyeSeen]:
    """Labelled eyes, of one label."""
    return [eye for o in observations for eye in o.eyes if label in (None, eye.label)]


def faces(observations: Observations) -> list[FaceSeen]:
    return [face for o in observations for face in o.faces]


def state_right(observations: Observations) -> Values:
    return (eye.state == eye.label for eye in eyes(observations) if eye.state in ("open", "closed"))


def undetermined(observations: Observations) -> Values:
    return (eye.state == "undetermined" for eye in eyes(observations) if eye.state)


def winks_right(observations: Observations) -> Values:
    """Faces with one eye closed that were found: both eyes right."""
    for observation in observations:
        for index, face in enumerate(observation.case.faces or ()):
            pair = [eye for eye in observation.eyes if eye.face_index == index and eye.state]
            if face.is_wink and pair:
                yield all(eye.state == eye.label for eye in pair)


def faces_found(observations: Observations) -> Values:
    return (face.found for face in faces(observations))


def false_faces(observations: Observations) -> Values:
    return (o.false_faces for o in observations)


def edits_of_no_person(observations: Observations) -> Values:
    return (o.result.picture is not None for o in observations if o.case.category == NO_PERSON)


def opened(observations: Observations) -> Values:
    return (eye.opened for eye in eyes(observations, "closed"))


def opened_of_painted(observations: Observations) -> Values:
    return (eye.opened for eye in eyes(observations, "closed") if eye.touched)


def open_touched(observations: Observations) -> Values:
    return (eye.touched for eye in eyes(observations, "open"))


def hidden_touched(observations: Observations) -> Values:
    """Eyes of which nobody could say whether they are closed."""
    return (eye.touched for eye in eyes(observations, "undetermined"))


def pixels_outside(observations: Observations) -> Values:
    return (o.pixels_outside for o in observations)


def tinted(observations: Observations) -> Values:
    return (o.tinted for o in observations)


def of_faces(value: Callable[[FaceSeen], float | None]) -> Measure:
    return lambda observations: map(value, faces(observations))


def of_closed_eyes(value: Callable[[EyeSeen], float | None]) -> Measure:
    return lambda observations: map(value, eyes(observations, "closed"))


def likeness(when: Callable[[EyeSeen], Similarity | None], what: Callable[[Similarity], float]) -> Measure:
    """One part of the likeness to the truth, of all closed eyes, opened or not."""

    def of_eye(eye: EyeSeen) -> float | None:
        found = when(eye)
        return None if found is None else what(found)

    return of_closed_eyes(of_eye)


def seconds(observations: Observations) -> Values:
    return (o.result.seconds for o in observations)


def peak_mb(observations: Observations) -> Values:
    return (o.result.peak_rss_mb for o in observations)
