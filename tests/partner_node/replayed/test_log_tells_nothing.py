"""L18: what a node's log and frames tell who knows everything but one household. No vector, count, id, time or reason.

The attacker here has the node's secret, every other household's records and the five databases that are plausible; what
is missing is 32 secret bytes a commitment.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
import pytest

from partner_node import counting, session
from partner_node.vault.book import Charges
from protocol.round.frame import parse_frame
from protocol.words.ids import Digest
from tests import bundles
from tests.partner_node.replayed.households import AREAS, HEADER, Family, family
from tests.partner_node.replayed.node import ReplayedNode, Seen, asked, replayed_node
from tests.partner_node.replayed.test_whole_road import loud

FAMILIES = 4  # of five databases each, of which every one is the truth once
MANY = 20  # families; in some the cap leaves the household out
YEAR = (2026).to_bytes(2, "big")
NUMBERS = {"version", "attempt"}
TEXTS = {"kind", "slot", "context", "charges_commitment", "study_digest", "approval_digest", "covenant_digest"}
TEXTS |= {"release_digest"}


@pytest.fixture(autouse=True)
def _asked() -> None:
    """Have the others' answers made before noise is frozen."""
    asked()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a node. vectors, charges: of each round, as they were committed to. secrets: what hides them."""

    seen: Seen
    vectors: tuple[bytes, ...]
    charges: tuple[bytes, ...]
    secrets: tuple[bytes, ...]


def run_of(node: ReplayedNode, found: Family, variant: int) -> Run:
    """Run a database, and read from its vault what the attacker tries to find."""
    seen = node.run(found.deliveries(variant))
    vault = sqlite3.connect(node.node.config.vault_path)
    frozen = vault.execute('SELECT "values", opening FROM frozen').fetchall()
    salts = vault.execute("SELECT salt FROM booked UNION SELECT salt FROM pending").fetchall()
    vault.close()
    secrets = (*(bytes(opening) for _, opening in frozen), *(bytes(salt) for (salt,) in salts))
    return Run(seen, tuple(bytes(values) for values, _ in frozen), tuple(map(paid, seen.charged)), secrets)


def paid(charged: dict[bytes, int]) -> bytes:
    """Return charges as the commitment has them: the keys in order, then what each paid, in parts with their length."""
    order = sorted(charged)
    amounts = np.array([charged[key] for key in order], dtype="<i8").tobytes()
    return b"".join(len(part).to_bytes(8, "big") + part for part in (YEAR, b"".join(order), amounts))


def near(vector: bytes) -> Iterator[bytes]:
    """Yield a vector, and every one that differs by at most two in one cell."""
    values = np.frombuffer(vector, dtype="<i8")
    yield vector
    for cell in range(values.size):
        for step in (-2, -1, 1, 2):
            other = values.copy()
            other[cell] += step
            yield other.tobytes()


def published(seen: Seen) -> set[str]:
    """Return every digest, nonce and commitment that the node's log and frames show."""
    headers = [parse_frame(body, source="a test", max_payload_bytes=1 << 20).header.encode() for body in seen.sent]
    return {text for body in (*seen.log, *headers) for text in re.findall(r"[0-9a-f]{64}", body.decode())}


def found_by_force(run: Run, plausible: Sequence[Run], salts: Sequence[bytes]) -> set[int]:
    """Return which plausible databases give a commitment that was published, with any of these salts."""
    shown, found = published(run.seen), set[int]()
    for number, guess in enumerate(plausible):
        for salt in salts:
            tried = {sha256(salt + vector).hexdigest() for known in guess.vectors for vector in near(known)}
            head = b"".join(len(part).to_bytes(8, "big") + part for part in (b"charges", salt))
            tried |= {sha256(head + charges).hexdigest() for charges in guess.charges}
            if tried & shown:
                found.add(number)
    return found


def public_salts(run: Run) -> list[bytes]:
    """Return no salt, an empty one, and every public value of 32 bytes as one."""
    return [b"", bytes(32), *map(bytes.fromhex, sorted(published(run.seen)))]


@cache
def honest() -> tuple[list[Run], ...]:
    """Return the runs of a node as it is."""
    return tuple(runs())


def runs(families: int = FAMILIES) -> Iterator[list[Run]]:
    """Yield the runs of every database of some families."""
    with replayed_node() as node:
        for seed in range(families):
            found = family(seed)
            yield [run_of(node, found, variant) for variant in range(len(found.variants))]


