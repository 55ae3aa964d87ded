"""Checks of how a network hangs together: separate parts, and nodes that cannot be left or reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..graph.components import components, found_from
from .network import RoadNetwork, point_along
from .problem import CANNOT_LEAVE, CANNOT_REACH, COMPONENT, DEAD_END, Problem

SMALLEST_CORE = 2  # nodes; in a part whose roads lead nowhere back there is no core to be cut off from


@dataclass(frozen=True)
class Connection:
    """How each node is connected, (n,) each.

    Attributes
    ----------
    part : int64
        The part of the network, whatever the directions; numbered from 0 by falling number of nodes.
    left, reached : bool
        Whether a trip from the node comes to the part's main roads, and one from these to the node. The main roads
        are the part's largest set of nodes that can reach each other. True in a part without such a set.
    """

    part: np.ndarray
    left: np.ndarray
    reached: np.ndarray


def connection(network: RoadNetwork) -> Connection:
    """Find the parts of a network and the nodes cut off from their part's main roads by one-way streets.

    Examples
    --------
    A two-way street 0 - 1, a one-way street from it to 2, which cannot be left, and a street 3 - 4 apart:

    >>> from .edge_list import straight_network
    >>> xy = [[0, 0], [100, 0], [200, 0], [0, 900], [50, 900]]
    >>> found = connection(straight_network(xy, [0, 1, 3], [1, 2, 4], two_way=[True, False, True]))
    >>> found.part.tolist(), found.left.tolist(), found.reached.all()
    ([0, 0, 0, 1, 1], [True, True, False, True, True], True)
    """
    part = components(network.node_count, network.tail, network.head, strong=False)
    strong = components(network.node_count, network.tail, network.head, strong=True)
    n = network.node_count
    if n == 0:
        empty = np.empty(0, dtype=bool)
        return Connection(part, empty, empty)
    sizes = np.bincount(strong)
    # components are numbered by falling size, so the first of a part is its largest
    order = np.lexsort((strong, part))
    core_node = order[np.unique(part[order], return_index=True)[1]]
    judged = sizes[strong[core_node]] >= SMALLEST_CORE
    judged[0] = True
    starts = core_node[judged]
    left = found_from(network.head, network.tail, n, starts) | ~judged[part]
    reached = found_from(network.tail, network.head, n, starts) | ~judged[part]
    return Connection(part, left, reached)


def connection_problems(network: RoadNetwork, found: Connection) -> list[Problem]:
    """List the parts off the main one, and the nodes that cannot be left or reached."""
    return _parts(network, found) + _cut_off(network, found)


def _parts(network: RoadNetwork, found: Connection) -> list[Problem]:
    """One problem for each part but the largest, at the middle of its longest piece."""
    start, _ = network.piece_ends()
    if network.node_count == 0:
        return []
    part_of_piece = found.part[start]
    length = network.piece_lengths()
    count = int(found.part.max()) + 1
    metres = np.bincount(part_of_piece, weights=length, minlength=count)
    pieces = np.bincount(part_of_piece, minlength=count)
    order = np.lexsort((-length, part_of_piece))
    longest = order[np.unique(part_of_piece[order], return_index=True)[1]]
    problems = []
    for k in range(1, count):
        x, y = piece_middle(network, int(longest[k]))
        detail = (
            f"part {k + 1} of {count}: {pieces[k]} piece(s), {metres[k]:,.0f} m, not connected to the main part of "
            f"the network"
        )
        problems.append(Problem(COMPONENT, x, y, network.road_ids[network.piece_road[longest[k]]], detail))
    return problems


def _cut_off(network: RoadNetwork, found: Connection) -> list[Problem]:
    """One problem for each node that cannot be left to, or reached from, the main roads of its part."""
    outward = np.bincount(network.tail, minlength=network.node_count)
    inward = np.bincount(network.head, minlength=network.node_count)
    road = np.zeros(network.node_count, dtype=np.int64)
    road[network.tail] = network.piece_road[network.piece]
    road[network.head] = network.piece_road[network.piece]  # the road that leads there, where there is one
    problems = []
    for node in np.flatnonzero(~(found.left & found.reached)):
        if outward[node] == 0:
            kind, detail = DEAD_END, "a one-way road ends here and no road leads on: it cannot be left"
        elif inward[node] == 0:
            kind, detail = DEAD_END, "a one-way road begins here and no road leads to it: it cannot be reached"
        elif not found.left[node]:
            kind, detail = CANNOT_LEAVE, "every way from here ends in a dead-end one-way: it cannot be left"
        else:
            kind, detail = CANNOT_REACH, "every way to here comes from a one-way road that none leads to"
        x, y = network.node_xy[node].tolist()
        problems.append(Problem(kind, x, y, network.road_ids[road[node]], detail))
    return problems


def piece_middle(network: RoadNetwork, piece: int) -> tuple[float, float]:
    """Return the point half-way along a piece."""
    xy = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
    return point_along(xy, 0.5)
