"""Rounds in a row while nodes, coordinator and SuperLink are killed: a slot opens once, exactly, or stays open.

SAMENZICHT_CAMPAIGN=FOLDER make nightly ARGS=tests/flower/test_campaign.py    goes on where it was stopped
"""

import os
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.flower.campaign import ROUNDS, Campaign, no_noise, periods
from tests.flower.live import today
from tests.flower.parties import NODES

SEED = 20_261_122


def campaign_in(folder: Path) -> Campaign:
    """Return a campaign, begun today or on the day on which its folder was."""
    begun = folder / "begun"
    if not begun.exists():
        begun.write_text(today().isoformat())
    return Campaign(folder, date.fromisoformat(begun.read_text()), SEED)


def told(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@pytest.mark.nightly
def test_thirty_rounds_with_kills_open_once_and_exactly(tmp_path: Path) -> None:
    """T10, C08, F01 in this design."""
    folder = Path(os.environ.get("SAMENZICHT_CAMPAIGN", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    campaign = campaign_in(folder)
    campaign.play(tell=told)
    lines = campaign.lines
    done = [line for line in lines if line["state"] == "done"]
    kills = [victim for line in lines for _, victim in line["kills"]]  # type: ignore[attr-defined]  # a list of pairs
    told(f"{len(done)} of {len(lines)} done, {len(kills)} kills")
    assert len(lines) == ROUNDS
    assert [line["round"] for line in done if line["exact"] is not True] == []
    assert sum(int(str(line["people"])) for line in done) > 0, "there was somebody to count"
    for party, slots in campaign.locks().items():
        assert len(slots) == len(set(slots)), party
        assert len(slots) >= len(done), party
    assert set(kills) > {"coordinator", "superlink"}, "nodes too"


def test_the_rounds_are_as_many_as_are_told() -> None:
    assert len(set(periods())) == ROUNDS == 30
    assert len(NODES) == 4


def test_a_build_that_draws_noise_would_not_be_exact() -> None:
    """Negative control: the sums are exact because nothing is drawn, not because nothing is compared."""
    from privacy.counts import CellCounts  # noqa: PLC0415 - of this test alone

    counts = CellCounts(np.arange(4, dtype=np.int64))
    assert no_noise(counts, None, None).values.tolist() == [0, 1, 2, 3]
