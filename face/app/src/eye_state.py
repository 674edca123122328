"""Open, closed or undetermined: one number per eye against the threshold, and honest exceptions.

The number is an openness in px^2 at an inter-ocular distance of 100 px. For the mesh it is read from the
aspect ratio of the lids, which survives yaw and narrow eyes better than the area itself (areas of closed
eyes reach 213 px^2 and those of open ones go down to 157; aspect ratios do not overlap), scaled so that
the default threshold of 260 px^2 falls on the ratio's own cut, and moved a little by what the pixels show.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.face import EyeState

DEFAULT_THRESHOLD = 260.0
"""px^2 at an inter-ocular distance of 100 px; the value of the original design."""
CUT_RATIO = {"mesh478": 0.115, "2d106": 0.21}
"""Aspect ratio that the default threshold stands for, by landmark set. Mesh, 178 labelled eyes: closed
0.01 to 0.11, open 0.12 to 0.36. InsightFace's 106 landmarks overlap: 89 % are on the right side of 0.21."""
SECOND_OPINION = 0.4
"""Share by which a patch that clearly looks open (closed) raises (lowers) the openness."""
DOUBT = 0.05
"""Share of the threshold within which neither state is claimed."""
STEEPNESS = 4.0
"""Of the score: an eye half as open as the threshold scores 0.94."""

SMALLEST_WIDTH = 7.0
"""px; narrower eyes have lids less than one pixel apart either way."""
FAR_EYE_YAW, PROFILE_YAW = 30.0, 45.0
"""Degrees from which the far eye hides behind the nose, and the near one is seen from its side."""
STEEPEST_PITCH = -35.0
"""Degrees; from above, lowered eyes and closed ones look alike."""
LARGEST_BLUR = 0.056
"""Eye widths (standard deviation); beyond, no lash line can be told. Labelled closed eyes reach 0.048."""
PIXEL_BLUR = 1.0
"""px; so much comes from the pixels themselves and does not count against a small eye."""
DARKEST = 0.4
"""Brightness around the eye over that of the face's skin; below, it lies in the dark."""
DARKEST_PAIR = 0.62
"""The same, mean of both eyes: no light is so uneven, dark lenses are in front. Of 93 labelled faces, clear
glasses, make-up and side light among them, the darkest has 0.73; drawn lenses that let 10 % through have at
most 0.54, those that let 25 % through 0.5 on average."""
CLEARLY_OPEN, CLEARLY_NOT_OPEN = 0.9, 0.1
"""Appearance scores that contradict closed and open lids."""
CLEARLY_APART = 1.3
"""Openness by the lids alone, in thresholds, that pixels without an eye contradict."""
LOOKS_OPEN = 0.5
"""Appearance score that an open eye beside a closed one must have."""


@dataclass(frozen=True)
class EyeMeasures:
    """What is known about one eye before its state is decided.

    Attributes:
        appearance: likeness of the pixels to an open eye, 0..1.
        width: px.
        yaw: degrees by which the head turns this eye away (positive) or towards the viewer (negative).
        pitch: degrees, negative looks down.
        blur: standard deviation of the edge blur, eye widths.
        brightness: of the eye's surroundings over that of the face's skin.
        inside: whether both corners lie in the photo.
        pair_brightness: `brightness`, mean of both eyes.
    """

    aspect_ratio: float
    appearance: float
    width: float
    yaw: float
    pitch: float
    blur: float
    brightness: float
    inside: bool = True
    landmark_set: str = "mesh478"
    pair_brightness: float = 1.0


@dataclass(frozen=True)
class EyeDecision:
    """score: closedness, above 0.5 below the threshold. reason: why undetermined. decided_by: the rule."""

    state: EyeState
    score: float
    reason: str
    decided_by: str


def lid_openness(eye: EyeMeasures) -> float:
    """By the lids alone: px^2 at an inter-ocular distance of 100 px, comparable to `threshold`."""
    return DEFAULT_THRESHOLD * eye.aspect_ratio / CUT_RATIO[eye.landmark_set]


def openness(eye: EyeMeasures) -> float:
    """By lids and pixels, in the same unit."""
    return lid_openness(eye) * (1 + SECOND_OPINION * (2 * eye.appearance - 1))


def decide(eye: EyeMeasures, threshold: float) -> EyeDecision:
    """State of one eye by itself. Raising `threshold` never makes a closed eye open."""
    ratio = openness(eye) / threshold
    score = 1 / (1 + ratio**STEEPNESS)
    if reason := _cannot_be_seen(eye):
        return EyeDecision("undetermined", score, reason, "visibility")
    if eye.appearance <= CLEARLY_NOT_OPEN and lid_openness(eye) / threshold > CLEARLY_APART:
        return EyeDecision(
            "undetermined", score, "lids look apart, but no eye shows between them", "appearance"
        )
    if abs(ratio - 1) < DOUBT:
        return EyeDecision("undetermined", score, "between open and closed", eye.landmark_set)
    if ratio > 1:
        return EyeDecision("open", score, "", eye.landmark_set)
    if reason := _contradicts_closed(eye):
        return EyeDecision("undetermined", score, reason, "appearance")
    return EyeDecision("closed", score, "", eye.landmark_set)


def decide_pair(left: EyeMeasures, right: EyeMeasures, threshold: float) -> tuple[EyeDecision, EyeDecision]:
    """States of both eyes of a face.

    One closed eye is believed only beside an open one that looks like an eye: statues, drawings and
    slipped landmarks show one lid lower than the other without any iris.
    """
    decisions = [decide(eye, threshold) for eye in (left, right)]
    for k, other in ((0, right), (1, left)):
        if decisions[k].state == "closed" and decisions[1 - k].state != "closed" and not _is_eye(other):
            reason = "the other eye is open but shows no iris: no living eyes, or landmarks that slipped"
            decisions[k] = EyeDecision("undetermined", decisions[k].score, reason, "appearance")
    return decisions[0], decisions[1]


def _is_eye(eye: EyeMeasures) -> bool:
    return eye.appearance >= LOOKS_OPEN or bool(_cannot_be_seen(eye))


def _cannot_be_seen(eye: EyeMeasures) -> str:
    if not eye.inside:
        return "outside of the photo"
    if eye.width < SMALLEST_WIDTH:
        return f"only {eye.width:.0f} px wide"
    if eye.yaw >= FAR_EYE_YAW or abs(eye.yaw) >= PROFILE_YAW:
        return f"the head is turned {abs(eye.yaw):.0f} degrees"
    if eye.pair_brightness < DARKEST_PAIR:
        return "behind sunglasses"
    if eye.brightness < DARKEST:
        return "behind dark glasses or in deep shadow"
    return ""


def _contradicts_closed(eye: EyeMeasures) -> str:
    if eye.blur > max(LARGEST_BLUR, PIXEL_BLUR / eye.width):
        return "too blurred to tell closed lids from narrow ones"
    if eye.pitch < STEEPEST_PITCH:
        return "the head is bowed: lowered and closed eyes look alike"
    if eye.appearance >= CLEARLY_OPEN:
        return "lids look closed, but an eye shows between them"
    return ""
