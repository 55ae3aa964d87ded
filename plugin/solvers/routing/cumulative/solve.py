"""System-optimal (or user-equilibrium) static assignment with whole vehicles and a certified gap.

The problem ([E] eq. 17 with the flow of the ``cumulative`` model): over all routes of the trips,

    minimise  sum_e F_e(x_e),   x_e = number of trips whose route uses arc e,

with the convex F of :mod:`.cost`. The fractional relaxation is solved destination by destination
(:mod:`.fractional`), its linearisation gives the lower bound, and whole routes come from it by rounding and rerouting
(:mod:`.integer_flows`). The gap is that of the whole routes to the bound.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...errors import SolverError
from ..shared.routes import Routes
from .cost import refresh, table_of
from .flows import DestinationFlows
from .fractional import ROUNDING, Bound, batches, load_all
from .integer_flows import routes_of
from .network import Demand, Network
from .problem import AssignmentProblem, checked_background, checked_network, checked_weight
from .result import AssignmentResult, excess_percent
from .search import AssignmentSearch
from .workers import TreeWorkers

OBJECTIVES = ("system", "user")


def solve(
    problem: AssignmentProblem,
    *,
    objective: str = "system",
    target_gap: float = 0.5,
    most_sweeps: int = 10_000,
    integer: bool = True,
    threads: int | None = None,
    control: Control | None = None,
) -> AssignmentResult:
    """Return routes of all trips with (nearly) the least objective, and how far they can be from the least.

    Parameters
    ----------
    objective : {"system", "user"}
        Least total time, or Beckmann's objective, whose optimum is the user equilibrium.
    target_gap : float
        Percent at which to stop.
    most_sweeps : int
        Sweeps over all trips after which to stop, whatever the gap.
    integer : bool
        Whole vehicles and their routes; else only the fractional flow, and the problem's demand may weight the trips.
    threads : int, optional
        By default the processors, up to 8. The result does not depend on them.
    control : Control, optional
        After the fence of its effort the best so far comes back.

    Raises
    ------
    SolverError, Cancelled
        When the input is not usable; when the user asked to stop.

    Examples
    --------
    Ten trips, one road of 10 s and 1 s more for each vehicle, another of 20 s: at five each one vehicle more costs all
    20 s on both.

    >>> from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
    >>> cost, ends = ArcCost.linear(np.array([10.0, 20.0]), np.array([0.1, 0.0])), np.zeros(10, dtype=int)
    >>> result = solve(AssignmentProblem(np.array([0, 0]), np.array([1, 1]), cost, ends, ends + 1))
    >>> result.flow.tolist(), result.value
    ([5, 5], 175.0)
    """
    control = control or Control()
    if objective not in OBJECTIVES:
        raise SolverError(f"The objective is one of {', '.join(OBJECTIVES)}, not {objective}.")
    system = objective == "system"
    network, source, destination = checked_network(problem)
    cost = problem.cost.checked(len(network.tail))
    table = table_of(cost, checked_background(problem.background, len(network.tail)))
    refresh(system, table)
    weight = checked_weight(problem.demand, len(source), integer)
    task = Task(network, table, system, bool((cost.power == 1.0).all()), source, destination, weight)
    threads = threads or min(os.cpu_count() or 1, 8)
    return assign(task, Run(control, most_sweeps, threads), target_gap, integer)


@dataclass(frozen=True)
class Task:
    """What is to be assigned, checked: network, arcs, kind of objective, ends and weights of the trips (t,)."""

    network: Network
    table: np.ndarray
    system: bool
    quadratic: bool
    source: np.ndarray
    destination: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Run:
    """How the run is watched and stopped, and spread over threads."""

    control: Control
    most_sweeps: int
    threads: int


def free_bound(task: Task, demand: Demand, run: Run) -> tuple[float, np.ndarray]:
    """Return the lower bound at zero flow, over what can be reached, and the trips that cannot reach their end."""
    workers = TreeWorkers(task.network, demand, run.threads)
    try:
        bound = Bound(DestinationFlows(task.network, demand, task.table, task.system, task.quadratic), workers)
        for batch in batches(len(demand)):
            bound.submit(batch)
        least = np.concatenate([np.zeros(0), *bound.travel(run.control)])
    finally:
        workers.close()
    lost = ~np.isfinite(least)
    value = float(least[~lost] @ demand.amount[~lost])
    return value * (1.0 - ROUNDING), np.sort(demand.trips_of(lost))


def assign(task: Task, run: Run, target_gap: float, integer: bool) -> AssignmentResult:
    """Leave out what cannot be reached and search."""
    trips = np.flatnonzero((task.source != task.destination) & (task.weight > 0))
    demand = Demand.of(task.source, task.destination, task.weight, trips)
    lower_bound, unreachable = free_bound(task, demand, run)
    if len(unreachable):
        run.control.log(f"{len(unreachable)} trips cannot reach their destination and are left out.")
        demand = Demand.of(task.source, task.destination, task.weight, np.setdiff1d(trips, unreachable))
    flows = DestinationFlows(task.network, demand, task.table, task.system, task.quadratic)
    workers = TreeWorkers(task.network, demand, run.threads)
    try:
        load_all(flows, workers, run.control)
        search = AssignmentSearch(
            flows, workers, run.control, target_gap, lower_bound, run.most_sweeps
        )  # fmt: skip
        search.run(integer)
        return finish(search, task.source, unreachable)
    finally:
        workers.close()


def finish(search: AssignmentSearch, source: np.ndarray, unreachable: np.ndarray) -> AssignmentResult:
    """Return the result of a finished search, routes included."""
    fractional = search.flows
    best = fractional
    routes = Routes(np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(len(source), dtype=np.int32))
    if search.whole is not None:
        best = search.whole
        routes = routes_of(best, search.workers, source, search.control)
    flow = best.total.copy() if search.whole is None else np.rint(best.total).astype(np.int64)
    gap = excess_percent(best.value, search.lower_bound)
    seconds = search.control.effort.elapsed
    search.control.log(
        f"Assignment of {len(source)} trips to {len(fractional.demand)} destinations: objective {best.value:.6g}, "
        f"lower bound {search.lower_bound:.6g}, at most {gap:.3f} % above the least possible, "
        f"{search.iterations} sweeps, {seconds:.1f} s."
    )
    return AssignmentResult(
        flow=flow,
        value=best.value,
        fractional_value=fractional.value,
        fractional_flow=fractional.total.copy(),
        lower_bound=min(search.lower_bound, best.value),
        gap=gap,
        routes=routes,
        unreachable=unreachable,
        iterations=search.iterations,
        seconds=seconds,
        history=tuple(search.history),
    )
