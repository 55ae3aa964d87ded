"""``evacuation:routeevacuation``: its numbers and columns against values worked out by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from tests.processing.routing_layers import INDIVIDUAL, Log, line, roads, rows_of, run, trips

GOLDEN = 2000.8002873413466 / 2000  # ellipsoidal metres of the two kilometres that are drawn on the grid


def one_road(**parameters):
    """Cars of 3, 1, 1 and 1 people leave at 0, 100, 310 and 320 s over 2 km at 36 km/h; one more slows each by 1 %.

    On the empty road a car takes t = 200 s (and the grid's scale). The second meets the first, the third nobody, since
    the second is away at 100 + 1.01 t = 302.1 s, and the fourth meets the third: 1, 1.01, 1 and 1.01 times t.
    """
    rows = [(0, 3), (100, 1), (310, 1), (320, 1)]
    made = trips([(line((0, 0), (2000, 0)), ["a", "s", p, t]) for t, p in rows], "&field=leave:integer")
    network = roads([(line((0, 0), (2000, 0)), ["only", "no", 36])])
    base = {
        "TRIPS": made, "NETWORK": network, "DEPARTURE_FIELD": "leave", "COST": 0, "ALPHA": 0.01,
        "PEOPLE_PER_VEHICLE": 3, "METHOD": INDIVIDUAL, "START_TIME": "2026-05-01T23:59:00",
    }  # fmt: skip
    return run(**{**base, **parameters})


def test_every_number():
    found, t = one_road(), 200 * GOLDEN
    times = [t, 1.01 * t, t, 1.01 * t]
    assert found["TOTAL_TIME"] == found["INDIVIDUAL_TIME"] == pytest.approx(sum(times))
    assert found["FREE_FLOW_TIME"] == pytest.approx(4 * t) and found["REDUCTION"] == 0
    assert found["LOWER_BOUND"] == pytest.approx(4 * t) and found["GAP"] == pytest.approx(100 * (1 - 4 / 4.02))
    assert found["PERSON_TIME"] == pytest.approx(3 * t + 1.01 * t + t + 1.01 * t)
    assert found["CLEARANCE_TIME"] == pytest.approx(320 + 1.01 * t)
    # 95 % of 6 people are 5.7: the last of them. Of the detours 1, 1, 1.01 and 1.01 the 95th percentile is 1.01.
    assert found["CLEARANCE_95"] == found["CLEARANCE_TIME"]
    assert found["MAX_DETOUR"] == pytest.approx(1.01) and found["DETOUR_95"] == pytest.approx(1.01)
    assert (found["VEHICLES"], found["ROUTED"], found["UNROUTED"], found["OVER_CAPACITY_ROADS"]) == (4, 6, 0, 0)
    (route,) = rows_of(found)
    assert route["length_m"] == pytest.approx(2000 * GOLDEN) and route["free_flow_s"] == pytest.approx(t)
    assert route["travel_time_s"] == pytest.approx(1.005 * t) and route["detour"] == pytest.approx(1.005)
    assert (route["people"], route["vehicles"], route["first_departure_s"]) == (6, 4, 0)
    assert route["last_arrival_s"] == pytest.approx(320 + 1.01 * t)
    assert route["first_departure"].toString("yyyy-MM-ddTHH:mm:ss") == "2026-05-01T23:59:00"
    assert route["last_arrival"].toString("yyyy-MM-ddTHH:mm:ss") == "2026-05-02T00:07:42"
    (road,) = rows_of(found, "OUTPUT_ROADS")
    assert (road["road_id"], road["direction"], road["vehicles"], road["peak_vehicles"]) == ("only", "forward", 4, 2)
    assert road["peak_time"].toString("yyyy-MM-ddTHH:mm:ss") == "2026-05-02T00:00:40"
    assert road["first_entry"] == route["first_departure"] and road["last_exit"] == route["last_arrival"]
    assert road["free_flow_s"] == pytest.approx(t) and road["mean_s"] == pytest.approx(1.005 * t)
    assert road["delay_s"] == pytest.approx(0.02 * t)


def test_percentiles_between_two_vehicles():
    # Three cars in one second take 1, 1.01 and 1.02 t: the 95th percentile lies 0.9 of the way from the second to the
    # third; 95 % of 20 people are 19, who have come with the second car.
    made = trips([(line((0, 0), (2000, 0)), ["a", "s", p, 0]) for p in (10, 9, 1)], "&field=leave:integer")
    found, t = one_road(TRIPS=made, PEOPLE_PER_VEHICLE=10), 200 * GOLDEN
    assert found["DETOUR_95"] == pytest.approx(1.019) and found["MAX_DETOUR"] == pytest.approx(1.02)
    assert found["CLEARANCE_95"] == pytest.approx(1.01 * t) and found["CLEARANCE_TIME"] == pytest.approx(1.02 * t)
    assert found["PERSON_TIME"] == pytest.approx((10 + 9 * 1.01 + 1.02) * t)


def test_certify_is_the_same_by_every_way_in():
    numbers = ("TOTAL_TIME", "LOWER_BOUND", "GAP")
    absent, passed = one_road(), one_road(CERTIFY=True)  # as models and the dialog pass the default
    assert [absent[n] for n in numbers] == [passed[n] for n in numbers]
    assert "LOWER_BOUND" not in one_road(CERTIFY=False)


def test_a_plan_that_its_roads_cannot_pass_says_so_in_log_and_report(tmp_path: Path):
    # 500 cars at once on a lane that lets 900 pass an hour: the last is over the first piece after 100 + 499 * 4 s.
    log, page = Log(), tmp_path / "report.html"
    found = run(log, METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, COST=0, ALPHA=0, OUTPUT_HTML=str(page))
    assert found["CLEARANCE_TIME"] == pytest.approx(200 * GOLDEN)
    said = [text for text in log.warnings if "cannot pass" in text]
    least = (200 * GOLDEN + 499 * 4) / 60
    assert found["CLEARANCE_FLOOR"] == pytest.approx(60 * least)
    assert len(said) == 1 and f"before {least:.1f} min" in said[0] and "“west” (forward)" in said[0]
    assert "500 of them" in said[0] and "900 pass an hour" in said[0]
    text = page.read_text(encoding="utf-8")
    assert f"before {least:.1f} min" in text and "at least, by the capacity of the fullest road" in text
    wide = Log()
    found = run(wide, METHOD=INDIVIDUAL, DEPARTURE_WINDOW=40, COST=0, ALPHA=0)  # 750 an hour
    assert found["CLEARANCE_FLOOR"] <= found["CLEARANCE_TIME"]
    assert not any("cannot pass" in text for text in wide.warnings)


def test_chart_and_table_of_bottlenecks_have_one_order(tmp_path: Path):
    page = tmp_path / "report.html"
    run(METHOD=1, OUTPUT_HTML=str(page))
    text = page.read_text(encoding="utf-8")
    drawn = re.findall(r">(\d+): (\w+) (forward|backward)<", text)
    listed = re.findall(r'<td class="number">(\d+)</td><td>(\w+)</td><td>(\w+)</td>', text)
    assert len(listed) >= 2 and drawn == listed
    assert "-0.0" not in text
