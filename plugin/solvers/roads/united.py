"""Two networks of one area, that of cars and that of walkers, side by side as one network.

Cars and walkers share the room of shelters, not roads: no arc leads from one half to the other. Whoever starts in a
half stays there, so that one run on the united network is a plan for both, and an arc's number says whose it is. Nodes,
arcs, pieces and roads of walkers come behind those of cars.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .doors import Doors
from .network import NO_PIECE, RoadNetwork
from .starts import Junctions
from .taken_out import TakenOut


class Offsets(NamedTuple):
    """How many nodes, arcs, pieces and roads of cars come before those of walkers."""

    nodes: int
    arcs: int
    pieces: int
    roads: int

    @classmethod
    def of(cls, car: RoadNetwork) -> Offsets:
        """Return those of walkers beside the network ``car``."""
        return cls(car.node_count, car.arc_count, car.piece_count, len(car.road_ids))


def united(car: RoadNetwork, foot: RoadNetwork) -> RoadNetwork:
    """Return the network of cars and that of walkers, in one CRS, as one of two halves that do not meet.

    A road that both use is two roads of the same id.

    Examples
    --------
    A street, and a path that crosses nothing:

    >>> from .edge_list import straight_network
    >>> street = straight_network([[0, 0], [100, 0]], [0], [1])
    >>> path = straight_network([[0, 0], [0, 50]], [0], [1], two_way=False)
    >>> both = united(street, path)
    >>> both.tail.tolist(), both.head.tolist(), both.piece.tolist(), both.piece_road.tolist(), both.road_ids
    ([0, 1, 2], [1, 0, 3], [0, 0, 1], [0, 1], ['0', '0'])
    """
    by = Offsets.of(car)
    copies = foot.copies.copy()
    copies[:, 0] += by.pieces
    copies[:, 1] += by.roads
    return RoadNetwork(
        node_xy=np.concatenate([car.node_xy, foot.node_xy]),
        tail=np.concatenate([car.tail, foot.tail + np.int32(by.nodes)]),
        head=np.concatenate([car.head, foot.head + np.int32(by.nodes)]),
        length=np.concatenate([car.length, foot.length]),
        speed=np.concatenate([car.speed, foot.speed]),
        free_flow=np.concatenate([car.free_flow, foot.free_flow]),
        lanes=np.concatenate([car.lanes, foot.lanes]),
        capacity=np.concatenate([car.capacity, foot.capacity]),
        piece=np.concatenate([car.piece, shifted(foot.piece, by.pieces, NO_PIECE)]).astype(np.int32),
        forward=np.concatenate([car.forward, foot.forward]),
        piece_road=np.concatenate([car.piece_road, foot.piece_road + np.int32(by.roads)]),
        road_ids=[*car.road_ids, *foot.road_ids],
        piece_start=np.concatenate([car.piece_start, foot.piece_start[1:] + car.piece_start[-1]]),
        piece_xy=np.concatenate([car.piece_xy, foot.piece_xy]),
        piece_begin=np.concatenate([car.piece_begin, foot.piece_begin]),
        copies=np.concatenate([car.copies, copies]),
        gone=np.concatenate([half.gone if len(half.gone) else np.zeros(len(half.road_ids)) for half in (car, foot)]),
    )


def shifted(number: np.ndarray, by: int, none: int = -1) -> np.ndarray:
    """Return numbers (k,) of nodes, pieces or roads of walkers as they are beside those of cars; ``none`` stays."""
    return np.where(number == none, none, number + by)


def united_doors(car: Doors, foot: Doors, by: Offsets) -> Doors:
    """Return the doors of both; sites of walkers are numbered behind those of cars, also where they are the same."""
    sites, doors = len(car.ids), len(car)
    return Doors(
        [*car.ids, *foot.ids],
        np.concatenate([car.site, foot.site + sites]),
        np.concatenate([car.number, foot.number]),
        [*car.names, *foot.names],
        np.concatenate([car.node, foot.node + by.nodes]),
        np.concatenate([car.guessed, foot.guessed]),
        np.concatenate([car.capacity, foot.capacity]),
        np.concatenate([car.access, foot.access]),
        np.concatenate([car.arc, foot.arc + by.arcs]),
        np.concatenate([car.arc_door, foot.arc_door + doors]),
        np.concatenate([car.point, foot.point + by.nodes]),
        np.concatenate([car.point_door, foot.point_door + doors]),
    )


def shared_doors(car: Doors, foot: Doors, by: Offsets, shared: int) -> Doors:
    """Return the doors of both, of which the first ``shared`` sites are the same; then come the others of each.

    At a site that both share those of walkers are numbered behind those of cars.
    """
    own = len(car.ids) - shared
    apart = united_doors(car, foot, by)
    site = np.where(foot.site < shared, foot.site, foot.site + own)
    sites, counts = np.concatenate([car.site, site]), np.bincount(car.site, minlength=len(car.ids) + len(foot.ids))
    number = np.concatenate([car.number, foot.number + counts[site] * (foot.site < shared)])
    order = np.argsort(sites, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    few = order.tolist()
    arcs = np.lexsort((apart.arc, place[apart.arc_door]))
    points = np.argsort(place[apart.point_door], kind="stable")
    return Doors(
        [*car.ids, *foot.ids[shared:]],
        sites[order],
        number[order],
        [apart.names[k] for k in few],
        apart.node[order],
        apart.guessed[order],
        apart.capacity[order],
        apart.access[order],
        apart.arc[arcs],
        place[apart.arc_door][arcs],
        apart.point[points],
        place[apart.point_door][points],
    )


def united_junctions(car: Junctions, foot: Junctions, by: Offsets) -> Junctions:
    """Return the junctions of the zones of both, those of walkers behind."""
    return Junctions(
        np.concatenate([car.start, foot.start[1:] + car.start[-1]]),
        np.concatenate([car.node, foot.node + by.nodes]),
        np.concatenate([car.weight, foot.weight]),
    )


def united_taken_out(car: TakenOut, foot: TakenOut, by: Offsets) -> TakenOut:
    """Return the arcs that were taken out of either network; nodes that are no more keep numbers of their own."""
    lowest = min(int(car.tail.min(initial=0)), int(car.head.min(initial=0)))

    def renamed(node: np.ndarray) -> np.ndarray:
        return np.where(node < 0, node + lowest, node + by.nodes)

    return TakenOut(
        np.concatenate([car.tail, renamed(foot.tail)]),
        np.concatenate([car.head, renamed(foot.head)]),
        np.concatenate([car.cause, foot.cause + len(car.names)]),
        [*car.names, *foot.names],
        [*car.lines, *foot.lines],
        [*car.line_cause, *(cause + len(car.names) for cause in foot.line_cause)],
    )
