"""Shelters by ways that stay open: ``nearestshelters``, ``allocatecrowd``, ``recommendshelters``, ``checkroads``.

From (0, 0) a straight street of 2 km leads to “far”, 200 s, and a detour of 215 s over “hill”, half way.
"""

from __future__ import annotations

import processing
import pytest
from qgis.core import NULL, QgsProcessingException

from tests.processing.closing_layers import box, closures, hazard
from tests.processing.routing_layers import Log, at, failure, layer, line, roads, rows_of, run, trips

BETWEEN = box(1200, -50, 1300, 400)  # across both ways to “far”


MAKERS = {"HAZARD": hazard, "CLOSURES": lambda rows: closures("Polygon", rows)}


def zones(order: object = None):
    fields = "&field=zone_id:string&field=population:integer&field=order_time:double"
    return layer("Point", fields, [(f"POINT({at(0, 0)})", ["z", 10, order])], "quarters")


def shelters(rule: str = ""):
    fields = "&field=site_id:string&field=residual:integer&field=area_m2:double&field=rule:string"
    rows = [
        (f"POINT({at(2000, 0)})", ["far", 10, 100.0, rule]),
        (f"POINT({at(1000, 400)})", ["hill", 10, 100.0, ""]),
    ]
    return layer("Point", fields, rows, "halls")


def ask(name: str, log: Log | None = None, **parameters):
    outputs = {
        "nearestshelters": ("OUTPUT", "OUTPUT_UNREACHABLE"),
        "allocatecrowd": ("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"),
        "recommendshelters": ("OUTPUT", "OUTPUT_SELECTED"),
        "checkroads": ("OUTPUT", "OUTPUT_NETWORK"),
    }[name]
    given = {"NETWORK": roads(), "NETWORK_ID_FIELD": "road_id", **dict.fromkeys(outputs, "TEMPORARY_OUTPUT")}
    if name != "checkroads":
        given["ZONES"] = zones(parameters.pop("order", None))
        given["SITES" if name == "recommendshelters" else "SHELTERS"] = shelters(parameters.pop("rule", ""))
    return processing.run(f"evacuation:{name}", {**given, **parameters}, feedback=log or Log())


def seconds_to(**parameters) -> dict[str, float]:
    return {row["shelter_id"]: row["free_flow_s"] for row in rows_of(ask("nearestshelters", **parameters))}


def test_the_route_is_the_quickest_that_stays_open_for_who_leaves_at_the_order() -> None:
    plain = seconds_to()
    assert plain["far"] == pytest.approx(200.0, rel=1e-3) and plain["hill"] == pytest.approx(107.7, rel=1e-3)
    works = closures("None", [(None, [None, 60.0, "east", None])])
    assert seconds_to(CLOSURES=works)["far"] == pytest.approx(215.4, rel=1e-3)
    assert seconds_to(CLOSURES=works, order=60.0) == plain  # it opens when they leave
    both = closures("None", [(None, [None, 60.0, road, None]) for road in ("east", "down")])
    assert seconds_to(CLOSURES=both, order=57.0)["far"] == pytest.approx(180.0 + 100.0, rel=1e-3)  # waits before “east”


def test_a_way_that_the_hazard_cuts_is_none_and_the_reason_is_said() -> None:
    flood = hazard([(BETWEEN, 10.0)])
    assert seconds_to(HAZARD=flood, order=7.5)["far"] == pytest.approx(200.0, rel=1e-3)
    found = ask("nearestshelters", HAZARD=flood, order=8.0)  # at 130 m inside when it comes
    assert [row["shelter_id"] for row in rows_of(found)] == ["hill"]
    assert [row["reason"] for row in rows_of(found, "OUTPUT_UNREACHABLE")] == [
        "the hazard or a closure cuts every way for who leaves at the order"
    ]
    for_good = closures("Polygon", [(BETWEEN, [None] * 4)])
    reasons = [row["reason"] for row in rows_of(ask("nearestshelters", CLOSURES=for_good), "OUTPUT_UNREACHABLE")]
    assert reasons == ["the way is closed by feature 1 of “works” (CLOSURES)"]
    areas = layer("Polygon", "&field=n:integer", [(BETWEEN, [1])], "police")
    reasons = [row["reason"] for row in rows_of(ask("nearestshelters", BARRIERS=areas), "OUTPUT_UNREACHABLE")]
    assert reasons == ["the way is closed by the areas of “police” (BARRIERS)"]


