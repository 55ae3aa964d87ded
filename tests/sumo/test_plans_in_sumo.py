"""Exported plans in the real SUMO, mesoscopic, without junction control and teleports: every vehicle arrives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsVectorLayer

import environment
from benchmarks.judges.sumo import arrivals, run_program, simulate, teleports
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from tests.processing.closing_layers import box, closures, hazard
from tests.processing.plan_tables import Planned, planned
from tests.processing.routing_layers import QUEUE, layer, line, trips
from tests.processing.test_export_sumo import export
from tests.processing.test_plan_tables import case, queue_problem

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"


def in_sumo(programs: Path, made: Planned, folder: Path, **parameters) -> np.ndarray:
    """Export a plan, run its configuration as it is, and return the arrivals in seconds by vehicle."""
    written = export(made, folder, **parameters)["VEHICLES"]
    simulate(programs, folder, "--configuration-file", "plan.sumocfg")
    there = arrivals(folder)
    assert len(there) == written == made.result.problem.trips and teleports(folder) == 0
    return np.array([there[f"v{k}"] for k in range(written)])


def in_ours(made: Planned, stuck: float = 300.0) -> np.ndarray:
    """Arrivals in seconds under the queue model."""
    road = roads_of(queue_problem(made))
    plan = plan_of(road, microseconds(made.result.problem.departure), made.result.routes)
    return simulate_queues(road, plan, stuck_seconds=stuck).arrival() / SECOND


def compare(made: Planned, sumo: np.ndarray, ours: np.ndarray, name: str) -> tuple[float, float]:
    """Print total and last arrival in both; return SUMO's over ours."""
    hours = [float((there - made.result.problem.departure).sum() / 3600) for there in (sumo, ours)]
    last = [float(there.max() / 60) for there in (sumo, ours)]
    print(
        f"\n{name}: {len(ours)} vehicles; SUMO {hours[0]:,.1f} vehicle-hours, last after {last[0]:.1f} min; "
        f"queue {hours[1]:,.1f}, {last[1]:.1f} min"
    )
    return hours[0] / hours[1], last[0] / last[1]


def test_a_road_passes_its_capacity_in_front_of_its_door(programs, tmp_path):
    street = layer(
        "LineString", "&field=road_id:string&field=capacity:double&field=maxspeed:double",
        [(line((0, 0), (1000, 0)), ["a", 1800, 36]), (line((1000, 0), (1030, 0)), ["b", 450, 36])], "streets",
    )  # fmt: skip
    given = {
        "NETWORK": street, "TRIPS": trips([(line((0, 0), (1030, 0)), ["z", "s", 200])]), "DEPARTURE_PROFILE": 0,
        "METHOD": 0,
    }  # fmt: skip
    made = planned(**given)
    there = np.sort(in_sumo(programs, made, tmp_path, **given))
    gaps = np.diff(there)[5:]
    assert gaps.mean() == pytest.approx(3600 / 450, rel=0.01)  # one every 8 s, though the last road is 30 m long
    total, last = compare(made, there, in_ours(made), "one door of 450 vehicles/h")
    assert total == pytest.approx(1, rel=0.02) and last == pytest.approx(1, rel=0.02)


def test_a_bus_is_followed_by_two_and_a_half_headways(programs, tmp_path):
    """By cars and buses in turn one road passes a vehicle every 1.75 headways of 10 s; the first is full of waiting."""
    street = layer(
        "LineString", "&field=road_id:string&field=capacity:double&field=maxspeed:double",
        [(line((0, 0), (1000, 0)), ["a", 900, 36]), (line((1000, 0), (2000, 0)), ["b", 360, 36])], "streets",
    )  # fmt: skip
    rows = [(line((0, 0), (2000, 0)), ["z", "s", people, mode]) for people, mode in ((60, "car"), (2400, "bus"))]
    given = {
        "NETWORK": street, "TRIPS": trips(rows, "&field=mode:string"), "DEPARTURE_PROFILE": 0, "METHOD": 0,
        "FLOW_MODEL": QUEUE,
    }  # fmt: skip
    made = planned(**given)
    there = np.sort(in_sumo(programs, made, tmp_path, **given))
    assert (there[-1] - there[0]) / 119 == pytest.approx(17.5, rel=0.02)
    total, last = compare(made, there, np.sort(made.result.arrival), "cars and buses")
    assert total == pytest.approx(1, rel=0.01) and last == pytest.approx(1, rel=0.01)


def test_gates_of_a_shelter_and_a_zone_of_junctions(programs, tmp_path):
    given = case()
    made = planned(**given)
    sumo = in_sumo(programs, made, tmp_path, **given)
    total, last = compare(made, sumo, in_ours(made), "two gates")
    assert total == pytest.approx(1, rel=0.05) and last == pytest.approx(1, rel=0.05)


def test_netconvert_makes_the_same_network_of_the_plain_files(programs, tmp_path):
    given = case()
    made = planned(**given)
    before = in_sumo(programs, made, tmp_path, **given)
    run_program(
        programs / "netconvert", "--configuration-file", "plan.netccfg", "--no-internal-links", "true",
        "--no-warnings", "true", "--output-file", "plan.net.xml", cwd=tmp_path,
    )  # fmt: skip
    simulate(programs, tmp_path, "--configuration-file", "plan.sumocfg")
    after = arrivals(tmp_path)
    assert np.array_equal(before, [after[f"v{k}"] for k in range(len(before))])


