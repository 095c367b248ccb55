"""Computes: keys from fixed seeds, and a small log with its checkpoint, policy and proofs, for the ledger's tests."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from protocol.ledger.checkpoint import Checkpoint, sign_checkpoint
from protocol.ledger.cosignature import cosign
from protocol.ledger.note import Note
from protocol.ledger.policy import Policy, TrustedLog, Witness, WitnessGroup
from protocol.ledger.proof import LogProof
from protocol.ledger.signing import KeyKind, NoteSigner, VerifierKey, ed25519_signer, ml_dsa_signer
from protocol.ledger.tree import MerkleTree
from protocol.wire import canonical

VECTORS = Path(__file__).parents[2] / "vectors" / "ledger"
NOW = 1751328000  # 2025-07-01, POSIX seconds
ORIGIN = "vt-01.example/log"


def plain_signer(name: str, seed: int) -> NoteSigner:
    """Return an Ed25519 note signer whose private key is one byte repeated."""
    return ed25519_signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def witness_signer(name: str, seed: int) -> NoteSigner:
    """Return a cosignature/v1 signer whose private key is one byte repeated."""
    return ed25519_signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), kind=KeyKind.COSIGNATURE_V1)


def quantum_signer(name: str, seed: int) -> NoteSigner:
    """Return an ML-DSA-44 signer whose private key's seed is one byte repeated."""
    return ml_dsa_signer(name, MLDSA44PrivateKey.from_seed_bytes(bytes([seed]) * 32))


LOG = plain_signer(ORIGIN, 1)
WITNESSES = tuple(witness_signer(f"witness-{number}.example", 10 + number) for number in range(3))
QUANTUM = quantum_signer("quantum.example", 20)

ENTRIES = tuple(canonical({"kind": "lock", "version": 1, "slot": f"slot-{number}"}) for number in range(11))


def small_tree(size: int = len(ENTRIES)) -> MerkleTree:
    """Return the tree over the first entries."""
    tree = MerkleTree()
    for entry in ENTRIES[:size]:
        tree.append(entry)
    return tree


def small_checkpoint() -> Checkpoint:
    """Return the head over all entries."""
    tree = small_tree()
    return Checkpoint(ORIGIN, tree.size, tree.root())


def cosigned(*signers: NoteSigner, log: NoteSigner = LOG) -> Note:
    """Return the head signed by the log and cosigned by `signers`, a second apart."""
    note = sign_checkpoint(small_checkpoint(), log)
    for number, signer in enumerate(signers):
        note = cosign(note, signer, timestamp=NOW + number)
    return note


def small_policy(quorum: str = "two-and-quantum") -> Policy:
    """Return a policy with groups in groups: two of three witnesses, and the post-quantum one where asked for."""
    return Policy.of(
        logs=[TrustedLog(LOG.key, "https://vt-01.example/log")],
        witnesses=[
            *(Witness(f"w{number}", signer.key) for number, signer in enumerate(WITNESSES)),
            Witness("q", QUANTUM.key, "https://quantum.example"),
        ],
        groups=[
            WitnessGroup("two", 2, ("w0", "w1", "w2")),
            WitnessGroup("two-and-quantum", 2, ("two", "q")),
        ],
        quorum=quorum,
    )


def small_proof(index: int = 4, note: Note | None = None) -> LogProof:
    """Return the proof of one entry under the fully cosigned head."""
    return LogProof(index, small_tree().prove_inclusion(index), note or cosigned(*WITNESSES, QUANTUM))


def read_keys(path: Path) -> list[VerifierKey]:
    """Return the verifier keys of a file, one a line."""
    return [VerifierKey.parse(line) for line in path.read_text().splitlines()]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What an auditor gets for one entry: the entry, its proof and the policy."""

    policy: bytes
    entry: bytes
    proof: bytes

    def write_to(self, folder: Path) -> None:
        (folder / "policy").write_bytes(self.policy)
        (folder / "entry").write_bytes(self.entry)
        (folder / "entry.tlog-proof").write_bytes(self.proof)


def small_bundle(quorum: str = "two") -> Bundle:
    """Return the bundle of entry 4; its note also carries an ML-DSA-44 line."""
    return Bundle(small_policy(quorum).encode(), ENTRIES[4], small_proof(4).encode())
