"""``evacuation:routeevacuation`` through the registry: every method and model, the outputs, and bad input."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from tests.processing.city import make_layer
from tests.processing.routing_layers import (
    GREEDY,
    INDIVIDUAL,
    REFINED,
    SYSTEM_OPTIMAL,
    Log,
    background,
    failure,
    hazard,
    line,
    roads,
    rows_of,
    run,
    trips,
)

# --- what comes out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow_model", [0, 1])
@pytest.mark.parametrize("method", [INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL])
def test_every_method_and_model(method, flow_model):
    # 500 vehicles in 10 minutes: 3,000 an hour, more than the straight road's lane carries.
    log = Log()
    found = run(log, METHOD=method, FLOW_MODEL=flow_model)
    routes, used = rows_of(found), rows_of(found, "OUTPUT_ROADS")
    assert sum(r["vehicles"] for r in routes) == found["VEHICLES"] == 500
    assert sum(r["people"] for r in routes) == found["ROUTED"] == 500 and found["UNROUTED"] == 0
    assert found["TOTAL_TIME"] == pytest.approx(sum(r["vehicles"] * r["travel_time_s"] for r in routes))
    assert found["REDUCTION"] == pytest.approx(100 * (1 - found["TOTAL_TIME"] / found["INDIVIDUAL_TIME"]))
    assert found["FREE_FLOW_TIME"] == pytest.approx(500 * 200.0, rel=2e-3)
    delay = sum(r["vehicles"] * (r["travel_time_s"] - r["free_flow_s"]) for r in routes)
    assert sum(r["delay_s"] for r in used) == pytest.approx(delay, rel=1e-6)
    if method == INDIVIDUAL:
        assert found["REDUCTION"] == 0 and len(routes) == 1 and found["OVER_CAPACITY_ROADS"] == 2
    else:
        assert len(routes) == 2 and found["REDUCTION"] > 5
    assert found["LOWER_BOUND"] <= found["TOTAL_TIME"]
    assert found["GAP"] == pytest.approx(100 * (1 - found["LOWER_BOUND"] / found["TOTAL_TIME"]))
    assert found["GAP"] < 1 or flow_model == 0 or method != SYSTEM_OPTIMAL
    if method == GREEDY:
        bare = run(METHOD=method, FLOW_MODEL=flow_model, CERTIFY=False)
        assert "GAP" not in bare and "LOWER_BOUND" not in bare
    assert ("present", "cumulative")[flow_model] in log.text


def test_effort_and_fence_come_through_and_a_plan_cut_short_says_so():
    log, cut = Log(), Log()
    whole = run(log, EFFORT=0)
    assert whole["STOPPED_EARLY"] == 0 and "TIME_LIMIT" not in log.text
    found = run(cut, TIME_LIMIT=1e-9)
    assert found["STOPPED_EARLY"] == 1 and "TIME_LIMIT" in cut.text
    assert found["TOTAL_TIME"] == run(METHOD=GREEDY)["TOTAL_TIME"] >= whole["TOTAL_TIME"]


def test_clearance_adds_up():
    found = run(METHOD=GREEDY, HAZARD=hazard())
    table = rows_of(found, "OUTPUT_CLEARANCE")
    assert table[0]["arrived"] == 0 and table[-1]["arrived"] == 500 and table[-1]["on_road"] == 0
    for row in table:
        assert row["departed"] - row["arrived"] == row["on_road"]
    counts = [row["arrived"] for row in table]
    assert counts == sorted(counts)
    assert table[0]["in_hazard"] == 500 and table[-1]["in_hazard"] == 0
    assert table[-1]["seconds"] >= found["CLEARANCE_TIME"] > table[-2]["seconds"]
    assert found["CLEARANCE_95"] <= found["CLEARANCE_TIME"]
    first = next(row["seconds"] for row in table if row["arrived"] >= 475)
    assert first - (table[1]["seconds"] - table[0]["seconds"]) < found["CLEARANCE_95"] <= first
    assert rows_of(run(METHOD=GREEDY), "OUTPUT_CLEARANCE")[0]["in_hazard"] == NULL


def test_roads_are_drawn_in_the_direction_of_travel_and_in_the_crs_of_the_trips():
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    back = make_layer("LineString", "EPSG:4326", fields, [(line((2000, 0), (0, 0)), ["b", "t", 3])], "back")
    found = run(TRIPS=back, METHOD=INDIVIDUAL)
    used = {r["road_id"]: r for r in rows_of(found, "OUTPUT_ROADS")}
    assert {r["direction"] for r in used.values()} == {"backward"} and "west" in used
    for feature in found["OUTPUT_ROADS"].getFeatures():
        shape = feature.geometry().asPolyline()
        assert shape[0].x() > shape[-1].x() and 14.9 < shape[0].x() < 15.1
    assert found["OUTPUT"].crs().authid() == found["OUTPUT_ROADS"].crs().authid() == "EPSG:4326"


def test_vehicles_of_a_row_and_the_last_part_full():
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 10, 4]), (line((2000, 0), (0, 0)), ["b", "t", 5, None])]
    found = run(TRIPS=trips(rows, "&field=seats:double"), OCCUPANCY_FIELD="seats", PEOPLE_PER_VEHICLE=2.5)
    by = {r["origin_id"]: r for r in rows_of(found)}
    assert (by["a"]["vehicles"], by["a"]["people"]) == (3, 10)
    assert (by["b"]["vehicles"], by["b"]["people"]) == (2, 5)
    assert found["VEHICLES"] == 5 and found["ROUTED"] == 15


def test_times_of_departure_as_seconds_and_as_dates():
    seconds = [(line((0, 0), (2000, 0)), ["a", "s", 1, 30]), (line((0, 0), (2000, 0)), ["a2", "s", 1, 90])]
    found = run(TRIPS=trips(seconds, "&field=leave:integer"), DEPARTURE_FIELD="leave", START_TIME="2026-05-01T06:00:00")
    by = {r["origin_id"]: r for r in rows_of(found)}
    assert by["a"]["first_departure_s"] == 30 and by["a2"]["first_departure_s"] == 90
    assert by["a2"]["first_departure"].toString(Qt.DateFormat.ISODate).startswith("2026-05-01T06:01:30")
    moments = [
        (line((0, 0), (2000, 0)), ["a", "s", 1, QDateTime.fromString("2026-05-01T07:00:00", Qt.DateFormat.ISODate)]),
        (line((0, 0), (2000, 0)), ["a2", "s", 1, QDateTime.fromString("2026-05-01T07:02:00", Qt.DateFormat.ISODate)]),
    ]
    log = Log()
    found = run(log, TRIPS=trips(moments, "&field=leave:datetime"), DEPARTURE_FIELD="leave")
    assert sorted(r["first_departure_s"] for r in rows_of(found)) == [0, 120]
    assert "2026-05-01T07:00:00" in log.text
    text = [(line((0, 0), (2000, 0)), ["a", "s", 1, "2026-05-01T07:00:00"])]
    assert rows_of(run(TRIPS=trips(text, "&field=leave:string"), DEPARTURE_FIELD="leave"))[0]["first_departure_s"] == 0


@pytest.mark.parametrize(("profile", "half"), [(0, 1.0), (1, 0.5), (2, 0.5)])
def test_departures_are_spread_as_asked_and_the_same_each_time(profile, half):
    table = rows_of(run(METHOD=GREEDY, DEPARTURE_PROFILE=profile), "OUTPUT_CLEARANCE")
    at_half = next(row["departed"] for row in table if row["seconds"] >= 300)
    assert at_half == pytest.approx(500 * half, abs=10)
    quarter = next(row["departed"] for row in table if row["seconds"] >= 150)
    assert quarter == pytest.approx(500 * {0: 1.0, 1: 0.25, 2: 0.15625}[profile], abs=10)
    again = run(METHOD=GREEDY, DEPARTURE_PROFILE=profile)
    assert rows_of(again, "OUTPUT_CLEARANCE") == table
    assert rows_of(run(METHOD=GREEDY, SEED=2), "OUTPUT_CLEARANCE") != rows_of(run(METHOD=GREEDY), "OUTPUT_CLEARANCE")


def test_background_traffic_slows_and_unknown_roads_are_named():
    one = trips([(line((0, 0), (2000, 0)), ["a", "s", 1])])
    log = Log()
    rows = [["west", "0", 100], ["east", "0", 100], ["up", "0", 400], ["down", "0", 400], ["moon", "0", 5]]
    found = run(log, TRIPS=one, BACKGROUND=background(rows), COST=0, ALPHA=0.01, DEPARTURE_PROFILE=0)
    # Both directions of a road share its vehicles: 50 on each of the two pieces of 100 s.
    assert found["TOTAL_TIME"] == pytest.approx(200 * 1.5, rel=2e-3)
    assert found["LOWER_BOUND"] == pytest.approx(found["TOTAL_TIME"], rel=1e-9)
    assert "1 road(s)" in log.text and "moon" in log.text


def test_what_cannot_be_routed_is_given_back_with_the_reason():
    rows = [
        (line((0, 0), (2000, 0)), ["good", "s", 2]),
        (line((0, 0), (60_000, 0)), ["far", "t", 3]),
        (None, ["nowhere", "u", 4]),
        (line((0, 0), (5000, 0)), ["island", "v", 5]),
        (line((0, 0), (0, 0)), ["here", "here", 6]),
    ]
    network = roads()
    features = []
    triangle = ((5000, 0), (6000, 0), (5000, 500), (5000, 0))
    for k, (first, last) in enumerate(zip(triangle[:-1], triangle[1:])):
        wkt, values = line(first, last), [f"far{k}", "no", 36]
        feature = QgsFeature(network.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(values)
        features.append(feature)
    network.dataProvider().addFeatures(features)
    log = Log()
    found = run(log, TRIPS=trips(rows), NETWORK=network)
    lost = {r["origin_id"]: r for r in rows_of(found, "OUTPUT_UNROUTED")}
    assert (
        lost["far"]["people"] == 3
        and "nearest road" in lost["far"]["reason"]
        and "destination" in lost["far"]["reason"]
    )
    assert lost["nowhere"]["reason"].startswith("origin: it has no position")
    assert {"far", "nowhere"} <= set(lost) and found["UNROUTED"] == sum(r["people"] for r in lost.values())
    routed = {r["origin_id"]: r for r in rows_of(found)}
    assert routed["here"]["travel_time_s"] == 0 and routed["here"]["vehicles"] == 6 and routed["here"]["detour"] == 1
    assert found["ROUTED"] + found["UNROUTED"] == 20 and "no route" in log.text


def test_a_one_way_trap_is_unreachable():
    rows = [
        (line((0, 0), (1000, 0)), ["a", "no", 36]),
        (line((1000, 0), (1000, 1000)), ["b", "no", 36]),
        (line((1000, 1000), (0, 0)), ["c", "no", 36]),
        (line((1000, 1000), (3000, 1000)), ["one way", "yes", 36]),
        (line((3000, 1000), (4000, 1000)), ["d", "no", 36]),
        (line((4000, 1000), (4000, 2000)), ["e", "no", 36]),
        (line((4000, 2000), (3000, 1000)), ["f", "no", 36]),
    ]
    pair = trips([(line((0, 0), (4000, 2000)), ["out", "s", 2]), (line((4000, 2000), (0, 0)), ["back", "t", 3])])
    found = run(TRIPS=pair, NETWORK=roads(rows))
    assert [r["origin_id"] for r in rows_of(found)] == ["out"]
    lost = rows_of(found, "OUTPUT_UNROUTED")
    assert [(r["origin_id"], r["people"], r["vehicles"]) for r in lost] == [("back", 3, 3)]
    assert "cannot be reached" in lost[0]["reason"]


def test_nobody_to_route_is_a_success_with_empty_outputs():
    for rows in ([], [(line((0, 0), (2000, 0)), ["a", "s", 0])]):
        log = Log()
        found = run(log, TRIPS=trips(rows))
        assert all(not rows_of(found, name) for name in ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_UNROUTED"))
        assert found["VEHICLES"] == found["ROUTED"] == found["UNROUTED"] == 0 and found["TOTAL_TIME"] == 0
        assert not {"GAP", "REDUCTION", "CLEARANCE_TIME", "MAX_DETOUR"} & set(found)
        assert any("nobody to route" in text for text in log.warnings)


def test_nobody_needs_no_roads():
    log = Log()
    found = run(log, TRIPS=trips([]), NETWORK=roads([]))
    assert found["ROUTED"] == found["UNROUTED"] == 0 and not rows_of(found)
    assert any("NETWORK" in text and "no roads" in text for text in log.warnings)
    assert "NETWORK" in failure(NETWORK=roads([]))


def test_zero_speed_takes_the_default_and_huge_counts_run():
    rows = [(line((0, 0), (2000, 0)), ["only", "no", 0])]
    found = run(
        NETWORK=roads(rows),
        DEFAULT_SPEED=72,
        METHOD=INDIVIDUAL,
        TRIPS=trips([(line((0, 0), (2000, 0)), ["a", "s", 1])]),
    )
    assert found["TOTAL_TIME"] == pytest.approx(100, rel=2e-3)
    many = run(TRIPS=trips([(line((0, 0), (2000, 0)), ["a", "s", 40_000])]), METHOD=GREEDY)
    assert many["VEHICLES"] == 40_000 and many["OVER_CAPACITY_ROADS"] > 0 and math.isfinite(many["CLEARANCE_TIME"])


def test_fractions_of_people_are_rounded_with_a_warning():
    log = Log()
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 1.5]), (line((0, 0), (2000, 0)), ["b", "s", 1.5])]
    found = run(log, TRIPS=trips(rows))
    assert found["ROUTED"] == 3 and any("fractions" in text for text in log.warnings)


def test_linear_cost_says_what_it_is():
    log = Log()
    run(log, COST=0, METHOD=GREEDY)
    assert "how roads are split" in log.text


def test_report_holds_figures_and_escapes_names(tmp_path: Path):
    rows = [(line((0, 0), (1000, 0)), ["<b>x</b>", "no", 36]), (line((1000, 0), (2000, 0)), ["$5 & co", "no", 36])]
    target = tmp_path / "report.html"
    found = run(NETWORK=roads(rows), OUTPUT_HTML=str(target), HAZARD=hazard())
    text = target.read_text(encoding="utf-8")
    assert found["OUTPUT_HTML"] == str(target)
    assert "<b>x</b>" not in text and "&lt;b&gt;x&lt;/b&gt;" in text
    for part in ("Clearance", "Bottlenecks", "Fairness", "free-flow bound", "<svg"):
        assert part in text


def test_layers_in_a_geopackage_carry_their_style_and_a_second_run_replaces_it(tmp_path: Path):
    target = {
        name: f"ogr:dbname='{tmp_path}/plan.gpkg' table=\"{name.lower()}\" (geom)"
        for name in ("OUTPUT", "OUTPUT_ROADS")
    }
    for _ in range(2):
        run(METHOD=GREEDY, **target)
    stored = QgsVectorLayer(f"{tmp_path}/plan.gpkg|layername=output_roads", "roads", "ogr")
    assert stored.renderer().type() == "graduatedSymbol"
    labels = [r.label() for r in stored.renderer().ranges()]
    assert any("vehicle-hours" in text for text in labels)
    assert stored.listStylesInDatabase()[0] == 1


# --- bad input --------------------------------------------------------------------------------------------------


def test_costs_that_do_not_go_with_the_flow_model_are_refused_before_the_run():
    assert "density needs FLOW_MODEL present" in failure(COST=1, FLOW_MODEL=1)
    assert "BPR needs FLOW_MODEL cumulative" in failure(COST=2, FLOW_MODEL=0)


def test_a_departure_field_with_text_names_the_feature():
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 1, "at dawn"])]
    text = failure(TRIPS=trips(rows, "&field=leave:string"), DEPARTURE_FIELD="leave")
    assert "DEPARTURE_FIELD: feature 1 of" in text and "at dawn" in text and "leave" in text


def test_a_departure_before_the_start_names_the_feature():
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 1, -60])]
    assert "60 s before START_TIME" in failure(TRIPS=trips(rows, "&field=leave:integer"), DEPARTURE_FIELD="leave")


def test_negative_people_and_empty_vehicles_name_the_feature():
    rows = [(line((0, 0), (2000, 0)), ["a", "s", -4])]
    assert "feature 1 of “groups” has -4 people" in failure(TRIPS=trips(rows))
    rows = [(line((0, 0), (2000, 0)), ["a", "s", 4, 0])]
    text = failure(TRIPS=trips(rows, "&field=seats:double"), OCCUPANCY_FIELD="seats")
    assert "0 people in a vehicle" in text and "at least 1" in text


def test_missing_fields_and_layers_name_the_parameter():
    assert "COUNT_FIELD" in failure(COUNT_FIELD="persons")
    assert "NETWORK" in failure(NETWORK=roads([]))
    bare = trips()
    bare.setCrs(QgsCoordinateReferenceSystem())
    assert "“groups” has no coordinate reference system" in failure(TRIPS=bare)


def test_bad_background_names_the_row():
    assert "-5 vehicles" in failure(BACKGROUND=background([["west", "0", -5]]))
    assert "row 1 of" in failure(BACKGROUND=background([["west", "noon", 5]]))
    assert "no time" in failure(BACKGROUND=background([["west", None, 5]]))


def test_cancelling_writes_nothing():
    class Impatient(Log):
        def isCanceled(self) -> bool:
            return True

    found = run(Impatient())
    assert not found
