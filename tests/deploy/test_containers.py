"""The container files hold what they promise: no root, no port, a root that nobody writes to, and only their own code.

No container is run here: the text is read, and the packages that an image gets are run without the others.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.house import ROOT

FOLDER = ROOT / "deploy" / "container"
FILES = sorted(FOLDER.glob("Containerfile.*"))
QUADLETS = sorted(FOLDER.glob("*.container"))
OWN = {"node": {"protocol", "privacy", "partner_node"}, "coordinator": {"protocol", "privacy", "coordinator"}}
KNOWN = {"ARG", "FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}


def instructions(text: str) -> list[tuple[str, str]]:
    """Return instructions and their arguments, with the lines that go on put together."""
    whole = re.sub(r"\\\n", " ", text)
    lines = [line.strip() for line in whole.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def promises(text: str) -> list[str]:
    """Return what a Containerfile breaks."""
    found = instructions(text)
    names = [name for name, _ in found]
    last = found[len(names) - names[::-1].index("FROM") :]
    users = [argument for name, argument in last if name == "USER"]
    installs = [argument for name, argument in found if name == "RUN" and "install" in argument]
    broken = {
        "an instruction that opens, fetches or unpacks": bool(set(names) - KNOWN),
        "root": len(users) != 1 or re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[0]) is None,
        "a program that is built or fetched in the image that runs": any(name == "RUN" for name, _ in last),
        "a library without its hash": not installs or not all("--require-hashes" in each for each in installs),
        "a source distribution, which runs code": not all("--only-binary :all:" in each for each in installs),
        "an address of an index": re.search(r"https?://|--(extra-)?index|--trusted", text) is not None,
        "a shell as its process": not all(
            argument.startswith("[") for name, argument in last if name in {"ENTRYPOINT", "CMD"}
        ),
        "a secret": re.search(r"(?i)(secret|password|token|identity\.key)", text) is not None,
    }
    return [what for what, is_so in broken.items() if is_so]


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def openings(text: str) -> list[str]:
    """Return what a Quadlet leaves open."""
    found = settings(text)
    wanted = {
        "ReadOnly": ["true"],
        "ReadOnlyTmpfs": ["false"],
        "DropCapability": ["all"],
        "NoNewPrivileges": ["true"],
        "Ulimit": ["core=0"],
    }
    left = [key for key, value in wanted.items() if found.get(key) != value]
    left += [key for key in ("PublishPort", "AddCapability", "AddDevice", "SecurityLabelDisable") if key in found]
    left += [each for each in [*found.get("Volume", []), *found.get("Tmpfs", [])] if "noexec,nosuid,nodev" not in each]
    left += [each for each in found.get("PodmanArgs", []) if "privileged" in each or "--memory-swap=2g" not in each]
    return left


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_image_keeps_its_promises(path: Path) -> None:
    text = path.read_text()
    assert promises(text) == []
    name = path.suffix[1:]
    sources = [argument.split() for kind, argument in instructions(text) if kind == "COPY" and "--from" not in argument]
    assert {source for source, target in sources if "site-packages" in target} == OWN[name]
    assert all((ROOT / source).exists() for source, _ in sources)
    assert f"requirements/{name}.txt" in {source for source, _ in sources}


@pytest.mark.parametrize("path", QUADLETS, ids=lambda path: path.stem)
def test_a_container_is_closed(path: Path) -> None:
    assert openings(path.read_text()) == []


def test_the_node_is_reached_by_nobody_and_comes_back_after_the_minute() -> None:
    found = settings((FOLDER / "samenzicht-node.container").read_text())
    assert found["Network"] == ["pasta"]
    assert found["RestartSec"] == ["70"]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (("USER 10001:10001\n", ""), "root"),
        (("USER 10001:10001", "USER 0:0"), "root"),
        (("WORKDIR", "EXPOSE 8443\nWORKDIR"), "an instruction that opens, fetches or unpacks"),
        ((" --require-hashes", ""), "a library without its hash"),
        (('CMD ["run"]', "CMD run"), "a shell as its process"),
        (("ENV PY", "RUN apt-get install curl\nENV PY"), "a program that is built or fetched in the image that runs"),
        (("--no-cache-dir", "--index-url https://example.org"), "an address of an index"),
    ],
)
def test_a_promise_that_is_broken_is_seen(spoil: tuple[str, str], what: str) -> None:
    """Negative control."""
    text = (FOLDER / "Containerfile.node").read_text()
    assert spoil[0] in text
    assert what in promises(text.replace(*spoil))


@pytest.mark.parametrize(
    ("old", "new"), [("ReadOnly=true", "ReadOnly=false"), ("Network=", "PublishPort=80\nNetwork="), (",noexec", "")]
)
def test_a_container_that_is_open_is_seen(old: str, new: str) -> None:
    """Negative control."""
    text = (FOLDER / "samenzicht-node.container").read_text()
    assert old in text
    assert openings(text.replace(old, new))


@pytest.mark.parametrize("name", sorted(OWN))
def test_an_image_runs_with_the_packages_that_it_gets(name: str, tmp_path: Path) -> None:
    """Without the packages of the others, without a file of this clone, and with a root that may not be written to."""
    for package in OWN[name]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = sysconfig.get_paths()["purelib"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{libraries}", "PYTHONDONTWRITEBYTECODE": "1"}
    module = "partner_node.cli.app" if name == "node" else "coordinator.cli.app"
    other = "coordinator" if name == "node" else "partner_node"
    # -S: the links to this clone, which stand among the libraries, are not followed.
    command = [sys.executable, "-S", "-m", module, "run", "--help"]
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--lang" in done.stdout
    control = [sys.executable, "-S", "-c", f"import {other}"]
    assert subprocess.run(control, cwd="/", env=environment, capture_output=True, check=False).returncode == 1
