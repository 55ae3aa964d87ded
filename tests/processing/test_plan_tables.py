"""A plan as data: written as two tables, read again onto the roads, and simulated to the same moments."""

from __future__ import annotations

import numpy as np
import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import NULL, QgsProcessingContext, QgsVectorLayer

from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.routing.case import arcs_of
from evacuation_planner.plugin.layers.routing.plan import QUEUES, plan_on_roads
from evacuation_planner.plugin.layers.routing.plan_sites import PlanEnds
from evacuation_planner.plugin.layers.routing.plan_tables import read_plan
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.queue.network import microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.closings import CUT_OFF
from evacuation_planner.plugin.solvers.routing.shared.problem import TripTable, routing_problem
from tests.layers.road_layers import source_of
from tests.processing.plan_tables import planned, routing_inputs, split_paths, tables_of
from tests.processing.routing_layers import QUEUE, Log, at, layer, line, trips

STREETS = [
    (line((0, 0), (333.3, 4.1), (1000, 0)), ["west", "no", 36, "residential"]),
    (line((1000, 0), (2000, 0)), ["east", "no", 36, "residential"]),
    (line((2000, 600), (2000, 0)), ["north", "no", 36, "residential"]),
    (line((0, 0), (0, 600)), ["up", "no", 36, "residential"]),
    (line((0, 600), (700, 610), (2000, 600)), ["top", "no", 54, "primary"]),
    (line((1000, 0), (1000, 605)), ["top", "no", 41, "residential"]),  # shares its id with another
]
ENDS = line((133.7, 20), (1903.1, 30))


def streets(rows=None):
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=highway:string"
    return layer("LineString", fields, rows or STREETS, "streets")


def box(x, y, x2, y2):
    return f"POLYGON(({at(x, y)}, {at(x2, y)}, {at(x2, y2)}, {at(x, y2)}, {at(x, y)}))"


def case(**more):
    """Trips of a zone's polygon and of a point on a road to a shelter with two gates, one of them narrow."""
    gates = [(f"POINT({at(1900, 10)})", ["s", 200.0]), (f"POINT({at(1990, 333.3)})", ["s", None])]
    return {
        "NETWORK": streets(),
        "TRIPS": trips([(ENDS, ["a", "s", 260]), (ENDS, ["b", "s", 90]), (ENDS, ["home", "t", 40])]),
        "ORIGINS": layer("Polygon", "&field=zone_id:string", [(box(-50, -50, 1200, 700), ["a"])], "zones"),
        "ENTRANCES": layer("Point", "&field=site_id:string&field=gate:double", gates, "gates"),
        "ENTRANCES_CAPACITY_FIELD": "gate",
        "DEPARTURE_WINDOW": 7,
        **more,
    }


def on_roads(tables, log=None, **parameters):
    """Read a plan onto the roads of a case."""
    given, context, _ = routing_inputs(**parameters)
    plan = read_plan(*(source_of(each, context) for each in tables), log or Log())
    read = given.roads.network(context, Log(), Control(), given.danger.at(given.rows.start))
    ends = PlanEnds(given.ends.destinations, given.ends.doors, given.roads.max_snap_distance)
    return plan_on_roads(read, plan, ends, context, log or Log())


def moments(made):
    """All moments of the plan itself, without tables."""
    problem = queue_problem(made)
    roads, departs = roads_of(problem), microseconds(made.result.problem.departure)
    return simulate_queues(roads, plan_of(roads, departs, made.result.routes, places_of(problem)))


def queue_problem(made):
    """The problem of a plan on roads as the queue model sees them."""
    arcs = arcs_of(made.case.read.network, QUEUES, None)._replace(closings=made.result.problem.closings)
    given = made.result.problem
    trips = TripTable(given.source, given.destination, given.departure, given.people)
    return routing_problem(arcs, trips)


@pytest.mark.parametrize("split", [False, True])
def test_a_plan_read_from_its_tables_has_the_same_moments_to_the_last_bit(split):
    given = case()
    made = planned(**given)
    own = moments(made)
    tables = (made.plan, made.plan_paths)
    if split:
        tables = tables_of(made.case, made.result, split_paths(made.case, made.result))
    log = Log()
    read = on_roads(tables, log, **given)
    again = read.simulate(read.problem(), 300.0)
    assert len(own.moment) > 1000 and np.array_equal(own.moment, again.moment)
    assert np.array_equal(own.arrival(), again.arrival()) and not log.warnings
    assert again.waiting().sum() > 0 and own.total() > 1.2 * 1e6 * made.result.free_flow_time  # it queues
    gates = read.read.network.capacity[read.doors.arc[read.doors.arc_door == 0]]
    assert gates.sum() == pytest.approx(200)


