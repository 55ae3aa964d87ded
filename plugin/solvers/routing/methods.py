"""The methods of routing: each finds routes; all are evaluated in one way ([E] Definition 8; spec 5)."""

from __future__ import annotations

from typing import Callable

import numpy as np

from ..control import Control
from ..errors import SolverError
from .arriving import in_traffic
from .evaluation import Found, Queues, Setting, evaluated
from .present.simulation import ORDER, TIMETABLE
from .queue.greedy import greedy_queue_routes
from .queue.informed import informed_routes
from .shared.choices import BPR, CUMULATIVE, GREEDY, INDIVIDUAL, INFORMED, PRESENT, REFINED, SYSTEM_OPTIMAL
from .shared.descent import rank
from .shared.greedy import InTime, greedy_routes
from .shared.individual import individual_routes
from .shared.routes import Routes

# By effort: percent at which the static system optimum is good enough, and sweeps after which the search ends anyway.
TARGET_GAPS, MOST_SWEEPS = (1.0, 0.1, 0.01), (50, 500, 5000)


def individual(setting: Setting, control: Control) -> Found:
    """Each on its own fastest way, that arrives in time where something closes: the baseline."""
    if setting.safe is not None:
        return Found(setting.safe)
    return Found(individual_routes(setting.problem, setting.trees, control))


def greedy(setting: Setting, control: Control) -> Found:
    """Algorithm 2."""
    if setting.queues is not None:
        return Found(
            greedy_queue_routes(
                setting.problem, setting.queues.roads, setting.trees, stuck_seconds=setting.queues.stuck_seconds,
                safe=setting.safe, control=control,
            )
        )  # fmt: skip
    known = None
    if setting.safe is not None and setting.latest is not None:
        known = InTime(setting.safe, setting.latest)
    routes = greedy_routes(setting.problem, setting.trees, setting.flow_model, setting.static, control, known)
    return Found(routes)


def informed(setting: Setting, control: Control) -> Found:
    """Nobody plans; drivers have navigation (``queue``)."""
    if setting.queues is None:
        raise SolverError("METHOD: informed needs FLOW_MODEL queue.")
    roads, stuck_seconds, reroute_minutes, _ = setting.queues
    routes = informed_routes(
        setting.problem, roads, setting.trees, reroute_minutes=reroute_minutes, stuck_seconds=stuck_seconds,
        safe=setting.safe, control=control,
    )  # fmt: skip
    return Found(routes, without_plan=routes)


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
    if setting.problem.closings and setting.flow_model == PRESENT and not as_if_open(setting, found, control):
        return refined_among(setting, [start.routes, found.routes], rest)
    before, after = (evaluated(setting, each, control).seconds for each in (start, found))
    control.log(f"{changes} changes (Add, Drop, Swap) save {before - after:,.0f} of {before:,.0f} vehicle-seconds.")
    if after > before:  # rounding of the last digits at most
        found, after = start, before
    return Found(found.routes, found.schedule, history=((0.0, before), (control.effort.elapsed, after)))


def as_if_open(setting: Setting, found: Found, control: Control) -> bool:
    """Return whether nothing that closes touches anybody by these routes under ``present``."""
    lasted, schedule = evaluated(setting, found, control), found.schedule or setting.simulated(found.routes, control)
    if lasted.fate is not None or lasted.schedule is None:
        return False
    return np.array_equal(lasted.schedule.entry, schedule.entry)


def refined_among(setting: Setting, starts: list[Routes], control: Control) -> Found:
    """Algorithm 3 where something closes, from the better of ``starts`` (``present``)."""
    from .present.closed_refined import refined_among_closings

    control.log(
        "Something closes, or the hazard comes, before everybody has arrived: refined tries each change by simulating "
        "everybody, as far as its EFFORT goes."
    )
    ways = min(starts, key=lambda routes: worth(setting, routes, control))
    before = worth(setting, ways, control)
    plan, changes, used_up = refined_among_closings(setting.problem, ways, setting.epsilon, control)
    control.log(
        f"{changes} changes (Add, Drop, Swap): {before[0]:.0f} people caught before, {plan.caught:.0f} after; those "
        f"who arrive take {before[1]:,.0f} and {plan.seconds:,.0f} vehicle-seconds."
    )
    history = (0.0, before[1]), (control.effort.elapsed, plan.seconds)
    return Found(plan.routes, history=history, used_up=used_up)


def worth(setting: Setting, routes: Routes, control: Control) -> tuple[float, float]:
    """Return by what plans are compared: people caught, then vehicle-seconds of who arrives."""
    lasted = evaluated(setting, Found(routes), control)
    return lasted.people_caught(setting.problem), lasted.seconds


