"""What ``evacuation:jointplan`` says of input that cannot be planned, and how it reads what it shares with others."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProcessingContext

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.processing_provider.algorithms.roads.network_parameters import NetworkParameters
from tests.processing.joint_layers import HAZARD, Log, failure, layer, line, roads, run, sent, shelters, water, zones
from tests.processing.routing_layers import rows_of


@pytest.mark.parametrize(
    "given, words",
    [
        ({"SHELTERS": None}, ("SHELTERS", "nowhere to go", "HAZARD")),
        ({"EXITS": True}, ("EXITS", "give HAZARD")),
        ({"AIM": HAZARD}, ("AIM", "HAZARD")),
        ({"PREFERENCE_SECONDS": -1}, ("PREFERENCE_SECONDS", "0")),
        ({"PREFERENCE_SECONDS": 1e9}, ("PREFERENCE_SECONDS", "604800")),
        ({"UNIT": 2}, ("UNIT",)),
        ({"DEFAULT_PREFERENCE": 1.5}, ("DEFAULT_PREFERENCE", "1")),
    ],
)
def test_choices_that_cannot_be_are_refused_by_name(given, words):
    text = failure(**given)
    assert all(word in text for word in words), text


def table(*rows):
    fields = "&field=zone_id:string&field=class:string&field=shelter_id:string&field=preference:double"
    return layer("None", fields[1:], [(None, list(row)) for row in rows], "wishes")


def test_a_preference_outside_0_to_1_names_its_row():
    text = failure(PREFERENCES=table(["z", "children", "west", 1.2]))
    assert "PREFERENCES" in text and "z" in text and "west" in text and "1.2" in text


def test_preferences_for_no_shelter_of_the_layer_are_named_and_the_default_holds():
    log = Log()
    found = run(log, PREFERENCES=table(["z", "children", "north", 1.0]), DEFAULT_PREFERENCE=0.25)
    assert any("PREFERENCES" in text and "north" in text for text in log.warnings)
    assert {row["preference"] for row in rows_of(found, "OUTPUT_ALLOCATION")} == {0.25}


def test_a_shelter_in_the_hazard_takes_nobody():
    log = Log()
    found = run(log, HAZARD=water((2500, -500, 3500, 500)))
    assert any("SHELTERS" in text and "east: inside the hazard" in text for text in log.warnings)
    assert sent(found) == {("z", "west"): 100}


def test_where_all_shelters_lie_in_the_hazard_everybody_is_listed():
    found = run(HAZARD=water((-2000, -500, 4000, 500)))
    assert sent(found) == {}
    (row,) = rows_of(found, "OUTPUT_UNALLOCATED")
    assert (row["people"], row["reason"]) == (100, "no shelter in reach")
    assert (found["UNALLOCATED"], found["UNROUTED"], found["ROUTED"]) == (100, 100, 0)


def test_less_room_than_people_leaves_the_rest_with_the_reason():
    log = Log()
    found = run(log, SHELTERS=shelters((("west", (-1000, 0), 30, "selected"), ("east", (3000, 0), 40, "selected"))))
    assert found["ALLOCATED"] == 70 and found["UNALLOCATED"] == 30
    assert [(row["people"], row["reason"]) for row in rows_of(found, "OUTPUT_UNALLOCATED")] == [(30, "capacity")]
    assert any("30 places too few" in text for text in log.warnings)


def test_a_group_larger_than_everything_stays_whole_or_is_divided_as_asked():
    small = shelters((("west", (-1000, 0), 60, "selected"), ("east", (3000, 0), 60, "selected")))
    whole = run(SHELTERS=small, UNIT=0, SPLIT=0)
    assert whole["ALLOCATED"] == 0
    (row,) = rows_of(whole, "OUTPUT_UNALLOCATED")
    assert row["reason"] == "group larger than any shelter in reach" and row["people"] == 100
    assert run(SHELTERS=small, UNIT=0, SPLIT=1)["ALLOCATED"] == 100


def test_a_hazard_over_every_road_leaves_no_exit():
    text = failure(SHELTERS=None, HAZARD=water((-5000, -5000, 5000, 5000)))
    assert "HAZARD" in text and "no road leads out" in text and "Give roads beyond the hazard" in text


def test_an_exit_into_a_dead_end_is_named_and_not_used():
    log = Log()
    network = roads(
        [
            (line((0, 0), (-300, 0)), ["blind alley", 300]),
            (line((0, 0), (1000, 0)), ["high street", 300]),
            (line((1000, -1000), (1000, 0), (1000, 1000)), ["ring", 300]),
        ]
    )
    found = run(log, SHELTERS=None, HAZARD=water((-200, -200, 200, 200)), NETWORK=network, NAME_FIELD="name")
    assert any("blind alley" in text and "no exits" in text for text in log.warnings)
    assert sent(found) == {("z", "high street"): 100}


def test_one_door_for_all_lets_in_one_vehicle_after_the_other():
    halls = shelters((("hall", (-1000, 0), 60, "selected"), ("annex", (-1000, 0), 60, "selected")))
    found = run(SHELTERS=halls)
    assert found["ALLOCATED"] == 100
    assert found["CLEARANCE_TIME"] == pytest.approx(100.0 + 99 * 12.0, rel=1e-3)  # 300 vehicles/h, 100 s away
    assert {row["capacity"] for row in rows_of(found, "OUTPUT_DOORS")} == {300.0}


def test_an_empty_hazard_has_no_border():
    text = failure(SHELTERS=None, HAZARD=layer("Polygon", "&field=n:integer", [], "dry"))
    assert "HAZARD" in text and "no border" in text


def test_nobody_to_place_gives_empty_outputs():
    log = Log()
    found = run(log, ZONES=zones((("z", (0, 0), 0, 0),)))
    assert any("no people" in text for text in log.warnings)
    assert found["ALLOCATED"] == found["VEHICLES"] == 0 and rows_of(found) == []


def test_a_zone_far_from_any_road_is_listed_with_its_reason():
    found = run(ZONES=zones((("z", (0, 0), 10, 0), ("far", (0, 9000), 7, 0))))
    (row,) = rows_of(found, "OUTPUT_UNALLOCATED")
    assert (row["zone_id"], row["people"]) == ("far", 7)
    assert "not joined to the road network" in row["reason"] and "limit 500 m" in row["reason"]


def test_an_order_before_the_start_names_the_zone():
    fields = "&field=zone_id:string&field=people:integer&field=order_time:double"
    early = layer("Point", fields, [("POINT(500000 5400000)", ["z", 5, -3])], "quarters")
    text = failure(ZONES=early, GROUP_FIELDS=["people"], START_TIME="2026-05-01T06:00:00")
    assert "ORDER_TIME_FIELD" in text and "zone z" in text and "180 s before" in text


def test_roads_have_the_same_capacity_here_as_in_the_routing(provider):
    """One layer, every way in which a road can get its capacity: ROAD_CAPACITY_FIELD here, CAPACITY_FIELD there."""
    rows = []
    classes = ("primary", "residential", "motorway", "unheard of", None)
    for k, highway in enumerate(classes * 4):
        given = (None, 700.0 + k, 0.0, -5.0)[k % 4]
        lanes = (None, 2.0, 3.0)[k % 3]
        rows.append((line((k * 100, 0), (k * 100 + 100, 0)), [f"r{k}", highway, ("no", "yes")[k % 2], lanes, given]))
    fields = "".join(f"&field={name}" for name in ("name:string", "highway:string", "oneway:string"))
    fields += "&field=lanes:double&field=capacity:double"
    network = layer("LineString", fields, rows, "streets")
    context, read = QgsProcessingContext(), []
    for name, more in (
        ("jointplan", {}),
        ("routeevacuation", {}),
        ("jointplan", {"ROAD_CAPACITY_FIELD": "lanes", "CAPACITY_FACTOR": 0.5, "DEFAULT_LANE_CAPACITY": 1234}),
        ("routeevacuation", {"CAPACITY_FIELD": "lanes", "CAPACITY_FACTOR": 0.5, "DEFAULT_LANE_CAPACITY": 1234}),
    ):
        algorithm = provider.algorithm(name).create()
        parameters = {"NETWORK": network, **more}
        found = NetworkParameters.read(algorithm, parameters, context, Log(), {})
        read.append(found.network(context, Log(), Control()).network)
    for one, other in ((read[0], read[1]), (read[2], read[3])):
        assert one.arc_count == other.arc_count > 20
        np.testing.assert_array_equal(one.piece, other.piece)
        np.testing.assert_array_equal(one.capacity, other.capacity)
    assert len(np.unique(read[0].capacity)) > 5
    assert not np.array_equal(read[0].capacity, read[2].capacity)
