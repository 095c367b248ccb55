"""A partner with a folder of its own, set up with the command as a new user would, and the others in memory.

The others are the parties of first light with keys from their labels; the partner's keys are its own, made by `keys`.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner

from coordinator.release import make_release, sign_release
from partner_node.cli import telling
from partner_node.cli.app import app
from partner_node.config import load_config
from partner_node.gate import Gate
from partner_node.keystore import load_officer_key
from partner_node.node import Node, load_node
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import ProfileMeasure
from partner_node.profiles.sample import Address, SamplePlaces, Samples, sample
from partner_node.taking_part import take_part
from protocol.covenant.covenant import Covenant
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.release import SignedRelease
from protocol.round.coordinator_round import CoordinatorStep
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.round.transitions import State
from protocol.signing import Purpose, SigningKey, sign
from protocol.study.measure import MeasureKind, Table
from protocol.study.study import Study
from protocol.words.code_list import CodeListReference
from protocol.words.geography import AreaCode
from protocol.words.ids import AgreementKey, ApprovalKey, IdentityKey, MeasureId, PartyId
from protocol.words.period import Period
from simulations.by_hand import register
from simulations.first_light import agreement
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator
from simulations.seeded import seeded_source
from tests import example
from tests.partner_node.delivery.files import geography

TODAY = date(2026, 1, 12)
NOW_S = int(datetime(2026, 1, 12, 12, tzinfo=UTC).timestamp())
BUURTEN = tuple(AreaCode(code) for code in ("BU99010001", "BU99010002", "BU99010101"))
FORMER = AreaCode("BU99010099")
PLACES = SamplePlaces(
    areas=BUURTEN, former=(FORMER,), postcodes=("1901AA", "1902AA"), institutions=(Address("1902AA", 99),)
)
POSTCODES = """PC6;Huisnummer;Buurt2026;Wijk2026;Gemeente2026
1901AA;1;99010001;990100;9901
1902AA;1;99010101;990101;9901
"""
ROWS = 60
STUDY = "eerste-licht-2026"
STAND_IN = PartyId("school")  # in whose place a partner of another kind takes part
LISTS = tuple(
    sorted((codes for profile in PROFILES.values() for codes in profile.code_lists()), key=lambda codes: codes.id)
)


@dataclass
class Partner:
    """A partner's folder and what was agreed."""

    folder: Path
    party: PartyId
    samples: Samples
    covenant: Covenant | None = None
    study: Study | None = None
    today: date = TODAY

    def run(self, *arguments: str, said: str | None = None, lang: str | None = "en") -> Result:
        """Run the command as typed in the partner's folder."""
        env = {"SAMENZICHT_LANG": lang, "SAMENZICHT_NODE": None}
        result = CliRunner().invoke(app, list(arguments), input=said, env=env, prog_name="samenzicht-node")
        assert "Warning" not in result.stderr, "a library's warning is not for users"
        return result

    def done(self, *arguments: str, said: str | None = None) -> str:
        """Run a command that must end well, and return its stdout."""
        result = self.run(*arguments, said=said)
        assert result.exit_code == 0, (arguments, result.stdout, result.stderr, result.exception)
        return result.stdout

    def agree(self) -> None:
        """Let everyone sign, with the public file and the signature that the partner's own commands wrote."""
        public = PublicKeys.parse((self.folder / f"{self.party}.public.json").read_bytes())
        self.covenant = covenant_with(public)
        (self.folder / "agreement").mkdir(exist_ok=True)
        (self.folder / "agreement" / "draft.json").write_bytes(self.covenant.encode())

    def agree_again(self) -> None:
        """Let everyone sign the next version, with the public file that the partner wrote since."""
        assert self.covenant is not None
        public = PublicKeys.parse((self.folder / f"{self.party}.public.json").read_bytes())
        following = {"version": self.covenant.version + 1, "previous": digest_of(self.covenant)}
        self.covenant = covenant_with(public).model_copy(update=following)
        (self.folder / "agreement" / "draft-2.json").write_bytes(self.covenant.encode())

    def collect(self, signature: str = "signature") -> None:
        """Put the signed covenant and its papers where `init` looks for them. signature: the partner's file."""
        assert self.covenant is not None
        place = self.folder / "agreement"
        own = PartySignature.parse((self.folder / f"{self.party}.{signature}.json").read_bytes())
        signed = SignedCovenant(
            covenant=self.covenant,
            signatures=tuple(
                own if party.id == self.party else signature_of(self.covenant, party.id)
                for party in self.covenant.parties
            ),
        )
        (place / "covenant.json").write_bytes(signed.encode())
        (place / "geography.json").write_bytes(geography().encode())
        (place / "former.txt").write_text(f"{FORMER}\n")
        (place / "postcodes.csv").write_text(POSTCODES)
        (place / "institutions.txt").write_text("1902AA 99\n")
        for name in ("code-lists", "studies"):
            (place / name).mkdir(exist_ok=True)
        for codes in LISTS:
            (place / "code-lists" / f"{codes.id}.json").write_bytes(codes.encode())
        self.study = study_with(self.covenant, self.party)
        self.keep_study(self.study)
        self.write_register()

    def keep_study(self, study: Study) -> None:
        """Put a study that the coordinator signed where the node looks for it."""
        signed = agreement.sign_study(study, example.signing_key(agreement.COORDINATOR))
        (self.folder / "agreement" / "studies" / f"{study.id}.json").write_bytes(signed.encode())

    def write_register(self, *, permission: bool = True) -> None:
        """Write the partner's own register, in the words of the covenant."""
        assert self.covenant is not None
        (self.folder / "register.toml").write_text(register(self.covenant, self.party, permission=permission))

    def deliver(self, files: Mapping[str, str]) -> None:
        """Put files in the folder of deliveries, and nothing else."""
        place = self.folder / "deliveries"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        for name, text in files.items():
            (place / name).write_text(text)

    def settle(self) -> None:
        """Let every file be of today, as the clock of these tests has it."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                os.utime(path, (NOW_S, NOW_S))

    @property
    def node(self) -> Node:
        """The node as it starts today."""
        return load_node(load_config(self.folder / "node.toml"), today=TODAY)

    def config_line(self, line: str) -> None:
        """Add a line to the configuration."""
        with (self.folder / "node.toml").open("a") as file:
            file.write(line + "\n")


def new_partner(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, rows: int = ROWS) -> Partner:
    """Return a partner that has a folder and a clean delivery, and did nothing yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(telling, "clock", lambda: float(NOW_S))
    samples = sample(PROFILES[name], seed=7, rows=rows, places=PLACES, today=TODAY)
    partner = Partner(folder, PartyId(name), samples)
    partner.deliver(samples.clean)
    return partner


