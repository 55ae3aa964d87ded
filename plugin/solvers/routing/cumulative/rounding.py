"""From the fractional flow of a destination to whole vehicles, and from whole flows to the route of every trip."""

from __future__ import annotations

import numpy as np

from ...kernels import compiled, compiled_with_arrays


@compiled
def downstream_order(
    tail, head, in_indptr, in_arc, out_indptr, out_arc, support, count, x, flow, order, entering
):  # fmt: skip
    """Sort the nodes with flow so that every arc leads to a later node; take flow that runs in circles off.

    Parameters
    ----------
    support, count : (m,) int32, int
        Arcs that may carry flow ``x`` of this destination.
    x, flow : (m,) float64
        Flow of this destination and of all; changed where a circle is cancelled.
    order : (n,) int32
        Filled with the nodes in that order.
    entering : (n,) int32
        Working space, all zero before and after.

    Returns
    -------
    int
        Number of nodes in ``order``.
    """
    for i in range(count):
        e = support[i]
        if x[e] > 0.0:
            entering[head[e]] += 1
    sorted_nodes = 0
    for i in range(count):
        e = support[i]
        v = tail[e]
        if x[e] > 0.0 and entering[v] == 0:
            entering[v] = -1
            order[sorted_nodes] = v
            sorted_nodes += 1
    done = 0
    look = 0
    while True:
        while done < sorted_nodes:
            v = order[done]
            done += 1
            for j in range(out_indptr[v], out_indptr[v + 1]):
                e = out_arc[j]
                if x[e] > 0.0:
                    entering[head[e]] -= 1
                    if entering[head[e]] == 0:
                        entering[head[e]] = -1
                        order[sorted_nodes] = head[e]
                        sorted_nodes += 1
        while look < count and (x[support[look]] <= 0.0 or entering[head[support[look]]] <= 0):
            look += 1
        if look == count:
            break
        sorted_nodes = break_circle(
            head[support[look]], tail, in_indptr, in_arc, x, flow, entering, order, sorted_nodes
        )
    for i in range(sorted_nodes):
        entering[order[i]] = 0
    return sorted_nodes


@compiled
def unsorted_arc_into(v, tail, in_indptr, in_arc, x, entering):
    """Return an arc with flow into ``v`` whose tail is not sorted yet, -1 when there is none."""
    for j in range(in_indptr[v], in_indptr[v + 1]):
        e = in_arc[j]
        if x[e] > 0.0 and entering[tail[e]] > 0:
            return e
    return -1


@compiled
def break_circle(start, tail, in_indptr, in_arc, x, flow, entering, order, sorted_nodes):
    """Cancel one circle of flow upstream of ``start``, append the nodes that are free now; return their new number."""
    slow = start
    fast = start
    while True:
        slow = tail[unsorted_arc_into(slow, tail, in_indptr, in_arc, x, entering)]
        fast = tail[unsorted_arc_into(fast, tail, in_indptr, in_arc, x, entering)]
        fast = tail[unsorted_arc_into(fast, tail, in_indptr, in_arc, x, entering)]
        if slow == fast:
            break
    least = 1e300
    v = slow
    while True:
        e = unsorted_arc_into(v, tail, in_indptr, in_arc, x, entering)
        least = min(least, x[e])
        v = tail[e]
        if v == slow:
            break
    emptied = sorted_nodes  # heads of the arcs that lose all flow, noted in the free end of the order
    while True:
        e = unsorted_arc_into(v, tail, in_indptr, in_arc, x, entering)
        x[e] -= least
        flow[e] = max(flow[e] - least, 0.0)
        if x[e] <= 0.0:
            x[e] = 0.0
            order[emptied] = v
            emptied += 1
        v = tail[e]
        if v == slow:
            break
    for i in range(sorted_nodes, emptied):
        v = order[i]
        entering[v] -= 1
        if entering[v] == 0:
            entering[v] = -1
            order[sorted_nodes] = v
            sorted_nodes += 1
    return sorted_nodes


@compiled
def split_whole(node, vehicles, out_indptr, out_arc, x, owed, weight, whole):
    """Split the whole ``vehicles`` at ``node`` over its arcs with flow; return what could not be sent.

    Every arc gets its share rounded down; the rest goes one by one to the arc that lags most behind the fractional
    flow of all destinations so far (error diffusion), weighted by how steeply its cost rises.
    """
    total = 0.0
    for j in range(out_indptr[node], out_indptr[node + 1]):
        total += x[out_arc[j]]
    if total <= 0.0:
        return vehicles
    left = vehicles
    for j in range(out_indptr[node], out_indptr[node + 1]):
        e = out_arc[j]
        if x[e] > 0.0:
            whole[e] = float(int(vehicles * (x[e] / total)))
            left -= whole[e]
    while left > 0.5:
        chosen = -1
        most = -1e300
        for j in range(out_indptr[node], out_indptr[node + 1]):
            e = out_arc[j]
            if x[e] > 1e-6 * total:
                lag = weight[e] * (owed[e] + x[e] - whole[e] - 0.5)
                if lag > most:
                    most = lag
                    chosen = e
        whole[chosen] += 1.0
        left -= 1.0
    return 0.0


