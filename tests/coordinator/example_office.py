"""Touches the world: an office in which the example's agreement is in force, and its parties in memory, by courier.

Nobody reads a register here, so that a campaign can have a hundred rounds; `cli/town.py` has real nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray
from typer.testing import CliRunner

from coordinator.cli.app import make_app
from coordinator.config import NAME, first_config
from coordinator.courier import MESSAGE, PAPER, Courier
from coordinator.identity import make_identity
from coordinator.office import read_config, store_url
from coordinator.store.make import make_store
from coordinator.store.store import Store, open_store
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.ledger.entry import CovenantEntry
from protocol.round.frame import parse_frame
from protocol.round.member import Member
from protocol.round.messages import Commit, Offer
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, SignedDeclaration, TableCoverage
from protocol.study.study import MAX_UPLOAD_BYTES, Study
from protocol.words.ids import Digest, OfficerId, PartyId
from protocol.words.period import Period
from simulations.party import SimulatedParty
from tests import example
from tests.bundles import CONTRIBUTORS, true_counts

NOW, NOW_S = "2026-04-10T12:00:00", 1_775_822_400
TURNS = 8  # of a round of at most five messages each way
APP = make_app()


def covenant() -> Covenant:
    """Return the example's covenant, with a second person at the coordinator."""
    return example.covenant_with_second()


def member(party: PartyId, agreed: Covenant, study: Study) -> Member:
    studies = {digest_of(study): study}
    key = example.signing_key(party)
    return Member(party, agreed, example.geography(), (example.code_list(),), studies, key)


@dataclass(slots=True)
class ExampleOffice:
    """An office in `home`. parties: in memory; who is `gone` gives up in place of uploading."""

    home: Path
    parties: dict[PartyId, SimulatedParty] = field(default_factory=dict)
    gone: PartyId | None = None
    study: Study = field(default_factory=lambda: example.study(covenant()))

    @property
    def folder(self) -> Path:
        return self.home / "office"

    @property
    def slot(self) -> Digest:
        agreed = covenant()
        spec = member(example.COORDINATOR, agreed, self.study).spec(digest_of(self.study), example.QUARTER)
        return spec.slot

    def make(self, store: str | None = None) -> None:
        """Make the office, and put the signed agreement into its store. store: a URL, where it is not the usual one."""
        self.folder.mkdir(mode=0o700)
        config = first_config(example.COORDINATOR)
        config = config if store is None else config.replace("sqlite:///store/store.sqlite", store)
        (self.folder / NAME).write_text(config)
        make_identity(self.folder, example.secret(f"sign {example.COORDINATOR}"))
        make_store(self.url)
        with self.open() as made, made.transaction():
            self.agree(made)

    def agree(self, store: Store) -> None:
        """Store what all signed."""
        agreed = covenant()
        store.keep_geography(example.geography())
        store.keep_code_list(example.code_list())
        store.keep_covenant(example.signed_covenant(agreed))
        store.log.append(CovenantEntry(covenant_digest=digest_of(agreed)).encode())
        store.keep_study(example.signed_study(self.study))
        asked = {party for table in self.study.tables for party in table.contributors}
        for party in sorted(asked & set(CONTRIBUTORS)):
            store.keep_approval(approval(self.study, party))
            for scheduled in self.study.schedule:
                store.keep_declaration(declaration(self.study, party, scheduled.period))

    def start(self, *, seed: int = 1) -> None:
        """Start the parties, each with an empty vault."""
        self.parties = {party: self._party(party, seed) for party in covenant().participants}

    @property
    def url(self) -> str:
        return store_url(self.folder, read_config(self.folder))

    def open(self, *, read_only: bool = False) -> Store:
        return open_store(self.url, read_only=read_only)

    def call(self, *arguments: str) -> Result:
        """Run a command in this process."""
        return CliRunner().invoke(APP, [*arguments, "--dir", str(self.folder)])

    def done(self, *arguments: str) -> Result:
        """Run a command that must succeed."""
        done = self.call(*arguments)
        assert done.exit_code == 0, (arguments, done.stderr, done.exception)
        return done

    def carry(self, *, now_s: int = NOW_S) -> tuple[SamenzichtError, ...]:
        """Carry every message to its party, and the answers back, as often as they are there."""
        refused: list[SamenzichtError] = []
        for party, node in self.parties.items():
            for path in sorted((self.folder / "courier" / party / "to").glob(f"*{MESSAGE}")):
                body = path.read_bytes()
                try:
                    gives_up = party == self.gone and is_commit(body)
                    answers = node.give_up(self.slot) if gives_up else node.receive(body, now_s)
                except SamenzichtError as error:
                    refused.append(error)  # mostly an earlier message of this round
                    continue
                self.bring(party, answers, MESSAGE)
        return tuple(refused)

    def bring(self, party: PartyId, bodies: Sequence[bytes], suffix: str = PAPER) -> None:
        """Put files of a party in the office's inbox."""
        sender = Courier(self.home / "sending", (party,))
        inbox = self.folder / "courier" / party / "from"
        inbox.mkdir(parents=True, exist_ok=True)
        for body in bodies:
            sender.put(party, body, suffix=suffix)
        for path in (self.home / "sending" / party / "to").glob(f"*{suffix}"):
            path.replace(inbox / path.name)

    def run_to_the_end(self, period: str = example.QUARTER, *, now: str = NOW, now_s: int = NOW_S) -> None:
        for _ in range(TURNS):
            if '"done"' in self.done("run", period, "--now", now, "--json").stdout:
                return
            self.carry(now_s=now_s)
        raise AssertionError("the round did not end")

    def publish(self, period: str = example.QUARTER) -> None:
        """Sign as the second person, and release."""
        self.done("approve-release", period, "--officer", example.SECOND, "--key", str(self.second_key()))
        self.done("release", period)

    def second_key(self) -> Path:
        path = self.home / "second.key"
        path.write_text(example.secret("sign second person").hex())
        return path

    def _party(self, party: PartyId, seed: int) -> SimulatedParty:
        def counts(offer: Offer) -> NDArray[np.int64]:
            return true_counts(party, offer.spec.cells)

        private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
        return SimulatedParty(member(party, covenant(), self.study), private, counts, seed)


def is_commit(body: bytes) -> bool:
    return isinstance(parse_frame(body, source="the coordinator", max_payload_bytes=MAX_UPLOAD_BYTES).header, Commit)


def approval(study: Study, party: PartyId) -> SignedApproval:
    """Return the approval of a study by a party's officer."""
    made = Approval(
        study_digest=digest_of(study),
        party=party,
        officer=OfficerId("fg"),
        decision=Decision.APPROVED,
        decided_on=example.SIGNING_DAY,
        valid_until=covenant().valid_until,
    )
    return example.signed_approval(made)


def declaration(study: Study, party: PartyId, period: Period) -> SignedDeclaration:
    """Return a party's declaration that its delivery is complete."""
    tables = tuple(
        TableCoverage(table=table.id, coverage=Coverage.COMPLETE, shortfall=None)
        for table in study.tables_for(period)
        if party in table.contributors
    )
    made = Declaration(
        study_digest=digest_of(study), period=period, party=party, officer=OfficerId("fg"), tables=tables
    )
    return example.signed_declaration(made)
