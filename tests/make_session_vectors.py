"""Touches the world: writes tests/vectors/round/session.json, one party's round as the reference party works it out.

Run `python -m tests.make_session_vectors` after a change of the protocol; a test holds that the file is up to date and
that ours says the same.
"""

import hmac
import json
from hashlib import sha256
from pathlib import Path

from tests import example
from tests.mixed_rounds import world
from tests.reference.agreement import pair_info, slot_key, x25519
from tests.reference.honest_party import HonestParty
from tests.reference.honest_start import Slot
from tests.reference.honest_vectors import centred_sum, pair_key_of, stream, words_of
from tests.reference.honest_wire import Json, canonical, labelled_hash, unpacked
from tests.rounds import EVERYONE, START_S

FILE = Path(__file__).parent / "vectors/round/session.json"
PARTY = example.VT


def session() -> Json:
    """Return the session of one party in the example's first round, every step written out."""
    a_world = world(EVERYONE)
    a_world.run(example.QUARTER)
    party = a_world.parties[PARTY]
    assert isinstance(party, HonestParty)
    (slot,) = party.slots.values()
    propose, commit, result = (one.message for one in a_world.heard if one.party == PARTY)
    uploads = unpacked(party.read(result).payload)
    return {
        "inputs": {
            "party": PARTY,
            "now_s": START_S,
            "identity_private": example.signing_key(PARTY).private_bytes_raw().hex(),
            "agreement_private": party.agreement_private.hex(),
            "counts": slot.counts,
            "opening": slot.secrets.opening.hex(),
            "seed": slot.secrets.seed.hex(),
            "nonce": slot.secrets.nonce.hex(),
            "charges_commitment": slot.secrets.salted.hex(),
        },
        "propose": {"frame": propose.hex()},
        "ready": {
            "offer": canonical(slot.offer).decode(),
            "offer_digest": sha256(canonical(slot.offer)).hexdigest(),
            "commitment": party.read(slot.ready).header["commitment"],
            "header": party.read(slot.ready).header_bytes.decode(),
            "frame": slot.ready.hex(),
        },
        "commit": {"frame": commit.hex()},
        "keys": {
            "context": slot.context.hex(),
            "pairs": [_pair(party, slot, peer) for peer in EVERYONE if peer != PARTY],
        },
        "upload": _upload(party, slot),
        "result": {
            "frame": result.hex(),
            "sum": centred_sum([words_of(party.read(upload).payload, 32) for upload in uploads], 32),
        },
        "verdict": {"header": party.read(slot.verdict).header_bytes.decode(), "frame": slot.verdict.hex()},
    }


def _pair(party: HonestParty, slot: Slot, peer: str) -> Json:
    publics = party.agreement.keys("agreement_key")
    pair = pair_key_of(party.agreement, PARTY, party.agreement_private, peer)
    key = slot_key(pair, slot.context)
    return {
        "peer": peer,
        "peer_public": publics[peer].hex(),
        "shared_secret": x25519(party.agreement_private, publics[peer]).hex(),
        "info": pair_info(PARTY, publics[PARTY], peer, publics[peer]).hex(),
        "pair_key": pair.hex(),
        "slot_key": key.hex(),
        "first_words": stream(key, 4, 32),
        "sign": 1 if peer > PARTY else -1,
    }


def _upload(party: HonestParty, slot: Slot) -> Json:
    frame = party.read(slot.upload)
    commitment = bytes.fromhex(party.read(slot.ready).header["commitment"])
    attempt = slot.attempt.to_bytes(8, "big")
    text = labelled_hash("noise", bytes.fromhex(slot.id), attempt, commitment)
    return {
        "noise_key": hmac.new(slot.secrets.seed, text, sha256).hexdigest(),
        "noised": slot.noised,
        "masked": words_of(frame.payload, 32),
        "lock_entry": frame.header["lock"]["entry"],
        "checkpoint": frame.header["checkpoint"],
        "header": frame.header_bytes.decode(),
        "frame": slot.upload.hex(),
    }


def text() -> str:
    """Return the file as it should be."""
    return json.dumps(session(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