@pytest.mark.parametrize(("place", "doors"), [((1850, -30, 1950, 40), 2), ((1700, 6, 1900, 60), 1)])
def test_so_it_is_with_guessed_doors_barriers_delays_and_nearest_roads(place, doors):
    """Doors where a road meets the site, and in the middle of one that runs beside it."""
    site = layer("Polygon", "&field=site_id:string", [(box(*place), ["s"])], "shelters")
    closed = layer("Polygon", "&field=n:integer", [(box(400, 590, 500, 620), [1])], "closed")
    given = case(
        ENTRANCES=None, ORIGINS=None, DESTINATIONS=site, BARRIERS=closed, JUNCTION_DELAY=3, CAPACITY_FACTOR=0.7,
        TRIPS=trips([(ENDS, ["a", "s", 150]), (line((700, 500), (1903.1, 30)), ["b", "s", 90])]),
    )  # fmt: skip
    made, log = planned(**given), Log()
    assert len(made.case.doors) == doors and made.case.doors.guessed.all()
    read = on_roads((made.plan, made.plan_paths), log, **given)
    again = read.simulate(read.problem(), 300.0)
    assert np.array_equal(moments(made).moment, again.moment) and not log.warnings
    assert np.array_equal(np.sort(read.doors.capacity), np.sort(made.case.doors.capacity))


@pytest.mark.parametrize("ending", ["csv", "gpkg"])
def test_the_moments_outlive_the_formats_of_files(ending, tmp_path):
    given = case()
    made = planned(**given)
    tables = []
    for name, table in (("vehicles", made.plan), ("paths", made.plan_paths)):
        file = str(tmp_path / f"{name}.{ending}")
        processing.run("native:savefeatures", {"INPUT": table, "OUTPUT": file})
        tables.append(QgsVectorLayer(file, name, "ogr"))
        assert tables[-1].featureCount() == table.featureCount()
    read = on_roads(tables, **given)
    again = read.simulate(read.problem(), 300.0)
    assert np.array_equal(moments(made).moment, again.moment)


def test_who_is_caught_is_in_the_tables_and_has_the_same_fate_to_the_last_bit():
    water = layer(
        "Polygon", "&field=hazard_arrival:double", [(box(900, -60, 1300, 60), [4]), (box(-60, 400, 60, 650), [7])], "w"
    )
    shut = layer(
        "None", "field=road_id:string&field=closed_from:double&field=closed_to:double", [(None, ["top", 3, 9])], "shut"
    )
    given = case(HAZARD=water, CLOSURES=shut, FLOW_MODEL=QUEUE, METHOD=0)
    made = planned(**given)
    run, lost = made.result.queue.everybody, made.result.caught
    assert len(lost.trip) > 20 and made.result.problem.trips > 20 and len(set(lost.reason.tolist())) > 1
    read = on_roads((made.plan, made.plan_paths), **given)
    again = read.simulate(read.problem(), 300.0)
    assert np.array_equal(run.moment, again.moment)
    trip, count = np.r_[made.result.routed, lost.trip], made.result.problem.trips
    reason, when = np.r_[np.zeros(count, dtype=int), lost.reason], np.r_[np.zeros(count), lost.time]
    order = np.argsort(trip)
    assert np.array_equal(run.fate, reason[order])  # also of those who stay
    assert np.array_equal(again.arrived, reason[order] == 0)
    driven = read.routes.hops() > 0  # who has no way stays: where, the tables do not tell
    assert np.array_equal(again.fate[driven], reason[order][driven]) and (again.fate[~driven] == CUT_OFF).all()
    late = driven & ~again.arrived
    assert late.sum() > 20 and np.array_equal(again.caught[late], microseconds(when[order][late]))
    vehicles = [dict(zip(f.fields().names(), f.attributes())) for f in made.plan.getFeatures()]
    assert sum(v["people"] for v in vehicles) == 390
    empty = [v["vehicle"] for v in vehicles if v["arrival_s"] in (None, NULL)]
    assert empty == np.flatnonzero(~again.arrived).tolist()


