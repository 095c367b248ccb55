"""Which processors numpy must not sort on with AVX-512: those named, no other; and a person's own choice stays."""

import json
import os
import platform
import subprocess
import sys
from importlib import import_module

import pytest

from partner_node.sort_instructions import AVX_512, VARIABLE, choose_sort, for_processor

SLOW = {VARIABLE: "X86_V4 AVX512_ICL AVX512_SPR"}


def described(vendor: str, family: int, flags: str) -> str:
    """Return two processors as Linux describes them."""
    one = f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: 17\nflags\t\t: {flags}\n\n"
    return one + one[:60]  # the second is cut off where reading stops


@pytest.mark.parametrize(
    ("vendor", "family", "flags", "chosen"),
    [
        ("AuthenticAMD", 25, "sse2 avx2 avx512f avx512dq", SLOW),  # Zen 4
        ("AuthenticAMD", 25, "sse2 avx2", {}),  # Zen 3
        ("AuthenticAMD", 26, "sse2 avx2 avx512f", {}),  # Zen 5
        ("GenuineIntel", 6, "sse2 avx2 avx512f", {}),
        ("GenuineIntel", 25, "sse2 avx2 avx512f", {}),
    ],
)
def test_only_the_processors_that_are_slow_at_it_sort_without_avx_512(
    vendor: str, family: int, flags: str, chosen: dict[str, str]
) -> None:
    assert for_processor(described(vendor, family, flags)) == chosen


@pytest.mark.parametrize("text", ["", "\n", "no colon", ":", "vendor_id", "vendor_id:AuthenticAMD\ncpu family:25"])
def test_a_processor_that_says_nothing_of_itself_is_left_alone(text: str) -> None:
    assert for_processor(text) == {}


def test_what_a_person_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "AVX2")
    choose_sort(SLOW)
    assert os.environ[VARIABLE] == "AVX2"


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="numpy has other names elsewhere")
def test_the_names_are_those_of_this_numpy() -> None:
    built_for = import_module("numpy._core._multiarray_umath").__cpu_dispatch__
    assert set(AVX_512) <= set(built_for)


def test_the_command_chooses_before_numpy_is_loaded() -> None:
    """The door loads no command, and so no numpy, before it has chosen."""
    code = (
        "import json, os, sys; from partner_node import sort_instructions as s; import partner_node.cli.app as app; "
        f"s.sort_environment = lambda: {SLOW!r}; app.app = lambda **_: print(json.dumps("
        f"['numpy' in sys.modules, os.environ.get({VARIABLE!r})])); app.main()"
    )
    bare = {name: value for name, value in os.environ.items() if name != VARIABLE}
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare).stdout
    assert json.loads(shown) == [False, SLOW[VARIABLE]]
