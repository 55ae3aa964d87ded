"""The fractional optimum: flows of all destinations balanced in turn, with a certified lower bound.

Destinations come in small batches. While the flow of one batch is balanced, the trees of the next one grow beside it
from a snapshot of the marginal costs, and so do the trees of the bound; which costs a tree sees depends on the order
of the batches only, never on the number of threads.

The bound is that of the linearised objective. For convex F and any flow x, with y the flow when every trip takes its
cheapest way at the marginal costs of x: F(y*) >= F(x) + F'(x) (y - x) for every feasible y*.
"""

from __future__ import annotations

import math

import numpy as np

from ...control import Control
from .cost import FLOW, MARGINAL
from .flows import DestinationFlows
from .network import Demand
from .workers import Job, TreeWorkers

BATCHES = 30
ROUNDING = 1e-10  # of the sums that a bound is made of: taken off so that floating point cannot lift it


def batches(destinations: int) -> list[range]:
    """Return the destinations in batches whose trees share one snapshot of the costs."""
    size = max(1, math.ceil(destinations / BATCHES))
    return [range(first, min(first + size, destinations)) for first in range(0, destinations, size)]


class Bound:
    """The lower bound at one flow, its trees grown batch by batch."""

    def __init__(self, flows: DestinationFlows, workers: TreeWorkers) -> None:
        marginal, flow = flows.table[:, MARGINAL], flows.table[:, FLOW]
        self.value = flows.value
        self.spent = float(marginal @ flow)
        self.star_cost = workers.star_cost(marginal)
        self.demand: Demand = flows.demand
        self.workers = workers
        self.jobs: list[Job] = []

    def submit(self, destinations: range) -> None:
        """Let the trees of these destinations grow."""
        self.jobs.append(self.workers.travel(destinations, self.star_cost))

    def travel(self, control: Control) -> list[np.ndarray]:
        """Return the least cost of every group of each destination."""
        least: list[np.ndarray] = []
        for job in self.jobs:
            control.stop_if_cancelled()
            least.extend(job.result())
        return least

    def result(self, control: Control) -> float:
        """Return the bound, once all destinations are submitted."""
        cheapest = 0.0
        for d, least in enumerate(self.travel(control)):
            cheapest += float(least @ self.demand.groups(d)[1])
        return self.value + cheapest - self.spent - ROUNDING * (abs(self.value) + cheapest + abs(self.spent))


def bound_at(flows: DestinationFlows, workers: TreeWorkers, control: Control) -> float:
    """Return the lower bound at the present flow."""
    bound = Bound(flows, workers)
    for batch in batches(len(flows.demand)):
        bound.submit(batch)
    return bound.result(control)


def load_all(flows: DestinationFlows, workers: TreeWorkers, control: Control) -> None:
    """Give every destination a first flow: batch by batch on the trees at the marginal costs so far."""
    for batch in batches(len(flows.demand)):
        star_cost = workers.star_cost(flows.table[:, MARGINAL])
        jobs = [workers.ways(d, star_cost) for d in batch]
        for d, job in zip(batch, jobs):
            control.stop_if_cancelled()
            flows.load(d, job.result())


def sweep(
    flows: DestinationFlows, workers: TreeWorkers, control: Control, *, whole: bool = False, bound: Bound | None = None
) -> int:
    """Balance every destination once, with the trees of ``bound`` growing beside; return the number of moves.

    Stops between two batches when the time is up; -1 then.
    """
    parts = batches(len(flows.demand))
    star_cost = workers.star_cost(flows.table[:, MARGINAL])
    jobs = [workers.ways(d, star_cost) for d in parts[0]]
    moved = 0
    for number, batch in enumerate(parts):
        present = jobs
        if number + 1 < len(parts):
            star_cost = workers.star_cost(flows.table[:, MARGINAL])
            jobs = [workers.ways(d, star_cost) for d in parts[number + 1]]
        if bound is not None:
            bound.submit(batch)
        for d, job in zip(batch, present):
            control.stop_if_cancelled()
            moved += flows.balance(d, job.result(), whole)
        if number + 1 < len(parts) and control.effort.passed():
            return -1
    return moved
