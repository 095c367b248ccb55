"""The unit files, judged by systemd itself: they parse, and expose little; what the text promises stands in them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

pytestmark = pytest.mark.needs("systemd")
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
MOST_EXPOSED = 1.5  # of 10; systemd calls up to 2 "OK", and a service that is not hardened has 9.6


def exposure(unit: Path) -> float:
    """Return what `systemd-analyze security` gives a unit file, from 0 to 10."""
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


def complaints(unit: Path) -> list[str]:
    """Return what systemd does not understand of a unit file; a program that is not installed here is none."""
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if unit.name in line and "is not executable" not in line]


def settings(unit: Path) -> dict[str, list[str]]:
    """Return the settings of a unit file, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def test_there_is_a_unit_for_each_service() -> None:
    assert {"samenzicht-node.service", "samenzicht-edge.service"} <= {unit.name for unit in UNITS}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_a_unit_and_finds_it_hardened(unit: Path, tmp_path: Path) -> None:
    assert complaints(unit) == []
    assert exposure(unit) <= MOST_EXPOSED
    soft = tmp_path / unit.name
    kept = [line for line in unit.read_text().splitlines() if not re.match(r"(Protect|Private|Restrict|System)", line)]
    soft.write_text("\n".join(kept).replace("[Service]", "[Service]\nProtectAllOfIt=yes") + "\n")
    assert exposure(soft) > MOST_EXPOSED, "control: without them it is exposed"
    assert complaints(soft) != [], "control: a setting that does not exist"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_no_unit_dumps_memory_swaps_it_or_runs_as_root(unit: Path) -> None:
    """N07, N08: nothing of a process is left on a disk."""
    found = settings(unit)
    assert (found["LimitCORE"], found["MemorySwapMax"], found["UMask"]) == (["0"], ["0"], ["0077"])
    assert found["User"] != ["root"]
    assert found["CapabilityBoundingSet"] == [""]
    for folder in ("StateDirectory", "RuntimeDirectory"):
        assert (folder in found) <= (found.get(f"{folder}Mode") == ["0700"])


def test_the_node_may_not_listen_and_comes_back_after_a_minute() -> None:
    found = settings(ROOT / "deploy" / "systemd" / "samenzicht-node.service")
    assert found["SocketBindDeny"] == ["any"]
    assert int(found["RestartSec"][0]) > 60
