"""`python3 -m tests --quality [--output FOLDER] [--renew-baseline]`: measure, compare, write the report.

Exit status 6 when a figure is worse than its baseline by more than its noise.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from environments.reexec import ensure_environment

MODULE = "tests.quality"
PLACE = CHECKOUT / "build" / "quality"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests --quality", description=__doc__)
    parser.add_argument("--output", type=Path, default=PLACE, help=f"a folder to replace (default: {PLACE})")
    parser.add_argument(
        "--renew-baseline",
        action="store_true",
        help="run with several seeds and agree to the figures as they are now, better or worse",
    )
    options = parser.parse_args(argv)
    ensure_environment(CHECKOUT / "tests", MODULE, "tests")
    from tests.quality import baseline
    from tests.quality.figures import tabulate
    from tests.quality.plan import examine
    from tests.quality.reporting import write_report

    output: Path = options.output.absolute()
    for made in (*(output / name for name in ("cases", "views")), *output.glob("runs*")):
        shutil.rmtree(made, ignore_errors=True)
    seen = examine(output)
    table = tabulate(seen.observations)
    held = baseline.read_baseline(seen.names_of_judges)
    if not held:
        print(f"no baseline by these judges: {seen.names_of_judges}")
    fallen = baseline.falls(held, table)
    for path in write_report(seen, table, fallen, output):
        print(path)
    if options.renew_baseline:
        others = [examine(output, seed, seen.judges.readings) for seed in baseline.SEEDS[1:]]
        tables = [table, *(tabulate(other.observations) for other in others)]
        baseline.write_baseline(seen.names_of_judges, baseline.stored(tables))
        return int(ExitCode.OK)
    for fall in fallen:
        print(f"fallen: {fall.line()}")
    return int(ExitCode.QUALITY_GATE if fallen else ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
