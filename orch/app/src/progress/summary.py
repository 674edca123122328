"""The run in words: what a person reads on the screen."""

from __future__ import annotations

from collections import Counter

from orch.app.src.errors import line
from orch.app.src.report import (
    EyeVerdict,
    FaceEdit,
    FaceReport,
    PhotoReport,
    PlannedEye,
    RunDocuments,
    RunReport,
    VariationReport,
)
from orch.app.src.visible_text import visible

RESTORATION_TOLD = ("succeeded", "kept", "failed")
"""What is said of restoring; without weights, the run says once that it is left out."""


def photo_lines(photo: PhotoReport) -> list[str]:
    """A headline, then faces, then files; nothing new of a photo that an earlier call did."""
    return [visible(text) for text in _photo_lines(photo)]


def run_lines(run: RunReport, documents: RunDocuments) -> list[str]:
    """The closing lines."""
    return [visible(text) for text in _run_lines(run, documents)]


def _photo_lines(photo: PhotoReport) -> list[str]:
    if photo.resumed:
        return [f"{photo.photo}: done before"]
    if photo.error and not photo.faces:
        return [f"{photo.photo}: failed: {line(photo.error)}"]
    lines = [f"{photo.photo}: {_headline(photo)}"]
    lines += [f"  {text}" for text in _plans(photo)]
    for variation in photo.variations:
        lines += _variation_lines(variation, named=len(photo.variations) > 1)
    if photo.copied_to:
        lines.append(f"  copied to {photo.copied_to.path}")
    return lines + [f"  note: {notice.message}" for notice in photo.warnings]


def _run_lines(run: RunReport, documents: RunDocuments) -> list[str]:
    lines = [f"error: {line(problem)}" for problem in run.problems]
    lines += [f"note: {notice.message}" for notice in run.notices]
    lines += _failures(run)
    if run.stopped:
        lines.append(f"stopped: {line(run.stopped)}")
    if run.not_done:
        lines.append(
            f"{len(run.not_done)} not done; what is finished stays. To go on: the same command with --resume"
        )
    lines.append(f"{_headcount(run)} in {run.total_s:.1f} s")
    if documents.selection:
        lines.append(f"choose faces: {documents.page}")
        lines.append(f"or edit and give to --selection: {documents.selection}")
    elif documents.report:
        lines.append(f"report: {documents.page or documents.report}")
    return lines


def _headcount(run: RunReport) -> str:
    """ "197 of 200 photos, 3 failed: 150 edited, 47 unchanged"."""
    failed = sum(photo.status == "failed" for photo in run.photos)
    total = len(run.photos) + len(run.not_done)
    good = len(run.photos) - failed
    photos = "photo" if total == 1 else "photos"
    head = f"{good} of {total} {photos}" if good < total else f"{total} {photos}"
    head += f", {failed} failed" if failed else ""
    counts = [
        f"{count} {word}"
        for word, statuses in (
            ("edited", ("edited",)),
            ("edited in part", ("partial",)),
            ("unchanged", ("unchanged",)),
        )
        if (count := sum(photo.status in statuses for photo in run.photos))
    ]
    planned = [photo for photo in run.photos if photo.status == "planned"]
    counts += [f"{sum(map(_has_eyes_to_open, planned)) or 'none'} with eyes to open"] if planned else []
    resumed = sum(photo.resumed for photo in run.photos)
    counts += [f"{resumed} of them by an earlier call"] if resumed else []
    return f"{head}: {', '.join(counts)}" if counts else head


def _failures(run: RunReport) -> list[str]:
    """Why photos failed, by code, where there are several: each was told of when it happened."""
    codes = Counter(photo.error.code for photo in run.photos if photo.status == "failed" and photo.error)
    if sum(codes.values()) < 2:
        return []
    return ["failed: " + ", ".join(f"{count} with {code}" for code, count in codes.most_common())]


