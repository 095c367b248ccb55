"""Keys and certificates that are renewed under a running round: it ends in the exact sum, and what was old is dead."""

import json
import shutil
from pathlib import Path

import pytest

from coordinator.flower.superlink import LOOPBACK
from partner_node.flower.errors import LinkLost, Unregistered
from partner_node.flower.link import FleetLink
from partner_node.flower.node_key import der_of, load_node_key
from partner_node.flower.transport import trusting
from protocol.covenant.link_key import SignedLinkKey
from protocol.words.ids import PartyId
from tests.flower.live import today
from tests.flower.parties import NODES, PERIOD, Parties
from tests.flower.processes import NodeProcess, running_nodes, running_server, start_coordinator, wait_for
from tests.flower.rounds import exact_sum

RENEWED, LAST = PartyId("school"), PartyId("veilig-thuis")
OFFICER = ("--officer", "fg=F. Gees (verzonnen)")


def line_with(parties: Parties, keys: Path, authority: bytes) -> FleetLink:
    """Return a node's end of the line, with a key and with a word on an authority."""
    trusted = trusting(der_of(SignedLinkKey.parse(authority).link_key.key))
    return FleetLink(LOOPBACK, parties.link_place.port, context=trusted, key=load_node_key(keys), proxy=None)


def renew_key(parties: Parties) -> None:
    parties.call(RENEWED, "keys", RENEWED, *OFFICER, "--renew")
    signed = parties.place(RENEWED) / f"{RENEWED}.link.json"
    parties.coordinate("link", "add", str(signed), "--dir", str(parties.office))


def renew_authority(parties: Parties) -> None:
    parties.coordinate("link", "init", "--host", LOOPBACK, "--dir", str(parties.office))
    for party in NODES:
        shutil.copy(parties.office / "link" / "authority.json", parties.place(party) / "agreement")


def has_renewed(node: NodeProcess, times: int) -> bool:
    """Tell whether a node went on with other files, so many times, and is on the line."""
    return [line["event"] for line in node.lines].count("renewed") == times and node.is_listening()


def test_a_round_outlives_a_renewed_key_and_a_renewed_authority(tmp_path: Path) -> None:
    """T12: of a node, of the SuperLink and of who signs for it; one party is late, so that the round is under way."""
    parties = Parties(tmp_path, today())
    parties.settle()
    old_keys, old_authority = tmp_path / "old", (parties.office / "link" / "authority.json").read_bytes()
    shutil.copytree(parties.place(RENEWED) / "keys", old_keys)
    early = [party for party in NODES if party != LAST]
    with running_nodes(parties, early) as nodes:
        with running_server(parties):
            wait_for(lambda: all(node.is_listening() for node in nodes.values()))
            with line_with(parties, parties.place(LAST) / "keys", old_authority) as control:
                control.log_in()
                control.log_out()
            coordinator = start_coordinator(parties, "run", PERIOD, "--json")
            wait_for(lambda: all("answered" in [line["event"] for line in node.lines] for node in nodes.values()))
            renew_key(parties)
            wait_for(lambda: has_renewed(nodes[RENEWED], 1))
            with line_with(parties, old_keys, old_authority) as dead, pytest.raises(Unregistered):
                dead.log_in()
        renew_authority(parties)
        with running_server(parties), running_nodes(parties, [LAST]) as last:
            wait_for(lambda: has_renewed(nodes[RENEWED], 2) and all(has_renewed(nodes[p], 1) for p in early[:1]))
            with line_with(parties, parties.place(RENEWED) / "keys", old_authority) as dead, pytest.raises(LinkLost):
                dead.log_in()
            stdout, story = coordinator.communicate()
            assert coordinator.returncode == 0, story
            assert json.loads(stdout)["state"] == "done"
            assert [node.stop() for node in (*nodes.values(), *last.values())] == [0] * len(NODES)
    exact_sum(parties)
