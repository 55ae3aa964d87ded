"""From the fractional optimum to whole vehicles: round, then reroute single vehicles while that pays."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...control import Control
from ..shared.routes import Routes
from .cost import MARGINAL
from .flows import DestinationFlows
from .fractional import batches, sweep
from .workers import TreeWorkers

LEAST_REROUTING_GAIN = 1e-6  # of the objective: a sweep that gains less is the last one


def round_all(flows: DestinationFlows, workers: TreeWorkers, control: Control) -> DestinationFlows:
    """Return whole flows of every destination near the fractional ``flows``."""
    result = flows.copy()
    arcs = len(flows.table)
    owed, x, whole = np.zeros(arcs), np.zeros(arcs), np.zeros(arcs)
    star_cost = workers.star_cost(flows.table[:, MARGINAL])
    for batch in batches(len(flows.demand)):
        jobs = [workers.ways(d, star_cost) for d in batch]
        for d, job in zip(batch, jobs):
            control.stop_if_cancelled()
            result.rounded(d, job.result(), owed, x, whole)
    result.set_total()
    return result


def reroute(flows: DestinationFlows, workers: TreeWorkers, control: Control, enough: float, most: int) -> int:
    """Reroute whole vehicles of ``flows`` until the objective is ``enough``, the gain fades or the time is up.

    Returns the number of sweeps, at most ``most``.
    """
    value = flows.value
    sweeps = 0
    while value > enough and sweeps < most and not control.effort.passed():
        moved = sweep(flows, workers, control, whole=True)
        sweeps += 1
        before, value = value, flows.value
        if moved == 0 or before - value <= LEAST_REROUTING_GAIN * before:
            break
    return sweeps


def routes_of(flows: DestinationFlows, workers: TreeWorkers, source: np.ndarray, control: Control) -> Routes:
    """Return the distinct routes of all trips from ``source`` (t,); trips that stay share an empty one."""
    x = np.zeros(len(flows.table))
    for d in range(len(flows.demand)):
        control.stop_if_cancelled()
        flows.without_circles(d, x)
    flows.set_total()
    size = [int(round(amount.sum())) for amount in flows.amount]
    route_arcs = np.empty(sum(size), dtype=np.int32)
    of_trip = np.full(len(source), -1, dtype=np.int32)
    lengths = [np.zeros(0, dtype=np.int64)]
    count = place = 0
    # Fresh memory costs more than the routes: they are found in a few buffers and copied from these.
    buffers = [np.empty(max(size, default=0), dtype=np.int32) for _ in range(workers.threads)]
    for first in range(0, len(size), len(buffers)):
        control.stop_if_cancelled()
        found = workers.all([partial(flows.routes, first + k, b) for k, b in enumerate(buffers[: len(size) - first])])
        copies = []
        for d, (arcs, length, vehicles) in enumerate(found, first):
            copies.append(partial(np.copyto, route_arcs[place : place + len(arcs)], arcs))
            of_trip[flows.demand.trips_to(d)] = count + np.repeat(np.arange(len(length)), vehicles)
            place += len(arcs)
            count += len(length)
            lengths.append(length)
        workers.all(copies)
    staying = np.flatnonzero(of_trip < 0)
    places, of_place = np.unique(source[staying], return_inverse=True)
    of_trip[staying] = count + of_place.ravel()
    lengths.append(np.zeros(len(places), dtype=np.int64))
    return Routes(np.r_[0, np.cumsum(np.concatenate(lengths))], route_arcs[:place], of_trip)
