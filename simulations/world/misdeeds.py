"""Computes: what hostile partners and a lying coordinator of a scenario do, with keys that are their own."""

from collections.abc import Callable
from dataclasses import replace

from coordinator.session import Session as CoordinatorSession
from protocol.errors import SamenzichtError
from protocol.ledger.tree import MerkleTree
from protocol.release import Release, ReleasedCell, ReleasedTable
from protocol.round.frame import digest_of_payload, parse_frame, seal
from protocol.round.messages import Objection, Upload, Verdict
from protocol.round.partner_round import MAX_PAYLOAD_BYTES
from protocol.signing import SigningKey
from protocol.study.study import Study
from protocol.digest import digest_of
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.round_world import READY_LIFETIME_S, MemoryShelf
from simulations.world.node import Answer
from simulations.world.scenario import EventKind

Ask = Callable[[PartyId, bytes], tuple[bytes, ...]]


def answering(answer: Answer, kinds: frozenset[EventKind], key: SigningKey) -> Answer:
    """Return how a party answers in a round, given what the scenario says of it."""

    def answered(body: bytes) -> tuple[bytes, ...]:
        if EventKind.SILENT in kinds:
            return ()
        answers = answer(body)
        if EventKind.SPOILS in kinds:
            answers = tuple(_spoiled(each) for each in answers)
        if EventKind.UPLOADS_TWICE in kinds:
            answers = tuple(again for each in answers for again in _twice(each, key))
        if EventKind.OBJECTS in kinds:
            answers = tuple(_objecting(each, key) for each in answers)
        return answers

    return answered


def propose_other_study(
    session: CoordinatorSession, study: Study, period: Period, ask: Ask, now_s: int
) -> tuple[SamenzichtError, ...]:
    """Propose a study that nobody approved; return what the participants say to it."""
    member = replace(session.member, studies={**session.member.studies, digest_of(study): study})
    shelf = session.shelf
    assert isinstance(shelf, MemoryShelf)  # noqa: S101 - the world's coordinator lives in memory
    liar = CoordinatorSession(member, MemoryShelf(log=shelf.log, sizes=[*shelf.sizes]))
    return _propose(liar, digest_of(study), period, member.covenant.participants, ask=ask, now_s=now_s)


def open_again(
    session: CoordinatorSession, study: Study, period: Period, participants: tuple[PartyId, ...], ask: Ask, now_s: int
) -> tuple[SamenzichtError, ...]:
    """Forget a round that was opened and propose it to fewer parties; return what anybody refuses.

    The difference of the two sums would be the counts of who was left out.
    """
    shelf = session.shelf
    assert isinstance(shelf, MemoryShelf)  # noqa: S101 - the world's coordinator lives in memory
    liar = CoordinatorSession(session.member, MemoryShelf(log=shelf.log, sizes=[*shelf.sizes]))
    return _propose(liar, digest_of(study), period, participants, ask=ask, now_s=now_s)


def show_forked_log(
    session: CoordinatorSession,
    study: Study,
    period: Period,
    participants: tuple[PartyId, ...],
    *,
    leaves: tuple[bytes, ...],
    ask: Ask,
    now_s: int,
) -> tuple[SamenzichtError, ...]:
    """Propose a round with a log whose first entry is another; return what the participants say to it."""
    log = MerkleTree()
    for leaf in (b"another entry", *leaves[1:]):
        log.append(leaf)
    shelf = session.shelf
    assert isinstance(shelf, MemoryShelf)  # noqa: S101 - the world's coordinator lives in memory
    liar = CoordinatorSession(session.member, MemoryShelf(log=log, sizes=[*shelf.sizes]))
    return _propose(liar, digest_of(study), period, participants, ask=ask, now_s=now_s)


def other_figure(release: Release) -> Release:
    """Return the release with one more in its first shown cell."""
    tables = list(release.tables)
    for place, table in enumerate(tables):
        shown = [number for number, cell in enumerate(table.cells) if cell.value is not None]
        if shown:
            tables[place] = _one_more(table, shown[0])
            break
    return release.model_copy(update={"tables": tuple(tables)})


def _one_more(table: ReleasedTable, number: int) -> ReleasedTable:
    cells = list(table.cells)
    cell = cells[number]
    cells[number] = ReleasedCell(index=cell.index, value=(cell.value or 0) + 1, not_shown=None)
    return table.model_copy(update={"cells": tuple(cells)})


def _propose(
    liar: CoordinatorSession,
    study_digest: Digest,
    period: Period,
    participants: tuple[PartyId, ...],
    *,
    ask: Ask,
    now_s: int,
) -> tuple[SamenzichtError, ...]:
    refused: list[SamenzichtError] = []
    step = liar.propose(study_digest, period, participants, expires_s=now_s + READY_LIFETIME_S)
    for party, body in step.messages:
        try:
            for answer in ask(party, body):
                liar.take(step.slot.slot, answer)
        except SamenzichtError as error:
            refused.append(error)
    return tuple(refused)


def _spoiled(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def _twice(body: bytes, key: SigningKey) -> tuple[bytes, ...]:
    frame = parse_frame(body, source="itself", max_payload_bytes=MAX_PAYLOAD_BYTES)
    if not isinstance(frame.header, Upload):
        return (body,)
    payload = _spoiled(frame.payload)
    header = frame.header.model_copy(update={"payload_digest": digest_of_payload(payload)})
    return (body, seal(header, key=key, payload=payload).encode())


def _objecting(body: bytes, key: SigningKey) -> bytes:
    frame = parse_frame(body, source="itself", max_payload_bytes=MAX_PAYLOAD_BYTES)
    if not isinstance(frame.header, Verdict):
        return body
    return seal(frame.header.model_copy(update={"objection": Objection.SUM}), key=key).encode()
