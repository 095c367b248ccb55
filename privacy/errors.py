"""Computes nothing: the errors of `privacy/`.

protocol.errors.Refusal
`-- PrivacyRefusal    a bound, variance, cost or plan that the promise does not allow; raised before any draw
    (leaves stand in the file that raises them)
`-- AuditRefusal      a bundle of which something does not hold  privacy/audit
    (leaves stand in the file that raises them)
protocol.errors.Fault
`-- RandomnessFault   the system's randomness is missing or was used from where it may not be  privacy/randomness.py
"""

from protocol.errors import Refusal


class PrivacyRefusal(Refusal):
    """A bound, variance, cost or plan that the promise does not allow; nothing was drawn."""


class AuditRefusal(Refusal):
    """A bundle of which something does not hold."""

    def __init__(self, *, got: str, wanted: str) -> None:
        super().__init__(got=got, wanted=wanted, act="the FG must ask the coordinator, and keep this bundle as it is")
