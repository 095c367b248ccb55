"""Computes: what hostile partners and a lying coordinator of a scenario do, with keys that are their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from coordinator.session import Session as CoordinatorSession
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.ledger.tree import MerkleTree
from protocol.release import Release, ReleasedCell, ReleasedTable
from protocol.round.frame import digest_of_payload, parse_frame, seal
from protocol.round.messages import Objection, Upload, Verdict
from protocol.round.partner_round import MAX_PAYLOAD_BYTES
from protocol.signing import SigningKey
from protocol.study.study import Study
from protocol.words.ids import PartyId
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


@dataclass(frozen=True, slots=True, repr=False)
class Liar:
    """A coordinator that misuses its own keys beside an honest session. ask: what a participant answers."""

    session: CoordinatorSession
    ask: Ask
    now_s: int

    def other_study(self, study: Study, period: Period) -> tuple[SamenzichtError, ...]:
        """Propose a study that nobody approved to everyone; return what anybody refuses."""
        member = self.session.member
        member = replace(member, studies={**member.studies, digest_of(study): study})
        liar = CoordinatorSession(member, self._forgetful(self.session.shelf.log))
        return self._propose(liar, study, period, member.covenant.participants)

    def open_again(self, study: Study, period: Period, fewer: tuple[PartyId, ...]) -> tuple[SamenzichtError, ...]:
        """Forget a round that was opened and propose it to fewer parties; return what anybody refuses.

        The difference of the two sums would be the counts of who was left out.
        """
        liar = CoordinatorSession(self.session.member, self._forgetful(self.session.shelf.log))
        return self._propose(liar, study, period, fewer)

    def forked_log(self, study: Study, period: Period, leaves: Sequence[bytes]) -> tuple[SamenzichtError, ...]:
        """Propose a round with a log whose first entry is another; return what anybody refuses."""
        log = MerkleTree()
        for leaf in (b"another entry", *leaves[1:]):
            log.append(leaf)
        member = self.session.member
        return self._propose(
            CoordinatorSession(member, self._forgetful(log)), study, period, member.covenant.participants
        )

    def _forgetful(self, log: MerkleTree) -> MemoryShelf:
        return MemoryShelf(log=log, sizes=[*self.session.shelf.shown()])

    def _propose(
        self, liar: CoordinatorSession, study: Study, period: Period, participants: tuple[PartyId, ...]
    ) -> tuple[SamenzichtError, ...]:
        refused: list[SamenzichtError] = []
        step = liar.propose(digest_of(study), period, participants, expires_s=self.now_s + READY_LIFETIME_S)
        for party, body in step.messages:
            try:
                for answer in self.ask(party, body):
                    liar.take(step.slot.slot, answer)
            except SamenzichtError as error:
                refused.append(error)
        return tuple(refused)


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
