"""``evacuation:allocatecrowd`` through the registry: the paper's case, the rules of the page, and bad input."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

import processing
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsVectorLayer

from tests.processing.routing_layers import UTM, Log, layer

PEOPLE = {"A": (50, 60, 40), "B": (30, 40, 60), "C": (50, 40, 30)}
PREFERENCE = {
    "1": {"A": (0.8, 0.1, 0.5), "B": (0.85, 0.75, 0.35), "C": (0.95, 0.5, 0.75)},
    "2": {"A": (0.4, 0.5, 0.5), "B": (0.30, 0.10, 0.75), "C": (0.25, 0.5, 0.45)},
}
DISTANCE = {"1": {"A": 3.5, "B": 5.5, "C": 8.5}, "2": {"A": 7.0, "B": 5.0, "C": 7.0}}
CAPACITY = {"1": 240, "2": 230}
CLASSES = ("P1", "P2", "P3")


def zones(rows: list[tuple[str | None, list]] | None = None, kind: str = "integer") -> QgsVectorLayer:
    if rows is None:
        rows = [(f"POINT({500000 + 1000 * k} 5400000)", [z, *PEOPLE[z]]) for k, z in enumerate("ABC")]
    fields = "&field=zone_id:string" + "".join(f"&field={c}:{kind}" for c in CLASSES)
    return layer("Point", fields, rows, "zones")


def shelters(rows: list[tuple[str | None, list]] | None = None, extra: str = "") -> QgsVectorLayer:
    if rows is None:
        rows = [(f"POINT({500000 + 2000 * k} 5402000)", [s, CAPACITY[s]]) for k, s in enumerate("12")]
    return layer("Point", f"&field=site_id:string&field=residual:double{extra}", rows, "shelters")


def preferences(rows: list[list] | None = None, kind: str = "double") -> QgsVectorLayer:
    if rows is None:
        rows = [[z, c, s, PREFERENCE[s][z][k]] for s in "12" for z in "ABC" for k, c in enumerate(CLASSES)]
    fields = "&field=zone_id:string&field=class:string&field=shelter_id:string&field=preference:" + kind
    return layer("None", fields, [(None, row) for row in rows], "preferences")


def distances(rows: list[list] | None = None) -> QgsVectorLayer:
    if rows is None:
        rows = [[z, s, DISTANCE[s][z]] for s in "12" for z in "ABC"]
    fields = "&field=zone_id:string&field=shelter_id:string&field=distance_km:double"
    return layer("None", fields, [(None, row) for row in rows], "distances")


def run(feedback: QgsProcessingFeedback | None = None, **parameters) -> dict:
    """Allocate; the paper's layers unless others are given, leaving out those given as None."""
    given = {
        "ZONES": zones(),
        "GROUP_FIELDS": list(CLASSES),
        "SHELTERS": shelters(),
        "PREFERENCES": preferences(),
        "DISTANCES": distances(),
        "MIP_GAP": 0,
        "OUTPUT": "memory:",
        "OUTPUT_SHELTERS": "memory:",
        "OUTPUT_UNALLOCATED": "memory:",
        **parameters,
    }
    return processing.run(
        "evacuation:allocatecrowd",
        {name: value for name, value in given.items() if value is not None},
        feedback=feedback or Log(),
    )


def rows_of(made: QgsVectorLayer, *names: str) -> list[tuple]:
    return [tuple(feature[name] for name in names) for feature in made.getFeatures()]


def total(made: QgsVectorLayer, name: str = "people") -> int:
    return sum(value for (value,) in rows_of(made, name))


def test_table_4_as_printed() -> None:
    found = run(NORMALISATION=1, WEIGHT_BY=0)
    assert (found["Z1"], found["Z2"], found["OBJECTIVE"]) == pytest.approx((3.05, 2.80, 5.85))
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (400, 0)
    assert found["GAP"] == pytest.approx(0.0, abs=1e-6)
    second = {(z, c) for z, c, s in rows_of(found["OUTPUT"], "zone_id", "class", "shelter_id") if s == "2"}
    assert second == {("A", "P1"), ("A", "P2"), ("A", "P3"), ("B", "P3")}
    assert rows_of(found["OUTPUT_SHELTERS"], "shelter_id", "load", "capacity", "utilisation") == [
        ("1", 190, 240, pytest.approx(190 / 240)),
        ("2", 210, 230, pytest.approx(210 / 230)),
    ]
    assert found["OUTPUT_UNALLOCATED"].featureCount() == 0


