"""Finished files: the edited picture as a person gets it, and parts of pictures for a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.finish import FinishItemData, FinishItemParams, FinishParams, Written
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from imaging.photo import PhotoLimits, read_photo
from imaging.photo_output import write_final
from res.app.src.previews import preview


class FinishSession:
    """Keeps nothing: no picture is needed twice."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(FinishParams)
        limits = PhotoLimits(params.max_megapixels, params.max_file_mb)
        yield from each_item(job, ErrorCode.FINISHING_FAILED, lambda item: _finish(job, item, limits))

    def versions(self) -> Versions:
        return versions_of(("numpy", "pillow", "pyvips"))


def _finish(job: Job, item: Item, limits: PhotoLimits) -> ItemResult:
    params = job.item_params(FinishItemParams, item)
    data = FinishItemData()
    warnings: tuple[Notice, ...] = ()
    if "final" in item.outputs:
        written, warnings = _write(job, item, params)
        data = replace(data, written=written)
    if params.frame is not None:
        photo = read_photo(job.path(item.photo), limits)
        pixels = photo.as_rgb8()
        views = tuple(preview(pixels, params.frame, view) for view in params.views)
        data = replace(data, size=photo.size, views=views)
    elif params.views:
        raise StageError(
            ErrorCode.BAD_REQUEST, f"item {item.item_id}: views without a frame", exit_code=ExitCode.USAGE
        )
    return job.succeeded(item, data=to_dict(data), warnings=warnings)


def _write(job: Job, item: Item, params: FinishItemParams) -> tuple[Written, tuple[Notice, ...]]:
    target, original = job.path(item.outputs["final"]), job.input(item, "original")
    report = write_final(target, job.path(item.photo), original, params)
    return Written(report.file_format, report.bit_depth, report.recompression), report.warnings
