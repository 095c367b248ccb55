"""Touches the world: tells the operating system to write no memory of this process to a disk when it fails.

A core dump would hold keys and records. Source: setrlimit(2), RLIMIT_CORE. Windows has no such limit for a process; its
error reports are switched off by the machine's own policy (docs/operating-a-partner.md).
"""

import sys


def forbid_core_dumps() -> None:
    """Set the greatest size of a core dump to zero, for this process and all that it starts."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - it is not there on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
