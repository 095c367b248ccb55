"""The repository itself: hashes that are really checked, packages that are named."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
EXTRAS = ("audit", "coordinator", "dev", "node", "sim")


def unpinned(lock: str) -> list[str]:
    """Return every requirement of a lock that has no exact version or no hash."""
    requirements = re.split(r"\n(?=[^\s#])", "\n" + re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE))[1:]
    exact = re.compile(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==[0-9][^\s\\;]*[\s\S]*--hash=sha256:[0-9a-f]{64}")
    return [text.split("\n")[0] for text in requirements if not exact.match(text)]


def test_there_is_a_lock_for_every_extra() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert tuple(path.stem for path in LOCKS) == EXTRAS == tuple(sorted(declared))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_requirement_has_one_version_and_a_hash(path: Path) -> None:
    """X01: nothing unpinned, no version control, no address."""
    lock = path.read_text()
    assert not unpinned(lock)
    assert not re.search(r"://|git\+|--index|--find-links", lock)


@pytest.mark.parametrize(
    "line",
    ["numpy>=2", "numpy==2.0", "numpy @ git+ssh", "-e ."],
)
def test_an_unpinned_requirement_is_caught(line: str) -> None:
    """X01, negative control."""
    assert unpinned(f"{line}\n    # via samenzicht\n")


def test_every_lock_has_the_versions_of_the_development_lock() -> None:
    everything = set(re.findall(r"^[a-z0-9._-]+==\S+", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    for path in LOCKS:
        assert set(re.findall(r"^[a-z0-9._-]+==\S+", path.read_text(), re.MULTILINE)) <= everything, path


@pytest.mark.parametrize("tampered", [False, True])
def test_a_changed_hash_stops_the_installation(tampered: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """X01, with the untouched lock as its control."""
    lock = (ROOT / "requirements/dev.txt").read_text()
    (stanza,) = re.findall(r"^sortedcontainers==(?:.*\\\n)+.*\n", lock, re.MULTILINE)
    if tampered:
        stanza = re.sub(r"sha256:.", lambda found: f"sha256:{'0' if found[0][-1] != '0' else '1'}", stanza)
    requirement = tmp_path / "requirements.txt"
    requirement.write_text(stanza)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv
    result = subprocess.run(
        [
            uv,
            "pip",
            "install",
            "--require-hashes",
            "--no-deps",
            "--target",
            str(tmp_path / "to"),
            "-r",
            str(requirement),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode == 0) is not tampered, result.stderr
    assert ("Hash mismatch" in result.stderr) is tampered


def test_the_benchmark_command_writes_what_the_design_says(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "simulations.benchmarks", "--only", "wire_100k", "--json", str(tmp_path / "out.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[0].split() == ["name", "ours", "peer", "ratio", "unit", "limit", "peer", "is"]
    (row,) = json.loads((tmp_path / "out.json").read_text())["results"]
    assert set(row) == {"name", "ours", "peer", "peer_name", "ratio", "unit", "limit"}
    assert row["ratio"] == pytest.approx(row["peer"] / row["ours"])


PROBE = """
import pytest

@pytest.mark.needs("nginx")
def test_that_needs_a_package():
    raise AssertionError("it must never run without its package")
"""


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_package_is_named_and_on_ci_it_fails(ci: str, outcome: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_probe.py").write_text(PROBE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs: packages\n")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", str(tmp_path)],
        env={"PATH": "", "CI": ci},  # an empty path: no program is there
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in result.stdout
    assert "needs Debian package nginx" in result.stdout
    if not ci:
        assert "left out, by name" in result.stdout