def signed_partner(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, rows: int = ROWS) -> Partner:
    """Return a partner that made its keys and signed; all papers are in place."""
    partner = new_partner(folder, name, monkeypatch, rows=rows)
    partner.done("keys", name, "--officer", "fg=F. Gees (verzonnen)")
    partner.agree()
    partner.done("covenant", "sign", "agreement/draft.json", "--party", name, "--yes")
    partner.collect()
    return partner


def ready_partner(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, rows: int = ROWS) -> Partner:
    """Return a partner whose node is set up and whose officer approved the study."""
    partner = signed_partner(folder, name, monkeypatch, rows=rows)
    partner.done("init", "--party", name, "--profile", name, "--yes")
    partner.config_line('former_areas = "agreement/former.txt"')
    partner.config_line('institutions = "agreement/institutions.txt"')
    partner.done("approve", STUDY, "--officer", "fg", "--yes")
    return partner


def covenant_with(public: PublicKeys) -> Covenant:
    """Return first light's covenant with the keys of this partner, and those of the others from their labels."""
    keys = {
        party: (IdentityKey(example.public_hex(party)), AgreementKey(example.agreement_hex(party)))
        for party in agreement.NAMES
    }
    officers = {party: ApprovalKey(example.public_hex(f"{party} fg")) for party in agreement.PARTNERS}
    keys[public.party] = (public.identity_key, public.agreement_key)
    officers[public.party] = public.officers[0].key
    lists = tuple(CodeListReference(id=codes.id, digest=digest_of(codes)) for codes in LISTS)
    covenant = agreement.make_covenant(keys, officers, geography()).model_copy(update={"code_lists": lists})
    return covenant if public.party in agreement.NAMES else _instead(covenant, public)


def _instead(covenant: Covenant, public: PublicKeys) -> Covenant:
    """Return the covenant with a partner of another kind in the school's place."""
    profile = PROFILES[public.party]
    school = covenant.party(STAND_IN)
    other = school.model_copy(
        update={
            "id": public.party,
            "name": f"{profile.label_nl} (verzonnen)",
            "type": profile.partner,
            "identity_key": public.identity_key,
            "agreement_key": public.agreement_key,
            "officers": (school.officers[0].model_copy(update={"key": public.officers[0].key}),),
            "legal_ground": profile.ground,
        }
    )
    parties = [party for party in covenant.parties if party.id != STAND_IN]
    changed = {"parties": tuple(sorted([*parties, other], key=lambda party: party.id))}
    return Covenant.model_validate({**dict(covenant), **changed})