def test_the_tables_say_where_along_the_drawn_roads_the_paths_run():
    made = planned(**case())
    rows = [dict(zip(f.fields().names(), f.attributes())) for f in made.plan_paths.getFeatures()]
    for path in {row["route_id"] for row in rows}:
        own = [row for row in rows if row["route_id"] == path]
        assert [row["sequence"] for row in own] == list(range(1, len(own) + 1))
        for row in own:
            assert (row["from_m"] < row["to_m"]) == (row["direction"] == "forward")
    east = [row for row in rows if row["road_id"] == "east" and row["direction"] == "forward"]
    assert {round(row["to_m"], -1) for row in east} <= {900, 1000}  # to the gate, and on to the end
    top = [row for row in rows if row["road_id"] == "top"]
    assert max(max(row["from_m"], row["to_m"]) for row in top) <= 1.001 * (2000.2 + 605.1)
    vehicles = [dict(zip(f.fields().names(), f.attributes())) for f in made.plan.getFeatures()]
    assert [v["vehicle"] for v in vehicles] == list(range(390))
    assert sum(v["people"] for v in vehicles) == 390 and {v["mode"] for v in vehicles} == {"car"}
    departures = [v["departure_s"] for v in vehicles]
    assert departures == sorted(departures) and all(v["arrival_s"] > v["departure_s"] for v in vehicles)


def test_who_starts_at_a_door_has_no_path_and_arrives_when_he_departs():
    given = case(TRIPS=trips([(line((1900, 10), (1900, 10)), ["s0", "s", 5]), (ENDS, ["a", "s", 7])]))
    made = planned(**given)
    read = on_roads((made.plan, made.plan_paths), **given)
    still = np.flatnonzero(read.routes.hops() == 0)
    assert len(still) == 5 and {read.vehicles.origin[k] for k in still} == {"s0"}
    run = read.simulate(read.problem(), 300.0)
    assert np.array_equal(run.arrival()[still], read.departure[still])


def changed(rows):
    return [row for row in STREETS if row[1][0] != rows]


@pytest.mark.parametrize(
    "network, said",
    [
        (changed("up"), "the network has no road “up”"),
        ([*changed("north"), (line((2000, 600), (2000, 400)), ["north", "no", 36, "residential"])], "“north” has no"),
        ([*changed("up"), (line((0, 0), (0, 600)), ["up", "-1", 36, "residential"])], "“up” cannot be driven forward"),
        ([*changed("up"), (line((9, 9), (9, 599)), ["up", "no", 36, "residential"])], "“up”"),
    ],
)
def test_a_network_that_lacks_a_road_of_the_plan_is_an_error_that_names_it(network, said):
    every = trips([(line((0, 10), (2000, 595)), ["b", "t", 9]), (line((0, 10), (2000, 100)), ["b", "u", 90])])
    given = {"NETWORK": streets(), "TRIPS": every}
    made = planned(**given)
    with pytest.raises(LayerError) as caught:
        on_roads((made.plan, made.plan_paths), **{**given, "NETWORK": streets(network)})
    assert said in str(caught.value) and "PLAN_PATHS" in str(caught.value)


def test_a_table_that_is_not_whole_is_an_error_that_names_the_row():
    made, context = planned(**case()), QgsProcessingContext()

    def failure(what):
        made.plan.startEditing()
        feature = next(made.plan.getFeatures())
        for name, value in what.items():
            feature[name] = value
        made.plan.updateFeature(feature)
        try:
            with pytest.raises(LayerError) as caught:
                read_plan(source_of(made.plan, context), source_of(made.plan_paths, context), Log())
        finally:
            made.plan.rollBack()
        return str(caught.value)

    assert "vehicle 1 twice" in failure({"vehicle": 1})
    assert "vehicle 0" in failure({"departure_s": None}) and "departure_s" in failure({"departure_s": -1})
    assert "lacks: 99" in failure({"route_id": 99})
    assert "start_path but no route_id" in failure({"start_path": 1, "route_id": None})
    with pytest.raises(LayerError, match="has no field “sequence”"):
        read_plan(source_of(made.plan, context), source_of(made.plan, context), Log())
