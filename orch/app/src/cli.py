"""The command line of a run and of the small commands beside it; standard library only."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.command_line import OneLineParser
from orch.app.src.calling import cli_values, commands
from orch.app.src.calling.commands import SmallCommand
from orch.app.src.calling.options import Override, RunOptions
from orch.app.src.inputs.home_folder import from_home
from orch.app.src.version import PROGRAM, VERSION

DESCRIPTION = """\
Opens closed eyes in portraits and group photos and leaves everything else in the picture untouched.
Without options it opens the eyes of the sample in Input_Images."""

EPILOG = """\
commands:
  doctor                 what is installed, what is missing, and what auto would choose, and why
  models list|verify     weights: where from, which licence, are they whole
  models pull|import     fetch weights, or take a file that you have already
  select FILE            make final pictures of what was picked on a run's page
  setup                  install ahead what runs would install on demand
Each has a --help of its own.

Paths here start from the folder you are in, paths in a configuration from the project's folder. The
command line beats the environment (PIPELINE_LOG_FORMAT, PIPELINE_VERBOSE, SDXL_BASE_PATH,
SDXL_REFINER_PATH, CODEFORMER_PATH, LLM_MODEL_PATH), which beats the configuration. OTE_VENVS and
OTE_MODELS name the folders of environments and weights.

