"""``evacuation:dispatchfleet`` through the registry, on a few streets."""

from __future__ import annotations

import sys

import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsProcessingException, QgsVectorLayer

from tests.processing.closing_layers import box
from tests.processing.routing_layers import Log, at, layer, line

# Along y = 0 a street of 36 km/h, 10 m/s: depot at 0, requests at 1000 and 2000, shelter at 3000; a detour from 1000 to
# 3000 over (2000, 1500) that takes 361 s where the street takes 200.
STREETS = [
    (line((0, 0), (1000, 0)), ["west", "no", 36]),
    (line((1000, 0), (2000, 0)), ["middle", "no", 36]),
    (line((2000, 0), (3000, 0)), ["east", "no", 36]),
    (line((1000, 0), (2000, 1500), (3000, 0)), ["round", "no", 36]),
]
REQUESTS = [(1000, ["a", 3, 0, 0, None, 1]), (2000, ["b", 2, 1, 0, None, 1])]
LATE = [(1000, ["a", 3, 0, 0, None, 1]), (2000, ["b", 2, 0, 0, 20, 1])]
ROUND = 2 * (1000**2 + 1500**2) ** 0.5 / 10  # s


def streets():
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double"
    return layer("LineString", fields, STREETS, "streets")


def requests(rows=None, known="double"):
    fields = (
        "&field=request_id:string&field=people:double&field=wheelchairs:double&field=ready_time:double"
        f"&field=known_time:{known}&field=probability:double"
    )
    made = [(f"POINT({at(x, 0)})", values) for x, values in (REQUESTS if rows is None else rows)]
    return layer("Point", fields, made, "calls")


def fleet(rows=((0, ["bus", 1, 40, 2, None]),)):
    fields = (
        "&field=fleet_id:string&field=vehicles:double&field=seats:double&field=wheelchair_places:double"
        "&field=available_time:double"
    )
    return layer("Point", fields, [(f"POINT({at(x, 0)})", list(values)) for x, values in rows], "depots")


def shelters(rows=((3000, ["hall", 100, 0]),)):
    fields = "&field=shelter_id:string&field=capacity:double&field=load:double"
    return layer("Point", fields, [(f"POINT({at(x, 0)})", list(values)) for x, values in rows], "halls")


def dispatch(log=None, **more):
    given = {
        "NETWORK": streets(), "REQUESTS": requests(), "FLEET": fleet(), "SHELTERS": shelters(), "EFFORT": 0,
        "OUTPUT": "memory:", "OUTPUT_STOPS": "memory:", "OUTPUT_UNSERVED": "memory:", "OUTPUT_PERIODS": "memory:",
        **more,
    }  # fmt: skip
    return processing.run("evacuation:dispatchfleet", given, feedback=log or Log())


def table(found, name="OUTPUT"):
    source = found[name]
    made = source if isinstance(source, QgsVectorLayer) else QgsVectorLayer(source)
    return [dict(zip(made.fields().names(), feature.attributes())) for feature in made.getFeatures()]


