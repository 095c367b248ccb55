"""Touches the world: the officers' signed approvals and declarations, as the bytes that were signed."""

import sqlite3

from partner_node.errors import VaultRefusal
from partner_node.vault.carry_out import load_memory
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import Vault
from protocol.digest import digest_of
from protocol.ledger.entry import ApprovalEntry, CovenantEntry
from protocol.round.participant.ready import is_busy
from protocol.study.approval import SignedApproval
from protocol.study.declaration import SignedDeclaration
from protocol.words.ids import Digest
from protocol.words.period import Period


class RoundOpen(VaultRefusal):
    """A word for the log while a round is open: a peer would take the head that this party showed for an older one."""


def keep_covenant(vault: Vault, covenant_digest: Digest, *, now_s: int) -> None:
    """Log the covenant version that this party pinned.

    Raises: RoundOpen.
    """
    check_no_round(vault, now_s)
    with vault.transaction() as connection:
        StoredTree(connection).append(CovenantEntry(covenant_digest=covenant_digest).encode())


def log_approval(vault: Vault, signed: SignedApproval, *, now_s: int) -> None:
    """Store an officer's decision and log it by its digest, in one transaction.

    Raises: RoundOpen.
    """
    check_no_round(vault, now_s)
    entry = ApprovalEntry(study_digest=signed.approval.study_digest, approval_digest=digest_of(signed))
    with vault.transaction() as connection:
        _keep(connection, signed)
        StoredTree(connection).append(entry.encode())


def check_no_round(vault: Vault, now_s: int) -> None:
    """Refuse while a slot is frozen or locked: the log must not grow between a READY and its end.

    Raises: RoundOpen.
    """
    if is_busy(load_memory(vault), Digest(""), now_s):
        raise RoundOpen(
            got="a round of this node that is open",
            wanted="a moment between rounds: a decision is written in the log",
            act="the officer must decide again when the round is sent; `pause` works at once",
        )


def keep_approval(vault: Vault, signed: SignedApproval) -> None:
    """Store an officer's decision on a study; a later one of the same officer replaces it.

    Not promised: that it holds; `check_approval` says so at each use.
    """
    with vault.transaction() as connection:
        _keep(connection, signed)


def approvals(vault: Vault, study_digest: Digest) -> tuple[SignedApproval, ...]:
    """Return the decisions on a study, by officer."""
    rows = vault.connection.execute(
        "SELECT signed FROM approval WHERE study_digest = ? ORDER BY officer", (study_digest,)
    )
    return tuple(SignedApproval.parse(body, source="the vault") for (body,) in rows)


def keep_declaration(vault: Vault, signed: SignedDeclaration) -> None:
    """Store an officer's declaration of a delivery; a later one of the same officer replaces it.

    Not promised: that it holds; `protocol.study.declaration` checks it at each use.
    """
    declaration = signed.declaration
    with vault.transaction() as connection:
        connection.execute(
            "INSERT INTO declaration VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET signed = excluded.signed",
            (declaration.study_digest, str(declaration.period), declaration.officer, signed.encode()),
        )


def declarations(vault: Vault, study_digest: Digest, period: Period) -> tuple[SignedDeclaration, ...]:
    """Return the declarations of a delivery, by officer."""
    rows = vault.connection.execute(
        "SELECT signed FROM declaration WHERE study_digest = ? AND period = ? ORDER BY officer",
        (study_digest, str(period)),
    )
    return tuple(SignedDeclaration.parse(body, source="the vault") for (body,) in rows)


def _keep(connection: sqlite3.Connection, signed: SignedApproval) -> None:
    approval = signed.approval
    connection.execute(
        "INSERT INTO approval VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET signed = excluded.signed",
        (approval.study_digest, approval.officer, signed.encode()),
    )