def test_table_5_as_printed() -> None:
    found = run(NORMALISATION=1, WEIGHT_BY=0, WEIGHT_PREFERENCE=0.75, WEIGHT_DISTANCE=0.25)
    assert (found["Z1"], found["Z2"]) == pytest.approx((2.65, 3.5))
    assert rows_of(found["OUTPUT_SHELTERS"], "load") == [(240,), (160,)]


def test_corrected() -> None:
    found = run(WEIGHT_BY=0, WEIGHT_PREFERENCE=0.75, WEIGHT_DISTANCE=0.25)
    assert found["OBJECTIVE"] == pytest.approx(3.1125)
    assert run(WEIGHT_BY=0)["OBJECTIVE"] == pytest.approx(7.15)
    found = run()
    assert (found["OBJECTIVE"], found["Z1"], found["Z2"]) == pytest.approx((311.0, 169.0, 142.0))


def test_rows_carry_what_was_decided_on() -> None:
    found = run(NORMALISATION=1, WEIGHT_BY=0)
    made = found["OUTPUT"]
    assert made.crs().authid() == UTM
    names = ["zone_id", "class", "shelter_id", "people", "preference", "distance_km", "minutes"]
    assert made.fields().names() == [*names, "access_m", "access_minutes"]
    assert {(row[0] or None, row[1] or None) for row in rows_of(made, "access_m", "access_minutes")} == {(None, None)}
    for feature in made.getFeatures():
        zone, kind, shelter = feature["zone_id"], CLASSES.index(feature["class"]), feature["shelter_id"]
        assert feature["people"] == PEOPLE[zone][kind]
        assert feature["preference"] == PREFERENCE[shelter][zone][kind]
        assert feature["distance_km"] == DISTANCE[shelter][zone]
        assert not feature["minutes"]
        line = feature.geometry().asPolyline()
        assert (line[0].x(), line[0].y()) == (500000 + 1000 * "ABC".index(zone), 5400000)
        assert (line[1].x(), line[1].y()) == (500000 + 2000 * "12".index(shelter), 5402000)


def test_the_order_of_the_features_changes_nothing() -> None:
    """The corrected 1:1 case by groups has two optima."""
    turned = zones(
        [(f"POINT({500000 + 1000 * k} 5400000)", [z, *PEOPLE[z]]) for k, z in reversed(list(enumerate("ABC")))]
    )
    one, other = run(WEIGHT_BY=0), run(WEIGHT_BY=0, ZONES=turned)
    key = ("zone_id", "class", "shelter_id", "people")
    assert rows_of(one["OUTPUT"], *key) == rows_of(other["OUTPUT"], *key)


def test_straight_line_is_ellipsoidal_across_reference_systems() -> None:
    """A degree of longitude on the equator is 111.3195 km on WGS 84."""
    one = layer("Point", "&field=zone_id:string&field=P1:integer", [("POINT(10 0)", ["z", 7])], "z", "EPSG:4326")
    x = 11 * 111319.49079327358  # Web Mercator of 11 degrees east
    to = layer("Point", "&field=site_id:integer&field=residual:integer", [(f"POINT({x} 0)", [5, 9])], "s", "EPSG:3857")
    log = Log()
    found = run(log, ZONES=one, SHELTERS=to, GROUP_FIELDS=["P1"], PREFERENCES=None, DISTANCES=None)
    ((shelter, km, preference),) = rows_of(found["OUTPUT"], "shelter_id", "distance_km", "preference")
    assert (shelter, preference) == ("5", 0.5)
    assert km == pytest.approx(111.3195, abs=1e-4)
    assert (found["Z1"], found["Z2"]) == pytest.approx((3.5, 0.0))
    assert any("straight line" in text for text in log.said)
    assert found["OUTPUT_SHELTERS"].crs().authid() == "EPSG:3857"


def test_limits_come_after_the_scaling() -> None:
    """d_min and d_max are those of all reachable pairs, before MAX_DISTANCE takes pairs out."""
    free, limited = run(WEIGHT_PREFERENCE=0), run(WEIGHT_PREFERENCE=0, MAX_DISTANCE=7.0)
    by_hand = 150 * 0.0 + 130 * (5.0 - 3.5) / 5.0 + 120 * (7.0 - 3.5) / 5.0
    assert free["Z2"] >= by_hand - 1e-9
    for zone, shelter, km in rows_of(limited["OUTPUT"], "zone_id", "shelter_id", "distance_km"):
        assert km <= 7.0
        assert (zone, shelter) != ("C", "1")
    assert limited["Z2"] == pytest.approx(
        sum(people * (km - 3.5) / 5.0 for people, km in rows_of(limited["OUTPUT"], "people", "distance_km"))
    )


