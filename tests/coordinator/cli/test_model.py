"""A model by the operator's own commands, over files: run its steps, see it, publish a step, export no part of it."""

import json
from datetime import date
from fractions import Fraction

import pytest
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
from tests.coordinator.example_office import ExampleOffice, covenant, member
from tests.coordinator.models.small import agreed, households, records


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
                ScheduledRound(period=step_in(PERIOD, step), opens=date(2026, 4, step), due=date(2026, 4, 30))
                for step in range(1, 6)
            ),
        }
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> ExampleOffice:
    """An office after the four steps of a fit; the scores are still to come."""
    check_study(study(), covenant())
    made = ExampleOffice(tmp_path_factory.mktemp("model"), study=study())
    made.make()
    held = records(households(), example.SCHOOLS)
    for party in covenant().participants:
        private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
        made.parties[party] = ModelParty(member(party, covenant(), made.study), private, held.get(party), 3)
    for step in range(1, 5):
        made.run_to_the_end(step_in(PERIOD, step))
    return made


def test_a_model_without_its_last_step_is_refused_and_with_it_shown(office: ExampleOffice) -> None:
    early = office.call("model", "2025")
    assert early.exit_code == 1
    assert "scores" in early.stderr
    office.run_to_the_end("2025-s05")
    done = office.done("model", "2025", "--json")
    found = json.loads(done.stdout)
    assert [each["feature"] for each in found["coefficients"]] == ["constant", *(f"Kenmerk {n}" for n in range(1, 5))]
    assert any(each["demonstrated"] for each in found["coefficients"])
    assert found["skill"]["value"] > found["best_single_feature"]["value"] > found["naive"]
    assert "oorzaak" in done.stderr
    assert "odds" not in office.done("model", "2025", "--lang", "en").stdout  # a table of ratios, in words
    assert office.call("model", "2025-s01").exit_code == 2


def test_a_step_is_published_like_any_round_and_is_no_figure_in_an_export(office: ExampleOffice) -> None:
    office.publish("2025-s01")
    folder = office.home / "out"
    office.done("export", "--to", str(folder))
    assert "model" not in (folder / "figures.csv").read_text()
    held = folder / "public-bundle"
    (released,) = (json.loads(path.read_text()) for path in folder.glob("public-bundle/rounds/*/release.json"))
    cells = [cell for table in released["release"]["tables"] for cell in table["cells"]]
    assert len(cells) == 15 + 5  # the triangle of five columns, and a gradient
    assert all(cell["value"] is not None for cell in cells)
    bundle = {path.relative_to(held).as_posix(): path.read_bytes() for path in held.rglob("*") if path.is_file()}
    assert [study.tables for study in bundle_tables(bundle).studies] == [()]
