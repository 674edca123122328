"""What the face stage answers: the FaceDocument of one picture.

Frame: EXIF-upright pixels of the picture, x right, y down, pixel centres at integers, floats.
"Left" and "right" are always the viewer's, as in the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from contracts.codec import JsonValue

EyeState = Literal["open", "closed", "undetermined"]
Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
"""The viewer's left eye first."""

Point = tuple[float, float]
Point3 = tuple[float, float, float]


@dataclass(frozen=True)
class EyeAppearance:
    """What the pixels inside the lids show, independent of where the landmarks lie.

    Attributes:
        iris: evidence of a dark disc with a limbus inside the lids, 0..1.
        sclera: evidence of brighter, less coloured flanks beside it, 0..1.
        score: likeness of all of it, lids too, to an open eye: 0 (skin or a smear) .. 1; the cut is 0.5.
        texture: likeness to an eye rather than to noise or a pattern, 0..1. Says nothing of open or closed.
        colour_spread: CIELAB units by which the colours leave the one line that those of eyes lie on.
        contrast: least contrast between the lids, over the brightness of the skin.
        alternations: how often light and dark take turns from corner to corner.
    """

    iris: float
    sclera: float
    score: float
    texture: float = 1.0
    colour_spread: float = 0.0
    contrast: float = 1.0
    alternations: int = 2


@dataclass(frozen=True)
class EyeReading:
    """One eye and the numbers its state came from.

    Attributes:
        state: open, closed, or undetermined with `reason`.
        closed: whether state is "closed"; the field of the original design.
        score: closedness 0..1; above 0.5 the eye is closed. Monotone in the threshold.
        area: shoelace area of `points`, px^2.
        normalised_area: the same at an inter-ocular distance of 100 px; compared to `threshold`.
        aspect_ratio: mean lid distance over corner distance.
        width: corner to corner, px.
        points: the eye polygon, in order around the eye; `indices` say which landmarks they are.
        landmark_set: "mesh478", "2d106", ...: whose indices these are.
        reason: why the state is undetermined, "" otherwise.
        decided_by: the landmark set or rule that had the last word.
        appearance: None where it was not measured.
    """

    state: EyeState
    closed: bool
    score: float
    area: float
    normalised_area: float
    aspect_ratio: float
    width: float
    points: tuple[Point, ...]
    indices: tuple[int, ...]
    landmark_set: str
    reason: str = ""
    decided_by: str = ""
    appearance: EyeAppearance | None = None


@dataclass(frozen=True)
class FacePart:
    """A brow or the nose: a few landmarks for people who look at the JSON."""

    points: tuple[Point, ...]
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Pose:
    """Degrees. yaw: positive turns the nose to the viewer's right; pitch: positive looks up; roll: positive
    is clockwise in the picture."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True)
class LandmarkSet:
    """A detector's own landmarks besides the mesh."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Face:
    """One face; `face_index` counts left to right (then top to bottom) over the whole picture.

    Attributes:
        bbox: x1, y1, x2, y2.
        confidence: of the detector, 0..1.
        mesh: 478 points x, y, z in pixels; z as the mesh gives it, towards the viewer negative.
        inter_ocular_distance: between the middles of both eyes, px.
        eyeglasses: probability-like evidence of glasses 0..1, None where it was not measured.
        identity: vector of an identity backend, only on demand.
        requires_processing: at least one eye is closed.
    """

    face_index: int
    bbox: tuple[float, float, float, float]
    confidence: float
    left_eye: EyeReading
    right_eye: EyeReading
    left_eyebrow: FacePart
    right_eyebrow: FacePart
    nose: FacePart
    mesh: tuple[Point3, ...]
    pose: Pose
    inter_ocular_distance: float
    requires_processing: bool
    landmarks: tuple[LandmarkSet, ...] = ()
    eyeglasses: float | None = None
    age: float | None = None
    gender: str | None = None
    identity: tuple[float, ...] | None = None

    def eye(self, side: Side) -> EyeReading:
        return self.left_eye if side == "left" else self.right_eye


@dataclass(frozen=True)
class FaceDocument:
    """`face_{run}.json`. image_size: width, height of the upright picture."""

    timestamp: str
    image_path: str
    image_size: tuple[int, int]
    detector: str
    threshold: float
    faces: tuple[Face, ...] = ()


@dataclass(frozen=True)
class FaceParams:
    """Request parameters.

    Attributes:
        weights: name as in the stage's models.json -> "root:relative/path".
        threshold: px^2 at an inter-ocular distance of 100 px; below it an eye is closed.
        identity: fill `Face.identity` where the backend has a recognition model.
        smallest_face: shortest side in px of a face that must be found.
        max_megapixels, max_file_mb: refuse bigger pictures before decoding.
    """

    weights: Mapping[str, str] = field(default_factory=dict)
    threshold: float = 260.0
    smallest_face: int = 60
    identity: bool = False
    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


@dataclass(frozen=True)
class FaceItemParams:
    """With an input `face_json` the faces are not searched: the known ones are
    looked at again (verification).

    only_faces: read only these face indices again; None for all.
    """

    only_faces: tuple[int, ...] | None = None


@dataclass(frozen=True)
class FaceItemData:
    """`data` of the item's result; the document itself is the output `json`."""

    faces: int
    closed_eyes: int
    undetermined_eyes: int
    document: JsonValue = field(default=None)