def test_too_little_room_shelters_as_many_as_possible() -> None:
    """Whole groups of 30, 40, 50 and 60 fill 95 places with 90, and 75 places with 70."""
    small = shelters([("POINT(500000 5402000)", ["1", 95]), ("POINT(502000 5402000)", ["2", 75])])
    log = Log()
    found = run(log, SHELTERS=small, SPLIT=0)
    assert any("SHELTERS: there are 230 places too few" in text for text in log.warnings)
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (160, 240)
    assert rows_of(found["OUTPUT_SHELTERS"], "load") == [(90,), (70,)]
    assert total(found["OUTPUT"]) == 160
    assert total(found["OUTPUT_UNALLOCATED"]) == 240
    assert {reason for (reason,) in rows_of(found["OUTPUT_UNALLOCATED"], "reason")} == {"capacity"}


def test_groups_larger_than_any_shelter_and_out_of_reach() -> None:
    small = shelters([("POINT(500000 5402000)", ["1", 50]), ("POINT(502000 5402000)", ["2", 40])])
    near = distances([[z, s, DISTANCE[s][z]] for s in "12" for z in "AB"])  # C is out of reach
    log = Log()
    found = run(log, SHELTERS=small, DISTANCES=near, SPLIT=0)
    reasons = {(z, c): reason for z, c, reason in rows_of(found["OUTPUT_UNALLOCATED"], "zone_id", "class", "reason")}
    assert {reasons["C", c] for c in CLASSES} == {"no shelter in reach"}
    assert reasons["A", "P2"] == reasons["B", "P3"] == "group larger than any shelter in reach"
    assert found["ALLOCATED"] == 90  # 50 and 40 of zones A and B fill both shelters
    assert found["UNALLOCATED"] == 310 == total(found["OUTPUT_UNALLOCATED"])
    assert "capacity" in reasons.values()
    assert any("no place" in text for text in log.warnings)


@pytest.mark.parametrize("value", [True, False, "true", 0])
def test_a_call_stored_before_split_says_what_to_give(value) -> None:
    with pytest.raises(QgsProcessingException, match="SPLIT_GROUPS.*2 where SPLIT_GROUPS was true, 0 where"):
        run(SPLIT_GROUPS=value)


def test_by_default_groups_are_divided_where_needed_and_no_others() -> None:
    """12 and 3 people, shelters of 8 and 7: the group of 12 exceeds both."""
    people = zones([("POINT(500000 5400000)", ["a", 12, 0, 0]), ("POINT(500000 5400900)", ["b", 3, 0, 0])])
    places = shelters([("POINT(500500 5400000)", ["s", 8]), ("POINT(500000 5400500)", ["t", 7])])
    log = Log()
    given = {"ZONES": people, "SHELTERS": places, "PREFERENCES": None, "DISTANCES": None}
    found = run(log, **given)
    rows = rows_of(found["OUTPUT"], "zone_id", "people")
    assert sorted(zone for zone, _ in rows) == ["a", "a", "b"] and ("b", 3) in rows
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (15, 0)
    assert any("SPLIT" in text and "1 group" in text and "zone a, class P1" in text for text in log.said)
    whole = run(**given, SPLIT=0)
    assert (whole["ALLOCATED"], whole["UNALLOCATED"]) == (3, 12)
    assert rows_of(whole["OUTPUT_UNALLOCATED"], "reason") == [("group larger than any shelter in reach",)]


def test_divided_groups_fill_the_room() -> None:
    small = shelters([("POINT(500000 5402000)", ["1", 55]), ("POINT(502000 5402000)", ["2", 44.9])])
    found = run(SHELTERS=small, SPLIT=2)
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (99, 301)
    assert rows_of(found["OUTPUT_SHELTERS"], "load", "capacity") == [(55, 55), (44, 44)]
    assert {reason for (reason,) in rows_of(found["OUTPUT_UNALLOCATED"], "reason")} == {"capacity"}
    everyone = run(SPLIT=2)
    assert everyone["ALLOCATED"] == 400
    assert everyone["OBJECTIVE"] <= 311.0 + 1e-9


