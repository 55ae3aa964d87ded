"""``evacuation:latestdeparture`` and ``evacuation:stagedeparture`` through the registry, on plans as their tables."""

from __future__ import annotations

from dataclasses import replace

import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import NULL, QgsProcessingException

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.queue.network import microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.processing.plan_tables import routing_inputs
from tests.processing.routing_layers import QUEUE, SYSTEM_OPTIMAL, Log, at, layer, line, roads, rows_of, trips
from tests.processing.routing_layers import run as route

# Two zones at the ends of side streets that meet a common way to the shelter: one vehicle every 10 s.
STREETS = [
    (line((0, 0), (1000, 0)), ["near", "no", 36, 3600]),
    (line((0, 600), (1000, 0)), ["far", "no", 36, 3600]),
    (line((1000, 0), (1800, 0)), ["common", "no", 36, 360]),
    (line((1800, 0), (2000, 0)), ["last", "no", 36, 3600]),
]


def box(x, y, x2, y2):
    return f"POLYGON(({at(x, y)}, {at(x2, y)}, {at(x2, y2)}, {at(x, y2)}, {at(x, y)}))"


def streets():
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=capacity:double"
    return layer("LineString", fields, STREETS, "streets")


def zones(rows=None, extra=""):
    rows = rows or [(box(-50, -50, 50, 50), ["n"]), (box(-50, 550, 50, 650), ["f"])]
    return layer("Polygon", "&field=zone_id:string" + extra, rows, "quarters")


def flood(rows=None):
    rows = rows or [(box(1700, -100, 1850, 100), [40]), (box(-100, 500, 100, 700), [60])]
    return layer("Polygon", "&field=hazard_arrival:double", rows, "water")


def plan(log=None, **more):
    """A plan of two zones with 60 vehicles each, told at the start."""
    ends = [((0, 0), "n"), ((0, 600), "f")]
    given = {
        "FLOW_MODEL": QUEUE, "NETWORK": streets(), "METHOD": 0, "DEPARTURE_WINDOW": 2, "CERTIFY": False,
        "TRIPS": trips([(line(start, (2000, 0)), [name, "s", 60]) for start, name in ends]),
        "OUTPUT_VEHICLES": "memory:", "OUTPUT_PATHS": "memory:", **more,
    }  # fmt: skip
    made = route(log, **given)
    tables = {"PLAN": made["OUTPUT_VEHICLES"], "PLAN_PATHS": made["OUTPUT_PATHS"]}
    return {**tables, "caught": rows_of(made, "OUTPUT_CAUGHT")} if "OUTPUT_CAUGHT" in more else tables


def time(name, made, log=None, **more):
    given = {
        "NETWORK": streets(), "NETWORK_ID_FIELD": "road_id", "ZONES": zones(), "HAZARD": flood(), "OUTPUT": "memory:",
        **made, **more,
    }  # fmt: skip
    return processing.run(f"evacuation:{name}", given, feedback=log or Log())


@pytest.fixture(scope="module")
def made():
    return plan()


def caught_at(told, water=None):
    """People caught if the zones' trips have orders at these minutes, by layers of trips and no plan's tables."""
    rows = [(line(start, (2000, 0)), [name, "s", 60, told[name]]) for start, name in (((0, 0), "n"), ((0, 600), "f"))]
    given, context, log = routing_inputs(
        FLOW_MODEL=QUEUE, NETWORK=streets(), DEPARTURE_WINDOW=2, HAZARD=water or flood(),
        TRIPS=trips(rows, "&field=order_time:double"),
    )  # fmt: skip
    problem = given.case(context, log, Control()).problem
    never = replace(problem, closings=Closings.none(problem.nodes))
    routes = solve(never, method=0, flow_model=QUEUE, certify=False).routes
    queue = roads_of(problem)
    run = simulate_queues(queue, plan_of(queue, microseconds(problem.departure), routes, places_of(problem)))
    return int(problem.people[~run.arrived].sum())