def test_netconvert_makes_junctions_that_a_microscopic_run_can_use(programs, tmp_path):
    given = {"TRIPS": trips([(line((0, 0), (2000, 0)), ["a", "s", 60])])}
    made = planned(**given)
    export(made, tmp_path, **given)
    run_program(programs / "netconvert", "--configuration-file", "plan.netccfg", "--no-warnings", "true", cwd=tmp_path)
    simulate(
        programs, tmp_path, "--configuration-file", "plan.sumocfg", "--net-file", "junctions.net.xml", "--mesosim",
        "false", "--time-to-teleport", "300",
    )  # fmt: skip
    assert len(arrivals(tmp_path)) == 60


def test_everybody_of_the_sample_city_arrives(programs, tmp_path):
    ends = (
        ("shore", "hill", 6000, (-71.2760, -29.9050), (-71.2350, -29.9150)),
        ("port", "plateau", 4000, (-71.3330, -29.9560), (-71.2500, -29.9600)),
        ("centre", "hill", 3000, (-71.2520, -29.9030), (-71.2350, -29.9150)),
    )
    features = [
        {
            "type": "Feature", "properties": {"zone_id": a, "shelter_id": b, "people": people},
            "geometry": {"type": "LineString", "coordinates": [start, end]},
        } for a, b, people, start, end in ends
    ]  # fmt: skip
    file = tmp_path / "trips.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    given = {
        "NETWORK": QgsVectorLayer(f"{SAMPLE}|layername=roads", "roads", "ogr"), "NETWORK_ID_FIELD": None,
        "TRIPS": QgsVectorLayer(str(file), "trips", "ogr"), "PEOPLE_PER_VEHICLE": 2.5, "METHOD": 0,
    }  # fmt: skip
    made = planned(**given)
    sumo = in_sumo(programs, made, tmp_path / "sumo", **given)
    total, last = compare(made, sumo, in_ours(made), "sample city, individual routes")
    assert total == pytest.approx(1, rel=0.1) and last == pytest.approx(1, rel=0.05)


def stays_in(folder: Path) -> list[tuple[str, str, float, float]]:
    """Edge and the next one, when a vehicle came onto it and when it left, s (infinite: it stands there at the end)."""
    found = []
    for vehicle in ElementTree.parse(folder / "stays.xml").getroot():
        route = vehicle.find("route")
        came = float(vehicle.get("depart"))
        edges = route.get("edges").split()
        for edge, after, out in zip(edges, [*edges[1:], ""], map(float, route.get("exitTimes").split())):
            left = out if out >= 0 else np.inf
            found.append((edge, after, came, left))
            came = left
            if left == np.inf:
                break
    return found


@pytest.mark.parametrize("late", [0.0, 300.0])
def test_nobody_is_on_a_closed_edge(programs, tmp_path, late):
    """One road closes for a while, another for good when most are through, and a part of a third by the hazard.

    The plan is also driven ``late`` s later than it was made for, so that many come to roads that are closed.
    """
    works = closures("None", [(None, [3.0, 9.0, "up", None]), (None, [12.0, None, "west", None])])
    given = {
        "TRIPS": trips([(line((0, 0), (2000, 0)), ["a", "s", 500])]), "DEPARTURE_WINDOW": 10,
        "FLOW_MODEL": 2, "METHOD": 3, "CLOSURES": works, "HAZARD": hazard([(box(1400, -50, 1600, 50), 14.0)]),
    }  # fmt: skip
    made = planned(**given)
    written = export(made, tmp_path, **{name: given[name] for name in ("CLOSURES", "HAZARD")})["VEHICLES"]
    options = ["--vehroute-output", "stays.xml", "--vehroute-output.exit-times", "true"]
    options += ["--vehroute-output.write-unfinished", "true"]
    if late:
        options += ["--route-files", "late.rou.xml"]
        text = (tmp_path / "plan.rou.xml").read_text(encoding="utf-8")
        text = re.sub(r'depart="([\d.]+)"', lambda m: f'depart="{float(m[1]) + late:.3f}"', text)
        (tmp_path / "late.rou.xml").write_text(text, encoding="utf-8")
    simulate(programs, tmp_path, "--configuration-file", "plan.sumocfg", *options)
    network, bars = made.case.read.network, roads_of(made.case.problem).bars
    rows, there = stays_in(tmp_path), arrivals(tmp_path)
    shut = {
        f"e{e}": [
            (bars.since[k] / SECOND, bars.until[k] / SECOND if bars.until[k] < NEVER else np.inf)
            for k in range(bars.start[e], bars.start[e + 1])
        ]
        for e in np.flatnonzero(np.diff(bars.start)).tolist()
    }
    assert {network.arc_road(int(edge[1:])) for edge in shut} == {"up", "west", "east"}
    entered = [(edge, came) for edge, _, came, _ in rows if edge in shut]
    assert len(entered) > 100
    assert not [(e, came) for e, came in entered for since, until in shut[e] if since <= came < until]
    # Who stands on a road that has closed behind him stands before another that is closed.
    assert all(after.startswith("gate") for edge, after, _, left in rows if left == np.inf and edge in shut)
    print(f"\nlate by {late:.0f} s: {len(there)} of {written} arrive, {len(entered)} entries of roads that close")
    assert len(there) == written if not late else 0 < len(there) < written
