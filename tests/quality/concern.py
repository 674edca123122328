"""Which results a person should look at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.quality.observing import Observation

SEAM, IRIS, GAZE, FRAME_PX, TEXTURE = 1.15, 8.0, 0.10, 1.0, 0.35
"""What is worse by some factor concerns us by that factor. All but the last are goals; real eyes in two
frames of one person differ in texture by the last."""
SAME_PERSON = 0.25
"""Distance between a person closed and open; beyond it the face has changed."""
WRONG = 10.0
"""Left closed, or changed where nothing should be."""


def concern(observation: Observation) -> float:
    """1 just meets every goal; the more, the sooner somebody should look."""
    return max(_concerns(observation), default=0.0)


def _concerns(observation: Observation) -> Iterator[float]:
    if observation.pixels_outside or observation.tinted:
        yield WRONG
    for eye in observation.eyes:
        if (eye.label == "closed" and not eye.opened) or (eye.label != "closed" and eye.touched):
            yield WRONG
        if eye.seam:
            yield eye.seam / SEAM
        if eye.iris_difference:
            yield eye.iris_difference / IRIS
        if eye.frame_shift:
            yield eye.frame_shift / FRAME_PX
        if eye.after and eye.touched:
            yield eye.after.texture / TEXTURE
    for face in observation.faces:
        if face.gaze_mismatch:
            yield face.gaze_mismatch / GAZE
        if face.identity_before_after:
            yield face.identity_before_after / SAME_PERSON


def worst_first(observations: Sequence[Observation]) -> list[Observation]:
    """Of the product, those that a person can judge: an edit, or eyes that were left closed."""
    shown = [
        o
        for o in observations
        if o.result.report and (o.result.picture or any(eye.label == "closed" for eye in o.eyes))
    ]
    return sorted(shown, key=concern, reverse=True)
