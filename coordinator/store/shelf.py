"""Touches the world: signed values as their bytes, each under the digest by which others speak of it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, TableClause, insert, select

from coordinator.store.failures import OtherBytes, damaged
from coordinator.store.tables import APPROVALS, CODE_LISTS, COVENANTS, DECLARATIONS, GEOGRAPHIES, RELEASES, STUDIES
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.release import SignedRelease
from protocol.study.approval import SignedApproval
from protocol.study.declaration import SignedDeclaration
from protocol.study.study import SignedStudy
from protocol.wire import WireValue
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest

Value = TypeVar("Value", bound=WireValue)
Read = dict[tuple[str, str, bytes], Any]  # table, digest, SHA-256 of the stored bytes -> the value


@dataclass(frozen=True, slots=True)
class Shelf(Generic[Value]):
    """One kind of value in one table. name: its digest; columns: what else finds it."""

    table: TableClause
    kind: type[Value]
    name: Callable[[Value], Digest]
    columns: Callable[[Value], dict[str, str | None]] = lambda _: {}

    def keep(self, connection: Connection, value: Value) -> None:
        """Store a value; nothing, if the same bytes are there.

        Raises: OtherBytes.
        """
        digest, body = self.name(value), value.encode()
        stored = connection.scalar(select(self.table.c.body).where(self.table.c.digest == digest))
        if stored is None:
            connection.execute(insert(self.table).values(digest=digest, body=body, **self.columns(value)))
        elif bytes(stored) != body:
            raise OtherBytes(
                got=f"other signatures under a stored value of {self.table.name}",
                wanted="the bytes that are stored, which stay",
                act="whoever signed it twice must say which one counts; keep both files as evidence",
            )

    def find(self, connection: Connection, store: str, read: Read, **wanted: str) -> tuple[Value, ...]:
        """Return the values of which these columns are so, in the order in which they came. store: its name.

        read: values by what was read, to which this adds: the same bytes under the same digest are the same value, and
        a release of the whole country takes seconds to parse.
        Raises: StoreDamaged.
        """
        same = [self.table.c[name] == value for name, value in wanted.items()]
        query = select(*self.table.c).where(*same).order_by(self.table.c.number)
        found: list[Value] = []
        for row in connection.execute(query).mappings():
            body = bytes(row["body"])
            key = (self.table.name, str(row["digest"]), sha256(body).digest())
            if key not in read:
                read[key] = self._read(row["digest"], body, store)
            value = read[key]
            if any(row[name] != told for name, told in self.columns(value).items()):
                raise damaged(f"a value in {self.table.name} beside columns that are not its own", store)
            found.append(value)
        return tuple(found)

    def _read(self, digest: str, body: bytes, store: str) -> Value:
        try:
            value = self.kind.parse(body, source="the store")
        except Refusal:
            raise damaged(f"bytes in {self.table.name} that are no such value", store) from None
        if self.name(value) != digest:
            raise damaged(f"bytes in {self.table.name} under a digest that is not theirs", store)
        return value


COVENANT_SHELF = Shelf(COVENANTS, SignedCovenant, lambda signed: digest_of(signed.covenant))
GEOGRAPHY_SHELF = Shelf(GEOGRAPHIES, Geography, digest_of)
CODE_LIST_SHELF = Shelf(CODE_LISTS, CodeList, digest_of)
STUDY_SHELF = Shelf(
    STUDIES,
    SignedStudy,
    lambda signed: digest_of(signed.study),
    lambda signed: {"covenant_digest": signed.study.covenant_digest},
)
APPROVAL_SHELF = Shelf(
    APPROVALS, SignedApproval, digest_of, lambda signed: {"study_digest": signed.approval.study_digest}
)
DECLARATION_SHELF = Shelf(
    DECLARATIONS,
    SignedDeclaration,
    digest_of,
    lambda signed: {"study_digest": signed.declaration.study_digest, "period": str(signed.declaration.period)},
)
RELEASE_SHELF = Shelf(
    RELEASES,
    SignedRelease,
    lambda signed: digest_of(signed.release),
    lambda signed: {"slot": signed.release.slot, "supersedes": signed.release.supersedes},
)
ALL_SHELVES: tuple[Shelf[Any], ...] = (
    COVENANT_SHELF,
    GEOGRAPHY_SHELF,
    CODE_LIST_SHELF,
    STUDY_SHELF,
    APPROVAL_SHELF,
    DECLARATION_SHELF,
    RELEASE_SHELF,
)
