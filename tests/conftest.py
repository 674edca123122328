"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# Time limits of single examples would make tests fail on a machine that is busy with something else.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# Those run in environments of their own, see tests/__main__.py.
collect_ignore = ["in_stage"]
