"""All pictures of a page, cut while the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from contracts.error_codes import StageError
from orch.app.src.report import PhotoReport
from orch.app.src.report_page.budget import Budget
from orch.app.src.report_page.pictures import PhotoPictures
from orch.app.src.report_page.regions import wanted_pixels

Cut = Callable[[PhotoReport, float], PhotoPictures]
"""(photo, scale of its pictures) -> its pictures; see `pictures.Cutter`."""


class Album:
    """Has the pictures of photos cut that are done, one photo at a time; a context manager.

    The pictures are kept in memory, as text of `budget.MOST_BYTES` at most, until they are asked for.

    Args:
        photos: that are to come.
        prepare: something that the page takes time for, done meanwhile; what is wrong with it the page tells.
    """

    def __init__(self, photos: int, cut: Cut, prepare: Callable[[], None] = lambda: None) -> None:
        self._budget = Budget(photos)
        self._cut = cut
        self._pictures: dict[str, Future[PhotoPictures]] = {}
        self._thread = ThreadPoolExecutor(1, "album")
        self._thread.submit(prepare)

    def __enter__(self) -> Album:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Who leaves by an error, a Ctrl-C mostly, waits for no picture: its stage is ended next.
        self._thread.shutdown(wait=kind is None, cancel_futures=True)

    def add(self, photo: PhotoReport) -> None:
        """Have a photo's pictures cut; its files stay as they are until the page is written."""
        self._pictures[photo.path] = self._thread.submit(self._made, photo)

    def take(self, photo: PhotoReport) -> PhotoPictures:
        """A photo's pictures, which are kept no longer; those of one that was not added are cut now."""
        if photo.path not in self._pictures:
            self.add(photo)
        return self._pictures.pop(photo.path).result()

    def _made(self, photo: PhotoReport) -> PhotoPictures:
        scale = self._budget.scale(wanted_pixels(photo))
        try:
            pictures = self._cut(photo, scale)
        except StageError as error:
            return PhotoPictures(problems=(f"not shown: {error.message}",))
        except Exception as error:  # noqa: BLE001 - a picture that cannot be shown must not cost the page
            return PhotoPictures(problems=(f"not shown: {type(error).__name__}: {error}",))
        self._budget.spend(pictures.pixels, pictures.size)
        return pictures
