"""The profiles: every indicator that they must answer has its measure, and the codes are those of the law."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.politie import POLITIE
from partner_node.profiles.profile import Condition, Profile, Provenance, WrongProfile
from partner_node.profiles.school import SCHOOL
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from partner_node.profiles.vt_codes_1 import LISTS as LISTS_1
from partner_node.profiles.vt_codes_2 import LISTS as LISTS_2
from protocol.study.measure import MeasureKind
from protocol.words.ids import CodeListId, MeasureId

EVENTS, UNITS, SUM, MULTI = MeasureKind.EVENTS, MeasureKind.UNITS, MeasureKind.SUM, MeasureKind.MULTI


@pytest.mark.parametrize(
    ("feature", "measure", "kind", "split_by"),
    [
        ("NM-01", "vt-onderzoeken", EVENTS, None),
        ("NM-02", "vt-kinderen", SUM, None),
        ("NM-03", "vt-aard", MULTI, "vt2-aard"),
        ("NM-04", "vt-meldingen", EVENTS, "vt2-organisatie"),
        ("NM-05", "vt-meldingen", EVENTS, "vt2-triagebesluit"),
        ("NM-05", "vt-overdracht", MULTI, "vt2-overdracht"),
        ("NM-23", "vt-aard", MULTI, "vt2-aard"),
        ("VT-01", "vt-adviezen", EVENTS, None),
        ("VT-02", "vt-meldingen", EVENTS, None),
        ("VT-02", "vt-casussen", UNITS, None),
        ("VT-03", "vt-onderzoeken", EVENTS, None),
        ("VT-03", "vt-voorwaarden", EVENTS, None),
        ("VT-03", "vt-monitoring", EVENTS, None),
        ("VT-04", "vt-aard", MULTI, "vt1-aard"),
        ("VT-05", "vt-meldingen", EVENTS, "vt2-duur"),
        ("VT-06", "vt-adviezen", EVENTS, "vt1-hoedanigheid"),
        ("VT-06", "vt-meldingen", EVENTS, "vt2-organisatie"),
        ("VT-07", "vt-meldingen", EVENTS, "vt2-triagebesluit"),
        ("VT-08", "vt-veiligheid", MULTI, "vt2-veiligheid"),
        ("VT-09", "vt-overdracht", MULTI, "vt2-type-hulp"),
        ("VT-10", "vt-meldingen", EVENTS, "vt2-eerdere-betrokkenheid"),
        ("VT-11", "vt-uitkomst", MULTI, "vt2-uitkomst"),
        ("VT-12", "vt-aanvullend", MULTI, "vt2-aanvullend"),
    ],
)
def test_each_indicator_of_veilig_thuis_has_a_measure(
    feature: str, measure: str, kind: MeasureKind, split_by: str | None
) -> None:
    found = {each.id: each for each in VEILIG_THUIS.measures}[MeasureId(measure)]
    assert found.kind is kind, feature
    assert split_by is None or split_by in found.lists, feature


@pytest.mark.parametrize(
    ("profile", "kinds"),
    [
        (
            POLITIE,
            {
                "politie-incidenten": EVENTS,
                "politie-huishoudens": UNITS,
                "politie-soort": MULTI,
                "politie-relatie": MULTI,
                "politie-met-kinderen": EVENTS,
            },
        ),
        (
            SCHOOL,
            {
                "school-meldingen": EVENTS,
                "school-huishoudens": UNITS,
                "school-verzuim": MULTI,
                "school-uren": SUM,
            },
        ),
    ],
)
def test_police_and_schools_answer_these(profile: Profile, kinds: dict[str, MeasureKind]) -> None:
    assert {str(each.id): each.kind for each in profile.measures} == kinds


def test_only_the_police_needs_the_wpg_permission() -> None:
    assert [name for name, profile in PROFILES.items() if profile.wpg] == ["politie"]


def test_all_forms_of_violence_are_categories() -> None:
    """NM-23: child abuse, partner violence, violence against the elderly."""
    labels = " ".join(item.label_nl for each in LISTS_2 if each.codes.id == "vt2-aard" for item in each.codes.items)
    for form in ("Kindermishandeling", "Partnergeweld", "Ouderenmishandeling", "Geweld tegen ouders"):
        assert form in labels


def test_protocol_1_is_complete_and_as_the_law_prints_it(shared_data: Path) -> None:
    text = (shared_data / "codelijsten" / "informatieprotocol_vt_1.0.json").read_text(encoding="utf-8")
    law = json.loads(text)
    name_of = {"vt1-aard": "aard_geweld", "vt1-uitkomst": "uitkomst_onderzoek"}
    ours = {
        name_of.get(each.codes.id, each.codes.id.removeprefix("vt1-").replace("-", "_")): {
            str(item.code): str(item.label_nl) for item in each.codes.items
        }
        for each in LISTS_1
    }
    assert ours == {name: codes for name, codes in law.items() if name in ours}
    assert len(ours) == 7
    assert {each.provenance for each in LISTS_1} == {Provenance.OFFICIAL}


def test_labels_of_protocol_2_are_published_ones_and_none_claims_an_official_number(shared_data: Path) -> None:
    text = (shared_data / "codelijsten" / "statline_vt_labels_protocol_2.0.json").read_text(encoding="utf-8")
    assert not [each for each in LISTS_2 if each.provenance is Provenance.OFFICIAL]
    aard = next(each for each in LISTS_2 if each.codes.id == "vt2-aard")
    published = [label.rstrip(".") for label in json.loads(text)["aard_geweld"]]
    assert [str(item.label_nl) for item in aard.codes.items] == published


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_states_its_ground_its_routes_and_both_languages(name: str) -> None:
    profile = PROFILES[name]
    assert profile.ground
    assert profile.routes
    assert all(measure.question_nl and measure.question_en for measure in profile.measures)
    assert all(column.description_nl for record in profile.records for column in record.columns)


@pytest.mark.parametrize(
    "change",
    [
        {"record": "nothing"},
        {"only": (Condition("nothing"),)},
        {"kind": SUM},
        {"kind": MULTI},
        {"lists": (CodeListId("vt2-aard"),)},
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WrongProfile):
        replace(SCHOOL, measures=(replace(SCHOOL.measures[0], **change),))
    assert replace(SCHOOL, measures=SCHOOL.measures) == SCHOOL
