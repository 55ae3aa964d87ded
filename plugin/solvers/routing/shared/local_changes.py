"""Add, Drop and Swap at one node of a route ([E] 4.3, Algorithm 3), as candidates: two arcs or one in place of others.

At the node v between u and w of a route (arcs u-v and v-w):

* Add(x): u-x, x-v in place of u-v, for x outside the route;
* Drop(v): u-w in place of u-v, v-w, where that arc **exists** (the paper's text has it the wrong way round);
* Swap(v, x): u-x, x-w in place of u-v, v-w, where both new arcs exist, for x outside the route.

Add also applies before the last node, where there is no w.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled, compiled_with_arrays
from .problem import RoutingProblem

ADD, DROP, SWAP = 0, 1, 2


@compiled
def candidates(star, here, over, beyond, on_route, number, found):
    """List the changes at the node ``over`` of a route that comes from ``here`` and goes on to ``beyond`` (or -1).

    Parameters
    ----------
    star, head
        Roads.
    on_route : (n,) int64
        Equal to ``number`` at the nodes of the route.
    found : (c, 3) int64
        Filled with (kind, first new arc, second new arc or -1).

    Returns
    -------
    int
        Number of candidates; those beyond the length of ``found`` are left out.
    """
    count = 0
    for k in range(star.indptr[here], star.indptr[here + 1]):
        other = star.head[k]
        if beyond >= 0 and other == beyond and count < len(found):
            found[count, 0] = 1
            found[count, 1] = star.arc[k]
            found[count, 2] = -1
            count += 1
        if on_route[other] == number or other == over:
            continue
        for j in range(star.indptr[other], star.indptr[other + 1]):
            to = star.head[j]
            if (to == over or to == beyond) and count < len(found):  # noqa: SIM109 (numba has no "in" here)
                found[count, 0] = 0 if to == over else 2
                found[count, 1] = star.arc[k]
                found[count, 2] = star.arc[j]
                count += 1
    return count


@compiled
def least_gain(own, epsilon):
    """Return the seconds that a change must gain more than for a route of ``own`` seconds (spec 9)."""
    return own * max(epsilon / (1.0 + epsilon), 1e-9)


class Turns(NamedTuple):
    """Where in the network changes exist at all, found once: at most turns there are none.

    Attributes
    ----------
    first : (m+1,) int64
        Position in ``open`` of an arc that ends a route; its turns into the arcs after it follow.
    slot : (m,) int32
        Place of an arc among those that leave its tail.
    open : (p,) bool
        Whether any change exists there.
    """

    first: np.ndarray
    slot: np.ndarray
    open: np.ndarray


def open_turns(problem: RoutingProblem) -> Turns:
    """Return the turns of a network at which a change exists."""
    star = problem.star()
    leaving = np.diff(star.indptr)
    first = np.r_[0, np.cumsum(1 + leaving[problem.head])].astype(np.int64)
    slot = np.empty(problem.arcs, dtype=np.int32)
    slot[star.arc] = np.arange(problem.arcs) - np.repeat(star.indptr[:-1], leaving)
    turns = Turns(first, slot, np.zeros(first[-1], dtype=np.bool_))
    fill_open(star, problem.tail, problem.head, turns, np.zeros(problem.nodes, dtype=np.int64))
    return turns


@compiled_with_arrays
def fill_open(star, tail, head, turns, on_route):
    """Fill ``turns.open``."""
    found = np.empty((1, 3), np.int64)
    for arc in range(len(tail)):
        over = head[arc]
        place = turns.first[arc]
        turns.open[place] = candidates(star, tail[arc], over, -1, on_route, -1, found) > 0
        for k in range(star.indptr[over], star.indptr[over + 1]):
            place += 1
            turns.open[place] = candidates(star, tail[arc], over, star.head[k], on_route, -1, found) > 0


@compiled
def may_change(turns, arc, following):
    """Return whether a change exists where a route goes from ``arc`` to ``following`` (-1: it ends there)."""
    return turns.open[turns.first[arc] + (1 + turns.slot[following] if following >= 0 else 0)]