def system_optimal(setting: Setting, control: Control) -> Found:
    """Ours: by marginal costs of exact runs under ``queue``, sweeps under ``present``, static under ``cumulative``."""
    if setting.queues is not None:
        return queue_optimum(setting, setting.queues, control)
    free = control.part(0.0, 0.7) if setting.max_routes else control
    if setting.flow_model == CUMULATIVE:
        return limited(setting, static_optimum(setting, True, free), control.part(0.7, 1.0))
    start = greedy(setting, free.part(0.0, 0.1))
    if closes_meanwhile(setting, start, control):
        return closed_optimum(setting, start, control)
    found = sweeps(setting, start, free.part(0.1, 1.0))
    if closes_meanwhile(setting, found, control):
        return closed_optimum(setting, found, control)
    return limited(setting, found, control.part(0.7, 1.0))


def closes_meanwhile(setting: Setting, found: Found, control: Control) -> bool:
    """Return whether anything closes before everybody has arrived by these routes, or somebody does not."""
    if not setting.problem.closings:
        return False
    lasted = evaluated(setting, found, control)
    return (
        lasted.fate is not None or lasted.schedule is None or setting.problem.closings.first() < lasted.schedule.last()
    )


def sweeps(setting: Setting, start: Found, control: Control) -> Found:
    """The search of ``present`` without a limit, as if nothing closed."""
    from .present.system_optimal import system_optimal_schedule

    recorded = setting.simulated(start.routes, control, record=TIMETABLE)
    schedule, history, used_up = system_optimal_schedule(setting.problem, setting.trees, recorded, control)
    return Found(setting.distinct(schedule, control), schedule, history=tuple(history), used_up=used_up)


def closed_optimum(setting: Setting, found: Found, control: Control) -> Found:
    """Under ``present`` where something closes, from individual routes and those ``found``, and ways that arrive in
    time in the traffic of these.

    Without MAX_ROUTES it is never worse than the best of them.
    """
    from .present.closed_optimal import optimum_among_closings
    from .present.limited import PresentMoves

    unseen, moves = control.unseen(), PresentMoves(setting.problem)
    starts = [moves.judged(routes, unseen) for routes in (individual(setting, unseen).routes, found.routes)]
    at = min(starts, key=rank)
    for _ in range(2):
        at = moves.judged(in_traffic(setting, at.routes, at.run.schedule, at.run.fate, unseen), unseen)
        starts.append(at)
    best = optimum_among_closings(moves, setting.trees, setting.latest, starts, setting.max_routes, control)
    plan = best.optimum.planned
    return Found(
        plan.routes, history=best.optimum.history, used_up=best.optimum.used_up, unlimited_time=best.unlimited,
        exceeding=best.exceeding,
    )  # fmt: skip


def limited(setting: Setting, free: Found, control: Control) -> Found:
    """Return the plan with at most MAX_ROUTES ways from an origin to a destination (``present``, ``cumulative``)."""
    if not setting.max_routes:
        return free
    starts = [free.routes, individual(setting, control.unseen()).routes]
    if setting.flow_model == CUMULATIVE:
        from .cumulative.limited import limited_assignment

        few, exceeding = limited_assignment(setting.problem, setting.static, starts, setting.max_routes, control)
    else:
        from .present.limited import limited_schedule

        few, exceeding = limited_schedule(setting.problem, starts, setting.max_routes, control)
    unlimited = min(evaluated(setting, free, control).seconds, few.planned.seconds)
    return Found(
        few.planned.routes, lower_bound=free.lower_bound, history=few.history, used_up=free.used_up and few.used_up,
        unlimited_time=unlimited, exceeding=exceeding,
    )  # fmt: skip


def queue_optimum(setting: Setting, queues: Queues, control: Control) -> Found:
    """From individual, greedy and informed routes; without MAX_ROUTES never worse than the best of them."""
    from .queue.system_optimal import system_optimum

    starts = [
        individual(setting, control.part(0.0, 0.02)).routes,
        greedy(setting, control.part(0.02, 0.05)).routes,
        informed(setting, control.part(0.05, 0.25)).routes,
    ]
    best = system_optimum(
        setting.problem, queues.roads, setting.trees, starts, setting.max_routes, stuck_seconds=queues.stuck_seconds,
        control=control.part(0.25, 1.0),
    )  # fmt: skip
    plan = best.optimum.planned
    stays = ~plan.run.arrived & (plan.run.plan.hops == 0)
    if stays.any():
        control.log(
            f"{stays.sum()} vehicles, {setting.problem.people[stays].sum():.0f} people, arrive in time by no way that "
            "was found among the others: they do not leave, so as to stand in nobody's way."
        )
    return Found(
        plan.routes, history=best.optimum.history, used_up=best.optimum.used_up, run=plan.run,
        without_plan=starts[-1], unlimited_time=best.unlimited, exceeding=best.exceeding,
        unlimited_caught=best.unlimited_caught,
    )  # fmt: skip


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
    INFORMED: informed,
}