def study_with(covenant: Covenant, party: PartyId) -> Study:
    """Return first light's study; of a partner in the school's place with its own measures of units and of events."""
    study = agreement.make_study(covenant)
    if party in agreement.NAMES:
        return study
    own: dict[MeasureKind, ProfileMeasure] = {
        each.kind: each for each in PROFILES[party].measures if each.kind in (MeasureKind.UNITS, MeasureKind.EVENTS)
    }
    measures, tables = list(study.measures), list(study.tables)
    for place, measure in enumerate(measures):
        if measure.id in agreement.MEASURES[STAND_IN]:
            meant = own[measure.kind]
            measures[place] = measure.model_copy(update={"id": meant.id, "question": meant.question_nl})
            tables = [_of(table, measure.id, meant.id, party) for table in tables]
    changed = {
        "measures": tuple(sorted(measures, key=lambda measure: measure.id)),
        "tables": tuple(sorted(tables, key=lambda table: table.id)),
    }
    return Study.model_validate({**dict(study), **changed})


def _of(table: Table, school: MeasureId, meant: MeasureId, party: PartyId) -> Table:
    changed = {"id": f"{meant}-wijk", "measure": meant, "contributors": (party,)}
    return table.model_copy(update=changed) if table.measure == school else table


def signature_of(covenant: Covenant, party: PartyId) -> PartySignature:
    """Return the signature of one of the others."""
    signature = sign(covenant.encode(), key=example.signing_key(party), purpose=Purpose.COVENANT)
    return PartySignature(signer=party, signature=signature)


@dataclass
class Round:
    """What a round showed: what the partner sent, in order, and the release."""

    sent: tuple[bytes, ...]
    release: SignedRelease


def run_round(
    partner: Partner,
    *,
    before_commit: Callable[[], None] = lambda: None,
    seed: int = 1,
) -> Round:
    """Run first light's round with the partner's real node and vault, and the others in memory with zero counts."""
    node = partner.node
    assert partner.study is not None
    others = Others.of(partner)
    with node.writing() as vault:
        gate = take_part(node, vault, today=lambda: TODAY, chance=lambda *names: seeded_source(seed, *names))
        step, sent = others.play(gate, agreement.PERIOD, before_commit)
    opened = others.coordinator.session.opened(step.slot.slot)
    declarations = tuple(
        agreement.declare(partner.study, party, _officer_key(partner, party)) for party in agreement.PARTNERS
    )
    member = member_of_other(partner, agreement.COORDINATOR)
    release = sign_release(make_release(step.slot, opened, member=member, declarations=declarations), member=member)
    return Round(tuple(sent), release)


@dataclass
class Others:
    """Everyone but the partner, over one round or several: the coordinator, and the others in memory."""

    partner: Partner
    coordinator: Coordinator
    parties: Mapping[PartyId, SimulatedParty]

    @classmethod
    def of(cls, partner: Partner) -> "Others":
        names = [party for party in agreement.PARTICIPANTS if party != partner.party]
        coordinator = Coordinator(member_of_other(partner, agreement.COORDINATOR))
        return cls(partner, coordinator, {party: other_party(partner, party) for party in names})

    def propose(self, period: Period) -> CoordinatorStep:
        """Return the PROPOSE of a round to all."""
        assert self.partner.study is not None
        return self.coordinator.propose(digest_of(self.partner.study), period, agreement.PARTICIPANTS, NOW_S)

    def play(
        self, gate: Gate, period: Period, before_commit: Callable[[], None] = lambda: None
    ) -> tuple[CoordinatorStep, list[bytes]]:
        """Play a round to its end; return the last step, and what the partner sent."""
        sent: list[bytes] = []
        step = self.propose(period)
        while step.slot.state is not State.DONE:
            if step.slot.state is State.COMMITTED:
                before_commit()
            sent += _deliver(step, gate, self.parties, self.partner.party, self.coordinator)
            step = self.coordinator.advance(step.slot.slot)
        return step, sent


def _deliver(
    step: CoordinatorStep,
    gate: Gate,
    others: Mapping[PartyId, SimulatedParty],
    own: PartyId,
    coordinator: Coordinator,
) -> list[bytes]:
    sent: list[bytes] = []
    for party, body in step.messages:
        answers = gate.receive(body, NOW_S) if party == own else others[party].receive(body, NOW_S)
        for answer in answers:
            coordinator.take(step.slot.slot, answer)
        if party == own:
            sent += answers
    return sent


def _officer_key(partner: Partner, party: PartyId) -> SigningKey:
    if party == partner.party:
        return load_officer_key(partner.folder / "officers" / "fg.key")
    return example.signing_key(f"{party} fg")


def other_party(partner: Partner, party: PartyId) -> SimulatedParty:
    """Return one of the others, with zero counts."""

    def counts(offer: Offer) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.zeros(offer.spec.cells, dtype=np.int64)

    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return SimulatedParty(member_of_other(partner, party), private, counts, 1)


def member_of_other(partner: Partner, party: PartyId) -> Member:
    """Return one of the others."""
    assert partner.covenant is not None
    assert partner.study is not None
    studies = {digest_of(partner.study): partner.study}
    return Member(party, partner.covenant, geography(), LISTS, studies, example.signing_key(party))
