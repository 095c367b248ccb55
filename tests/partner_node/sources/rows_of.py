"""Reads a source to its end, as plain rows, for the tests."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from partner_node.sources.source import Source
from tests.house import ROOT

Row = tuple[object, ...]


def rows_of(source: Source, *columns: str) -> list[Row]:
    """Return all rows, of these columns or of all."""
    return [row for frame in source.batches(columns or source.columns) for row in frame.iter_rows()]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a process said, and the memory that it took at most."""

    said: str
    peak_mb: int


# VmHWM is of this program alone; `ru_maxrss` remembers the larger process that started it.
READ = """
import sys
from pathlib import Path
from protocol.errors import Refusal
from partner_node.sources.opening import open_source
try:
    source = open_source(Path(sys.argv[1]))
    print("rows", sum(frame.height for frame in source.batches(source.columns[:1])))
except Refusal as refusal:
    print(refusal.code)
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
READ_AT_ONCE = """
import sys
from pathlib import Path
import partner_node.sources.opening
print("rows", len(Path(sys.argv[1]).read_bytes().splitlines()))
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def measured(path: Path, program: str = READ) -> Measured:
    """Read a file in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said, peak_mb = done.stdout.splitlines()
    return Measured(said, int(peak_mb))
