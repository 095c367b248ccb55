"""The house is searched: chance comes from one file, noise from one other, and no float from either."""

from pathlib import Path

import pytest

from tests.privacy.source_scan import chance_findings, float_findings

HOUSE = Path(__file__).parents[2]
NOISE_PATH = (
    "privacy/randomness.py",
    "privacy/gaussian_table.py",
    "privacy/noise.py",
    "privacy/counts.py",
    "simulations/seeded.py",
)
ROOMS = ("protocol", "privacy", "partner_node", "coordinator")
# A simulation draws its people from NumPy's seeded generator, and benchmarks run the peers; neither may make noise or
# take what it cannot repeat.
ALLOWED_IN_SIMULATIONS = ("np.random", "numpy.random", "import random", "import Random", "opendp", "diffprivlib")
# What Flower's client shares in the benchmark is fresh on every run.
TAKES_BYTES = {
    "simulations/benchmarks/flower_secagg.py": "os.urandom",
}

FLOAT_FAULTS = {
    "sigma = 2.5": "a float literal",
    "share = variance / parties": "a true division",
    "total /= 2": "a true division",
    "distance = 2**-100": "a negative power",
    "scaled = float(variance)": "float",
    "import math": "import math",
    "from math import exp": "math.exp",
    "noise = np.rint(np.exp(x))": "np.exp",
    "noise = np.random.normal(0, 1, 5)": "np.random",
    "values = counts.astype('float64')": "a float dtype",
    "middle = counts.mean()": "mean",
}
CHANCE_FAULTS = {
    "import random": "import random",
    "from random import gauss": "from random import gauss",
    "import secrets as s": "import secrets",
    "from numpy.random import default_rng": "from numpy.random import default_rng",
    "from numpy import random": "from numpy import random",
    "import numpy as np\nx = np.random.default_rng().normal()": "np.random",
    "import os\nkey = os.urandom(32)": "os.urandom",
    "from os import urandom": "from os import urandom",
    "import torch": "import torch",
    "open('/dev/urandom', 'rb')": "a random device",
    "m = importlib.import_module('numpy.random')": "a hidden import of chance",
    "x = stats.norm.rvs(size=5)": "a draw by stats.norm.rvs",
    "from diffprivlib.mechanisms import Laplace": "from diffprivlib.mechanisms import Laplace",
    "from privacy.gaussian_table import gaussian_table": "a noise table outside its home",
    "words = source.take(64, lane=0)": "bytes for noise outside its home (source.take)",
    "source = RandomSource(bytes(32))": "a source with a given key (RandomSource)",
}


@pytest.mark.parametrize("path", NOISE_PATH)
def test_the_noise_path_holds_integers_only(path: str) -> None:
    """M02: no float literal, true division, float(), math.exp, numpy.random or NumPy name beyond the integer list."""
    assert float_findings((HOUSE / path).read_text()) == []


@pytest.mark.parametrize("fault", FLOAT_FAULTS)
def test_the_search_for_floats_catches_a_seeded_fault(fault: str) -> None:
    """M02, control."""
    (finding,) = float_findings(f"import numpy as np\n{fault}\n")[:1]
    assert finding.endswith(FLOAT_FAULTS[fault])


def test_chance_comes_from_one_file_and_noise_from_one_other() -> None:
    """M13: the rooms of the nodes."""
    findings = {
        f"{path.relative_to(HOUSE)}: {finding}"
        for room in ROOMS
        for path in sorted((HOUSE / room).rglob("*.py"))
        for finding in chance_findings(path.read_text(), path=path.relative_to(HOUSE).as_posix())
    }
    assert findings == set()


def test_simulations_take_nothing_that_they_cannot_repeat() -> None:
    """M13: simulations, where a seeded generator and the peers are allowed."""
    findings = {
        f"{path.relative_to(HOUSE)}: {finding}"
        for path in sorted((HOUSE / "simulations").rglob("*.py"))
        for finding in chance_findings(path.read_text(), path=path.relative_to(HOUSE).as_posix())
        if not any(allowed in finding for allowed in ALLOWED_IN_SIMULATIONS)
        and not _takes_as_it_may(path.relative_to(HOUSE).as_posix(), finding)
    }
    assert findings == set()


def _takes_as_it_may(file: str, finding: str) -> bool:
    return finding.rsplit(maxsplit=1)[-1].strip("()") in TAKES_BYTES.get(file, "").split()


@pytest.mark.parametrize("fault", CHANCE_FAULTS)
def test_the_search_for_chance_catches_a_seeded_fault(fault: str) -> None:
    """M13, control."""
    findings = chance_findings(fault, path="coordinator/rounds.py")
    assert [finding.rpartition(": ")[2] for finding in findings] == [CHANCE_FAULTS[fault]]


def test_the_search_covers_the_files_that_draw() -> None:
    """M13, control: the same sources at another path are findings, so the rules do read them."""
    randomness, noise = ((HOUSE / path).read_text() for path in ("privacy/randomness.py", "privacy/noise.py"))
    assert chance_findings(randomness, path="coordinator/rounds.py") != []
    assert chance_findings(noise, path="coordinator/rounds.py") != []