def test_a_tour_by_hand(tmp_path):
    log, report = Log(), tmp_path / "fleet.html"
    found = dispatch(log, OUTPUT_HTML=str(report))
    # 100 s to a, 120 + 3 * 4 s there; 100 s to b, 120 + 4 + 60 s there; 100 s to the hall.
    aboard = (232.0, 232.0 + 100.0 + 184.0)
    assert found["SERVED"] == 5 and found["UNSERVED"] == 0
    assert found["WAITING"] == pytest.approx((3 * aboard[0] + 2 * aboard[1]) / 60, rel=1e-3)
    assert found["LAST_ARRIVAL"] == pytest.approx((aboard[1] + 100.0) / 60, rel=1e-3)
    assert found["PERFECT_INFORMATION"] == pytest.approx(found["WAITING"])
    (tour,) = table(found)
    assert tour["vehicle"] == tour["fleet_id"] == "bus" and tour["shelter_id"] == "hall"
    assert (tour["people"], tour["wheelchairs"], tour["requests"]) == (5, 1, 2)
    assert tour["length_m"] == pytest.approx(3000.0, rel=1e-3)
    assert tour["driving"] == pytest.approx(5.0, rel=1e-3) and not tour["planned_shelter_id"]
    (feature,) = found["OUTPUT"].getFeatures()
    assert feature.geometry().length() == pytest.approx(3000.0)
    stops = table(found, "OUTPUT_STOPS")
    assert [(s["sequence"], s["kind"], s["place"], s["on"], s["off"], s["load"]) for s in stops] == [
        (0, "start", "bus", 0, 0, 0), (1, "request", "a", 3, 0, 3), (2, "request", "b", 2, 0, 5),
        (3, "shelter", "hall", 0, 5, 0),
    ]  # fmt: skip
    assert [s["departure_minute"] for s in stops[1:3]] == pytest.approx([a / 60 for a in aboard], abs=1e-2)
    assert [f.geometry().asPoint().x() - 500_000 for f in found["OUTPUT_STOPS"].getFeatures()] == pytest.approx(
        [0, 1000, 2000, 3000], abs=1e-3
    )
    assert not table(found, "OUTPUT_UNSERVED") and not log.warnings
    (period,) = table(found, "OUTPUT_PERIODS")
    assert (period["news"], period["tours"], period["fetched"], period["best"]) == (5, 1, 5, 1)
    text = report.read_text(encoding="utf-8")
    assert "empty roads" in text and "not the paper" in text and "WAIT_FOR_PERIOD" in text


def works(rows, known="double"):
    fields = f"&field=closed_from:double&field=closed_to:double&field=road_id:string&field=known_time:{known}"
    return layer("None", fields, [(None, list(row)) for row in rows], "works")


def flood(*rows):
    fields = "&field=hazard_arrival:double&field=known_time:double"
    return layer("Polygon", fields, [(box(*corners), list(values)) for corners, values in rows], "flood")


def served(found):
    return {s["place"]: s["departure_minute"] for s in table(found, "OUTPUT_STOPS") if s["kind"] == "request"}


def test_what_becomes_known_within_a_period_waits_for_the_next():
    found = dispatch(REQUESTS=requests(LATE))
    first, second = table(found)
    # b is known at minute 20, in the second period: the third begins at 30. The bus could have gone on from 15 on.
    assert (first["period"], second["period"], second["start_minute"]) == (1, 3, 30.0)
    assert second["idle"] == pytest.approx(15 - first["end_minute"] - (120 + 12) / 60, abs=1e-3)
    assert found["SERVED"] == 5
    assert served(found)["b"] == pytest.approx(30 + (100 + 128) / 60, abs=0.01)
    assert found["PERFECT_INFORMATION"] < found["WAITING"]
    assert [row["news"] for row in table(found, "OUTPUT_PERIODS")] == [3, 2]
    # Known at minute 5, b waits for the plan of minute 15, also where the bus, free before, need not wait.
    early = [LATE[0], (2000, ["b", 2, 0, 0, 5, 1])]
    for wait in (True, False):
        assert table(dispatch(REQUESTS=requests(early), WAIT_FOR_PERIOD=wait))[1]["start_minute"] == 15.0


def test_waiting_for_the_period_costs_minutes():
    full = fleet([(0, ["bus", 1, 3, 2, None])])
    waits, goes = (dispatch(FLEET=full, WAIT_FOR_PERIOD=wait) for wait in (True, False))
    first, second = table(waits)
    assert second["start_minute"] == 15.0
    # People get out, 120 s and 4 s each, 60 s a wheelchair; then it stands until minute 15.
    out = 120 + 4 * (first["people"] - first["wheelchairs"]) + 60 * first["wheelchairs"]
    assert second["idle"] == pytest.approx(15.0 - first["end_minute"] - out / 60, abs=1e-3)
    at_once = table(goes)[1]
    assert at_once["idle"] == 0.0 and at_once["start_minute"] == pytest.approx(first["end_minute"] + out / 60, abs=1e-3)
    log = Log()
    dispatch(log, FLEET=full)
    assert f"which costs {waits['WAITING'] - goes['WAITING']:,.0f} person-minutes" in log.text


