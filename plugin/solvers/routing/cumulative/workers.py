"""Trees grown beside the main thread, with results that do not depend on how many threads there are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable

import numpy as np

from ...graph.reverse_tree import grow_tree
from .network import Demand, Network


class Job:
    """A pure function of arrays under way; asked for its result, it is done on the spot when nobody began it yet."""

    def __init__(self, future: Future | None, function: Callable[[], Any]) -> None:
        self.future = future
        self.function = function

    def result(self) -> Any:
        """Return what the function returns."""
        if self.future is None or self.future.cancel():
            return self.function()
        return self.future.result()


class TreeWorkers:
    """Grows trees in up to ``threads`` - 1 threads beside the caller's."""

    def __init__(self, network: Network, demand: Demand, threads: int) -> None:
        self.network = network
        self.demand = demand
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def close(self) -> None:
        """Drop what has not begun and wait for the rest."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, function: Callable[[], Any]) -> Job:
        """Return the job of a pure function."""
        return Job(self.pool.submit(function) if self.pool else None, function)

    def all(self, functions: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return what all these pure functions return; the caller's thread works too, from the last one on."""
        jobs = [self.submit(function) for function in functions]
        return [job.result() for job in reversed(jobs)][::-1]

    def star_cost(self, cost: np.ndarray) -> np.ndarray:
        """Return arc costs (m,) in the order in which trees read them: a snapshot."""
        return cost[self.network.entering.arc]

    def ways(self, d: int, star_cost: np.ndarray) -> Job:
        """Return the job of the tree of destination ``d``: its next arcs (n,) int32."""
        return self.submit(lambda: self._grow(d, star_cost)[1])

    def travel(self, destinations: range, star_cost: np.ndarray) -> Job:
        """Return the job of the least cost of every group of these destinations, one array each."""

        def work() -> list[np.ndarray]:
            return [self._grow(d, star_cost)[0][self.demand.groups(d)[0]] for d in destinations]

        return self.submit(work)

    def _grow(self, d: int, star_cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        star = self.network.entering
        seconds, toward = np.empty(self.network.nodes), np.empty(self.network.nodes, dtype=np.int32)
        grow_tree(star.indptr, star.arc, star.tail, star_cost, int(self.demand.roots[d]), seconds, toward)
        return seconds, toward