def _headline(photo: PhotoReport) -> str:
    if photo.error:
        return f"failed: {line(photo.error)}"
    faces = f"{len(photo.faces)} face{'' if len(photo.faces) == 1 else 's'}"
    if photo.status == "planned":
        to_open = sum(eye.to_open for face in photo.faces for eye in (face.left_eye, face.right_eye))
        return f"{faces}, {to_open} eye{'' if to_open == 1 else 's'} to open"
    if photo.status == "unchanged":
        return f"{faces}, unchanged: {photo.reason}" if photo.faces else f"unchanged: {photo.reason}"
    return faces


def _has_eyes_to_open(photo: PhotoReport) -> bool:
    return any(face.left_eye.to_open or face.right_eye.to_open for face in photo.faces)


def _plans(photo: PhotoReport) -> list[str]:
    """What is said of faces before they are painted; faces of which the same is said share a line.

    Of a dry run all faces; else those with an eye that is neither open nor opened.
    """
    faces_of: dict[str, list[int]] = {}
    for face in photo.faces:
        text = _plan(face, all_eyes=photo.status == "planned")
        if text:
            faces_of.setdefault(text, []).append(face.face_index)
    return [
        f"face{'s' if len(faces) > 1 else ''} {', '.join(map(str, faces))}: {text}"
        for text, faces in faces_of.items()
    ]


def _plan(face: FaceReport, all_eyes: bool) -> str:
    """ "left eye to open, right eye left alone (undetermined: downcast) (auto: ...)"; "" for nothing to say.

    Args:
        all_eyes: also those that are opened, and those that are open.
    """
    eyes_of: dict[str, list[str]] = {}
    for side, eye in (("left", face.left_eye), ("right", face.right_eye)):
        if all_eyes or not (eye.to_open or eye.numbers.state == "open"):
            eyes_of.setdefault(_fate(eye), []).append(side)
    told = [
        fate.format("both eyes" if len(sides) > 1 else f"{sides[0]} eye") for fate, sides in eyes_of.items()
    ]
    choice = f" ({face.choice})" if all_eyes and face.choice else ""
    return ", ".join(told) + choice


def _fate(eye: PlannedEye) -> str:
    """With a place for the name of the eye or of both."""
    if eye.to_open:
        return "{} to open"
    if eye.numbers.state == "open":
        return "{} open"
    reason = eye.reason.replace("{", "{{").replace("}", "}}")
    return f"{{}} left alone ({reason})"


def _variation_lines(variation: VariationReport, named: bool) -> list[str]:
    prefix = f"{variation.variation_id}: " if named else ""
    lines = []
    for face in variation.faces:
        lines.append(f"  {prefix}face {face.face_index}: {edit_words(face)}")
        lines += [f"    {text}" for text in declined(face)]
        lines += [f"    note: {notice.message}" for notice in face.warnings]
    if variation.restoration.startswith(RESTORATION_TOLD):
        lines.append(f"  {prefix}restoring faces: {variation.restoration}")
    if variation.output:
        lines.append(f"  -> {variation.output.path}")
        lines += [f"    note: {notice.message}" for notice in variation.output.warnings]
    return lines


def declined(face: FaceEdit) -> list[str]:
    """Why a face was not opened in a better way; where none opened it, its eyes say so themselves."""
    if not face.opened():
        return []
    return list(dict.fromkeys(f"not by {refusal.strategy}: {refusal.reason}" for refusal in face.refused))


def edit_words(face: FaceEdit) -> str:
    """What became of a face: "both eyes opened by lid_lift"."""
    if face.error:
        return f"failed: {line(face.error)}"
    how = f" by {face.strategy_used}" if face.strategy_used else ""
    if face.donor:
        how += f" from {face.donor} (same person: {face.same_person.replace('_', ' ')})"
    told = [_eye(eye, how) for eye in face.eyes]
    if len(told) == 2 and told[0] == told[1]:
        return f"both eyes {told[0]}"
    return "; ".join(f"{eye.side} eye {text}" for eye, text in zip(face.eyes, told))


def _eye(eye: EyeVerdict, how: str) -> str:
    if eye.outcome == "opened":
        return f"opened{how}"
    word = {"not_opened": "left unchanged", "refused": "refused", "failed": "failed"}[eye.outcome]
    return f"{word}: {eye.reason}"
