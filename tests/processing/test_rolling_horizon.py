"""``evacuation:rollinghorizon`` through the registry, on plans as their tables."""

from __future__ import annotations

import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsProcessingException, QgsVectorLayer

from tests.processing.closing_layers import box
from tests.processing.routing_layers import QUEUE, Log, at, layer, line, roads, trips
from tests.processing.routing_layers import run as route

# A street to a fork; from there over a bridge, or the long way round, to shelter s; and on to another shelter, o.
STREETS = [
    (line((0, 0), (1000, 0)), ["street", "no", 36, 900]),
    (line((1000, 0), (2000, 0)), ["bridge", "no", 36, 900]),
    (line((1000, 0), (1500, 900), (2000, 0)), ["round", "no", 36, 900]),
    (line((1000, 0), (1000, -1500)), ["south", "no", 36, 900]),
    (line((2000, 0), (2200, 0)), ["last", "no", 36, 900]),
]
PEOPLE = 60


def streets():
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=capacity:double"
    return layer("LineString", fields, STREETS, "streets")


def out(rows=((10, None, "bridge", 15),), kind="double"):
    """Closures: from, to, road, known; minutes."""
    fields = f"&field=closed_from:double&field=closed_to:double&field=road_id:string&field=known_time:{kind}"
    return layer("None", fields, [(None, list(row)) for row in rows], "works")


def shelters(rows=None):
    rows = rows or [(f"POINT({at(2200, 0)})", ["s", 500]), (f"POINT({at(1000, -1500)})", ["o", 500])]
    return layer("Point", "&field=site_id:string&field=residual:double", rows, "halls")


@pytest.fixture(scope="module")
def made():
    """A plan by which 60 vehicles leave within 20 minutes and drive over the bridge."""
    found = route(
        None, FLOW_MODEL=QUEUE, NETWORK=streets(), METHOD=0, DEPARTURE_WINDOW=20, CERTIFY=False, PEOPLE_PER_VEHICLE=1,
        TRIPS=trips([(line((0, 0), (2200, 0)), ["a", "s", PEOPLE])]), OUTPUT_VEHICLES="memory:",
        OUTPUT_PATHS="memory:",
    )  # fmt: skip
    return {"PLAN": found["OUTPUT_VEHICLES"], "PLAN_PATHS": found["OUTPUT_PATHS"]}


def roll(made, log=None, **more):
    given = {
        "NETWORK": streets(), "NETWORK_ID_FIELD": "road_id", "EFFORT": 0, "OUTPUT": "memory:", **made, **more,
    }  # fmt: skip
    return processing.run("evacuation:rollinghorizon", given, feedback=log or Log())


def table(found, name):
    source = found[name]
    made = source if isinstance(source, QgsVectorLayer) else QgsVectorLayer(source)
    return [dict(zip(made.fields().names(), feature.attributes())) for feature in made.getFeatures()]


