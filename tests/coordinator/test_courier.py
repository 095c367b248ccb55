"""A channel of files: whole, unchanged, and never twice."""

from pathlib import Path

from coordinator.courier import MESSAGE, PAPER, Courier
from protocol.words.ids import PartyId

VT, SCHOOL = PartyId("veilig-thuis"), PartyId("school")


def courier(folder: Path) -> Courier:
    return Courier(folder, (SCHOOL, VT))


def bring(folder: Path, party: PartyId, body: bytes, suffix: str = MESSAGE) -> Path:
    """Put a file in a party's inbox under its right name, as the partner's own courier does."""
    other = courier(folder / "partner")
    other.put(party, body, suffix=suffix)
    inbox = folder / "office" / party / "from"
    inbox.mkdir(parents=True, exist_ok=True)
    (made,) = (folder / "partner" / party / "to").glob(f"*{suffix}")
    return made.replace(inbox / made.name)


def test_a_message_is_one_file_and_the_same_again_is_the_same(tmp_path: Path) -> None:
    office = courier(tmp_path / "office")
    office.send(VT, b"message")
    office.send(VT, b"message")
    (path,) = (tmp_path / "office" / VT / "to").iterdir()
    # sha256 of b"message", from `printf message | sha256sum`
    assert path.name == "ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d.msg"
    assert not (tmp_path / "office" / SCHOOL).exists()


def test_answers_are_collected_until_they_are_taken(tmp_path: Path) -> None:
    office = courier(tmp_path / "office")
    bring(tmp_path, VT, b"one")
    bring(tmp_path, SCHOOL, b"two")
    bring(tmp_path, SCHOOL, b"paper", PAPER)
    assert office.collect() == (b"two", b"one") == office.collect()
    office.taken(b"one")
    assert office.collect() == (b"two",)
    assert [arrived.body for arrived in office.arrived(PAPER)] == [b"paper"]
    assert office.taken_on(VT, b"one", suffix=MESSAGE) is not None
    assert office.taken_on(VT, b"two", suffix=MESSAGE) is None


def test_a_file_that_is_half_copied_changed_or_a_link_is_not_read(tmp_path: Path) -> None:
    office = courier(tmp_path / "office")
    path = bring(tmp_path, VT, b"whole")
    path.write_bytes(b"whol")
    assert office.collect() == ()
    path.write_bytes(b"whole")
    assert office.collect() == (b"whole",)  # negative control: whole again, it is read
    elsewhere = tmp_path / "secret"
    elsewhere.write_bytes(b"whole")
    path.unlink()
    path.symlink_to(elsewhere)
    assert office.collect() == ()
