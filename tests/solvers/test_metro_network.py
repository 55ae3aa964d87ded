"""The metro as a graph: ways along the lines, transfers, station types."""

from __future__ import annotations

import pytest

pytest.importorskip("networkx")

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.metro.metro_network import Stop, build_metro_network, neighbours

# Lines A: a1 a2 x a3, B: b1 x y b2, C: a1 c y (a long way round without a transfer), D: d1 d2 apart.
LINES = {"A": "a1 a2 x a3", "B": "b1 x y b2", "C": "a1 c y", "D": "d1 d2"}


def network(km=None):
    stops = [Stop(s, line, n, (0.0, 0.0)) for line, text in LINES.items() for n, s in enumerate(text.split())]
    km = km or {}
    lengths = {(a.line, a.station, b.station): km.get((a.station, b.station), 1.0) for a, b in neighbours(stops)}
    return build_metro_network(stops, lengths)


def test_station_types():
    metro = network()
    assert [metro.kind(s) for s in ("x", "a1", "a2", "b2")] == ["transfer", "transfer", "normal", "terminal"]
    assert metro.lines("y") == ("B", "C")


def test_a_way_on_one_line_has_no_transfer():
    ride = network().ride("a2", "a3")
    assert (ride.stations, ride.lines, ride.km, ride.transfers, ride.intervals) == (
        ("a2", "x", "a3"),
        ("A",),
        2.0,
        0,
        2,
    )


def test_a_transfer_is_taken_only_where_it_saves_more_than_it_costs():
    direct = network({("c", "y"): 2.0}).ride("a1", "y")  # 3 km on C; 3 km on A and B with a transfer
    assert direct.lines == ("C",) and direct.km == 3.0
    changed = network({("c", "y"): 9.0}).ride("a1", "y")
    assert changed.lines == ("A", "B") and changed.stations == ("a1", "a2", "x", "y") and changed.transfers == 1
    assert changed.km == 3.0


def test_no_way_the_same_station_and_unknown_stations():
    metro = network()
    assert metro.ride("a1", "d2") is None
    here = metro.ride("x", "x")
    assert (here.km, here.intervals, here.transfers) == (0.0, 0, 0)
    with pytest.raises(SolverError, match="no station “z”"):
        metro.ride("a1", "z")


def test_a_station_twice_on_a_line_is_refused():
    with pytest.raises(SolverError, match="twice"):
        build_metro_network([Stop("a", "1", 1, (0, 0)), Stop("a", "1", 2, (0, 0))], {})


def test_neighbours_follow_the_order_whatever_the_rows_do():
    stops = [Stop("c", "1", 3, (0, 0)), Stop("a", "1", 1, (0, 0)), Stop("b", "1", 2, (0, 0))]
    assert [(x.station, y.station) for x, y in neighbours(stops)] == [("a", "b"), ("b", "c")]
