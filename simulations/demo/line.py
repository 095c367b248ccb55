"""Touches the world: the SuperLink and every participant's node as services, from their first start to listening."""

import json

from partner_node.flower.service import HEALTH
from protocol.words.ids import PartyId
from simulations.demo.place import Place
from simulations.demo.processes import Processes, Service
from simulations.demo.set_up import SetUp


def start_line(setup: SetUp, processes: Processes) -> dict[PartyId, Service]:
    """Start the SuperLink and every node, wait until they listen, and return the nodes.

    Raises: ProcessFailed.
    """
    place, participants = setup.place, setup.drafts.participants
    processes.service(
        "superlink", "samenzicht-coordinator", "link", "serve", "--dir", str(place.office), folder=place.papers
    )
    nodes = {
        party: processes.service(f"node-{party}", "samenzicht-node", "run", folder=place.partner(party))
        for party in participants
    }
    processes.wait(lambda: all(_listens(place, party) for party in participants), what="nodes that listen")
    return nodes


def _listens(place: Place, party: PartyId) -> bool:
    path = place.partner(party) / "vault" / HEALTH
    return path.exists() and bool(json.loads(path.read_text())["state"] == "listening")
