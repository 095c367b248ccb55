"""What the vault tells the report: which events any round knew before."""

from pathlib import Path

import numpy as np

from partner_node.vault.book import Charges
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.seen import SeenEvents, SeenGroup, ever_seen
from partner_node.vault.unit_key import event_keys
from protocol.round.memory import BookCharges, Remember, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.words.ids import Digest, MeasureId, StudyId, TableId
from protocol.words.period import Period
from tests.partner_node.vault.vault_party import YEAR, keys, new_vault, owner

SLOT = Digest("a" * 64)


def test_an_event_is_known_by_its_unit_whatever_study_or_period_counted_it(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    names = event_keys(owner().node_secret, ["first", "second"])
    groups = [
        SeenGroup(StudyId("a"), TableId("b"), MeasureId("c"), Period(period)) for period in ("2026-Q1", "2026-Q2")
    ]
    seen = tuple(SeenEvents(group, keys("household-1"), names[place : place + 1]) for place, group in enumerate(groups))
    charges = Charges(YEAR, keys("household-1"), np.array([3], dtype=np.int64), seen)
    asked = keys("household-1", "household-1", "household-2")
    events = np.vstack([names, names[:1]])
    assert ever_seen(vault, asked, events).tolist() == [False, False, False]
    frozen = Frozen(SLOT, np.zeros(1, dtype=np.int64), b"r" * 32, b"s" * 32, charges, b"t" * 32)
    carry_out(vault, (Remember(SlotMemory(SLOT, State.READY, Attempt(0))),), frozen=frozen)
    assert ever_seen(vault, asked, events).tolist() == [False, False, False]  # nothing is known before the LOCK
    carry_out(vault, (BookCharges(SLOT),))
    assert ever_seen(vault, asked, events).tolist() == [True, True, False]
    assert ever_seen(vault, asked[:0], events[:0]).tolist() == []
    vault.close()
