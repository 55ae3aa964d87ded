"""Add, Drop and Swap at one node of a route ([E] 4.3, Algorithm 3), as candidates: two arcs or one in place of others.

At the node v between u and w of a route (arcs u-v and v-w):

* Add(x): u-x, x-v in place of u-v, for x outside the route;
* Drop(v): u-w in place of u-v, v-w, where that arc **exists** (the paper's text has it the wrong way round);
* Swap(v, x): u-x, x-w in place of u-v, v-w, where both new arcs exist, for x outside the route.

Add also applies before the last node, where there is no w.
"""

from __future__ import annotations

from ..dependencies import compiled

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
        if on_route[other] == number:
            continue
        for j in range(star.indptr[other], star.indptr[other + 1]):
            to = star.head[j]
            if (to == over or to == beyond) and count < len(found):  # noqa: SIM109 (numba has no "in" here)
                found[count, 0] = 0 if to == over else 2
                found[count, 1] = star.arc[k]
                found[count, 2] = star.arc[j]
                count += 1
    return count