def test_a_bridge_that_is_out_is_found_out_on_the_way():
    log = Log()
    found = dispatch(log, CLOSURES=works([(3, None, "middle", 10)]))
    by_hand = 232 + ROUND + 100 + 120 + 64  # at a until 232 s, when the street is closed already; round, and back to b
    assert served(found)["b"] == pytest.approx(by_hand / 60, abs=0.01)
    (tour,) = table(found)
    assert tour["length_m"] == pytest.approx(1000 + 10 * ROUND + 1000 + 1000, rel=1e-3)
    (feature,) = found["OUTPUT"].getFeatures()
    assert feature.geometry().length() == pytest.approx(tour["length_m"], rel=1e-3)
    # Known from the start, and for a while: the bus stays where it is until its way is open.
    shut = dispatch(CLOSURES=works([(0, 60, "middle", None), (0, 60, "east", None)]), REQUESTS=requests(REQUESTS[1:]))
    (tour,) = table(shut)
    assert served(shut)["b"] == pytest.approx(60 + (200 + 120 + 64) / 60, abs=0.01)


def test_a_plan_reckons_with_what_is_known_then():
    # Two shelters: the near one on the bridge, the far one at the depot. Known: the bus is sent there at once.
    halls = shelters([(1500, ["near", 100, 0]), (0, ["far", 100, 0])])
    calls = requests([REQUESTS[0]])
    shut = [(3, None, "middle", 10), (3, None, "round", 10)]
    unknown = dispatch(CLOSURES=works(shut), REQUESTS=calls, SHELTERS=halls)
    known = dispatch(CLOSURES=works([row[:3] + (None,) for row in shut]), REQUESTS=calls, SHELTERS=halls)
    (told,), (found_out,) = table(known), table(unknown)
    assert told["shelter_id"] == found_out["shelter_id"] == "far"
    assert found_out["planned_shelter_id"] == "near" and not told["planned_shelter_id"]


def test_a_hazard_cuts_people_off_and_shelters_out():
    water = flood(((1500, -50, 2100, 50), [6, 60]))
    found = dispatch(HAZARD=water)
    (row,) = table(found, "OUTPUT_UNSERVED")
    assert (row["request_id"], row["people"]) == ("b", 2) and "cut off by the hazard" in row["reason"]
    assert found["UNSERVED"] == 2 and found["SERVED"] == 3
    (tour,) = table(found)
    assert tour["length_m"] == pytest.approx(1000 + 10 * ROUND, rel=1e-3)  # known or not, nobody drives through it
    log = Log()
    none = dispatch(log, HAZARD=flood(((2900, -50, 3100, 50), [600, None])))
    assert none["SERVED"] == 0 and none["UNSERVED"] == 5 and none["LAST_ARRIVAL"] is None
    assert any("nobody is sent to 1 of 1 shelter(s)" in text for text in log.warnings)
    assert {row["reason"] for row in table(none, "OUTPUT_UNSERVED")} == {"no shelter with room at the start"}


def test_roads_closed_for_good_and_far_places_are_reasons():
    log = Log()
    found = dispatch(log, CLOSURES=works([(None, None, "middle", None), (None, None, "east", None)]))
    (row,) = table(found, "OUTPUT_UNSERVED")
    assert row["request_id"] == "b" and "closed by" in row["reason"] and "works" in row["reason"]
    log = Log()
    far = dispatch(log, FLEET=fleet([(0, ["bus", 1, 40, 2, None]), (-5000, ["lost", 3, 40, 2, None])]))
    assert far["SERVED"] == 5 and any("3 vehicle(s) stand at 1 place(s)" in text for text in log.warnings)
    none = dispatch(FLEET=fleet([(-5000, ["lost", 3, 40, 2, None])]))
    assert none["UNSERVED"] == 5
    assert {row["reason"] for row in table(none, "OUTPUT_UNSERVED")} == {"no vehicle"}


