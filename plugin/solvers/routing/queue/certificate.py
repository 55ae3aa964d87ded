"""The best lower bound of the total travel time of all plans under ``queue``, and what makes it that large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control
from .bounds import door_queues
from .doors import Doors, Journeys, all_doors
from .funnels import Funnel, funnel_time
from .network import SECOND, QueueRoads
from .prices import priced_bound
from .simulation import QueueRun

FREE, DOORS, FUNNELS = "empty roads", "queues at the doors", "queues at doors and at what all must pass"
PRICES = "prices on exits"
ITERATIONS = (5, 20, 60)  # of the search for prices, by effort
SETTLED = 0.9  # of the plan's time: a destination whose least queues need as much takes no part in that search
WORTH = 0.01  # of the plan's time: if the other destinations' bounds lie less below it, there is no search


@dataclass(frozen=True)
class Certificate:
    """A proved bound.

    Attributes
    ----------
    lower_bound : float
        Vehicle-seconds, waiting at the origin included: no plan of these trips is below.
    name : str
        Of the bound.
    history : tuple of (str, float)
        The bounds tried, in vehicle-seconds.
    funnels : list of Funnel
        Where vehicles must wait, the longest delay first.
    """

    lower_bound: float
    name: str
    history: tuple[tuple[str, float], ...]
    funnels: list[Funnel]


def certify(
    roads: QueueRoads, journeys: Journeys, run: QueueRun | None = None, control: Control | None = None
) -> Certificate:
    """Return a bound that holds for every plan of these trips: all choices of ways, all waits, any order at merges.

    Parameters
    ----------
    run : QueueRun, optional
        Of a good plan of all trips: its queues say which roads may be worth a price. Without one
        there are prices only in closed form.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    doors = [door for door in all_doors(roads, journeys, control.part(0.0, 0.05)) if len(door.trips)]
    queues = door_queues(roads, journeys, doors)
    times, funnels = funnel_time(roads, journeys, doors, control.part(0.05, 0.1))
    found = [
        (FREE, sum(queue.free for queue in queues) / SECOND),
        (DOORS, sum(queue.time for queue in queues) / SECOND),
        (FUNNELS, sum(times) / SECOND),
    ]
    if run is not None:
        iterations = control.effort.pick(*ITERATIONS)
        found += _with_prices(roads, journeys, doors, times, run, iterations, control.part(0.1, 1.0))
    name, best = found[0]
    for other, value in found[1:]:
        if value > best:
            name, best = other, value
    return Certificate(best, name, tuple(found), funnels)


def _with_prices(
    roads: QueueRoads,
    journeys: Journeys,
    doors: list[Doors],
    times: list[int],
    run: QueueRun,
    iterations: int,
    control: Control,
) -> list[tuple[str, float]]:
    """Return the bound with prices for those destinations whose queues in closed form lie far below the plan.

    Bounds of different destinations add up, since those of some trips hold whatever the others do.
    """
    taken = run.arrival() - run.plan.departure
    plan = np.array([int(taken[door.trips].sum()) for door in doors])
    open_ones = np.flatnonzero(np.array(times) < SETTLED * plan)
    if not len(open_ones) or (plan - times)[open_ones].sum() < WORTH * plan.sum():
        return []
    rest = sum(times) - sum(times[k] for k in open_ones)
    bound = priced_bound(roads, journeys, [doors[k] for k in open_ones], run, iterations, control)
    return [(PRICES, (rest + bound) / SECOND)]
