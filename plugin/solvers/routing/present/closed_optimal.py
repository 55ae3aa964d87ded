"""The search of *system optimal* under ``present`` where something closes: fewest people caught, then least time.

The sweeps of :mod:`.system_optimal` go on from the best of some plans. On a small problem all changes of a few trips
follow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...naming import heads
from ..shared.descent import Optimum, rank
from ..shared.exchange import exchanged
from ..shared.menu import MenuMaker
from ..shared.menu_moves import limited_optimum
from ..shared.routes import distinct
from ..shared.trees import Trees
from .limited import STEPS, PresentMoves, Timed
from .sweep import driven
from .system_optimal import swept

TOGETHER = 3  # trips that change at once on a small problem, at most


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
    moves: PresentMoves,
    trees: Trees,
    latest: np.ndarray | None,
    starts: list[Timed],
    most: int,
    control: Control,
) -> ClosedOptimum:
    """Return the best plan found from ``starts``, with at most ``most`` ways a pair; 0: any.

    Without a limit it is never worse than any of the starts. ``latest`` (d, m) is until when, s, one may be at the end
    of each arc and still arrive at each destination.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    problem, first = moves.problem, min(starts, key=rank)
    start = driven(problem, *first.routes.expanded(control), first.run)
    found, history, used_up = swept(problem, trees, start, control.part(0.0, 0.7), latest)
    routes = distinct(found.indptr, found.arc, problem.source, control)
    plans = [Timed(routes, found.run, found.seconds, found.caught), *starts]
    plans += exchanged(problem, moves, plans, control.part(0.7, 0.8 if most else 1.0), together=TOGETHER)
    best = min(plans, key=rank)
    if not most:
        history.append((control.effort.elapsed, best.seconds))
        return ClosedOptimum(Optimum(best, tuple(history), used_up), best.seconds)
    few, exceeding = limited_optimum(
        MenuMaker(problem, most), moves, [best.routes, *(plan.routes for plan in starts)],
        control.effort.pick(*STEPS), control.part(0.8, 1.0),
    )  # fmt: skip
    spared = few.planned.caught - best.caught
    if spared > 0:
        control.log(f"MAX_ROUTES {most}: without the limit {heads(round(spared))} fewer would be caught.")
    unlimited = min(plan.seconds for plan in (best, few.planned) if plan.caught == few.planned.caught)
    few = Optimum(few.planned, (*history, *few.history), used_up and few.used_up)
    return ClosedOptimum(few, None if spared > 0 else unlimited, exceeding)
