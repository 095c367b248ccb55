"""Touches the world: until when the certificates of the line hold, and when to say so.

Authority and own certificate hold for 396 days; a line of which one ended is closed.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from partner_node.config import Config, read_bytes
from partner_node.errors import ConfigRefusal
from partner_node.flower.client_certificate import NAME, load_client_certificate
from protocol.covenant.link_key import SignedLinkKey

WARN_DAYS = (60, 30, 7)
_RENEW = {
    "authority": ("the coordinator must send its new authority.json", "the coordinator runs link init"),
    "edge": (
        "the partner's IT must make a new one and send it to the coordinator",
        "samenzicht-node keys PARTY --show",
    ),
}


class CertificateEnds(ConfigRefusal):
    """A certificate of the node's line that ends within 60, 30 or 7 days; until then the line works."""


class CertificateEnded(ConfigRefusal):
    """A certificate of the node's line that has ended; the line is closed until there is a new one."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The certificate of the line that ends first. name: authority or edge; until: the last whole day."""

    name: str
    until: date

    def days_left(self, today: date) -> int:
        """Return for how many more days it holds; negative when it has ended."""
        return (self.until - today).days

    def step(self, today: date) -> int | None:
        """Return the smallest limit that it has passed: 60, 30 or 7; None when there is time."""
        return min((days for days in WARN_DAYS if self.days_left(today) <= days), default=None)


def first_ending(config: Config) -> Ending | None:
    """Return what ends first; None for a node without a line.

    Raises: ConfigMissing, WireRefusal, UnsafeKeys, DamagedKey.
    """
    if config.settings.link is None:
        return None
    path = config.place(config.settings.link.authority)
    found = [Ending("authority", SignedLinkKey.parse(read_bytes(path), source=path.name).link_key.valid_until)]
    keys = config.place(config.settings.keys)
    if (keys / NAME).exists():
        last = load_client_certificate(keys).not_valid_after_utc.date() - timedelta(days=1)
        found.append(Ending("edge", last))
    return min(found, key=lambda ending: ending.until)


def check_ends(config: Config, *, today: date) -> None:
    """Refuse a line of which a certificate has ended, and one of which it will soon.

    Raises: CertificateEnds, CertificateEnded; what `first_ending` raises.
    """
    ending = first_ending(config)
    if ending is None or (step := ending.step(today)) is None:
        return
    act, hint = _RENEW[ending.name]
    left, wanted = ending.days_left(today), f"a certificate that holds for more than {step} days"
    if left < 0:
        raise CertificateEnded(
            got=f"a certificate ({ending.name}) that ended {-left} days ago", wanted=wanted, act=act, hint=hint
        )
    raise CertificateEnds(got=f"a certificate ({ending.name}) with {left} days left", wanted=wanted, act=act, hint=hint)