def test_a_bridge_that_is_out_is_gone_round_once_it_is_known(made, tmp_path):
    log, report = Log(), tmp_path / "rolling.html"
    found = roll(
        made, log, CLOSURES=out(), REPLAN_MINUTES=5, OUTPUT_CHANGES="memory:", OUTPUT_COMPARISON="memory:",
        OUTPUT_VEHICLES="memory:", OUTPUT_PATHS="memory:", OUTPUT_ROADS="memory:", OUTPUT_HTML=str(report),
    )  # fmt: skip
    before = {row["vehicle"]: row for row in table(made, "PLAN")}
    after = {row["vehicle"]: row for row in table(found, "OUTPUT_VEHICLES")}
    assert len(after) == PEOPLE and all(row["arrival_s"] is not None for row in after.values())
    # Who is over the bridge's beginning by minute 10, 1000 m at 36 km/h before, is not told anything; the past stays.
    over = sum(row["departure_s"] + 100 < 600 for row in before.values())
    for key, row in before.items():
        assert after[key]["departure_s"] == row["departure_s"]
        if row["entered_s"] < 900:
            assert after[key]["entered_s"] == row["entered_s"]
        if row["departure_s"] + 100 < 600:
            assert after[key]["arrival_s"] == row["arrival_s"]
    assert found["CAUGHT_FIXED"] == PEOPLE - over > 0 == found["CAUGHT_REPLANNED"] == found["CAUGHT_PERFECT"]
    assert found["TIME_PERFECT"] < found["TIME_REPLANNED"] and found["CAUGHT"] == 0
    assert found["TIME_REPLANNED"] == pytest.approx(found["PERSON_TIME"])
    told = table(found, "OUTPUT_CHANGES")
    assert {(row["minute"], row["old_road"], row["new_road"]) for row in told} == {(15.0, "bridge", "round")}
    assert sum(row["people"] for row in told) == PEOPLE - over
    assert {row["place"] for row in told} == {"at the origin", "on the road"}
    rows = {row["plan"]: row for row in table(found, "OUTPUT_COMPARISON")}
    assert rows["no re-planning"]["caught"] == found["CAUGHT_FIXED"] and rows["re-planning"]["arrived"] == PEOPLE
    assert rows["perfect information"]["person_hours"] == pytest.approx(found["TIME_PERFECT"] / 3600)
    used = {row["road_id"]: row["vehicles"] for row in table(found, "OUTPUT_ROADS")}
    assert used["bridge"] == over and used["round"] == PEOPLE - over
    text = report.read_text(encoding="utf-8")
    assert "Re-planning saves" in text and "Knowing everything from the start saves" in text and "WORSE" not in text
    assert "Re-planning saves" in log.text and not log.warnings


def test_with_everything_known_from_the_start_nothing_changes(made):
    log = Log()
    found = roll(made, log, CLOSURES=out([(10, None, "bridge", None)]), REPLAN_MINUTES=5, OUTPUT_VEHICLES="memory:")
    assert "everything is known from the start" in log.text and "carried out as it was" in log.text
    assert found["CAUGHT_FIXED"] == found["CAUGHT_REPLANNED"] == found["CAUGHT_PERFECT"]
    assert found["TIME_FIXED"] == found["TIME_REPLANNED"] == found["TIME_PERFECT"]
    plain = roll(made, OUTPUT_VEHICLES="memory:")
    columns = ("vehicle", "departure_s", "entered_s", "arrival_s")
    plan, kept = (
        [tuple(row[name] for name in columns) for row in rows]
        for rows in (table(made, "PLAN"), table(plain, "OUTPUT_VEHICLES"))
    )
    assert plan == kept and plain["CAUGHT_FIXED"] == 0


def test_once_now_plans_with_what_is_known_by_now(made):
    late = roll(made, CLOSURES=out(), NOW_MINUTES=18, OUTPUT_CHANGES="memory:")
    assert {row["minute"] for row in table(late, "OUTPUT_CHANGES")} == {18.0}
    log = Log()
    early = roll(made, log, CLOSURES=out(), NOW_MINUTES=12)
    assert early["CAUGHT_REPLANNED"] == early["CAUGHT_FIXED"] > 0
    assert any("planned with by nobody" in text for text in log.warnings)


def test_another_shelter_where_there_is_room(made):
    only = out([(10, None, "bridge", 15), (10, None, "round", 15)])
    alone = roll(made, CLOSURES=only, REPLAN_MINUTES=5)
    assert alone["CAUGHT_REPLANNED"] == alone["CAUGHT_FIXED"] > 0
    log = Log()
    some = roll(
        made, log, CLOSURES=only, REPLAN_MINUTES=5, CHANGE_SHELTER=True, SHELTERS=shelters(), OUTPUT_CHANGES="memory:",
        OUTPUT_VEHICLES="memory:",
    )  # fmt: skip
    assert some["CAUGHT_REPLANNED"] == 0
    assert {row["new_destination_id"] for row in table(some, "OUTPUT_CHANGES")} == {"o"}
    came = [row for row in table(some, "OUTPUT_VEHICLES") if row["destination_id"] == "o"]
    assert len(came) == some["CAUGHT_FIXED"]
    full = [(f"POINT({at(2200, 0)})", ["s", 500]), (f"POINT({at(1000, -1500)})", ["o", 7])]
    few = roll(made, CLOSURES=only, REPLAN_MINUTES=5, CHANGE_SHELTER=True, SHELTERS=shelters(full))
    assert few["CAUGHT_REPLANNED"] == few["CAUGHT_FIXED"] - 7


