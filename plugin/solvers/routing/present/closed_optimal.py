"""The search of *system optimal* under ``present`` where something closes: fewest people caught, then least time.

The sweeps of :mod:`.system_optimal` know no closing: their timetables would have to tell who waits where. So trips move
among the ways of a menu instead, taken from safe ways, greedy ones and those of the sweeps, and after each step
everybody is simulated. On a small problem all changes of one or two trips follow.
"""

from __future__ import annotations

from typing import NamedTuple

from ...control import Control
from ..shared.descent import Optimum, rank
from ..shared.exchange import exchanged
from ..shared.menu import MenuMaker
from ..shared.menu_moves import Limited, limited_optimum
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from .limited import STEPS, PresentMoves, Timed

WIDE = 10  # ways of a pair without a limit


class ClosedOptimum(NamedTuple):
    """The best plan found.

    Attributes
    ----------
    optimum : Optimum
    unlimited : float or None
        Total travel time of the best plan found without a limit, vehicle-seconds; None where it catches others.
    exceeding : int
        Pairs that need more ways than the limit.
    """

    optimum: Optimum[Timed]
    unlimited: float | None
    exceeding: int = 0


def optimum_among_closings(
    problem: RoutingProblem, starts: list[Routes], most: int, control: Control, *, wide: bool = True
) -> ClosedOptimum:
    """Return the best plan found from ``starts``, with at most ``most`` ways a pair; 0: any.

    Without a limit it is never worse than any of the starts. Whether to move trips among many ways at all says
    ``wide``: the best as if nothing closed is good enough where nothing that closes touches it.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    moves = PresentMoves(problem)
    plans = [moves.judged(routes, control) for routes in starts]
    found: Optimum[Timed] = Optimum(min(plans, key=rank), (), False)
    if wide:
        found = _among(problem, moves, starts, max(WIDE, most), control.part(0.0, 0.7)).optimum
    plans = [found.planned, *plans]
    plans += exchanged(problem, moves, plans, control.part(0.7, 0.8 if most else 1.0))
    best = min(plans, key=rank)
    if not most:
        history = (*found.history, (control.effort.elapsed, best.seconds))
        return ClosedOptimum(Optimum(best, history, found.used_up), best.seconds)
    few, exceeding = _among(problem, moves, [*starts, best.routes], most, control.part(0.8, 1.0))
    spared = few.planned.caught - best.caught
    if spared > 0:
        control.log(f"MAX_ROUTES {most}: without the limit {spared:.0f} people fewer would be caught.")
    unlimited = min(plan.seconds for plan in (best, few.planned) if plan.caught == few.planned.caught)
    return ClosedOptimum(few, None if spared > 0 else unlimited, exceeding)


def _among(problem: RoutingProblem, moves: PresentMoves, starts: list[Routes], most: int, control: Control) -> Limited:
    return limited_optimum(MenuMaker(problem, most), moves, starts, control.effort.pick(*STEPS), control)
