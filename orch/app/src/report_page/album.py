"""All pictures of a page, cut while the run goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from imaging.memory import give_big_buffers_back
from imaging.photo import PhotoLimits
from orch.app.src.inputs.darkroom import Darkroom
from orch.app.src.report import PhotoReport
from orch.app.src.report_page.budget import Budget
from orch.app.src.report_page.pictures import PhotoPictures, photo_pictures
from orch.app.src.report_page.regions import wanted_pixels


class Album:
    """Cuts the pictures of photos that are done, in a thread of its own; a context manager.

    One thread keeps up with the stages of a dozen cores, and has one photo in memory. The pictures are
    kept in memory, as text of `budget.MOST_BYTES` at most, until they are asked for.

    Args:
        photos: that are to come.
        limits: of the run, so that what it refused is not read here either.
        darkroom: of the run; None where no photo has to be developed.
    """

    def __init__(self, photos: int, limits: PhotoLimits, darkroom: Darkroom | None = None) -> None:
        self._budget = Budget(photos)
        self._limits = limits
        self._darkroom = darkroom or Darkroom()
        self._pictures: dict[str, Future[PhotoPictures]] = {}
        self._thread = ThreadPoolExecutor(1, "album", initializer=give_big_buffers_back)

    def __enter__(self) -> Album:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def add(self, photo: PhotoReport) -> None:
        """Have a photo's pictures cut; its files stay as they are until the page is written."""
        self._pictures[photo.path] = self._thread.submit(self._cut, photo)

    def take(self, photo: PhotoReport) -> PhotoPictures:
        """A photo's pictures, which are kept no longer; those of one that was not added are cut now."""
        if photo.path not in self._pictures:
            self.add(photo)
        return self._pictures.pop(photo.path).result()

    def _cut(self, photo: PhotoReport) -> PhotoPictures:
        scale = self._budget.scale(wanted_pixels(photo))
        try:
            pictures = photo_pictures(photo, scale, self._limits, self._darkroom)
        except Exception as error:  # noqa: BLE001 - a picture that cannot be shown must not cost the page
            return PhotoPictures(problems=(f"not shown: {type(error).__name__}: {error}",))
        self._budget.spend(pictures.pixels, pictures.size)
        return pictures