def test_other_status_is_ignored_and_counted() -> None:
    rows = [
        ("POINT(500000 5402000)", ["1", 240, "selected"]),
        ("POINT(502000 5402000)", ["2", 230, "selected"]),
        ("POINT(500000 5400000)", ["3", 9999, "standby"]),
        ("POINT(500000 5400000)", ["4", 9999, None]),
    ]
    log = Log()
    found = run(log, SHELTERS=shelters(rows, "&field=status:string"))
    assert found["OBJECTIVE"] == pytest.approx(311.0)
    assert [s for (s,) in rows_of(found["OUTPUT_SHELTERS"], "shelter_id")] == ["1", "2"]
    assert any("2 of 4 features have a status other than" in text for text in log.said)


def test_ids_agree_across_types() -> None:
    """Numbers in one table, text in another and reals in a third are the same ids."""
    fields = "&field=zone_id:integer" + "".join(f"&field={c}:double" for c in CLASSES)
    rows = [(f"POINT({500000 + k} 5400000)", [k + 10, *PEOPLE[z]]) for k, z in enumerate("ABC")]
    as_text = [[str(10 + "ABC".index(z)), s, DISTANCE[s][z]] for s in "12" for z in "ABC"]
    fields_of_preferences = "&field=zone_id:double&field=class:string&field=shelter_id:integer&field=preference:double"
    table = layer(
        "None",
        fields_of_preferences,
        [
            (None, [float(10 + "ABC".index(z)), c, int(s), PREFERENCE[s][z][k]])
            for s in "12"
            for z in "ABC"
            for k, c in enumerate(CLASSES)
        ],
        "numbers",
    )
    log = Log()
    found = run(log, ZONES=layer("Point", fields, rows, "n"), DISTANCES=distances(as_text), PREFERENCES=table)
    assert found["OBJECTIVE"] == pytest.approx(311.0)
    assert log.warnings == []


def test_unknown_places_and_classes_are_named_and_the_default_takes_over() -> None:
    rows = [["X", "P1", "1", 0.9], ["A", "teens", "1", 0.9], ["A", "P1", "nine", 0.9], ["A", "P1", "1", 1.0]]
    log = Log()
    found = run(log, PREFERENCES=preferences(rows), DEFAULT_PREFERENCE=0.25)
    warned = "\n".join(log.warnings)
    assert "“X”" in warned and "“teens”" in warned and "“nine”" in warned
    given = {(z, c, s): p for z, c, s, p in rows_of(found["OUTPUT"], "zone_id", "class", "shelter_id", "preference")}
    assert set(given.values()) <= {0.25, 1.0}
    assert given["A", "P1", "1"] == 1.0


@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_preference_outside_0_to_1(value: float) -> None:
    with pytest.raises(QgsProcessingException, match=r"PREFERENCES.*zone A, class P1, shelter 1.*from 0 to 1"):
        run(PREFERENCES=preferences([["A", "P1", "1", value]]))


def test_preference_that_is_text_or_given_twice() -> None:
    with pytest.raises(QgsProcessingException, match=r"PREFERENCES.*“high”.*not a number"):
        run(PREFERENCES=preferences([["A", "P1", "1", "high"]], "string"))
    with pytest.raises(QgsProcessingException, match=r"two rows for zone A, class P1, shelter 1"):
        run(PREFERENCES=preferences([["A", "P1", "1", 0.2], ["A", "P1", "1", 0.3]]))


def test_distances_that_cannot_be() -> None:
    with pytest.raises(QgsProcessingException, match=r"DISTANCES.*zone A, shelter 1.*-1.*0 or more"):
        run(DISTANCES=distances([["A", "1", -1.0]]))
    with pytest.raises(QgsProcessingException, match=r"DISTANCES: no row"):
        run(DISTANCES=distances([["Q", "1", 1.0]]))


def test_duplicate_ids() -> None:
    twice = [("POINT(0 0)", ["A", 1, 1, 1]), ("POINT(9 9)", ["A", 2, 2, 2])]
    with pytest.raises(QgsProcessingException, match=r"ZONES.*zone_id.*same value.*A"):
        run(ZONES=zones(twice))
    with pytest.raises(QgsProcessingException, match=r"SHELTERS.*site_id.*same value.*7"):
        run(SHELTERS=shelters([("POINT(0 0)", ["7", 1]), ("POINT(9 9)", ["7", 1])]))