def test_a_hazard_that_becomes_known_is_avoided(made):
    flood = layer(
        "Polygon", "&field=hazard_arrival:double&field=known_time:double",
        [(box(1400, -50, 1600, 50), [12, 6]), (box(5000, 5000, 5100, 5100), [1, None])], "flood",
    )  # fmt: skip
    found = roll(made, HAZARD=flood, REPLAN_MINUTES=2, OUTPUT_CHANGES="memory:", OUTPUT_CLEARANCE="memory:")
    assert found["CAUGHT_FIXED"] > 0 == found["CAUGHT_REPLANNED"]
    assert min(row["minute"] for row in table(found, "OUTPUT_CHANGES")) == 6.0
    assert table(found, "OUTPUT_CLEARANCE")[-1]["arrived"] == PEOPLE


def test_bad_input_is_a_sentence(made):
    for values, match in (
        ({"NETWORK": roads([(line((0, 0), (1000, 0)), ["street", "no", 36])])}, "bridge"),
        ({"REPLAN_MINUTES": 0}, "REPLAN_MINUTES: 0"),
        ({"REPLAN_MINUTES": -5}, "REPLAN_MINUTES: -5"),
        ({"NOW_MINUTES": -1}, "NOW_MINUTES: -1"),
        ({"NOW_MINUTES": 500, "CLOSURES": None}, "NOW_MINUTES: at minute 500 nobody is on the way"),
        ({"CLOSURES": out([(10, None, "bridge", "soon")], "string")}, "CLOSURES_KNOWN_FIELD.*“soon”"),
        ({"CHANGE_SHELTER": True}, "CHANGE_SHELTER.*SHELTERS is empty"),
        (
            {"CHANGE_SHELTER": True, "SHELTERS": shelters([(f"POINT({at(0, 0)})", ["x", 5])])},
            "SHELTERS: no id of “halls” is a destination",
        ),
        (
            {"CHANGE_SHELTER": True, "SHELTERS": shelters([(f"POINT({at(2200, 0)})", ["s", None])])},
            "SHELTERS.*“residual”.*is empty in every shelter",
        ),
    ):
        with pytest.raises(QgsProcessingException, match=match):
            roll(made, **{"CLOSURES": out(), **values})


PLAN_FIELDS = (
    "&field=vehicle:integer&field=origin_id:string&field=destination_id:string&field=door:integer&field=mode:string"
    "&field=people:double&field=order_s:double&field=departure_s:double&field=entered_s:double&field=arrival_s:double"
    "&field=start_path:integer&field=route_id:integer"
)


def test_who_has_no_way_in_the_plan_is_caught_whatever_closes(made):
    names = [part.split(":")[0] for part in PLAN_FIELDS.split("&field=")[1:]]
    rows = [(None, [row[name] for name in names]) for row in table(made, "PLAN")]
    rows.append((None, [999, "a", "s", None, "car", 3, 0, 5.0, None, None, None, None]))
    rows.append((None, [1000, "z", "unknown", None, "car", 2, 0, 6.0, None, None, None, None]))
    plan = {"PLAN": layer("None", PLAN_FIELDS, rows, "plan"), "PLAN_PATHS": made["PLAN_PATHS"]}
    for works in (None, out()):
        found = roll(plan, CLOSURES=works, REPLAN_MINUTES=5, OUTPUT_CAUGHT="memory:", OUTPUT_CLEARANCE="memory:")
        assert found["CAUGHT"] == 5 == found["CAUGHT_PERFECT"] and found["ROUTED"] == PEOPLE
        caught = {row["origin_id"]: row["people"] for row in table(found, "OUTPUT_CAUGHT")}
        assert caught == {"a": 3, "z": 2}


def test_an_empty_plan_is_played_without_anybody(made, tmp_path):
    plan = {"PLAN": layer("None", PLAN_FIELDS, [], "plan"), "PLAN_PATHS": made["PLAN_PATHS"]}
    found = roll(
        plan, CLOSURES=out(), REPLAN_MINUTES=5, OUTPUT_COMPARISON="memory:", OUTPUT_HTML=str(tmp_path / "none.html")
    )  # fmt: skip
    assert found["CAUGHT_REPLANNED"] == 0 == found["VEHICLES"]
    assert [row["last_arrival"] for row in table(found, "OUTPUT_COMPARISON")] == [None] * 3


