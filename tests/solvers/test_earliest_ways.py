"""Ways that stay open, against a search over all paths and all waits in whole seconds."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.safety.earliest_ways import earliest_ways

LATEST = 160  # s: nothing changes any more


def case(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, Closings]:
    """A small random network; travel times are multiples of 4 s, parts quarters of arcs, so all moments are whole."""
    nodes, arcs = 5, 12
    tail = rng.integers(0, nodes, arcs)
    head = (tail + rng.integers(1, nodes, arcs)) % nodes
    travel = 4.0 * rng.integers(1, 6, arcs)
    arc = np.sort(rng.integers(0, arcs, 8))
    begin = rng.integers(0, 4, 8) / 4
    end = np.minimum(begin + rng.integers(1, 5, 8) / 4, 1.0)
    catches = rng.random(8) < 0.5
    since = np.where(rng.random(8) < 0.3, -np.inf, rng.integers(0, 60, 8))
    since = np.where(catches, np.maximum(since, 0), since)
    until = np.where(catches | (rng.random(8) < 0.2), np.inf, np.maximum(since, 0) + rng.integers(5, 60, 8))
    start = np.where(rng.random(nodes) < 0.3, rng.integers(0, 80, nodes), np.inf)
    return tail, head, travel, Closings(arc, begin, end, since, until, catches, start, np.full(nodes, np.inf))


def may_enter(closings: Closings, arc: int, travel: float, at: float) -> bool:
    """Whether who enters an empty arc finds every part open and is off each before the hazard comes."""
    for k in np.flatnonzero(closings.arc == arc):
        first, last = at + closings.begin[k] * travel, at + closings.end[k] * travel
        if closings.since[k] <= first < closings.until[k]:
            return False
        if closings.catches[k] and first < closings.since[k] < last:
            return False
    return True


def may_stand(closings: Closings, arc: int, until: float) -> bool:
    """Whether who stands at the end of an arc may leave it at ``until``."""
    own = (closings.arc == arc) & closings.catches & (closings.end == 1.0)
    return not (closings.since[own] < until).any()


def reached_at(tail, head, travel, closings, origin, leave) -> np.ndarray:
    """The first arrival at each node, second by second: who enters which arc then, having waited wherever he may."""
    entered = [[] for _ in tail]
    for second in range(leave, LATEST):
        for arc in range(len(tail)):
            before = [a for a in np.flatnonzero(head == tail[arc]) if may_stand(closings, a, second)]
            here = tail[arc] == origin and second <= closings.start_reached[origin]
            here |= any(at + travel[a] <= second for a in before for at in entered[a])
            if here and may_enter(closings, arc, travel[arc], second):
                entered[arc].append(second)
    arrival = np.full(5, np.inf)
    for arc, moments in enumerate(entered):
        if moments:
            arrival[head[arc]] = min(arrival[head[arc]], moments[0] + travel[arc])
    arrival[origin] = leave if leave <= closings.start_reached[origin] else np.inf
    return arrival


@pytest.mark.parametrize("seed", range(12))
def test_the_first_arrival_is_that_of_all_ways_and_waits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tail, head, travel, closings = case(rng)
    length = rng.uniform(10, 20, len(tail))
    leave = rng.integers(0, 40, 5)
    goals = np.arange(5)
    pairs = [(k, d) for k in range(5) for d in range(5)]
    found = earliest_ways(tail, head, travel, closings, np.arange(5), leave.astype(float), goals, length, pairs)
    for origin in range(5):
        expected = reached_at(tail, head, travel, closings, origin, int(leave[origin])) - leave[origin]
        assert found.seconds[origin].tolist() == expected.tolist()
        for goal in goals:
            way = found.paths[origin, goal]
            if origin != goal and np.isfinite(expected[goal]):
                assert tail[way[0]] == origin and head[way[-1]] == goal and (head[way[:-1]] == tail[way[1:]]).all()
                assert found.metres[origin, goal] == pytest.approx(length[way].sum())
            else:
                assert not len(way)
