"""Who is caught: what ``routeevacuation`` says of those whom the hazard catches or who are cut off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import NULL, QgsProcessingContext

from evacuation_planner.plugin.layers.routing.caught_rows import CAUGHT, caught_rows
from evacuation_planner.plugin.layers.routing.outputs import unrouted_people
from evacuation_planner.plugin.layers.routing.plan_rows import VEHICLES
from evacuation_planner.plugin.layers.routing.planned import planned_vehicle_rows
from evacuation_planner.plugin.layers.routing.route_rows import ROUTES, route_rows
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.clearance import clearance
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.processing import joint_layers
from tests.processing.closing_layers import box, closures, hazard
from tests.processing.plan_tables import routing_inputs
from tests.processing.routing_layers import INDIVIDUAL, PRESENT, QUEUE, Log, layer, line, roads, rows_of, run, trips


def random_streets(rng, side=4):
    """A grid of streets with random one-ways and speeds; some are missing."""
    rows = []
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side and rng.random() < 0.85:
                    way = ["no", "yes", "-1"][int(rng.choice(3, p=[0.7, 0.15, 0.15]))]
                    ends = (300.0 * x, 300.0 * y), (300.0 * (x + dx), 300.0 * (y + dy))
                    rows.append((line(*ends), [f"r{len(rows)}", way, int(rng.choice([18, 36, 50]))]))
    return layer("LineString", "&field=road_id:string&field=oneway:string&field=maxspeed:double", rows, "streets")


def random_closings(rng, problem):
    """Parts of roads that close for a while or by the hazard, places that it reaches."""
    parts = max(problem.arcs // 2, 1)
    arc = np.sort(rng.integers(0, problem.arcs, parts)).astype(np.int32)
    ends = np.sort(rng.random((2, parts)), axis=0)
    since, catches = rng.uniform(0, 300, parts), rng.random(parts) < 0.6
    until = np.where(catches | (rng.random(parts) < 0.3), np.inf, since + rng.uniform(0, 200, parts))
    nodes = problem.nodes
    start, goal = (np.where(rng.random(nodes) < share, rng.uniform(0, 300, nodes), np.inf) for share in (0.4, 0.1))
    return Closings(arc, *ends, since, until, catches, start, goal)


def values_of(columns, rows):
    return [dict(zip((column.name for column in columns), values)) for _, values in rows]


@pytest.mark.parametrize("flow_model", [QUEUE, PRESENT])
@pytest.mark.parametrize("seed", range(12))
def test_everybody_arrives_is_caught_or_has_no_route(seed, flow_model):
    rng = np.random.default_rng(seed)
    spots = [tuple(float(v) for v in rng.uniform(0, 900, 2)) for _ in range(12)]
    ends = enumerate(zip(spots, spots[6:]))
    rows = [(line(a, b), [f"z{k}", f"s{k % 3}", int(rng.integers(1, 60))]) for k, (a, b) in ends]
    given, context, log = routing_inputs(
        NETWORK=random_streets(rng),
        TRIPS=trips(rows),
        PEOPLE_PER_VEHICLE=2.5,
        DEPARTURE_WINDOW=3,
        FLOW_MODEL=flow_model,
    )
    case = given.case(context, log, Control())
    case = replace(case, problem=replace(case.problem, closings=random_closings(rng, case.problem)))
    result = solve(case.problem, method=INDIVIDUAL, flow_model=flow_model)
    people = sum(values[2] for _, values in rows)
    caught = values_of(CAUGHT, caught_rows(case, result, case.rows.crs, QgsProcessingContext()))
    routes = values_of(ROUTES, route_rows(case, result, case.rows.crs, QgsProcessingContext()))
    assert sum(row["people"] for row in caught) == round(result.people_caught)
    assert sum(row["people"] for row in routes) == round(result.problem.people.sum())
    without = unrouted_people(case, result)
    assert sum(row["people"] for row in routes) + sum(row["people"] for row in caught) + without == people
    vehicles = values_of(VEHICLES, planned_vehicle_rows(case, result))
    assert sum(row["people"] for row in vehicles) + without == people
    arriving = [row for row in vehicles if row["arrival_s"] is not None]
    assert sum(row["people"] for row in arriving) == round(result.problem.people.sum())
    assert {row["route_id"] for row in routes} >= {row["route_id"] for row in arriving} - {None}
    curve = clearance(result)
    assert curve.caught[-1] + curve.arrived[-1] + without == people
    assert curve.waiting[-1] == curve.on_road[-1] == 0
    least = [row["margin_s"] for row in routes if row["margin_s"] is not None]
    assert (min(least) if least else None) == result.least_margin()


STREET = [(line((0, 0), (1000, 0)), ["west", "no", 36]), (line((1000, 0), (2000, 0)), ["east", "no", 36])]
AHEAD = [(box(1500, -50, 1600, 50), "2000-01-01T00:02:50")]


def caught_run(log=None, **parameters):
    """Five vehicles that leave at once over 2 km of 36 km/h, of which one a 4 s gets out of the first half."""
    asked = dict.fromkeys(("OUTPUT_CAUGHT", "OUTPUT_VEHICLES", "OUTPUT_PATHS"), "TEMPORARY_OUTPUT")
    base = {
        "FLOW_MODEL": QUEUE, "METHOD": INDIVIDUAL, "DEPARTURE_WINDOW": 0, "NETWORK": roads(STREET),
        "TRIPS": trips([(line((0, 0), (2000, 0)), ["a", "s", 5])]), "HAZARD": hazard(AHEAD, "string"),
        "START_TIME": "2000-01-01T00:00:00",
    }  # fmt: skip
    return run(log, **{**base, **asked, **parameters})


def test_by_hand_who_is_caught_where_and_by_how_much_the_others_are_away(tmp_path):
    """They enter the second half at 100, 104, ... 116 s and are on the part that floods 50 to 60 s later.

    At 170 s the first three have left it, 10, 6 and 2 s ago; the others are at 580 and 540 m of 1000 and would have
    been away at 160 s but for the queue.
    """
    log, path = Log(), tmp_path / "report.html"
    found = caught_run(log, OUTPUT_HTML=str(path))
    assert (found["CAUGHT"], found["ROUTED"], found["UNROUTED"], found["VEHICLES"]) == (2, 3, 0, 3)
    assert (found["INDIVIDUAL_CAUGHT"], found["INFORMED_CAUGHT"]) == (2, 2)
    assert found["LEAST_MARGIN"] == pytest.approx(2.0, abs=0.1)  # roads are measured on the ellipsoid
    assert found["TOTAL_TIME"] == pytest.approx(200 + 204 + 208, abs=0.5)
    assert found["CLEARANCE_TIME"] == pytest.approx(208, abs=0.2)
    assert "LOWER_BOUND" not in found and found["REDUCTION"] == 0
    (lost,) = rows_of(found, "OUTPUT_CAUGHT")
    assert (lost["people"], lost["vehicles"], lost["reason_code"]) == (2, 2, "queue")
    assert (lost["origin_id"], lost["destination_id"], lost["place"], lost["road_id"]) == ("a", "s", "road", "east")
    assert lost["time_s"] == pytest.approx(170) and lost["time"].toString("HH:mm:ss") == "00:02:50"
    point = next(found["OUTPUT_CAUGHT"].getFeatures()).geometry().asPoint()
    assert (point.x(), point.y()) == pytest.approx((501_560, 5_400_000), abs=1.0)
    (route,) = rows_of(found)
    assert (route["people"], route["margin_s"]) == (3, found["LEAST_MARGIN"])
    vehicles = rows_of(found, "OUTPUT_VEHICLES")
    assert [v["arrival_s"] for v in vehicles][3:] == [NULL, NULL] and vehicles[2]["arrival_s"] == found[
        "CLEARANCE_TIME"
    ]
    curve = rows_of(found, "OUTPUT_CLEARANCE")
    assert [row["caught"] for row in curve if row["seconds"] in (169.0, 170.0)] == [0, 2]
    assert curve[-1]["arrived"] == 3 and curve[-1]["on_road"] == curve[-1]["in_hazard"] == 0
    inside = {row["seconds"]: row["in_hazard"] for row in curve}
    assert [inside[float(second)] for second in (149, 151, 155, 159, 161, 163, 167)] == [0, 1, 2, 3, 2, 3, 3]
    assert "2 people are caught: 2 (queue); see OUTPUT_CAUGHT" in log.text
    text = path.read_text(encoding="utf-8")
    assert "<b>2 people are caught</b>: 2 queue." in text and "<td>east</td><td>queue</td>" in text
    assert "2 s</b> at the least" in text and "0 to 2 min" in text


@pytest.mark.parametrize("method", range(4))
def test_by_hand_under_present_who_is_slowed_by_those_ahead_is_caught(method, tmp_path):
    """Density: with k of the 133.3 vehicles that fit on it a road of 100 s takes 100 / (1 - k / 133.3) s.

    So they enter the second half at 100, 100.76, 101.52, 102.30 and 103.09 s, and are off the part 60 s later: at 162 s
    the last two are not, and would be on empty roads.
    """
    log, path = Log(), tmp_path / "report.html"
    comes = hazard([(AHEAD[0][0], "2000-01-01T00:02:42")], "string")
    more = {"OUTPUT_HTML": str(path), "OUTPUT_FLOWS": "TEMPORARY_OUTPUT", "CERTIFY": True}
    found = caught_run(log, FLOW_MODEL=PRESENT, METHOD=method, HAZARD=comes, **more)
    assert (found["CAUGHT"], found["ROUTED"], found["INDIVIDUAL_CAUGHT"]) == (2, 3, 2)
    seconds = [100 / (1 - k / (1000 / 7.5)) for k in range(3)]
    assert found["TOTAL_TIME"] == pytest.approx(2 * sum(seconds), abs=0.5)
    assert found["LEAST_MARGIN"] == pytest.approx(162 - 60 - seconds[2], abs=0.1)
    (lost,) = rows_of(found, "OUTPUT_CAUGHT")
    assert (lost["people"], lost["reason_code"], lost["road_id"]) == (2, "queue", "east")
    assert lost["time_s"] == pytest.approx(162) and "LOWER_BOUND" not in found
    curve = rows_of(found, "OUTPUT_CLEARANCE")
    assert (curve[-1]["arrived"], curve[-1]["caught"], curve[-1]["on_road"]) == (3, 2, 0)
    assert "2 people are caught: 2 (queue)" in log.text
    assert "<b>2 people are caught</b>: 2 queue." in path.read_text(encoding="utf-8")


def test_under_present_who_waits_for_an_opening_counts_his_wait():
    works = closures("None", [(None, [0.0, 5.0, "east", None])])
    for method in range(4):
        found = caught_run(FLOW_MODEL=PRESENT, METHOD=method, HAZARD=None, CLOSURES=works)
        assert (found["CAUGHT"], found["ROUTED"]) == (0, 5)
        seconds = [300 + 100 / (1 - k / (1000 / 7.5)) for k in range(5)]
        assert found["TOTAL_TIME"] == pytest.approx(sum(seconds), abs=0.5)


def test_nobody_is_caught_where_the_hazard_comes_later_or_never():
    found = caught_run(HAZARD=hazard([(AHEAD[0][0], "2000-01-01T01:00:00")], "string"))
    assert found["CAUGHT"] == found["INFORMED_CAUGHT"] == 0 and found["LEAST_MARGIN"] == pytest.approx(
        3600 - 176, abs=0.1
    )
    assert rows_of(found, "OUTPUT_CAUGHT") == [] and "LOWER_BOUND" in found
    found = caught_run(HAZARD=None)
    assert found["CAUGHT"] == 0 and "LEAST_MARGIN" not in found
    assert {route["margin_s"] for route in rows_of(found)} == {NULL}


def test_who_is_at_home_or_where_he_goes_when_the_hazard_comes():
    two = [(line((0, 0), (2000, 0)), ["a", "s", 5]), (line((1000, 0), (0, 0)), ["b", "t", 4])]
    found = caught_run(TRIPS=trips(two), DEPARTURE_WINDOW=10, HAZARD=hazard([(box(-50, -50, 50, 50), 1.0)]))
    lost = {(row["origin_id"], row["place"]): row for row in rows_of(found, "OUTPUT_CAUGHT")}
    assert (lost["a", "origin"]["reason_code"], lost["a", "origin"]["time_s"]) == ("too late to leave", 60.0)
    (other,) = {row["reason_code"] for (origin, _), row in lost.items() if origin == "b"}
    assert other == "destination reached" and ("b", "destination") not in lost  # 95 s away: nobody gets there in time
    assert found["ROUTED"] + found["CAUGHT"] == 9 and found["CAUGHT"] >= 4


def test_who_has_no_way_at_all_is_told_what_closes_it():
    works = closures("None", [(None, [None, None, "east", None])])
    streets = roads([*STREET, (line((2000, 0), (3000, 0)), ["end", "no", 36])])
    more = {"HAZARD": None, "NETWORK": streets}
    found = caught_run(CLOSURES=works, **more)
    (lost,) = rows_of(found, "OUTPUT_UNROUTED")
    assert lost["reason"] == "s cannot be reached: the way is closed by feature 1 of “works” (CLOSURES)"
    assert (found["UNROUTED"], found["CAUGHT"], found["ROUTED"]) == (5, 0, 0)
    fence = layer("Polygon", "&field=n:integer", [(box(1200, -10, 1300, 10), [1])], "fence")
    (lost,) = rows_of(caught_run(BARRIERS=fence, **more), "OUTPUT_UNROUTED")
    assert "closed by" in lost["reason"] and "“fence” (BARRIERS)" in lost["reason"]
    later = closures("None", [(None, [1.0, None, "east", None])])
    found = caught_run(CLOSURES=later, **more)
    assert (found["UNROUTED"], found["CAUGHT"]) == (0, 5)
    assert {row["reason_code"] for row in rows_of(found, "OUTPUT_CAUGHT")} <= {"way cut off", "queue"}


def test_the_joint_plan_says_who_is_caught_at_home(tmp_path):
    """Vehicles leave evenly within ten minutes; the hazard comes to where they start after one and a half."""
    path = tmp_path / "report.html"
    flood = hazard([(box(-50, -50, 50, 50), 1.5)])
    asked = dict.fromkeys(("OUTPUT_CAUGHT", "OUTPUT_PATHS"), "TEMPORARY_OUTPUT")
    found = joint_layers.run(
        HAZARD=flood, DEPARTURE_PROFILE=1, DEPARTURE_WINDOW=10, START_TIME="2000-01-01T00:00:00", OUTPUT_HTML=str(path),
        **asked,
    )  # fmt: skip
    assert found["ROUTED"] + found["CAUGHT"] + found["UNROUTED"] == 100 and 5 < found["ROUTED"] < 30
    assert found["UNROUTED"] == found["UNALLOCATED"] == 0 and found["LOWER_BOUND"] <= found["VALUE"]
    for name in ("CLEARANCE_LOW", "CLEARANCE_HIGH", "INFORMED_CLEARANCE"):  # not when the caught should have left
        assert found[name] == pytest.approx(found["CLEARANCE_TIME"], rel=0.2)
    lost = rows_of(found, "OUTPUT_CAUGHT")
    assert sum(row["people"] for row in lost) == found["CAUGHT"] == found["INFORMED_CAUGHT"]
    assert {row["place"] for row in lost} <= {"origin", "road"}
    assert lost[0]["time_s"] >= 84.9  # who leaves later is not off the flooded 50 m in time
    assert sum(joint_layers.sent(found).values()) == found["ROUTED"] == found["ALLOCATED"]
    vehicles = rows_of(found, "OUTPUT_VEHICLES")
    assert sum(v["people"] for v in vehicles if v["arrival_s"] == NULL) == found["CAUGHT"] and len(vehicles) == 100
    assert max(v["departure_s"] for v in vehicles if v["arrival_s"] != NULL) <= 90.0
    assert rows_of(found, "OUTPUT_CLEARANCE")[-1]["caught"] == found["CAUGHT"]
    assert f"<b>{found['CAUGHT']} people are caught</b>" in path.read_text(encoding="utf-8")
