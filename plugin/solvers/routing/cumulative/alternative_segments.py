"""Moving flow of one destination between pairs of alternative segments.

A used arc off the destination's shortest-path tree opens a pair: the used way on from its tail (at every node the
arc with most flow) and the tree's way, up to the node where both meet again. The best amount to move between the
two is found by an exact line search on the objective, so that no move ever makes it worse. The idea is that of
paired alternative segments in bush-based assignment (Dial's algorithm B, Bar-Gera's TAPAS), kept per destination.
Flows may be whole numbers, then only whole amounts move and the comparison is exact in whole vehicles.
"""

from __future__ import annotations

from ...kernels import compiled
from .cost import CURVATURE, FLOW, MARGINAL, OWN, curvature_at, marginal_at, value_at
from .segment_pairs import find_pair, weigh_again

NEWTON_STEPS = 12
BALANCED = 1e-13


@compiled
def shift(system, quadratic, table, e, amount):
    """Add ``amount`` to arc ``e`` in the destination's flow and in the total, and update its marginal cost."""
    row = table[e]
    row[OWN] = max(row[OWN] + amount, 0.0)
    row[FLOW] = max(row[FLOW] + amount, 0.0)
    row[MARGINAL] = marginal_at(system, row, row[FLOW])
    if not quadratic:
        row[CURVATURE] = curvature_at(system, row, row[FLOW])


@compiled
def slope_at(system, table, used, used_length, tree, tree_length, amount):
    """Return the gain of the next bit moved after ``amount``, and how fast it falls."""
    gain = 0.0
    fall = 0.0
    for i in range(used_length):
        row = table[used[i]]
        flow = max(row[FLOW] - amount, 0.0)
        gain += marginal_at(system, row, flow)
        fall += curvature_at(system, row, flow)
    for i in range(tree_length):
        row = table[tree[i]]
        flow = max(row[FLOW] + amount, 0.0)
        gain -= marginal_at(system, row, flow)
        fall += curvature_at(system, row, flow)
    return gain, fall


@compiled
def best_amount(system, quadratic, table, used, used_length, tree, tree_length, gain, fall, limit):
    """Return the amount between 0 and ``limit`` (of either sign) that minimises the objective along the pair.

    One Newton step is exact with linear cost; else Newton steps in a bracket whose good end never worsens it.
    """
    if fall <= 0.0:
        return limit
    amount = gain / fall
    if abs(amount) >= abs(limit):
        amount = limit
    if quadratic:
        return amount
    good = 0.0
    bad = 2.0 * limit  # out of bounds, so that a step that leaves the bounds tries the limit itself
    for _ in range(NEWTON_STEPS):
        rest, fall = slope_at(system, table, used, used_length, tree, tree_length, amount)
        if rest * gain >= 0.0:
            good = amount
            if amount == limit or abs(rest) <= 0.05 * abs(gain):
                break
        else:
            bad = amount
        amount = amount + rest / fall if fall > 0.0 else bad
        if not min(good, bad) < amount < max(good, bad):
            amount = 0.5 * (good + bad)
        if abs(amount) > abs(limit):
            amount = limit
    return good


@compiled
def change_of(system, table, used, used_length, tree, tree_length, amount):
    """Return the exact change of the objective when ``amount`` moves from the used to the tree segment."""
    change = 0.0
    for i in range(used_length):
        row = table[used[i]]
        change += value_at(system, row, row[FLOW] - amount) - value_at(system, row, row[FLOW])
    for i in range(tree_length):
        row = table[tree[i]]
        change += value_at(system, row, row[FLOW] + amount) - value_at(system, row, row[FLOW])
    return change


