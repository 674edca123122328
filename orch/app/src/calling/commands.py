"""The command line of the small commands beside a run; standard library only."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from orch.app.src.calling.options import SelectOptions
from orch.app.src.inputs.home_folder import from_home

NAMES = ("doctor", "models", "select")

DOCTOR_HELP = """\
Shows environments, weights and GPU, and what a run without options would use and why. Changes nothing."""

MODELS_HELP = """\
Weights for what goes beyond the default path, which needs none: docs/weights.md says more."""

IMPORT_HELP = """\
Copies weights to where runs look for them, after recognising them by their content and checking them."""

PULL_HELP = """\
Fetches weights, after showing their licences and checking the space on the disk. What was interrupted goes
on where it stopped. Nothing is ever fetched without this command."""

SELECT_HELP = """\
Copies the variations that were picked on a run's page into the folder final_selected_RUN beside the run's
pictures, under their final names. What was picked is compared with the report first; doing it again
changes nothing."""


@dataclass(frozen=True)
class SmallCommand:
    """A parsed command.

    Attributes:
        name: "doctor", "models" or "select".
        action: of models: list, verify, pull, import.
        models: names of weights; empty for all.
        profile: of pull: "full", "commercial" or "".
        accept_licence: of pull.
        given: of import: the file or folder, absolute.
        as_json: of doctor, and of models list.
        select: of select.
    """

    name: str
    action: str = ""
    models: tuple[str, ...] = ()
    profile: str = ""
    accept_licence: bool = False
    given: Path = Path()
    as_json: bool = False
    select: SelectOptions | None = None


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add `doctor`, `models` and `select`, with their options."""
    verbose = argparse.ArgumentParser(add_help=False)
    verbose.add_argument("--verbose", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    doctor = commands.add_parser(
        "doctor", parents=[verbose], help="what is installed and would be chosen", description=DOCTOR_HELP
    )
    doctor.add_argument("--json", action="store_true", help="for programs")
    models = commands.add_parser(
        "models", help="weights: what there is, and how to get it", description=MODELS_HELP
    )
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser(
        "list", parents=[verbose], help="what each is for, its licence, whether it is there"
    )
    listed.add_argument("--json", action="store_true", help="for programs")
    verify = actions.add_parser("verify", parents=[verbose], help="compare what is there with its checksums")
    verify.add_argument("names", nargs="*", metavar="NAME", help="weights as models list calls them (all)")
    pull = actions.add_parser("pull", parents=[verbose], help="fetch weights", description=PULL_HELP)
    pull.add_argument("names", nargs="*", metavar="NAME", help="weights as models list calls them")
    pull.add_argument(
        "--profile",
        choices=("full", "commercial"),
        help="everything that backends can use, or what may be used commercially",
    )
    pull.add_argument("--accept-license", action="store_true", help="accept the licences without being asked")
    taken = actions.add_parser(
        "import", parents=[verbose], help="take weights that you have already", description=IMPORT_HELP
    )
    taken.add_argument("file", type=Path, metavar="FILE", help="a file, or the folder of a model of several")
    select = commands.add_parser(
        "select", parents=[verbose], help="make final pictures of picked variations", description=SELECT_HELP
    )
    select.add_argument("file", type=Path, metavar="FILE", help="what the run's page saved")
    select.add_argument("--run", metavar="ID", help="the run, where it is not the one that FILE names")
    select.add_argument("--output", type=Path, metavar="FOLDER", help="what the run was given as --output")
    select.add_argument(
        "--remove-others",
        action="store_true",
        help="remove the run's pictures of these photos when the final ones are in place",
    )
    taken.add_argument("--as", dest="name", metavar="NAME", help="what it is, where its checksum cannot tell")


def small_command(options: argparse.Namespace, parser: argparse.ArgumentParser, cwd: Path) -> SmallCommand:
    """The command of parsed options; exits with status 2 where they do not fit together."""
    if options.command == "doctor":
        return SmallCommand("doctor", as_json=options.json)
    if options.command == "select":
        output = cwd / from_home(options.output) if options.output else None
        file = cwd / from_home(options.file)
        return SmallCommand("select", select=SelectOptions(file, options.run, output, options.remove_others))
    action = options.action
    if action == "pull" and bool(options.names) == bool(options.profile):
        parser.error("name what to pull, or give --profile full|commercial")
    if action == "import":
        named = (options.name,) if options.name else ()
        return SmallCommand("models", action, named, given=cwd / from_home(options.file))
    return SmallCommand(
        options.command,
        action,
        tuple(getattr(options, "names", ())),
        getattr(options, "profile", None) or "",
        getattr(options, "accept_license", False),
        as_json=getattr(options, "json", False),
    )
