"""One value, one encoding: no mutated note, checkpoint, proof, policy or entry is accepted and written otherwise."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
import rfc8785

from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.leaf import check_leaf
from protocol.ledger.note import Note
from protocol.ledger.policy import Policy
from protocol.ledger.proof import LogProof, open_proof
from protocol.ledger.signing import VerifierKey
from tests.protocol.ledger.fuzz import run
from tests.protocol.ledger.samples import (
    ENTRIES,
    LOG,
    VECTORS,
    WITNESSES,
    cosigned,
    small_checkpoint,
    small_policy,
    small_proof,
)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser with its writer, and good inputs to start from."""

    parse_and_write: Callable[[bytes], bytes]
    seeds: tuple[bytes, ...]


def write_policy(body: bytes) -> bytes:
    """Return the file as kept, once its meaning, written plainly, is seen to read back as the same policy."""
    policy = Policy.parse(body)
    plain = Policy.of(logs=policy.logs, witnesses=policy.witnesses, groups=policy.groups, quorum=policy.quorum)
    assert plain == policy
    return policy.encode()


def write_leaf(body: bytes) -> bytes:
    """Return what another canonical encoder writes for an accepted entry."""
    check_leaf(body)
    return rfc8785.dumps(json.loads(body))


TARGETS = {
    "note": Target(
        lambda body: Note.parse(body).encode(),
        (
            cosigned(*WITNESSES).encode(),
            *(path.read_bytes() for path in sorted((VECTORS / "notes").glob("c2sp*.note"))),
        ),
    ),
    "checkpoint": Target(
        lambda body: Checkpoint.parse(body.decode("latin-1")).encode().encode("latin-1"),
        (small_checkpoint().encode().encode(), b"a\n0\n" + base64.b64encode(bytes(32)) + b"\none\ntwo\n"),
    ),
    "proof": Target(
        lambda body: LogProof.parse(body).encode(),
        (small_proof(note=cosigned(WITNESSES[0])).encode(), LogProof(0, (), cosigned(), b"extra").encode()),
    ),
    "policy": Target(
        write_policy,
        (
            small_policy().encode(),
            b"# a comment\n log  %b\nwitness a %b\ngroup g any a\nquorum g\n"
            % (LOG.key.encode().encode(), WITNESSES[0].key.encode().encode()),
        ),
    ),
    "leaf": Target(write_leaf, (ENTRIES[0], b'{"kind":"lock","list":[1,-20,"\xc3\xa9"],"version":1,"with":{"a":"b"}}')),
    "key": Target(
        lambda body: VerifierKey.parse(body.decode("latin-1")).encode().encode("latin-1"),
        (LOG.key.encode().encode(), WITNESSES[0].key.encode().encode()),
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_accepted_writes_itself_for_20000_mutated_inputs(name: str) -> None:
    """L05: no uncaught exception, and parse(x) accepted implies encode(parse(x)) == x."""
    target = TARGETS[name]
    tally = run(target.parse_and_write, target.seeds, inputs=20_000, random=Random(f"L05 {name}"))
    assert tally.altered is None
    assert tally.accepted >= LEAST_ACCEPTED[name]


# Too few accepted inputs would test nothing; a key refuses nearly all because its id is a hash of the rest.
LEAST_ACCEPTED = {"note": 2000, "checkpoint": 2000, "proof": 1000, "policy": 500, "leaf": 300, "key": 0}


@pytest.mark.nightly
@pytest.mark.parametrize("name", TARGETS)
def test_what_is_accepted_writes_itself_for_a_million_mutated_inputs(name: str) -> None:
    """L05, the long campaign."""
    target = TARGETS[name]
    tally = run(target.parse_and_write, target.seeds, inputs=1_000_000, random=Random(f"L05 nightly {name}"))
    assert tally.altered is None


def test_no_mutated_proof_is_believed_for_another_reason_than_a_good_one() -> None:
    """L05: of 20,000 mutated bundles, those that still open prove the same entry under the same checkpoint."""
    policy, good = small_policy("two"), small_proof(note=cosigned(*WITNESSES))

    def open_and_write(body: bytes) -> bytes:
        proof = LogProof.parse(body)
        checkpoint = open_proof(proof, leaf=ENTRIES[4], policy=policy)
        assert (checkpoint, proof.index, proof.hashes) == (small_checkpoint(), good.index, good.hashes)
        return proof.encode()

    tally = run(open_and_write, (good.encode(),), inputs=20_000, random=Random("L05 bundle"))
    assert tally.altered is None
    assert tally.accepted > 0


def lax_note(body: bytes) -> bytes:
    """Read a note as a careless program would: base64 with stray bits and characters, any line end."""
    text, _, lines = body.decode("utf-8", "replace").rpartition("\n\n")
    written = []
    for line in lines.splitlines():
        _, name, encoded = [*line.split(" "), "", "", ""][:3]
        try:
            written.append(f"\N{EM DASH} {name} {base64.b64encode(base64.b64decode(encoded)).decode()}\n")
        except ValueError:
            Note.parse(b"")  # refuses
    return f"{text}\n\n{''.join(written)}".encode()


def test_the_harness_catches_a_lax_parser_and_one_that_crashes() -> None:
    """L05, negative control."""
    seeds = TARGETS["note"].seeds
    assert run(lax_note, seeds, inputs=20_000, random=Random("L05 lax")).altered is not None
    with pytest.raises((UnicodeDecodeError, ValueError, IndexError)) as caught:
        run(lambda body: str(int(body.split(b"\n")[1])).encode(), seeds, inputs=100, random=Random(1))
    assert caught.value.__notes__[0].startswith("input: ")
