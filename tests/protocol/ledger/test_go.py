"""The ledger's formats beside Go: x/mod's tlog and note, crypto/ed25519, and C2SP's policy read a second time."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint, sign_checkpoint
from protocol.ledger.cosignature import cosign
from protocol.ledger.note import Note, NoteSignature
from protocol.ledger.policy import Policy
from protocol.ledger.proof import LogProof, open_proof
from protocol.ledger.tree import MerkleTree
from tests.protocol.ledger.mutations import flip
from tests.protocol.ledger.samples import (
    ENTRIES,
    LOG,
    NOW,
    ORIGIN,
    QUANTUM,
    WITNESSES,
    Bundle,
    cosigned,
    plain_signer,
    small_bundle,
    small_checkpoint,
    small_policy,
    small_proof,
    small_tree,
    witness_signer,
)

pytestmark = pytest.mark.needs("golang-go", "golang-golang-x-mod-dev")
SOURCES = Path(__file__).parents[2] / "reference" / "go"
LARGEST = 5000


@pytest.fixture(scope="session")
def ledgercheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Go program, built offline from Debian's packages."""
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    program = folder / "ledgercheck"
    build = ["go", "build", "-o", str(program), "."]
    subprocess.run(build, cwd=SOURCES, env=environment, check=True)
    return program


def exit_code(program: Path, *arguments: str | Path, stdin: str = "") -> int:
    """Run the Go program; its message goes to the test's captured stderr."""
    done = subprocess.run([program, *arguments], input=stdin, text=True, check=False, capture_output=True)
    print(done.stderr)  # noqa: T201 - shown when the test fails
    return done.returncode


def claims(tree: MerkleTree, random: Random, count: int) -> Iterator[dict[str, object]]:
    """Yield what we say about random sizes of a tree, as the Go program reads it."""

    def text(digest: bytes) -> str:
        return base64.b64encode(digest).decode()

    for _ in range(count):
        size = random.randint(1, LARGEST)
        index, older = random.randrange(size), random.randint(1, size)
        yield {
            "size": size,
            "root": text(tree.root(size)),
            "index": index,
            "inclusion": [text(digest) for digest in tree.prove_inclusion(index, size)],
            "older": older,
            "older_root": text(tree.root(older)),
            "consistency": [text(digest) for digest in tree.prove_consistency(older, size)],
        }


def test_go_computes_our_roots_and_accepts_our_proofs_for_1000_random_sizes(ledgercheck: Path) -> None:
    """L02: one process; a single flipped bit in one of the thousand makes it exit 1."""
    tree = MerkleTree()
    for number in range(LARGEST):
        tree.append(b"leaf %d" % number)
    told = list(claims(tree, Random(20250702), 1000))
    lines = "\n".join(json.dumps(claim) for claim in told)
    assert exit_code(ledgercheck, "trees", stdin=lines) == 0
    for field in ("root", "older_root", "inclusion", "consistency"):
        place = max(range(1000), key=lambda number: len(str(told[number][field])))
        honest = told[place][field]
        lie = [flip_text(honest[0]), *honest[1:]] if isinstance(honest, list) else flip_text(str(honest))
        lines = "\n".join(
            json.dumps(claim) for claim in [*told[:place], {**told[place], field: lie}, *told[place + 1 :]]
        )
        assert exit_code(ledgercheck, "trees", stdin=lines) == 1, field


def flip_text(digest: str) -> str:
    return base64.b64encode(flip(base64.b64decode(digest), 100)).decode()


def test_go_accepts_our_keys(ledgercheck: Path) -> None:
    keys = [plain_signer(f"party-{seed}.example", seed).key.encode() for seed in range(50)]
    assert exit_code(ledgercheck, "keys", stdin="\n".join(keys)) == 0
    assert exit_code(ledgercheck, "keys", stdin="\n".join([*keys, keys[0].replace("0", "1", 1)])) == 1


def test_go_writes_the_same_proof_file_byte_for_byte(ledgercheck: Path) -> None:
    """L03: same seeds, entries and times; Ed25519 has one signature for one message, so the files must be equal."""
    names = [f"witness-{number}.example" for number in range(3)]
    for index, extra in ((0, b""), (4, b"extra data"), (10, ENTRIES[10])):
        order = {
            "origin": ORIGIN,
            "seed": base64.b64encode(bytes([1]) * 32).decode(),
            "leaves": [base64.b64encode(entry).decode() for entry in ENTRIES],
            "index": index,
            "extra": base64.b64encode(extra).decode(),
            "witness": names,
            "seeds": [base64.b64encode(bytes([10 + number]) * 32).decode() for number in range(3)],
            "timestamps": [NOW, NOW + 1, NOW + 2],
        }
        theirs = subprocess.run(
            [ledgercheck, "make"], input=json.dumps(order).encode(), check=True, capture_output=True
        ).stdout
        ours = replace(small_proof(index, cosigned(*WITNESSES)), extra=extra)
        assert theirs == ours.encode()
        assert open_proof(LogProof.parse(theirs), leaf=ENTRIES[index], policy=small_policy("two")) == small_checkpoint()


@pytest.mark.parametrize("quorum", ["none", "w0", "two"])
def test_go_accepts_our_bundle(ledgercheck: Path, tmp_path: Path, quorum: str) -> None:
    """L03: signed note, checkpoint, cosignatures, proof and policy; Go ignores the ML-DSA-44 line, as it must."""
    bundle = small_bundle(quorum)
    bundle.write_to(tmp_path)
    assert exit_code(ledgercheck, "bundle", tmp_path) == 0
    assert opens(bundle)