def test_capacities() -> None:
    places = ["POINT(500000 5402000)", "POINT(502000 5402000)"]
    with pytest.raises(QgsProcessingException, match=r"SHELTERS.*residual.*CAPACITY_FIELD.*empty in every shelter"):
        run(SHELTERS=shelters([(places[0], ["1", None]), (places[1], ["2", None])]))
    with pytest.raises(QgsProcessingException, match=r"SHELTERS: feature 1.*-5.*residual.*at least 0"):
        run(SHELTERS=shelters([(places[0], ["1", -5]), (places[1], ["2", 5])]))
    for nothing in (None, 0):
        log = Log()
        found = run(log, SHELTERS=shelters([(places[0], ["1", nothing]), (places[1], ["2", 500])]))
        assert found["ALLOCATED"] == 400
        assert rows_of(found["OUTPUT_SHELTERS"], "load", "capacity") == [(0, 0), (400, 500)]
        assert any("nobody is sent there" in text and "(1)" in text for text in log.warnings)
    found = run(SHELTERS=shelters([(places[0], ["1", 0]), (places[1], ["2", 0])]))
    assert (found["ALLOCATED"], found["UNALLOCATED"], found["OBJECTIVE"]) == (0, 400, 0)
    assert "GAP" not in found or found["GAP"] is None
    assert {reason for (reason,) in rows_of(found["OUTPUT_UNALLOCATED"], "reason")} == {"capacity"}


def test_people_that_cannot_be() -> None:
    with pytest.raises(QgsProcessingException, match=r"ZONES: feature A.*-3.*P2.*at least 0"):
        run(ZONES=zones([("POINT(0 0)", ["A", 1, -3, 1])]))
    with pytest.raises(QgsProcessingException, match=r"ZONES.*A.*“many”.*P1.*not a number"):
        run(ZONES=zones([("POINT(0 0)", ["A", "many", "1", "1"])], "string"))
    with pytest.raises(QgsProcessingException, match=r"GROUP_FIELDS.*P9"):
        run(GROUP_FIELDS=["P1", "P9"])


def test_fractions_of_people_keep_the_total() -> None:
    log = Log()
    halves = [("POINT(500000 5400000)", ["A", 10.5, 0.0, 1.0]), ("POINT(501000 5400000)", ["B", 10.5, 0.0, None])]
    found = run(log, ZONES=zones(halves, "double"))
    assert found["ALLOCATED"] == 22
    assert sorted(n for n, kind in rows_of(found["OUTPUT"], "people", "class") if kind == "P1") == [10, 11]
    assert any("fractions of people" in text for text in log.warnings)


@pytest.mark.parametrize("rows", [[], [("POINT(500000 5400000)", ["A", 0, 0, 0])]])
def test_nobody_is_a_success_with_a_warning(rows: list) -> None:
    log = Log()
    found = run(log, ZONES=zones(rows))
    assert (found["ALLOCATED"], found["UNALLOCATED"], found["OBJECTIVE"]) == (0, 0, 0)
    assert found["OUTPUT"].featureCount() == found["OUTPUT_UNALLOCATED"].featureCount() == 0
    assert found["OUTPUT_SHELTERS"].featureCount() == 2
    assert any("no people" in text for text in log.warnings)


def test_no_shelters_is_an_error() -> None:
    with pytest.raises(QgsProcessingException, match=r"SHELTERS.*no usable feature"):
        run(SHELTERS=shelters([]))


def test_all_sites_rejected_leaves_everybody_without_a_place_and_says_why() -> None:
    rows = [("POINT(500000 5402000)", ["1", 240, "rejected", "inside the hazard"])]
    for given, words in ((rows, "(1: inside the hazard)"), ([], "no feature")):
        log = Log()
        found = run(log, SHELTERS=shelters(given, "&field=status:string&field=reason:string"))
        assert (found["ALLOCATED"], found["UNALLOCATED"], found["OUTPUT"].featureCount()) == (0, 400, 0)
        assert total(found["OUTPUT_UNALLOCATED"]) == 400
        assert {reason for (reason,) in rows_of(found["OUTPUT_UNALLOCATED"], "reason")} == {"no shelter in reach"}
        assert any("status “selected”" in text and words in text for text in log.warnings)


def test_a_zone_without_geometry_is_given_back() -> None:
    rows = [("POINT(500000 5400000)", ["A", 5, 0, 0]), (None, ["B", 7, 0, 2])]
    found = run(ZONES=zones(rows))
    assert (found["ALLOCATED"], found["UNALLOCATED"]) == (5, 9)
    assert rows_of(found["OUTPUT_UNALLOCATED"], "zone_id", "class", "people", "reason") == [
        ("B", "P1", 7, "no geometry"),
        ("B", "P3", 2, "no geometry"),
    ]


def test_travel_time_needs_a_network() -> None:
    for given in ({"IMPEDANCE": 1}, {"MAX_TRAVEL_TIME": 10}):
        with pytest.raises(QgsProcessingException, match="network"):
            run(**given)


