"""Evaluation of individual routes under ``queue``: seconds a vehicle and piece, and memory, from a city to a county.

Run by itself with the name of a case, it prints what the evaluation of that case gave and took, as JSON: each case is
measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "build" / "plugins")) if path not in sys.path]

import numpy as np

from benchmarks import cases
from benchmarks.measuring import FULL, alone, timed
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.solvers.routing.queue.network import QueueRoads, microseconds, queue_roads, standing_room
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.individual import individual_routes
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import LINEAR, road_cost

HEADER = (
    "case", "vehicles", "pieces a trip", "vehicle-hours", "all arrived min", "known", "let in", "rings", "wall s",
    "CPU s", "microseconds a vehicle and piece", "GB", "target", "outcome",
)  # fmt: skip
LANE = 900.0  # vehicles/h
METRES_A_SECOND = 40 / 3.6  # on NYC
MOST_EACH = 1.5  # microseconds a vehicle and piece


class Target(NamedTuple):
    """Seconds and gigabytes asked for, and the vehicle-hours and minutes of an independent simulation."""

    seconds: float | None
    gigabytes: float | None = None
    known: tuple[float, float] | None = None


CASES = {
    "sample arrays, by class": Target(0.5, known=(30_603, 352.0)),
    "sample arrays, 900": Target(0.5, known=(22_195, 236.9)),
    "sample arrays, 1800": Target(0.5, known=(7_138, 121.9)),
    "NYC district(1), 1,000,000 over 3 h": Target(60.0, 6.0),
    "NYC county(1), 200,000": Target(90.0),
}
ON_REQUEST = {"NYC county(1), 1,000,000": Target(None)}


def sample_arrays(name: str) -> tuple[RoutingProblem, QueueRoads]:
    """Return the sample city's problem and roads, at the capacity of a lane that ``name`` ends with."""
    with np.load(cases.SHARED / "cases" / "sample_city.npz") as city:
        lane = city["lane_capacity"].astype(float) if name.endswith("class") else float(name.split()[-1])
        capacity, standing = city["lanes"] * lane, standing_room(city["length"], city["lanes"])
        arcs = Arcs(len(city["node_xy"]), city["tail"], city["head"], road_cost(LINEAR, city["free_flow"], a=0.0))
        trips = TripTable(city["source"], city["destination"], city["departure"], city["people"])
    problem = routing_problem(arcs, trips)
    return problem, queue_roads(problem.star(), problem.head, problem.cost.free_flow, capacity, standing)


def new_york(name: str) -> tuple[RoutingProblem, QueueRoads]:
    """Return the problem and roads of a case on NYC: one lane a direction everywhere."""
    roads, draw = cases.network("NYC"), cases.shared_cases()
    vehicles = int(name.split(", ")[1].split()[0].replace(",", ""))
    if "district" in name:
        trips = draw.district(roads, 1, vehicles, shelters=200, window=3 * 3600.0)
    else:
        trips = draw.county(roads, 1, vehicles)
    problem = cases.routing_problem(roads, trips, 0.0)
    lanes = np.ones(problem.arcs)
    standing = standing_room(roads.free_flow * METRES_A_SECOND, lanes)
    return problem, queue_roads(problem.star(), problem.head, roads.free_flow, LANE * lanes, standing)


def evaluation(name: str) -> dict[str, Any]:
    """Return what the evaluation of a case gave and took, everything recorded."""
    problem, roads = sample_arrays(name) if name.startswith("sample") else new_york(name)
    routes = individual_routes(problem, reverse_trees(problem))
    departure = microseconds(problem.departure)
    simulate_queues(
        roads, plan_of(roads, departure[:9], replace(routes, of_trip=routes.of_trip[:9])), record_order=True
    )
    plan = plan_of(roads, departure, routes)
    found = timed(simulate_queues, roads, plan, record_order=True, repeats=3)
    run = found.result
    return {
        "vehicles": problem.trips,
        "pieces": float(plan.hops.mean()),
        "hours": run.total() / 3600e6,
        "minutes": float(run.arrival().max()) / 60e6,
        "forced": run.forced,
        "rings": run.rings,
        "wall": found.wall,
        "cpu": found.cpu,
        "each": 1e6 * found.cpu / int(plan.move[-1]),
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def tables() -> list[Table]:
    """Return the table of this module."""
    table = Table("Evaluation under `queue`", HEADER)
    if cases.shared_cases() is None:
        table.notes.append("The cases of `../shared` are not here.")
        return [table]
    for name, target in (CASES | ON_REQUEST if FULL else CASES).items():
        found = alone(__file__, None, name)
        reached = found["each"] <= MOST_EACH and (target.gigabytes is None or found["gigabytes"] <= target.gigabytes)
        asked = [] if target.seconds is None else [f"{target.seconds:g} s"]
        asked += [] if target.gigabytes is None else [f"{target.gigabytes:g} GB"]
        known = "-" if target.known is None else f"{target.known[0]:,.0f}; {target.known[1]:g} min"
        table.add(
            name, f"{found['vehicles']:,}", f"{found['pieces']:.1f}", f"{found['hours']:,.0f}",
            f"{found['minutes']:,.1f}", known, f"{found['forced']:,}", f"{found['rings']:,}", seconds(found["wall"]),
            seconds(found["cpu"]), f"{found['each']:.2f}", f"{found['gigabytes']:.2f}",
            ", ".join([*asked, f"{MOST_EACH:g} each"]), outcome(reached, found["wall"], found["cpu"], target.seconds),
        )  # fmt: skip
    table.notes.append(
        "Quickest routes on empty roads, evaluated with spillback, stuck after 300 s, every move and the order of all "
        "moves recorded; reading, trees and routes are not counted, memory is that of the whole process. Known: an "
        f"independent simulation of the same arrays. NYC: one lane of {LANE:g} vehicles/h a direction. *Let in* counts "
        "vehicles let into a full road that nobody had entered for 300 s."
    )
    return [table]


if __name__ == "__main__":
    print(json.dumps(evaluation(sys.argv[1])))
