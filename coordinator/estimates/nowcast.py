"""Computes: what a period will count once its late registrations are in, from how late earlier ones came."""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates, wrong_shape
from coordinator.estimates.intervals import Dispersion, two_sided

LABEL = "voorlopige schatting"
_LEAST_SIGMAS = 4.0  # a share of a total nearer to 0 than this is worth nothing


@dataclass(frozen=True, eq=False, slots=True)
class Delays:
    """How much of a period is registered by each number of rounds after its own. shares, variances: float64, (lags,).

    The last share is 1: the study adds nothing later.
    """

    shares: Floats
    variances: Floats

    def __post_init__(self) -> None:
        self.shares.setflags(write=False)
        self.variances.setflags(write=False)


def delays(parts: Estimates) -> Delays | Reason:
    """Return the delay distribution of completed periods, or why there is none.

    parts: shape (periods, lags), what each round added to each of these periods, in unbiased counts with independent
    noise; sum areas first, for small ones say nothing. A period with a part that was not delivered is left out.
    Source: Lawless 1994, Canadian J. Statistics 22(1), section 2 (shares of reversed time), for complete periods; their
    variance by the delta method from the known noise and the chance of a multinomial.
    """
    if parts.value.ndim != 2:  # noqa: PLR2004 - periods x lags
        raise wrong_shape("parts that are not periods x lags")
    whole = parts.told.all(axis=1)
    if not whole.any():
        return Reason.TOO_FEW
    added, noise = parts.value[whole].sum(axis=0), parts.variance[whole].sum(axis=0)
    total, reached, seen = float(added.sum()), np.cumsum(added), np.cumsum(noise)
    if total <= _LEAST_SIGMAS * np.sqrt(noise.sum()):
        return Reason.UNCERTAIN_DENOMINATOR
    shares = np.clip(reached / total, 0.0, 1.0)
    from_noise = ((1 - shares) ** 2 * seen + shares**2 * (noise.sum() - seen)) / total**2
    shares[-1] = 1.0
    return Delays(shares, np.append((from_noise + shares * (1 - shares) / total)[:-1], 0.0))


def nowcast(figures: Estimates, lag: int, known: Delays, dispersion: Dispersion) -> Estimates:
    """Return the expected final counts of a period of which rounds 0 .. lag have been counted.

    figures: any shape, unbiased counts so far. The variance is that of the error against what will be registered:
    noise and the uncertain share, and the chance of what still comes. Where less than a demonstrable share has come
    there is none.
    Not promised: that delays stay as they were; a change of registration breaks it.
    Source: as `delays`; with Poisson counts the part to come is independent of the part that came, so the error has
    variance noise / F^2 + factor * N (1 - F) / F + (N / F)^2 var F.
    """
    if not 0 <= lag < known.shares.size:
        raise wrong_shape("a lag beyond the delays")
    share, error = float(known.shares[lag]), float(known.variances[lag])
    if share <= two_sided(0.95) * np.sqrt(error) or share <= 0:
        return estimates(figures.value, np.full(figures.value.shape, np.inf), Reason.UNCERTAIN_DENOMINATOR)
    value = np.where(figures.told, figures.value, 0.0) / share
    still = dispersion.factor * np.maximum(value, 0.0) * (1 - share) / share
    noise = np.where(figures.told, figures.variance, 0.0) / share**2
    variance = noise + still + (value / share) ** 2 * error
    return estimates(value, np.where(figures.told, variance, np.inf), figures.reason)