exit status: 0 all went well, also when no eye was closed; 2 wrong usage or configuration; 3 environment
or weights missing; 4 the photo cannot be read; 7 no memory, no space or no right to write; 9 some photos
failed; 70 a fault of ours; 130 interrupted."""


@dataclass(frozen=True)
class Command:
    """A parsed command line: a run, or `small`. show_tracebacks: --verbose, also before settings."""

    run: RunOptions = field(default_factory=RunOptions)
    small: SmallCommand | None = None
    show_tracebacks: bool = False


def parse(argv: Sequence[str], cwd: Path) -> Command:
    """Parse a command line; exits with status 2 and one line where it is wrong, 0 after --help."""
    if argv and argv[0] in commands.NAMES:
        small = OneLineParser(prog="run_pipeline.py")
        commands.add_commands(small)
        options = small.parse_args(argv)
        chosen = commands.small_command(options, small, cwd)
        return Command(small=chosen, show_tracebacks=options.verbose)
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.run_id and options.resume and options.run_id != options.resume:
        parser.error(f"--run-id names {options.run_id!r} and --resume {options.resume!r}: name one run")
    return Command(_run_options(options, cwd), show_tracebacks=options.verbose)


def build_parser() -> OneLineParser:
    """The parser of a run."""
    parser = OneLineParser(
        prog="run_pipeline.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # scripts must not break when an option is added
    )
    parser.of_words = "photos are named by --input"
    parser.add_argument(
        "--version", action="version", version=f"{PROGRAM} {VERSION}", help="show it and exit"
    )
    _add_files(parser.add_argument_group("photos and files"))
    _add_choice(parser.add_argument_group("whose eyes, and how"))
    _add_behaviour(parser.add_argument_group("the run"))
    return parser


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration that merges over the default"
    )
    group.add_argument(
        "--input",
        nargs="+",
        action="extend",
        metavar="PHOTO|FOLDER|GLOB",
        help="what to work on; may be repeated; - takes a list of paths from standard input",
    )
    group.add_argument(
        "--null", action="store_true", help="paths of --input - end with a zero byte, as of find -print0"
    )
    group.add_argument("--no-recursive", action="store_true", help="do not go into subfolders")
    group.add_argument(
        "--skip",
        action="append",
        metavar="PATTERN|@FILE",
        help="leave out photos with such names or paths, or those listed in FILE; may be repeated",
    )
    group.add_argument(
        "--since",
        type=cli_values.since,
        metavar="DATE|AGE",
        help="only files written since: 2026-11-01, 2026-11-01T18:30, 12h, 3d, 2w",
    )
    group.add_argument("--output", type=Path, metavar="FOLDER", help="write everything below this folder")
    group.add_argument(
        "--output-format",
        choices=("same", "png", "jpeg", "webp", "tiff"),
        help="format of finished pictures; same keeps the photo's (default: png)",
    )
    group.add_argument(
        "--name-template",
        metavar="NAME",
        help="names of finished pictures, e.g. '{stem}_eyes{ext}'; also {variation}, {run_id}, {timestamp}",
    )
    group.add_argument(
        "--copy-unchanged", action="store_true", default=None, help="copy photos that needed no edit"
    )
    group.add_argument(
        "--strip-metadata", action="store_true", default=None, help="write no metadata, not even provenance"
    )
    group.add_argument(
        "--max-megapixels", type=float, metavar="N", help="refuse bigger pictures (default: 250)"
    )
    group.add_argument("--max-file-mb", type=float, metavar="N", help="refuse bigger files (default: 2000)")


def _add_choice(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--num-variations",
        type=cli_values.variations,
        default=0,
        metavar="N",
        help="variations besides the original",
    )
    group.add_argument(
        "--threshold",
        type=float,
        metavar="AREA",
        help="eyes of a smaller area are closed: px² at 100 px between the eyes (default: 260)",
    )
    group.add_argument(
        "--backend",
        choices=("auto", "donor", "mirror", "lid_lift", "sdxl", "sdxl-turbo"),
        help="how eyes are painted; auto chooses per face: donor if there is one, sdxl if its weights and a "
        "GPU are there, mirror if one eye is open, else lid_lift",
    )
    group.add_argument("--donor", type=Path, metavar="PHOTO|FOLDER", help="the same people with open eyes")
    group.add_argument(
        "--donor-folder",
        type=Path,
        action="append",
        metavar="FOLDER",
        help="search it for open eyes of the same people; may be repeated",
    )
    group.add_argument(
        "--no-find-donors",
        action="store_true",
        help="do not search the run's own photos for open eyes of the same people",
    )
    group.add_argument(
        "--eye-color", metavar="COLOR", help="brown, dark, hazel, green, blue, grey, amber or #rrggbb"
    )
    group.add_argument(
        "--openness", type=float, metavar="0.5..1.2", help="how far eyes open (default: 1, relaxed)"
    )
    group.add_argument(
        "--seed", type=int, metavar="N", help="the same seed gives the same picture (default: 42)"
    )
    group.add_argument(
        "--faces", type=cli_values.indices, metavar="0,2", help="only these faces, numbered left to right"
    )
    group.add_argument("--ignore-faces", type=cli_values.indices, metavar="1", help="not these faces")
    group.add_argument(
        "--selection",
        type=Path,
        metavar="FILE",
        help="faces that were unticked in this file of a dry run stay closed",
    )
    group.add_argument(
        "--min-age",
        type=float,
        metavar="YEARS",
        help="leave younger faces alone, where the detector tells ages",
    )
    group.add_argument(
        "--restore", choices=("auto", "on", "off"), help="restore edited faces; auto does where weights are"
    )
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="where networks run; auto takes a GPU if it can"
    )
    group.add_argument(
        "--license",
        choices=("any", "commercial"),
        help="commercial: only what may be used commercially",
    )


def _add_behaviour(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--run-id", metavar="NAME", help="name of the run in file names, instead of the time")
    group.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="NAME",
        help="go on with a run where it stopped: the one named, else the last one with these inputs",
    )
    group.add_argument(
        "--workers",
        type=cli_values.workers,
        metavar="N|STAGE=N,...",
        help="processes of every stage, or of those that are named (default: what the machine bears)",
    )
    failures = group.add_mutually_exclusive_group()
    failures.add_argument("--fail-fast", action="store_true", help="stop at the first photo that fails")
    failures.add_argument(
        "--max-failures", type=cli_values.positive, metavar="N", help="stop when so many photos failed"
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be done, on a page and in a file to choose faces from; no picture is written",
    )
    group.add_argument(
        "--verbose", action="store_true", help="keep all intermediate files and logs, show tracebacks"
    )
    group.add_argument(
        "--log-format", choices=("human", "json"), help="json writes one object a line to standard output"
    )


_SETTINGS: dict[str, tuple[str, ...]] = {
    "threshold": ("processing", "threshold"),
    "max_megapixels": ("processing", "max_megapixels"),
    "max_file_mb": ("processing", "max_file_mb"),
    "min_age": ("processing", "min_age"),
    "device": ("processing", "device"),
    "license": ("models", "license"),
    "workers": ("processing", "workers"),
    "log_format": ("processing", "log_format"),
    "backend": ("generation", "model"),
    "eye_color": ("generation", "eye_color"),
    "openness": ("generation", "openness"),
    "seed": ("generation", "seed"),
    "output_format": ("output", "format"),
    "name_template": ("output", "name_template"),
    "copy_unchanged": ("output", "copy_unchanged"),
    "strip_metadata": ("output", "strip_metadata"),
}
"""Options that are settings -> their place in the configuration."""

_RESTORE: dict[str, object] = {"auto": "auto", "on": True, "off": False}


def _run_options(options: argparse.Namespace, cwd: Path) -> RunOptions:
    overrides = [
        Override(f"--{name.replace('_', '-')}", key, value)
        for name, key in _SETTINGS.items()
        if (value := getattr(options, name)) is not None
    ]
    if options.verbose:
        overrides.append(Override("--verbose", ("processing", "verbose"), True))
    if options.donor is not None:
        overrides.append(Override("--donor", ("generation", "donor"), str(cwd / from_home(options.donor))))
    if options.donor_folder:
        folders = [str(cwd / from_home(folder)) for folder in options.donor_folder]
        overrides.append(Override("--donor-folder", ("generation", "donor_folder"), folders))
    if options.no_find_donors:
        overrides.append(Override("--no-find-donors", ("generation", "find_donors"), False))
    if options.restore is not None:
        overrides.append(Override("--restore", ("restoration", "enabled"), _RESTORE[options.restore]))
    return RunOptions(
        config=cwd / from_home(options.config) if options.config else None,
        inputs=tuple(options.input or ()),
        null_separated=options.null,
        recursive=not options.no_recursive,
        skip=tuple(options.skip or ()),
        since=options.since,
        base=cwd,
        output=cwd / from_home(options.output) if options.output else None,
        num_variations=options.num_variations,
        run_id=options.run_id if options.run_id is not None else options.resume or None,
        resume=options.resume is not None,
        max_failures=1 if options.fail_fast else options.max_failures,
        faces=options.faces,
        ignored_faces=options.ignore_faces or frozenset(),
        selection=cwd / from_home(options.selection) if options.selection else None,
        dry_run=options.dry_run,
        overrides=tuple(overrides),
    )