def test_the_latest_order_holds_and_a_minute_later_fails_in_the_routing_itself(made, tmp_path):
    log = Log()
    report = tmp_path / "latest.html"
    found = time("latestdeparture", made, log, DECISION_MINUTES=10, OUTPUT_HTML=str(report))
    rows = {row["zone_id"]: row for row in rows_of(found)}
    assert {row["result"] for row in rows.values()} == {"latest order"}
    for name, other in (("n", "f"), ("f", "n")):
        latest = rows[name]["latest_order"]
        assert caught_at({name: latest, other: 0}) == 0 < caught_at({name: latest + 1, other: 0})
        assert rows[name]["latest_decision"] == latest - 10 and rows[name]["margin"] == latest
        assert rows[name]["bottleneck_road"] == "common" and rows[name]["people"] == rows[name]["vehicles"] == 60
    # 3 minutes of way and 60 vehicles at 10 s out of the common road, on whose end the water is at minute 40.
    assert 25 <= rows["n"]["latest_order"] <= 27
    together = caught_at({name: row["latest_order"] for name, row in rows.items()})
    assert found["TOGETHER_CAUGHT"] == together > 0 == found["CAUGHT"]
    assert rows["n"]["hazard_minute"] in (None,) and rows["f"]["hazard_minute"] == 60
    assert found["LEAST_MARGIN"] == min(row["margin"] for row in rows.values())
    text = report.read_text(encoding="utf-8")
    assert "one zone at a time" in text and "one zone at a time" in log.text and str(found["TOGETHER_CAUGHT"]) in text
    assert not log.warnings


def test_orders_of_the_zones_replace_those_of_the_plan_and_fields_are_kept(made):
    told = zones(
        [(box(-50, -50, 50, 50), ["n", 25, "Harbour"]), (box(-50, 550, 50, 650), ["f", None, "Hill"])],
        "&field=order_time:double&field=called:string",
    )
    found = time("latestdeparture", made, ZONES=told)
    rows = {row["zone_id"]: row for row in rows_of(found)}
    assert rows["n"]["order_minute"] == 25 and rows["f"]["order_minute"] == 0 and rows["n"]["called"] == "Harbour"
    assert rows["n"]["margin"] == rows["n"]["latest_order"] - 25


def test_without_anything_that_closes_there_is_no_limit_and_bad_input_is_a_sentence(made):
    log = Log()
    found = time("latestdeparture", made, log, HAZARD=None)
    assert found["UNLIMITED_ZONES"] == 2 and "nothing ever closes" in log.text
    with pytest.raises(QgsProcessingException, match="no id of “quarters”"):
        time("latestdeparture", made, ZONES=zones([(box(0, 0, 1, 1), ["x"])]))
    dated = layer("Polygon", "&field=hazard_arrival:string", [(box(0, 0, 9, 9), ["2026-05-01T06:00:00"])], "water")
    with pytest.raises(QgsProcessingException, match="START_TIME: HAZARD_TIME_FIELD has dates"):
        time("latestdeparture", made, HAZARD=dated)
    early = zones([(box(-50, -50, 50, 50), ["n", -5])], "&field=order_time:double")
    with pytest.raises(QgsProcessingException, match="is told 300 s before START_TIME"):
        time("latestdeparture", made, ZONES=early)
    lacking = roads([(line((0, 0), (1000, 0)), ["near", "no", 36])])
    with pytest.raises(QgsProcessingException, match="has no road"):
        time("latestdeparture", made, NETWORK=lacking)


def test_staging_saves_people_and_its_trips_give_the_same_routes(made, tmp_path):
    # The far zone's own street closes at minute 8 while the common road takes one every 10 s.
    water = flood([(box(300, 300, 500, 500), [9])])
    asked = {"HAZARD": water, "EFFORT": 0, "STEP_MINUTES": 1, "WAVES": 2, "MAX_CLEARANCE": 60}
    log, report = Log(), tmp_path / "stage.html"
    narrow = streets()
    found = time(
        "stagedeparture", made, log, **asked, NETWORK=narrow, OUTPUT_TRIPS="memory:", OUTPUT_STEPS="memory:",
        OUTPUT_HTML=str(report),
    )  # fmt: skip
    assert found["CAUGHT"] <= found["AT_ONCE_CAUGHT"] and found["CAUGHT_BOUND"] <= found["CAUGHT"]
    rows = {row["zone_id"]: row for row in rows_of(found)}
    assert sum(row["caught"] for row in rows.values()) == found["CAUGHT"]
    assert sum(row["caught_at_once"] for row in rows.values()) == found["AT_ONCE_CAUGHT"]
    steps = rows_of(found, "OUTPUT_STEPS")
    assert steps[0]["change"] == "all at once" and steps[-1]["caught"] == found["CAUGHT"]
    told = rows_of(found, "OUTPUT_TRIPS")
    assert {(row["zone_id"], row["shelter_id"], row["people"]) for row in told} == {("n", "s", 60), ("f", "s", 60)}
    assert {row["zone_id"]: row["order_time"] for row in told} == {k: row["order_time"] for k, row in rows.items()}
    assert caught_at({row["zone_id"]: row["order_time"] for row in told}, water) == found["CAUGHT"]
    assert "waves" in log.text.lower() and report.read_text(encoding="utf-8").count("<tr>") >= 3


