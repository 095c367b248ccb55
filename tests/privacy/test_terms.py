"""The terms of an approved study, written out for the example agreement."""

from fractions import Fraction

import pytest

from privacy.accountant import worst_charge
from privacy.bound import Bound
from privacy.terms import bound_of, planned_round, table_charges
from protocol.study.measure import MeasureKind
from protocol.words.ids import PartyId, TableId
from tests import example


def test_each_table_has_the_bound_of_its_measure() -> None:
    study = example.study()
    assert bound_of(study, study.table(TableId("aard-vt")), categories=2) == Bound(
        MeasureKind.MULTI, 2, categories=2, max_categories=2
    )
    assert bound_of(study, study.table(TableId("meldingen-vt")), categories=1) == Bound(
        MeasureKind.EVENTS, 2, max_amount=3
    )
    assert bound_of(study, study.table(TableId("verzuim-scholen")), categories=1) == Bound(MeasureKind.UNITS, 2)


def test_the_prices_tile_the_grid() -> None:
    prices = table_charges(example.study(), example.covenant(), example.grid())
    assert [(price.first_cell, price.cells, price.multiplicity) for price in prices] == [
        (0, 6, 1),
        (6, 3, 1),
        (9, 3, 1),
        (12, 3, 2),
    ]
    assert {price.variance for price in prices} == {Fraction(200)}


@pytest.mark.parametrize(
    ("party", "nano_rho"),
    [
        # aard: 2 cells x 1^2 / (2 x 200); meldingen: 2 cells x 3^2 / (2 x 200), its delta cells included; one nano-rho.
        (example.VT, 50_000_001),
        # joint, m = 2 partners for one unit: 2 x 2 x 1 / (2 x 200).
        (example.SCHOOLS[0], 10_000_001),
        # no table: nothing but the one nano-rho of a round.
        (example.WITNESS, 1),
    ],
)
def test_the_worst_charge_of_a_round_is_written_out(party: PartyId, nano_rho: int) -> None:
    planned = planned_round(example.study(), example.covenant(), example.grid(), period=example.QUARTER, party=party)
    assert worst_charge(planned) == nano_rho