def test_room_wheelchairs_and_the_last_minute():
    full = dispatch(SHELTERS=shelters([(3000, ["hall", 100, 98]), (0, ["home", 2, 7])]))
    assert full["SERVED"] == 2 and full["UNSERVED"] == 3
    assert {row["reason"] for row in table(full, "OUTPUT_UNSERVED")} == {"shelters full"}
    bare = dispatch(FLEET=fleet([(0, ["bus", 1, 40, None, None])]))
    (row,) = table(bare, "OUTPUT_UNSERVED")
    assert (row["request_id"], row["people"]) == ("b", 1) and "wheelchair" in row["reason"] and bare["SERVED"] == 4
    late = dispatch(REQUESTS=requests(LATE), LAST_MINUTE=15)
    (row,) = table(late, "OUTPUT_UNSERVED")
    assert row["request_id"] == "b" and row["reason"] == "became known after LAST_MINUTE"
    # Divided among tours of a small bus: nobody is lost.
    small = dispatch(REQUESTS=requests([(1000, ["a", 95, 0, 0, None, 1])]))
    assert [t["people"] for t in table(small)] == [40, 40, 15] and small["SERVED"] == 95


def test_expected_requests_are_reckoned_with_but_not_fetched():
    rows = [REQUESTS[0], (2000, ["b", 2, 0, 0, 20, 0.5]), (2000, ["c", 7, 0, 0, None, 0.5])]
    log = Log()
    found = dispatch(log, REQUESTS=requests(rows))
    assert found["SERVED"] == 5 and found["UNSERVED"] == 0
    (row,) = table(found, "OUTPUT_UNSERVED")
    assert row["request_id"] == "c" and "expected only" in row["reason"]
    assert table(found, "OUTPUT_PERIODS")[0]["expected"] == 9
    assert min(t["start_minute"] for t in table(found) if t["people"] == 2) == 30.0
    assert "never known, and so not fetched: 7 people" in log.text


def test_empty_requests_are_empty_layers(tmp_path):
    log = Log()
    found = dispatch(log, REQUESTS=requests([]), OUTPUT_HTML=str(tmp_path / "none.html"))
    assert found["SERVED"] == found["UNSERVED"] == 0 and not table(found)
    found = dispatch(log, REQUESTS=requests([(1000, ["a", 0, 0, 0, None, 1])]))
    assert found["SERVED"] == 0 and any("have no people" in text for text in log.warnings)


def test_one_person_is_one_person():
    log = Log()
    dispatch(log, REQUESTS=requests([(1000, ["a", 1, 0, 0, None, 1])]))
    assert "1 person newly known" in log.text and "Brought to shelters: 1 of 1 person in 1 tour," in log.text
    assert "would have changed nobody's waiting" in log.text and "1 people" not in log.text


def test_a_street_that_closes_bit_by_bit_is_closed_no_later_than_it_is():
    """80 pieces of 25 m from the request on, one closing every 30 s: too many for a table of travel times each."""
    pieces = [(line((1000 + 25 * k, 0), (1025 + 25 * k, 0)), [f"p{k}", "no", 36]) for k in range(80)]
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double"
    roads = layer("LineString", fields, [STREETS[0], STREETS[3], *pieces], "streets")
    shut = works([(10 + k / 2, None, f"p{k}", None) for k in range(80)])
    for ready, metres in ((7, 1000 + 10 * ROUND), (3, 3000)):  # aboard 132 s later, at minute 9.2, 200 s from the hall
        log = Log()
        calls = requests([(1000, ["a", 3, 0, ready, None, 1])])
        found = dispatch(log, NETWORK=roads, CLOSURES=shut, REQUESTS=calls)
        (tour,) = table(found)
        assert found["SERVED"] == 3 and tour["length_m"] == pytest.approx(metres, rel=1e-3)
        assert "roads close earlier and open later than they do, by up to 0.5 minutes" in log.text


