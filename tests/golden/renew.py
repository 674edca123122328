"""`python3 -m tests.golden.renew`: paint the golden pictures anew. Look at them before you commit them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from environments.places import CHECKOUT
from environments.reexec import ensure_environment

MODULE = "tests.golden.renew"


def main() -> int:
    ensure_environment(CHECKOUT / "tests", MODULE, "tests")
    from tests.golden.pictures import GOLDENS, painted, write

    with tempfile.TemporaryDirectory() as folder:
        for golden in GOLDENS:
            write(golden.path, painted(golden, Path(folder)))
            print(golden.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
