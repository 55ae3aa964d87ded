"""Cars, buses and people on foot in one run: each mode as in a run of its own, outputs that tell them apart."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import NULL, QgsProcessingException

from evacuation_planner.plugin.layers.routing.mode_rows import with_mode
from evacuation_planner.plugin.layers.routing.plan import plan_on_roads
from evacuation_planner.plugin.layers.routing.plan_sites import PlanEnds
from evacuation_planner.plugin.layers.routing.plan_tables import read_plan
from evacuation_planner.plugin.layers.routing.route_rows import ROUTES
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND
from tests.layers.road_layers import source_of
from tests.processing.plan_tables import routing_inputs
from tests.processing.routing_layers import (
    GREEDY,
    INDIVIDUAL,
    INFORMED,
    PRESENT,
    REFINED,
    SYSTEM_OPTIMAL,
    Log,
    at,
    background,
    layer,
    line,
    rows_of,
)

FIELDS = "&field=road_id:string&field=highway:string&field=maxspeed:double&field=lanes:double&field=width:double"
STREETS = [
    (line((0, 0), (1000, 0)), ["west", "residential", 50, 2, None]),
    (line((1000, 0), (2000, 0)), ["east", "residential", 50, 2, None]),
    (line((0, 0), (0, 600), (1000, 600)), ["around", "primary", 70, 2, None]),
    (line((1000, 600), (2000, 600), (2000, 0)), ["back", "primary", 70, 2, None]),
    (line((0, 0), (1000, 300), (2000, 0)), ["path", "footway", None, None, None]),
    (line((1000, 0), (1000, 300), (1000, 600)), ["steps", "steps", None, None, None]),
    (line((0, 600), (2000, 1500)), ["motorway", "motorway", 120, 4, None]),
]
TRIPS = [
    (line((0, 10), (2000, 10)), ["a", "s", 300, "car"]),
    (line((0, 10), (2000, 10)), ["a", "s", 150, "foot"]),
    (line((990, 590), (2000, 10)), ["b", "s", 90, "foot"]),
    (line((2000, 10), (20, 0)), ["c", "t", 60, "foot"]),
    (line((0, 10), (2000, 10)), ["a", "s", 120, "bus"]),
    (line((990, 590), (2000, 10)), ["b", "s", 50, None]),
]
OUTPUTS = ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_FLOWS", "OUTPUT_JUNCTIONS", "OUTPUT_DOORS", "OUTPUT_CLEARANCE",
           "OUTPUT_CAUGHT", "OUTPUT_VEHICLES", "OUTPUT_PATHS", "OUTPUT_UNROUTED")  # fmt: skip


def streets(width=None):
    """Streets; with ``width`` (m) for walkers on all of them."""
    rows = [(wkt, [*values[:-1], width]) for wkt, values in STREETS]
    return layer("LineString", FIELDS, rows, "streets")


def groups(*modes, rows=None, name="groups"):
    """The trips of these modes; by default all."""
    kept = [row for row in rows or TRIPS if not modes or row[1][3] in modes]
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double&field=mode:string"
    return layer("LineString", fields, kept, name)


def run(log=None, **more):
    given = {
        "TRIPS": groups(), "NETWORK": streets(2.0), "NETWORK_ID_FIELD": "road_id", "PEOPLE_PER_VEHICLE": 3,
        "DEPARTURE_WINDOW": 5, "MAX_ROUTES": 2, **dict.fromkeys(OUTPUTS, "TEMPORARY_OUTPUT"), **more,
    }  # fmt: skip
    return processing.run("evacuation:routeevacuation", given, feedback=log or Log())


def failure(**more):
    with pytest.raises(QgsProcessingException) as caught:
        run(**more)
    return str(caught.value)


def without(row, *names):
    return {key: value for key, value in row.items() if key not in ("mode", *names)}


def moments(found, *modes):
    """Each vehicle's people, ends and times, without its number and paths, of these modes in their order."""
    keys = ("origin_id", "destination_id", "people", "departure_s", "entered_s", "arrival_s", "mode")
    return [
        tuple(row[k] for k in keys) for row in rows_of(found, "OUTPUT_VEHICLES") if not modes or row["mode"] in modes
    ]


