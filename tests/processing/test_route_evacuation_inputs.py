"""``evacuation:routeevacuation``: moments, orders, background traffic and people as strangers' layers have them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")


from tests.conftest import ROOT
from tests.processing.routing_layers import (
    GREEDY,
    INDIVIDUAL,
    Log,
    background,
    failure,
    hazard,
    layer,
    line,
    roads,
    rows_of,
    run,
    trips,
)

WAY = line((0, 0), (2000, 0))


def polygon(*ring: tuple[float, float]):
    wkt = line(*ring).replace("LINESTRING(", "POLYGON((") + ")"
    return layer("Polygon", "&field=n:integer", [(wkt, [1])], "water")


def moments(*rows: tuple, kind: str = "string", log: Log | None = None, **parameters):
    """Route rows of (id, people, departure, order) and return each id's first departure in seconds."""
    fields = f"&field=leave:{kind}&field=order_time:{kind}"
    made = trips([(WAY, [name, "s", people, *times]) for name, people, *times in rows], fields)
    base = {"TRIPS": made, "DEPARTURE_FIELD": "leave", "METHOD": INDIVIDUAL, "DEPARTURE_PROFILE": 0}
    found = run(log, **{**base, **parameters})
    return {row["origin_id"]: row["first_departure_s"] for row in rows_of(found)}


# --- orders and departures ----------------------------------------------------------------------------------------


def test_numbers_are_seconds_of_a_departure_and_minutes_of_an_order():
    log = Log()
    found = moments(("a", 1, "90", None), ("b", 1, None, "90"), ("c", 1, None, None), log=log)
    assert found == {"a": 90, "b": 5400, "c": 0}
    assert "numbers in “leave” are seconds after START_TIME; first 2000-01-01T00:01:30" in log.text
    assert "numbers in “order_time” are minutes after START_TIME; first 2000-01-01T01:30:00" in log.text
    assert "1 feature(s) have a departure of their own, 1 an order; the windows of 1 begin at START_TIME" in log.text


def test_window_and_profile_start_at_the_order_and_everybody_keeps_his_place():
    def curve(order: int | None) -> dict:
        made = trips([(WAY, ["a", "s", 60, None]), (WAY, ["b", "s", 40, order])], "&field=order_time:integer")
        found = run(TRIPS=made, METHOD=INDIVIDUAL, DEPARTURE_WINDOW=10, OUTPUT_ROADS=None)
        return {r["seconds"]: r["departed"] for r in rows_of(found, "OUTPUT_CLEARANCE")}, {
            r["origin_id"]: r for r in rows_of(found)
        }

    (_, now), (later, then) = curve(0), curve(30)
    assert now["a"]["first_departure_s"] == then["a"]["first_departure_s"] < 60
    assert then["b"]["first_departure_s"] == pytest.approx(now["b"]["first_departure_s"] + 1800)
    assert later[600] == later[1800] == 60 and 60 < later[2100] < 100 and later[2400] == 100


def test_a_row_with_both_is_refused_and_many_who_leave_at_once_are_warned_of():
    made = trips([(WAY, ["a", "s", 1, 30, 5])], "&field=leave:integer&field=order_time:integer")
    text = failure(TRIPS=made, DEPARTURE_FIELD="leave")
    assert "feature 1 of “groups” has a departure" in text and "order_time" in text
    log = Log()
    moments(("a", 1, "90", None), ("b", 40, "60", None), log=log)
    assert any("in 1 feature(s)" in t and "feature 2 sends 40 people at once" in t for t in log.warnings)
    assert "is ordered to leave 60 s before START_TIME" in failure(
        TRIPS=trips([(WAY, ["a", "s", 1, -1])], "&field=order_time:integer")
    )