def test_a_bridge_that_was_never_there_is_known_later(made):
    found = roll(
        made, CLOSURES=out([(None, None, "bridge", 15)]), REPLAN_MINUTES=5, OUTPUT_CHANGES="memory:",
        OUTPUT_ROADS="memory:",
    )  # fmt: skip
    assert found["CAUGHT_FIXED"] == PEOPLE and found["CAUGHT_REPLANNED"] == 0
    assert "bridge" not in {row["road_id"] for row in table(found, "OUTPUT_ROADS")}
    told = table(found, "OUTPUT_CHANGES")
    assert {row["minute"] for row in told} == {15.0} and sum(row["people"] for row in told) == PEOPLE


def test_who_walks_in_a_plan_is_left_out_and_counted(made):
    log = Log()
    found = roll(by(made, "foot"), log, OUTPUT_VEHICLES="memory:")
    assert len(table(found, "OUTPUT_VEHICLES")) == PEOPLE - 1 and "1 person on foot" in log.text
    with pytest.raises(QgsProcessingException, match="everybody in “plan” is on foot, and this is for vehicles"):
        roll(by(made, *["foot"] * PEOPLE))
    with pytest.raises(QgsProcessingException, match="has the mode “tram”"):
        roll(by(made, "tram"))


def by(made, *modes, people=None):
    """The plan in which the first vehicles go by these modes, with so many ``people`` in a bus."""
    names = [part.split(":")[0] for part in PLAN_FIELDS.split("&field=")[1:]]
    rows = [(None, [row[name] for name in names]) for row in table(made, "PLAN")]
    for (_, values), mode in zip(rows, modes):
        values[names.index("mode")] = mode
        if mode == "bus" and people:
            values[names.index("people")] = people
    return {"PLAN": layer("None", PLAN_FIELDS, rows, "plan"), "PLAN_PATHS": made["PLAN_PATHS"]}


def test_buses_are_told_another_way_as_cars_are(tmp_path):
    """A plan with a bus among cars: as it was made where nothing is new, told to go round where the bridge is out."""
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double&field=mode:string"
    rows = [(line((0, 0), (2200, 0)), ["a", "s", people, mode]) for people, mode in ((40, "car"), (60, "bus"))]
    found = route(
        None, FLOW_MODEL=QUEUE, NETWORK=streets(), METHOD=0, DEPARTURE_WINDOW=20, CERTIFY=False, PEOPLE_PER_VEHICLE=1,
        SEATS_PER_BUS=20, TRIPS=layer("LineString", fields, rows, "groups"), OUTPUT_VEHICLES="memory:",
        OUTPUT_PATHS="memory:",
    )  # fmt: skip
    plan = {"PLAN": found["OUTPUT_VEHICLES"], "PLAN_PATHS": found["OUTPUT_PATHS"]}
    kept = roll(plan, OUTPUT_VEHICLES="memory:")
    times = [[(row["mode"], row["arrival_s"]) for row in table(each, "OUTPUT_VEHICLES")] for each in (found, kept)]
    assert times[0] == times[1] and kept["BY_BUS"] == 60
    more = {"OUTPUT_CHANGES": "memory:", "OUTPUT_VEHICLES": "memory:", "OUTPUT_HTML": str(tmp_path / "anew.html")}
    anew = roll(plan, CLOSURES=out(), REPLAN_MINUTES=5, **more)
    gone = sum(row["people"] for row in table(anew, "OUTPUT_CHANGES") if row["mode"] == "bus")
    late = [row for row in table(anew, "OUTPUT_VEHICLES") if row["mode"] == "bus" and row["departure_s"] > 500]
    assert gone == 20 * len(late) > 0  # the bridge is 100 s away and out from 600 s on
    assert anew["CAUGHT_REPLANNED"] == 0 < anew["CAUGHT_FIXED"] and anew["BY_BUS"] == 60
    assert {row["mode"] for row in table(anew, "OUTPUT")} == {"car", "bus"}
    assert (tmp_path / "anew.html").exists()