def table(rows):
    """Routes without their numbers; sums along a way depend in their last digits on the ways before it."""
    kept = [without(row, "route_id") for row in rows]
    return sorted(str({k: f"{v:.9g}" if isinstance(v, float) else v for k, v in row.items()}) for row in kept)


@pytest.mark.parametrize(
    ("method", "model"),
    [(INDIVIDUAL, None), (GREEDY, None), (SYSTEM_OPTIMAL, None), (INFORMED, None), (SYSTEM_OPTIMAL, PRESENT),
     (REFINED, PRESENT)],
)  # fmt: skip
def test_each_mode_is_what_it_is_in_a_run_of_its_own(method, model):
    given = {"METHOD": method, **({} if model is None else {"FLOW_MODEL": model})}
    both = run(**given)
    cars, walkers = run(TRIPS=groups("car", "bus", None), **given), run(TRIPS=groups("foot"), **given)
    for alone, modes in ((cars, ("car", "bus")), (walkers, ("foot",))):
        assert len(moments(alone)) > 50 and moments(both, *modes) == moments(alone)
        assert table([row for row in rows_of(both) if row["mode"] in modes]) == table(rows_of(alone))
        own = [row for row in rows_of(both, "OUTPUT_ROADS") if row["mode"] in ("car", "bus", "car+bus")]
        walked = [row for row in rows_of(both, "OUTPUT_ROADS") if row["mode"] == "foot"]
        assert [without(row) for row in (walked if modes == ("foot",) else own)] == [
            without(row) for row in rows_of(alone, "OUTPUT_ROADS")
        ]
    for name in ("TOTAL_TIME", "VEHICLES", "ROUTED", "INDIVIDUAL_TIME", "FREE_FLOW_TIME"):
        assert both[name] == pytest.approx(cars[name] + walkers[name], rel=1e-12), name
    assert both["CLEARANCE_TIME"] == max(cars["CLEARANCE_TIME"], walkers["CLEARANCE_TIME"])
    if model is None:
        assert both["INFORMED_TIME"] == cars["INFORMED_TIME"] + walkers["INFORMED_TIME"]
    if method == SYSTEM_OPTIMAL:
        assert both["LOWER_BOUND"] == cars["LOWER_BOUND"] + walkers["LOWER_BOUND"] <= both["TOTAL_TIME"]
    assert (both["ON_FOOT"], both["BY_BUS"], both["ROUTED"]) == (300, 120, 770)
    assert (walkers["ON_FOOT"], cars["ON_FOOT"], cars["BY_BUS"]) == (300, 0, 120)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A run of all modes with its report."""
    page = tmp_path_factory.mktemp("mixed") / "report.html"
    ring = ", ".join(at(*p) for p in ((-100, -100), (900, -100), (900, 700), (-100, 700), (-100, -100)))
    water = layer("Polygon", "&field=n:integer", [(f"POLYGON(({ring}))", [1])], "water")
    log = Log()
    found = run(log, OUTPUT_HTML=str(page), HAZARD=water, NETWORK=streets())
    return found, page.read_text(encoding="utf-8"), log


def test_outputs_tell_the_modes_apart(mixed):
    found, text, _ = mixed
    routes = rows_of(found)
    people = {mode: sum(row["people"] for row in routes if row["mode"] == mode) for mode in ("car", "foot", "bus")}
    assert people == {"car": 350, "foot": 300, "bus": 120}
    units = {mode: sum(row["vehicles"] for row in routes if row["mode"] == mode) for mode in people}
    assert units == {"car": 100 + 17, "foot": 300, "bus": 3}
    assert len({row["route_id"] for row in routes}) == len(routes)
    walked = {row["road_id"] for row in rows_of(found, "OUTPUT_ROADS") if row["mode"] == "foot"}
    driven = {row["road_id"] for row in rows_of(found, "OUTPUT_ROADS") if row["mode"] != "foot"}
    assert walked & {"path", "steps"} and not driven & {"path", "steps"}
    longest = max(row["length_m"] for row in routes if row["mode"] == "foot")
    assert found["LONGEST_WALK"] == pytest.approx(longest, rel=1e-3) and longest > 2000
    for name in ("OUTPUT_FLOWS", "OUTPUT_JUNCTIONS", "OUTPUT_DOORS"):
        assert {row["mode"] for row in rows_of(found, name)} <= {"car", "foot", "bus", "car+bus"}
    told = {column.name: column.comment for column in with_mode(SimpleNamespace(modes=["car", "foot"]), ROUTES)}
    assert told["vehicles"] == "units (vehicles, people on foot) on this route" and "mode" in told
    assert "By mode of travel" in text and "do not hinder each other" in text
    assert "350 by car, 300 on foot, 120 by bus" in text and "(on foot)" in text


def test_nobody_is_lost_in_the_curve_of_any_mode(mixed):
    found, _, _ = mixed
    rows = rows_of(found, "OUTPUT_CLEARANCE")
    by_mode = {mode: [row for row in rows if row["mode"] == mode] for mode in ("all", "car", "foot", "bus")}
    assert sum(map(len, by_mode.values())) == len(rows)
    for whole, *parts in zip(*by_mode.values()):
        assert len({row["seconds"] for row in (whole, *parts)}) == 1
        for name in ("waiting", "departed", "arrived", "on_road", "caught", "in_hazard"):
            assert whole[name] == sum(row[name] for row in parts), name
    last = {mode: own[-1] for mode, own in by_mode.items()}
    assert [last[mode]["arrived"] for mode in ("all", "car", "foot", "bus")] == [770, 350, 300, 120]


def test_two_modes_on_the_same_roads_share_them_and_one_mode_says_nothing_of_it():
    found = run(TRIPS=groups("car", "bus"), METHOD=INDIVIDUAL)
    assert {row["mode"] for row in rows_of(found, "OUTPUT_ROADS")} == {"car+bus"}
    assert {row["mode"] for row in rows_of(found)} == {"car", "bus"}
    for alone in (run(TRIPS=groups("car")), run(TRIPS=groups("foot"))):
        for name in ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE", "OUTPUT_UNROUTED"):
            assert "mode" not in alone[name].fields().names()


def test_one_mode_is_what_travel_mode_says_to_the_last_bit():
    rows = [(wkt, [*values[:3], None]) for wkt, values in TRIPS]
    for mode, word in ((0, "car"), (1, "foot")):
        named = [(wkt, [*values[:3], word]) for wkt, values in TRIPS]
        one, other = run(TRIPS=groups(rows=rows), TRAVEL_MODE=mode), run(TRIPS=groups(rows=named), TRAVEL_MODE=1 - mode)
        assert moments(one) == moments(other)
        for name in ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE"):
            assert rows_of(one, name) == rows_of(other, name)
        numbers = [{k: v for k, v in found.items() if isinstance(v, (int, float))} for found in (one, other)]
        assert numbers[0] == numbers[1]


def test_walkers_have_pavements_beside_cars_and_lanes_that_no_car_uses():
    given = {"NETWORK": streets(), "METHOD": INDIVIDUAL, "DEPARTURE_WINDOW": 0}
    rows = [(line((0, 0), (0, 10)), ["x", "x", 1, "car"]), (line((1000, 0), (2000, 0)), ["a", "s", 300, "foot"])]

    def width(found):
        (row,) = [r for r in rows_of(found, "OUTPUT_ROADS") if r["road_id"] == "east" and r["mode"] == "foot"]
        return row["capacity"] / (3600 * 1.3 * 1.1 / 1.19) + 0.4

    plain, lanes = (run(TRIPS=groups(rows=rows), WALK_ON_LANES=own, **given) for own in (False, True))
    assert width(plain) == pytest.approx(3.0) and width(lanes) == pytest.approx(6.0)
    assert lanes["CLEARANCE_TIME"] < plain["CLEARANCE_TIME"]
    rows.append((line((1000, 0), (2000, 0)), ["c", "s", 3, "car"]))
    driven = run(TRIPS=groups(rows=rows), WALK_ON_LANES=True, **given)
    assert width(driven) == pytest.approx(3.0)


def test_a_hazard_and_closures_close_the_roads_of_both():
    rows = [(line((0, 10), (2000, 10)), ["a", "s", 60, mode]) for mode in ("car", "foot")]
    fields = "&field=road_id:string&field=from:double&field=to:double"
    shut = layer("None", fields.lstrip("&"), [(None, [road, None, None]) for road in ("east", "back")], "works")
    log = Log()
    found = run(log, TRIPS=groups(rows=rows), CLOSURES=shut, CLOSURES_ROAD_FIELD="road_id", METHOD=INDIVIDUAL)
    lost = rows_of(found, "OUTPUT_UNROUTED")
    assert [(row["mode"], row["people"]) for row in lost] == [("car", 60)]  # walkers have the path
    assert "is closed by" in lost[0]["reason"]
    shut = layer("None", fields.lstrip("&"), [(None, [road, None, None]) for road in ("east", "back", "path")], "works")
    found = run(log, TRIPS=groups(rows=rows), CLOSURES=shut, CLOSURES_ROAD_FIELD="road_id", METHOD=INDIVIDUAL)
    assert {(row["mode"], row["people"]) for row in rows_of(found, "OUTPUT_UNROUTED")} == {("car", 60), ("foot", 60)}
    ring = ", ".join(at(*p) for p in ((900, -100), (1100, -100), (1100, 700), (900, 700), (900, -100)))
    wave = layer("Polygon", "&field=hazard_arrival:double", [(f"POLYGON(({ring}))", [10.0])], "wave")
    both = run(TRIPS=groups(rows=rows), HAZARD=wave, DEPARTURE_WINDOW=0)
    caught = {row["mode"]: row["people"] for row in rows_of(both, "OUTPUT_CAUGHT")}
    assert caught == {"foot": 60} and both["CAUGHT"] == 60  # 900 m on foot take longer than 10 minutes
    last = [row for row in rows_of(both, "OUTPUT_CLEARANCE") if row["mode"] == "foot"][-1]
    assert last["caught"] == 60


def test_traffic_that_is_there_anyway_hinders_no_walker():
    traffic = background([["east", "0", 60.0], ["path", "0", 50.0], ["west", "0", 60.0]])
    one, other = run(), run(BACKGROUND=traffic)
    assert moments(one, "foot") == moments(other, "foot")
    assert moments(one, "car") != moments(other, "car")


def test_a_plan_of_all_modes_is_played_as_it_was_made():
    trips = groups()
    made = run(TRIPS=trips)
    given, context, _ = routing_inputs(
        TRIPS=trips, NETWORK=streets(2.0), NETWORK_ID_FIELD="road_id", FLOW_MODEL=2, PEOPLE_PER_VEHICLE=3
    )
    tables = read_plan(*(source_of(made[name], context) for name in ("OUTPUT_VEHICLES", "OUTPUT_PATHS")), Log())
    reads = given.roads.networks(context, Log(), Control())
    told = {row["vehicle"]: row["arrival_s"] for row in rows_of(made, "OUTPUT_VEHICLES")}
    played = {}
    for read, own in zip(reads, (~tables.on_foot, tables.on_foot)):
        doors = given.ends.layers(None, read.on_foot).doors
        ends = PlanEnds(None, doors, given.roads.max_snap_distance)
        plan = plan_on_roads(read, tables.only(own), ends, context, Log())
        problem = plan.problem()
        assert set(problem.size.tolist()) == ({2} if read.on_foot else {2, 5})
        arrival = plan.simulate(problem, 300.0).arrival() / SECOND
        played |= dict(zip(plan.vehicles.vehicle.tolist(), arrival.tolist()))
    assert played == told


def test_sumo_gets_the_vehicles_and_hears_of_the_walkers(tmp_path):
    made, log = run(METHOD=INDIVIDUAL), Log()
    given = {"NETWORK": streets(2.0), "NETWORK_ID_FIELD": "road_id", "PLAN": made["OUTPUT_VEHICLES"],
             "PLAN_PATHS": made["OUTPUT_PATHS"], "FOLDER": str(tmp_path / "sumo")}  # fmt: skip
    found = processing.run("evacuation:exportsumo", given, feedback=log)
    assert found["VEHICLES"] == 100 + 17 + 3
    assert "300 people on foot" in log.text and "left out" in log.text
    assert "do not arrive when PLAN says" not in log.text
    traffic = ElementTree.parse(tmp_path / "sumo" / "plan.rou.xml").getroot()
    kinds = {kind.get("id"): kind for kind in traffic.iter("vType")}
    vehicles = [kinds[vehicle.get("type")] for vehicle in traffic.iter("vehicle")]
    buses = [kind for kind in vehicles if kind.get("vClass") == "bus"]
    assert len(buses) == 3
    car = next(kind for kind in vehicles if kind.get("vClass") != "bus")
    space = [float(kind.get("length")) + float(kind.get("minGap")) for kind in (buses[0], car)]
    assert space == [18.75, 7.5]
    with pytest.raises(QgsProcessingException, match="everybody in"):
        on_foot = run(TRIPS=groups("foot"), METHOD=INDIVIDUAL)
        processing.run(
            "evacuation:exportsumo",
            {**given, "PLAN": on_foot["OUTPUT_VEHICLES"], "PLAN_PATHS": on_foot["OUTPUT_PATHS"]}, feedback=Log(),
        )  # fmt: skip


def test_entrances_limit_only_their_mode():
    ring = ", ".join(at(*p) for p in ((1990, -10), (2060, -10), (2060, 60), (1990, 60), (1990, -10)))
    site = layer("Polygon", "&field=shelter_id:string", [(f"POLYGON(({ring}))", ["s"])], "sites")
    rows = [(line((1000, 0), (2000, 10)), ["a", "s", 60, mode]) for mode in ("car", "foot")]
    fields = "&field=shelter_id:string&field=limit:double&field=mode:string"
    took = {}
    for mode in ("car", "foot"):
        gate = layer("Point", fields, [(f"POINT({at(1995, 0)})", ["s", 60.0, mode])], "gates")
        found = run(
            TRIPS=groups(rows=rows), DESTINATIONS=site, ENTRANCES=gate, ENTRANCES_CAPACITY_FIELD="limit",
            METHOD=INDIVIDUAL, DEPARTURE_WINDOW=0, PEOPLE_PER_VEHICLE=1,
        )  # fmt: skip
        last = {}
        for row in rows_of(found):
            last[row["mode"]] = max(last.get(row["mode"], 0.0), row["last_arrival_s"])
        took[mode] = last
    assert took["car"]["car"] > 59 * 60 > took["car"]["foot"]  # a vehicle a minute through the gate of cars
    assert took["foot"]["foot"] > 59 * 60 > took["foot"]["car"]


def test_bad_modes_are_named():
    rows = [(TRIPS[0][0], ["a", "s", 5, "car"]), (TRIPS[0][0], ["a", "s", 5, "Fahrrad"])]
    text = failure(TRIPS=groups(rows=rows))
    assert "feature 2 of “groups” travels by “Fahrrad”" in text and "car, foot or bus" in text
    assert "SEATS_PER_BUS" in failure(SEATS_PER_BUS=0)
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double&field=mode:string&field=seats:double"
    bus = layer("LineString", fields, [(TRIPS[0][0], ["a", "s", 5, "bus", 0.0])], "groups")
    assert "0 people in a vehicle in the field “seats”" in failure(TRIPS=bus, OCCUPANCY_FIELD="seats")
    assert "MODE_FIELD" in failure(MODE_FIELD="nothing")
    assert "FLOW_MODEL 1 (cumulative)" in failure(FLOW_MODEL=1)
    with pytest.raises(QgsProcessingException, match="everybody in “groups” is on foot"):
        processing.run(
            "evacuation:contraflow",
            {"TRIPS": groups("foot"), "NETWORK": streets(), "NETWORK_ID_FIELD": "road_id",
             "OUTPUT": "TEMPORARY_OUTPUT"}, feedback=Log(),
        )  # fmt: skip


def test_seats_of_a_bus():
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double&field=mode:string&field=seats:double"
    rows = [(TRIPS[0][0], ["a", "s", 100, "BUS ", seats]) for seats in (NULL, 50.0)]
    found = run(TRIPS=layer("LineString", fields, rows, "groups"), OCCUPANCY_FIELD="seats", SEATS_PER_BUS=20)
    assert found["VEHICLES"] == 5 + 2 and found["BY_BUS"] == 200
    assert {row["people"] for row in rows_of(found, "OUTPUT_VEHICLES")} == {20, 50}
    assert all(row["mode"] == "bus" for row in rows_of(found, "OUTPUT_VEHICLES"))
    assert np.isclose(sum(row["people"] for row in rows_of(found)), 200)


def test_who_walks_farther_than_can_be_asked():
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double&field=mode:string&field=class:string"
    rows = [
        (line((0, 0), (2000, 0)), ["a", "s", 30, "foot", "elderly"]),
        (line((1000, 0), (2000, 0)), ["b", "s", 20, "foot", "children"]),
        (line((0, 0), (2000, 0)), ["a", "s", 50, "car", "elderly"]),
    ]
    given = {"TRIPS": layer("LineString", fields, rows, "groups"), "METHOD": INDIVIDUAL}
    for limit, over in (("1.5", 30), ("3; children:0.5", 20), ("elderly:2.5", 0), (None, None)):
        found = run(MAX_WALK=limit, **given)
        assert found.get("OVER_MAX_WALK") == over
        assert found["ON_FOOT"] == 50 and found["LONGEST_WALK"] == pytest.approx(2000, rel=2e-3)
    assert "MAX_WALK: there is no class “babies”" in failure(MAX_WALK="babies:1", **given)
    assert "MAX_WALK" in failure(MAX_WALK="far", **given)


ZONES = [(f"POINT({at(0, 10)})", ["a"]), (f"POINT({at(990, 590)})", ["b"]), (f"POINT({at(2000, 10)})", ["c"])]


def timed(name, made, log=None, keep=None, **more):
    """An algorithm on the plan of a run, of which those with the modes of ``keep`` are taken."""
    plan, paths = made["OUTPUT_VEHICLES"], made["OUTPUT_PATHS"]
    if keep:
        driven = [row for row in rows_of(made, "OUTPUT_VEHICLES") if row["mode"] in keep]
        number = {str(row[key]) for row in driven for key in ("route_id", "start_path") if row[key] != NULL}
        few = {"vehicle": {str(row["vehicle"]) for row in driven}, "route_id": number}
        plan, paths = (
            processing.run(
                "native:extractbyexpression",
                {"INPUT": table, "EXPRESSION": f'"{key}" IN ({", ".join(few[key])})', "OUTPUT": "TEMPORARY_OUTPUT"},
            )["OUTPUT"]
            for table, key in ((plan, "vehicle"), (paths, "route_id"))
        )
    given = {
        "PLAN": plan, "PLAN_PATHS": paths, "NETWORK": streets(2.0), "NETWORK_ID_FIELD": "road_id",
        "ZONES": layer("Point", "&field=zone_id:string", ZONES, "zones"), "EFFORT": 0, "OUTPUT": "memory:", **more,
    }  # fmt: skip
    return processing.run(f"evacuation:{name}", given, feedback=log or Log())


def test_zones_of_both_modes_are_called_together(tmp_path):
    made, log = run(METHOD=INDIVIDUAL), Log()
    hours = sum(row["arrival_s"] - row["departure_s"] for row in rows_of(made, "OUTPUT_VEHICLES"))
    last = max(row["arrival_s"] for row in rows_of(made, "OUTPUT_VEHICLES"))
    report = tmp_path / "waves.html"
    for travel in (0, 1):  # whoever the plan says walks does
        told = {"OUTPUT_TRIPS": "memory:", "OUTPUT_HTML": str(report), "TRAVEL_MODE": travel}
        found = timed("stagedeparture", made, log, WAVES=1, **told)
        assert found["AT_ONCE_TIME"] == pytest.approx(hours, rel=1e-9)  # every vehicle as in the plan
        assert found["AT_ONCE_CLEARANCE"] == pytest.approx(last, abs=1e-6)
        assert sum(row["people"] for row in rows_of(found)) == 770
    trips = sorted(tuple(row[k] for k in ("zone_id", "mode", "people")) for row in rows_of(found, "OUTPUT_TRIPS"))
    assert trips == [("a", "bus", 120), ("a", "car", 300), ("a", "foot", 150), ("b", "car", 50), ("b", "foot", 90),
                     ("c", "foot", 60)]  # fmt: skip
    assert "470 people go by car or bus and 300 on foot" in log.text and "left out of what" not in log.text
    assert "are called together" in report.read_text(encoding="utf-8")
    again = run(TRIPS=found["OUTPUT_TRIPS"], METHOD=INDIVIDUAL)
    assert (again["ON_FOOT"], again["BY_BUS"]) == (300, 120)


def test_a_plan_whose_walkers_have_the_lanes_is_simulated_with_them():
    walks = [(line((40, 5), (x, 5)), ["a", name, 100, "foot"]) for x, name in ((1900, "s"), (1500, "u"))]
    rows, narrow = [*walks, TRIPS[5]], {"NETWORK": streets(), "FOOT_CAPACITY": 0.3}
    made = run(METHOD=INDIVIDUAL, WALK_ON_LANES=True, TRIPS=groups(rows=rows), DEPARTURE_WINDOW=1, **narrow)
    hours = sum(row["arrival_s"] - row["departure_s"] for row in rows_of(made, "OUTPUT_VEHICLES"))
    for lanes in (True, False):
        found = timed("stagedeparture", made, WAVES=1, WALK_ON_LANES=lanes, **narrow)
        assert (found["AT_ONCE_TIME"] == pytest.approx(hours, rel=1e-9)) == lanes


def test_the_latest_order_of_a_zone_is_the_earlier_one_of_both_modes(tmp_path):
    """Beside runs with the plan's vehicles alone and with its walkers alone; the modes share no road."""
    made = run(METHOD=INDIVIDUAL)
    box = [at(x, y) for x, y in ((1600, -40), (1990, -40), (1990, 640), (1600, 640), (1600, -40))]
    flood = layer("Polygon", "&field=hazard_arrival:double", [(f"POLYGON(({', '.join(box)}))", [45])], "water")
    report = tmp_path / "latest.html"

    def latest(keep=None, **more):
        found = timed("latestdeparture", made, keep=keep, HAZARD=flood, STEP_MINUTES=1, **more)
        return found, {row["zone_id"]: row for row in rows_of(found)}

    found, both = latest(OUTPUT_HTML=str(report))
    cars, walkers = (latest(keep=modes)[1] for modes in (("car", "bus"), ("foot",)))
    answers = [cars["a"]["latest_order"], walkers["a"]["latest_order"]]
    assert answers[0] > answers[1] > 0  # on foot it takes longer
    assert both["a"]["latest_order"] == min(answers)
    assert [both["a"]["latest_car"], both["a"]["latest_foot"]] == answers
    assert [both["b"]["latest_car"], both["b"]["latest_foot"]] == [z["b"]["latest_order"] for z in (cars, walkers)]
    assert both["c"]["latest_car"] == NULL and both["c"]["latest_foot"] == walkers["c"]["latest_order"]
    assert [both["c"]["result_car"], both["c"]["result_foot"]] == ["nobody", walkers["c"]["result"]]
    assert [both["a"]["result_car"], both["a"]["result_foot"]] == [each["a"]["result"] for each in (cars, walkers)]
    assert [both[zone]["on_foot"] for zone in "abc"] == [150, 90, 60]
    assert "latest_car" not in cars["a"] and "On foot alone" in report.read_text(encoding="utf-8")
    # Routes found anew keep everybody on the roads of his mode: a path or the motorway would save the others minutes.
    again = latest(REROUTE=True)[1]
    assert again["a"]["latest_rerouted"] >= again["a"]["latest_order"] == both["a"]["latest_order"]
    told = {"HAZARD": flood, "EFFORT": 2, "WAVES": 2, "LATEST_FIELD": "until", "STEP_MINUTES": 10}
    late = [(where, [name, 30]) for where, (name,) in ZONES]
    zones = layer("Point", "&field=zone_id:string&field=until:double", late, "zones")
    waves = timed("stagedeparture", made, ZONES=zones, **told)
    assert waves["CAUGHT"] <= waves["AT_ONCE_CAUGHT"] and waves["CAUGHT"] == sum(r["caught"] for r in rows_of(waves))
