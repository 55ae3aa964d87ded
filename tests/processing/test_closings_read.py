"""A hazard that moves, and closures, as ``routeevacuation`` reads them: what closes when, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import NULL, QgsProcessingException

from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.solvers.errors import SolverError
from tests.processing.closing_layers import box, case_of, closed, closures, hazard, raster
from tests.processing.routing_layers import EAST, NORTH, layer, line, roads, trips

INF = float("inf")
EAST_END = box(1500, -50, 2100, 50)


def test_roads_close_from_the_moment_at_which_the_hazard_reaches_them_on_the_part_inside() -> None:
    case, log = case_of(
        HAZARD=hazard([(EAST_END, 30.0), (box(1800, -50, 2100, 50), 10.0), (box(0, 300, 1, 301), None)])
    )
    found = [row for row in closed(case) if row[0] == "east"]
    assert found == [
        ("east", False, 0.0, 0.2, 600.0, INF, True), ("east", False, 0.2, 0.5, 1800.0, INF, True),
        ("east", True, 0.5, 0.8, 1800.0, INF, True), ("east", True, 0.8, 1.0, 600.0, INF, True),
    ]  # fmt: skip
    assert {row[0] for row in closed(case)} == {"east", "down"}
    goal = case.problem.closings.goal_reached[case.problem.destination]
    assert (goal == 600.0).all() and np.isinf(case.problem.closings.start_reached[case.problem.source]).all()
    assert "1 of 1 destination(s)" in log.text and "1 of 3 polygon(s) of “flood” have no arrival" in log.text
    assert "from 2000-01-01 00:10:00" in log.text


def test_without_an_arrival_the_hazard_closes_nothing() -> None:
    for field in ("hazard_arrival", "other"):
        case, _ = case_of(HAZARD=hazard([(EAST_END, None if field == "hazard_arrival" else 5.0)], name=field))
        assert not case.problem.closings and case.hazard is not None


def test_the_buffer_closes_nothing_but_belongs_to_the_area_to_leave() -> None:
    small = hazard([(box(1500, -50, 1600, 50), 30.0)])
    plain, wide = (closed(case_of(HAZARD=small, HAZARD_BUFFER=metres)[0]) for metres in (0.0, 300.0))
    assert plain == wide and len(plain)
    assert case_of(HAZARD=small, HAZARD_BUFFER=300.0)[0].hazard.area() > 4 * 100 * 100


def test_a_hazard_that_is_there_before_the_start_is_there_from_the_start() -> None:
    case, log = case_of(HAZARD=hazard([(box(-50, -50, 500, 50), -60.0)]))
    assert {row[4] for row in closed(case)} == {0.0}
    assert (case.problem.closings.start_reached[case.problem.source] == 0.0).all()
    assert "1 polygon(s) of “flood” are there from START_TIME on" in log.text


def test_arrivals_as_texts_with_and_without_an_offset() -> None:
    area = hazard([(EAST_END, "2026-05-01T09:30:00")], kind="string")
    case, _ = case_of(HAZARD=area, START_TIME="2026-05-01T09:00:00")
    assert {row[4] for row in closed(case)} == {1800.0}
    area = hazard([(EAST_END, "2026-05-01T07:30:00Z")], kind="string")
    case, _ = case_of(HAZARD=area, START_TIME="2026-05-01T09:00:00+02:00")
    assert {row[4] for row in closed(case)} == {1800.0}
    case, log = case_of(HAZARD=area, DEPARTURE_WINDOW=20.0)  # nothing else has a date
    assert {row[4] for row in closed(case)} == {1200.0} and "20 minutes before the earliest closure" in log.text
    with pytest.raises(LayerError, match="HAZARD_TIME_FIELD.*“soon”.*neither a number of minutes"):
        case_of(HAZARD=hazard([(EAST_END, "soon")], kind="string"))
    with pytest.raises(LayerError, match="HAZARD_TIME_FIELD.*days after START_TIME"):
        case_of(HAZARD=hazard([(EAST_END, 50_000.0)]))


def test_vertical_destinations_are_safe_at_any_time() -> None:
    sites = layer(
        "Polygon", "&field=site_id:string&field=rule:string",
        [(box(1950, -20, 2050, 20), ["s", "Vertical"])], "towers",
    )  # fmt: skip
    case, log = case_of(HAZARD=hazard([(EAST_END, 30.0)]), DESTINATIONS=sites)
    assert np.isinf(case.problem.closings.goal_reached).all() and "caught" not in log.text
    case, log = case_of(HAZARD=hazard([(EAST_END, 30.0)]), DESTINATIONS=sites, RULE_FIELD=None)
    assert (case.problem.closings.goal_reached[case.problem.destination] == 1800.0).all()
    assert "whoever goes there is caught: s (2000-01-01T00:30:00)" in log.text


def test_of_a_destination_polygon_the_first_moment_on_it_counts_if_its_point_is_reached() -> None:
    sites = layer("Polygon", "&field=site_id:string", [(box(1950, -20, 2050, 20), ["s"])], "halls")
    both = [(box(1500, -50, 1960, 50), 5.0), (EAST_END, 30.0)]
    case, _ = case_of(HAZARD=hazard(both), DESTINATIONS=sites)
    assert (case.problem.closings.goal_reached[case.problem.destination] == 300.0).all()
    case, log = case_of(HAZARD=hazard(both[:1]), DESTINATIONS=sites)
    assert np.isinf(case.problem.closings.goal_reached).all() and "reaches a part of 1 feature(s)" in log.text


def test_a_raster_closes_parts_of_at_most_50_m_in_its_unit(tmp_path) -> None:
    values = np.full((10, 10), -9999.0)
    values[:, 5:] = 2.0
    hours = raster(tmp_path, values, EAST + 1500, NORTH + 50, 10.0, name="hours")
    case, log = case_of(HAZARD_RASTER=hours, HAZARD_RASTER_UNIT=2)
    east = [row for row in closed(case) if row[0] == "east" and row[1]]
    assert {row[4:] for row in east} == {(7200.0, INF, True)} and len(east) == 2  # of 21 parts, each below 50 m
    assert (east[0][2], east[-1][3]) == (round(11 / 21, 6), round(13 / 21, 6))
    for unit, seconds in ((0, 120.0), (1, 2.0)):
        assert closed(case_of(HAZARD_RASTER=hours, HAZARD_RASTER_UNIT=unit)[0])[0][4] == seconds
    assert case.hazard.area() == pytest.approx(50 * 80)  # to two cells beyond the roads


def test_a_raster_in_degrees_reaches_the_same_roads(tmp_path) -> None:
    values = np.full((200, 400), -9999.0)
    values[:, 200:] = 15.0  # east of 15.01
    degrees = raster(tmp_path, values, 15.0, 48.76, 0.00005, "EPSG:4326", name="degrees")
    case, _ = case_of(HAZARD_RASTER=degrees)
    reached = [row for row in closed(case) if row[0] in ("west", "east") and row[1]]
    assert reached and {row[4] for row in reached} == {900.0}
    first = min(row[2] + (row[0] == "east") for row in reached)
    assert first * 1000.0 == pytest.approx(0.01 / 0.0000136, rel=0.1)  # 0.01 degrees at 48.75 N


def test_rasters_that_say_nothing_or_nonsense(tmp_path) -> None:
    nothing = raster(tmp_path, np.full((5, 5), -9999.0), EAST, NORTH + 50, 100.0, name="nothing")
    case, log = case_of(HAZARD_RASTER=nothing)
    assert not case.problem.closings and "no data everywhere" in log.text
    small = raster(tmp_path, np.full((5, 5), 15.0), EAST + 920, NORTH + 50, 20.0, name="small")
    case, log = case_of(HAZARD_RASTER=small)
    assert {row[0] for row in closed(case)} == {"west", "east"} and "3 of 4 junctions" in log.text
    away = raster(tmp_path, np.full((5, 5), 1.0), EAST + 1e5, NORTH, 100.0, name="away")
    case, log = case_of(HAZARD_RASTER=away)
    assert not case.problem.closings and "lies nowhere near" in log.text
    undeclared = raster(tmp_path, np.array([[1.0, -99999.0]]), EAST, NORTH + 50, 100.0, name="undeclared")
    with pytest.raises(LayerError, match="HAZARD_RASTER.*value -99999.*no data"):
        case_of(HAZARD_RASTER=undeclared)
    with pytest.raises(LayerError, match="HAZARD and HAZARD_RASTER: both are given"):
        case_of(HAZARD=hazard([(EAST_END, 1.0)]), HAZARD_RASTER=nothing)


def test_closures_for_a_while_close_what_their_geometry_means() -> None:
    rows = [(box(200, -10, 300, 10), [5.0, 20.0, None, None])]
    case, log = case_of(CLOSURES=closures("Polygon", rows))
    assert closed(case) == [
        ("west", False, 0.7, 0.8, 300.0, 1200.0, False), ("west", True, 0.2, 0.3, 300.0, 1200.0, False),
    ]  # fmt: skip
    assert "west from 2000-01-01 00:05:00 until 2000-01-01 00:20:00 (feature 1)" in log.text
    rows = [("POINT(" + f"{EAST + 400} {NORTH + 12})", [None, 20.0, None, "forward"])]
    assert closed(case_of(CLOSURES=closures("Point", rows), CLOSURES_DIRECTION_FIELD="way")[0]) == [
        ("west", True, 0.0, 1.0, -INF, 1200.0, False)
    ]
    rows = [(line((1000, 3), (2000, 3)), [5.0, None, None, None])]
    assert [row[:2] for row in closed(case_of(CLOSURES=closures("LineString", rows))[0])] == [
        ("east", False), ("east", True),
    ]  # fmt: skip


def test_a_road_id_closes_that_road_and_needs_no_geometry() -> None:
    rows = [(None, [5.0, None, "up", "backward"]), (None, [0.0, 9.0, "east", None])]
    case, _ = case_of(CLOSURES=closures("None", rows), CLOSURES_DIRECTION_FIELD="way")
    assert closed(case) == [
        ("east", False, 0.0, 1.0, -INF, 540.0, False), ("east", True, 0.0, 1.0, -INF, 540.0, False),
        ("up", False, 0.0, 1.0, 300.0, INF, False),
    ]  # fmt: skip


def test_closures_that_name_roads_find_their_ids_in_road_id_where_no_field_is_chosen() -> None:
    works = closures("None", [(None, [5.0, None, "east", None])])
    case, log = case_of(CLOSURES=works, NETWORK_ID_FIELD=NULL)  # as a dialog gives it
    assert {row[0] for row in closed(case)} == {"east"}
    case, log = case_of(CLOSURES=works, NETWORK_ID_FIELD=None)
    assert {row[0] for row in closed(case)} == {"east"}
    assert "NETWORK_ID_FIELD: using the field road_id of “streets”, since CLOSURES names roads" in log.text
    drawn = closures("Polygon", [(box(1400, -100, 1600, 100), [5.0, None, None, None])])
    case, log = case_of(CLOSURES=drawn, NETWORK_ID_FIELD=None)
    assert {row[0] for row in closed(case)}.isdisjoint({"east"}) and "NETWORK_ID_FIELD" not in log.text
    with pytest.raises(LayerError, match="CLOSURES_ROAD_FIELD: 1 road.*are not in “streets”: east"):
        case_of(CLOSURES=works, NETWORK_ID_FIELD="")


def test_what_never_opens_is_gone_from_the_beginning() -> None:
    case, log = case_of(CLOSURES=closures("None", [(None, [None, None, "east", None])]))
    assert not case.problem.closings
    assert "east" not in {case.read.network.arc_road(arc) for arc in range(case.read.network.arc_count)}
    assert "closed for good from START_TIME on" in log.text and "east from the beginning, for good" in log.text


def test_a_closure_that_is_over_closes_nothing_and_an_end_long_after_is_none() -> None:
    rows = [(None, [-60.0, -5.0, "east", None]), (None, [5.0, 60_000.0, "west", None])]
    case, log = case_of(CLOSURES=closures("None", rows))
    assert {row[0] for row in closed(case)} == {"west"} and {row[5] for row in closed(case)} == {INF}
    assert "1 closure(s) of “works” are over" in log.text and "more than 30 days after START_TIME" in log.text


def test_closures_that_cannot_be() -> None:
    with pytest.raises(
        LayerError, match="feature 1 of “works” opens again at 2000-01-01T00:05:00.*closes at .*00:20:00"
    ):
        case_of(CLOSURES=closures("None", [(None, [20.0, 5.0, "east", None])]))
    with pytest.raises(LayerError, match="CLOSURES_DIRECTION_FIELD.*“north”.*forward or backward"):
        rows = [(None, [20.0, 25.0, "east", "north"])]
        case_of(CLOSURES=closures("None", rows), CLOSURES_DIRECTION_FIELD="way")
    with pytest.raises(LayerError, match="CLOSURES_ROAD_FIELD: 1 road.*are not in “streets”: nowhere"):
        case_of(CLOSURES=closures("None", [(None, [20.0, 25.0, "nowhere", None])]))
    with pytest.raises(LayerError, match="closes every road of “streets” for good"):
        case_of(CLOSURES=closures("Polygon", [(box(-100, -100, 3000, 900), [None, None, None, None])]))
    _, log = case_of(CLOSURES=closures("Point", [(f"POINT({EAST + 400} {NORTH + 90})", [1.0, 2.0, None, None])]))
    assert "1 row(s) of “works” close no road: 1" not in log.text and "close no road: feature 1" in log.text


def test_node_ids_in_fields_called_from_and_to_are_no_times() -> None:
    fields = "&field=from:integer&field=to:integer&field=closed_from:double"
    case, _ = case_of(CLOSURES=closures("LineString", [(line((0, 0), (1000, 0)), [7, 3, 5.0])], fields))
    assert {row[4:6] for row in closed(case)} == {(300.0, INF)}
    streets = roads()
    streets.dataProvider().renameAttributes({1: "from"})
    streets.updateFields()
    case, log = case_of(NETWORK=streets)
    assert case.read.network.arc_count == 8 and "using the field from" not in log.text


def test_a_flow_model_without_time_refuses_arrivals_and_closures_for_a_while() -> None:
    with pytest.raises(SolverError, match="HAZARD: “flood” has arrivals, but FLOW_MODEL 1"):
        case_of(HAZARD=hazard([(EAST_END, 30.0)]), FLOW_MODEL=1)
    with pytest.raises(SolverError, match="CLOSURES: “works” has closures with a beginning"):
        case_of(CLOSURES=closures("None", [(None, [20.0, None, "east", None])]), FLOW_MODEL=1)
    case, _ = case_of(CLOSURES=closures("None", [(None, [None, None, "east", None])]), FLOW_MODEL=1)
    assert not case.problem.closings


def test_roads_drawn_twice_stay_open_where_only_one_copy_is_closed() -> None:
    twice = roads([(line((0, 0), (1000, 0)), ["a", "no", 36]), (line((0, 0), (1000, 0)), ["b", "no", 36])])
    going = trips([(line((0, 0), (1000, 0)), ["x", "y", 5])])
    case, log = case_of(NETWORK=twice, TRIPS=going, CLOSURES=closures("None", [(None, [5.0, None, "a", None])]))
    assert not closed(case) and "drawn on top of one that stays open" in log.text


def test_roads_drawn_twice_close_while_every_copy_is_closed() -> None:
    way = line((0, 0), (1000, 0))
    twice = roads([(way, ["a", "no", 36]), (way, ["b", "no", 36]), (line((1000, 0), (2000, 0)), ["c", "no", 36])])
    going = trips([(line((0, 0), (2000, 0)), ["x", "y", 5])])
    works = [(None, [5.0, 20.0, "a", None]), (None, [10.0, None, "b", None]), (None, [30.0, 40.0, "a", None])]
    case, log = case_of(NETWORK=twice, TRIPS=going, CLOSURES=closures("None", works))
    assert [(row[0], row[1], *row[4:6]) for row in closed(case)] == [
        ("a", forward, since, until)
        for forward in (False, True)
        for since, until in ((600.0, 1200.0), (1800.0, 2400.0))
    ]
    assert "2 row(s) of “works” close a road that is drawn on top of one that stays open" in log.text
    both = [(None, [5.0, None, "a", None]), (None, [5.0, None, "b", "forward"]), (None, [9.0, None, "b", "backward"])]
    case, log = case_of(
        NETWORK=twice, TRIPS=going, CLOSURES=closures("None", both), CLOSURES_DIRECTION_FIELD="way"
    )  # fmt: skip
    assert [(row[1], *row[4:6]) for row in closed(case)] == [(False, 540.0, INF), (True, 300.0, INF)]
    against = roads([(way, ["a", "no", 36]), (line((1000, 0), (0, 0)), ["b", "no", 36])])  # "b" is drawn backward
    case, log = case_of(NETWORK=against, CLOSURES=closures("None", both), CLOSURES_DIRECTION_FIELD="way", TRIPS=trips(
        [(line((0, 0), (1000, 0)), ["x", "y", 5])]
    ))  # fmt: skip
    assert [(row[1], *row[4:6]) for row in closed(case)] == [(False, 300.0, INF), (True, 540.0, INF)]
    good = [(None, [None, None, "a", None]), (None, [None, None, "b", None])]
    case, log = case_of(
        NETWORK=twice, TRIPS=trips([(line((1200, 0), (2000, 0)), ["x", "y", 5])]), CLOSURES=closures("None", good)
    )
    assert not case.problem.closings and "stays open" not in log.text
    assert {case.read.network.arc_road(arc) for arc in range(case.read.network.arc_count)} == {"c"}


@pytest.mark.parametrize("name", ["CLOSURES", "HAZARD"])
def test_a_layer_that_cannot_be_opened_is_named(name: str) -> None:
    with pytest.raises(QgsProcessingException, match=name):
        case_of(**{name: "/nowhere/at/all.gpkg"})


def test_of_destinations_at_one_point_the_first_moment_counts_and_is_told() -> None:
    going = trips([(line((0, 0), (2000, 0)), ["a", "low", 5]), (line((0, 0), (2000, 0)), ["a", "tower", 5])])
    sites = layer(
        "Point", "&field=site_id:string&field=rule:string",
        [(f"POINT({EAST + 2000} {NORTH})", ["low", ""]), (f"POINT({EAST + 2000} {NORTH})", ["tower", "vertical"])],
        "halls",
    )  # fmt: skip
    case, log = case_of(TRIPS=going, DESTINATIONS=sites, HAZARD=hazard([(EAST_END, 30.0)]))
    assert (case.problem.closings.goal_reached[case.problem.destination] == 1800.0).all()
    assert "low, tower join the roads at the same point" in log.text