def test_missing_fields_are_named() -> None:
    with pytest.raises(QgsProcessingException, match=r"CAPACITY_FIELD.*shelters.*site_id, residual"):
        run(CAPACITY_FIELD="beds")
    with pytest.raises(QgsProcessingException, match=r"PREF_VALUE_FIELD.*preferences"):
        run(PREF_VALUE_FIELD="liking")


def test_cancelled_leaves_nothing() -> None:
    log = Log()
    log.cancel()
    found = run(log)
    assert "OBJECTIVE" not in found or found["OBJECTIVE"] is None
    assert any("Cancelled" in text for text in log.warnings)


def roads() -> QgsVectorLayer:
    """Two ways from the zone at x = 0 to the shelter at x = 4 km, and a dead one-way back from the other shelter.

    Along the straight road 4 km at 20 km/h: 12 minutes. Around by the fast road 6 km at 60 km/h: 6 minutes.
    """
    x, y = 500000, 5400000

    def line(*points: tuple[int, int]) -> str:
        return "LINESTRING(" + ",".join(f"{x + a} {y + b}" for a, b in points) + ")"

    rows = [
        (line((0, 0), (4000, 0)), ["20", "no"]),
        (line((0, 0), (0, 1000), (4000, 1000), (4000, 0)), ["60", "no"]),
        (line((9000, 0), (4000, 0)), ["50", "yes"]),
    ]
    return layer("LineString", "&field=maxspeed:string&field=oneway:string", rows, "roads")


def by_road(**parameters) -> dict:
    people = layer("Point", "&field=zone_id:string&field=P1:integer", [("POINT(500000 5400000)", ["z", 8])], "z")
    places = [("POINT(504000 5400000)", ["near", 5]), ("POINT(509000 5400000)", ["against the one-way", 99])]
    return run(
        ZONES=people,
        GROUP_FIELDS=["P1"],
        SHELTERS=shelters(places),
        PREFERENCES=None,
        DISTANCES=None,
        NETWORK=roads(),
        SPLIT=2,
        **parameters,
    )


def test_over_the_network_length_is_the_shortest_and_minutes_the_fastest() -> None:
    found = by_road(IMPEDANCE=0)
    ((km, minutes, people),) = rows_of(found["OUTPUT"], "distance_km", "minutes", "people")
    assert (km, minutes, people) == (pytest.approx(4.0, rel=2e-3), pytest.approx(6.0, rel=2e-3), 5)
    assert rows_of(found["OUTPUT_UNALLOCATED"], "people", "reason") == [(3, "capacity")]


def test_over_the_network_by_time_length_is_that_of_the_fastest_route() -> None:
    found = by_road(IMPEDANCE=1)
    ((km, minutes),) = rows_of(found["OUTPUT"], "distance_km", "minutes")
    assert (km, minutes) == (pytest.approx(6.0, rel=2e-3), pytest.approx(6.0, rel=2e-3))


def test_limit_of_travel_time() -> None:
    assert by_road(MAX_TRAVEL_TIME=6.5)["ALLOCATED"] == 5
    found = by_road(MAX_TRAVEL_TIME=5.5)
    assert found["ALLOCATED"] == 0
    assert rows_of(found["OUTPUT_UNALLOCATED"], "people", "reason") == [(8, "no shelter in reach")]


def test_a_zone_far_from_any_road_is_given_back() -> None:
    people = [("POINT(500000 5400000)", ["z", 8, 0, 0]), ("POINT(500000 5390000)", ["far", 4, 0, 0])]
    log = Log()
    found = run(
        log,
        ZONES=zones(people),
        SHELTERS=shelters([("POINT(504000 5400000)", ["near", 50])]),
        PREFERENCES=None,
        DISTANCES=None,
        NETWORK=roads(),
    )
    ((zone, left, reason),) = rows_of(found["OUTPUT_UNALLOCATED"], "zone_id", "people", "reason")
    assert (zone, left) == ("far", 4) and reason.startswith("not joined to the road network: 10,00")
    assert any("far" in text and "MAX_SNAP_DISTANCE" in text for text in log.warnings)


