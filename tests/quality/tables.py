"""Figures, confusion and refusals as cells of tables and lines of lists, for every kind of document."""

from __future__ import annotations

from collections.abc import Sequence

from tests.quality.baseline import Fall
from tests.quality.concern import concern
from tests.quality.eye_measures import EyeSeen
from tests.quality.figures import FIGURES, Row, Table, confusion
from tests.quality.observing import FaceSeen, Observation
from tests.quality.plan import AUTO

Cells = list[list[str]]


def figure_tables(table: Table) -> dict[str, Cells]:
    """For each backend a line for each figure that was measured, and a column for each category."""
    return {
        backend: _figure_cells(
            {row: v for row, v in table.items() if row.backend == backend and not row.half}
        )
        for backend in sorted({row.backend for row in table}, key=lambda name: (name != AUTO, name))
    }


def half_cells(table: Table) -> Cells:
    """The two halves of the persons side by side."""
    return _figure_cells({row: values for row, values in table.items() if row.half}, with_backend=True)


def _figure_cells(table: Table, with_backend: bool = False) -> Cells:
    def title(row: Row) -> str:
        return str(row) if with_backend else row.category

    cells = [["figure", *(title(row) for row in table)]]
    for figure in FIGURES:
        values = [measured.get(figure.name) for measured in table.values()]
        if any(values):
            cells.append([figure.title, *(f"{v[0]:.{figure.digits}f} ({v[1]})" if v else "" for v in values)])
    return cells


def confusion_cells(observations: Sequence[Observation]) -> Cells:
    """Labels against what the product saw by `auto`, winks apart; only photos that somebody labelled."""
    chosen = [o for o in observations if o.result.backend == AUTO and o.result.report]
    seen = ("open", "closed", "undetermined", "not found")
    cells = [["label", *seen]]
    for name, among in (
        ("winks", [o for o in chosen if o.case.category == "wink"]),
        ("others", [o for o in chosen if o.case.category != "wink"]),
    ):
        counts = confusion(among)
        for label in ("open", "closed", "undetermined"):
            row = [counts.get((label, state), 0) for state in seen]
            if any(row):
                cells.append([f"{label}, {name}", *map(str, row)])
    return cells


def refusals(observations: Sequence[Observation]) -> list[str]:
    """One line for each labelled closed eye that the product left alone."""
    return [
        f"{o.case.name} by {o.result.backend}, face {eye.face_index}, {eye.side} eye: "
        f"{eye.reason or f'taken for {eye.state}'}"
        for o in observations
        for eye in o.eyes
        if o.result.report and eye.label == "closed" and not eye.touched
    ]


def fall_lines(fallen: Sequence[Fall]) -> list[str]:
    return [fall.line() for fall in fallen]


def title_line(o: Observation) -> str:
    return f"{o.case.name} ({o.case.category}) by {o.result.backend}: concern {concern(o):.2f}"


def lines(o: Observation) -> list[str]:
    """Everything that was measured on one result."""
    eyes = [_eye_line(eye) for eye in o.eyes if eye.label == "closed" or eye.touched]
    return [*eyes, *filter(None, map(_face_line, o.faces))]


def _eye_line(eye: EyeSeen) -> str:
    became = "opened" if eye.opened else "painted, not open" if eye.touched else "left alone"
    if eye.label == "open":
        became = "open, and painted on"
    parts = [f"face {eye.face_index}, {eye.side} eye: {became}"]
    parts += [text for text in (eye.strategy and f"by {eye.strategy}", eye.reason) if text]
    if eye.seam is not None:
        parts.append(f"seam {eye.seam:.2f}")
    if eye.before and eye.after:
        parts.append(f"PSNR {eye.before.psnr:.1f} to {eye.after.psnr:.1f}")
        parts.append(f"SSIM {eye.before.ssim:.2f} to {eye.after.ssim:.2f}")
        parts.append(f"texture {eye.before.texture:.2f} to {eye.after.texture:.2f}")
    if eye.iris_difference is not None:
        parts.append(f"iris differs by {eye.iris_difference:.1f}")
    if eye.frame_shift is not None:
        parts.append(f"frame moved {eye.frame_shift:.1f} px")
    return ", ".join(parts)


def _face_line(face: FaceSeen) -> str:
    measured = (
        ("gaze mismatch", face.gaze_mismatch),
        ("identity to the photo", face.identity_before_after),
        ("photo to the truth", face.identity_before_true),
        ("result to the truth", face.identity_after_true),
    )
    parts = [f"{name} {value:.2f}" for name, value in measured if value is not None]
    return f"face {face.index}: {', '.join(parts)}" if parts else ""
