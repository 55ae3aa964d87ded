"""Stretches of road that could be made one-way (spec of time against the hazard, section 14, ``contraflow``).

Undivided: consecutive two-way pieces of one class between two junctions where the class meets another of at least
*secondary*. Divided: one-way pieces of one class and street from one crossing between the carriageways to the next,
with the opposite carriageway beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from ..dependencies import require
from ..roads.carriageways import one_ways
from ..roads.network import RoadNetwork

PURPOSE = "finding the stretches of road that could be turned"
NEAREST, FARTHEST = 5.0, 60.0  # m between the carriageways of a divided road
LEAST_SHARE = 0.8  # of the length
TURNED_BACK = -0.5  # cosine between two directions
STEP = 20.0  # m between the places at which that is measured
LINK = "_link"


class Stretch(NamedTuple):
    """A stretch that could be turned.

    Attributes
    ----------
    there, back : (k,), (l,) int64
        The arcs of its two directions, in the order in which they are driven.
    divided : bool
        Whether the directions are carriageways of their own.
    """

    there: np.ndarray
    back: np.ndarray
    divided: bool


def stretches(
    network: RoadNetwork,
    road_class: Sequence[str],
    street: Sequence[str],
    rank: np.ndarray,
    lowest: float,
    classes: Collection[str],
) -> list[Stretch]:
    """Find all stretches of the ``classes``.

    Parameters
    ----------
    network : RoadNetwork
        Without places joined.
    road_class, street : sequences of str
        Class of each road, and what tells one divided road from another (number, else name; "": none).
    rank : (r,) float
        Of each road's class, 1 the highest, NaN for none.
    lowest : float
        Rank of the lowest class that ends a stretch.
    classes : collection of str
    """
    road = network.piece_road
    kind = np.array([road_class[r] for r in road.tolist()], dtype=object)
    way = one_ways(network)
    ends = np.column_stack(network.piece_ends()).astype(np.int64)
    at = _pieces_at(ends, network.node_count)
    slot = np.full((network.piece_count, 2), -1, dtype=np.int64)
    real = np.flatnonzero(network.is_road)
    slot[network.piece[real], np.where(network.forward[real], 0, 1)] = real
    found: list[Stretch] = []
    for name in sorted(set(classes)):
        mine = (kind == name) & (ends >= 0).all(axis=1)
        both = mine & (way == 0) & (slot >= 0).all(axis=1)
        stops = _stops(kind, rank[road], mine, both, at, lowest, name)
        for chain in _chains(np.flatnonzero(both), ends, at, both, stops):
            there = np.array([slot[p, 0 if forward else 1] for p, forward in chain])
            back = np.array([slot[p, 1 if forward else 0] for p, forward in reversed(chain)])
            found.append(Stretch(there, back, False))
        keys = np.array([street[r] if street[r] else "" for r in road.tolist()], dtype=object)
        for key in sorted(set(keys[mine & (way != 0)].tolist()) - {""}):
            found.extend(_divided(network, np.flatnonzero(mine & (way != 0) & (keys == key)), ends, at, slot))
    return found


def _pieces_at(ends: np.ndarray, nodes: int) -> list[list[int]]:
    """Return the pieces that meet at each node."""
    at: list[list[int]] = [[] for _ in range(nodes)]
    for p, (a, b) in enumerate(ends.tolist()):
        if a >= 0:
            at[a].append(p)
            if b != a:
                at[b].append(p)
    return at


def _stops(
    kind: np.ndarray,
    rank: np.ndarray,
    mine: np.ndarray,
    both: np.ndarray,
    at: list[list[int]],
    lowest: float,
    name: str,
) -> np.ndarray:
    """Return the nodes (n,) at which stretches of a class end.

    Those where it meets another class of at least the rank ``lowest``, divides or forks. Its own links are no class.
    """
    other = ~mine & (kind != name + LINK) & (rank <= lowest)
    stops = np.zeros(len(at), dtype=bool)
    for node, pieces in enumerate(at):
        own = sum(bool(both[p]) for p in pieces)
        if own:
            stops[node] = own != 2 or any(other[p] or (mine[p] and not both[p]) for p in pieces)
    return stops


def _chains(
    pieces: np.ndarray, ends: np.ndarray, at: list[list[int]], own: np.ndarray, stops: np.ndarray
) -> list[list[tuple[int, bool]]]:
    """Return the runs of pieces between two stops, each piece with whether it is passed as drawn."""
    chains, seen = [], set()
    for first in pieces.tolist():
        for start in ends[first].tolist():
            if first in seen or not stops[start]:
                continue
            chain, piece, node = [], first, start
            while piece not in seen:
                seen.add(piece)
                forward = int(ends[piece, 0]) == node
                chain.append((piece, forward))
                node = int(ends[piece, 1 if forward else 0])
                if stops[node]:
                    break
                piece = next(p for p in at[node] if own[p] and p != piece)
            if stops[node]:
                chains.append(chain)
    return chains


def _divided(
    network: RoadNetwork, pieces: np.ndarray, ends: np.ndarray, at: list[list[int]], slot: np.ndarray
) -> list[Stretch]:
    """Return the stretches of one divided road whose one-way ``pieces`` are given."""
    arc = np.where(slot[pieces, 0] >= 0, slot[pieces, 0], slot[pieces, 1])
    leaving: dict[int, list[int]] = {}
    for a in arc.tolist():
        leaving.setdefault(int(network.tail[a]), []).append(a)
    own = set(pieces.tolist())
    nodes = set(ends[pieces].ravel().tolist())
    # a crossing: a node of the street from which one other piece of road, or none, leads to another node of the street
    across: dict[int, set[int]] = {}
    for node in nodes:
        other = {int(ends[p].sum()) - node for p in at[node] if p not in own and ends[p, 0] != ends[p, 1]}
        across[node] = other & nodes
    for a in arc.tolist():
        node = int(network.head[a])
        if any(_turns_back(network, a, b) for b in leaving.get(node, ())):
            across[node].add(node)
    found, taken = [], set()
    for start in sorted(node for node in nodes if across[node]):
        for first in leaving.get(start, ()):
            there = _run(network, first, leaving, across)
            if not there:
                continue
            stop = int(network.head[there[-1]])
            back = next(
                (b for m in sorted(across[stop]) for b in _back(network, m, across[start], leaving, across)), None
            )
            if not back or set(back) & set(there):
                continue
            key = frozenset((*there, *back))
            if key not in taken and _beside(network, np.array(there), np.array(back)):
                taken.add(key)
                found.append(Stretch(np.array(there), np.array(back), True))
    return found


def _turns_back(network: RoadNetwork, arriving: int, leaving: int) -> bool:
    """Whether who comes by one arc and leaves by the other turns back: there the carriageways meet."""
    one, other = network.arc_xy(arriving), network.arc_xy(leaving)
    first, last = one[-1] - one[-2], other[1] - other[0]
    return float(first @ last) < TURNED_BACK * float(np.hypot(*first) * np.hypot(*last))


def _run(network: RoadNetwork, first: int, leaving: dict[int, list[int]], across: dict[int, set[int]]) -> list[int]:
    """Return the arcs from the first one on to the next crossing, none where there is not any."""
    run, seen = [first], {first}
    while not across.get(int(network.head[run[-1]])):
        following = leaving.get(int(network.head[run[-1]]), [])
        if len(following) != 1 or following[0] in seen:
            return []
        run.append(following[0])
        seen.add(following[0])
    return run


def _back(
    network: RoadNetwork, start: int, goals: set[int], leaving: dict[int, list[int]], across: dict[int, set[int]]
) -> list[list[int]]:
    """Return the runs from a node on the other carriageway that come to one of ``goals``, over crossings if need be."""
    out = []
    for first in leaving.get(start, ()):
        arcs: list[int] = []
        part = _run(network, first, leaving, across)
        while part and not set(part) & set(arcs):
            arcs += part
            node = int(network.head[arcs[-1]])
            if node in goals:
                out.append(arcs)
                break
            following = leaving.get(node, [])
            part = _run(network, following[0], leaving, across) if len(following) == 1 else []
    return out


def _beside(network: RoadNetwork, there: np.ndarray, back: np.ndarray) -> bool:
    """Whether two carriageways lie 5 to 60 m apart over at least 80 % of their length."""
    shapely = require("shapely", PURPOSE)
    one, other = (shapely.LineString(network.path_xy(arcs)) for arcs in (there, back))
    for line, opposite in ((one, other), (other, one)):
        count = max(int(line.length / STEP), 4)
        points = shapely.line_interpolate_point(line, (np.arange(count) + 0.5) / count, normalized=True)
        apart = shapely.distance(points, opposite)
        if np.mean((apart >= NEAREST) & (apart <= FARTHEST)) < LEAST_SHARE:
            return False
    return True
