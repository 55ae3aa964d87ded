"""How the vehicles of an origin get to the beginning of a common part, so that its way stays the same one.

Backwards from that place: at first only over pieces that end outside the origin's area and at most
:data:`.ways.SAME_AFTER` metres, by the shortest road; once inside the area anywhere, by the quickest. Without an area a
start has to lie within those metres.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...graph.heap import drop_first, push
from ...graph.stars import ReverseStar
from ...kernels import compiled
from .problem import RoutingProblem
from .ways import SAME_AFTER, metres_of

OUTSIDE, INSIDE = 0, 1  # the two parts of an approach, in the order in which the search finds them


class Scratch(NamedTuple):
    """What one search after another writes to; n nodes, stamped by the number of the search.

    Attributes
    ----------
    area, barred : (n,) int64
        Stamped: nodes inside the origin's area, nodes of the common part.
    seen : (2, n) int64
        Stamped: nodes reached outside and inside.
    value : (2, n) float64
        Metres to go outside, seconds to go inside.
    seconds : (n,) float64
        Seconds to go from the nodes reached outside.
    toward : (2, n) int32, then : (n,) int64
        Arc to take next, and whether one goes on OUTSIDE or INSIDE behind the arc taken inside.
    keys, items
        A heap.
    """

    area: np.ndarray
    barred: np.ndarray
    seen: np.ndarray
    value: np.ndarray
    seconds: np.ndarray
    toward: np.ndarray
    then: np.ndarray
    keys: np.ndarray
    items: np.ndarray


def scratch_of(problem: RoutingProblem) -> Scratch:
    """Return what searches on the problem's roads write to."""
    nodes, heap = problem.nodes, 2 * problem.arcs + 4
    return Scratch(
        np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64), np.zeros((2, nodes), dtype=np.int64),
        np.empty((2, nodes)), np.empty(nodes), np.empty((2, nodes), dtype=np.int32), np.empty(nodes, dtype=np.int64),
        np.empty(heap), np.empty(heap, dtype=np.int64),
    )  # fmt: skip


class Approaches:
    """Finds approaches to one common part after another."""

    def __init__(self, problem: RoutingProblem) -> None:
        self.problem = problem
        self.star = ReverseStar(problem.nodes, problem.tail, problem.head)
        self.scratch = scratch_of(problem)
        self.metres = metres_of(problem)
        self.number = 0

    def to(self, part: np.ndarray, origin: int, starts: np.ndarray) -> list[np.ndarray | None]:
        """Return the arcs before the common ``part`` (k,) from each of the ``starts`` (s,), None where it has none."""
        problem, inside = self.problem, self.problem.inside
        self.number += 1
        nodes = inside.node[inside.start[origin] : inside.start[origin + 1]]
        arcs = np.empty(2 * problem.nodes + 2, dtype=np.int32)
        find_approaches(
            self.star.indptr, self.star.arc, self.star.tail, problem.tail, problem.head, problem.cost.free_flow,
            self.metres, part, nodes, starts, self.scratch, self.number,
        )  # fmt: skip
        found: list[np.ndarray | None] = []
        for start in starts.tolist():
            count = walk_approach(problem.head, int(problem.tail[part[0]]), start, self.scratch, self.number, arcs)
            found.append(arcs[:count].copy() if count >= 0 else None)
        return found


@compiled
def find_approaches(
    indptr, star_arc, star_tail, tail, head, free_flow, length, part, area, starts, scratch, number
):  # fmt: skip
    """Grow the search backwards from the beginning of ``part`` until all ``starts`` (s,) are reached or none can be."""
    for k in range(len(area)):
        scratch.area[area[k]] = number
    for k in range(len(part)):
        scratch.barred[head[part[k]]] = number
    keys, items, seen, value = scratch.keys, scratch.items, scratch.seen, scratch.value
    root = tail[part[0]]
    first = 1 if scratch.area[root] == number else 0
    seen[first, root] = number
    value[first, root] = 0.0
    scratch.seconds[root] = 0.0
    scratch.toward[first, root] = -1
    size = 0
    if first == 0:
        size = push(keys, items, 0, 0.0, root)
        while size > 0:
            node, key = items[0], keys[0]
            size = drop_first(keys, items, size)
            if key > value[0, node]:
                continue
            for j in range(indptr[node], indptr[node + 1]):
                arc, before = star_arc[j], star_tail[j]
                metres = key + length[arc]
                if metres > SAME_AFTER or scratch.barred[before] == number:
                    continue
                if scratch.area[before] == number:
                    seconds = scratch.seconds[node] + free_flow[arc]
                    if seen[1, before] != number or seconds < value[1, before]:
                        seen[1, before] = number
                        value[1, before] = seconds
                        scratch.toward[1, before] = arc
                        scratch.then[before] = 0
                elif seen[0, before] != number or metres < value[0, before]:
                    seen[0, before] = number
                    value[0, before] = metres
                    scratch.seconds[before] = scratch.seconds[node] + free_flow[arc]
                    scratch.toward[0, before] = arc
                    size = push(keys, items, size, metres, before)
    for k in range(len(area)):
        if first == 0 and seen[1, area[k]] == number:
            size = push(keys, items, size, value[1, area[k]], area[k])
    if first == 1:
        size = push(keys, items, size, 0.0, root)
    left = 0
    for k in range(len(starts)):
        if scratch.area[starts[k]] == number:
            left += 1
    while size > 0 and left > 0:
        node, key = items[0], keys[0]
        size = drop_first(keys, items, size)
        if key > value[1, node]:
            continue
        for k in range(len(starts)):
            if starts[k] == node:
                left -= 1
        for j in range(indptr[node], indptr[node + 1]):
            arc, before = star_arc[j], star_tail[j]
            seconds = key + free_flow[arc]
            if scratch.barred[before] == number:
                continue
            if seen[1, before] != number or seconds < value[1, before]:
                seen[1, before] = number
                value[1, before] = seconds
                scratch.toward[1, before] = arc
                scratch.then[before] = 1
                size = push(keys, items, size, seconds, before)


@compiled
def walk_approach(head, root, start, scratch, number, arcs):
    """Fill ``arcs`` with the approach from ``start``; return how many, -1 where there is none without going round."""
    part = 1 if scratch.area[start] == number else 0
    node = start
    size = 0
    if scratch.seen[part, node] != number:
        return -1
    while scratch.toward[part, node] >= 0:
        arc = scratch.toward[part, node]
        if part == 1:
            part = scratch.then[node]
        if size == len(arcs):
            return -1
        arcs[size] = arc
        size += 1
        node = head[arc]
        for k in range(size - 1):  # the head of every arc before
            if head[arcs[k]] == node:
                return -1
        if node == start:
            return -1
    return size if node == root else -1
