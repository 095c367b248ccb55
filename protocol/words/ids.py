"""Computes nothing: ids that may not be swapped are different types, each with its one form.

Every id is lower-case ASCII with hyphens, so that it sorts, hashes and prints the same everywhere.
"""

from typing import Annotated, NewType

from pydantic import StringConstraints

_NAME = StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)
_CODE = StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=20)
_HEX_32_BYTES = StringConstraints(pattern=r"^[0-9a-f]{64}$")
_HEX_64_BYTES = StringConstraints(pattern=r"^[0-9a-f]{128}$")
# One printable line: no control characters that could forge a line of a log or a terminal.
_LINE = StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$", max_length=400)

PartyId = NewType("PartyId", Annotated[str, _NAME])
OfficerId = NewType("OfficerId", Annotated[str, _NAME])
CovenantId = NewType("CovenantId", Annotated[str, _NAME])
GeographyId = NewType("GeographyId", Annotated[str, _NAME])
CodeListId = NewType("CodeListId", Annotated[str, _NAME])
StudyId = NewType("StudyId", Annotated[str, _NAME])
MeasureId = NewType("MeasureId", Annotated[str, _NAME])
TableId = NewType("TableId", Annotated[str, _NAME])

Code = NewType("Code", Annotated[str, _CODE])  # one category of a code list; as the source writes it

Digest = NewType("Digest", Annotated[str, _HEX_32_BYTES])  # SHA-256, lower-case hex
IdentityKey = NewType("IdentityKey", Annotated[str, _HEX_32_BYTES])  # Ed25519 public key of a party
ApprovalKey = NewType("ApprovalKey", Annotated[str, _HEX_32_BYTES])  # Ed25519 public key of an officer
AgreementKey = NewType("AgreementKey", Annotated[str, _HEX_32_BYTES])  # X25519 public key of a party
Signature = NewType("Signature", Annotated[str, _HEX_64_BYTES])  # Ed25519 signature

Line = NewType("Line", Annotated[str, _LINE])  # text for people: one line
