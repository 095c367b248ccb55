"""Computes: how often 95 % intervals of a regression hold the coefficients that made the data, with the noise or not.

Noise shrinks faster than chance as households grow, so that intervals without it fail where there is much noise for
each household: at the cap of rho 0.25 up to some 5,000 households, at 0.02 still at 20,000.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from coordinator.models.curved import fit
from coordinator.models.curves import PER_ONE, logistic_curve
from partner_node.records import Records
from protocol.errors import Refusal
from protocol.words.ids import PartyId
from simulations.benchmarks.result import Result
from simulations.models.agreement import CAP, ModelAgreed, agree_on
from simulations.models.households import Households, Truth, invent, records_of, truth
from simulations.models.without_rounds import run_steps

FEATURES, NODES, CLIP = 20, 10, 5.5
SIZES = {"5k": 5_000, "20k": 20_000, "100k": 100_000}
SEEDS = 60  # models of 20 coefficients each: a coverage of 95 % has a standard error of 0.6
COARSE = 256  # of a mean of one, where the noise is large
SMALL = Fraction(2, 100)  # a yearly budget of which a model may use a twelfth of the cap
WITHIN = 1.959964  # standard errors of a 95 % interval


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """One model fitted with privacy, in log odds per standard deviation; float64, shape (features,) each.

    found: the coefficients. sds: their whole standard errors. chance_sds: without the noise.
    """

    found: NDArray[np.float64]
    sds: NDArray[np.float64]
    chance_sds: NDArray[np.float64]


def model_coverage() -> tuple[Result, ...]:
    """Share of coefficients within their 95 % interval, beside intervals that leave the noise out, over 60 models."""
    true = truth(FEATURES)
    rows = [_coverage(f"model_coverage_{name}", true, CAP, households) for name, households in SIZES.items()]
    return (*rows, _coverage("model_coverage_20k_small_rho", true, SMALL, SIZES["20k"]))


def fitted(true: Truth, agreed: ModelAgreed, some: Households, *, seed: int) -> Fitted:
    """Return the model of these households over all its steps.

    Raises: OneOutcome, NotIdentified, NotConverged.
    """
    model = fit(agreed.plan, run_steps(agreed, partners_records(agreed, some), seed=seed))
    spread = np.sqrt(true.prevalence * (1 - true.prevalence))
    table = np.array([(each.value, each.sd, each.sampling_sd) for each in model.coefficients[1:]])
    return Fitted(*(column * spread for column in table.T))


def partners_records(agreed: ModelAgreed, some: Households) -> dict[PartyId, Records]:
    """Return the households as records of the partners, as many at each."""
    return dict(zip(agreed.partners, map(records_of, shares(some, len(agreed.partners))), strict=True))


def shares(some: Households, partners: int = NODES) -> list[Households]:
    """Return the households of each partner."""
    share = len(some.outcome) // partners
    return [some.part(slice(place * share, (place + 1) * share)) for place in range(partners)]


def _coverage(name: str, true: Truth, rho: Fraction, households: int) -> Result:
    curve = logistic_curve(per_one=PER_ONE if rho == CAP else COARSE)
    agreed = agree_on(true.codings, partners=NODES, clip=CLIP, rho=rho, curve=curve)
    honest, naive = list[float](), list[float]()
    for seed in range(SEEDS):
        try:
            model = fitted(true, agreed, invent(true, households, seed=seed), seed=seed)
        except Refusal:  # an answer too, and counted below
            continue
        off = np.abs(model.found - true.coefficients[1:])
        honest += (off <= WITHIN * model.sds).tolist()
        naive += (off <= WITHIN * model.chance_sds).tolist()
    covered, without = (100 * float(np.mean(each)) if each else 0.0 for each in (honest, naive))
    refused = SEEDS - len(honest) // FEATURES
    doubt = 100 * sqrt(0.05 * 0.95 / max(len(honest), 1))
    peer = f"without the noise in it; one sd of this figure {doubt:.1f}, {refused} of {SEEDS} refused"
    return Result(name, covered, without, peer, None, "%", "93 to 97")
