"""Where the vehicles of an area start: at its junctions, by the length of road that meets there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from ..dependencies import require
from ..rounding import largest_remainder
from .near_pieces import NearPieces
from .network import RoadNetwork
from .reach import ReachesNode

PURPOSE = "finding the junctions inside zones"
ALONG_BORDER = 1e-6  # m: less of a road inside is no road inside
SHARED = 0.01  # of the smaller polygon: less is how borders are drawn


@dataclass(frozen=True)
class Junctions:
    """The junctions of each zone.

    Attributes
    ----------
    start : (z + 1,) int64
        Those of zone k are ``node[start[k]:start[k + 1]]``, ascending.
    node : (j,) int64
    weight : (j,) float64
        Metres of road that count for a junction, more than 0.
    """

    start: np.ndarray
    node: np.ndarray
    weight: np.ndarray

    @classmethod
    def none(cls, zones: int) -> Junctions:
        """Return the junctions of zones that have none."""
        return cls(np.zeros(zones + 1, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))

    @property
    def counts(self) -> np.ndarray:
        """Number of junctions (z,) of each zone."""
        return np.diff(self.start)

    def of(self, zone: int) -> slice:
        """Return where the junctions of a zone are."""
        return slice(int(self.start[zone]), int(self.start[zone + 1]))

    def without(self, zones: np.ndarray) -> Junctions:
        """Return the junctions of all zones, of those of the mask (z,) none."""
        kept = ~np.repeat(zones, self.counts)
        counts = np.where(zones, 0, self.counts)
        return Junctions(np.r_[0, np.cumsum(counts)].astype(np.int64), self.node[kept], self.weight[kept])


def junctions_inside(
    network: RoadNetwork, zones: Sequence[bytes], counted: np.ndarray, hazard: bytes | None = None
) -> Junctions:
    """Find the junctions inside zones.

    A junction weighs half the length, inside the zone, of the pieces that meet there. Where the part of a zone inside
    the hazard has a junction, only that part counts.

    Parameters
    ----------
    network : RoadNetwork
    zones : sequence of bytes
        Valid polygons in the network's CRS, well-known binary; the border belongs to the zone.
    counted : (p,) bool
        Pieces on which people live; the others have no weight.
    hazard : bytes, optional
        Valid polygons, likewise.
    """
    if not len(zones) or not network.piece_count:
        return Junctions.none(len(zones))
    shapely = require("shapely", PURPOSE)
    shapes = shapely.from_wkb(list(zones))
    pieces = NearPieces(network)
    whole = _junctions(pieces, shapes, counted)
    if hazard is None:
        return whole
    danger = shapely.from_wkb(hazard)
    shapely.prepare(danger)
    parts = np.full(len(shapes), shapely.from_wkt("POLYGON EMPTY"))
    cut = shapely.intersects(danger, shapes) & ~shapely.covers(danger, shapes)  # inside, the part is the whole
    parts[cut] = shapely.intersection(shapes[cut], danger)
    return _first_that_has(_junctions(pieces, parts, counted), whole)


def nodes_inside(network: RoadNetwork, zones: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return all ends of roads inside zones (well-known binary), border included: offsets (z + 1,) and nodes (k,)."""
    start = np.zeros(len(zones) + 1, dtype=np.int64)
    ends = np.unique(np.concatenate(network.piece_ends()))
    ends = ends[ends >= 0].astype(np.int64)
    if not len(zones) or not len(ends):
        return start, np.empty(0, dtype=np.int64)
    shapely = require("shapely", PURPOSE)
    shapes = shapely.from_wkb(list(zones))
    shapely.prepare(shapes)
    zone, k = shapely.STRtree(shapely.points(network.node_xy[ends])).query(shapes, predicate="intersects")
    order = np.lexsort((k, zone))
    start[1:] = np.cumsum(np.bincount(zone, minlength=len(zones)))
    return start, ends[k[order]]


def from_border(zone: bytes, xy: np.ndarray) -> np.ndarray:
    """Return the part of a line (k, 2) behind the last place where it leaves the zone, all where it does not."""
    shapely = require("shapely", PURPOSE)
    line = shapely.LineString(xy)
    met = shapely.intersection(line, shapely.boundary(shapely.from_wkb(zone)))
    places = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(met)))
    last = float(places.max(initial=0.0))
    if not 0.0 < last < shapely.length(line):
        return xy
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
    begin = shapely.get_coordinates(shapely.line_interpolate_point(line, last))
    return np.concatenate([begin, xy[along > last]])


