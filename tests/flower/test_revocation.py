"""Who is removed is out within a minute: at the SuperLink, at the edge, and on a line that was open."""

import subprocess
import time
from pathlib import Path

import pytest

from coordinator.cli.link import FOLLOW_S
from coordinator.flower.superlink import LOOPBACK, free_port
from partner_node.flower.client_certificate import NAME
from partner_node.flower.link import FleetLink
from partner_node.flower.node_key import der_of, load_node_key
from partner_node.flower.transport import trusting
from protocol.covenant.link_key import SignedLinkKey
from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId
from simulations.first_light import agreement
from tests.deploy.edge import running_nginx
from tests.flower.live import today
from tests.flower.parties import NODES, Parties
from tests.flower.processes import answers, start_coordinator, stop, wait_for

pytestmark = pytest.mark.needs("nginx")
MOST_S = 60.0
SECOND, REMOVED, STAYS = NODES[0], NODES[1], NODES[2]


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    parties = Parties(tmp_path, today())
    parties.settle()
    certificates = [str(parties.place(party) / f"{party}.edge.json") for party in NODES]
    parties.coordinate("link", "add", *certificates, "--dir", str(parties.office))
    return parties


def line(parties: Parties, party: PartyId, port: int) -> FleetLink:
    """Return a node's line, with its party's own key and certificate."""
    keys = parties.place(party) / "keys"
    authority = SignedLinkKey.parse((parties.office / "link" / "authority.json").read_bytes())
    context = trusting(der_of(authority.link_key.key), client=keys / NAME)
    return FleetLink(LOOPBACK, port, context=context, key=load_node_key(keys), proxy=None)


def seconds_until_refused(link: FleetLink) -> float:
    """Return how long a node that is on the line goes on to be answered."""
    started = time.monotonic()
    while time.monotonic() - started < 2 * MOST_S:
        try:
            link.beat()
        except SamenzichtError:
            return time.monotonic() - started
        time.sleep(0.5)
    raise AssertionError("it is answered still")


def test_a_party_that_is_removed_is_out_within_a_minute_and_back_when_it_is_added(parties: Parties) -> None:
    """T03: on lines that were open, through the edge and without it; the others notice nothing."""
    edge, port = parties.folder / "edge", free_port()
    server = start_coordinator(parties, "link", "serve", "--edge", str(edge))
    try:
        wait_for(lambda: server.poll() is not None or answers(parties.link_place.port))
        wait_for((edge / "parties.pem").is_file)
        assert (edge / "parties.pem").read_text().count("BEGIN CERTIFICATE") == len(NODES)
        with (
            running_nginx(edge, port, parties.link_place.port),
            line(parties, REMOVED, port) as removed,
            line(parties, STAYS, port) as stays,
            line(parties, STAYS, port) as unseen,
        ):
            logged_in(removed)
            stays.log_in()
            known = (edge / "parties.pem").read_bytes()
            parties.coordinate("link", "remove", REMOVED, "--dir", str(parties.office))
            assert seconds_until_refused(removed) < MOST_S
            wait_for(lambda: (edge / "parties.pem").read_bytes() != known)
            reload(edge)
            stays.beat()
            again = line(parties, REMOVED, port)
            with again, pytest.raises(SamenzichtError, match=r"ConnectError|ReadError|400"):
                again.log_in()  # the edge does not let it come as far as the SuperLink
            with unseen:
                stays.log_out()
                unseen.log_in()
                unseen.log_out()
            follow_the_next_ones(parties)
    finally:
        assert stop(server) == 0


def follow_the_next_ones(parties: Parties) -> None:
    """One that left earlier does not hide the next that leaves; who comes back does so with a new key."""
    inside = parties.link_place.port
    with line(parties, SECOND, inside) as second:
        logged_in(second)
        parties.coordinate("link", "remove", SECOND, "--dir", str(parties.office))
        assert seconds_until_refused(second) < MOST_S
    officer = [] if REMOVED == agreement.WITNESS else ["--officer", "fg=F. Gees (verzonnen)"]
    parties.call(REMOVED, "keys", REMOVED, *officer, "--renew")
    signed = str(parties.place(REMOVED) / f"{REMOVED}.link.json")
    parties.coordinate("link", "add", signed, "--dir", str(parties.office))
    with line(parties, REMOVED, inside) as back:
        logged_in(back)


def logged_in(link: FleetLink) -> None:
    """Log in as soon as the SuperLink knows the node: `link serve` tells it when it is up."""

    def try_it() -> bool:
        try:
            link.log_in()
        except SamenzichtError:
            return False
        return True

    wait_for(try_it)


def reload(edge: Path) -> None:
    """Do what deploy/systemd/samenzicht-edge-reload.path does when the file changes."""
    subprocess.run(["nginx", "-c", edge / "nginx.conf", "-s", "reload"], check=True, capture_output=True)
    time.sleep(0.5)


def test_the_server_looks_often_enough() -> None:
    """Two looks that fail, and the third is still within the minute."""
    assert 3 * FOLLOW_S < MOST_S
