#!/usr/bin/env python3
"""Open The Eyes: opens closed eyes in photos. Start here: `python3 run_pipeline.py --help`.

This file is a door: it needs nothing but a Python, makes the orchestrator's environment when it is
missing, and hands over to it. It must be readable by old interpreters, so that they can say so.
"""

import os
import sys


def main():  # type: () -> int
    if sys.version_info < (3, 10):
        sys.stderr.write(
            "error: Python 3.10 or newer is needed, this is %d.%d [ENV_001]. Run it with a newer python3\n"
            % sys.version_info[:2]
        )
        return 3
    sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
    if sys.argv[1:2] == ["setup"]:
        from environments.setup import setup

        return setup(sys.argv[2:])
    from environments import EXIT_ENVIRONMENT, EnvironmentBroken
    from environments.places import CHECKOUT
    from environments.reexec import hand_over
    from environments.store import ready_python

    try:
        python = ready_python(CHECKOUT / "orch", "orch")
    except EnvironmentBroken as problem:
        sys.stderr.write(problem.line() + "\n")
        return EXIT_ENVIRONMENT
    if python:
        hand_over(python, "orch.app.src.open_the_eyes", sys.argv[1:])
    # Reads the command line before it makes the environment: help and typing errors need no set-up.
    from orch.app.src.open_the_eyes import command

    return command()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
