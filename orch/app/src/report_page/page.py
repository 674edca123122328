"""Writing the page: templates, style and script of this folder become one file, photo by photo.

The page holds everything that it shows; its content security policy forbids the network, and any
script or style but its own, whatever a photo is called.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.codec import to_dict
from contracts.files import atomic_path
from orch.app.src.progress.summary import declined, edit_words
from orch.app.src.report import RunReport
from orch.app.src.report_page import words
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.rows import STATES, eyes_to_open, page_state, rows
from orch.app.src.selecting.picks import PICKS_ABOUT, PICKS_FORMAT
from orch.app.src.selecting.selection import SelectionDocument
from orch.app.src.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Saving:
    """What "Save selection" saves.

    Attributes:
        head: the document without its photos.
        identities: path of a photo -> its entry, where it has more than name and path.
        file_name: proposed for it.
        command: how to use it.
    """

    purpose: str
    head: Mapping[str, Any]
    identities: Mapping[str, Mapping[str, Any]]
    file_name: str
    command: str


def write_report_page(path: Path, run: RunReport, album: Album) -> None:
    """The page of a finished run, on which the best variations are picked.

    Raises:
        StageError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    head = {"format": PICKS_FORMAT, "kind": "picks", "about": PICKS_ABOUT, "run_id": run.run_id}
    name = f"picks_{run.run_id}.json"
    output = ["--output", run.options["output"]] if run.options["output"] else []
    command = shlex.join(["python3", "run_pipeline.py", "select", name, *output])
    _write(path, run, album, Saving("picks", head, {}, name, command))


def write_selection_page(path: Path, run: RunReport, album: Album, document: SelectionDocument) -> None:
    """The page of a dry run, on which faces are unticked.

    Raises:
        StageError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    head = to_dict(document)
    identities = {entry["path"]: entry for entry in head.pop("photos")}
    name = f"selection_{run.run_id}.json"
    inputs = ["--input", *run.options["inputs"]] if run.options["inputs"] else []
    command = shlex.join(["python3", "run_pipeline.py", *inputs, "--selection", name])
    _write(path, run, album, Saving("faces", head, identities, name, command))


def _write(path: Path, run: RunReport, album: Album, saving: Saving) -> None:
    style, script = _asset("page.css"), _asset("page.js")
    pieces = (
        _templates()
        .get_template("page.html.j2")
        .generate(
            run=run,
            purpose=saving.purpose,
            head=saving.head,
            file_name=saving.file_name,
            command=saving.command,
            totals=_totals(run),
            can_save=any(p.faces if saving.purpose == "faces" else p.output_paths() for p in run.photos),
            changes=_changed_settings(run.settings),
            rows=rows(run.photos, saving.identities, album),
            policy=_policy(style, script),
            style=style,
            script=script,
        )
    )
    with (
        atomic_path(path, lasting=True) as temporary,
        open(temporary, "w", encoding="utf-8", newline="\n") as page,
    ):
        page.writelines(pieces)


def compile_templates() -> None:
    """Compile what a page is made of."""
    for name in _templates().list_templates(extensions=["j2"]):
        _templates().get_template(name)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # people read what is saved
    environment.filters |= {
        "eyes": words.eyes,
        "number": words.number,
        "seconds": words.seconds,
        "words": words.words,
        "slug": words.slug,
        "error": words.error,
        "recompression": words.recompression,
        "edit_words": edit_words,
        "declined": declined,
        "moment": words.moment,
    }
    return environment


def _asset(name: str) -> Markup:
    # Ours, and put between <style> or <script> tags, where nothing is escaped.
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy: pictures from the page itself, this style and this script, nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _totals(run: RunReport) -> dict[str, Any]:
    """Counts for the head of the page."""
    faces = [face for photo in run.photos for face in photo.faces]
    counts = Counter(map(page_state, run.photos))
    best = [photo.variations[0] for photo in run.photos if photo.variations]
    return {
        "photos": len(run.photos),
        "states": [(state, counts[state]) for state in STATES if counts[state]],
        "faces": len(faces),
        "to_open": sum(map(eyes_to_open, faces)),
        "opened": sum(len(edit.opened()) for variation in best for edit in variation.faces),
    }


def _changed_settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Dotted name and value of every setting that is not the default one."""
    usual = dict(_flat(Settings().as_json()))
    return [(name, str(value)) for name, value in _flat(settings) if usual.get(name) != value]


def _flat(settings: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{above}{name}.")
        else:
            pairs.append((f"{above}{name}", value))
    return pairs
