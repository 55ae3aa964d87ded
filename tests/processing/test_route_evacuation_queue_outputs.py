"""Layers and report of a plan under ``queue``: waits, queues, doors, and names that are untrusted text."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

import numpy as np

from evacuation_planner.plugin.layers.routing import outputs, planned, route_rows
from evacuation_planner.plugin.layers.routing.door_rows import DOORS, door_rows
from evacuation_planner.plugin.layers.routing.outputs import RoutedCase
from evacuation_planner.plugin.layers.routing.plan_rows import VEHICLES
from evacuation_planner.plugin.reports.routing import write_routing_report
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.clearance import clearance
from evacuation_planner.plugin.solvers.routing.queue.network import standing_room
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared.choices import INDIVIDUAL, LINEAR, QUEUE
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from evacuation_planner.processing_provider.algorithms.routing.routing_outputs import routing_numbers
from tests.processing.plan_tables import routing_inputs

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def found():
    """500 vehicles in ten minutes on a road that lets 900 an hour out, each by its own shortest way."""
    given, context, log = routing_inputs(FLOW_MODEL=0, DEPARTURE_WINDOW=10.0)
    case = given.case(context, log, Control())
    network, problem = case.read.network, case.problem
    capacity = np.where(network.is_road, network.capacity, np.inf)
    cost = road_cost(LINEAR, problem.cost.free_flow, a=0.0)
    room = standing_room(network.length, network.lanes)
    problem = replace(problem, capacity=capacity, storage=np.where(network.is_road, room, 1.0), cost=cost)
    kinds = replace(case.read.kinds, names=[NASTY] * len(case.read.kinds.names))
    case = replace(case, problem=problem, read=replace(case.read, kinds=kinds))
    result = solve(problem, method=INDIVIDUAL, flow_model=QUEUE)
    routed = RoutedCase(case, result, road_use(result, network.is_road), clearance(result), None)
    return routed, context, given


def rows(columns, values) -> list[dict]:
    return [dict(zip((column.name for column in columns), row)) for _, row in values]


def test_routes_tell_the_wait_and_the_detour_without_it(found):
    routed, context, _ = found
    case, result = routed.case, routed.result
    routes = rows(route_rows.ROUTES, route_rows.route_rows(case, result, case.rows.crs, context))
    assert sum(r["wait_s"] * r["vehicles"] for r in routes) == pytest.approx(result.queue.origin_wait)
    assert result.queue.origin_wait > 0
    assert {r["detour"] for r in routes} == {1.0}  # each by its own fastest way, however long it waits
    assert all(r["travel_time_s"] > r["free_flow_s"] for r in routes)
    assert {r["streets"] for r in routes} == {NASTY}
    vehicles = rows(VEHICLES, planned.planned_vehicle_rows(case, result))
    waited = sum(v["entered_s"] - v["departure_s"] for v in vehicles)
    assert waited == pytest.approx(result.queue.origin_wait, abs=1e-3)


def test_roads_and_doors_tell_their_queues(found):
    routed, context, _ = found
    case, result = routed.case, routed.result
    roads = rows(outputs.ROADS, outputs.road_rows(routed, case.rows.crs, context))
    assert max(r["peak_flow"] for r in roads) <= max(r["capacity"] for r in roads)
    assert any(r["longest_queue"] > 3 and r["queue_minutes"] > 5 for r in roads)
    assert routed.use.over_capacity.any()
    doors = rows(DOORS, door_rows(case, result, case.rows.crs, context))
    used = [door for door in doors if door["vehicles"]]
    assert sum(door["vehicles"] for door in used) == 500
    assert all(door["longest_queue"] is not None and door["peak_flow"] <= door["capacity"] + 4 for door in used)


def test_who_waits_is_in_the_clearance_curve(found):
    routed, _, _ = found
    table = rows(outputs.CLEARANCE, outputs.clearance_rows(routed))
    assert max(row["waiting"] for row in table) > 0
    assert all(row["departed"] == row["on_road"] + row["arrived"] for row in table)
    assert table[-1]["arrived"] == 500


def test_the_report_leads_with_what_the_plan_brings_and_the_range(found, tmp_path):
    routed, _, given = found
    queue = routed.result.queue
    numbers = {
        **routing_numbers(routed), "INFORMED_TIME": queue.informed_time, "FORCED": 7, "RINGS": 2,
        "REDUCTION_INFORMED": routed.result.reduction_informed, "CLEARANCE_LOW": queue.clearance_low,
        "CLEARANCE_HIGH": queue.clearance_high, "ORIGIN_WAIT": queue.origin_wait,
    }  # fmt: skip
    path = tmp_path / "report.html"
    write_routing_report(str(path), routed, numbers, replace(given.choice, kind=LINEAR), "")
    text = path.read_text(encoding="utf-8")
    assert text.index("drivers with navigation and no plan") < text.index("people routed in")
    assert "at 120 and 80 % of all capacities" in text
    assert "Minutes with a queue" in text and "Doors of the destinations" in text
    assert "7 vehicles were let into a full road" in text
    assert "SUMO" in text and "Present:" not in text and "linear cost" not in text
    assert "<script" not in text and "&lt;script&gt;" in text
