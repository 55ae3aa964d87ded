"""From the fractional optimum to whole vehicles: round, then reroute single vehicles while that pays."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...control import Deadline, IsCancelled, stop_if
from .cost import MARGINAL
from .flows import DestinationFlows
from .fractional import batches, sweep
from .rounding import place_routes
from .workers import TreeWorkers

LEAST_GAIN = 1e-6  # of the objective: a sweep that gains less is the last one


def round_all(flows: DestinationFlows, workers: TreeWorkers, cancelled: IsCancelled) -> DestinationFlows:
    """Return whole flows of every destination near the fractional ``flows``."""
    result = flows.copy()
    arcs = len(flows.table)
    owed, x, whole = np.zeros(arcs), np.zeros(arcs), np.zeros(arcs)
    star_cost = workers.star_cost(flows.table[:, MARGINAL])
    for batch in batches(len(flows.demand)):
        jobs = [workers.ways(d, star_cost) for d in batch]
        for d, job in zip(batch, jobs):
            stop_if(cancelled)
            result.rounded(d, job.result(), owed, x, whole)
    result.set_total()
    return result


def improve(
    flows: DestinationFlows, workers: TreeWorkers, cancelled: IsCancelled, deadline: Deadline, enough: float
) -> int:
    """Reroute whole vehicles of ``flows`` until the objective is ``enough``, the gain fades or the time is up.

    Returns the number of sweeps.
    """
    value = flows.value
    sweeps = 0
    while value > enough and not deadline.passed():
        moved = sweep(flows, workers, cancelled, deadline, whole=True)
        sweeps += 1
        before, value = value, flows.value
        if moved == 0 or before - value <= LEAST_GAIN * before:
            break
    return sweeps


def routes_of(
    flows: DestinationFlows, workers: TreeWorkers, source: np.ndarray, cancelled: IsCancelled
) -> tuple[np.ndarray, np.ndarray]:
    """Return the routes of all trips: offsets (t+1,) int64 and arcs int32; trips that go nowhere have none."""
    x = np.zeros(len(flows.table))
    for d in range(len(flows.demand)):
        stop_if(cancelled)
        flows.without_circles(d, x)
    flows.set_total()
    numbers = [flows.demand.trips_to(d) for d in range(len(flows.demand))]
    jobs = [workers.submit(partial(flows.routes, d, source[numbers[d]])) for d in range(len(flows.demand))]
    length = np.zeros(len(source), dtype=np.int64)
    pieces = []
    for trips, job in zip(numbers, jobs):
        stop_if(cancelled)
        pieces.append(job.result())
        length[trips] = np.diff(pieces[-1][0])
    del jobs
    route_indptr = np.r_[0, np.cumsum(length)]
    route_arcs = np.empty(route_indptr[-1], dtype=np.int32)
    placing = [
        workers.submit(partial(place_routes, trips, *piece, route_indptr, route_arcs))
        for trips, piece in zip(numbers, pieces)
    ]
    for job in placing:
        stop_if(cancelled)
        job.result()
    return route_indptr, route_arcs