@pytest.mark.parametrize(
    ("leave", "order", "named"),
    [(None, "43201", "30.0 days after"), (str(31 * 86400), None, "31.0 days after"), (None, 1e300, "days after"),
     ("2026-05-09T00:00", None, "days after"), (None, "2026-04-20", "days before"), ("20260501063", None, "after")],
)  # fmt: skip
def test_moments_far_from_the_start_are_refused(leave, order, named):
    fields = "&field=leave:string&field=order_time:string"
    made = trips([(WAY, ["a", "s", 1, leave, order])], fields)
    start = "2026-05-01T00:00:00" if "before" in named else "2026-04-01T06:00:00"
    text = failure(TRIPS=made, DEPARTURE_FIELD="leave", START_TIME=start)
    assert named in text and "feature 1 of “groups”" in text and str(leave or order) in text


def test_start_is_the_earliest_departure_or_order():
    log = Log()
    found = moments(("a", 1, "2026-05-01 07:00", None), ("b", 1, None, "20260501T0630"), ("c", 1, None, "5"), log=log)
    assert found == {"a": 1800, "b": 0, "c": 300} and "t = 0 is 2026-05-01T06:30:00" in log.text


# --- dates --------------------------------------------------------------------------------------------------------


def test_digits_of_a_date_are_a_date():
    assert moments(("a", 1, "20260501", None), START_TIME="2026-04-30T23:00:00") == {"a": 3600}


def test_offsets_are_converted_to_that_of_the_start():
    rows = ("a", 1, "2026-05-01T06:30:00+12:00", None), ("b", 1, "2026-04-30T19:30:00+01:00", None)
    start = "2026-05-01T06:00:00+12:00"
    assert moments(*rows, ("c", 1, "2026-05-01T06:10", None), START_TIME=start) == {"a": 1800, "b": 1800, "c": 600}
    log = Log()
    assert moments(rows[0], START_TIME="2026-05-01T06:00:00", log=log) == {"a": 1800}
    assert any("START_TIME" in t and "+12:00" in t for t in log.warnings)
    made = trips([(WAY, [r[0], "s", 1, r[2]]) for r in rows], "&field=leave:string")
    assert "several offsets" in failure(TRIPS=made, DEPARTURE_FIELD="leave", START_TIME="2026-05-01T06:00:00")
    assert moments(*rows) == {"a": 0, "b": 0}


ZONES = """
import json, sys
sys.path.insert(0, "build/plugins")
from qgis.core import QgsApplication
app = QgsApplication([], False); app.initQgis()
sys.path.append("/usr/share/qgis/python/plugins")
import processing
from processing.core.Processing import Processing
Processing.initialize()
from evacuation_planner.processing_provider.provider import EvacuationProvider
provider = EvacuationProvider(); QgsApplication.processingRegistry().addProvider(provider)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime
from tests.processing.routing_layers import background, line, rows_of, run, trips
way = line((0, 0), (2000, 0))
def at(*clock): return QDateTime(QDate(*clock[:3]), QTime(*clock[3:]))
# Clocks in Santiago skip 2026-09-06 from 0:00 to 1:00, which is where this case plays.
rows = [["a", at(2026, 9, 6, 0, 30)], ["b", at(2026, 9, 6, 2, 0)], ["c", at(2026, 9, 5, 23, 30)]]
made = trips([(way, [name, "s", 1, t]) for name, t in rows], "&field=leave:datetime")
table = background([["west", "2026-09-06T00:15:00", 40]])
out = []
for start in (None, "2026-09-05T23:00:00", "2026-09-06T00:10:00", at(2026, 9, 5, 22, 0)):
    kept = [r for r in rows] if start != "2026-09-06T00:10:00" else rows[:2]
    made = trips([(way, [name, "s", 1, t]) for name, t in kept], "&field=leave:datetime")
    found = run(TRIPS=made, DEPARTURE_FIELD="leave", START_TIME=start, BACKGROUND=table, METHOD=0)
    for name in ("OUTPUT", "OUTPUT_CLEARANCE"):
        for row in rows_of(found, name)[:40]:
            out.append([v.toString("yyyy-MM-ddTHH:mm:ss") if hasattr(v, "toString") else str(v) for v in row.values()])
    out.append([found["TOTAL_TIME"], found["CLEARANCE_TIME"]])
print("RESULT" + json.dumps(out))
"""


