"""Routes found anew for other orders, and what they add to the latest orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..control import Control
from ..routing.queue.network import SECOND
from ..routing.result import RoutingResult
from ..routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ..routing.shared.routes import Routes, rerouted
from ..routing.solve import solve
from .latest_departures import works_at
from .latest_order import LatestOrder, latest_order
from .timed_plan import MINUTE, TimedPlan


def routes_anew(plan: TimedPlan, order: np.ndarray, control: Control) -> Routes:
    """Return the best routes found for the orders (z,) µs; who has no way then keeps the one he had.

    Raises
    ------
    Cancelled
    """
    departure = plan.departures(order)
    number = np.argsort(departure, kind="stable")
    problem = replace(plan.problem.only(number), departure=departure[number] / SECOND)
    result = solve(
        problem, method=SYSTEM_OPTIMAL, flow_model=QUEUE, certify=False, stuck_seconds=plan.fixed.stuck_seconds,
        control=control.unlogged(),
    )  # fmt: skip
    return _with_found(plan.routes, result, number)


def _with_found(routes: Routes, result: RoutingResult, number: np.ndarray) -> Routes:
    """Return routes with those of a result put in; ``number`` is the vehicle of each of its trips.

    Who is caught whatever he does keeps the route he had where none was found.
    """
    changed = rerouted(routes, number[result.routed], *result.routes.expanded())
    lost = result.caught
    driving = lost.routes.hops() > 0
    some = Routes(lost.routes.indptr, lost.routes.arcs, lost.routes.of_trip[driving])
    return rerouted(changed, number[lost.trip[driving]], *some.expanded()) if driving.any() else changed


def rerouted_orders(
    plan: TimedPlan, order: np.ndarray, latest: Sequence[LatestOrder | None], step: int, control: Control
) -> list[int | None]:
    """Return the last minute (z,) at which each zone can be told with the best routes found for a minute too late.

    Never less than without: where the routes found serve an earlier minute only, the plan's own count.

    Raises
    ------
    Cancelled
    """
    found: list[int | None] = []
    for zone, answer in enumerate(latest):
        control.stop_if_cancelled()
        control.progress(zone / len(latest), "")
        if answer is None or answer.unlimited:
            found.append(None)
            continue
        first = 0 if answer.minute is None else answer.minute + 1
        told = order.copy()
        told[zone] = first * MINUTE
        changed = plan.routed_by(routes_anew(plan, told, control.unseen()))
        works, last = works_at(changed, order, zone, control.unseen(), plan.outcome(order), plan.stays)
        again = latest_order(works, last, step)
        better = again.minute if again.minute is not None else answer.minute
        found.append(better if answer.minute is None or (better or 0) >= answer.minute else answer.minute)
    return found
