"""The release of a round: what is shown, with which variance, who declared what."""

from fractions import Fraction

import numpy as np
import pytest

from coordinator.release import make_release, sign_release
from privacy.publication import Delivery, released_tables, variances
from protocol.digest import digest_of
from protocol.errors import SignatureRefusal
from protocol.release import NotShown, check_signed_release
from protocol.round.coordinator_round import open_slot
from protocol.round.opening import Opened
from protocol.round.transitions import OutOfOrder
from protocol.signing import Purpose, sign
from protocol.study.declaration import Coverage, Shortfall, TableCoverage, WrongDeclarers
from protocol.study.study import Study
from protocol.words.ids import Line, PartyId, TableId
from tests import bundles, example
from tests.rounds import EVERYONE


def joint_of_four() -> Study:
    """Return the example with a joint table over the schools and Veilig Thuis."""
    joint = example.table("verzuim-scholen", "verzuim", (*example.SCHOOLS, example.VT)).model_copy(
        update={"joined_types_reason": Line("Bedoeld")}
    )
    study = example.study()
    return study.model_copy(update={"tables": (*study.tables[:2], joint)})


def delivery(study: Study, gone: tuple[PartyId, ...] = (), coverage: TableCoverage | None = None) -> Delivery:
    declarations = tuple(
        bundles.declaration(study, party, coverage=coverage) for party in bundles.CONTRIBUTORS if party not in gone
    )
    return Delivery(example.QUARTER, EVERYONE, gone, declarations)


def test_the_variance_is_the_plans() -> None:
    # t = 1: three schools add 200 / 2 each, so 300 in all; an own table has its own 200
    assert variances(example.study(), example.covenant(), delivery(example.study())) == {
        "aard-vt": 200,
        "meldingen-vt": 200,
        "verzuim-scholen": 300,
    }


def test_the_variance_after_a_repair_is_that_of_shares_and_top_ups() -> None:
    # four added 200 / 3; the three that are left add 200 / 2 - 200 / 3 = 100 / 3 more: 3 x 100 in all
    stated = variances(joint_of_four(), example.covenant(), delivery(joint_of_four(), (example.SCHOOLS[0],)))
    assert stated == {"aard-vt": 200, "meldingen-vt": 200, "verzuim-scholen": Fraction(300)}


def test_a_joint_table_that_a_repair_makes_void_and_own_tables_of_the_gone_are_not_delivered() -> None:
    school = variances(example.study(), example.covenant(), delivery(example.study(), (example.SCHOOLS[0],)))
    assert school == {"aard-vt": 200, "meldingen-vt": 200, "verzuim-scholen": None}
    owner = variances(example.study(), example.covenant(), delivery(example.study(), (example.VT,)))
    assert owner == {"aard-vt": None, "meldingen-vt": None, "verzuim-scholen": 300}


def test_a_table_of_which_everybody_declared_nothing_is_not_delivered() -> None:
    nothing = TableCoverage(table=TableId("aard-vt"), coverage=Coverage.NONE, shortfall=Shortfall.SOURCE_ABSENT)
    stated = variances(example.study(), example.covenant(), delivery(example.study(), coverage=nothing))
    assert stated == {"aard-vt": None, "meldingen-vt": 200, "verzuim-scholen": 300}


def test_a_cell_is_shown_when_its_margin_is_at_most_half_of_it_and_keeps_its_reason_when_not() -> None:
    # variance 200: 95 % within 28, so shown from 56; variance 300: within 34, so shown from 68
    values = np.array([55, 56, -400, 0, 57, 56, 56, 56, 55, 1, 2, 900, 67, 68, 69], dtype=np.int64)
    tables = released_tables(
        Opened(values),
        example.grid(),
        study=example.study(),
        covenant=example.covenant(),
        delivery=delivery(example.study()),
    )
    shown = [cell.value for table in tables for cell in table.cells]
    assert shown == [None, 56, None, None, 57, 56, 56, 56, None, None, None, 900, None, 68, 69]
    assert {cell.not_shown for table in tables for cell in table.cells} == {None, NotShown.TOO_UNCERTAIN}


def test_a_release_of_a_repaired_round_names_the_survivors_and_shows_no_zero_for_what_was_not_delivered() -> None:
    a_world = bundles.world()
    slot = a_world.run(repaired=True)
    release = a_world.release(slot).release
    assert release.participants == tuple(party for party in EVERYONE if party != bundles.GONE)
    last = release.tables[-1]
    assert (last.table, last.variance) == ("verzuim-scholen", None)
    assert [(cell.value, cell.not_shown) for cell in last.cells] == [(None, NotShown.NOT_DELIVERED)] * 3


def test_a_release_without_every_declaration_or_before_every_verdict_is_refused() -> None:
    a_world = bundles.world()
    slot = a_world.run()
    opened = open_slot(slot, a_world.member)
    declarations = tuple(bundles.declaration(a_world.study, party) for party in bundles.CONTRIBUTORS)
    with pytest.raises(WrongDeclarers, match="in order of id"):
        make_release(slot, opened, member=a_world.member, declarations=declarations[1:])
    with pytest.raises(WrongDeclarers):
        make_release(slot, opened, member=a_world.member, declarations=(*declarations, declarations[0]))
    before = bundles.world()
    offered = before.rounds.coordinator.propose(digest_of(before.study), example.QUARTER, EVERYONE, 1).slot
    with pytest.raises(OutOfOrder, match="proposed"):
        make_release(offered, opened, member=before.member, declarations=declarations)


def test_a_release_that_the_coordinator_did_not_sign_is_refused() -> None:
    a_world = bundles.world()
    signed = a_world.release(a_world.run())
    check_signed_release(signed, example.covenant())
    assert sign_release(signed.release, member=a_world.member) == signed
    other = sign(signed.release.encode(), key=example.signing_key(example.VT), purpose=Purpose.RELEASE)
    with pytest.raises(SignatureRefusal):
        check_signed_release(signed.model_copy(update={"signature": other}), example.covenant())
