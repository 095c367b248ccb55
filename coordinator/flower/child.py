"""Touches the world: the command line of a process that may not outlive the one that started it.

The kernel's word for this is the parent's death signal (prctl(2), PR_SET_PDEATHSIG). A small interpreter asks for it
and becomes the command: 13 ms. `preexec_fn` of subprocess, code between fork and exec, would run the hooks of every
library at the fork: a Ctrl-C that arrives in one of those is printed and lost, and beside threads it may hang.
`setpriv` of util-linux sets capabilities too, which our units forbid.
"""

import os
import signal
import sys

_BECOME = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[1]))
if os.getppid() != int(sys.argv[2]):
    sys.exit("the process that started this one has ended")
os.execvp(sys.argv[3], sys.argv[3:])
"""


def ended_with_parent(*command: str, how: signal.Signals) -> tuple[str, ...]:
    """Return the command that becomes `command`, and gets `how` when this process ends."""
    return sys.executable, "-I", "-S", "-c", _BECOME, str(int(how)), str(os.getpid()), *command
