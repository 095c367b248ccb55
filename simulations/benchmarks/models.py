"""Computes: regressions at equal privacy beside others on the same invented households, and what a step takes.

Everybody gets epsilon 3.55 and delta 1e-6, what the default cap of rho 0.25 means. diffprivlib's is pure epsilon, which
is a stronger promise; its noise is in floats, which is a weaker one. Rows are clipped to the same norm for all.
"""

import math
import time
import warnings
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from diffprivlib.models.logistic_regression import _logistic_regression_path
from numpy.typing import NDArray

from partner_node.records import Records
from partner_node.stepping import count_step, model_rows
from protocol.errors import Refusal
from protocol.words.period import step_in
from simulations.benchmarks.models_coverage import CLIP, FEATURES, NODES, SIZES, fitted, partners_records, shares
from simulations.benchmarks.result import Result, less_is_better
from simulations.models.agreement import PERIOD, ModelAgreed, agree_on
from simulations.models.households import Households, Truth, invent, logistic, records_of, standardised, truth
from simulations.models.with_rounds import model_world, run_step
from simulations.models.without_rounds import ArrayBook, run_steps

SEEDS = 20
EPSILON, DELTA, RHO = 3.55, 1e-6, 0.25
FEDAVG_ROUNDS = 20
FEATURE_NORM = math.sqrt(CLIP**2 - 1)  # of a row without its constant
BEST_PENALTY = 0.1  # of 0.01, 0.1, 1 and 100 the best for diffprivlib at 20,000 households; its default is 1
Fit = NDArray[np.float64]


def model_error() -> tuple[Result, ...]:
    """What privacy adds to the error of coefficients, beside the peers; by number of households.

    Each error is the distance from the fit without privacy on the same rows, root mean square over the features.
    """
    true = truth(FEATURES)
    agreed = agree_on(true.codings, partners=NODES, clip=CLIP)
    limits = {"diffprivlib pooled": "ratio >= 2 at 20k", "diffprivlib averaged": "ratio >= 5 at 20k"}
    rows: list[Result] = []
    for name, households in SIZES.items():
        errors = _errors(true, agreed, households)
        ours = median(errors.pop("ours"))
        rows += [
            less_is_better(
                f"model_error_{name}",
                ours=ours,
                peer=median(of_peer),
                peer_name=peer,
                unit="rms log odds",
                limit=limits.get(peer, "beside"),
            )
            for peer, of_peer in errors.items()
        ]
    return tuple(rows)


def model_step() -> tuple[Result, ...]:
    """CPU seconds of the dearest step at one of ten nodes, and of a whole model over real rounds."""
    true = truth(FEATURES)
    agreed = agree_on(true.codings, partners=NODES, clip=CLIP)
    some = invent(true, SIZES["100k"], seed=1)
    member, records = agreed.member(agreed.partners[0]), records_of(shares(some)[0])
    steps = []
    for step in agreed.plan.steps:
        size = sum(agreed.plan.model.parameters(table) for table in agreed.plan.tables(step))
        started = time.process_time()
        period = step_in(PERIOD, step)
        count_step(records, member, agreed.study_digest, period, parameters=(0,) * size, known=ArrayBook())
        steps.append(time.process_time() - started)
    world = model_world(agreed, partners_records(agreed, some))
    started = time.process_time()
    for step in agreed.plan.steps:
        run_step(world, agreed, step)
    whole = time.process_time() - started
    started = time.process_time()
    run_steps(agreed, partners_records(agreed, some), seed=1)
    alone = time.process_time() - started
    return (
        less_is_better("model_step", ours=max(steps), peer=None, peer_name="none", unit="s", limit="<= 0.2"),
        less_is_better("model_in_memory", ours=whole, peer=None, peer_name="none", unit="s", limit="<= 3"),
        less_is_better("model_no_rounds", ours=alone, peer=None, peer_name="none", unit="s", limit="beside"),
    )


