"""A node through the real edge to a live SuperLink: with its certificate it passes; to a bundle nobody does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flwr.proto.fab_pb2 import GetFabRequest
from flwr.proto.node_pb2 import Node

from coordinator.flower.run import register_nodes
from coordinator.flower.superlink import LOOPBACK, free_port, running_superlink
from partner_node.flower.client_certificate import NAME, make_client_certificate
from partner_node.flower.link import FleetLink
from partner_node.flower.transport import trusting
from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId
from tests.deploy.edge import running_nginx
from tests.flower.live import SECRET, Ground, make_ground, new_key, today

pytestmark = pytest.mark.needs("nginx")
PARTY, STRANGER = PartyId("politie"), PartyId("onbekend")


@dataclass(frozen=True)
class Edged:
    """A SuperLink behind the edge. key: of the node that it knows. folder: with a folder of keys for each party."""

    ground: Ground
    port: int
    key: ec.EllipticCurvePrivateKey
    folder: Path

    def link(self, party: PartyId | None, key: ec.EllipticCurvePrivateKey | None = None) -> FleetLink:
        """Return the line of a node that shows the certificate of a party, or none."""
        client = None if party is None else self.folder / party / NAME
        context = trusting(self.ground.certificates.authority_der, client=client)
        return FleetLink(LOOPBACK, self.port, context=context, key=key or self.key, proxy=None)


@pytest.fixture(scope="module")
def edged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edged]:
    folder = tmp_path_factory.mktemp("edged")
    ground, port, key = make_ground(folder), free_port(), new_key()
    for party in (PARTY, STRANGER):
        (folder / party).mkdir(mode=0o700)
    made = make_client_certificate(folder / PARTY, PARTY, today=today())
    make_client_certificate(folder / STRANGER, STRANGER, today=today())
    (folder / "parties.pem").write_bytes(made.public_bytes(Encoding.PEM))
    with running_superlink(ground.place, secret=SECRET), running_nginx(folder, port, ground.place.port):
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        register_nodes(ground.place, ground.certificates.authority, {PARTY: public})
        yield Edged(ground, port, key, folder)


def test_a_node_with_its_partys_certificate_reaches_the_superlink(edged: Edged) -> None:
    """T03: TLS lets the party in, and the SuperLink the node."""
    with edged.link(PARTY) as link:
        link.log_in()
        link.beat()
        assert link.fetch(wait=lambda: None) is None
        link.log_out()


@pytest.mark.parametrize("party", [None, STRANGER])
def test_without_a_certificate_of_a_party_nothing_reaches_the_superlink(edged: Edged, party: PartyId | None) -> None:
    """T01, T03: though the node's key is one that the SuperLink knows."""
    before = (edged.ground.place.folder / "superlink.log").read_text().count("activate-node")
    with edged.link(party) as link, pytest.raises(SamenzichtError):
        link.log_in()
    assert (edged.ground.place.folder / "superlink.log").read_text().count("activate-node") == before


def test_a_partys_certificate_with_a_strangers_node_key_is_refused_by_the_superlink(edged: Edged) -> None:
    with edged.link(PARTY, new_key()) as link, pytest.raises(SamenzichtError):
        link.log_in()


def test_no_bundle_is_handed_out_through_the_edge(edged: Edged) -> None:
    """N01: even to a party's own node that asks for one; the edge answers, not the SuperLink."""
    with edged.link(PARTY) as link:
        link.log_in()
        with pytest.raises(httpx.HTTPStatusError) as caught:
            link.GetFab(GetFabRequest(node=Node(node_id=link.node.node_id), hash_str="00"))
        assert caught.value.response.status_code == 404
        assert caught.value.response.headers["server"] == "nginx"
        link.log_out()
