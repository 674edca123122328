"""The program's version; a test keeps it equal to pyproject.toml."""

VERSION = "0.1.0"
PROGRAM = "Open The Eyes"
