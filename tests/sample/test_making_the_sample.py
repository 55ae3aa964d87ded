"""The parts of the script that makes the sample: small cases by hand."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

SCRIPTS = str(Path(__file__).resolve().parents[2] / "scripts")
if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)

from sample.counts import clock
from sample.roads import Link, chains
from sample.sources import spatialite_wkb
from sample.zones import divide


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_division_loses_nobody_and_stays_within_one(people, weights):
    parts = divide(people, tuple(weights))
    assert sum(parts) == people
    assert all(abs(part - people * weight / sum(weights)) < 1 for part, weight in zip(parts, weights))


def test_division_gives_the_rest_to_the_largest_remainder():
    assert divide(10, (1, 1, 1)) == (4, 3, 3)
    assert divide(7, (5, 3, 2)) == (4, 2, 1)  # 3.5, 2.1, 1.4


def link(start, end):
    return Link(start, end, 1, ("primary", None, 0, None, None), LineString([(start, 0), (end, 0)]))


def test_links_in_any_order_become_one_chain():
    found = chains([link(3, 4), link(1, 2), link(2, 3)])
    assert [[(one.start, one.end) for one in chain] for chain in found] == [[(1, 2), (2, 3), (3, 4)]]


def test_a_gap_makes_two_chains_and_a_ring_one():
    assert [len(chain) for chain in chains([link(1, 2), link(5, 6)])] == [1, 1]
    assert [len(chain) for chain in chains([link(1, 2), link(2, 3), link(3, 1)])] == [3]


def test_small_hours_belong_to_the_next_day():
    assert clock("2025-02-10", "6:00-6:59") == datetime(2025, 2, 10, 6)
    assert clock("2025-02-10", "23:00-23:59") == datetime(2025, 2, 10, 23)
    assert clock("2025-02-10", "0:00-0:59") == datetime(2025, 2, 11, 0)
    assert clock("2025-02-28", "5:00-5:59") == datetime(2025, 3, 1, 5)


def test_other_geometry_blobs_are_refused():
    with pytest.raises(ValueError, match="SpatiaLite"):
        spatialite_wkb(bytes(60))
