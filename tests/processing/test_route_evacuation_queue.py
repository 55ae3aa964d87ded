"""``evacuation:routeevacuation`` under ``queue``, its default: numbers worked out by hand, refusals, the log."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsApplication

from tests.processing.routing_layers import (
    CUMULATIVE,
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    PRESENT,
    QUEUE,
    REFINED,
    SYSTEM_OPTIMAL,
    Log,
    failure,
    hazard,
    layer,
    line,
    roads,
    rows_of,
    run,
    trips,
)

GOLDEN = 2000.8002873413466 / 2000  # ellipsoidal metres of the two kilometres that are drawn on the grid
WAY = line((0, 0), (2000, 0))
T = round(200 * GOLDEN, 6)  # s of the two kilometres at 36 km/h


def queue(log: Log | None = None, **parameters):
    """Route under the default flow model: a lane lets 900 vehicles an hour out, all leave at once."""
    base = {"FLOW_MODEL": None, "DEFAULT_LANE_CAPACITY": 900, "DEPARTURE_PROFILE": 0}
    return run(log, **{**base, **parameters})


def one_road(log: Log | None = None, people: int = 500, **parameters):
    """``people`` cars, one each, want to drive the same two kilometres at once; 266 find room on them."""
    made = {"NETWORK": roads([(WAY, ["only", "no", 36])]), "TRIPS": trips([(WAY, ["a", "s", people])])}
    return queue(log, **{**made, "METHOD": INDIVIDUAL, **parameters})


def test_queue_is_the_default():
    algorithm = QgsApplication.processingRegistry().algorithmById("evacuation:routeevacuation")
    default = {d.name(): d.defaultValue() for d in algorithm.parameterDefinitions()}
    assert (default["FLOW_MODEL"], default["METHOD"]) == (QUEUE, SYSTEM_OPTIMAL)
    assert (default["STUCK_SECONDS"], default["REROUTE_MINUTES"]) == (300, 5)
    for given in ({}, {"COST": None}):
        log = Log()
        one_road(log, people=3, **given)
        assert "Individual, queue" in log.text


def test_every_number_of_one_road():
    # One car every 4 s from the end of the road; who does not find room waits until a car ahead of him is out.
    found = one_road()
    assert found["TOTAL_TIME"] == pytest.approx(500 * T + 4 * sum(range(500)), abs=1e-3)
    assert found["INFORMED_TIME"] == found["INDIVIDUAL_TIME"] == found["TOTAL_TIME"]
    assert found["REDUCTION"] == found["REDUCTION_INFORMED"] == 0
    assert found["LOWER_BOUND"] == pytest.approx(found["TOTAL_TIME"]) and found["GAP"] == pytest.approx(0, abs=1e-6)
    last = T + 499 * 4
    for name in ("CLEARANCE_TIME", "CLEARANCE_FLOOR", "CLEARANCE_BOUND", "INFORMED_CLEARANCE"):
        assert found[name] == pytest.approx(last, abs=1e-6)
    assert found["CLEARANCE_FLOOR"] <= found["CLEARANCE_TIME"] >= found["CLEARANCE_BOUND"]
    assert found["CLEARANCE_90"] == pytest.approx(T + 449 * 4, abs=1e-6)
    assert found["CLEARANCE_95"] == pytest.approx(T + 474 * 4, abs=1e-6)
    assert found["CLEARANCE_LOW"] == pytest.approx(T + 499 * 3600 / 1080, abs=1e-3)
    assert found["CLEARANCE_HIGH"] == pytest.approx(T + 499 * 5, abs=1e-6)
    assert found["ORIGIN_WAIT"] == pytest.approx(234 * T + 4 * sum(range(234)), abs=1e-3)
    assert (found["FORCED"], found["RINGS"], found["ROUTED"], found["UNROUTED"]) == (0, 0, 500, 0)
    assert found["OVER_CAPACITY_ROADS"] == 1 and one_road(people=50)["OVER_CAPACITY_ROADS"] == 0  # for 196 s
    bare = one_road(CERTIFY=False)
    assert not {"LOWER_BOUND", "GAP", "CLEARANCE_BOUND"} & set(bare) and bare["CLEARANCE_LOW"] == found["CLEARANCE_LOW"]


def test_nothing_is_ever_full_without_stuck_seconds():
    found, other = one_road(STUCK_SECONDS=0), one_road()
    assert found["ORIGIN_WAIT"] == 0 < other["ORIGIN_WAIT"]
    assert found["TOTAL_TIME"] == other["TOTAL_TIME"]  # the end of the road is what holds them up


@pytest.mark.parametrize(
    ("capacity", "lanes", "headway"), [(300, None, 12), (None, None, 6), (None, 4, 3), (0, None, 6)]
)
def test_capacity_is_the_roads_own_else_by_its_lanes(capacity, lanes, headway):
    # Lanes count both directions: 4 are 2 each way. One 0 in a layer of one road counts as missing.
    fields = "&field=road_id:string&field=capacity:double&field=lanes:integer"
    network = layer("LineString", fields, [(WAY, ["only", capacity, lanes])], "streets")
    log = Log()
    found = one_road(log, 50, NETWORK=network, DEFAULT_SPEED=36, DEFAULT_LANE_CAPACITY=600)
    assert found["CLEARANCE_TIME"] == pytest.approx(T + 49 * headway, abs=1e-6)
    assert "plays no part" not in log.text
    log = Log()
    one_road(log, 50, NETWORK=network, FLOW_MODEL=PRESENT)
    assert "CAPACITY_FIELD: “capacity” plays no part" in log.text


def test_two_ways_are_shared_as_an_exhaustive_choice_would():
    # One exit every 4 s on each way: the best plan takes the 500 earliest of both ways' exits.
    other = 2 * round(100 * GOLDEN * np.hypot(1000, 400) / 1000, 6)
    exits = np.sort(np.r_[T + 4 * np.arange(500), other + 4 * np.arange(500)])[:500]
    log = Log()
    found = queue(log)
    assert found["LOWER_BOUND"] <= exits.sum() <= found["TOTAL_TIME"] + 1 <= exits.sum() * 1.002
    assert found["INDIVIDUAL_TIME"] == pytest.approx(500 * T + 4 * sum(range(500)), abs=1e-2)
    assert found["REDUCTION_INFORMED"] == pytest.approx(100 * (1 - found["TOTAL_TIME"] / found["INFORMED_TIME"]))
    others = {method: queue(METHOD=method) for method in (INDIVIDUAL, GREEDY, INFORMED)}
    assert all(found["TOTAL_TIME"] <= plan["TOTAL_TIME"] for plan in others.values())
    informed = others[INFORMED]
    assert informed["TOTAL_TIME"] == informed["INFORMED_TIME"] == found["INFORMED_TIME"]
    assert informed["CLEARANCE_TIME"] == found["INFORMED_CLEARANCE"]
    said = next(text for text in log.said if "drivers with navigation and no plan" in text)
    assert f"saves {found['REDUCTION_INFORMED']:.1f} %" in said
    low, high = (f"{found[name] / 60:,.0f}" for name in ("CLEARANCE_LOW", "CLEARANCE_HIGH"))
    assert f"{low} to {high} min where all capacities" in log.text


@pytest.mark.parametrize("method", [INDIVIDUAL, GREEDY, SYSTEM_OPTIMAL, INFORMED])
def test_everybody_is_routed_or_listed_and_the_curve_adds_up(method):
    rows = [(WAY, ["a", "s", 300]), (WAY, ["b", "s", 77]), (line((0, 0), (90_000, 0)), ["far", "t", 11])]
    found = queue(TRIPS=trips(rows), METHOD=method, PEOPLE_PER_VEHICLE=2, HAZARD=hazard(), DEPARTURE_PROFILE=1)
    assert (found["ROUTED"], found["UNROUTED"], found["VEHICLES"]) == (377, 11, 189)
    routes, table = rows_of(found), rows_of(found, "OUTPUT_CLEARANCE")
    assert sum(row["people"] for row in routes) == 377 and sum(row["vehicles"] for row in routes) == 189
    assert found["TOTAL_TIME"] == pytest.approx(sum(row["vehicles"] * row["travel_time_s"] for row in routes))
    assert table[-1]["arrived"] == 377 and table[-1]["on_road"] == 0 and table[-1]["in_hazard"] == 11
    assert all(row["departed"] - row["arrived"] == row["on_road"] for row in table)
    assert max(row["last_arrival_s"] for row in routes) == pytest.approx(found["CLEARANCE_TIME"])
    assert found["CLEARANCE_FLOOR"] <= found["CLEARANCE_TIME"] and found["CLEARANCE_BOUND"] <= found["CLEARANCE_TIME"]


def test_a_ring_of_full_roads_is_told_with_its_roads():
    # Four one-way roads of 300 m in a square hold 40 cars each; 100 from each corner drive three of them.
    corners = [(0, 0), (300, 0), (300, 300), (0, 300)]
    ring = [(line(corners[k], corners[(k + 1) % 4]), [f"side {k}", "yes", 36]) for k in range(4)]
    made = trips([(line(corners[k], corners[(k + 3) % 4]), [f"z{k}", f"s{k}", 100]) for k in range(4)])
    log = Log()
    found = queue(log, NETWORK=roads(ring), TRIPS=made, METHOD=INDIVIDUAL)
    assert found["ROUTED"] == 400 and found["FORCED"] >= found["RINGS"] >= 1
    (said,) = [text for text in log.warnings if "in a ring" in text]
    assert all(f"side {k}" in said for k in range(4))
    assert found["CLEARANCE_TIME"] > 300
    free = queue(NETWORK=roads(ring), TRIPS=made, METHOD=INDIVIDUAL, STUCK_SECONDS=0)
    assert (free["FORCED"], free["RINGS"]) == (0, 0) and free["TOTAL_TIME"] < found["TOTAL_TIME"]


def test_nobody_has_no_times_of_arrival():
    for network in (roads(), roads([])):
        found = queue(TRIPS=trips([]), NETWORK=network)
        assert found["VEHICLES"] == found["TOTAL_TIME"] == found["INFORMED_TIME"] == found["RINGS"] == 0
        assert not {name for name in found if name.startswith("CLEARANCE")} and "INFORMED_CLEARANCE" not in found


def test_what_does_not_go_with_the_flow_model_is_refused_with_the_mend():
    for cost in (0, 1, 2):
        assert "leave COST empty" in failure(FLOW_MODEL=None, COST=cost)
    assert "with queue choose system optimal" in failure(FLOW_MODEL=None, METHOD=REFINED)
    for model in (PRESENT, CUMULATIVE):
        assert "informed needs FLOW_MODEL queue" in failure(FLOW_MODEL=model, METHOD=INFORMED)


def test_parameters_that_play_no_part_are_named():
    log = Log()
    one_road(log, 3, ALPHA=0.05, BPR_A=0.15, BPR_B=3, ANALYSIS_PERIOD=30, EPSILON=0.02)
    assert "Play no part under FLOW_MODEL queue, METHOD individual: ALPHA, BPR_B, ANALYSIS_PERIOD." in log.text
    log = Log()
    run(log, METHOD=INDIVIDUAL, STUCK_SECONDS=100, REROUTE_MINUTES=5, ALPHA=0.05)
    assert "Play no part under FLOW_MODEL present, METHOD individual: STUCK_SECONDS." in log.text
    log = Log()
    one_road(log, 3)
    assert "Play no part" not in log.text
