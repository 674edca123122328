"""What is asked of a run on fake stages, and what it left: outcomes of eyes, files."""

from __future__ import annotations

from pathlib import Path

from orch.app.src.calling.options import Override
from orch.app.src.report import RunReport


def outcomes(report: RunReport, variation: int = 0) -> dict[str, str]:
    """ "face/side" -> outcome, of the first photo."""
    faces = report.photos[0].variations[variation].faces
    return {f"{f.face_index}/{e.side}": e.outcome for f in faces for e in f.eyes}


def files(folder: Path) -> list[str]:
    """All but the journal, the page and what is remembered of photos."""
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    beside = ("Output_Json/.cache", "Output_Json/journal_")
    return [name for name in names if not name.startswith(beside) and not name.endswith(".html")]


def settings(**values: object) -> tuple[Override, ...]:
    """`section__key=value` as overrides."""
    return tuple(Override(k, tuple(k.split("__")), v) for k, v in values.items())
