"""``evacuation:jointplan`` before a hazard that comes, on cases whose answer is worked out by hand."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from tests.processing.closing_layers import box, hazard
from tests.processing.joint_layers import Log, line, roads, run, sent, shelters, zones
from tests.processing.routing_layers import rows_of

TOLD = {"START_TIME": "2000-01-01T00:00:00", "EFFORT": 1}
CAUGHT = {"OUTPUT_CAUGHT": "TEMPORARY_OUTPUT"}
WEST = [("west", (-1000, 0), 100, "selected")]
STREETS = [
    (line((0, 0), (-500, 0)), ["west", 300]),
    (line((-500, 0), (-1000, 0)), ["farther", 1800]),
    (line((0, 0), (3000, 0)), ["east", 300]),
]


def flood(*rows):
    return hazard(list(rows), "string")


def everybody(found):
    return found["ALLOCATED"] + found["UNALLOCATED"] + found["CAUGHT"]


def test_as_many_go_by_the_near_street_as_are_away_before_it_floods(tmp_path):
    """Vehicles leave the western street after 50, 62, ... 158 s; at 164 s its end floods: ten can go there."""
    log, path = Log(), tmp_path / "report.html"
    found = run(
        log, NETWORK=roads(STREETS), HAZARD=flood((box(-505, -50, -400, 50), "2000-01-01T00:02:44")),
        OUTPUT_HTML=str(path), **TOLD, **CAUGHT,
    )  # fmt: skip
    assert sent(found) == {("z", "west"): 10, ("z", "east"): 90}
    assert (found["CAUGHT"], found["ALLOCATED"], found["UNALLOCATED"], found["UNROUTED"]) == (0, 100, 0, 0)
    assert found["STEPWISE_CAUGHT"] == 90  # all to the near one, to which the way is open when they leave
    value = sum(100 + 12 * k for k in range(10)) + sum(300 + 12 * k for k in range(90))
    assert found["VALUE"] == pytest.approx(value, rel=1e-3)
    assert found["LEAST_MARGIN"] == pytest.approx(164 - 158.5, abs=0.3)
    assert not rows_of(found, "OUTPUT_CAUGHT")
    text = path.read_text()
    assert "0 are caught, step by step 10 and 90" in text


def test_exits_pass_only_so_many_before_the_area_floods():
    """Ten leave by each border after 60, 72, ... 168 s; at 174 s the hazard has come for the other 80."""
    around = [(-1000, 0), (-1000, 2000), (3000, 2000), (3000, 0)]  # else one side leads nowhere and is no exit
    ring = [(line(a, b), [f"ring {k}", 900]) for k, (a, b) in enumerate(zip(around, around[1:]))]
    streets = [(line((0, 0), (-1000, 0)), ["west", 300]), (line((0, 0), (3000, 0)), ["east", 300]), *ring]
    area = flood((box(-600, -50, 600, 50), "2000-01-01T00:02:54"))
    found = run(NETWORK=roads(streets), SHELTERS=None, HAZARD=area, **TOLD, **CAUGHT)
    assert (found["ALLOCATED"], found["CAUGHT"], found["UNALLOCATED"]) == (20, 80, 0)
    assert found["STEPWISE_CAUGHT"] == 90  # all to one of the two
    rows = rows_of(found, "OUTPUT_CAUGHT")
    assert sum(row["people"] for row in rows) == 80
    assert {row["reason_code"] for row in rows} <= {"queue", "too late to leave"}
    assert found["LOWER_BOUND"] <= found["VALUE"]


def test_who_can_reach_no_shelter_in_time_is_caught_and_the_others_are_sent():
    """The far zone's only street floods before anybody gets there; the near one's people all arrive."""
    rows = [(line((0, 0), (-1000, 0)), ["west", 900]), (line((0, 0), (5000, 0)), ["east", 900])]
    found = run(
        NETWORK=roads(rows), ZONES=zones([("near", (0, 0), 5, 0), ("far", (5000, 0), 2, 4)]), KEEP_TOGETHER=False,
        HAZARD=flood((box(900, -50, 1000, 50), "2000-01-01T00:03:00")), SHELTERS=shelters(WEST), **TOLD, **CAUGHT,
    )  # fmt: skip
    assert sent(found) == {("near", "west"): 5}
    assert (found["ALLOCATED"], found["CAUGHT"], found["UNALLOCATED"]) == (5, 6, 0)
    assert not rows_of(found, "OUTPUT_UNALLOCATED")
    caught = {row["class"]: (row["people"], row["reason_code"]) for row in rows_of(found, "OUTPUT_CAUGHT")}
    assert caught == {"children": (2, "way cut off"), "adults": (4, "way cut off")}
    assert {row["origin_id"] for row in rows_of(found, "OUTPUT_CAUGHT")} == {"far"}
    assert everybody(found) == 11
