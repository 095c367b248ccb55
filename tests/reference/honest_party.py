"""Computes: one honest participant of a round, bytes in and bytes out, written from docs/protocol.md and nothing else.

`honest_start.py` brings it to its UPLOAD; here are REPAIR, RESULT and the door. Slow on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.reference import honest_round as rules
from tests.reference import honest_vectors as vectors
from tests.reference.honest_start import RoundStart, Slot
from tests.reference.honest_wire import Frame, Refused, check_settled, require, sealed, unpacked


class Objection(Refused):
    """What is wrong with a RESULT; the text is what the VERDICT names."""


@dataclass(slots=True, repr=False)
class HonestParty(RoundStart):
    """A participant."""

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        """Return the answer to a message of the coordinator.

        Raises: Refused.
        """
        frame = self.read(body)
        require(frame.sender == self.agreement.coordinator, "a kind that its sender may send")
        if frame.header["kind"] == "propose":
            return (self.propose(frame, now_s),)
        slot = self.slots.get(frame.header["slot"])
        if slot is None or frame.header["attempt"] != slot.attempt:
            raise Refused("a slot and attempt that this participant holds")
        match frame.header["kind"]:
            case "commit":
                return (self.commit(frame, slot, now_s),)
            case "repair":
                return (self._repair(frame, slot),)
            case "result":
                return (self._result(frame, slot),)
        raise Refused("a kind that its sender may send")

    # --- CORRECTION --------------------------------------------------------------------------------------------------

    def _repair(self, frame: Frame, slot: Slot) -> bytes:
        require(frame.header["context"] == slot.context.hex(), "the context of this round")
        gone = frame.header["gone"]
        if slot.correction:
            require(gone == slot.gone, "one REPAIR of a slot")
            return slot.correction
        require(slot.upload and not slot.verdict, "a slot that is sent and not done")
        require(gone and gone == [party for party in slot.participants if party in gone], "the gone in order")
        require(self.id not in gone, "others gone than this participant")
        left = len(slot.participants) - len(gone)
        require(left >= self.agreement.covenant["minimum_participants"], "n_min survivors")
        aborts = [self.read(body) for body in unpacked(frame.payload)]
        require([abort.sender for abort in aborts] == gone, "the ABORT of each of the gone, in order")
        for abort in aborts:
            self.check_round(abort, slot, "abort")
            entry = check_settled(abort.header["abort"], self.check_grown(abort, slot))
            expected = {"version": 1, "kind": "abort", "slot": slot.id, "attempt": slot.attempt}
            require(entry == expected, "the ABORT entry of this slot")
            self.unsettled[slot.id].discard(abort.sender)
        slot.gone = gone
        slot.correction = self._correct(slot)
        return slot.correction

    def _correct(self, slot: Slot) -> bytes:
        secrets = self.chance("repair", slot.id, slot.repair_context.hex())
        noise = vectors.noise_of(secrets.seed, slot.id, slot.attempt, slot.repair_context)
        for one in rules.segments(self.agreement, slot.period):
            slot.extra += self._extra(one, slot, noise, secrets.opening)
        removed = self.mask(slot, slot.gone, slot.context)
        added = self.mask(slot, slot.survivors, slot.repair_context)
        cells = [own - old + new for own, old, new in zip(slot.extra, removed, added, strict=True)]
        header = self.header("correction", slot) | {"context": slot.repair_context.hex()}
        return sealed(header, self.signing_key, vectors.bytes_of(cells, slot.offer["spec"]["ring_bits"]))

    def _extra(self, one: rules.Segment, slot: Slot, noise: vectors.Noise, blind: bytes) -> list[int]:
        """Return the top-up or the blind of the next segment."""
        before, after, contributors = slot.participants, slot.survivors, one.table["contributors"]
        lost = len(contributors) > 1 and rules.present(one.table, before) != rules.present(one.table, after)
        if not lost or not rules.is_delivered(self.agreement, one.table, before):
            return [0] * one.size
        if not rules.is_delivered(self.agreement, one.table, after):
            first = len(slot.extra)
            return vectors.stream(blind, first + one.size, slot.offer["spec"]["ring_bits"])[first:]
        if self.id not in contributors:
            return [0] * one.size
        missing = rules.share(self.agreement, one.table, after) - rules.share(self.agreement, one.table, before)
        return noise.draw(max(Fraction(4), missing), one.size)

    # --- VERDICT -----------------------------------------------------------------------------------------------------

    def _result(self, frame: Frame, slot: Slot) -> bytes:
        require(frame.header["context"] == slot.context.hex(), "the context of this round")
        if slot.verdict:
            return slot.verdict
        require(slot.upload, "a slot that is sent")
        objection = None
        try:
            self._check_result(frame, slot)
        except Objection as found:
            objection = str(found)
        header = self.header("verdict", slot) | {"context": slot.context.hex(), "objection": objection}
        slot.verdict = sealed(header, self.signing_key)
        return slot.verdict

    def _check_result(self, frame: Frame, slot: Slot) -> None:
        has_vectors = frame.header["has_vectors"]
        try:
            require(frame.header["gone"] == slot.gone, "the gone of the REPAIR that was answered")
            frames = [self.read(body, payload_left_out=not has_vectors) for body in unpacked(frame.payload)]
            uploads, corrections = frames[: len(slot.survivors)], frames[len(slot.survivors) :]
            self._check_parts(uploads, "upload", slot.context, slot.upload, slot.survivors, slot)
            fixed = slot.survivors if slot.gone else []
            self._check_parts(corrections, "correction", slot.repair_context, slot.correction, fixed, slot)
            self._check_vectors(frames, slot, has_vectors=has_vectors)
        except Refused as refused:
            raise Objection("upload") from refused
        try:
            for upload in uploads:
                if upload.sender != self.id:
                    self._check_lock(upload, slot)
            coordinator = self.agreement.coordinator
            head = self.seen(coordinator, frame.header["checkpoint"], frame.header["consistency"])
            self.heads[coordinator] = head
        except Refused as refused:
            raise Objection("witness") from refused
        if has_vectors:
            self._check_sum([one.payload for one in frames], slot)

    def _check_parts(
        self, parts: Sequence[Frame], kind: str, context: bytes, own: bytes, senders: Sequence[str], slot: Slot
    ) -> None:
        require([part.sender for part in parts] == senders, "one of each survivor, in order")
        for part in parts:
            self.check_round(part, slot, kind)
            require(part.header["context"] == context.hex(), "the context of this round or repair")
            if part.sender == self.id:
                sent = self.read(own)
                require(part.without_payload == sent.without_payload, "what this participant sent")

    def _check_vectors(self, frames: Sequence[Frame], slot: Slot, *, has_vectors: bool) -> None:
        vector_bytes = slot.offer["spec"]["cells"] * slot.offer["spec"]["ring_bits"] // 8
        if has_vectors:
            require(all(len(one.payload) == vector_bytes for one in frames), "a residue for every cell")
            return
        whole = sum(len(one.without_payload) + vector_bytes for one in frames)
        require(whole > self.agreement.study["max_upload_bytes"], "vectors, below the size that the study sets")

    def _check_lock(self, upload: Frame, slot: Slot) -> None:
        entry = check_settled(upload.header["lock"], self.check_grown(upload, slot))
        named = (entry["kind"], entry["slot"], entry["attempt"], entry.get("context"))
        require(named == ("lock", slot.id, slot.attempt, slot.context.hex()), "the LOCK entry of this slot")
        self.unsettled[slot.id].discard(upload.sender)

    def _check_sum(self, payloads: Sequence[bytes], slot: Slot) -> None:
        word_bits = slot.offer["spec"]["ring_bits"]
        cells = vectors.centred_sum([vectors.words_of(payload, word_bits) for payload in payloads], word_bits)
        grid = rules.segments(self.agreement, slot.period)
        most = rules.limit(grid, len(slot.survivors))
        own_is_right, first = True, 0
        for one in grid:
            inside = slice(first, first + one.size)
            first += one.size
            if self._is_void(one, slot):
                continue
            if any(abs(cell) > most for cell in cells[inside]):
                raise Objection("sum")
            if one.table["contributors"] == [self.id]:
                own_is_right = own_is_right and cells[inside] == slot.noised[inside]
        if not own_is_right:
            raise Objection("own-table")

    def _is_void(self, one: rules.Segment, slot: Slot) -> bool:
        """Tell whether a repair made a joint table undeliverable; its cells are uniform."""
        before, after = (
            rules.is_delivered(self.agreement, one.table, who) for who in (slot.participants, slot.survivors)
        )
        return len(one.table["contributors"]) > 1 and before and not after
