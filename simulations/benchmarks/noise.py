"""Benchmark of noise: discrete Gaussian draws of sigma 50 on one core, beside OpenDP and diffprivlib."""

from fractions import Fraction

from diffprivlib.mechanisms import GaussianDiscrete
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian
from opendp.metrics import l2_distance
from opendp.mod import enable_features

from privacy.noise import draw
from privacy.randomness import fresh_source
from simulations.benchmarks.result import Result, cpu_ms, more_is_better

SIGMA = 50
DRAWS = 1_000_000
# The peers draw a thousand times slower; fewer draws, so that a run stays within seconds.
OPENDP_DRAWS = 20_000
DIFFPRIVLIB_DRAWS = 2_000


def gauss_50() -> tuple[Result, ...]:
    """Time our draws, memory for the result included, and each peer's."""
    source = fresh_source()
    ours_ms, _ = cpu_ms(lambda: draw(Fraction(SIGMA**2), DRAWS, source))
    opendp_ms, _ = cpu_ms(_opendp)
    diffprivlib_ms, _ = cpu_ms(_diffprivlib)
    return (
        _beside("gauss_50", ours_ms, OPENDP_DRAWS / opendp_ms, "OpenDP make_gaussian"),
        _beside("gauss_50_diffprivlib", ours_ms, DIFFPRIVLIB_DRAWS / diffprivlib_ms, "diffprivlib GaussianDiscrete"),
    )


def _beside(name: str, ours_ms: float, peer_per_ms: float, peer_name: str) -> Result:
    return more_is_better(
        name,
        ours=DRAWS / ours_ms * 1000,
        peer=peer_per_ms * 1000,
        peer_name=peer_name,
        unit="samples/s",
        limit=">= 200e6",
    )


def _opendp() -> None:
    enable_features("contrib")
    release = make_gaussian(vector_domain(atom_domain(T=int)), l2_distance(T=float), scale=float(SIGMA))
    release([0] * OPENDP_DRAWS)


def _diffprivlib() -> None:
    # It takes no sigma; these three give 50.2.
    mechanism = GaussianDiscrete(epsilon=0.48, delta=1e-6, sensitivity=6)
    for _ in range(DIFFPRIVLIB_DRAWS):
        mechanism.randomise(0)
