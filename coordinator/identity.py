"""Touches the world: the coordinator's identity key, one file that only its own user may read."""

import os
import re
import stat
from pathlib import Path

from coordinator.errors import OperatorRefusal
from coordinator.whole_file import write_whole
from protocol.signing import SigningKey, signing_key

NAME = "identity.key"
_FORM = re.compile(rb"[0-9a-f]{64}\n")
_MODE = 0o600


class UnsafeIdentity(OperatorRefusal):
    """An identity key that is missing, damaged, or that others may read."""


def make_identity(folder: Path, secret: bytes) -> None:
    """Write the key; nothing, if one is there: another would make the coordinator a stranger. secret: 32 bytes."""
    path = folder / NAME
    if not path.exists():
        write_whole(path, f"{secret.hex()}\n".encode(), mode=_MODE)


def load_identity(folder: Path) -> SigningKey:
    """Return the key.

    Raises: UnsafeIdentity.
    """
    path = folder / NAME
    if not path.is_file():
        raise _unsafe("no identity key", "put the key back from its safe copy, or run init in a new folder")
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != _MODE or found.st_uid != os.getuid():
        raise _unsafe(f"{NAME} that others may read", f"run chmod 600 {NAME}, and replace a key that others could read")
    body = path.read_bytes()[:66]
    if _FORM.fullmatch(body) is None:
        raise _unsafe(f"{NAME} that holds no key", "put the key back from its safe copy")
    return signing_key(bytes.fromhex(body.decode()))


def _unsafe(got: str, act: str) -> UnsafeIdentity:
    return UnsafeIdentity(
        got=got, wanted="a key of 64 digits that only its owner may read", act=f"the operator must {act}"
    )
