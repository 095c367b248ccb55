"""A round by files on a stick: the same messages, checks and log as on the line; what is no message is refused."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from coordinator.courier import MESSAGE, PAPER
from coordinator.courier import Courier as Office
from coordinator.mixed_channel import MixedChannel
from coordinator.rounds import turn
from partner_node.courier import MAX_FILES, Courier, NotCarried
from partner_node.vault.log import StoredTree
from protocol.digest import digest_of
from protocol.ledger.entry import LockEntry, parse_entry
from protocol.round.carriage import MAX_PARCEL_BYTES
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import parse_frame
from protocol.round.messages import Propose
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from simulations.first_light import agreement
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator
from tests.partner_node.cli.partner import NOW_S, STUDY, Partner, member_of_other, other_party, ready_partner

PARTY = PartyId("school")
OTHERS = frozenset(agreement.PARTICIPANTS) - {PARTY}


@dataclass
class Line:
    """The others, who are on the line."""

    parties: dict[PartyId, SimulatedParty]
    waiting: list[bytes] = field(default_factory=list)

    def send(self, party: PartyId, body: bytes) -> None:
        self.waiting += self.parties[party].receive(body, NOW_S)

    def collect(self) -> tuple[bytes, ...]:
        found, self.waiting = tuple(self.waiting), []
        return found


@dataclass
class Walk:
    """A coordinator with a courier's folders, one partner that has no line, and a stick between the two."""

    partner: Partner
    office: Office
    stick: Path
    coordinator: Coordinator
    line: Line

    def begin(self) -> CoordinatorSlot:
        assert self.partner.study is not None
        digest = digest_of(self.partner.study)
        return self.coordinator.propose(digest, agreement.PERIOD, agreement.PARTICIPANTS, NOW_S).slot

    def turn(self, slot: CoordinatorSlot) -> CoordinatorSlot:
        channel = MixedChannel(self.office, self.line, OTHERS)
        done = turn(self.coordinator.session, slot.slot, channel, taken=self.office.taken)
        assert not done.refused
        return done.slot

    @property
    def outbox(self) -> Path:
        return self.office.folder / PARTY / "to"

    def bring(self, names: Iterable[Path]) -> None:
        """Put files of the stick where the coordinator looks, as its operator does."""
        inbox = self.office.folder / PARTY / "from"
        inbox.mkdir(parents=True, exist_ok=True)
        for path in names:
            (inbox / path.name).write_bytes(path.read_bytes())

    def carry(self) -> None:
        """Let the partner answer what the coordinator put down, and bring it the answers."""
        self.partner.done("courier", "import", str(self.outbox))
        self.partner.done("courier", "export", "--to", str(self.stick))
        self.bring(self.stick.iterdir())


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    partner = ready_partner(tmp_path / "school", PARTY, monkeypatch)
    (tmp_path / "stick").mkdir()
    return Walk(
        partner,
        Office(tmp_path / "office", agreement.PARTICIPANTS),
        tmp_path / "stick",
        Coordinator(member_of_other(partner, agreement.COORDINATOR)),
        Line({party: other_party(partner, party) for party in OTHERS}),
    )


def test_a_whole_round_with_one_partner_that_has_no_line(walk: Walk) -> None:
    """The courier's partner locks, sends and judges as the others; its decisions go along with its answers."""
    walk.partner.done("declare", agreement.PERIOD, "--study", STUDY, "--officer", "fg", "--all", "volledig")
    slot = walk.begin()
    for _ in range(8):
        slot = walk.turn(slot)
        if slot.state is State.DONE:
            break
        walk.carry()
    assert slot.state is State.DONE
    assert set(slot.verdicts) == set(agreement.PARTICIPANTS)
    assert not slot.objections
    assert walk.coordinator.session.opened(slot.slot).values.any()
    with walk.partner.node.looking() as vault:
        leaves = [parse_entry(leaf, source="the vault") for leaf in StoredTree(vault.connection).leaves()]
    assert sum(isinstance(entry, LockEntry) for entry in leaves) == 1
    papers = list(walk.office.arrived(PAPER))
    assert {type(each.body) for each in papers} == {bytes}
    assert len(papers) == 2  # an approval and a declaration, under the names that the coordinator reads