def test_brute_force_over_plausible_vectors_and_charges_finds_nothing() -> None:
    """L18: neither the commitment to the vector nor the one to the charges, without the node's 32 secret bytes."""
    for plausible in honest():
        for truth, run in enumerate(plausible):
            assert found_by_force(run, plausible, public_salts(run)) == set()
            # The attacker does try the truth: with the secret that is missing, it is found.
            assert truth in found_by_force(run, plausible, run.secrets)


@pytest.mark.parametrize("bare", ["commitment", "charges_commitment"])
def test_an_unsalted_commitment_is_found_by_the_brute_force(bare: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """L18, negative control: without its salt each of the two commitments tells which database it is of."""
    salted = vars(session)["charges_commitment"]

    def unsalted_charges(charges: Charges, _salt: bytes) -> Digest:
        return Digest(salted(charges, b""))

    def unsalted_vector(_opening: bytes, values: bytes) -> Digest:
        return Digest(sha256(values).hexdigest())

    monkeypatch.setattr(session, bare, unsalted_vector if bare == "commitment" else unsalted_charges)
    for plausible in runs():
        for truth, run in enumerate(plausible):
            assert truth in found_by_force(run, plausible, public_salts(run))


def told(leaf: bytes, words: Sequence[str] = ()) -> list[str]:
    """Return what a leaf says that none may: another field or number, a text that is no digest, a word of the data."""
    tree = json.loads(leaf)
    wrong = [key for key, value in tree.items() if key not in (NUMBERS if isinstance(value, int) else TEXTS)]
    wrong += [
        key
        for key, value in tree.items()
        if key != "kind" and isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is None
    ]
    return wrong + [word for word in words if word in leaf.decode()]


def words_of(found: Family, run: Run) -> list[str]:
    """Return the ids in a delivery, its areas and columns, and the unit keys under which the node knows households."""
    rows = [row for variant in (found.others, *found.variants) for row in variant]
    ids = {word for row in rows for word in (row.event, row.unit.strip()) if len(word) > 1}
    keys = {key.hex() for charged in run.seen.charged for key in charged}
    return sorted(ids | keys | set(AREAS) | set(HEADER.split(";")))


def test_the_log_holds_no_count_id_duration_or_reason() -> None:
    """L18: 0 in the logs of a node and of a coordinator."""
    for seed, plausible in enumerate(honest()):
        for run in plausible:
            words = words_of(family(seed), run)
            assert len(words) > 10
            assert [told(leaf, words) for leaf in run.seen.log] == [[]] * len(run.seen.log)
    a_world = bundles.world()
    a_world.release(a_world.run())
    assert [told(leaf) for leaf in a_world.leaves] == [[]] * len(a_world.leaves)


@pytest.mark.parametrize(
    "field",
    [{"counted": 3}, {"duration_s": 4}, {"reason": "late"}, {"unit": "gz77"}, {"slot": "gz77"}, {"left_out": 0}],
)
def test_a_leaf_that_tells_more_is_seen(field: dict[str, object]) -> None:
    """L18, negative control of the search."""
    whole = {"kind": "lock", "version": 1, "slot": "0" * 64, "attempt": 0}
    assert told(json.dumps(whole).encode(), ["gz77"]) == []
    assert told(json.dumps(whole | field).encode(), ["gz77"]) != []


def shapes(plausible: Sequence[Run]) -> set[tuple[tuple[str, int], ...]]:
    """Return the different shapes of these logs: the kind and size of every leaf in order."""
    return {tuple((json.loads(leaf)["kind"], len(leaf)) for leaf in run.seen.log) for run in plausible}


def test_a_round_adds_the_same_entries_for_every_database() -> None:
    """L18: as many, of the same kinds and sizes, whether a household is in or not, also where the cap leaves it out."""
    left_out = 0
    for plausible in runs(MANY):
        (shape,) = shapes(plausible)
        assert [kind for kind, _ in shape] == ["lock", "lock"]  # of two rounds
        left_out += sum(run.seen.left_out for run in plausible)
    assert left_out > 0


def test_a_log_that_falls_silent_for_one_household_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """L18, negative control: a node that refuses when somebody passes the cap has fewer entries then."""
    monkeypatch.setattr(counting, "admit", loud)
    assert max(len(shapes(plausible)) for plausible in runs(MANY)) > 1