def opens(bundle: Bundle) -> bool:
    """Tell whether we believe a bundle."""
    try:
        open_proof(LogProof.parse(bundle.proof), leaf=bundle.entry, policy=Policy.parse(bundle.policy))
    except LedgerRefusal:
        return False
    return True


def in_proof(old: bytes, new: bytes) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, proof=bundle.proof.replace(old, new, 1))


def in_policy(old: str, new: str) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, policy=bundle.policy.replace(old.encode(), new.encode(), 1))


def with_note(note: Note) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, proof=small_proof(4, note).encode())


def swap_hashes(bundle: Bundle) -> Bundle:
    lines = bundle.proof.split(b"\n")
    lines[2], lines[3] = lines[3], lines[2]
    return replace(bundle, proof=b"\n".join(lines))


def drop_hash(bundle: Bundle) -> Bundle:
    lines = bundle.proof.split(b"\n")
    return replace(bundle, proof=b"\n".join([*lines[:2], *lines[3:]]))


def flip_signature(number: int) -> Note:
    note = cosigned(*WITNESSES, QUANTUM)
    line = note.signatures[number]
    wrong = NoteSignature(line.name, line.key_id, flip(line.signature, 200))
    return Note(note.text, (*note.signatures[:number], wrong, *note.signatures[number + 1 :]))


def earlier_witness() -> Note:
    """Return a note whose first cosignature bears another time than it signed."""
    note = cosigned(*WITNESSES)
    line = note.signatures[1]
    wrong = NoteSignature(line.name, line.key_id, (NOW - 60).to_bytes(8, "big") + line.signature[8:])
    return Note(note.text, (note.signatures[0], wrong, *note.signatures[2:]))


def other_log(checkpoint: Checkpoint) -> Note:
    """Return a note that the right keys signed for another head."""
    note = sign_checkpoint(checkpoint, plain_signer(checkpoint.origin, 1))
    for number, witness in enumerate(WITNESSES):
        note = cosign(note, witness, timestamp=NOW + number)
    return note


FIRST_HASH = small_proof(4).encode().split(b"\n")[2]
CORRUPTIONS: dict[str, Callable[[Bundle], Bundle]] = {
    "another entry": lambda bundle: replace(bundle, entry=ENTRIES[5]),
    "a bit of the entry": lambda bundle: replace(bundle, entry=flip(bundle.entry, 30)),
    "another index": in_proof(b"index 4", b"index 5"),
    "an index beyond the tree": in_proof(b"index 4", b"index 11"),
    "an index with a leading zero": in_proof(b"index 4", b"index 04"),
    "a bit of a hash": in_proof(FIRST_HASH, flip_text(FIRST_HASH.decode()).encode()),
    "two hashes swapped": swap_hashes,
    "a hash dropped": drop_hash,
    "a hash added": in_proof(FIRST_HASH, FIRST_HASH + b"\n" + FIRST_HASH),
    "another header": in_proof(b"tlog-proof@v1", b"tlog-proof@v2"),
    "no checkpoint": lambda bundle: replace(bundle, proof=bundle.proof.partition(b"\n\n")[0]),
    "the size changed after signing": in_proof(b"\n11\n", b"\n12\n"),
    "the root changed after signing": with_note(
        Note(replace(small_checkpoint(), root=small_tree(5).root()).encode(), cosigned(*WITNESSES).signatures)
    ),
    "a root of other entries, rightly signed": with_note(other_log(replace(small_checkpoint(), root=bytes(32)))),
    "another origin under the log's key": with_note(other_log(replace(small_checkpoint(), origin="vt-02.example/log"))),
    "a bit of the log's signature": with_note(flip_signature(0)),
    "a bit of a witness's signature": with_note(flip_signature(2)),
    "a cosignature with another time": with_note(earlier_witness()),
    "one witness of two": with_note(cosigned(WITNESSES[0], QUANTUM)),
    "no signature by the log": with_note(Note(cosigned().text, cosigned(*WITNESSES).signatures[1:])),
    "a stranger for a witness": with_note(cosigned(WITNESSES[0], witness_signer("witness-1.example", 77))),
    "carriage returns": lambda bundle: replace(bundle, proof=bundle.proof.replace(b"\n", b"\r\n")),
    "a NUL in the note": in_proof(b"vt-01.example/log\n11", b"vt-01.example\0log\n11"),
    "no newline at the end": lambda bundle: replace(bundle, proof=bundle.proof[:-1]),
    "text after the note": lambda bundle: replace(bundle, proof=bundle.proof + b"more\n"),
    "a log key with a wrong id": in_policy(LOG.key.key_id.hex(), "00000000"),
    "a witness twice in the policy": in_policy("group two 2 w0 w1 w2", "group two 2 w0 w0 w1"),
    "a circle of groups": in_policy("group two 2 w0 w1 w2", "group two 2 w0 w1 two-and-quantum"),
    "a threshold above the members": in_policy("group two 2 w0", "group two 4 w0"),
    "two quorums": in_policy("quorum two", "quorum none\nquorum two"),
    "a plain key for a witness's": in_policy(WITNESSES[0].key.encode(), plain_signer("w", 10).key.encode()),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_bundle_is_refused_by_go_and_by_us(ledgercheck: Path, tmp_path: Path, name: str) -> None:
    """L03: 31 corruptions; the same bundle uncorrupted is accepted in `test_go_accepts_our_bundle`."""
    good = small_bundle("two")
    bad = CORRUPTIONS[name](good)
    assert bad != good
    bad.write_to(tmp_path)
    assert exit_code(ledgercheck, "bundle", tmp_path) == 1
    assert not opens(bad)
