"""A model by the operator's own commands, over files: run its steps, see it, publish a step, export no part of it."""

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import exp
from typing import Any

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator.estimates.bundle_tables import bundle_tables
from coordinator.models.draft import StepTerms, step_tables
from protocol.digest import digest_of
from protocol.study.rules import check_study
from protocol.study.study import ScheduledRound, Study
from protocol.words.ids import StudyId
from protocol.words.period import PeriodLength, step_in
from simulations.models.agreement import MODEL, PERIOD
from simulations.models.with_rounds import ModelParty
from tests import example
from tests.coordinator.example_office import NOW, NOW_S, TURNS, ExampleOffice, covenant, member
from tests.coordinator.models.small import agreed, households, records

LAST, DUE = 6, date(2026, 4, 30)  # the last step opens on the 12th, two days after the office's own now
LATER, LATER_S = "2026-04-12T12:00:00", NOW_S + 2 * 86_400


def run_model(office: ExampleOffice, *, now: str = NOW, now_s: int = NOW_S) -> list[str]:
    """Give the one command as often as answers come in; return the rounds that it drove."""
    for _ in range(LAST * TURNS):
        tree = json.loads(office.done("run", "2025", "--now", now, "--json").stdout)
        if tree["state"] == "done" and tree["rounds"][-1]["state"] == "done":
            return [each["period"] for each in tree["rounds"]]
        office.carry(now_s=now_s)
    raise AssertionError("the model did not end")


def study() -> Study:
    """The small model, of the example's three schools; a household may be at two of them."""
    terms = StepTerms(MODEL, agreed().plan.model, example.SCHOOLS, 2, PeriodLength.YEAR, Fraction(1, 4))
    return agreed().study.model_copy(
        update={
            "id": StudyId("model-scholen"),
            "covenant_id": covenant().id,
            "covenant_digest": digest_of(covenant()),
            "tables": step_tables(terms),
            "schedule": tuple(
                ScheduledRound(
                    period=step_in(PERIOD, step), opens=date(2026, 4, step + (6 if step == LAST else 0)), due=DUE
                )
                for step in range(1, LAST + 1)
            ),
        }
    )


@dataclass(frozen=True)
class Played:
    """An office that played a whole model. early, steps: what it said before the last step, of model and of steps."""

    office: ExampleOffice
    early: Result
    steps: dict[str, Any]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play the five steps of a fit, ask, and play the scores."""
    check_study(study(), covenant())
    made = ExampleOffice(tmp_path_factory.mktemp("model"), study=study())
    made.make()
    held = records(households(), example.SCHOOLS)
    for party in covenant().participants:
        private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
        made.parties[party] = ModelParty(member(party, covenant(), made.study), private, held.get(party), 3)
    assert run_model(made) == [f"2025-s{step:02d}" for step in range(1, LAST)]
    early, steps = made.call("model", "2025"), json.loads(made.done("model", "2025", "--history", "--json").stdout)
    assert len(run_model(made, now=LATER, now_s=LATER_S)) == LAST
    return Played(made, early, steps)


def test_a_model_without_its_last_step_is_refused_and_its_steps_are_shown(played: Played) -> None:
    assert played.early.exit_code == 1
    assert "scores" in played.early.stderr
    assert [each["round"] for each in played.steps["history"]] == [f"2025-s{step:02d}" for step in range(1, LAST)]
    assert "coefficients" not in played.steps


def test_a_whole_model_is_shown_with_intervals_and_what_it_is_worth(played: Played) -> None:
    office = played.office
    done = office.done("model", "2025", "--json")
    found = json.loads(done.stdout)
    assert [each["feature"] for each in found["coefficients"]] == ["constant", *(f"Kenmerk {n}" for n in range(1, 5))]
    assert any(each["demonstrated"] for each in found["coefficients"])
    assert found["skill"]["value"] > found["best_single_feature"]["value"] > found["naive"]
    assert "oorzaak" in done.stderr
    moved = [each["moved"] for each in found["history"]]
    assert moved[-1] is None
    assert moved[0] > 5 * moved[-2] > 0
    assert {each["contributors"] for each in found["history"]} == {3}
    first = found["coefficients"][1]
    table = office.done("model", "2025", "--lang", "en").stdout
    assert "odds" not in table  # a table of ratios, in words
    assert f"does not know: {found['skill']['value']:.2f} (" in table
    line = next(line for line in table.splitlines() if first["feature"] in line)
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    low, ratio, high = (f"{exp(value):.2f}" for value in (first["interval"][0], first["value"], first["interval"][1]))
    assert cells == [first["feature"], ratio, low, high, "yes" if first["demonstrated"] else "no"]
    assert office.call("model", "2025-s01").exit_code == 2


def test_all_steps_are_published_by_one_command_and_are_no_figure_in_an_export(played: Played) -> None:
    office = played.office
    office.publish("2025")
    folder = office.home / "out"
    office.done("export", "--to", str(folder))
    assert "model" not in (folder / "figures.csv").read_text()
    held = folder / "public-bundle"
    found = [json.loads(path.read_text()) for path in folder.glob("public-bundle/rounds/*/release.json")]
    assert sorted(each["release"]["period"] for each in found) == [f"2025-s{step:02d}" for step in range(1, LAST + 1)]
    (released,) = (each for each in found if each["release"]["period"] == "2025-s01")
    cells = [cell for table in released["release"]["tables"] for cell in table["cells"]]
    assert len(cells) == 15 + 5  # the triangle of five columns, and a gradient
    assert all(cell["value"] is not None for cell in cells)
    bundle = {path.relative_to(held).as_posix(): path.read_bytes() for path in held.rglob("*") if path.is_file()}
    assert [study.tables for study in bundle_tables(bundle).studies] == [()]
