"""Touches the world: opens the coordinator's store, and keeps what a round, a study and a release leave.

A frame is stored before it leaves: `keep_slot` returns when everything it was given is durable, or raises and nothing
of it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from coordinator.store import shelf
from coordinator.store.evidence_rows import Evidence, read_evidence, write_evidence
from coordinator.store.failures import as_ours, closed, damaged
from coordinator.store.log import StoredTree
from coordinator.store.place import Place, place_of
from coordinator.store.revision import check_newest
from coordinator.store.session import Session, check_pages, connect
from coordinator.store.slot_rows import StoredFrame, read_frames, read_slot, read_states, write_slot
from coordinator.store.tables import SHOWN_SIZES
from protocol.covenant.signed import SignedCovenant
from protocol.ledger.entry import Entry
from protocol.release import SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.study.approval import SignedApproval
from protocol.study.declaration import SignedDeclaration
from protocol.study.study import SignedStudy
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest
from protocol.words.period import Period


class Store:
    """An open store, for one thread. Any failure of the database closes it; opening again shows what is durable."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session
        self._open_slots: dict[Digest, CoordinatorSlot] = {}  # as stored, of rounds under way: see `slot`
        self._read: shelf.Read = {}
        self.log = StoredTree(self._reading, self.transaction)

    def __repr__(self) -> str:
        return f"Store({self._place.name})"

    @property
    def name(self) -> str:
        """What people call it; no password is in it."""
        return self._place.name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database and of its lock."""
        self._session.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Hold a transaction: durable when the outermost block ends, undone when its own block raises.

        What is kept and appended within the block is durable together. Within another block it is a part of that one.
        Raises: RuleBroken, StoreReadOnly, StoreInUse, StoreFailed, StoreDamaged, DatabaseUnreachable.
        """
        connection = self._connection()
        inner = connection.in_transaction()
        try:
            with connection.begin_nested() if inner else connection.begin():
                yield connection
        except BaseException as error:
            self._open_slots.clear()  # what was undone is not stored
            if not isinstance(error, DBAPIError):
                raise
            if not isinstance(error, IntegrityError):
                self.close()  # a failed write or sync is never tried again
            raise as_ours(error, self._place.name) from None  # the cause may quote rows

    def slot(self, slot: Digest) -> CoordinatorSlot | None:
        """Return a slot with its frames, or None when it was never proposed.

        Of a round under way it is what was kept last: reading it back for each of many uploads would take a round as
        many times through all of them.
        """
        if slot in self._open_slots:
            return self._open_slots[slot]
        with self._reading() as connection:
            return read_slot(connection, slot, store=self._place.name)

    def slot_states(self) -> Mapping[Digest, State]:
        """Return where every slot stands, the oldest first, without reading a frame."""
        with self._reading() as connection:
            return read_states(connection)

    def slots(self) -> tuple[CoordinatorSlot, ...]:
        """Return every slot with its frames, the oldest first."""
        found = (self.slot(slot) for slot in self.slot_states())
        return tuple(slot for slot in found if slot is not None)

    def keep_slot(
        self,
        slot: CoordinatorSlot,
        *,
        showed: int | None = None,
        entries: Sequence[Entry] = (),
        release: SignedRelease | None = None,
    ) -> None:
        """Make a step durable in one transaction; frames that are stored already are not written again.

        showed: the size of the own log that the step's messages show. entries: for the own log. release: of this slot.
        Raises: RuleBroken, when the step does not follow from what is stored; OtherBytes; what `transaction` raises.
        """
        with self.transaction() as connection:
            before = self._open_slots.get(slot.slot) or read_slot(connection, slot.slot, store=self._place.name)
            write_slot(connection, slot, before=before)
            if showed is not None:
                connection.execute(insert(SHOWN_SIZES).values(size=showed))
            for entry in entries:
                self.log.append(entry.encode())
            if release is not None:
                shelf.RELEASE_SHELF.keep(connection, release)
            if slot.state is State.DONE:
                self._open_slots.pop(slot.slot, None)
            else:
                self._open_slots[slot.slot] = slot

    def shown(self) -> tuple[int, ...]:
        """Return the sizes of the own log that parties may have seen, in the order in which they were kept."""
        with self._reading() as connection:
            return tuple(connection.scalars(select(SHOWN_SIZES.c.size).order_by(SHOWN_SIZES.c.number)))

    def keep_covenant(self, signed: SignedCovenant) -> None:
        """Keep a covenant that all parties signed, by the digest of the covenant.

        Raises: OtherBytes.
        """
        self._keep(shelf.COVENANT_SHELF, signed)

    def covenant(self, digest: Digest) -> SignedCovenant | None:
        """Return the covenant with this digest."""
        return _one(self._find(shelf.COVENANT_SHELF, digest=digest))

    def covenants(self) -> tuple[SignedCovenant, ...]:
        """Return every covenant, the first kept first."""
        return self._find(shelf.COVENANT_SHELF)

    def keep_geography(self, geography: Geography) -> None:
        """Keep a geography by its digest."""
        self._keep(shelf.GEOGRAPHY_SHELF, geography)

    def geography(self, digest: Digest) -> Geography | None:
        """Return the geography with this digest."""
        return _one(self._find(shelf.GEOGRAPHY_SHELF, digest=digest))

    def keep_code_list(self, code_list: CodeList) -> None:
        """Keep a code list by its digest."""
        self._keep(shelf.CODE_LIST_SHELF, code_list)

    def code_list(self, digest: Digest) -> CodeList | None:
        """Return the code list with this digest."""
        return _one(self._find(shelf.CODE_LIST_SHELF, digest=digest))

    def keep_study(self, signed: SignedStudy) -> None:
        """Keep a signed study of a stored covenant, by the digest of the study.

        Raises: OtherBytes; RuleBroken, when its covenant is not stored.
        """
        self._keep(shelf.STUDY_SHELF, signed)

    def study(self, digest: Digest) -> SignedStudy | None:
        """Return the study with this digest."""
        return _one(self._find(shelf.STUDY_SHELF, digest=digest))

    def studies(self) -> tuple[SignedStudy, ...]:
        """Return every study, the first kept first."""
        return self._find(shelf.STUDY_SHELF)

    def keep_approval(self, signed: SignedApproval) -> None:
        """Keep an officer's decision on a stored study; an earlier one stays.

        Raises: RuleBroken, when its study is not stored.
        """
        self._keep(shelf.APPROVAL_SHELF, signed)

    def approvals(self, study: Digest) -> tuple[SignedApproval, ...]:
        """Return every decision on a study, the first kept first."""
        return self._find(shelf.APPROVAL_SHELF, study_digest=study)

    def keep_declaration(self, signed: SignedDeclaration) -> None:
        """Keep an officer's declaration for a round of a stored study; an earlier one stays.

        Raises: RuleBroken, when its study is not stored.
        """
        self._keep(shelf.DECLARATION_SHELF, signed)

    def declarations(self, study: Digest, period: Period) -> tuple[SignedDeclaration, ...]:
        """Return every declaration for a round, the first kept first."""
        return self._find(shelf.DECLARATION_SHELF, study_digest=study, period=str(period))

    def releases(self, slot: Digest | None = None) -> tuple[SignedRelease, ...]:
        """Return every release, or every one of a slot: the first, and then its corrections in their order."""
        return self._find(shelf.RELEASE_SHELF, **({} if slot is None else {"slot": slot}))

    def release(self, slot: Digest) -> SignedRelease | None:
        """Return the newest release of a slot."""
        found = self.releases(slot)
        return found[-1] if found else None

    def frames(self) -> Iterator[StoredFrame]:
        """Yield every frame with the place where it stands, of older attempts too."""
        with self._reading() as connection:
            yield from read_frames(connection)

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep texts or frames that contradict each other; nothing, if the same ones are there."""
        with self.transaction() as connection:
            write_evidence(connection, evidence)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return all that was kept, the first kept first."""
        with self._reading() as connection:
            return read_evidence(connection)

    def check(self) -> None:
        """Refuse a store of which a signed value or the log was changed behind its back; reads all of both.

        Not promised: that signatures hold, that a frame is what came, or that leaves and nodes were not changed
        together; signatures and the heads that others saw show that.
        Raises: StoreDamaged, which names the first that is wrong.
        """
        with self._reading() as connection:
            check_pages(connection, self._place)
            for kind in shelf.ALL_SHELVES:
                self._find(kind)
            self.slots()
            if wrong := self.log.first_wrong():
                raise damaged(f"{wrong} of the log that does not follow from its leaves", self._place.name)

    def _keep(self, on: shelf.Shelf[shelf.Value], value: shelf.Value) -> None:
        with self.transaction() as connection:
            on.keep(connection, value)

    def _find(self, on: shelf.Shelf[shelf.Value], **wanted: str) -> tuple[shelf.Value, ...]:
        with self._reading() as connection:
            return on.find(connection, self._place.name, self._read, **wanted)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Hold the transaction there is, or a short one: all that a block reads is of one moment."""
        connection = self._connection()
        if connection.in_transaction():
            yield connection
        else:
            with self.transaction():
                yield connection

    def _connection(self) -> Connection:
        if self._session.connection.closed:
            raise closed(self._place.name)
        return self._session.connection


def open_store(url: str, *, read_only: bool = False) -> Store:
    """Return a store that is there and has the newest tables. One writes at a time; any number may read beside it.

    Raises: UnsupportedStore, StoreMissing, StoreInUse, OpenToOthers, OlderSchema, NewerSchema, UnsafeSettings,
    DatabaseUnreachable, StoreDamaged.
    """
    place = place_of(url)
    store = Store(place, connect(place, read_only=read_only))
    try:
        with store.transaction() as connection:
            check_newest(connection, place.name)
    except BaseException:
        store.close()
        raise
    return store


def _one(found: tuple[shelf.Value, ...]) -> shelf.Value | None:
    return found[0] if found else None
