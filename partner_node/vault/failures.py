"""Computes: why a vault cannot be opened or written, and which of these an error of SQLite is."""

import sqlite3

from partner_node.errors import VaultFault, VaultRefusal


class VaultMissing(VaultFault):
    """No vault where one was: an empty one in its place would charge everyone twice."""


class VaultInUse(VaultRefusal):
    """Another process has this vault open."""


class VaultDamaged(VaultFault):
    """A vault file that is not whole, or whose tables are not the ones that were made."""


class StorageFailed(VaultFault):
    """The disk did not take a transaction; what was durable before still is, and this vault is closed."""


def as_ours(error: sqlite3.Error) -> VaultRefusal | VaultFault:
    """Return what SQLite says as an error of the vault."""
    name = getattr(error, "sqlite_errorname", "SQLITE_MISUSE")  # a closed vault has no code
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return in_use()
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(f"a vault that cannot be read ({name})")
    return storage_failed(name)


def missing() -> VaultMissing:
    """Return the fault of a vault that is not there."""
    return VaultMissing(
        got="no vault", wanted="the one that was made", act="the partner's IT must run `restore` or find the file"
    )


def in_use() -> VaultInUse:
    """Return the refusal of a second process."""
    return VaultInUse(
        got="a vault that another process holds",
        wanted="one node",
        act="the partner's IT must stop the other node, or find out what it is",
    )


def damaged(got: str) -> VaultDamaged:
    """Return the fault of a file that is not whole."""
    return VaultDamaged(
        got=got, wanted="a whole vault", act="the partner's IT must run `restore`; keep the damaged file for the FG"
    )


def storage_failed(got: str) -> StorageFailed:
    """Return the fault of a disk that failed."""
    return StorageFailed(
        got=f"{got} at the vault",
        wanted="a durable transaction",
        act="the partner's IT must make room or mend the disk, then start the node again",
    )
