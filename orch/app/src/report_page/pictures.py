"""The pictures of one photo on the page, cut from the photo and its finished pictures by the finishing stage.

Nothing is taken from the photo's work, so a run that was resumed shows its earlier photos as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.codec import from_dict
from contracts.envelope import ErrorInfo, ItemResult, Request, Result
from contracts.finish import Box, FinishItemData, Shown, Size, View
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.report import PhotoReport
from orch.app.src.report_page.regions import (
    MOST_EYES,
    MOST_FACE,
    MOST_THUMBNAIL,
    eye_region,
    face_region,
    fitted,
    size_of,
)

LEAST_SCALE_OF_FACES = 0.4
"""Faces that were not edited are shown only where they can be recognised."""


@dataclass(frozen=True)
class Picture:
    """A picture inside the page. width, height: px."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Pair:
    """The eyes of a face before and after. percent: of the size that they have in the photo."""

    before: Picture
    after: Picture
    percent: int


@dataclass(frozen=True)
class PhotoPictures:
    """What is shown of a photo.

    Attributes:
        faces: index -> face, of those that were not edited.
        pairs: variation -> index -> eyes.
        problems: what could not be shown, and why.
        pixels, size: of all pictures together: px, bytes of text.
    """

    thumbnail: Picture | None = None
    faces: Mapping[int, Picture] = field(default_factory=dict)
    pairs: Mapping[str, Mapping[int, Pair]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    pixels: int = 0
    size: int = 0


@dataclass(frozen=True)
class Cutter:
    """Has pictures cut.

    Attributes:
        ask: sends a request to its stage.
    """

    requests: RequestMaker
    ask: Callable[[Request], Result]

    def __call__(self, photo: PhotoReport, scale: float) -> PhotoPictures:
        """What the page shows of a photo.

        Args:
            scale: factor for the sides of all pictures, at most 1.

        Raises:
            StageError: the photo cannot be developed, or the run was ended.
        """
        if photo.size is None:
            return PhotoPictures()
        plan = _Plan(photo, photo.size, scale)
        with self.requests.darkroom.developed(Path(photo.path)) as developed:
            request = self.requests.views(photo.size, developed.path, plan.of_photo(), plan.of_finished())
            answers = {item.item_id: item for item in self.ask(request).items}
        return plan.filled(answers)


class _Plan:
    """Which views of a photo are wanted, and where on the page they belong."""

    def __init__(self, photo: PhotoReport, size: Size, scale: float) -> None:
        self._size = size
        self._scale = scale
        by_index = {face.face_index: face for face in photo.faces}
        self._variations = [v for v in photo.variations if v.output]
        self._eyes: dict[str, dict[int, Box]] = {
            v.variation_id: {
                edit.face_index: region
                for edit in v.faces
                if (region := eye_region(by_index[edit.face_index], edit, size))
            }
            for v in self._variations
        }
        edited = {index for regions in self._eyes.values() for index in regions}
        regions = {i: face_region(f, size) for i, f in by_index.items() if i not in edited}
        shows_faces = scale >= LEAST_SCALE_OF_FACES
        self._faces = {i: region for i, region in regions.items() if region and shows_faces}

    def of_photo(self) -> list[View]:
        """The thumbnail, faces, and the eyes of all variations before."""
        thumbnail = self._view((0, 0, *self._size), MOST_THUMBNAIL)
        faces = [self._view(region, MOST_FACE) for region in self._faces.values()]
        return [thumbnail, *faces, *(view for v in self._eyes for view in self._views_of_eyes(v))]

    def of_finished(self) -> dict[str, tuple[Path, list[View]]]:
        """The same eyes afterwards."""
        return {
            v.variation_id: (Path(v.output.path), self._views_of_eyes(v.variation_id))
            for v in self._variations
            if v.output and self._eyes[v.variation_id]
        }

    def filled(self, answers: Mapping[str, ItemResult]) -> PhotoPictures:
        """answers: by "photo", or variation."""
        before = _seen(answers["photo"])
        if isinstance(before, ErrorInfo):
            return PhotoPictures(problems=(f"not shown: {before.message}",))
        if before.size != self._size:
            return PhotoPictures(problems=("the photo is not what it was",))
        views, problems, made = iter(before.views), [], list(before.views)
        thumbnail = _picture(next(views))
        faces = {index: _picture(next(views)) for index in self._faces}
        pairs: dict[str, dict[int, Pair]] = {}
        for variation in self._variations:
            name = variation.variation_id
            first = dict(zip(self._eyes[name], views))
            after = _seen(answers[name]) if first else FinishItemData()
            if isinstance(after, ErrorInfo):
                problems.append(f"not shown: {after.message}")
                continue
            made += after.views
            pairs[name] = {
                index: Pair(_picture(one), _picture(other), self._percent(name, index, one))
                for (index, one), other in zip(first.items(), after.views)
            }
        return PhotoPictures(
            thumbnail,
            faces,
            pairs,
            tuple(problems),
            sum(view.width * view.height for view in made),
            sum(len(view.data) for view in made),
        )

    def _views_of_eyes(self, variation: str) -> list[View]:
        return [self._view(region, MOST_EYES) for region in self._eyes[variation].values()]

    def _view(self, box: Box, most: Size) -> View:
        full = fitted(size_of(box), most)
        return View(box, fitted(full, (full[0] * self._scale, full[1] * self._scale)))

    def _percent(self, variation: str, index: int, shown: Shown) -> int:
        return round(100 * shown.width / size_of(self._eyes[variation][index])[0])


def _seen(answer: ItemResult) -> FinishItemData | ErrorInfo:
    return answer.error or from_dict(FinishItemData, answer.data, "finish data")


def _picture(shown: Shown) -> Picture:
    return Picture(f"data:{shown.mime};base64,{shown.data}", shown.width, shown.height)
