"""The four methods of routing: each finds routes; all are evaluated in one way ([E] Definition 8; spec 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..control import Control
from .cumulative.static_flow import static_travel
from .present.simulation import ORDER, TIMETABLE, simulate
from .shared.choices import BPR, CUMULATIVE, GREEDY, INDIVIDUAL, PRESENT, REFINED, SYSTEM_OPTIMAL
from .shared.greedy import greedy_routes
from .shared.individual import individual_routes
from .shared.problem import RoutingProblem
from .shared.routes import Routes, distinct
from .shared.schedule import Schedule
from .shared.trees import Trees

# By effort: percent at which the static system optimum is good enough, and sweeps after which the search ends anyway.
TARGET_GAPS, MOST_SWEEPS = (1.0, 0.1, 0.01), (50, 500, 5000)


@dataclass(frozen=True)
class Setting:
    """What the steps of one run share: the routed problem, its trees, how it is evaluated."""

    problem: RoutingProblem
    trees: Trees
    flow_model: int
    static: np.ndarray
    epsilon: float

    def simulated(self, routes: Routes, control: Control, record: int = 0) -> Schedule:
        """Return the schedule of routes under ``present``."""
        return simulate(self.problem, routes, control=control.unseen(), record=record)

    def distinct(self, schedule: Schedule, control: Control) -> Routes:
        """Return the routes of a schedule."""
        return distinct(schedule.indptr, schedule.arc, self.problem.source, control)


@dataclass(frozen=True)
class Found:
    """Routes of a method; where they came along: their schedule, a lower bound, how the total time fell.

    ``used_up`` is whether the counted work ran out before the search had come to its own end.
    """

    routes: Routes
    schedule: Schedule | None = None
    lower_bound: float | None = None
    history: tuple[tuple[float, float], ...] = ()
    used_up: bool = False


def evaluated(setting: Setting, found: Found, control: Control) -> tuple[np.ndarray, Schedule | None]:
    """Return every trip's travel time (t,) and, under ``present``, the schedule: the one evaluator of all methods."""
    if setting.flow_model == CUMULATIVE:
        return static_travel(setting.problem, found.routes, setting.static), None
    schedule = found.schedule or setting.simulated(found.routes, control)
    return schedule.arrival - setting.problem.departure, schedule


def individual(setting: Setting, control: Control) -> Found:
    """Each on its own fastest way: the baseline."""
    return Found(individual_routes(setting.problem, setting.trees, control))


def greedy(setting: Setting, control: Control) -> Found:
    """Algorithm 2."""
    return Found(greedy_routes(setting.problem, setting.trees, setting.flow_model, setting.static, control))


def refined(setting: Setting, control: Control) -> Found:
    """Algorithm 3 from the greedy routes; never worse than those."""
    start, rest = greedy(setting, control.part(0.0, 0.3)), control.part(0.3, 1.0)
    if setting.flow_model == PRESENT:
        from .present.refined import refined_present_schedule

        recorded = setting.simulated(start.routes, control, record=ORDER)
        start = Found(start.routes, recorded)
        schedule, changes = refined_present_schedule(setting.problem, recorded, setting.epsilon, rest)
        found = Found(setting.distinct(schedule, control), schedule)
    else:
        from .cumulative.refined import refined_static_routes

        routes, changes = refined_static_routes(setting.problem, start.routes, setting.static, setting.epsilon, rest)
        found = Found(routes)
    before, after = (float(evaluated(setting, f, control)[0].sum()) for f in (start, found))
    control.log(f"{changes} changes (Add, Drop, Swap) save {before - after:,.0f} of {before:,.0f} vehicle-seconds.")
    if after > before:  # rounding of the last digits at most
        found, after = start, before
    return Found(found.routes, found.schedule, history=((0.0, before), (control.effort.elapsed, after)))


def system_optimal(setting: Setting, control: Control) -> Found:
    """Ours: sweeps under ``present``, static assignment at marginal cost under ``cumulative``."""
    if setting.flow_model == CUMULATIVE:
        return static_optimum(setting, True, control)
    from .present.system_optimal import system_optimal_schedule

    start = setting.simulated(greedy(setting, control.part(0.0, 0.1)).routes, control, record=TIMETABLE)
    schedule, history, used_up = system_optimal_schedule(setting.problem, setting.trees, start, control.part(0.1, 1.0))
    return Found(setting.distinct(schedule, control), schedule, history=tuple(history), used_up=used_up)


def static_optimum(setting: Setting, integer: bool, control: Control) -> Found:
    """Static system optimum with its certified bound; routes are empty when not ``integer``."""
    from .cumulative.cost import ArcCost
    from .cumulative.problem import AssignmentProblem
    from .cumulative.solve import solve as assign

    problem, cost = setting.problem, setting.problem.cost
    if cost.kind == BPR:
        arc_cost = ArcCost.bpr(cost.free_flow, cost.room, cost.a, cost.b)
    else:
        arc_cost = ArcCost.linear(cost.free_flow, cost.a / cost.room)
    result = assign(
        AssignmentProblem(
            problem.tail,
            problem.head,
            arc_cost,
            problem.source,
            problem.destination,
            setting.static,
            nodes=problem.nodes,
        ),
        target_gap=control.effort.pick(*TARGET_GAPS),
        most_sweeps=control.effort.pick(*MOST_SWEEPS),
        integer=integer,
        control=control,
    )
    return Found(result.routes, lower_bound=result.lower_bound)


METHODS: dict[int, Callable[[Setting, Control], Found]] = {
    INDIVIDUAL: individual,
    GREEDY: greedy,
    REFINED: refined,
    SYSTEM_OPTIMAL: system_optimal,
}
