"""A whole model with real processes over a live SuperLink: nodes count what the same households give in memory."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.office import open_office
from partner_node.config import load_config
from partner_node.delivery.addresses import PART
from partner_node.node import load_node
from partner_node.profiles.profile import Route
from partner_node.stepping import count_step
from partner_node.taking_part import take_part
from partner_node.vault.carry_out import load_commitment
from partner_node.vault.unit_key import unit_keys
from protocol.round.messages import StepSpec
from protocol.words.ids import PartyId
from protocol.words.period import Period, step_in, step_of
from simulations.demo.place import Place
from simulations.models.agreement import CAP, COORDINATOR, PERIOD, agree_on
from simulations.models.households import records_of
from simulations.models.over_flower import ModelOverFlower, ModelTask
from simulations.models.without_rounds import ArrayBook
from tests.flower.live import today
from tests.simulations.test_demo import running

STEPS = 6
RESTARTED, ANSWERS = PartyId("regio-02"), 4  # READY, UPLOAD and VERDICT of the first step, and READY of the second
NOT_CHANCE = 10  # sds of noise: passed once in 10^22 honest cells


@dataclass(frozen=True)
class Played:
    """A model that was run by the commands. frozen, sent: of each partner and step, true and noised; asked: by step."""

    task: ModelTask
    place: Place
    said: dict[str, Any]
    shown: dict[str, Any]
    verdict: str
    asked: dict[Period, tuple[int, ...]]
    opened: dict[Period, NDArray[np.int64]]
    frozen: dict[tuple[PartyId, Period], NDArray[np.int64]]
    sent: dict[tuple[PartyId, Period], NDArray[np.int64]]
    spent: dict[PartyId, dict[bytes, int]]
    secrets: dict[PartyId, bytes]


def played_in(folder: Path) -> Played:
    """Play a small model and end every process; then look into the vaults."""
    task = ModelTask(today(), features=4, partners=3, households=6_000, clip=3.0, spread=0.9, base=-1.0)
    model = ModelOverFlower(Place(folder / "model"), task)
    try:
        model.prepare()
        nodes = model.start()

        def restart() -> None:
            """Stop one node in the middle of a step, and start it again."""
            log = model.place.root / "logs" / f"node-{RESTARTED}.log"
            answers = '"answered"'
            model.processes.wait(lambda: log.read_text().count(answers) >= ANSWERS, what="answers of a first step")
            nodes[RESTARTED].stop()
            nodes[RESTARTED].start()

        said, shown = model.run(meanwhile=restart), model.fitted()
        verdict = model.verify()
    finally:
        model.processes.stop()
    asked, opened, frozen, sent = {}, {}, {}, {}
    spent: dict[PartyId, dict[bytes, int]] = {}
    secrets: dict[PartyId, bytes] = {}
    with open_office(model.place.office, read_only=True) as office:
        slots = list(office.store.slots())
        for slot in slots:
            assert isinstance(slot.offer.spec, StepSpec)
            asked[slot.offer.spec.period] = slot.offer.spec.parameters
            opened[slot.offer.spec.period] = office.session().opened(slot.slot).values
    for party in task.parties:
        node = load_node(load_config(model.place.partner(party) / "node.toml"), today=task.today)
        secrets[party] = node.keys.node_secret
        with node.writing() as vault:
            session = take_part(node, vault, today=today).session
            for slot in slots:
                key = party, slot.offer.spec.period
                frozen[key] = load_commitment(vault, slot.slot).values
                sent[key] = session.own_counts(session.shelf.memory.slots[slot.slot])
            rows = vault.connection.execute("SELECT unit_key, nano_rho FROM book").fetchall()
            spent[party] = {bytes(name): int(amount) for name, amount in rows}
    return Played(task, model.place, said, shown, verdict, asked, opened, frozen, sent, spent, secrets)


def every_step_was_run_by_one_command(played: Played) -> None:
    assert [each["period"] for each in played.said["rounds"]] == [
        step_in(played.task.period, step) for step in range(1, STEPS + 1)
    ]
    assert {each["state"] for each in played.said["rounds"]} == {"done"}
    assert {party["state"] for each in played.said["rounds"] for party in each["parties"]} == {"done"}


def what_a_node_froze_and_booked_is_what_the_same_households_give_in_memory(played: Played) -> None:
    """From delivery to sums, beside rows made without a file; the node's own keys decide who is kept apart."""
    task = played.task
    agreed = agree_on(task.true.codings, partners=task.partners, clip=task.clip)
    for party, some in task.parts().items():
        names = [f"{Route.HOUSEHOLD}{PART}{party}-{place:07d}" for place in range(len(some.outcome))]
        keys = unit_keys(played.secrets[party], names)
        records, book = replace(records_of(some), unit_key=keys), ArrayBook()
        for period, asked in played.asked.items():
            step = step_in(PERIOD, step_of(period) or 0)
            counted = count_step(records, agreed.member(party), agreed.study_digest, step, parameters=asked, known=book)
            assert played.frozen[party, period].tolist() == counted.cells.values.tolist()
            book.book(counted)
        assert played.spent[party] == book.nano_rho
        assert 0 < max(book.nano_rho.values()) <= CAP * 10**9


