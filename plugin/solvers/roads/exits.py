"""Safe exits: where the roads leave an area from which everybody must go."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..dependencies import require
from ..graph.components import components, found_from
from .closures import cut_at_border
from .network import RoadNetwork

PURPOSE = "finding the exits of the hazard"
NEAR_PARTS = 200.0  # m: parts of the area nearer than this are one
STEPS = 10  # of the distance to one of two parts


@dataclass(frozen=True)
class SafeExits:
    """The exits of an area.

    Attributes
    ----------
    network : RoadNetwork
        The roads, cut at the border.
    node : (e,) int64
        The exits, ascending: nodes at the border.
    refused : list of int
        Roads that cross outward too, but from whose far end no part of the roads outside that counts (the largest, and
        others of enough road) can be reached without entering again.
    outside : float
        Metres of the largest part of the roads outside, both directions counted.
    """

    network: RoadNetwork
    node: np.ndarray
    refused: list[int]
    outside: float

    def crossing(self, network: RoadNetwork, area: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Return the arcs (a,) that come to exits from inside, each with its exit, by exit and arc.

        ``network`` may have been cut since at further places; ``area`` is as in :func:`safe_exits`.
        """
        number = np.full(network.node_count, -1, dtype=np.int64)
        number[self.node] = np.arange(len(self.node))
        arc = np.flatnonzero(network.is_road & (number[network.head] >= 0))
        arc = arc[_inside(network, arc, area)]
        order = np.lexsort((arc, number[network.head[arc]]))
        return arc[order], number[network.head[arc[order]]]

    def sealed(self, network: RoadNetwork, area: bytes) -> RoadNetwork:
        """Return a network on which nobody drives on beyond an exit; parameters as of :meth:`crossing`.

        The roads that lead on from exits begin at a node of their own, the last, which nothing leads to.
        """
        arc = np.flatnonzero(network.is_road & np.isin(network.tail, self.node))
        arc = arc[~_inside(network, arc, area)]
        tail = network.tail.copy()
        tail[arc] = network.node_count
        spot = network.node_xy[self.node].mean(axis=0) if len(self.node) else np.zeros(2)
        return replace(network, node_xy=np.vstack([network.node_xy, spot]), tail=tail)


def _inside(network: RoadNetwork, arc: np.ndarray, area: bytes) -> np.ndarray:
    """Return which arcs (k,), none of which crosses its border, lie inside an area."""
    shapely = require("shapely", PURPOSE)
    if not len(arc):
        return np.zeros(0, dtype=bool)
    shape = shapely.from_wkb(area)
    shapely.prepare(shape)
    middle = shapely.line_interpolate_point(
        [shapely.linestrings(network.arc_xy(a)) for a in arc.tolist()], 0.5, normalized=True
    )
    inside: np.ndarray = shapely.intersects(shape, middle)
    return inside


def united(area: bytes, gap: float = NEAR_PARTS) -> bytes:
    """Return an area with the ground between its parts that are nearer to each other than ``gap`` metres.

    Between two such parts lies what is at most ``gap`` metres, up to a tenth more, away from both together.

    Parameters
    ----------
    area : bytes
        Valid polygons, metres, well-known binary.

    Examples
    --------
    Two squares, 100 m apart:

    >>> import shapely
    >>> two = shapely.union_all(shapely.box([0, 300], [0, 0], [200, 500], [200, 200]))
    >>> one = shapely.from_wkb(united(shapely.to_wkb(two)))
    >>> shapely.get_num_geometries(one).item(), shapely.intersects_xy(one, [250, 250], [100, 300]).tolist()
    (1, [True, False])
    """
    shapely = require("shapely", PURPOSE)
    shape = shapely.from_wkb(area)
    parts = shapely.get_parts(shape)
    reach = shapely.buffer(parts, gap)
    one, other = shapely.STRtree(parts).query(reach)
    pairs = [(a, b) for a, b in zip(one.tolist(), other.tolist()) if a < b]
    between = [
        _between(shapely.intersection(parts[a], reach[b]), shapely.intersection(parts[b], reach[a]), gap)
        for a, b in pairs
        if shapely.distance(parts[a], parts[b]) < gap
    ]
    if not between:
        return area
    return bytes(shapely.to_wkb(shapely.union_all([shape, *between])))


def _between(one: object, other: object, gap: float) -> object:
    """Return the ground that is at most ``gap`` metres, and up to a tenth more, away from both shapes together."""
    shapely = require("shapely", PURPOSE)
    near = gap / STEPS * np.arange(STEPS)
    return shapely.union_all(
        shapely.intersection(shapely.buffer(one, near + gap / STEPS), shapely.buffer(other, gap - near))
    )


def safe_exits(network: RoadNetwork, area: bytes, enough: float = np.inf) -> SafeExits:
    """Find where the roads leave an area for good.

    An exit is a crossing outward of the border from whose far end the largest part of the network outside can be
    reached without entering again, or another with ``enough`` road. The largest part is the strong component with most
    metres of road; roads of which one cannot come back belong to none.

    Parameters
    ----------
    network : RoadNetwork
        Without connectors.
    area : bytes
        Valid polygons in the network's CRS, well-known binary.
    enough : float
        Metres of road, each direction counted, from which on another part outside is safe as well.
    """
    roads, inside, _ = cut_at_border(network, area)
    nodes, within = roads.node_count, inside[roads.piece]
    tail, head = roads.tail[~within], roads.head[~within]
    crossing = np.intersect1d(roads.head[within], tail).astype(np.int64)
    label = components(nodes, tail, head, strong=True)
    own = label[tail] == label[head]
    metres = np.bincount(label[tail][own], weights=roads.length[~within][own], minlength=int(label.max(initial=0)) + 1)
    largest = int(np.argmax(metres))
    leads_out = np.zeros(nodes, dtype=bool)
    if metres[largest] > 0:
        safe = metres >= enough
        safe[largest] = True
        leads_out = found_from(head, tail, nodes, np.flatnonzero(safe[label]))
    node, dead = crossing[leads_out[crossing]], crossing[~leads_out[crossing]]
    refused = np.unique(roads.piece_road[roads.piece[np.isin(roads.head, dead) & within]]).tolist()
    return SafeExits(roads, node, refused, float(metres[largest]))
