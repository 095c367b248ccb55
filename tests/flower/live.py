"""A live SuperLink on loopback for tests, with TLS and node authentication, and node keys made on the spot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from coordinator.flower.certificates import Certificates, make_certificates
from coordinator.flower.superlink import LOOPBACK, Place, free_port
from partner_node.flower.link import FleetLink
from partner_node.flower.transport import trusting

SECRET = bytes(range(32))


def today() -> date:
    """Return the day of this machine: a live SuperLink and real nodes go by it."""
    return datetime.now(UTC).astimezone().date()


@dataclass(frozen=True)
class Ground:
    """Where a SuperLink can be started."""

    place: Place
    certificates: Certificates


def make_ground(folder: Path) -> Ground:
    made = make_certificates((LOOPBACK,), today=today())
    files = {"authority.pem": made.authority, "server.pem": made.server, "server.key": made.server_key}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    authority, certificate, key = (folder / name for name in files)
    return Ground(Place(folder / "superlink", free_port(), authority, certificate, key), made)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@contextmanager
def fleet_link(ground: Ground, key: ec.EllipticCurvePrivateKey) -> Iterator[FleetLink]:
    """Give a node's end of the link, closed afterwards."""
    context = trusting(ground.certificates.authority_der)
    with FleetLink(LOOPBACK, ground.place.port, context=context, key=key, proxy=None) as link:
        yield link