def test_a_shelter_that_the_hazard_ever_reaches_is_none_unless_it_is_vertical() -> None:
    late = hazard([(box(1900, -50, 2100, 50), 500.0)])
    found = ask("nearestshelters", HAZARD=late)
    assert [row["shelter_id"] for row in rows_of(found)] == ["hill"]
    assert [row["reason"] for row in rows_of(found, "OUTPUT_UNREACHABLE")] == ["shelter: inside the hazard"]
    assert set(seconds_to(HAZARD=late, rule="vertical")) == {"far", "hill"}
    near = hazard([(box(2010, -50, 2100, 50), 500.0)])
    assert set(seconds_to(HAZARD=near, HAZARD_BUFFER=50.0)) == {"hill"}


@pytest.mark.parametrize(("order", "there"), [(7.5, {"far"}), (8.0, {"hill"})])
def test_people_are_allocated_by_ways_that_stay_open(order: float, there: set[str]) -> None:
    prefers = layer(
        "None", "&field=zone_id:string&field=class:string&field=shelter_id:string&field=preference:double",
        [(None, ["z", "population", "far", 1.0]), (None, ["z", "population", "hill", 0.0])], "likes",
    )  # fmt: skip
    found = ask(
        "allocatecrowd", HAZARD=hazard([(BETWEEN, 10.0)]), order=order, PREFERENCES=prefers, WEIGHT_DISTANCE=0.0
    )
    assert {row["shelter_id"] for row in rows_of(found)} == there and found["ALLOCATED"] == 10


def test_nobody_is_sent_to_a_shelter_that_floods_and_nobody_is_lost() -> None:
    log = Log()
    found = ask("allocatecrowd", log, HAZARD=hazard([(box(900, -50, 2100, 500), 500.0)]))
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (0, 10) and "nobody is sent to 2 of 2" in log.text
    found = ask("allocatecrowd", HAZARD=hazard([(box(900, -50, 2100, 500), 500.0)]), rule="vertical")
    assert {row["shelter_id"] for row in rows_of(found)} == {"far"}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (
            {"HAZARD": [(BETWEEN, 10.0)], "order": 8.0},
            "the hazard or a closure cuts every way for who leaves at the order",
        ),
        ({"HAZARD": [(box(-50, -50, 50, 50), 10.0)], "order": 12.0}, "the hazard or a closure cuts every way for who"),
        ({"CLOSURES": [(BETWEEN, [None] * 4)]}, "the way is closed by feature 1 of “works” (CLOSURES)"),
    ],
)
def test_who_has_no_way_that_stays_open_is_listed_with_what_cuts_it(parameters: dict, reason: str) -> None:
    far = shelters()
    far.dataProvider().deleteFeatures([2])
    layers = {name: make(parameters[name]) for name, make in MAKERS.items() if name in parameters}
    found = processing.run(
        "evacuation:allocatecrowd",
        {
            "ZONES": zones(parameters.get("order")), "SHELTERS": far, "NETWORK": roads(), "OUTPUT": "TEMPORARY_OUTPUT",
            "OUTPUT_SHELTERS": "TEMPORARY_OUTPUT", "OUTPUT_UNALLOCATED": "TEMPORARY_OUTPUT", **layers,
        },
        feedback=Log(),
    )  # fmt: skip
    assert found["UNALLOCATED"] == 10
    assert rows_of(found, "OUTPUT_UNALLOCATED")[0]["reason"].startswith(f"no shelter in reach: {reason}")