def overlapping(zones: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the pairs of polygons (well-known binary) that share more than :data:`SHARED` of the smaller one."""
    if len(zones) < 2:
        return []
    shapely = require("shapely", PURPOSE)
    shapes = shapely.from_wkb(list(zones))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    area = shapely.area(shapes)
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    found = shared > SHARED * np.minimum(area[one], area[other])
    return sorted(zip(one[found].tolist(), other[found].tolist()))


def _junctions(pieces: NearPieces, shapes: np.ndarray, counted: np.ndarray) -> Junctions:
    shapely = require("shapely", PURPOSE)
    network = pieces.network
    first, last = network.piece_ends()
    chosen = np.flatnonzero(counted & (first >= 0))
    lines = pieces.lines[chosen]
    shapely.prepare(shapes)
    zone, k = shapely.STRtree(lines).query(shapes, predicate="intersects")
    edge = ~shapely.covers(shapes[zone], lines[k])
    share = np.ones(len(zone))
    drawn = shapely.length(lines)
    part = shapely.length(shapely.intersection(lines[k[edge]], shapes[zone[edge]]))
    share[edge] = np.where(part > ALONG_BORDER, part / np.maximum(drawn[k[edge]], ALONG_BORDER), 0.0)
    half = 0.5 * share * network.piece_lengths()[chosen[k]]
    ends = np.concatenate([first[chosen[k]], last[chosen[k]]]).astype(np.int64)
    pair, inverse = np.unique(np.tile(zone, 2) * np.int64(network.node_count) + ends, return_inverse=True)
    weight = np.bincount(inverse.ravel(), weights=np.tile(half, 2), minlength=len(pair))
    owner, node = np.divmod(pair, network.node_count)
    inside = (weight > 0) & shapely.intersects(shapes[owner], shapely.points(network.node_xy[node]))
    owner, node, weight = owner[inside], node[inside], weight[inside]
    return Junctions(np.searchsorted(owner, np.arange(len(shapes) + 1)).astype(np.int64), node, weight)


def _first_that_has(first: Junctions, other: Junctions) -> Junctions:
    """Return for each zone its junctions in ``first``, in ``other`` where it has none there."""
    counts = np.where(first.counts > 0, first.counts, other.counts)
    take = np.repeat(first.counts > 0, first.counts), np.repeat(first.counts == 0, other.counts)
    owner = np.concatenate([np.repeat(np.arange(len(counts)), j.counts)[mask] for j, mask in zip((first, other), take)])
    order = np.argsort(owner, kind="stable")
    node, weight = (
        np.concatenate([getattr(j, name)[mask] for j, mask in zip((first, other), take)])[order]
        for name in ("node", "weight")
    )
    return Junctions(np.r_[0, np.cumsum(counts)].astype(np.int64), node, weight)


def start_nodes(
    network: RoadNetwork,
    junctions: Junctions,
    names: Sequence[str],
    zone: np.ndarray,
    destination: np.ndarray,
    vehicles: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Return the junction (v,) at which each vehicle starts, -1 for the vehicles of rows without junctions.

    Only junctions count from which a row's destination can be reached; where there is none, all do, and the row has no
    way. Rows of a zone whose destinations can be reached from the same junctions share them together by weight
    (largest remainder), and their vehicles are dealt over what they got in an order that ``seed`` and the zone's name
    draw: nobody's start changes with another zone.

    Parameters
    ----------
    network : RoadNetwork
    junctions : Junctions
    names : list of str
        Of the zones.
    zone : (r,) int
        Zone of each row; -1 for a row whose vehicles are none of ours.
    destination : (r,) int
        Node of each row's destination, -1 without one.
    vehicles : (r,) int
        Vehicles of each row.
    seed : int
    """
    first = np.r_[0, np.cumsum(vehicles)].astype(np.int64)
    node = np.full(int(first[-1]), -1, dtype=np.int64)
    spread = np.flatnonzero((zone >= 0) & (destination >= 0))
    spread = spread[junctions.counts[zone[spread]] > 0]
    if not len(spread):
        return node
    ways = ReachesNode(network)
    together: dict[tuple[int, bytes], list[int]] = {}
    for target in np.unique(destination[spread]).tolist():
        can = ways.can(junctions.node, target)
        for row in spread[destination[spread] == target].tolist():
            own = can[junctions.of(int(zone[row]))]
            together.setdefault((int(zone[row]), np.packbits(own).tobytes()), []).append(row)
    for (k, packed), rows in sorted(together.items()):
        where = junctions.of(k)
        size = where.stop - where.start
        can = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=size).astype(bool)
        weight = np.where(can, junctions.weight[where], 0.0) if can.any() else junctions.weight[where]
        rows = sorted(rows)
        total = int(vehicles[rows].sum())
        each = largest_remainder(weight / weight.sum() * total, total)
        drawn = np.random.default_rng([seed, crc32(names[k].encode()), crc32(packed)])
        slots = drawn.permutation(np.repeat(junctions.node[where], each))
        taken = 0
        for row in rows:
            node[first[row] : first[row + 1]] = slots[taken : taken + int(vehicles[row])]
            taken += int(vehicles[row])
    return node
