"""Computes nothing: the refusals and faults of the node's link over Flower.

partner_node.errors.ConfigRefusal
|-- LinkNotConfigured   a node without a link, or without a key for it
`-- ForeignAuthority    a certificate of the coordinator that cannot be read
protocol.errors.RoundRefusal
`-- NotForUs            a message that this node does not serve
protocol.errors.Fault
|-- LinkLost            the SuperLink does not answer, or not as Flower does
|   `-- TooMuch             an answer of it is longer than any may be
|-- Unregistered        the SuperLink does not know this node's key
`-- VaultProcessEnded   the process that holds the vault ended, or did not answer
"""

from partner_node.errors import ConfigRefusal
from protocol.errors import Fault, RoundRefusal
from protocol.round.carriage import Answerless


class LinkNotConfigured(ConfigRefusal):
    """A node without a link to the coordinator, or without a key for it."""


class ForeignAuthority(ConfigRefusal):
    """A certificate of the coordinator's SuperLink that cannot be read."""


class NotForUs(RoundRefusal):
    """A message that this node does not serve; the sender learns one constant."""

    def __init__(self, answerless: Answerless, *, got: str) -> None:
        super().__init__(
            got=got, wanted="a message of a round for this node", act="the coordinator must look at its link"
        )
        self.answerless = answerless


class LinkLost(Fault):
    """The SuperLink does not answer, or not as it should; the node tries again."""


class TooMuch(LinkLost):
    """An answer of the SuperLink that is packed, or longer than any of its answers may be; it was not read."""


class Unregistered(Fault):
    """The SuperLink does not let this node in: its key is not registered, was revoked, or another process uses it."""


class VaultProcessEnded(Fault):
    """The process that holds the vault ended or did not answer in time; the next message starts another."""
