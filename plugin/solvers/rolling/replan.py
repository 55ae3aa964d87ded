"""Better ways for those who are on the way, by what is known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.exchange import exchanged
from ..routing.queue.informed import informed_routes
from ..routing.queue.safe_ways import safe_ways
from ..routing.queue.simulation import QueueRun
from ..routing.shared.descent import descend, rank
from ..routing.shared.routes import Routes, with_routes_of
from .rest import Ahead, Bound, Rest, RestMoves, Rooms
from .running import joined

STEPS = (8, 40, 200)  # by effort: plans that are tried
FULL_SIZE = 4_000_000  # moves of a plan above which fewer are tried
LEAST_STEPS = 6
WORTH = 60.0  # person-seconds that it must save for each person to tell somebody another way, unless it saves people
TRIALS = (30, 100, 300)  # by effort: groups of which it is tried whether they need be told anything


class Replanned(NamedTuple):
    """What was found at a moment.

    Attributes
    ----------
    routes : Routes
        Whole ways (t,).
    goal : (t,) int32
        Where everybody goes.
    trips : (k,) int64
        Who is told another way, ascending.
    caught, person_time : float
        People, and person-seconds of all that arrive, as far as is known then.
    kept : tuple of float
        The same if nobody is told anything.
    run : QueueRun
        As it is expected then.
    """

    routes: Routes
    goal: np.ndarray
    trips: np.ndarray
    caught: float
    person_time: float
    kept: tuple[float, float]
    run: QueueRun


def replanned(
    ahead: Ahead,
    stuck_seconds: float,
    rooms: Rooms | None = None,
    starts: Sequence[tuple[Routes, np.ndarray]] = (),
    control: Control | None = None,
    sparing: bool = True,
) -> Replanned | None:
    """Return the best rest found of a plan; None where none is better than what everybody drives now.

    Where it is ``sparing``, nobody is told a way that saves neither people nor :data:`WORTH` for each who is told.

    Parameters
    ----------
    starts : sequence of (Routes, (t,))
        Other whole plans that begin as what has been driven, with the destinations.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    if not len(ahead.active):
        return None
    moves = RestMoves(ahead, rooms, stuck_seconds)
    keep = ahead.kept(ahead.base.routes)
    kept = moves.judged(keep, control)
    others = []
    for routes, goal in starts:
        rest = ahead.kept(routes)
        others.append(moves.judged(Bound(rest.indptr, rest.arcs, rest.of_trip, goal[ahead.active]), control))
    ways, begins = _begins(ahead, moves, kept, others, stuck_seconds, control)
    tries = control.effort.pick(*STEPS) * min(1.0, FULL_SIZE / max(int(kept.run.plan.hops.sum()), 1))
    found = []
    for number, begin in enumerate(begins):
        part = control.part(number / len(begins), (number + 1) / len(begins))
        best = _rest(descend(moves, begin, max(LEAST_STEPS, int(tries) // len(begins)), part).planned)
        if (best.goal == ahead.rest.destination).all():
            best = _rest(min([best, *exchanged(moves, best, ways, control.unseen())], key=rank))
        found.append(_spared(moves, kept, best, control.unseen()) if sparing else best)
    best = min(found, key=lambda plan: _price(moves, kept, plan) if sparing else rank(plan))
    if rank(best) >= rank(kept) or best.whole is None:
        return None
    return _whole(ahead, moves, kept, best)


def _begins(
    ahead: Ahead, moves: RestMoves, kept: Rest, others: list[Rest], stuck_seconds: float, control: Control
) -> tuple[list[Routes], list[Rest]]:
    """Return ways to begin with, and the plans from which the search begins.

    One of them is the best in which only who would be caught is told anything, the other the best of all, if that is
    another.
    """
    safe = safe_ways(ahead.rest, moves.roads, moves.trees, control.unlogged().unseen()).routes
    navigating = _navigating(ahead, moves, safe, stuck_seconds, control)
    ways = [kept.routes, safe, navigating]
    few, lost = [kept], np.flatnonzero(~kept.run.arrived)
    if len(lost):
        for routes in (safe, navigating):
            ways.append(with_routes_of(kept.routes, lost, routes))
            few.append(moves.judged(ways[-1], control))
    plans = [min(few, key=rank), min([*others, *(moves.judged(routes, control) for routes in ways[1:3])], key=rank)]
    for number, plan in enumerate(plans):
        elsewhere = moves.rescued(plan, control)
        if elsewhere is not None:
            plans[number] = min(plan, moves.judged(elsewhere, control), key=rank)
    return ways, plans if rank(plans[1]) < rank(plans[0]) else plans[:1]


def _navigating(ahead: Ahead, moves: RestMoves, safe: Routes, stuck_seconds: float, control: Control) -> Routes:
    """Return the rest of the ways (a,) as drivers with navigation find them, who know what is known now.

    They are taken to start where they can turn, as soon as they can be there, on roads on which nobody else is: that is
    near enough for ways that are judged exactly.
    """
    order = np.argsort(ahead.rest.departure, kind="stable")
    problem, trees = ahead.rest.only(order), replace(moves.trees, row=moves.trees.row[order])
    found = informed_routes(
        problem, moves.roads, trees, stuck_seconds=stuck_seconds,
        safe=replace(safe, of_trip=safe.of_trip[order]) if problem.closings else None, control=control.unseen(),
    )  # fmt: skip
    of_trip = np.empty(len(order), dtype=np.int32)
    of_trip[order] = found.of_trip
    return Routes(found.indptr, found.arcs, of_trip)


def _rest(plan: object) -> Rest:
    if not isinstance(plan, Rest):
        raise TypeError(f"{type(plan)} is no rest of a plan")
    return plan


def _spared(moves: RestMoves, kept: Rest, best: Rest, control: Control) -> Rest:
    """Return the plan with those who need not be told anything on the way that they have.

    They are sought by halving: all of an origin and destination lie together.
    """
    people, problem = moves.rest_people, moves.problem
    told = np.flatnonzero(_told(moves, kept, best))
    told = told[np.lexsort((problem.source[told], problem.destination[told], problem.origin[told]))]
    if kept.caught <= best.caught and kept.seconds <= best.seconds + WORTH * people[told].sum():
        return kept
    groups, left = list(np.array_split(told, 2)), control.effort.pick(*TRIALS)
    while groups and left:
        control.stop_if_cancelled()
        group, left = groups.pop(0), left - 1
        if not len(group):
            continue
        goal = best.goal.copy()
        goal[group] = kept.goal[group]
        if moves.fits(goal):
            back = with_routes_of(best.routes, group, kept.routes)
            trial = moves.judged(Bound(back.indptr, back.arcs, back.of_trip, goal), control)
            allowed = best.seconds + WORTH * people[group].sum()
            if rank(trial) < min(rank(kept), (best.caught, allowed)):
                best = trial
                continue
        if len(group) > 1:
            groups += np.array_split(group, 2)
    return best


def _price(moves: RestMoves, kept: Rest, plan: Rest) -> tuple[float, float]:
    """Return the people caught, and the person-seconds with what it must be worth to tell somebody another way."""
    return plan.caught, plan.seconds + WORTH * float(moves.rest_people[_told(moves, kept, plan)].sum())


def _told(moves: RestMoves, kept: Rest, best: Rest) -> np.ndarray:
    """Return who (a,) of those that go on is told another way or destination."""
    is_road = moves.roads.is_road
    other = [
        not np.array_equal(a[is_road[a]], b[is_road[b]])
        for a, b in ((kept.routes.of(k), best.routes.of(k)) for k in range(len(best.goal)))
    ]
    return np.array(other, dtype=bool) | (best.goal != kept.goal)


def _whole(ahead: Ahead, moves: RestMoves, kept: Rest, best: Rest) -> Replanned:
    """Return the plan with its past, and who is told another way."""
    is_road, goal = moves.roads.is_road, ahead.problem.destination.copy()
    goal[ahead.active] = best.goal
    if best.whole is None:
        raise TypeError("the best plan has not been run")
    told = ahead.active[_told(moves, kept, best)]
    return Replanned(
        joined(ahead.base.plan, ahead.hops, ahead.active, best.routes, is_road), goal, told,
        best.caught, best.person_time, (kept.caught, kept.person_time), best.whole,
    )  # fmt: skip
