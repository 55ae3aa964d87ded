"""Safe exits: where the roads leave an area from which everybody must go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dependencies import require
from ..graph.components import components, found_from
from .closures import cut_at_border
from .cutting import keep_pieces
from .network import RoadNetwork

PURPOSE = "finding the exits of the hazard"
NEAR_PARTS = 200.0  # m: parts of the area nearer than this are one
STEPS = 10  # of the distance to one of two parts


@dataclass(frozen=True)
class SafeExits:
    """The exits of an area on a network of the roads inside it.

    Attributes
    ----------
    network : RoadNetwork
        The roads inside, cut at the border, and those outside on which one can only come in again. Who passes an exit
        is safe, so the roads behind it are left out.
    node : (e,) int64
        The exits, ascending: nodes at the border, entered by the pieces that cross it there.
    refused : list of int
        Roads that cross outward too, but from whose far end the largest part of the roads outside cannot be reached
        without entering again.
    outside : float
        Metres of the largest part of the roads outside, both directions counted.
    """

    network: RoadNetwork
    node: np.ndarray
    refused: list[int]
    outside: float


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


def safe_exits(network: RoadNetwork, area: bytes) -> SafeExits:
    """Find where the roads leave an area for good.

    An exit is a crossing outward of the border from whose far end the largest part of the network outside can be
    reached without entering again. The largest part is the strong component with most metres of road; roads of which
    one cannot come back belong to none.

    Parameters
    ----------
    network : RoadNetwork
        Without connectors.
    area : bytes
        Valid polygons in the network's CRS, well-known binary.
    """
    whole, inside, _ = cut_at_border(network, area)
    nodes, within = whole.node_count, inside[whole.piece]
    tail, head = whole.tail[~within], whole.head[~within]
    crossing = np.intersect1d(whole.head[within], tail).astype(np.int64)
    label = components(nodes, tail, head, strong=True)
    own = label[tail] == label[head]
    metres = np.bincount(label[tail][own], weights=whole.length[~within][own], minlength=1)
    largest = int(np.argmax(metres))
    leads_out = np.zeros(nodes, dtype=bool)
    if metres[largest] > 0:
        leads_out = found_from(head, tail, nodes, np.flatnonzero(label == largest))
    back = found_from(tail, head, nodes, crossing[~leads_out[crossing]])  # nodes from which one can only come in again
    keep = inside.copy()
    keep[whole.piece[~within][back[tail]]] = True
    arcs = keep[whole.piece]
    used = np.unique(np.concatenate([whole.tail[arcs], whole.head[arcs]]))
    refused = np.isin(whole.head, crossing[~leads_out[crossing]]) & within
    return SafeExits(
        keep_pieces(whole, keep),
        np.searchsorted(used, crossing[leads_out[crossing]]).astype(np.int64),
        np.unique(whole.piece_road[whole.piece[refused]]).tolist(),
        float(metres[largest]),
    )
