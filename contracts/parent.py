"""A process that ends when the one that started it is gone, whatever it is doing."""

from __future__ import annotations

import os
import sys

PARENT = "OTE_PARENT"
"""Environment variable with the process id of the parent that wants to be outlived by nobody."""
_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
_SIGKILL = 9


def die_with_parent() -> None:
    """Be killed when the parent named by the variable goes, even while a library computes.

    Linux only; elsewhere the end of standard input tells, once the work in hand is done. The kernel
    watches the thread that started this process: the parent starts children from threads that last.
    """
    parent = os.environ.get(PARENT)
    if parent is None or sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != int(parent):  # it went before the kernel was asked to watch it
        sys.exit(0)
