"""Touches the world: a real node, its vault and its folder of deliveries, run through two rounds with frozen noise.

Only the noise is replaced, at its door in `pipeline.py`: what would have been noised is noted and goes on as it is.
The other parties answered once, with zero counts; their frames serve every run, with this node's READY put in.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from partner_node import counting, pipeline
from partner_node.config import Config, Settings
from partner_node.keystore import Keys
from partner_node.node import Node
from partner_node.policy import Agreed
from partner_node.profiles.school import SCHOOL, VERZUIM
from partner_node.taking_part import take_part
from partner_node.vault.decisions import keep_approval
from partner_node.vault.vault import Owner, make_vault, open_vault
from privacy import noise
from privacy.counts import CellCounts, NoisedCounts
from privacy.filter import Admission
from privacy.noise import NoiseSegment
from privacy.randomness import RandomSource
from protocol.errors import SamenzichtError
from protocol.round.frame import digest_of_payload, pack, parse_frame, seal
from protocol.round.messages import Commit
from protocol.study.approval import Approval, Decision
from protocol.words.ids import Digest, OfficerId, PartyId
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator
from simulations.seeded import seeded_source
from tests import example
from tests.partner_node.delivery.files import geography
from tests.partner_node.replayed.agreed import (
    OWN,
    PERIODS,
    covenant,
    mapping,
    member,
    price,
    study,
    study_digest,
)
from tests.replay import Recorder

TODAY = date(2026, 7, 15)
NOW_S = 1_784_000_000
EVERYONE = covenant().participants
PLACE = Path("/dev/shm")  # noqa: S108 - a file system in memory: nothing here is about disks


@dataclass(frozen=True, slots=True)
class Asked:
    """What the others send in one round. readies: by party, without this node's."""

    propose: bytes
    readies: Mapping[PartyId, bytes]


@dataclass(slots=True)
class Seen:
    """What one run showed. visible: whatever leaves the node or may be looked at. charged: by round, by unit key.

    left_out: whether the cap was felt. sent, log: every frame that left, every leaf of the own log, in order.
    """

    recorder: Recorder = field(default_factory=Recorder)
    visible: list[object] = field(default_factory=list)
    charged: list[dict[bytes, int]] = field(default_factory=list)
    left_out: bool = False
    sent: list[bytes] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)


@cache
def asked() -> tuple[Asked, ...]:
    """Return what the others send in the two rounds: they locked the first before they were asked for the second."""
    coordinator = Coordinator(member(example.COORDINATOR))
    parties = {party: _other(party) for party in EVERYONE}
    rounds: list[Asked] = []
    for period in PERIODS:
        step = coordinator.propose(study_digest(), period, EVERYONE, NOW_S)
        propose, readies = step.messages[0][1], dict[PartyId, bytes]()
        while not step.slot.state.name.startswith("DONE"):
            for party, body in step.messages:
                for answer in parties[party].receive(body, NOW_S):
                    readies.setdefault(party, answer)
                    coordinator.take(step.slot.slot, answer)
            step = coordinator.advance(step.slot.slot)
        del readies[OWN]
        rounds.append(Asked(propose, readies))
    return tuple(rounds)


def commit_of(round_: Asked, own: bytes) -> bytes:
    """Return the COMMIT of all READYs, as the coordinator would send it."""
    frames = {**round_.readies, OWN: own}
    payload = pack([frames[party] for party in EVERYONE])
    header = parse_frame(own, source="a test", max_payload_bytes=0).header
    commit = Commit(
        sender=example.COORDINATOR,
        slot=header.slot,
        attempt=header.attempt,
        payload_digest=digest_of_payload(payload),
    )
    return seal(commit, key=example.signing_key(example.COORDINATOR), payload=payload).encode()


