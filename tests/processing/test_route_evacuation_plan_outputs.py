"""The routes' ids and streets, the plan's two tables, the doors: what ``routeevacuation`` gives besides."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import NULL

from tests.processing.routing_layers import GREEDY, INDIVIDUAL, line, roads, rows_of, run, trips

ASKED = dict.fromkeys(
    ("OUTPUT_VEHICLES", "OUTPUT_PATHS", "OUTPUT_DOORS", "OUTPUT_FLOWS", "OUTPUT_JUNCTIONS"), "memory:"
)


@pytest.fixture(scope="module")
def found():
    return run(METHOD=GREEDY, FLOW_MODEL=0, **ASKED)


def test_each_route_has_an_id_that_the_plan_names(found):
    routes, vehicles, paths = rows_of(found), rows_of(found, "OUTPUT_VEHICLES"), rows_of(found, "OUTPUT_PATHS")
    ids = [route["route_id"] for route in routes]
    assert ids == list(range(1, len(routes) + 1)) and len(ids) == 2
    for route in routes:
        own = [v for v in vehicles if v["route_id"] == route["route_id"]]
        assert len(own) == route["vehicles"]
        assert {(v["origin_id"], v["destination_id"]) for v in own} == {(route["origin_id"], route["destination_id"])}
        assert max(v["arrival_s"] for v in own) == pytest.approx(route["last_arrival_s"], abs=1e-6)
        metres = [abs(p["to_m"] - p["from_m"]) for p in paths if p["route_id"] == route["route_id"]]
        assert sum(metres) == pytest.approx(route["length_m"])
        assert route["wait_s"] == NULL  # nobody waits before the road but under queue
    assert {p["route_id"] for p in paths} == set(ids)
    assert [v["vehicle"] for v in vehicles] == list(range(500))
    assert {v["order_s"] for v in vehicles} == {0.0}


def test_two_places_with_the_same_way_have_routes_of_their_own():
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 10]), (line((0, 0), (2000, 0)), ["b", "s", 5])]
    found = run(TRIPS=trips(rows), METHOD=INDIVIDUAL, FLOW_MODEL=0, **ASKED)
    assert {r["origin_id"]: r["route_id"] for r in rows_of(found)} == {"a": 1, "b": 2}
    assert {v["origin_id"]: v["route_id"] for v in rows_of(found, "OUTPUT_VEHICLES")} == {"a": 1, "b": 2}
    paths = rows_of(found, "OUTPUT_PATHS")
    assert [(p["road_id"], p["sequence"]) for p in paths if p["route_id"] == 1] == [
        (p["road_id"], p["sequence"]) for p in paths if p["route_id"] == 2
    ]


def test_queues_are_empty_where_the_model_knows_none(found):
    for road in rows_of(found, "OUTPUT_ROADS"):
        assert {road[name] for name in
                ("capacity", "peak_flow", "longest_queue", "queue_minutes", "blocked_minutes")} == {NULL}  # fmt: skip
    assert {row["waiting"] for row in rows_of(found, "OUTPUT_CLEARANCE")} == {0}


def test_the_doors_count_who_comes_in(found):
    doors = rows_of(found, "OUTPUT_DOORS")
    assert sum(door["vehicles"] for door in doors) == sum(door["people"] for door in doors) == 500
    for door in doors:
        assert door["longest_queue"] == NULL and door["capacity"] > 0
        assert door["guessed"] in (0, 1)
        assert door["peak_flow"] <= 4 * door["vehicles"]
        if door["vehicles"]:
            assert door["first_arrival"] < door["last_arrival"]
    assert found["DELAY_95"] > 0


def test_flows_add_up_to_the_traffic_on_the_roads(found):
    flows, roads = rows_of(found, "OUTPUT_FLOWS"), rows_of(found, "OUTPUT_ROADS")
    assert {f["begin"].secsTo(f["end"]) for f in flows} == {300}
    for name, total in (("entered", "vehicles"), ("delay_s", "delay_s")):
        for road in {r["road_id"] for r in roads}:
            assert sum(f[name] for f in flows if f["road_id"] == road) == pytest.approx(
                sum(r[total] for r in roads if r["road_id"] == road), abs=1e-3
            )
    assert {f["queue"] for f in flows} == {f["blocked_minutes"] for f in flows} == {NULL}
    short = run(METHOD=GREEDY, FLOW_MODEL=0, FLOW_MINUTES=1, **ASKED)
    assert sum(f["entered"] for f in rows_of(short, "OUTPUT_FLOWS")) == sum(f["entered"] for f in flows)
    assert len(rows_of(short, "OUTPUT_FLOWS")) > 2 * len(flows)


def test_junctions_where_two_ways_come_together(found):
    assert rows_of(found, "OUTPUT_JUNCTIONS") == []  # the two ways meet where they begin and where they end
    streets = roads([(line((0, 0), (1000, 0)), ["west", "no", 36]), (line((1000, 0), (2000, 0)), ["east", "no", 36]),
                     (line((1000, 400), (1000, 0)), ["north", "no", 36])])  # fmt: skip
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 10]), (line((1000, 400), (2000, 0)), ["b", "s", 5])]
    merged = run(TRIPS=trips(rows), NETWORK=streets, METHOD=INDIVIDUAL, FLOW_MODEL=0, **ASKED)
    (junction,) = rows_of(merged, "OUTPUT_JUNCTIONS")
    assert (junction["vehicles"], junction["streams"], junction["rank"]) == (15, 2, 1)
    assert junction["blocked_minutes"] == NULL and junction["delay_s"] > 0
    point = next(merged["OUTPUT_JUNCTIONS"].getFeatures()).geometry().asPoint()
    assert (point.x(), point.y()) == pytest.approx((501_000, 5_400_000), abs=0.1)
    rows = [(line((2000, 0), (1000, 400)), ["a", "s", 10]), (line((0, 0), (2000, 0)), ["b", "s", 5])]
    turning = run(TRIPS=trips(rows), NETWORK=streets, METHOD=INDIVIDUAL, FLOW_MODEL=0, **ASKED)
    assert rows_of(turning, "OUTPUT_JUNCTIONS") == []  # to the right, beside those who go straight on
