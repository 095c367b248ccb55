"""Touches the world: tells numpy, before it is loaded, not to sort with instructions that this processor is slow at.

numpy sorts with AVX-512 wherever there is AVX-512. On AMD's Zen 4 the instruction that this leans on runs as microcode:
ten million numbers take 0.40 s, and 0.06 s without. The sorted numbers are the same. Source: AMD 57647, "Software
Optimization Guide for the AMD Zen4 Microarchitecture", section 2.11.2; github.com/numpy/x86-simd-sort, issue 6.
"""

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "NPY_DISABLE_CPU_FEATURES"
AVX_512 = ("X86_V4", "AVX512_ICL", "AVX512_SPR")  # as numpy calls what it has been built for beyond AVX2
_PROCESSORS = Path("/proc/cpuinfo")  # on Linux; elsewhere numpy keeps its own choice
_ZEN_4 = {"vendor_id": "AuthenticAMD", "cpu family": "25"}  # Zen 3 too, which has no AVX-512; Zen 5 is 26, and fast
_FIRST_PROCESSOR_BYTES = 8192  # its flags are some 2,000


def sort_environment() -> dict[str, str]:
    """Return the variables that a process must have before it loads numpy, for this machine's processor."""
    try:
        with _PROCESSORS.open(encoding="ascii", errors="replace") as file:
            return for_processor(file.read(_FIRST_PROCESSOR_BYTES))
    except OSError:
        return {}


def for_processor(described: str) -> dict[str, str]:
    """Return the same for a processor as Linux describes it."""
    lines = (line.partition(":") for line in reversed(described.splitlines()))
    facts = {name.strip(): value.strip() for name, _, value in lines}  # of several processors the first one's stay
    is_slow = _ZEN_4.items() <= facts.items() and "avx512f" in facts.get("flags", "").split()
    return {VARIABLE: " ".join(AVX_512)} if is_slow else {}


def choose_sort(chosen: Mapping[str, str] | None = None) -> None:
    """Set these variables for this process and all that it starts; what a person has set stays."""
    for name, value in (sort_environment() if chosen is None else chosen).items():
        os.environ.setdefault(name, value)