@compiled
def send_along_tree(node, root, vehicles, head, toward, whole):
    """Add ``vehicles`` to the flow ``whole`` along the tree from ``node`` to the destination."""
    while node != root:
        whole[toward[node]] += vehicles
        node = head[toward[node]]


@compiled
def round_destination(root, head, out_indptr, out_arc, toward, order, nodes, demand, x, owed, weight, whole):
    """Fill ``whole`` (m,) with whole flows of one destination near its fractional flow ``x`` (m,).

    Parameters
    ----------
    order, nodes : (n,) int32, int
        Nodes with flow, upstream first (:func:`downstream_order`).
    demand : (n,) float64
        Whole number of vehicles that start at each node; used up.
    owed : (m,) float64
        Fractional minus whole flow of the destinations rounded before; updated.
    weight : (m,) float64
        Slope of the marginal cost.

    Returns
    -------
    float
        Vehicles that had to leave the fractional flow and follow the tree.
    """
    strays = 0.0
    for i in range(nodes):
        v = order[i]
        vehicles = demand[v]
        if v == root or vehicles < 0.5:
            continue
        demand[v] = 0.0
        stray = split_whole(v, vehicles, out_indptr, out_arc, x, owed, weight, whole)
        for j in range(out_indptr[v], out_indptr[v + 1]):
            e = out_arc[j]
            if whole[e] > 0.0:
                demand[head[e]] += whole[e]
        if stray > 0.0:
            strays += stray
            send_along_tree(v, root, stray, head, toward, whole)
    demand[root] = 0.0
    for v in range(len(demand)):
        if demand[v] > 0.5:
            strays += demand[v]
            send_along_tree(v, root, demand[v], head, toward, whole)
            demand[v] = 0.0
    return strays


@compiled
def take_next_arc(node, head, out_indptr, out_arc, left, present):
    """Make the first arc from ``node`` that still has flow in ``left`` the present one and take its flow over."""
    present[node, 0] = -1
    for j in range(out_indptr[node], out_indptr[node + 1]):
        e = out_arc[j]
        if left[e] > 0:
            present[node, 0] = e
            present[node, 1] = head[e]
            present[node, 2] = left[e]
            left[e] = 0
            break


@compiled
def take_off(first, last, vehicles, arcs, tail, head, out_indptr, out_arc, left, present):
    """Take ``vehicles`` off the flow of the route in ``arcs[first:last]``."""
    for i in range(first, last):
        v = tail[arcs[i]]
        present[v, 2] -= vehicles
        if present[v, 2] == 0:
            take_next_arc(v, head, out_indptr, out_arc, left, present)


@compiled_with_arrays
def walk_trips(
    root, tail, head, out_indptr, out_arc, origin, trips, carrying, amount, left, indptr, arcs, vehicles
):  # fmt: skip
    """Take the whole flow of one destination apart into routes.

    All trips from one place take the same arcs as far as the flow on these lasts, so no route is written twice.

    Parameters
    ----------
    origin, trips : (g,) int32, (g,) float64
        Nodes where trips start, and how many.
    carrying, amount : (a,) int32, (a,) float64
        The arcs with flow, and the flow.
    left : (m,) int32
        Working space, all zero before.
    indptr, arcs : (k+1,) int64, (l,) int32
        Filled with the offsets and arcs of the routes, in the order of the origins.
    vehicles : (k,) int64
        Filled with the number of trips of each route.

    Returns
    -------
    int
        Number of routes; -1 - group where a trip found no way on, which whole flows rule out.
    """
    # By node: the arc that trips take at present, where it leads, how many may still take it. One row, one look.
    present = np.full((len(out_indptr) - 1, 4), -1, np.int32)
    for i in range(len(carrying)):
        left[carrying[i]] = int(amount[i] + 0.5)
    for i in range(len(carrying)):
        if present[tail[carrying[i]], 0] < 0:
            take_next_arc(tail[carrying[i]], head, out_indptr, out_arc, left, present)
    written = 0
    routes = 0
    for g in range(len(origin)):
        waiting = int(trips[g] + 0.5)
        while waiting > 0:
            first = written
            bundle = waiting
            v = origin[g]
            while v != root:
                if present[v, 0] < 0 or written >= len(arcs):
                    return -1 - g
                arcs[written] = present[v, 0]
                written += 1
                bundle = min(bundle, present[v, 2])
                v = present[v, 1]
            take_off(first, written, bundle, arcs, tail, head, out_indptr, out_arc, left, present)
            waiting -= bundle
            vehicles[routes] = bundle
            routes += 1
            indptr[routes] = written
    return routes
