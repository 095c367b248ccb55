"""Cost is exact: costs round up, caps round down, and nothing wraps."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cost import MAX_NANO_RHO, CostOutOfRange, NanoRho, cap_of, cost_of, times, total
from protocol.wire import MAX_INTEGER, Malformed, canonical
from tests import example


@given(st.fractions(0, 1000))
def test_a_cost_is_never_below_and_a_cap_never_above_the_exact_rho(rho: Fraction) -> None:
    nano = Fraction(1, 10**9)
    assert 0 <= cost_of(rho) * nano - rho < nano
    assert 0 <= rho - cap_of(rho) * nano < nano


def test_written_out_costs() -> None:
    assert cost_of(Fraction(1, 4)) == 250_000_000
    assert cost_of(Fraction(1, 3)) == 333_333_334
    assert cap_of(Fraction(1, 3)) == 333_333_333
    assert total([NanoRho(1), NanoRho(2), NanoRho(3)]) == 6
    assert times(NanoRho(7), 3) == 21


@pytest.mark.parametrize("edge", [2**31, 2**53, 2**63 - 1])
def test_sums_pass_the_edges_of_other_integer_types_without_wrapping(edge: int) -> None:
    """A17: 2^31, 2^53 and 2^63 - 1 nano-rho."""
    assert total([NanoRho(edge - 1), NanoRho(1)]) == edge


def test_a_sum_past_63_bits_is_refused() -> None:
    """A17: refused, not wrapped."""
    with pytest.raises(CostOutOfRange):
        total([NanoRho(MAX_NANO_RHO), NanoRho(1)])
    with pytest.raises(CostOutOfRange):
        times(NanoRho(2**62), 2)
    with pytest.raises(CostOutOfRange):
        cost_of(Fraction(2**63, 10**9))
    with pytest.raises(CostOutOfRange):
        cost_of(Fraction(-1))


def test_machine_integers_would_wrap() -> None:
    """A17, negative control: why costs are Python integers."""
    with np.errstate(over="ignore"):
        assert np.int64(MAX_NANO_RHO) + np.int64(1) < 0


def test_a_cost_on_the_wire_ends_at_2_to_the_53() -> None:
    """A17: other languages' numbers lose digits beyond it."""
    tree = example.covenant().model_dump(mode="json")
    assert type(example.covenant()).parse(canonical(tree | {"joint_cap": MAX_INTEGER})).joint_cap == MAX_INTEGER
    for wrong in (-1, True, "5"):
        with pytest.raises(Malformed):
            type(example.covenant()).parse(canonical(tree | {"joint_cap": wrong}))