def every_sum_is_what_the_nodes_sent_and_that_is_near_what_they_froze(played: Played) -> None:
    agreed = agree_on(played.task.true.codings, partners=played.task.partners, clip=played.task.clip)
    for period, opened in played.opened.items():
        grid = agreed.member(COORDINATOR).grid(agreed.study_digest, step_in(PERIOD, step_of(period) or 0))
        noise = np.concatenate(
            [np.full(part.size, float(agreed.study.table(part.table).variance.fraction)) for part in grid.segments]
        )
        sent = [played.sent[party, period] for party in played.task.parties]
        frozen = [played.frozen[party, period] for party in played.task.parties]
        assert opened.tolist() == np.sum(sent, axis=0).tolist()
        assert all(not np.array_equal(*pair) for pair in zip(sent, frozen, strict=True))
        off = np.abs(opened - np.sum(frozen, axis=0)) / np.sqrt(1.5 * noise)  # three shares of which two suffice
        assert off.max() <= NOT_CHANCE


def the_model_finds_the_coefficients_and_its_history_is_shown(played: Played) -> None:
    true = played.task.true
    per_one = true.coefficients[1:] / np.sqrt(true.prevalence * (1 - true.prevalence))
    found = played.shown["coefficients"][1:]
    sds = [np.hypot(each["sd_chance"], each["sd_noise"]) for each in found]
    off = [abs(each["value"] - value) / sd for each, value, sd in zip(found, per_one, sds, strict=True)]
    assert len(off) == 4
    assert max(off) < 4.5  # once in 40,000 for four normal errors
    assert [each["round"] for each in played.shown["history"]] == list(played.asked)
    assert {each["contributors"] for each in played.shown["history"]} == {3}


def the_officers_tool_says_that_the_bundle_holds(played: Played) -> None:
    assert played.verdict == "de bundel klopt"
    rounds = list((played.place.root / "bundle" / "rounds").iterdir())
    assert len(rounds) == STEPS


def a_node_that_was_restarted_in_a_step_went_on(played: Played) -> None:
    log = (played.place.root / "logs" / f"node-{RESTARTED}.log").read_text()
    assert log.count('"starting"') == 2
    assert all((RESTARTED, period) in played.frozen for period in played.asked)


def nothing_of_it_is_left_running(played: Played) -> None:
    assert running(str(played.place.root)) == []


CHECKS = (
    every_step_was_run_by_one_command,
    what_a_node_froze_and_booked_is_what_the_same_households_give_in_memory,
    every_sum_is_what_the_nodes_sent_and_that_is_near_what_they_froze,
    the_model_finds_the_coefficients_and_its_history_is_shown,
    the_officers_tool_says_that_the_bundle_holds,
    a_node_that_was_restarted_in_a_step_went_on,
    nothing_of_it_is_left_running,
)


def test_a_model_with_four_node_processes_over_a_live_superlink(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One node is restarted in the second step, after it has committed to its sums.

    One test, because the model takes a minute and tests of one file run on several workers.
    """
    played = played_in(tmp_path)
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(played)


@pytest.mark.nightly
def test_a_model_of_a_hundred_thousand_households_at_ten_partners_is_done_and_found(tmp_path: Path) -> None:
    """What it took is told by `make bench`; a time is never a test."""
    model = ModelOverFlower(Place(tmp_path / "model"), ModelTask(today()))
    try:
        model.prepare()
        model.start()
        assert model.run()["state"] == "done"
        found = model.fitted()
    finally:
        model.processes.stop()
    assert 76_000 < found["households"] < 80_500  # four of five; a clipped row counts for less than one
    assert len(found["coefficients"]) == 21
    assert sum(each["demonstrated"] for each in found["coefficients"]) >= 10
