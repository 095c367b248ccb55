"""Files that must be refused, each named by how: `<error code>--<short name>.<kind>`; and a few that must not be."""

import gzip
import json
import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import protocol.ledger
from protocol.errors import LedgerRefusal, Refusal
from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.entry import parse_entry
from protocol.ledger.leaf import check_leaf
from protocol.ledger.note import Note
from protocol.ledger.policy import Policy
from protocol.ledger.proof import LogProof, open_proof
from protocol.ledger.quorum import open_checkpoint
from protocol.ledger.signing import VerifierKey
from tests.protocol.ledger.mutations import Consistency, Inclusion
from tests.protocol.ledger.samples import VECTORS

POLICY = Policy.parse((VECTORS / "context" / "policy").read_bytes())
ENTRY = (VECTORS / "context" / "entry").read_bytes()
REFUSED = sorted((VECTORS / "refused").iterdir())
ACCEPTED = sorted((VECTORS / "accepted").iterdir())


def read_claim(body: bytes) -> None:
    """Verify a tree claim whose hashes are hexadecimal."""
    [(kind, fields)] = json.loads(body).items()
    proof = tuple(bytes.fromhex(digest) for digest in fields.pop("proof"))
    plain = {name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in fields.items()}
    {"inclusion": Inclusion, "consistency": Consistency}[kind](proof=proof, **plain).verify()


READERS: dict[str, Callable[[bytes], object]] = {
    ".checkpoint": lambda body: Checkpoint.parse(body.decode()),
    ".claim": read_claim,
    ".entry": parse_entry,
    ".leaf": check_leaf,
    ".note": lambda body: open_checkpoint(Note.parse(body), POLICY),
    ".policy": Policy.parse,
    ".tlog-proof": lambda body: open_proof(LogProof.parse(body), leaf=ENTRY, policy=POLICY),
    ".vkey": lambda body: VerifierKey.parse(body.decode().removesuffix("\n")),
}


def refusal_of(path: Path) -> str | None:
    """Return the code with which a file is refused, or None; a file in .gz is unpacked first."""
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        READERS[Path(path.stem).suffix if path.suffix == ".gz" else path.suffix](body)
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_a_wrong_file_is_refused_by_the_error_in_its_name(path: Path) -> None:
    assert refusal_of(path) == path.name.partition("--")[0]


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_a_right_file_is_not_refused(path: Path) -> None:
    """Negative control: the readers do not refuse everything."""
    assert refusal_of(path) is None


def test_every_error_of_the_ledger_has_a_file_that_shows_it() -> None:
    for module in pkgutil.iter_modules(protocol.ledger.__path__, "protocol.ledger."):
        import_module(module.name)
    ours = {error.code for error in LedgerRefusal.__subclasses__() if error.__module__.startswith("protocol.ledger.")}
    assert len(ours) > 40
    assert ours - {path.name.partition("--")[0] for path in REFUSED} == set()