@pytest.mark.parametrize("kind", ["Point", "Polygon"])
def test_outputs_are_styled_whatever_the_geometry(kind: str, tmp_path) -> None:
    from qgis.core import QgsRenderContext

    def place(x: float, y: float) -> str:
        return f"POINT({x} {y})" if kind == "Point" else f"POLYGON(({x} {y},{x + 9} {y},{x} {y + 9},{x} {y}))"

    people = layer(kind, "&field=zone_id:string&field=P1:integer", [(place(500000, 5400000), ["z", 70])], "z")
    room = layer(kind, "&field=site_id:string&field=residual:integer", [(place(500100, 5400000), ["s", 60])], "s")
    target = tmp_path / "plan.gpkg"
    found = run(
        ZONES=people,
        GROUP_FIELDS=["P1"],
        SHELTERS=room,
        PREFERENCES=None,
        DISTANCES=None,
        SPLIT=2,
        **{
            n: f'ogr:dbname="{target}" table="{n.lower()}" (geom)'
            for n in ("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED")
        },
    )
    legend = {}
    for name in ("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"):
        made = QgsVectorLayer(found[name], name, "ogr")  # with the style stored in the file
        assert made.isValid() and made.featureCount() == 1
        renderer, context = made.renderer(), QgsRenderContext()
        renderer.startRender(context, made.fields())
        context.expressionContext().setFields(made.fields())
        feature = next(made.getFeatures())
        context.expressionContext().setFeature(feature)
        symbol = renderer.symbolForFeature(feature, context)
        assert symbol is not None
        legend[name] = renderer.legendKeysForFeature(feature, context)
        renderer.stopRender(context)
        labels = [item.label() for item in renderer.legendSymbolItems()]
        assert len(labels) > 2 and all(labels)
    assert legend == {"OUTPUT": {"0"}, "OUTPUT_SHELTERS": {"4"}, "OUTPUT_UNALLOCATED": {"0"}}


def test_a_layer_without_reference_system() -> None:
    bare = layer("Point", "&field=site_id:string&field=residual:integer", [("POINT(0 0)", ["1", 500])], "bare", "")
    with pytest.raises(QgsProcessingException, match=r"SHELTERS: “bare” has no coordinate reference system"):
        run(SHELTERS=bare)


def test_without_pulp_the_message_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pulp", None)
    with pytest.raises(QgsProcessingException, match=r"(?s)pulp is needed.*Windows.*macOS.*Linux"):
        run()


def test_without_highspy_cbc_solves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "highspy", None)
    log = Log()
    found = run(log, NORMALISATION=1, WEIGHT_BY=0)
    assert (found["Z1"], found["Z2"], found["GAP"]) == pytest.approx((3.05, 2.80, 0.0), abs=1e-6)
    assert any(text.startswith("CBC") for text in log.said)


def test_cancelled_while_solving_leaves_no_output(tmp_path) -> None:
    """The log is cancelled when the solver is about to start; no file is begun."""

    class Impatient(Log):
        def pushInfo(self, info: str) -> None:
            super().pushInfo(info)
            if "possible pairs" in info:
                self.cancel()

    log = Impatient()
    target = tmp_path / "plan.gpkg"
    run(log, OUTPUT=str(target), OUTPUT_SHELTERS=str(tmp_path / "s.gpkg"), OUTPUT_UNALLOCATED=str(tmp_path / "u.gpkg"))
    assert any("Cancelled" in text for text in log.warnings)
    assert list(tmp_path.iterdir()) == []


# --- preference by distance, what is said beforehand, the trade-off ------------------------------------------------


def test_preference_falls_with_distance_where_the_table_has_none() -> None:
    found = run(PREFERENCES=preferences([["A", "P1", "1", 0.9]]), PREFERENCE_DECAY=5.0, DEFAULT_PREFERENCE=0.1)
    for zone, kind, shelter, preference in rows_of(found["OUTPUT"], "zone_id", "class", "shelter_id", "preference"):
        given = (zone, kind, shelter) == ("A", "P1", "1")
        assert preference == pytest.approx(0.9 if given else math.exp(-DISTANCE[shelter][zone] / 5.0))


def test_reasons_are_said_before_the_solver_is_asked() -> None:
    small = shelters([("POINT(500000 5402000)", ["1", 50]), ("POINT(502000 5402000)", ["2", 40])])
    near = distances([[z, s, DISTANCE[s][z]] for s in "12" for z in "AB"])
    log = Log()
    run(log, SHELTERS=small, DISTANCES=near, SPLIT=0)
    warned = "\n".join(log.warnings)
    assert "310 places too few" in warned
    assert "1 zone with 120 people has no shelter in reach: C" in warned
    assert "2 groups with 120 people cannot go together" in warned
    assert "zone A, class P2 (60 > 50)" in warned and "zone B, class P3 (60 > 50)" in warned


