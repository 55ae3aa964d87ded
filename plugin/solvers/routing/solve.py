"""Routes for all trips by one of the methods, evaluated under one of the flow models ([E] Definition 8; spec 5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ..control import Control, Log
from ..dependencies import how_to_install
from ..effort import QUICK, THOROUGH, Effort
from ..errors import SolverError
from ..kernels import awaits_compiling, kernels_compiled
from .arriving import in_time, of_arrived, with_those_who_stay
from .compiling import small_problem
from .evaluation import Evaluation, Found, Queues, Setting, evaluated
from .evidence import journeys_of, queue_evidence
from .methods import METHODS, individual, static_optimum
from .queue.certificate import certify as certify_queues
from .queue.network import roads_of
from .queue.places import places_of
from .queue.simulation import QueueRun
from .result import RoutingResult
from .shared.choices import (
    COST_NAMES,
    CUMULATIVE,
    FLOW_MODEL_NAMES,
    INDIVIDUAL,
    LINEAR,
    METHOD_NAMES,
    PRESENT,
    QUEUE,
    REROUTE_MINUTES,
    STUCK_SECONDS,
    SYSTEM_OPTIMAL,
    refuse_method,
    refuse_mismatch,
)
from .shared.menu_moves import limit_catches, too_many_ways
from .shared.problem import RoutingProblem
from .shared.routes import each_once
from .shared.trees import Trees, follow_tree, reverse_trees
from .shared.volume_delay import least_background, passing_background, times_at
from .shared.widths import narrowed
from .sharing import found_in_sweeps

LEAST_DELAY = 1e-6  # seconds of all vehicles together: less is rounding
ROUNDING = 1e-9  # of a sum of times


def solve(
    problem: RoutingProblem,
    *,
    method: int = SYSTEM_OPTIMAL,
    flow_model: int | None = None,
    epsilon: float = 0.02,
    certify: bool | None = None,
    period: float = 3600.0,
    stuck_seconds: float = STUCK_SECONDS,
    reroute_minutes: float = REROUTE_MINUTES,
    max_routes: int = 0,
    control: Control | None = None,
) -> RoutingResult:
    """Find routes from every trip's source to its destination with a small total travel time.

    Parameters
    ----------
    method : int
        INDIVIDUAL, GREEDY, REFINED (not under QUEUE), SYSTEM_OPTIMAL or INFORMED (QUEUE only).
    flow_model : int, optional
        QUEUE, PRESENT or CUMULATIVE; by default QUEUE where the arcs have capacities, else PRESENT.
    epsilon : float
        REFINED: the gain that a change must bring, as a fraction of the route's own time.
    certify : bool, optional
        Whether to give a lower bound; by default only with SYSTEM_OPTIMAL.
    period : float
        CUMULATIVE: seconds from t = 0 in which the vehicles pass; the background is averaged over them.
    stuck_seconds : float
        QUEUE: after so long at a standstill a vehicle is let into a full road; 0: no road is ever full.
    reroute_minutes : float
        QUEUE: how often informed drivers look for a better way.
    max_routes : int
        SYSTEM_OPTIMAL: ways that an origin's trips to a destination may take; 0: any.
    control : Control, optional
        Its effort says how thoroughly the improving methods search, in counted steps; the fence starts once the kernels
        are compiled. By default normal, without a fence.

    Raises
    ------
    SolverError
        When the cost function does not go with the flow model, or the input is not usable.
    Cancelled
        When the user stops.

    Examples
    --------
    Ten trips, one road of 10 s and 1 s more for each vehicle, another of 20 s: with five on each the total is
    5 * 15 + 5 * 20 s; on the first road alone it is 10 * 20 s.

    >>> from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
    >>> from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
    >>> cost = road_cost(LINEAR, np.array([10.0, 20.0]), np.array([1.0, np.inf]), a=0.1)
    >>> trips = TripTable([0] * 10, [1] * 10, np.zeros(10))
    >>> problem = routing_problem(Arcs(2, [0, 0], [1, 1], cost), trips)
    >>> result = solve(problem, flow_model=CUMULATIVE)
    >>> result.total_time, result.individual_time, result.reduction
    (175.0, 200.0, 12.5)
    """
    control = control or Control()
    certify = method == SYSTEM_OPTIMAL if certify is None else certify
    if flow_model is None:
        flow_model = QUEUE if np.isfinite(problem.capacity).any() else PRESENT
    choices = Choices(method, flow_model, epsilon, certify, period, stuck_seconds, reroute_minutes, max_routes)
    _refuse(choices, problem.cost.kind)
    _explain(problem, flow_model, control.log)
    _compile(choices, problem.cost.kind, control)
    control.effort.begin()
    return _routed(problem, choices, control)


@dataclass(frozen=True)
class Choices:
    """What :func:`solve` was asked to do."""

    method: int
    flow_model: int
    epsilon: float
    certify: bool
    period: float
    stuck_seconds: float
    reroute_minutes: float
    max_routes: int = 0


# methods, flow models, bounds, limits whose kernels are ready in this process
_compiled: set[tuple[int, int, bool, bool]] = set()


def _compile(choices: Choices, kind: int, control: Control) -> None:
    """Compile every kernel that a run calls, so that no clock runs meanwhile; cancelling waits for one kernel."""
    ready = choices.method, choices.flow_model, choices.certify, choices.max_routes > 0
    if not kernels_compiled() or ready in _compiled:
        return
    control.progress(0.0, "Compiling")
    _routed(small_problem(kind), choices, control.unseen().unlogged().with_effort(Effort(QUICK)))
    _compiled.add(ready)


def _routed(problem: RoutingProblem, choices: Choices, control: Control) -> RoutingResult:
    """Return routes of the trips that can arrive, evaluated, with baseline and bound."""
    method, flow_model = choices.method, choices.flow_model
    control.progress(0.0, "Fastest ways to each destination")
    trees = reverse_trees(problem, control=control.part(0.0, 0.1))
    problem, trees, there, fastest = _reachable(problem, trees, control.log)
    static = passing_background(problem.cost, choices.period) if flow_model == CUMULATIVE else np.zeros(problem.arcs)
    queues = None
    if flow_model == QUEUE:
        queues = Queues(roads_of(problem), choices.stuck_seconds, choices.reroute_minutes, places_of(problem))
    whole = Setting(problem, trees, flow_model, static, choices.epsilon, queues, choices.max_routes)
    setting, goes = in_time(whole, control, moments=method != INDIVIDUAL)
    control.progress(0.1, f"Routes, {METHOD_NAMES[method]}")
    with ThreadPoolExecutor(1) as beside:  # the baseline, meanwhile
        baseline = beside.submit(_alone, setting, control.unseen()) if method != INDIVIDUAL else None
        first = individual(setting, control.unseen()).routes if setting.problem.shares_widths else None
        part = control.part(0.1, 0.95)
        if first is None:
            found = METHODS[method](setting, part)
        else:
            found = found_in_sweeps(setting, first, METHODS[method], method == SYSTEM_OPTIMAL, part)
        of_these = evaluated(setting, found, control.unseen())
        alone = of_these if baseline is None else baseline.result()
    routes, came_of_it, staying = found.routes, of_these, float(problem.people[~goes].sum())
    if not goes.all():
        routes = with_those_who_stay(routes, goes)
        came_of_it = evaluated(whole, Found(routes), control.unseen())
    everybody = came_of_it.fate is None
    certify = choices.certify and everybody  # no bound is of those alone who arrive
    bound, bound_name = found.lower_bound, "convex relaxation of the static assignment"
    if certify and bound is None:
        bound, bound_name = _lower_bound(setting, of_these.run, control.unseen())
    evidence = None
    if of_these.run is not None and queues is not None:
        evidence = queue_evidence(setting, setting.queues or queues, found, of_these.run, certify, control.unseen())
        evidence = replace(evidence, informed_caught=evidence.informed_caught + staying)
    control.progress(1.0, "")
    total = came_of_it.seconds
    in_vain = _in_vain(choices, found, total - float(fastest.sum()))
    warnings = _warnings(found, control.effort, in_vain, choices.max_routes)
    if choices.max_routes and found.unlimited_caught is not None:
        lost = came_of_it.people_caught(problem), found.unlimited_caught + staying
        warnings += limit_catches(choices.max_routes, *lost)
    if in_vain and not warnings:
        control.log("No change of a route saves anything: the greedy routes could not be improved on.")
    if choices.max_routes or evidence is not None:
        routes = each_once(routes, problem.source, control.unseen())
    result = RoutingResult(
        method=method,
        flow_model=flow_model,
        routed=np.flatnonzero(there),
        unreachable=np.flatnonzero(~there),
        problem=problem if queues is None else narrowed(problem, routes),
        routes=routes,
        travel=came_of_it.travel,
        fastest=fastest,
        static=static,
        individual_time=alone.seconds,
        lower_bound=_undercut(bound, total) if certify else None,
        bound_name=bound_name if certify else "",
        history=found.history,
        seconds=control.effort.elapsed,
        queue=evidence,
        warnings=warnings,
        unlimited_time=found.unlimited_time,
        individual_caught=alone.people_caught(setting.problem) + staying,
        _schedules=[] if came_of_it.schedule is None else [came_of_it.schedule.unrecorded()],
    )
    return of_arrived(result, came_of_it, control)


def _in_vain(choices: Choices, found: Found, delay: float) -> bool:
    """Return whether the search found nothing better than the greedy routes, though there is ``delay`` (s) to save."""
    searched = choices.method == SYSTEM_OPTIMAL and choices.flow_model == PRESENT
    return searched and len(found.history) == 1 and delay > LEAST_DELAY


def _warnings(found: Found, effort: Effort, in_vain: bool, max_routes: int = 0) -> tuple[str, ...]:
    """Return what a reader must know of a search that ended before its own end."""
    nothing = (
        "METHOD: system optimal has found nothing better than the greedy routes within its EFFORT; the plan is that of "
        "the greedy method."
    )
    if effort.level != THOROUGH:
        nothing += " A larger EFFORT searches further."
    unfinished = found.used_up or effort.stopped_early
    more = too_many_ways(found.exceeding, max_routes)
    texts = effort.warning(), nothing if in_vain and unfinished else "", more
    return tuple(text for text in texts if text)


def _undercut(bound: float | None, total: float) -> float | None:
    """Return a lower bound without the last digits by which sums made in another order put it above the total."""
    if bound is not None and total < bound <= total * (1.0 + ROUNDING):
        return total
    return bound


def _alone(setting: Setting, control: Control) -> Evaluation:
    """Return what comes of it when each takes its own fastest way."""
    return evaluated(setting, individual(setting, control), control)


def _refuse(choices: Choices, cost: int) -> None:
    """Refuse choices that do not exist or do not go together."""
    method, flow_model, epsilon = choices.method, choices.flow_model, choices.epsilon
    if method not in METHODS or flow_model not in range(len(FLOW_MODEL_NAMES)):
        raise SolverError(f"METHOD {method} or FLOW_MODEL {flow_model} does not exist.")
    if not (np.isfinite(epsilon) and epsilon >= 0):
        raise SolverError(f"EPSILON must be at least 0, not {epsilon}.")
    for name, value in (("STUCK_SECONDS", choices.stuck_seconds), ("REROUTE_MINUTES", choices.reroute_minutes)):
        if not (np.isfinite(value) and value >= 0):
            raise SolverError(f"{name} must be at least 0, not {value}.")
    if choices.max_routes < 0:
        raise SolverError(f"MAX_ROUTES must be at least 0, not {choices.max_routes}.")
    refuse_mismatch(flow_model, cost)
    refuse_method(flow_model, method)


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
    if flow_model == QUEUE:
        say(
            f"Flow model queue: {problem.trips} vehicles on {problem.nodes} nodes and {problem.arcs} directed arcs, "
            "each with a free-flow time, a capacity at its end and room for so many vehicles."
        )
    else:
        say(
            f"Flow model {FLOW_MODEL_NAMES[flow_model]}, cost {COST_NAMES[problem.cost.kind]}: {problem.trips} "
            f"vehicles on {problem.nodes} nodes and {problem.arcs} directed arcs."
        )
    if problem.cost.kind == LINEAR and flow_model != QUEUE:
        say(
            "The linear cost counts vehicles whatever a road's length or lanes: the result depends on how roads are "
            "split, and no road has a limit. It is offered to reproduce the paper."
        )
    if not kernels_compiled():
        say(f"The package numba is not used, so this runs in plain Python, much slower.\n{how_to_install('numba')}")
    elif awaits_compiling(follow_tree):
        say("The first run of a method compiles it, which takes up to a minute; no limit counts that.")


def _lower_bound(setting: Setting, run: QueueRun | None, control: Control) -> tuple[float, str]:
    """Return a bound that no routes can undercut, and its name."""
    if setting.flow_model == CUMULATIVE:
        bound = static_optimum(setting, False, control).lower_bound
        return float(bound or 0.0), "convex relaxation of the static assignment"
    problem = setting.problem
    if setting.queues is not None:
        proof = certify_queues(setting.queues.roads, journeys_of(problem), run, control)
        return proof.lower_bound, proof.name
    least = least_background(problem.cost)
    name = "free-flow bound: everybody's fastest way on roads that are empty but for the least background flow"
    if not least.any():
        return float(setting.trees.seconds[setting.trees.row, problem.source].sum()), name
    trees = reverse_trees(problem, times_at(problem.cost, least), control=control)
    return float(trees.seconds[trees.row, problem.source].sum()), name