def test_who_has_no_way_in_the_plan_is_told_apart_and_never_lost(tmp_path):
    # Every 10 s a vehicle leaves the common way, by turns for each shelter; the water is before that of the near zone
    # at minute 6, so that who comes later would stand on the common way for ever, in front of the others.
    log, report = Log(), tmp_path / "report.html"
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=capacity:double"
    other = (line((1800, 0), (1800, 200)), ["up", "no", 36, 3600])
    fork = {
        "NETWORK": layer("LineString", fields, [*STREETS, other], "streets"),
        "HAZARD": flood([(box(1850, -50, 1950, 50), [6])]),
    }
    both = [(line((0, 0), (2000, 0)), ["n", "s", 60]), (line((0, 600), (1800, 200)), ["f", "t", 60])]
    made = plan(
        log, METHOD=SYSTEM_OPTIMAL, MAX_ROUTES=0, EFFORT=0, TRIPS=trips(both), OUTPUT_HTML=str(report),
        OUTPUT_CAUGHT="memory:", **fork,
    )  # fmt: skip
    caught = made.pop("caught")
    staying = sum(row["people"] for row in caught if row["stays"])
    assert 40 < staying == sum(row["people"] for row in caught) < 60
    assert {(row["origin_id"], row["place"], row["reason_code"]) for row in caught} == {("n", "origin", "way cut off")}
    assert f"{staying} of the people caught never leave" in log.text
    text = report.read_text(encoding="utf-8")
    assert f"{staying} of them never leave" in text and "<td>way cut off, stay</td>" in text

    found = time("latestdeparture", made, log, OUTPUT_HTML=str(report), **fork)
    rows = {row["zone_id"]: row for row in rows_of(found)}
    assert [(rows[name]["people"], rows[name]["staying"]) for name in "nf"] == [(60, staying), (60, 0)]
    assert (rows["n"]["result"], rows["f"]["result"]) == ("some stay", "no limit")
    assert rows["n"]["latest_order"] == NULL and 0 <= rows["n"]["latest_of_rest"] < 6
    assert found["TOO_LATE_ZONES"] == found["UNLIMITED_ZONES"] == 1
    assert found["CAUGHT"] == staying <= found["TOGETHER_CAUGHT"]
    assert f"{staying} people of 1 zone(s) have no way in the plan" in log.text
    assert f"{staying} people have no way in the plan" in report.read_text(encoding="utf-8")

    dry = {**fork, "HAZARD": None}  # nor does he arrive where nothing closes any more
    found = time("latestdeparture", made, **dry)
    assert found["CAUGHT"] == staying and found["UNLIMITED_ZONES"] == found["TOO_LATE_ZONES"] == 1
    found = time("stagedeparture", made, log, EFFORT=0, **fork)
    assert {row["zone_id"]: row["staying"] for row in rows_of(found)} == {"n": staying, "f": 0}
    assert staying == found["CAUGHT_BOUND"] == found["CAUGHT"] == found["AT_ONCE_CAUGHT"]
    assert f"{staying} of them because they have no way in the plan" in log.text
    found = time("stagedeparture", made, log, EFFORT=1, **dry)  # routes found anew bring them out, too
    assert found["CAUGHT"] == found["CAUGHT_BOUND"] == 0 and {row["staying"] for row in rows_of(found)} == {0}


def test_bounds_that_cross_and_no_gain_are_said(made):
    crossed = zones([(box(-50, -50, 50, 50), ["n", 30, 10])], "&field=from_min:double&field=to_min:double")
    with pytest.raises(QgsProcessingException, match="zone n of “quarters” can be told 30 min"):
        time("stagedeparture", made, ZONES=crossed, EARLIEST_FIELD="from_min", LATEST_FIELD="to_min")
    log = Log()
    one = plan(TRIPS=trips([(line((0, 0), (2000, 0)), ["n", "s", 5])]))
    found = time("stagedeparture", one, log, EFFORT=0, ZONES=zones([(box(-50, -50, 50, 50), ["n"])]))
    assert found["WAVES_USED"] == 1 and "everybody at once is the answer" in log.text
