"""The dispatch of a fleet on the sample city's roads: a whole game, perfect information, and PyVRP beside it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cases
from benchmarks.bench_venv import NoPeer, run_peer
from benchmarks.measuring import timed
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.layers.fleet.dispatched import PERFECT_ROUNDS, ROUNDS
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.fleet.arrays import Case
from evacuation_planner.plugin.solvers.fleet.carrying_out import Fleet
from evacuation_planner.plugin.solvers.fleet.dividing import divide
from evacuation_planner.plugin.solvers.fleet.game import case_of
from evacuation_planner.plugin.solvers.fleet.perfect import with_perfect_information
from evacuation_planner.plugin.solvers.fleet.planning import make_plan, plan_of_rows
from evacuation_planner.plugin.solvers.fleet.problem import FleetProblem
from evacuation_planner.plugin.solvers.fleet.rolling import play
from evacuation_planner.plugin.solvers.fleet.ruin import value
from evacuation_planner.plugin.solvers.fleet.travel import Reached, road_travel
from evacuation_planner.plugin.solvers.fleet.windows import ArcsClosed

REQUESTS, BUSES, DEPOTS, SHELTERS = 1000, 50, 5, 10
PERIOD, PERIODS = 900.0, 12
GAME, PERFECT = 120.0, 300.0  # s
WEST, WATER = 0.15, 10_000.0  # part of the junctions that the water reaches, and s until it has
ITERATIONS, CLOSE = 5000, 1.03  # of PyVRP, and driving as a multiple of its
PEER_ROUNDS = 6
GAME_HEADER = ("step", "people served", "waiting person-h", "driving h", "wall s", "CPU s", "target", "outcome")
PEER_HEADER = ("solver", "driving h", "times PyVRP's", "wall s", "CPU s", "target", "outcome")


def nodes_drawn(network: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return nodes (count,) from each of which there is a way to each other."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    shape = (network.node_count, network.node_count)
    graph = csr_matrix((np.ones(network.arc_count), (network.tail, network.head)), shape)
    label = connected_components(graph, connection="strong")[1]
    return rng.choice(np.flatnonzero(label == np.bincount(label).argmax()), count, replace=False)


def travelled(network: Any, node: np.ndarray, water: bool = False) -> Any:
    """Return the travel between nodes on roads of which none closes, or each one in the west when the water comes."""
    x = network.node_xy[:, 0]
    first, last = np.quantile(x, [0.0, WEST])
    comes = np.where(water & (x < last), (x - first) / (last - first) * WATER, np.inf)
    arc = np.flatnonzero(np.isfinite(comes[network.tail]))
    closed = ArcsClosed(arc, comes[network.tail[arc]], np.full(len(arc), np.inf), np.full(len(arc), -np.inf))
    return road_travel(network, node, node, closed, [Reached(-np.inf, comes[node])], PERIOD)


def game(travel: Any, rng: np.random.Generator) -> FleetProblem:
    """Return the whole game: who asks within so many periods, known from 10 minutes before to 15 after being ready."""
    people = rng.integers(1, 9, REQUESTS)
    ready = rng.uniform(0.0, (PERIODS - 3) * PERIOD, REQUESTS)
    depot = REQUESTS + np.arange(BUSES) % DEPOTS
    shelter = REQUESTS + DEPOTS + np.arange(SHELTERS)
    return FleetProblem(
        place=np.arange(REQUESTS), people=people, wheelchairs=(rng.random(REQUESTS) < 0.1).astype(np.int64),
        ready=ready, known=ready + rng.uniform(-600.0, 900.0, REQUESTS), probability=np.ones(REQUESTS),
        vehicle_place=depot, seats=np.full(BUSES, 20), chairs=np.full(BUSES, 2), available=np.zeros(BUSES),
        shelter_place=shelter, room=np.full(SHELTERS, int(1.1 * people.sum()) // SHELTERS),
        knowledge=travel.knowledge, period=PERIOD,
    )  # fmt: skip


def whole_problem(problem: FleetProblem) -> Case:
    """Return the plan of everybody at once, with room for all everywhere, in which only driving counts."""
    room = np.full(SHELTERS, int(problem.people.sum()))
    everybody = replace(problem, ready=np.zeros(REQUESTS), room=room, wait=False)
    fleet = Fleet.of(everybody)
    left = np.stack([problem.people, problem.wheelchairs], axis=1)
    parts = [part for r in range(REQUESTS) for part in divide(r, left[r], problem.seats, problem.chairs, int(room[0]))]
    case = case_of(everybody, parts, fleet, everybody.truth, fleet.free.copy(), {}, 0)
    return case._replace(weight=np.zeros_like(case.weight))


def fetched_by_peer(case: Case) -> tuple[list[list[int]], dict[str, Any]]:
    """Return the rows that PyVRP found, and its figures."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder, "case.npz"), **case._asdict())
        file = Path(folder, "rows.json")
        said = run_peer(
            "fetch_with_pyvrp.py", str(Path(folder, "case.npz")), str(ITERATIONS), "1", str(file), timeout=900,
            cwd=Path(folder),
        )  # fmt: skip
        return json.loads(file.read_text()), json.loads(said)


