"""Streets drawn twice give the plan of streets drawn once, as read and as mended."""

from __future__ import annotations

import processing
import pytest

from tests.processing.routing_layers import GREEDY, Log, line, roads, rows_of, run

ENDS = [((0, 0), (1000, 0), "west"), ((1000, 0), (2000, 0), "east")]
NUMBERS = ("VEHICLES", "ROUTED", "TOTAL_TIME", "FREE_FLOW_TIME", "LOWER_BOUND", "CLEARANCE_TIME", "OVER_CAPACITY_ROADS")


@pytest.mark.parametrize("flow_model", [0, 1])
def test_the_plan_is_the_same(flow_model):
    once = [(line(a, b), [name, "no", 36]) for a, b, name in ENDS]
    again = [(line(b, a), [f"{name} again", "no", 36]) for a, b, name in ENDS]
    log = Log()
    plain = run(NETWORK=roads(once), METHOD=GREEDY, FLOW_MODEL=flow_model)
    double = run(log, NETWORK=roads(once + again), METHOD=GREEDY, FLOW_MODEL=flow_model)
    mended = processing.run(
        "evacuation:mendroads", {"NETWORK": roads(once + again), "NETWORK_ID_FIELD": "road_id", "OUTPUT": "memory:"}
    )
    assert mended["REMOVED"] == 2
    clean = run(NETWORK=mended["OUTPUT"], METHOD=GREEDY, FLOW_MODEL=flow_model)
    for found in (double, clean):
        assert {name: found[name] for name in NUMBERS} == {name: plain[name] for name in NUMBERS}
        for output in ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE"):
            assert rows_of(found, output) == rows_of(plain, output)
    assert plain["TOTAL_TIME"] > 1.05 * plain["FREE_FLOW_TIME"]  # capacity counts here
    assert "2 road(s) of “streets” are drawn on top of another (west again on west; east again on east)" in log.text
