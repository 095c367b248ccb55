"""kill -9 of the coordinator's commands at any durable step: the same round goes on, to the same release."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from coordinator.store.make import make_store
from privacy.audit.cli import read_files
from privacy.audit.verify import verify
from protocol.digest import digest_of
from tests import example
from tests.coordinator.example_office import NOW, ExampleOffice, covenant
from tests.coordinator.killed_command import killed_at

PR_KILLS, NIGHTLY_KILLS = 20, 2_000
MOST_STEPS = 200  # a turn that takes six answers and sends six messages has about 180
DEATHS = 4  # of one command in a row
TURNS = 8  # a round needs five or six
RUN = ("run", example.QUARTER, "--now", NOW, "--json")


@dataclass(slots=True)
class Campaign:
    """Rounds whose commands die at steps of chance. states: of the slot when a command died."""

    home: Path
    chance: Random
    restart: Callable[[ExampleOffice], None] = lambda _office: None
    kills: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def round(self, number: int, *, repaired: bool) -> None:
        """Play one round to its checked bundle, and compare the release with that of an undisturbed one."""
        office = office_in(self.home / f"killed-{number}", repaired=repaired, seed=number)
        told = ""
        for _ in range(TURNS):
            told = self._die_or_end(office, *RUN)
            if '"done"' in told:
                break
            office.carry()
        assert '"done"' in told, "the round did not end"
        self._die_or_end(
            office, "approve-release", example.QUARTER, "--officer", example.SECOND, "--key", str(office.second_key())
        )
        self._die_or_end(office, "release", example.QUARTER)
        self._die_or_end(office, "export", "--to", str(office.home / "out"))
        assert released(office) == undisturbed(self.home / f"whole-{number}", repaired=repaired, seed=number)
        report = verify(read_files(office.home / "out" / "audit-bundle"), covenant_digest=digest_of(covenant()))
        assert report.holds
        shutil.rmtree(office.home)

    def _die_or_end(self, office: ExampleOffice, *arguments: str) -> str:
        """Run a command until it ends, which it does after some deaths, and return what it said."""
        for death in range(DEATHS + 1):
            at = self.chance.randint(1, MOST_STEPS) if death < DEATHS else 0
            ended = killed_at(office, at, *arguments, before=lambda: self.restart(office))
            if not ended.killed:
                return ended.told[0].decode()
            self.kills += 1
            with office.open() as store:
                store.check()
                found = store.slot(office.slot)
                self.states["none" if found is None else found.state.value] += 1
        raise AssertionError("a command that nobody kills ends")


def office_in(home: Path, *, repaired: bool, seed: int) -> ExampleOffice:
    home.mkdir()
    office = ExampleOffice(home, gone=example.WITNESS if repaired else None)
    office.make()
    office.start(seed=seed)
    return office


def undisturbed(home: Path, *, repaired: bool, seed: int) -> bytes:
    """Return the release of a round in which nothing died."""
    office = office_in(home, repaired=repaired, seed=seed)
    office.run_to_the_end()
    office.publish()
    body = released(office)
    shutil.rmtree(home)
    return body


def released(office: ExampleOffice) -> bytes:
    with office.open(read_only=True) as store:
        (found,) = store.releases()
        return found.encode()


def test_a_command_that_is_killed_at_any_step_goes_on_to_the_same_release(tmp_path: Path) -> None:
    """C08: kill -9 of run, approve-release, release and export; restarting resumes or repairs; 0 wrong results."""
    campaign = Campaign(tmp_path, Random(8))
    number = 0
    while campaign.kills < PR_KILLS:
        campaign.round(number, repaired=bool(number % 2))
        number += 1
    assert len(campaign.states) >= 4


@pytest.mark.nightly
def test_two_thousand_kills_end_in_no_wrong_result(tmp_path: Path) -> None:
    """C08: 2,000 kills, in every state of a slot, 0 wrong results."""
    campaign = Campaign(tmp_path, Random(2_000))
    number = 0
    while campaign.kills < NIGHTLY_KILLS:
        campaign.round(number, repaired=bool(number % 2))
        number += 1
    print(f"C08: {campaign.kills} kills in {number} rounds, 0 wrong results; {dict(campaign.states)}")  # noqa: T201 - figures of the night
    assert set(campaign.states) == {"none", "proposed", "committed", "repairing", "opened", "done"}


def test_a_coordinator_that_begins_anew_after_a_crash_is_caught(tmp_path: Path) -> None:
    """Negative control of the campaign: with an empty store at each start no round ends as it should."""

    def anew(office: ExampleOffice) -> None:
        shutil.rmtree(office.folder / "store")
        make_store(office.url)
        with office.open() as store, store.transaction():
            office.agree(store)

    campaign = Campaign(tmp_path, Random(8), restart=anew)
    with pytest.raises(AssertionError):
        campaign.round(0, repaired=False)