def game_table(problem: FleetProblem, travel: Any, where: str = "") -> Table:
    """Return the table of the game; ``travel`` is how long the travel times took."""
    table = Table(f"Fleet: {REQUESTS:,} requests, {BUSES} buses, sample city{where}, EFFORT 1", GAME_HEADER)
    all_served = not where  # else some are cut off
    effort, control = Effort(), Control()
    few = np.arange(REQUESTS) < 20
    play(replace(problem, people=problem.people * few, wheelchairs=problem.wheelchairs * few), 1, 1)  # compile
    table.add("travel times", "-", "-", "-", seconds(travel.wall), seconds(travel.cpu), "-", "-")
    for name, wait in (("period by period", True), ("without waiting for periods", False)):
        run = timed(play, replace(problem, wait=wait), effort.pick(*ROUNDS), 1, control)
        wall, cpu, found = run.wall + travel.wall, run.cpu + travel.cpu, run.result
        target = f"{GAME:.0f} s with travel times" if wait else "-"
        table.add(
            name, f"{found.served:,}", f"{found.waiting / 3.6e6:,.1f}", f"{found.driving / 3.6e6:,.1f}",
            seconds(run.wall), seconds(run.cpu), target,
            outcome(not all_served or found.served == problem.people.sum(), wall, cpu, GAME) if wait else "-",
        )  # fmt: skip
        if wait:
            table.notes.append(f"{len(found.periods)} plans of periods of {PERIOD / 60:.0f} minutes.")
            rolling = found
    run = timed(with_perfect_information, problem, rolling, effort.pick(*PERFECT_ROUNDS), 1, control)
    best = run.result
    better = (-best.served, best.waiting, best.driving) <= (-rolling.served, rolling.waiting, rolling.driving)
    table.add(
        "all known from the start", f"{best.served:,}", f"{best.waiting / 3.6e6:,.1f}", f"{best.driving / 3.6e6:,.1f}",
        seconds(run.wall), seconds(run.cpu), f"no worse, {PERFECT:.0f} s", outcome(better, run.wall, run.cpu, PERFECT),
    )  # fmt: skip
    return table


def peer_table(case: Case) -> Table:
    """Return the table of the comparison with PyVRP."""
    table = Table("Fleet: the whole problem, room for all everywhere, driving alone", PEER_HEADER)
    run = timed(make_plan, case, [], PEER_ROUNDS, 1, Control())
    driving, peer, theirs = run.result.value.driving, None, 0
    try:
        rows, peer = fetched_by_peer(case)
        judged = value(case, plan_of_rows(case, rows))
        theirs = judged.driving
        if judged.unserved:
            table.notes.append(f"PyVRP leaves {judged.unserved / 1000:.0f} people.")
    except NoPeer as reason:
        table.notes.append(str(reason))
    verdict = outcome(driving <= CLOSE * theirs and run.result.value.unserved == 0, 0, 0, None) if peer else "no peer"
    ratio = f"{driving / theirs:.3f}" if peer else "-"
    table.add(
        "this plugin", f"{driving / 3.6e6:,.2f}", ratio, seconds(run.wall), seconds(run.cpu),
        f"{CLOSE:g} times PyVRP's", verdict,
    )  # fmt: skip
    if peer:
        name = f"PyVRP {peer['version']}, {ITERATIONS:,} iterations"
        table.add(name, f"{theirs / 3.6e6:,.2f}", "1", seconds(peer["wall"]), seconds(peer["cpu"]), "-", "-")
    return table


def tables() -> list[Table]:
    """Return the tables of the game, of it with a moving hazard, and of the comparison with PyVRP."""
    rng = np.random.default_rng(1)
    network = cases.sample_network()
    node = nodes_drawn(network, REQUESTS + DEPOTS + SHELTERS, rng)
    travel = timed(travelled, network, node)
    problem = game(travel.result, rng)
    flooded = timed(travelled, network, node, True)
    wet = replace(problem, knowledge=flooded.result.knowledge)
    water = game_table(wet, flooded, ", water in the west")
    water.notes.append(
        f"{len(flooded.result.windows)} sets of closed roads; a road closes up to {flooded.result.longer / 60:.1f} "
        "minutes before the water."
    )
    return [game_table(problem, travel), water, peer_table(whole_problem(problem))]
