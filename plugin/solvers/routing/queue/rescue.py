"""Fewer people caught: who is caught stays, and comes back by ways that arrive in time.

A vehicle that the hazard catches has stood in queues before, in front of others who would have passed in time; so plans
in which everybody drives catch more people than must be. Here all who are caught stay at their origins first, until the
others arrive. Then shares of those who stay leave by the earliest ways that arrive in time in the traffic of the rest,
as long as the exact evaluation says that fewer people are caught.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...control import Control
from ..shared.descent import GROW, SHRINK, drawn, rank
from ..shared.routes import Routes
from .adjoint import Traffic, traffic_of
from .judge import Judge, Planned

TRIES = (60, 250, 1000)  # by effort: plans that are tried
FIRST_SHARE = 0.25  # of those who could leave
AGAIN = 8  # times that a plan with one vehicle more in time is tried


class WaysInTime(Protocol):
    """Where the ways come from by which somebody arrives in time."""

    def look(self, routes: Routes, traffic: Traffic, trips: np.ndarray, control: Control) -> np.ndarray:
        """Return who (k,) of ``trips`` finds a way that arrives in time, and keep these ways."""

    def taken(self, routes: Routes, trips: np.ndarray, rows: np.ndarray) -> Routes:
        """Return ``routes`` with ``trips`` (j,) on the ways kept at ``rows`` (j,), ascending."""


def rescued(
    judge: Judge, plan: Planned, ways: WaysInTime, control: Control, tries: int | None = None
) -> Planned:  # fmt: skip
    """Return the best plan found in which who does not arrive need not leave; ``plan`` where none is better.

    ``tries`` are the plans tried, by default as the effort says.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    best, now = plan, with_the_caught_at_home(judge, plan, control)
    draws = np.random.default_rng(judge.problem.trips)
    share, idle, renew = FIRST_SHARE, 0, True
    who = np.empty(0, dtype=np.int64)
    tries = control.effort.pick(*TRIES) if tries is None else tries
    for k in range(tries):
        if rank(now) < rank(best):
            best = now
        control.stop_if_cancelled()
        control.progress(k / tries, "")
        lost = np.flatnonzero(~now.run.arrived)
        if control.effort.passed() or not len(lost):
            break
        if renew:
            who = ways.look(now.routes, traffic_of(judge.roads, now.run), lost, control)
        if not len(who) or idle >= AGAIN:
            break
        count = max(1, int(share * len(who)))
        some = np.sort(drawn(judge.problem.people[who], count, draws))
        trial = judge.judged(ways.taken(now.routes.staying(lost), who[some], some), control)
        renew = trial.caught < now.caught
        idle = 0 if renew or count > 1 else idle + 1
        share = min(share * GROW, 1.0) if renew else share * SHRINK
        if renew:
            now = trial
    return min(best, now, key=rank)


def with_the_caught_at_home(judge: Judge, plan: Planned, control: Control) -> Planned:
    """Return the plan without those who are caught in it, nor those who are caught then."""
    while True:
        lost = np.flatnonzero(~plan.run.arrived)
        if not (plan.run.plan.hops[lost] > 0).any():
            return plan
        plan = judge.judged(plan.routes.staying(lost), control)