def test_sites_are_recommended_by_ways_that_stay_open_and_rules_are_written() -> None:
    flood = {"HAZARD": hazard([(BETWEEN, 10.0)]), "USABLE_SHARE": 1.0, "AREA_STANDARD": 0}
    status = {row["site_id"]: row["status"] for row in rows_of(ask("recommendshelters", order=8.0, **flood))}
    assert status == {"far": "rejected", "hill": "selected"}
    status = {row["site_id"]: row["status"] for row in rows_of(ask("recommendshelters", order=7.5, **flood))}
    assert "rejected" not in status.values()
    wet = {**flood, "HAZARD": hazard([(box(1900, -50, 2100, 50), 500.0)])}
    assert {row["site_id"]: row["status"] for row in rows_of(ask("recommendshelters", **wet))}["far"] == "rejected"
    found = ask("recommendshelters", rule="vertical", CHOICE=2, **wet)
    for output in ("OUTPUT", "OUTPUT_SELECTED"):
        assert {row["site_id"]: row["rule"] for row in rows_of(found, output)} == {"far": "vertical", "hill": NULL}


def test_roads_that_close_are_listed_with_their_times() -> None:
    log = Log()
    works = closures("None", [(None, [5.0, 20.0, "west", None])])
    found = ask("checkroads", log, CLOSURES=works, HAZARD=hazard([(BETWEEN, 10.0)]))
    listed = {row["road_id"]: row["detail"] for row in rows_of(found) if row["problem"] == "closes"}
    assert found["CLOSING_ROADS"] == 3 and listed == {
        "west": "a closure closes it from 2000-01-01 00:05:00 until 2000-01-01 00:20:00",
        "east": "the hazard closes it from 2000-01-01 00:10:00, for good",
        "down": "the hazard closes it from 2000-01-01 00:10:00, for good",
    }
    assert "closes west from 2000-01-01 00:05:00" in log.text and "HAZARD_BUFFER" not in log.text
    wide = ask("checkroads", log, CLOSURES=works, HAZARD=hazard([(BETWEEN, 10.0)]), HAZARD_BUFFER=300.0)
    assert rows_of(wide) == rows_of(found) and "HAZARD_BUFFER: 300 m around the hazard play no part here" in log.text


def test_trips_without_a_way_are_listed_with_the_closure_and_counted() -> None:
    works = closures("Polygon", [(BETWEEN, [None] * 4)])
    found = run(CLOSURES=works, TRIPS=trips([(line((0, 0), (2000, 0)), ["a", "s", 7])]))
    assert (found["ROUTED"], found["UNROUTED"]) == (0, 7)
    assert [row["reason"] for row in rows_of(found, "OUTPUT_UNROUTED")] == [
        "s cannot be reached: the way is closed by feature 1 of “works” (CLOSURES)"
    ]


def test_who_has_only_closed_roads_in_reach_is_listed_with_the_closure() -> None:
    works = closures("Polygon", [(box(-200, -200, 1200, 400), [None] * 4)])
    found = run(CLOSURES=works, TRIPS=trips([(line((0, 0), (2000, 0)), ["a", "s", 7])]))
    assert (found["ROUTED"], found["UNROUTED"]) == (0, 7)
    assert [row["reason"] for row in rows_of(found, "OUTPUT_UNROUTED")] == [
        "origin: 1,200 m from the nearest road that can be left (limit 500 m); the road near it is closed by feature 1 "
        "of “works” (CLOSURES)"
    ]


def test_what_cannot_be_is_refused_in_every_algorithm() -> None:
    with pytest.raises(QgsProcessingException, match="is ordered to leave 300 s before START_TIME"):
        ask("nearestshelters", order=-5.0)
    with pytest.raises(QgsProcessingException, match="HAZARD: give the area to leave"):
        processing.run("evacuation:zonesatrisk", {"ZONES": zones(), "OUTPUT": "TEMPORARY_OUTPUT"})
    assert "knows no time" in failure(HAZARD=hazard([(BETWEEN, 10.0)]), FLOW_MODEL=1)
    works = closures("None", [(None, [5.0, 20.0, "west", None])])
    assert "has closures with a beginning or an end" in failure(CLOSURES=works, FLOW_MODEL=1)
