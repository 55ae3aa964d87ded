from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.rounding import (
    common_denominator,
    largest_remainder,
    whole_above,
    whole_below,
)

amounts = st.lists(st.floats(0, 1e6, allow_nan=False), max_size=40)


@given(amounts)
def test_total_is_kept_and_nobody_moves_by_a_whole_person(values):
    whole = largest_remainder(np.array(values))
    exact = sum(map(Fraction, values), Fraction(0))  # what a float is, without any rounding
    assert abs(Fraction(int(whole.sum())) - exact) <= Fraction(1, 2) + Fraction(1, 10**6)
    assert np.all(np.abs(whole - np.array(values)) < 1.0 + 1e-6)


def test_ties_go_to_the_earlier_entry():
    assert largest_remainder(np.array([0.5, 0.5, 1.0])).tolist() == [1, 0, 1]


def test_the_total_is_rounded_half_up_by_hand():
    assert largest_remainder(np.array([0.3, 0.1, 0.1])).tolist() == [1, 0, 0]  # half a person is one
    assert largest_remainder(np.array([0.2, 0.1, 0.1])).tolist() == [0, 0, 0]
    assert largest_remainder(np.array([1.4, 1.4, 1.4])).tolist() == [2, 1, 1]


def test_float_noise_loses_nobody():
    assert largest_remainder(np.array([2.9999999999, 4.0])).tolist() == [3, 4]


@pytest.mark.parametrize("total", [2, 6])
def test_impossible_total_is_refused(total):
    with pytest.raises(ValueError, match="cannot be rounded"):
        largest_remainder(np.array([1.5, 2.5]), total)


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (0.7 * 2000 / 2, 700, 700),
        (99.9999999999, 100, 100),
        (100.0000000001, 100, 100),
        (3.5, 3, 4),
        (1e11 + 0.5, 1e11, 1e11 + 1),
    ],
)
def test_a_hair_beside_a_whole_number_is_that_number(value, below, above):
    assert (whole_below(value), whole_above(value)) == (below, above)


@pytest.mark.parametrize(
    ("values", "most", "expected"),
    [
        ([40 / 1.2, 10 / 1.2], 12_000, 3),
        ([3.0, 7.0], 12_000, 1),
        ([1 / 1.125, 2 / 1.125], 12_000, 9),
        ([1 / 2, 1 / 3, 1 / 7], 12_000, 42),
        ([100 / 1.173], 12_000, 1173),
        ([1 / 1.173], 1_000, None),
        ([2**0.5], 12_000, None),
    ],
)
def test_the_part_of_which_all_are_whole(values, most, expected):
    assert common_denominator(np.array(values), most) == expected