def test_the_same_stick_twice_and_a_lost_one_give_the_same_bytes(walk: Walk) -> None:
    """T04, C04: what was answered is not answered again unless it is named; then with the same bytes."""
    walk.turn(walk.begin())
    walk.carry()
    first = {path.name for path in walk.stick.iterdir()}
    (message,) = walk.outbox.iterdir()
    assert '"answered": 0' in walk.partner.done("courier", "import", str(walk.outbox), "--json")
    assert '"files": 0' in walk.partner.done("courier", "export", "--to", str(walk.stick), "--json")
    lost = walk.stick.with_name("another")
    lost.mkdir()
    walk.partner.done("courier", "export", "--to", str(lost), "--again")
    assert {path.name for path in lost.iterdir()} == first
    walk.partner.done("courier", "import", str(message))
    walk.partner.done("courier", "export", "--to", str(walk.stick))
    assert {path.name for path in walk.stick.iterdir()} == first


def put(folder: Path, body: bytes, name: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / (name or sha256(body).hexdigest() + MESSAGE)
    path.write_bytes(body)
    return path


def test_malicious_files_are_refused_and_spoil_nothing(walk: Walk, tmp_path: Path) -> None:
    """T04, N03: each is refused by name, none leaves an answer, and the honest message beside them is answered."""
    walk.turn(walk.begin())
    (honest,) = walk.outbox.iterdir()
    body = honest.read_bytes()
    stick, secret = tmp_path / "found", walk.partner.folder / "keys" / "identity.key"
    flipped = bytearray(body)
    flipped[-1] ^= 1  # of the signature
    other = parse_frame(body, source="test", max_payload_bytes=0).header
    assert isinstance(other, Propose)
    expected = {
        put(stick, body, "0" * 64 + MESSAGE).name: "not-carried",  # another name than its contents
        put(stick, body[:-1], honest.name.replace(MESSAGE, "x" + MESSAGE)).name: "not-carried",
        put(stick, bytes(flipped)).name: "bad-signature",
        put(stick, b"").name: "bad-frame",
        put(stick, b"\xff" * 4_096).name: "bad-frame",
        put(stick, b"\x00\x00\x00\x02{}" + bytes(64)).name: "bad-frame",
    }
    (stick / ("1" + MESSAGE)).symlink_to(secret)
    expected["1" + MESSAGE] = "not-carried"
    os.mkfifo(stick / ("2" + MESSAGE))
    expected["2" + MESSAGE] = "not-carried"
    with (stick / ("3" + MESSAGE)).open("wb") as file:
        file.truncate(MAX_PARCEL_BYTES + 1)  # a hole: nothing of it is read
    expected["3" + MESSAGE] = "not-carried"
    put(stick, body)
    result = walk.partner.run("courier", "import", str(stick), "--json")
    assert result.exit_code == 1
    assert '"answered": 1' in result.stdout
    for name, code in expected.items():
        assert f'"{name}": "{code}"' in result.stdout, (name, result.stdout)
    answers = list((walk.partner.folder / "courier" / "answers").iterdir())
    assert len(answers) == 1
    assert walk.partner.run("courier", "export", "--to", str(walk.stick)).exit_code == 0
    walk.bring(walk.stick.iterdir())
    assert PARTY in walk.turn(next(iter(walk.coordinator.slots.values()))).readies


def test_a_link_on_the_stick_in_the_place_of_an_answer_does_not_lead_to_another_file(tmp_path: Path) -> None:
    courier, stick, target = Courier(tmp_path / "courier"), tmp_path / "stick", tmp_path / "target"
    stick.mkdir()
    target.write_bytes(b"stays")
    courier.put(b"answer", MESSAGE)
    name = sha256(b"answer").hexdigest() + MESSAGE
    (stick / name).symlink_to(target)
    (stick / f"{name}.new").symlink_to(target)
    assert courier.carry(stick) == 1
    assert target.read_bytes() == b"stays"
    assert (stick / name).read_bytes() == b"answer"


def test_a_folder_with_too_many_files_is_refused_before_any_is_read(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}{MESSAGE}").touch()
    with pytest.raises(NotCarried, match="more than 1000 messages"):
        Courier(tmp_path / "courier").messages([tmp_path])


def test_messages_of_one_stick_are_taken_in_the_order_of_a_round(walk: Walk, tmp_path: Path) -> None:
    """Names are digests: in their order a COMMIT could come before its PROPOSE."""
    slot = walk.turn(walk.begin())
    walk.carry()
    walk.turn(slot)
    found = Courier(tmp_path / "courier").messages([walk.outbox])
    kinds = [
        type(parse_frame(body or b"", source="test", max_payload_bytes=1 << 20).header).__name__ for _, body in found
    ]
    assert kinds == ["Propose", "Commit"]