def _errors(true: Truth, agreed: ModelAgreed, households: int) -> dict[str, list[float]]:
    """Return the errors of each method by seed; a seed at which ours is refused has none."""
    errors: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        some = invent(true, households, seed=seed)
        try:
            found = fitted(true, agreed, some, seed=seed).found
        except Refusal:  # an answer too; `model_coverage` counts them
            continue
        rows, outcome = standardised(true, some.features), some.outcome.astype(np.float64)
        kept = np.concatenate([_fitted_on(agreed, each) for each in partners_records(agreed, some).values()])
        errors.setdefault("ours", []).append(_rms(found - _not_private(rows[kept], outcome[kept])[1:]))
        whole = _not_private(rows, outcome)
        errors.setdefault("the chance of the sample itself", []).append(_rms((whole - true.coefficients)[1:]))
        for peer, fit_of in _peers(true, some, seed).items():
            errors.setdefault(peer, []).append(_rms((fit_of() - whole)[1:]))
    return errors


def _peers(true: Truth, some: Households, seed: int) -> dict[str, Callable[[], Fit]]:
    rows, outcome = standardised(true, some.features), some.outcome.astype(np.float64)
    parts = [(standardised(true, part.features), part.outcome.astype(np.float64)) for part in shares(some)]

    def averaged(one: Callable[..., Fit]) -> Fit:
        return np.asarray(np.mean([one(x, y, seed=seed + place) for place, (x, y) in enumerate(parts)], axis=0))

    return {
        "diffprivlib pooled": partial(_diffprivlib, rows, outcome, seed=seed),
        "diffprivlib pooled, best C": partial(_diffprivlib, rows, outcome, seed=seed, penalty=BEST_PENALTY),
        "diffprivlib averaged": partial(averaged, _diffprivlib),
        "diffprivlib averaged, best C": partial(averaged, partial(_diffprivlib, penalty=BEST_PENALTY)),
        "DP-SGD FedAvg": partial(_fedavg, parts, seed=seed),
    }


def _fitted_on(agreed: ModelAgreed, records: Records) -> NDArray[np.bool_]:
    return ~model_rows(records, agreed.plan.model, agreed.plan.measure, PERIOD, {}).held_out


def _rms(off: Fit) -> float:
    return float(np.sqrt(np.mean(off**2)))


def _not_private(rows: Fit, outcome: Fit) -> Fit:
    beta = np.zeros(rows.shape[1])
    for _ in range(12):
        mean = logistic(rows @ beta)
        beta = beta + np.linalg.solve(rows.T @ (rows * (mean * (1 - mean))[:, np.newaxis]), rows.T @ (outcome - mean))
    return beta


def _diffprivlib(rows: Fit, outcome: Fit, *, seed: int, penalty: float = 1.0) -> Fit:
    """Objective perturbation (Chaudhuri, Monteleoni, Sarwate 2011), its rows clipped to the same norm.

    Its own function below `LogisticRegression`, whose constructor does not know scikit-learn 1.8 any more.
    """
    features = rows[:, 1:]
    short = features * np.minimum(1, FEATURE_NORM / np.linalg.norm(features, axis=1, keepdims=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coefficients, _, _ = _logistic_regression_path(
            short, outcome, EPSILON, FEATURE_NORM, Cs=[penalty], max_iter=500, random_state=seed
        )
    return np.concatenate((coefficients[0, -1:], coefficients[0, :-1]))


def _fedavg(shares: list[tuple[Fit, Fit]], *, seed: int) -> Fit:
    """Full-batch clipped gradients with noise at every node, averaged each round: rho spread over the rounds."""
    rng = np.random.Generator(np.random.PCG64(seed))
    sigma = CLIP / math.sqrt(2 * RHO / FEDAVG_ROUNDS)
    beta = np.zeros(shares[0][0].shape[1])
    for _ in range(FEDAVG_ROUNDS):
        moved = []
        for rows, outcome in shares:
            norm = np.linalg.norm(rows, axis=1, keepdims=True)
            short = rows * np.minimum(1, CLIP / norm)
            total = short.T @ (outcome - logistic(rows @ beta)) + rng.normal(size=beta.size) * sigma
            moved.append(beta + 2.0 * total / len(outcome))
        beta = np.mean(moved, axis=0)
    return beta
