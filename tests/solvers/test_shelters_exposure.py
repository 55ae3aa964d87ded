"""People at risk: whole people, the total kept, nobody beyond a zone's population."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.shelters.exposure import on_foot, people_at_risk

zones = st.lists(st.tuples(st.integers(0, 100_000), st.floats(0.0, 1.0)), max_size=40)


@given(zones)
def test_total_is_kept_to_the_person_and_no_zone_is_off_by_one(rows):
    people = np.array([row[0] for row in rows], dtype=int)
    share = np.array([row[1] for row in rows], dtype=float)
    at_risk = people_at_risk(people, share)
    exact = people * share
    assert abs(int(at_risk.sum()) - exact.sum()) <= 0.5 + 1e-6
    assert np.all(np.abs(at_risk - exact) < 1.0 + 1e-6)
    assert np.all((at_risk >= 0) & (at_risk <= people))


def test_by_hand_thirds():
    # 10 / 3 three times is 10 people: 4, 3, 3; the earlier zone gets the odd one.
    assert people_at_risk(np.array([10, 10, 10]), np.full(3, 1 / 3)).tolist() == [4, 3, 3]


def test_each_class_keeps_its_own_total():
    people = np.array([[3, 10, 8], [3, 10, 8]])
    at_risk = people_at_risk(people, np.array([0.5, 0.25]))
    assert at_risk.sum(axis=0).tolist() == [2, 8, 6]  # 2.25, 7.5 and 6


def test_shares_and_counts_out_of_range_are_refused():
    with pytest.raises(ValueError, match="share"):
        people_at_risk(np.array([1]), np.array([1.2]))
    with pytest.raises(ValueError, match="share"):
        people_at_risk(np.array([1]), np.array([np.nan]))
    with pytest.raises(ValueError, match="share"):
        people_at_risk(np.array([1]), np.array([-1e-9]))
    with pytest.raises(ValueError, match="negative"):
        people_at_risk(np.array([-1]), np.array([0.2]))


def test_on_foot_keeps_each_zones_number_and_no_class_is_off_by_a_person():
    rng = np.random.default_rng(11)
    leaving, part = rng.integers(0, 60, (300, 4)), rng.uniform(0, 1, 300)
    part[:20], part[20:40] = 0.0, 1.0
    found = on_foot(leaving, part)
    assert (found <= leaving).all() and (found >= 0).all()
    assert (np.abs(found - leaving * part[:, None]) < 1.0).all()
    wanted = [int(Fraction(p) * n + Fraction(1, 2)) for p, n in zip(part.tolist(), leaving.sum(axis=1).tolist())]
    assert found.sum(axis=1).tolist() == wanted
    assert (found[:20] == 0).all() and (found[20:40] == leaving[20:40]).all()
    by_class = on_foot(leaving, np.tile([0.0, 1.0, 0.5, 0.25], (300, 1)))
    assert (by_class[:, 0] == 0).all() and (by_class[:, 1] == leaving[:, 1]).all()
    assert on_foot(np.empty((0, 3), dtype=int), np.empty(0)).shape == (0, 3)


@pytest.mark.parametrize(("leaving", "part"), [([[1]], [1.01]), ([[1]], [-0.1]), ([[1]], [np.nan]), ([[-1]], [0.5])])
def test_on_foot_refuses_what_is_no_part_and_no_count(leaving, part):
    with pytest.raises(ValueError):
        on_foot(np.array(leaving), np.array(part))