class ReplayedNode:
    """One node that can start again and again from the same vault, keys and settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("vault", "template", "deliveries"):
            (folder / name).mkdir(mode=0o700)
        owner = Owner(covenant().id, OWN, example.secret(f"node {OWN}"))
        path = folder / "template" / "vault.sqlite"
        make_vault(path, owner)
        vault = open_vault(path, owner)
        approval = Approval(
            study_digest=study_digest(),
            party=OWN,
            officer=OfficerId("fg"),
            decision=Decision.APPROVED,
            decided_on=example.SIGNING_DAY,
            valid_until=date(2026, 12, 31),
        )
        keep_approval(vault, example.signed_approval(approval))
        vault.close()
        private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {OWN}"))
        self.node = Node(
            Config(folder, _settings()),
            Agreed(OWN, covenant(), geography(), (VERZUIM.codes,), (study(),)),
            Keys(example.signing_key(OWN), private, owner.node_secret),
            SCHOOL,
            mapping(),
        )

    def run(self, deliveries: tuple[bytes, bytes]) -> Seen:
        """Play both rounds, each on its own delivery."""
        shutil.copy2(self.folder / "template" / "vault.sqlite", self.node.config.vault_path)
        seen = Seen()
        with frozen_noise(seen), self.node.writing() as vault:
            # Seeded alike in all runs: what then differs between two comes from the data.
            gate = take_part(self.node, vault, today=lambda: TODAY, chance=lambda *names: seeded_source(1, *names))
            for round_, delivery in zip(asked(), deliveries, strict=True):
                (self.folder / "deliveries" / "verzuim.csv").write_bytes(delivery)
                sent: list[bytes] = []
                try:
                    sent += gate.receive(round_.propose, NOW_S)
                    sent += gate.receive(commit_of(round_, sent[0]), NOW_S)
                except SamenzichtError as error:
                    seen.visible.append((error.exit_code, error.code, str(error)))
                seen.sent += sent
                seen.visible += [_shown(body) for body in sent]
                slot = parse_frame(round_.propose, source="a test", max_payload_bytes=0).header.slot
                rows = vault.connection.execute("SELECT unit_key, nano_rho FROM charge WHERE slot = ?", (slot,))
                seen.charged.append(dict(rows.fetchall()))
            seen.log += [body for (body,) in vault.connection.execute("SELECT body FROM log_leaf ORDER BY leaf_index")]
            seen.visible += [_without_digests(body) for body in seen.log]
        return seen


@contextmanager
def replayed_node() -> Iterator[ReplayedNode]:
    """Give a node in a folder of its own."""
    with TemporaryDirectory(dir=PLACE if PLACE.is_dir() else None) as folder:
        yield ReplayedNode(Path(folder))


@contextmanager
def frozen_noise(seen: Seen) -> Iterator[None]:
    """Note each call for noise in place of drawing it; a draw past that door is an error."""
    recorder, admitting = seen.recorder, vars(counting)["admit"]  # with what a test put in its place

    def noted(counts: CellCounts, plan: tuple[NoiseSegment, ...], _source: RandomSource) -> NoisedCounts:
        variances: list[Fraction] = []
        for (table, cells), segment in zip(LAYOUT[len(recorder.calls)], plan, strict=False):
            variances += [10**9 / (2 * price(table))] * cells
            recorder.ensure_equality("a segment", segment)
        wanted = counts.values.size
        recorder.add_noise(counts.values, variance=(variances + [Fraction(1)] * wanted)[:wanted], plan=plan)
        return NoisedCounts(counts.values.copy())

    def watched(charge: NDArray[np.int64], spent: NDArray[np.int64], *, cap: int) -> Admission:
        admission: Admission = admitting(charge, spent, cap=cap)
        seen.left_out |= not (admission.stays.all())
        return admission

    def closed(*_arguments: object, **_named: object) -> None:
        raise AssertionError("noise was drawn past its door")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "add_noise", noted)
        patch.setattr(noise, "draw", closed)
        patch.setattr(counting, "admit", watched)
        yield


# The tables that stand in each round's noise call, with their cells: two wijken, in the second round also for the
# quarter before; five kinds in each wijk.
LAYOUT = (
    (("huishoudens", 2), ("meldingen", 2), ("meldingen", 2), ("soorten", 10), ("uren", 2)),
    (("huishoudens", 2), ("meldingen", 2), ("meldingen", 2), ("soorten", 10), ("uren", 2)),
)


def _shown(body: bytes) -> tuple[object, ...]:
    """Return what anybody sees of a message who cannot open it: kind, sizes, the keys in their order."""
    frame = parse_frame(body, source="a test", max_payload_bytes=1 << 20)
    return (type(frame.header).__name__, len(body), len(frame.payload), _without_digests(frame.header.encode()))


def _without_digests(body: bytes) -> str:
    """Return JSON with its keys in their order, and each digest, proof or note as its length."""
    return json.dumps(_masked(json.loads(body)))


def _masked(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: _masked(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_masked(value) for value in tree]
    if isinstance(tree, str) and len(tree) >= 64:
        return f"{len(tree)} characters"
    return tree


def _other(party: PartyId) -> SimulatedParty:
    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return SimulatedParty(member(party), private, lambda offer: np.zeros(offer.spec.cells, dtype=np.int64), 1)


def _settings() -> Settings:
    return Settings(
        format=1,
        party=OWN,
        covenant="covenant.json",
        covenant_digest=Digest("0" * 64),
        geography="geography.json",
        studies="studies",
        own_register="register.toml",
        keys="keys",
        officers="officers",
        vault="vault",
        deliveries="deliveries",
    )
