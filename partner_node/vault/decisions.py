"""Touches the world: the officers' signed approvals and declarations, as the bytes that were signed."""

from partner_node.vault.vault import Vault
from protocol.study.approval import SignedApproval
from protocol.study.declaration import SignedDeclaration
from protocol.words.ids import Digest
from protocol.words.period import Period


def keep_approval(vault: Vault, signed: SignedApproval) -> None:
    """Store an officer's decision on a study; a later one of the same officer replaces it.

    Not promised: that it holds; `check_approval` says so at each use.
    """
    approval = signed.approval
    with vault.transaction() as connection:
        connection.execute(
            "INSERT INTO approval VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET signed = excluded.signed",
            (approval.study_digest, approval.officer, signed.encode()),
        )


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
