"""From picks to final pictures: which file goes where, checked before anything is touched.

Final pictures lie in `final_selected_{run}` beside the run's, in the same subfolders, under the names that
the run's template gives without a variation. Nothing outside of the run's folder is read or written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import sha256_file
from orch.app.src.outputs.names import filled, without_variation
from orch.app.src.report import PhotoReport, RunReport, VariationReport, WrittenFile
from orch.app.src.run_ids import photo_id
from orch.app.src.run_paths import Layout
from orch.app.src.selecting.picks import Pick, PicksDocument


@dataclass(frozen=True)
class Final:
    """What becomes of one photo.

    Attributes:
        source: the picture that was picked, None where none is wanted or where it is in its place already.
        target: its final place; None where no picture is wanted and none is there.
        sha256: of the picked picture, None for none.
        written: all pictures of the photo that the run wrote.
    """

    pick: Pick
    source: Path | None
    target: Path | None
    sha256: str | None
    written: tuple[WrittenFile, ...]


def planned_finals(picks: PicksDocument, run: RunReport, layout: Layout) -> list[Final]:
    """Check every pick against the report and against the files.

    Raises:
        StageError: SELECTION_MISMATCH where something is not as the report says, or would be lost.
    """
    photos = {photo.path: photo for photo in run.photos}
    finals = [_planned(pick, photos.get(pick.path), run, layout) for pick in picks.photos]
    for target, count in Counter(final.target for final in finals).items():
        if target and count > 1:
            raise mismatch(f"{count} photos would all become {target}")
    return finals


def _planned(pick: Pick, photo: PhotoReport | None, run: RunReport, layout: Layout) -> Final:
    if photo is None:
        raise mismatch(f"photo {pick.path} is not in the report of run {run.run_id}")
    written = tuple(variation.output for variation in photo.variations if variation.output)
    for file in written:
        _check_inside(Path(file.path), layout)
    if pick.variation is None:
        return Final(pick, None, _stale_target(photo, written, run, layout), None, written)
    variation = next((v for v in photo.variations if v.variation_id == pick.variation), None)
    if variation is None or variation.output is None:
        raise mismatch(f"{photo.photo} has no picture {pick.variation!r} in the report of run {run.run_id}")
    if variation.output.sha256 != pick.sha256:
        raise mismatch(f"{variation.output.path} was made again since the picks were saved")
    target = _target(photo, variation, variation.output, run, layout)
    if _is(target, pick.sha256):
        return Final(pick, None, target, pick.sha256, written)
    if not _is(Path(variation.output.path), pick.sha256):
        raise mismatch(f"{variation.output.path} is not what the run wrote, or is gone")
    if target.exists():
        _check_replaceable(target, written)
    return Final(pick, Path(variation.output.path), target, pick.sha256, written)


def _stale_target(
    photo: PhotoReport, written: Sequence[WrittenFile], run: RunReport, layout: Layout
) -> Path | None:
    """A final picture of an earlier choice, of a photo of which none is wanted any more."""
    for variation in photo.variations:
        if variation.output:
            target = _target(photo, variation, variation.output, run, layout)
            if target.exists():
                _check_replaceable(target, written)
                return target
    return None


def _target(
    photo: PhotoReport, variation: VariationReport, written: WrittenFile, run: RunReport, layout: Layout
) -> Path:
    path = Path(written.path)
    folder = layout.selected(run.run_id) / path.parent.resolve().relative_to(layout.images.resolve())
    template: str | None = run.settings["output"]["name_template"]
    if template is None:
        target = folder / (path.stem.removesuffix(f"_{variation.variation_id}") + path.suffix)
    else:
        target = folder / _templated(template, path, photo, variation, run.run_id)
    _check_inside(target, layout)
    return target


def _templated(
    template: str, path: Path, photo: PhotoReport, variation: VariationReport, batch_id: str
) -> str:
    of_photo, kind = Path(photo.path), variation.variation_id
    for stem in (of_photo.stem, photo_id(of_photo.name)):  # the second where the first was not unique
        if filled(template, stem, path.suffix, kind, variation.run_id, batch_id) == path.name:
            plain = variation.run_id.removesuffix(f"_{kind}")
            return without_variation(template).format(
                stem=stem, ext=path.suffix, run_id=plain, timestamp=batch_id
            )
    raise mismatch(f"the name of {path} does not come from the run's template {template!r}")


def _check_inside(path: Path, layout: Layout) -> None:
    if path.is_symlink() or not path.resolve().is_relative_to(layout.images.resolve()):
        raise mismatch(f"{path} is not in the run's folder {layout.images}")


def _check_replaceable(target: Path, written: Sequence[WrittenFile]) -> None:
    """What lies there may go only where the same content stays elsewhere."""
    content = sha256_file(target)
    if not any(file.sha256 == content and _is(Path(file.path), content) for file in written):
        raise mismatch(f"{target} is there, and no other file holds the same picture: move it away first")


def _is(path: Path, sha256: str | None) -> bool:
    return path.is_file() and sha256_file(path) == sha256


def mismatch(message: str) -> StageError:
    """Picks, report and files do not belong together."""
    return StageError(
        ErrorCode.SELECTION_MISMATCH,
        message,
        "save the selection again from the page of this run",
        ExitCode.USAGE,
    )