@compiled
def whole_amount(system, table, used, used_length, tree, tree_length, amount, least, most):
    """Return the whole amount in [least, most] that lowers the objective most, 0 when none does."""
    best = 0.0
    best_change = 0.0
    low = float(int(amount))
    if low > amount:
        low -= 1.0
    for candidate in (low, low + 1.0):
        if candidate == 0.0 or candidate < least or candidate > most:
            continue
        change = change_of(system, table, used, used_length, tree, tree_length, candidate)
        if change < best_change - 1e-9:
            best = candidate
            best_change = change
    return best


@compiled
def cancel_circle(system, quadratic, table, used, start, length):
    """Take the flow that runs in the circle ``used[start:length]`` off it; this always lowers the objective."""
    least = table[used[start], OWN]
    for i in range(start, length):
        least = min(least, table[used[i], OWN])
    for i in range(start, length):
        shift(system, quadratic, table, used[i], -least)


@compiled
def balance_pair(system, quadratic, whole, table, used, used_length, tree, tree_length):
    """Move the best amount between both segments; return it (positive: on to the tree)."""
    gain = 0.0
    fall = 0.0
    most = table[used[0], OWN]
    for i in range(used_length):
        row = table[used[i]]
        gain += row[MARGINAL]
        fall += row[CURVATURE]
        most = min(most, row[OWN])
    size = gain
    least = -most if tree_length == 0 else -table[tree[0], OWN]
    for i in range(tree_length):
        row = table[tree[i]]
        gain -= row[MARGINAL]
        fall += row[CURVATURE]
        least = max(least, -row[OWN])
    limit = most if gain > 0.0 else least
    if not whole and (limit == 0.0 or abs(gain) <= BALANCED * size):
        return 0.0
    amount = best_amount(system, quadratic, table, used, used_length, tree, tree_length, gain, fall, limit)
    if whole:
        amount = whole_amount(system, table, used, used_length, tree, tree_length, amount, least, most)
    if amount == 0.0:
        return 0.0
    for i in range(used_length):
        shift(system, quadratic, table, used[i], -amount)
    for i in range(tree_length):
        shift(system, quadratic, table, tree[i], amount)
    return amount


@compiled
def balance_destination(
    system, quadratic, whole, root, tail, head, out_indptr, out_arc, toward, support, count, listed,
    table, nodes, serial, used, tree,
):  # fmt: skip
    """Go once through the used arcs off the tree and balance the pair that each of them opens.

    Parameters
    ----------
    system, quadratic, whole : bool
        Objective (else user equilibrium), linear cost on every arc, move whole amounts only.
    root : int
        Destination node.
    toward : (n,) int32
        The tree: next arc of every node.
    support, count, listed : (m,) int32, int, (m,) bool
        The destination's arcs with flow, how many there are and which they are; arcs that gain flow are appended.
    table : (m, 8) float64
        The arcs, with the flow of this destination in column OWN; changed.
    nodes, used, tree
        Working space: (n, 8) float64, then (n + 1,) int32 each.

    Returns
    -------
    count, serial, moved
        Length of the support, last serial number given, number of moves.
    """
    moved = 0
    serial += 1
    stamp = serial
    for i in range(count):
        first = support[i]
        if table[first, OWN] <= 0.0 or toward[tail[first]] == first:
            continue
        serial += 1
        used_length, tree_length = find_pair(
            first, root, tail, head, out_indptr, out_arc, toward, table, nodes, stamp, serial, used, tree
        )
        if used_length == 0:
            continue
        if tree_length <= -2:
            cancel_circle(system, quadratic, table, used, -2 - tree_length, used_length)
        elif balance_pair(system, quadratic, whole, table, used, used_length, tree, tree_length) == 0.0:
            continue
        moved += 1
        for s in range(used_length):
            weigh_again(nodes, stamp, tail, head, table, used[s])
        for s in range(tree_length):
            e = tree[s]
            weigh_again(nodes, stamp, tail, head, table, e)
            if not listed[e] and table[e, OWN] > 0.0:
                listed[e] = True
                support[count] = e
                count += 1
    return count, serial, moved
