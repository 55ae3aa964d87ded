"""The parts of the demo that need no QGIS: reading what qgis_process says, reading the figures of a plan."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPTS = str(Path(__file__).resolve().parents[2] / "scripts")
if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)

from demonstration import runner
from demonstration.findings import numbers_of, read_findings
from demonstration.flood import RESULT, flood_steps, write_texts
from demonstration.steps import destinations, plan_steps

# As qgis_process 3.22 prints it.
SAID = (
    "\n----------------\nInputs\n----------------\n\nZONES:\t/tmp/in.gpkg|layername=zones\nOUTPUT:\t/tmp/o.gpkg\n\n\n"
    "0...10Reading roads\n...20...30...40Straße: 12 Wege\n...50...60...70...8050521 people\n48 roads\n"
    "...90...100 - done.\n"
    "----------------\nResults\n----------------\n\nOUTPUT:\t/tmp/o.gpkg\nPEOPLE_AT_RISK:\t50522\n"
)


def read(pieces):
    shown = []
    reader = runner.OutputReader(lambda percent, text: shown.append((percent, text)))
    for piece in pieces:
        reader.feed(piece)
    reader.feed("\n")
    return reader, [entry for entry in shown if entry[1]]


@given(st.lists(st.integers(1, len(SAID) - 1), max_size=12))
def test_output_is_understood_however_it_is_cut(cuts):
    edges = [0, *sorted(cuts), len(SAID)]
    reader, messages = read([SAID[a:b] for a, b in zip(edges, edges[1:])])
    assert reader.results == {"OUTPUT": "/tmp/o.gpkg", "PEOPLE_AT_RISK": "50522"}
    assert [text for _, text in messages] == ["Reading roads", "Straße: 12 Wege", "50521 people", "48 roads"]
    assert reader.percent == 100


def test_messages_come_with_the_percentage_so_far():
    _, messages = read([SAID])
    assert [percent for percent, _ in messages] == [10, 40, 80, 80]


def program(tmp_path, monkeypatch, text):
    """Make runner call a program of our own in place of qgis_process."""
    script = tmp_path / "program.py"
    script.write_text(text, encoding="utf-8")
    monkeypatch.setattr(runner, "run_arguments", lambda *a, **k: [sys.executable, str(script)])


def test_failure_carries_the_algorithms_own_words(tmp_path, monkeypatch):
    noise = "<string>:1: DeprecationWarning: setapi() is deprecated"
    text = f"import sys\nsys.stderr.write('{noise}\\nERROR: ZONES has no field x\\n')\nsys.exit(1)"
    program(tmp_path, monkeypatch, text)
    with pytest.raises(runner.StepError) as caught:
        runner.run("zonesatrisk", {}, {}, tmp_path / "log.txt")
    assert str(caught.value) == "ERROR: ZONES has no field x"
    assert "DeprecationWarning" in (tmp_path / "log.txt").read_text(encoding="utf-8")


def test_results_and_log_of_a_good_run(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, f"import sys\nsys.stdout.buffer.write({SAID.encode()!r})")
    results = runner.run("zonesatrisk", {}, {}, tmp_path / "log.txt")
    assert results["PEOPLE_AT_RISK"] == "50522"
    assert "Reading roads" in (tmp_path / "log.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("steps", "name"), [(plan_steps, "evacuation.gpkg"), (flood_steps, RESULT)])
def test_every_step_reads_what_a_step_before_has_written(tmp_path, steps, name):
    sample, result = tmp_path / "sample.gpkg", tmp_path / name
    written = set()
    for step in steps(sample, result):
        needed = [str(value) for value in step.parameters.values() if str(value).startswith(str(result))]
        assert {value.split("layername=")[1] for value in needed} <= written
        written |= set(step.outputs.values())
        for value in destinations(step, result).values():
            assert str(tmp_path) in value


@pytest.mark.parametrize(("seconds", "minutes"), [(60 * 100.0, 270), (60 * 271.0, 275), (60 * 275.0, 275)])
def test_the_animation_lasts_until_the_water_and_the_last_vehicle_are_there(tmp_path, seconds, minutes):
    with sqlite3.connect(tmp_path / RESULT) as database:
        database.execute("CREATE TABLE clearance (seconds REAL)")
        database.execute("INSERT INTO clearance VALUES (0), (?)", (seconds,))
    write_texts(tmp_path)
    texts = json.loads((tmp_path / "play.json").read_text(encoding="utf-8"))
    assert texts["minutes"] == minutes and "illustrative" in texts["title"]


def test_numbers_leave_layers_out():
    assert numbers_of({"a": {"OUTPUT": "/x.gpkg", "GAP": "1.5"}, "b": {"GAP": "0"}}) == {"a.GAP": 1.5, "b.GAP": 0.0}


@pytest.fixture
def plan(tmp_path):
    """A result file and a sample with two streets, two shelters and ten people."""
    sample, result = tmp_path / "sample.gpkg", tmp_path / "evacuation.gpkg"
    with sqlite3.connect(sample) as database:
        database.executescript(
            """
            CREATE TABLE zones (zone_id, children, adults, elderly);
            INSERT INTO zones VALUES (1, 4, 10, 2);
            CREATE TABLE sites (site_id, name);
            INSERT INTO sites VALUES ('S1', 'Park'), ('S2', 'School');
            CREATE TABLE roads (road_id, name, highway);
            INSERT INTO roads VALUES ('7', 'Long Street', 'primary'), ('8', 'Long Street', 'primary'),
                ('9', NULL, 'trunk');
            """
        )
    with sqlite3.connect(result) as database:
        database.executescript(
            """
            CREATE TABLE zones_at_risk (zone_id, children, adults, elderly);
            INSERT INTO zones_at_risk VALUES (1, 2, 7, 1);
            CREATE TABLE allocation (class, people);
            INSERT INTO allocation VALUES ('children', 2), ('adults', 6);
            CREATE TABLE unallocated (class, people, reason);
            INSERT INTO unallocated VALUES ('adults', 1, 'capacity'), ('elderly', 1, 'capacity');
            CREATE TABLE shelter_load (shelter_id, load, capacity, utilisation);
            INSERT INTO shelter_load VALUES ('S1', 8, 9, 0.89);
            CREATE TABLE candidate_sites (site_id, status, reason);
            INSERT INTO candidate_sites VALUES ('S1', 'selected', NULL), ('S2', 'rejected', 'inside the hazard');
            CREATE TABLE road_flow (road_id, vehicles, peak_vehicles, delay_s);
            INSERT INTO road_flow VALUES ('7', 3, 2, 1800), ('8', 4, 1, 1800), ('9', 5, 5, 7200);
            CREATE TABLE clearance (seconds, arrived);
            INSERT INTO clearance VALUES (60, 8), (0, 0);
            """
        )
    return read_findings(result, sample, {"routeevacuation": {"VEHICLES": "4"}})


def test_people_by_class_add_up(plan):
    assert plan.people["all"] == {"city": 16, "risk": 10, "sheltered": 8, "left": 2}
    assert plan.people["elderly"] == {"city": 2, "risk": 1, "sheltered": 0, "left": 1}
    assert plan.unallocated == [{"reason": "capacity", "people": 2}]


def test_delay_is_summed_over_the_ways_of_a_street(plan):
    assert [(row["name"], row["vehicles"], row["delay_hours"]) for row in plan.bottlenecks] == [
        ("unnamed trunk road 9", 5, 2.0),
        ("Long Street", 4, 1.0),
    ]


def test_closed_sites_carry_their_reason_and_times_are_in_order(plan):
    assert [(row["id"], row["reason"]) for row in plan.rejected] == [("S2", "inside the hazard")]
    assert [row["seconds"] for row in plan.clearance] == [0, 60]
    assert plan.number("routeevacuation.VEHICLES") == 4 and plan.number("routeevacuation.GAP") is None
