"""What people write becomes exactly one value, or is refused before anything is signed."""

import pytest

from coordinator.config import WrongConfig, first_config, parse_config
from coordinator.drafts import WrongDraft, covenant_of, party_of, read_draft, study_of
from coordinator.public_world import parse_rates
from protocol.cost import NANO
from protocol.covenant.rules import check_rules
from protocol.errors import Refusal
from protocol.study.rules import ForeignCovenant, MixedPartnerTypes, check_study
from protocol.wire import Malformed
from protocol.words.ids import PartyId
from simulations.by_hand import document
from tests import example

COVENANT = example.covenant()


def study_draft() -> dict[str, object]:
    """Return the example study as a person would write it, in another order."""
    made = example.study().model_dump(mode="json")
    draft = {name: made[name] for name in ("id", "title", "publish_margin_percent")}
    tables = [table | {"variance": 200} for table in reversed(made["tables"])]
    measures = list(reversed(made["measures"]))
    return draft | {"measures": measures, "tables": tables, "rounds": list(reversed(made["schedule"]))}


def test_a_study_in_any_order_is_the_study() -> None:
    tree = read_draft(document(study_draft()).encode(), source="study.toml")
    assert study_of(tree, COVENANT, source="study.toml") == example.study()


def test_a_covenant_of_party_files_is_the_covenant() -> None:
    parties = []
    for party in reversed(COVENANT.parties):
        fields = party.model_dump(mode="json")
        cap = fields.pop("yearly_cap")
        tree = read_draft(document(fields | {"yearly_cap_rho": f"{cap}/{NANO}"}).encode(), source="party")
        parties.append(party_of(tree, source="party"))
    whole = COVENANT.model_dump(mode="json")
    fields = {name: whole[name] for name in whole if name not in {"geography", "parties", "joint_cap", "code_lists"}}
    tree = read_draft(document(fields | {"joint_cap_rho": f"{COVENANT.joint_cap}/{NANO}"}).encode(), source="draft")
    made = covenant_of(tree, parties, example.geography(), code_lists=(example.code_list(),), source="draft")
    assert made == COVENANT
    check_rules(made)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"unknown": 1}, Malformed),
        ({"title": 5}, Malformed),
        ({"tables": [{"measure": "x"}]}, WrongDraft),
        ({"tables": "many"}, WrongDraft),
        ({"rounds": [5]}, WrongDraft),
    ],
)
def test_a_wrong_study_is_refused_with_its_place(change: dict[str, object], error: type[Refusal]) -> None:
    with pytest.raises(error, match=r"study\.toml"):
        study_of(study_draft() | change, COVENANT, source="study.toml")


@pytest.mark.parametrize("variance", [0.5, "many", "1/0", True, -4])
def test_a_variance_that_has_no_exact_form_is_refused(variance: object) -> None:
    draft = study_draft()
    tables = draft["tables"]
    assert isinstance(tables, list)
    with pytest.raises(WrongDraft):
        study_of(draft | {"tables": [tables[0] | {"variance": variance}]}, COVENANT, source="study.toml")


def test_a_study_outside_its_covenant_or_over_mixed_partners_is_refused() -> None:
    """C12: what is signed is checked against the covenant by its digest."""
    made = study_of(study_draft(), COVENANT, source="study.toml")
    check_study(made, COVENANT)
    other = COVENANT.model_copy(update={"retention_years": 9})
    with pytest.raises(ForeignCovenant):
        check_study(made, other)
    draft = study_draft()
    tables = draft["tables"]
    assert isinstance(tables, list)
    mixed = [
        entry | {"contributors": [example.POLICE, *entry["contributors"]]} if len(entry["contributors"]) > 1 else entry
        for entry in tables
    ]
    with pytest.raises(MixedPartnerTypes, match="different types"):
        check_study(study_of(draft | {"tables": mixed}, COVENANT, source="study.toml"), COVENANT)


def test_a_file_that_is_no_toml_is_refused() -> None:
    for body in (b"a = ", b"\xff", b"x" * (2 << 20)):
        with pytest.raises(WrongDraft, match="draft"):
            read_draft(body, source="draft")


def test_configuration_is_strict() -> None:
    good = first_config(PartyId("gemeente"))
    assert parse_config(good).party == "gemeente"
    for bad in (good + "colour = 1\n", good.replace("courier", "kourier"), good.replace('"gemeente"', "5"), "a = "):
        with pytest.raises(WrongConfig, match=r"coordinator\.toml"):
            parse_config(bad)
    with pytest.raises(WrongConfig):
        parse_config(first_config(PartyId("Not An Id")))


def test_rates_have_a_source() -> None:
    rates = parse_rates('[verzuim]\nper_1000 = 6\nreturns = 0.5\nsource = "x"\n', source="rates")
    assert rates["verzuim"].per_1000 == 6  # type: ignore[index]  # the key is a MeasureId
    with pytest.raises(WrongDraft, match="rates"):
        parse_rates("[verzuim]\nper_1000 = 6\n", source="rates")
    with pytest.raises(WrongDraft):
        parse_rates("verzuim = 6\n", source="rates")
