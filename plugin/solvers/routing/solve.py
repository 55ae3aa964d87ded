"""Routes for all trips by one of four methods, evaluated under one of two flow models ([E] Definition 8; spec 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, SolverError, never, no_progress, part
from ..dependencies import how_to_install
from ..kernels import kernels_compiled
from .greedy import greedy_routes
from .individual import individual_routes
from .problem import (
    CUMULATIVE,
    FLOW_MODEL_NAMES,
    GREEDY,
    INDIVIDUAL,
    METHOD_NAMES,
    PRESENT,
    REFINED,
    SYSTEM_OPTIMAL,
    RoutingProblem,
    refuse_mismatch,
)
from .result import RoutingResult
from .routes import Routes, distinct
from .simulation import ORDER, TIMETABLE, Schedule, simulate
from .static_flow import static_travel
from .trees import Trees, reverse_trees
from .volume_delay import BPR, COST_NAMES, LINEAR, least_background, mean_background, times_at

TARGET_GAP = 0.1  # percent at which the static system optimum is good enough
Log = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """What the steps of one run share: the routed problem, its trees, how it is evaluated, when to stop."""

    problem: RoutingProblem
    trees: Trees
    flow_model: int
    static: np.ndarray
    epsilon: float
    deadline: Deadline
    cancelled: IsCancelled
    log: Log


@dataclass(frozen=True)
class Found:
    """Routes of a method; where they came along: travel times (t,), a bound, how the total time fell."""

    routes: Routes
    lower_bound: float | None = None
    travel: np.ndarray | None = None
    history: tuple[tuple[float, float], ...] = ()


def solve(
    problem: RoutingProblem,
    *,
    method: int = SYSTEM_OPTIMAL,
    flow_model: int = PRESENT,
    epsilon: float = 0.02,
    certify: bool | None = None,
    period: float = 3600.0,
    time_limit: float = 60.0,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Log | None = None,
) -> RoutingResult:
    """Find routes from every trip's source to its destination with a small total travel time.

    Parameters
    ----------
    method : int
        INDIVIDUAL, GREEDY, REFINED or SYSTEM_OPTIMAL.
    flow_model : int
        PRESENT or CUMULATIVE.
    epsilon : float
        REFINED: the gain that a change must bring, as a fraction of the route's own time.
    certify : bool, optional
        Whether to give a lower bound; by default only with SYSTEM_OPTIMAL.
    period : float
        CUMULATIVE: seconds from t = 0 over which the background flow is averaged.
    time_limit : float
        Seconds of wall time for the improving methods; the best so far is returned. 0 is none.

    Raises
    ------
    SolverError
        When the cost function does not go with the flow model, or the input is not usable.
    Cancelled
        When the user stops.
    """
    _refuse(method, flow_model, epsilon, problem.cost.kind)
    deadline, say = Deadline(time_limit), log or (lambda text: None)
    _explain(problem, flow_model, say)
    certify = method == SYSTEM_OPTIMAL if certify is None else certify
    progress(0.0, "Fastest ways to each destination")
    trees = reverse_trees(problem, progress=part(progress, 0.0, 0.1), cancelled=cancelled)
    problem, trees, there, fastest = _reachable(problem, trees, say)
    static = mean_background(problem.cost, 0.0, period) if flow_model == CUMULATIVE else np.zeros(problem.arcs)
    setting = Setting(problem, trees, flow_model, static, epsilon, deadline, cancelled, say)
    alone = individual_routes(problem, trees)
    alone_travel = _travel(setting, alone)
    progress(0.15, f"Routes, {METHOD_NAMES[method]}")
    found = (
        Found(alone, travel=alone_travel)
        if method == INDIVIDUAL
        else _METHODS[method](setting, part(progress, 0.15, 0.95))
    )
    if deadline.passed():
        say(f"TIME_LIMIT: the search was stopped after {deadline.elapsed:.0f} s; a longer one may find a better plan.")
    bound, bound_name = found.lower_bound, "convex relaxation of the static assignment"
    if certify and bound is None:
        bound, bound_name = _lower_bound(setting)
    progress(1.0, "")
    return RoutingResult(
        method=method,
        flow_model=flow_model,
        routed=np.flatnonzero(there),
        unreachable=np.flatnonzero(~there),
        problem=problem,
        routes=found.routes,
        travel=_travel(setting, found.routes) if found.travel is None else found.travel,
        fastest=fastest,
        static=static,
        individual_time=float(alone_travel.sum()),
        lower_bound=bound if certify else None,
        bound_name=bound_name if certify else "",
        history=found.history,
        seconds=deadline.elapsed,
    )


def _refuse(method: int, flow_model: int, epsilon: float, cost: int) -> None:
    """Refuse choices that do not exist or do not go together."""
    if method not in range(4) or flow_model not in (PRESENT, CUMULATIVE):
        raise SolverError(f"METHOD {method} or FLOW_MODEL {flow_model} does not exist.")
    if not (np.isfinite(epsilon) and epsilon >= 0):
        raise SolverError(f"EPSILON must be at least 0, not {epsilon}.")
    refuse_mismatch(flow_model, cost)


def _reachable(problem: RoutingProblem, trees: Trees, say: Log) -> tuple[RoutingProblem, Trees, np.ndarray, np.ndarray]:
    """Return problem and trees without the trips that cannot arrive, which trips (t,) can, and their fastest times."""
    fastest = trees.seconds[trees.row, problem.source] if problem.trips else np.empty(0)
    there = np.isfinite(fastest)
    if not there.all():
        say(f"{(~there).sum()} of {problem.trips} vehicles cannot reach their destination and are not routed.")
        problem = problem.only(np.flatnonzero(there))
        trees = Trees(trees.destinations, trees.row[there], trees.seconds, trees.toward)
    return problem, trees, there, fastest[there]


def _explain(problem: RoutingProblem, flow_model: int, say: Log) -> None:
    """Log what a reader of the result must know."""
    say(
        f"Flow model {FLOW_MODEL_NAMES[flow_model]}, cost {COST_NAMES[problem.cost.kind]}: {problem.trips} vehicles on "
        f"{problem.nodes} junctions and {problem.arcs} directed roads."
    )
    if problem.cost.kind == LINEAR:
        say(
            "The linear cost counts vehicles whatever a road's length or lanes: the result depends on how roads are "
            "split, and no road has a limit. It is offered to reproduce the paper."
        )
    if not kernels_compiled():
        say(f"The package numba is not used, so this runs in plain Python, much slower.\n{how_to_install('numba')}")


def _travel(setting: Setting, routes: Routes) -> np.ndarray:
    """Return the travel time (t,) of every trip: the one evaluator of all methods."""
    if setting.flow_model == PRESENT:
        return _simulated(setting, routes).arrival - setting.problem.departure
    return static_travel(setting.problem, routes, setting.static)


def _simulated(setting: Setting, routes: Routes, record: int = 0) -> Schedule:
    return simulate(setting.problem, routes, cancelled=setting.cancelled, record=record)


def _greedy(setting: Setting, progress: Progress) -> Found:
    """Algorithm 2."""
    return Found(
        greedy_routes(setting.problem, setting.trees, setting.flow_model, setting.static, progress, setting.cancelled)
    )


def _refined(setting: Setting, progress: Progress) -> Found:
    """Algorithm 3 from the greedy routes; never worse than those."""
    from .refined_present import refined_present_routes
    from .refined_static import refined_static_routes

    start, problem = _greedy(setting, part(progress, 0.0, 0.3)).routes, setting.problem
    bar, deadline, cancelled = part(progress, 0.3, 1.0), setting.deadline, setting.cancelled
    if setting.flow_model == PRESENT:
        schedule = _simulated(setting, start, record=ORDER)
        refined, changes = refined_present_routes(problem, schedule, setting.epsilon, deadline, bar, cancelled)
        routes = distinct(refined.indptr, refined.arc, problem.source)
        old, travel = schedule.arrival - problem.departure, refined.arrival - problem.departure
    else:
        routes, changes = refined_static_routes(
            problem, start, setting.static, setting.epsilon, deadline, bar, cancelled
        )
        old, travel = _travel(setting, start), _travel(setting, routes)
    before, after = float(old.sum()), float(travel.sum())
    setting.log(f"{changes} changes (Add, Drop, Swap) save {before - after:,.0f} of {before:,.0f} vehicle-seconds.")
    if after > before:  # rounding of the last digits at most
        routes, travel, after = start, old, before
    return Found(routes, travel=travel, history=((0.0, before), (deadline.elapsed, after)))


def _system_optimal(setting: Setting, progress: Progress) -> Found:
    """Ours: sweeps under ``present``, static assignment at marginal cost under ``cumulative``."""
    if setting.flow_model == CUMULATIVE:
        return _static_optimum(setting, True, progress)
    from .sweep import system_optimal_routes

    start = _simulated(setting, _greedy(setting, part(progress, 0.0, 0.1)).routes, record=TIMETABLE)
    routes, history = system_optimal_routes(
        setting.problem, setting.trees, start, setting.deadline, part(progress, 0.1, 1.0), setting.cancelled,
        setting.log,
    )  # fmt: skip
    return Found(routes, history=tuple(history))


def _static_optimum(setting: Setting, integer: bool, progress: Progress = no_progress) -> Found:
    """Static system optimum with its certified bound; routes are empty when not ``integer``."""
    from .assignment.cost import ArcCost
    from .assignment.solve import solve as assign

    problem, cost = setting.problem, setting.problem.cost
    if cost.kind == BPR:
        arc_cost = ArcCost.bpr(cost.free_flow, cost.room, cost.a, cost.b)
    else:
        arc_cost = ArcCost.linear(cost.free_flow, cost.a)
    result = assign(
        problem.tail, problem.head, arc_cost, setting.static, problem.source, problem.destination,
        target_gap=TARGET_GAP, time_limit=max(setting.deadline.remaining, 0.1),
        integer=integer, nodes=problem.nodes, progress=progress, cancelled=setting.cancelled, log=setting.log,
    )  # fmt: skip
    return Found(result.routes, result.lower_bound)


def _lower_bound(setting: Setting) -> tuple[float, str]:
    """Return a bound that no routes can undercut, and its name."""
    if setting.flow_model == CUMULATIVE:
        bound = _static_optimum(setting, False).lower_bound
        return float(bound or 0.0), "convex relaxation of the static assignment"
    problem = setting.problem
    least = least_background(problem.cost)
    name = "free-flow bound: everybody's fastest way on roads that are empty but for the least background flow"
    if not least.any():
        return float(setting.trees.seconds[setting.trees.row, problem.source].sum()), name
    trees = reverse_trees(problem, times_at(problem.cost, least), cancelled=setting.cancelled)
    return float(trees.seconds[trees.row, problem.source].sum()), name


_METHODS = {GREEDY: _greedy, REFINED: _refined, SYSTEM_OPTIMAL: _system_optimal}