def test_zones_that_together_reach_too_few_places_are_named() -> None:
    """Room for everyone in all, but A and B reach only shelter 1 with its 240 places for their 280 people."""
    only = distances([["A", "1", 1.0], ["B", "1", 2.0], ["C", "2", 1.0]])
    log = Log()
    found = run(log, DISTANCES=only)
    (warned,) = [text for text in log.warnings if "at least" in text]
    assert "2 zones with 280 people (A, B) reach only 1 shelter with 240 places (1)" in warned
    assert "at least 40 people" in warned
    assert found["UNALLOCATED"] >= 40


def test_nothing_is_said_where_everyone_finds_a_place() -> None:
    log = Log()
    run(log)
    assert log.warnings == []


def test_tradeoff_table_and_report(tmp_path) -> None:
    report = tmp_path / "report.html"
    found = run(OUTPUT_TRADEOFF="memory:", OUTPUT_HTML=str(report), TRADEOFF_POINTS=5)
    made = found["OUTPUT_TRADEOFF"]
    rows = rows_of(made, "weight_preference", "z1", "z2", "mean_preference", "mean_km", "extra_km", "plan", "efficient")
    assert [row[0] for row in rows] == pytest.approx([0.001, 0.25, 0.5, 0.75, 0.999])
    assert [row[6] for row in rows] == [0, 0, 1, 0, 0]
    assert rows[2][1:3] == pytest.approx((found["Z1"], found["Z2"]))
    assert all(row[7] == 1 for row in rows)
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    for row in rows:
        assert row[3] == pytest.approx(1.0 - row[1] / 400.0)  # by people, so Z1 is 400 times the mean
        assert row[5] == pytest.approx(row[4] - min(other[4] for other in rows))
    text = report.read_text(encoding="utf-8")
    assert text.rstrip().endswith("</html>")
    assert text.count("<svg") == 2
    assert "this plan" in text and "Load of the shelters" in text


def test_report_escapes_names_and_shows_shortage(tmp_path) -> None:
    report = tmp_path / "report.html"
    places = shelters([("POINT(500000 5402000)", ["<i>1", 95]), ("POINT(502000 5402000)", ["$2$", 75])])
    run(SHELTERS=places, DISTANCES=None, PREFERENCES=None, OUTPUT_HTML=str(report), TRADEOFF_POINTS=0)
    text = report.read_text(encoding="utf-8")
    assert "&lt;i&gt;1" in text and "<i>1" not in text
    assert "places too few" in text and "People without a place" in text
    assert "Preference against distance" not in text


def test_tradeoff_of_nobody_is_empty(tmp_path) -> None:
    found = run(ZONES=zones([]), OUTPUT_TRADEOFF="memory:", OUTPUT_HTML=str(tmp_path / "report.html"))
    assert found["OUTPUT_TRADEOFF"].featureCount() == 0
    assert (tmp_path / "report.html").is_file()


def test_cancelling_the_tradeoff_writes_nothing(tmp_path) -> None:
    class Stops(Log):
        def pushInfo(self, info: str) -> None:
            super().pushInfo(info)
            if "mean preference of" in info:
                self.cancel()

    report, log = tmp_path / "report.html", Stops()
    run(log, OUTPUT_TRADEOFF="memory:", OUTPUT_HTML=str(report))
    assert sum("mean preference of" in text for text in log.said) == 1
    assert any("Cancelled" in text for text in log.warnings)
    assert not report.exists()


def test_a_missing_package_for_the_report_is_said_before_the_work(monkeypatch, tmp_path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "jinja2", None)
    log = Log()
    with pytest.raises(QgsProcessingException, match="jinja2"):
        run(log, OUTPUT_HTML=str(tmp_path / "report.html"))
    assert not any("possible pairs" in text for text in log.said)


def test_a_decay_must_be_above_zero() -> None:
    with pytest.raises(QgsProcessingException, match="PREFERENCE_DECAY"):
        run(PREFERENCE_DECAY=0)


def test_places_of_a_distance_table_that_are_not_in_the_layers_are_named() -> None:
    rows = [[z, s, DISTANCE[s][z]] for s in "12" for z in "ABC"]
    log = Log()
    found = run(log, DISTANCES=distances([*rows, ["X", "1", 1.0], ["A", "nine", 1.0]]))
    assert found["OBJECTIVE"] == pytest.approx(311.0)
    assert any("DISTANCES" in text and "“X”" in text for text in log.warnings)
    assert any("DISTANCES" in text and "“nine”" in text for text in log.warnings)
