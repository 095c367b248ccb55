"""Computes nothing: the faults of the road over Flower; none of them changes a round.

coordinator.errors.OperatorRefusal
|-- UnknownNode         a node key that is none
|-- RetiredKey          one that was removed or replaced
|-- LinkMissing         a coordinator without certificates or keys for the link
protocol.errors.Fault
`-- SuperLinkFailed     Flower's server does not do what it is asked
    `-- RunLost             it ended the run; the next one goes on
"""

from coordinator.errors import OperatorRefusal
from protocol.errors import Fault


class SuperLinkFailed(Fault):
    """Flower's server does not answer, or does not do what it is asked; what was durable still is."""


class RunLost(SuperLinkFailed):
    """A run that the SuperLink ended or no longer knows; the next one goes on."""


class UnknownNode(OperatorRefusal):
    """A node key that is none: no P-384 public key, whoever signed for it."""


class RetiredKey(OperatorRefusal):
    """A key of the line that was removed, or replaced by a newer one: it is never let in again."""


class LinkMissing(OperatorRefusal):
    """A coordinator's folder without the certificates of the link, or without a node key that it needs."""