def test_the_computer_has_no_say_in_what_time_it_is():
    told = []
    for zone in ("America/Santiago", "Asia/Tokyo"):
        ran = subprocess.run(
            [sys.executable, "-c", ZONES], cwd=ROOT, capture_output=True, text=True, timeout=300,
            env={**os.environ, "TZ": zone, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-3000:]
        told.append(json.loads(ran.stdout.split("RESULT")[1]))
    assert told[0] == told[1]
    routes = {row[0]: row for row in told[0][:3]}
    assert routes["c"][10] == "0.0" and routes["a"][10] == "3600.0" and routes["b"][10] == "9000.0"
    assert routes["a"][8] == "2026-09-06T00:30:00"


# --- background ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [1, 4])
def test_a_road_in_pieces_takes_as_long_as_whole(pieces):
    cuts = [2000 * k / pieces for k in range(pieces + 1)]
    rows = [(line((a, 0), (b, 0)), ["long", "no", 40]) for a, b in zip(cuts[:-1], cuts[1:])]
    log = Log()
    found = run(
        log, NETWORK=roads(rows), TRIPS=trips([(WAY, ["a", "s", 1])]), BACKGROUND=background([["long", "0", 1800]]),
        FLOW_MODEL=1, ANALYSIS_PERIOD=60, METHOD=INDIVIDUAL,
    )  # fmt: skip
    # 900 vehicles a direction on 180 s of road: 18,000 an hour on a lane for 900, besides the one of ours.
    free = found["FREE_FLOW_TIME"]
    passing = 900 / free * 3600
    assert free == pytest.approx(180, rel=2e-3)
    assert found["TOTAL_TIME"] == pytest.approx(free * (1 + 0.15 * ((passing + 1) / 900) ** 4), rel=1e-9)
    assert found["OVER_CAPACITY_ROADS"] == pieces
    assert any("that of several lines" in text for text in log.warnings) == (pieces > 1)


def test_rows_of_one_road_and_time_add_up_with_a_warning():
    one = trips([(WAY, ["a", "s", 1])])
    log = Log()
    rows = [["west", "0", 60], ["west", "0", 40], ["east", "0", 100], ["east", "99", None]]
    found = run(log, TRIPS=one, BACKGROUND=background(rows), COST=0, ALPHA=0.01, DEPARTURE_PROFILE=0, METHOD=0)
    assert found["TOTAL_TIME"] == pytest.approx(200 * 1.5, rel=2e-3)
    assert any("west at 2000-01-01T00:00:00" in text and "add up" in text for text in log.warnings)
    assert any("1 row(s)" in text and "passed over" in text for text in log.warnings)


def test_background_far_from_the_start_is_warned_about():
    log = Log()
    table = background([["west", "2026-05-01T06:00:00", 60]])
    run(log, TRIPS=trips([(WAY, ["a", "s", 1])]), BACKGROUND=table, METHOD=0)
    assert any("BACKGROUND_TIME_FIELD: row 1" in t and "days after START_TIME" in t for t in log.warnings)


# --- people -------------------------------------------------------------------------------------------------------


def test_masses_of_people_are_refused_by_name():
    for people in (1e20, 1e19, 2e10):
        assert "more than there are on Earth" in failure(TRIPS=trips([(WAY, ["a", "s", people])]))
    assert "more than the 100,000,000 that can be routed" in failure(TRIPS=trips([(WAY, ["a", "s", 1e9])]))


def test_everybody_is_routed_or_listed():
    rows = [
        (WAY, ["a", "s", 2.5]),
        (WAY, ["a", "s", 2.5]),
        (WAY, ["null", "s", None]),
        (None, ["nowhere", "s", 7]),
        (line((0, 0), (90_000, 0)), ["far", "t", 11]),
    ]
    found = run(TRIPS=trips(rows), PEOPLE_PER_VEHICLE=2.5, METHOD=GREEDY)
    assert (found["ROUTED"], found["UNROUTED"]) == (5, 18)
    assert sum(row["people"] for row in rows_of(found, "OUTPUT_UNROUTED")) == 18


# --- the hazard ---------------------------------------------------------------------------------------------------


def test_a_road_through_the_hazard_between_two_junctions_is_inside():
    # Both junctions of the road "west" are outside; the water lies from 250 to 500 m of its 1,000 m at 10 m/s.
    ring = [(250, -50), (500, -50), (500, 50), (250, 50), (250, -50)]
    water = layer(
        "Polygon", "&field=n:integer", [(line(*ring).replace("LINESTRING(", "POLYGON((") + ")", [1])], "water"
    )
    rows = [(WAY, ["a", "s", 3]), (line((300, 0), (300, 90_000)), ["lost", "t", 7])]
    found = run(
        TRIPS=trips(rows), HAZARD=water, METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, PEOPLE_PER_VEHICLE=5, COST=0,
        MAX_SNAP_DISTANCE=60,
    )  # fmt: skip
    inside = {row["seconds"]: (row["in_hazard"], row["staying"]) for row in rows_of(found, "OUTPUT_CLEARANCE")}
    assert [inside[t] for t in (0, 24, 26, 49, 51, 200)] == [(7, 7), (7, 7), (10, 7), (10, 7), (7, 7), (7, 7)]


def test_against_the_drawing_the_way_inside_comes_from_its_other_end():
    # The same water from the other side: 500 to 750 m of the second road's 1,000 m, at 10 m/s.
    water = polygon((250, -50), (500, -50), (500, 50), (250, 50), (250, -50))
    made = trips([(line((2000, 0), (0, 0)), ["a", "s", 3])])
    found = run(TRIPS=made, HAZARD=water, METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, PEOPLE_PER_VEHICLE=5, COST=0)
    inside = {row["seconds"]: row["in_hazard"] for row in rows_of(found, "OUTPUT_CLEARANCE")}
    assert [inside[t] for t in (149, 151, 174, 176)] == [0, 3, 3, 0]


def test_an_origin_inside_counts_until_it_is_left_though_its_road_lies_outside():
    ring = [(-30, 10), (30, 10), (30, 60), (-30, 60), (-30, 10)]
    water = layer(
        "Polygon", "&field=n:integer", [(line(*ring).replace("LINESTRING(", "POLYGON((") + ")", [1])], "water"
    )
    made = trips([(line((0, 30), (2000, 0)), ["a", "s", 3, 20])], "&field=leave:integer")
    found = run(TRIPS=made, HAZARD=water, METHOD=INDIVIDUAL, DEPARTURE_FIELD="leave")
    inside = {row["seconds"]: row["in_hazard"] for row in rows_of(found, "OUTPUT_CLEARANCE")}
    assert [inside[t] for t in (0, 19, 20, 100)] == [3, 3, 0, 0]
    assert rows_of(run(TRIPS=made, HAZARD=hazard(), METHOD=INDIVIDUAL), "OUTPUT_CLEARANCE")[0]["in_hazard"] == 3


def test_a_road_that_lets_hardly_anybody_pass_ends_in_numbers(tmp_path):
    # BPR with one vehicle an hour a million times over what passes: 10^22 s and more, beyond every calendar.
    slow = layer("LineString", "&field=road_id:string&field=capacity:double", [(WAY, ["only", 0.001])], "streets")
    found = run(NETWORK=slow, FLOW_MODEL=1, METHOD=INDIVIDUAL, OUTPUT_HTML=str(tmp_path / "r.html"), CERTIFY=False)
    table = rows_of(found, "OUTPUT_CLEARANCE")
    assert 90 < len(table) <= 242 and table[-1]["seconds"] >= found["CLEARANCE_TIME"] > 1e12
    assert table[0]["time"] and not table[-1]["time"] and table[-1]["arrived"] == 500
    assert not rows_of(found)[0]["last_arrival"]