def test_bad_input_is_a_sentence():
    for values, match in (
        ({"FLEET": fleet([(0, ["bus", 1, 0, 2, None])])}, "SEATS_FIELD.*bus.*no seats"),
        ({"FLEET": fleet([(0, ["bus", 1.5, 40, 2, None])])}, "VEHICLES_FIELD.*1.5.*whole"),
        ({"FLEET": fleet([(0, ["bus", 1e9, 40, 2, None])])}, "VEHICLES_FIELD.*at most 5,000"),
        ({"FLEET": fleet([(0, ["bus", -1, 40, 2, None])])}, "FLEET.*-1.*at least 0"),
        ({"FLEET": fleet([(0, ["b", 1, 9, 0, None]), (0, ["b", 1, 9, 0, None])])}, "FLEET.*same value.*b"),
        ({"FLEET": fleet([])}, "FLEET.*no usable feature"),
        ({"REQUESTS": requests([(0, ["a", 1, 2, 0, None, 1])])}, "WHEELCHAIR_FIELD.*request a.*2 wheelchairs"),
        (
            {"REQUESTS": requests([(0, ["a", 1, 0, 0, None, 1.5])])},
            "PROBABILITY_FIELD.*request a.*1.5.*between 0 and 1",
        ),
        ({"REQUESTS": requests([(0, ["a", 1, 0, 0, None, -0.1])])}, "PROBABILITY_FIELD.*-0.1"),
        ({"REQUESTS": requests([(0, ["a", -4, 0, 0, None, 1])])}, "REQUESTS.*-4.*at least 0"),
        ({"REQUESTS": requests([(0, ["a", 1, 0, 0, "soon", 1])], "string")}, "KNOWN_FIELD.*request a.*“soon”"),
        ({"REQUESTS": requests([(0, ["a", 1, 0, 0, 9e9, 1])])}, "KNOWN_FIELD.*days after START_TIME"),
        ({"SHELTERS": shelters([(3000, ["hall", None, 0])])}, "“capacity”.*is empty in every shelter"),
        ({"PERIOD_MINUTES": 0}, "PERIOD_MINUTES: 0"),
        ({"LOOK_AHEAD": 0}, "LOOK_AHEAD: 0"),
        ({"LAST_MINUTE": -1}, "LAST_MINUTE: -1"),
        ({"CLOSURES": works([(10, None, "middle", "soon")], "string")}, "CLOSURES_KNOWN_FIELD.*“soon”"),
    ):
        with pytest.raises(QgsProcessingException, match=match):
            dispatch(**values)


def test_the_time_limit_is_a_fence():
    log = Log()
    calls = [(100 * k, [f"r{k}", 3, 0, 0, None, 1]) for k in range(1, 30)]
    found = dispatch(log, REQUESTS=requests(calls), FLEET=fleet([(0, ["b", 2, 9, 0, None])]), TIME_LIMIT=0.001)
    assert found["STOPPED_EARLY"] == 1 and found["SERVED"] == 87 and any("TIME_LIMIT" in w for w in log.warnings)


def test_without_pyvrp_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    with pytest.raises(QgsProcessingException, match="USE_PYVRP"):
        dispatch(USE_PYVRP=True)


def test_vehicles_have_names_of_their_own():
    found = dispatch(
        REQUESTS=requests([(1000, ["a", 6, 0, 0, None, 1])]),
        FLEET=fleet([(0, ["b", 2, 2, 0, None]), (0, ["b-2", 1, 2, 0, None])]),
    )  # fmt: skip
    assert {row["vehicle"] for row in table(found)} == {"b--1", "b--2", "b-2"}


def test_cancelled_while_planning_nothing_is_written(tmp_path):
    log, made = Log(), tmp_path / "tours.gpkg"
    log.progressChanged.connect(lambda percent: log.cancel() if percent > 40 else None)
    assert dispatch(log, OUTPUT=str(made)) == {} and not made.exists()
    assert any("Cancelled" in text for text in log.warnings)


def test_the_order_of_features_changes_nothing():
    def seen(rows):
        found = dispatch(REQUESTS=requests(rows), EFFORT=1)
        return found["WAITING"], [(s["place"], s["arrival_minute"]) for s in table(found, "OUTPUT_STOPS")]

    rows = [(100 * k, [f"r{k}", 1 + k % 3, 0, k, 3 * k or None, 1]) for k in range(1, 9)]
    assert seen(rows) == seen(rows[::-1])
