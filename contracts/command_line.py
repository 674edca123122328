"""A parser that says in one line, with a code, what is wrong with a command line."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import NoReturn

from contracts.error_codes import ErrorCode
from contracts.exit_codes import ExitCode


class OneLineParser(argparse.ArgumentParser):
    """Exits with status 2 and one line where a command line is wrong.

    Attributes:
        of_words: what is said of words that belong to no option.
    """

    of_words = ""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"error: {message} [{ErrorCode.BAD_ARGUMENTS}]. See --help\n")

    def parse_args(self, argv: Sequence[str]) -> argparse.Namespace:  # type: ignore[override]
        """Options of a command line of which every argument belongs to one."""
        options, strangers = self.parse_known_args(argv)
        if strangers:
            hint = self._hint(strangers[0])
            self.error(f"unrecognized arguments: {' '.join(strangers)}" + (f"; {hint}" if hint else ""))
        return options

    def _hint(self, stranger: str) -> str:
        if not stranger.startswith("-"):
            return self.of_words
        known = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(stranger, known, n=1)
        return f"did you mean {near[0]}?" if near else ""
