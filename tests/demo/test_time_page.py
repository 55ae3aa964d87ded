"""The page on time against the hazard: a row for each zone, nobody lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "scripts", ROOT / "build" / "plugins"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

pytest.importorskip("matplotlib")

from demonstration.time_page import NearField, OrderRun, write_page, zone_rows

ZONES = [
    {"zone_id": 7, "people": 40, "first_arrival": 90},
    {"zone_id": 3, "people": 1200, "first_arrival": 30},
    {"zone_id": 9, "people": 5, "first_arrival": 90},
]
RUNS = [OrderRun(0, {"3": 11}), OrderRun(30, {"3": 1100, "9": 5}), OrderRun(None, {})]


def test_zones_come_by_their_first_water_with_everybody_caught():
    rows = zone_rows(ZONES, RUNS, {"3": "41 min", "7": "not even at once"})
    assert [row["latest"] for row in rows] == ["41 min", "not even at once", ""]
    assert [row["zone"] for row in rows] == [3, 7, 9]
    assert [row["caught"] for row in rows] == [[11, 1100, 0], [0, 0, 0], [0, 5, 0]]
    assert [sum(row["caught"][k] for row in rows) for k in range(3)] == [run.total for run in RUNS] == [11, 1105, 0]


def test_people_of_a_zone_that_is_not_there_are_an_error():
    with pytest.raises(ValueError, match="unknown zones are caught: 8"):
        zone_rows(ZONES, [OrderRun(0, {"8": 1})], {})


def test_the_page_says_how_many_are_caught_and_what_not_to_do(tmp_path):
    near = NearField(people=50000, caught=43210, clearance=6804.0, bound=4020.0, late=2958.0)
    assert near.on_foot == pytest.approx(12.1, abs=0.03)  # 800 m at 1.1 m/s
    write_page(tmp_path, ZONES, RUNS, [{"reason": "queue <b>", "people": 3}], {"7": "41 min <"}, near)
    text = (tmp_path / "time.html").read_text(encoding="utf-8")
    for words in (
        "order at 30 min",
        "its own order",
        "41 min &lt;",
        "1\u202f105",
        "43\u202f210",
        "113.4",
        "67.0",
        "What NOT to do",
        "flood.gif",
    ):
        assert words in text
    assert "queue &lt;b&gt;" in text and "<svg" in text
