"""What sensors on a few roads say of the vehicles on all: where they stand, which road takes whose flow.

A sensor counts a road at one point. Its flow passes the whole road, both ways alike, so that the vehicles present on it
are flow times free-flow time. A road without a sensor takes the flow of the nearest one of its class at the same share
of its own capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..dependencies import require
from .near_pieces import NearPieces
from .network import RoadNetwork

DOUBT = 5.0  # m: another road that is farther by less may be the one that a sensor counts
SMALLEST = 1e-9  # m; a length of zero would vanish from a sparse matrix
ROOM = 7.5  # m of a lane for a standing vehicle
SECONDS = 3600.0


@dataclass(frozen=True)
class RoadSums:
    """Roads by id, (g,) each: lines of one id are one road; those drawn on top of each other share what is there.

    Attributes
    ----------
    ids : list of str
    of_line : (r,) int64
        The road of each line of the network.
    seconds : float64
        Free-flow time of its stretches, of both directions together.
    passing : float64
        The same times the capacity of each: vehicles/h times s.
    ways : float64
        Open directions, the mean by length.
    room : float64
        Vehicles that stand on its lanes, one on 7.5 m.
    classes : list of str
        That of its first line.
    """

    ids: list[str]
    of_line: np.ndarray
    seconds: np.ndarray
    passing: np.ndarray
    ways: np.ndarray
    room: np.ndarray
    classes: list[str]

    @classmethod
    def of(cls, network: RoadNetwork, classes: Sequence[str]) -> RoadSums:
        """Add up a network's stretches; ``classes`` (r,) are those of its lines."""
        position: dict[str, int] = {}
        of_line = np.array([position.setdefault(name, len(position)) for name in network.road_ids], dtype=np.int64)
        count = len(position)
        arc, line = network.road_arcs()
        share = 1.0 / np.bincount(arc, minlength=network.arc_count)[arc]
        road = of_line[line]

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(road, weights=share * values[arc], minlength=count)

        drawn, piece = _pairs(road, network.piece[arc], network.piece_count)
        metres = np.bincount(drawn, weights=network.piece_lengths()[piece], minlength=count)
        ways = total(network.length) / np.maximum(metres, SMALLEST)
        first = {int(road): classes[k] for k, road in reversed(list(enumerate(of_line.tolist())))}
        return cls(
            list(position),
            of_line,
            total(network.free_flow),
            total(network.free_flow * network.capacity),
            ways,
            total(network.lanes * network.length) / ROOM,
            [first[k] for k in range(count)],
        )


def _pairs(one: np.ndarray, other: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the different pairs (k,) of two columns in ascending order; ``other`` is below ``size``."""
    first, second = np.divmod(np.unique(one.astype(np.int64) * max(size, 1) + other), max(size, 1))
    return first, second


@dataclass(frozen=True)
class Standing:
    """Where sensors (s,) stand.

    Attributes
    ----------
    piece : int64
        The piece of road that each counts; -1 where none is within reach.
    measure : float64
        Ellipsoidal metres along the piece, as drawn.
    distance : float64
        Metres to the piece, or to the nearest one where none is within reach; infinite without a position.
    other : int64
        A piece of another road that may be meant as well, -1 where there is none.
    other_distance : float64
    """

    piece: np.ndarray
    measure: np.ndarray
    distance: np.ndarray
    other: np.ndarray
    other_distance: np.ndarray


def stand_on_roads(network: RoadNetwork, sums: RoadSums, xy: np.ndarray, reach: float) -> Standing:
    """Return where sensors at ``xy`` (s, 2) stand: on the nearest road within ``reach`` metres, NaN on none.

    Of several equally near pieces the first is taken.
    """
    pieces, count = NearPieces(network), len(xy)
    usable = np.flatnonzero(network.piece_ends()[0] >= 0)
    found = Standing(
        np.full(count, -1, dtype=np.int64), np.zeros(count), np.full(count, np.inf), np.full(count, -1, dtype=np.int64),
        np.full(count, np.inf),
    )  # fmt: skip
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    near = pieces.nearest(xy[known], usable)
    who = known[near.place]
    found.distance[who] = near.distance
    close = near.distance <= reach
    who, piece = who[close], near.piece[close]
    found.piece[who] = piece
    planar = np.maximum(pieces.lengths(piece), SMALLEST)
    found.measure[who] = np.minimum(pieces.measures(piece, xy[who]) / planar, 1.0) * network.piece_lengths()[piece]
    beside = pieces.within(xy[who], usable, found.distance[who] + DOUBT)
    road = sums.of_line[network.piece_road]
    merged = {(int(p), int(sums.of_line[line])) for p, line in network.copies[:, :2].tolist()}
    for k, other, far in zip(beside.place.tolist(), beside.piece.tolist(), beside.distance.tolist()):
        own = int(found.piece[who[k]])
        if road[other] != road[own] and (own, int(road[other])) not in merged and far < found.other_distance[who[k]]:
            found.other[who[k]], found.other_distance[who[k]] = other, far
    return found


@dataclass(frozen=True)
class Loads:
    """Which road (k,) takes how much of which sensor's value, in the order of roads, then sensors.

    Attributes
    ----------
    road, sensor : int64
    vehicles : float64
        Vehicles present on the road for a value of 1.
    factor : float64
        Flow on the road, both directions together, over the flow that the sensor counts.
    metres : float64
        From the sensor along the network to the road; 0 on its own.
    """

    road: np.ndarray
    sensor: np.ndarray
    vehicles: np.ndarray
    factor: np.ndarray
    metres: np.ndarray


def loads_of(
    network: RoadNetwork,
    sums: RoadSums,
    standing: Standing,
    spread: float | None = None,
    one_direction: bool = False,
    present: bool = False,
    control: Control | None = None,
) -> Loads:
    """Return which road takes which sensors' values.

    Parameters
    ----------
    standing : Standing
        Of the sensors that have values; those on no road are left out.
    spread : float, optional
        Metres along the network, whichever way, within which a road without a sensor takes the flow of the nearest one
        of its class. None: only the sensors' own roads.
    one_direction : bool
        Whether values are those of one direction; the other of a two-way road has as many.
    present : bool
        Whether values are vehicles present on the sensor's road, not vehicles/h.

    Raises
    ------
    Cancelled
    """
    control = control or Control()
    own_road, own_sensor = _own(network, sums, standing)
    at = np.maximum(standing.piece, 0)
    road_arc = np.flatnonzero(network.is_road)
    ways = np.bincount(network.piece[road_arc], minlength=network.piece_count)[at].astype(float)
    capacity = np.bincount(
        network.piece[road_arc], weights=network.capacity[road_arc], minlength=network.piece_count
    )[at] / np.maximum(ways, 1.0)  # fmt: skip
    whole = np.bincount(own_sensor, weights=sums.seconds[own_road], minlength=len(at))
    # vehicles/s of each direction for a value of 1
    flow = 1.0 / np.maximum(whole, SMALLEST) if present else 1.0 / (SECONDS * np.maximum(ways, 1.0))
    counted = ways.copy()
    if one_direction:
        flow, counted = flow * ways, np.ones(len(at))
    far_road, far_sensor, metres = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    if spread is not None:
        far_road, far_sensor, metres = _nearest_of_class(network, sums, standing, own_road, spread, control)
    road, sensor = np.concatenate([own_road, far_road]), np.concatenate([own_sensor, far_sensor])
    mean_capacity = sums.passing[road] / np.maximum(sums.seconds[road], SMALLEST)
    scale = np.where(np.arange(len(road)) < len(own_road), 1.0, mean_capacity / capacity[sensor])
    loads = Loads(
        road, sensor, scale * flow[sensor] * sums.seconds[road], scale * sums.ways[road] / counted[sensor],
        np.concatenate([np.zeros(len(own_road)), metres]),
    )  # fmt: skip
    order = np.lexsort((loads.sensor, loads.road))
    return Loads(*(getattr(loads, name)[order] for name in ("road", "sensor", "vehicles", "factor", "metres")))


def _own(network: RoadNetwork, sums: RoadSums, standing: Standing) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (k,) of a road and a sensor that stands on it, on whichever of the roads drawn there."""
    drawn: dict[int, set[int]] = {}
    for piece, line in network.copies[:, :2].tolist():
        drawn.setdefault(piece, set()).add(int(sums.of_line[line]))
    pairs = []
    for sensor, piece in enumerate(standing.piece.tolist()):
        if piece >= 0:
            roads = drawn.get(piece) or {int(sums.of_line[network.piece_road[piece]])}
            pairs += [(road, sensor) for road in sorted(roads)]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _nearest_of_class(
    network: RoadNetwork, sums: RoadSums, standing: Standing, own: np.ndarray, limit: float, control: Control
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return roads (k,) without a sensor, the nearest sensor of their class within ``limit`` metres, and how far it is.

    From the sensor along the network, whichever way, to the nearest end or junction of the road.
    """
    require("scipy", "finding the nearest sensor")
    from scipy.sparse.csgraph import dijkstra

    graph = _graph_with_sensors(network, standing)
    arc, line = network.road_arcs()
    road_of_end = np.concatenate([sums.of_line[line], sums.of_line[line]])
    roads, nodes = _pairs(road_of_end, np.concatenate([network.tail[arc], network.head[arc]]), network.node_count)
    without = np.ones(len(sums.ids), dtype=bool)
    without[own] = False
    classes = np.array(sums.classes, dtype=object)
    there = np.flatnonzero(standing.piece >= 0)
    of_sensor = classes[sums.of_line[network.piece_road[standing.piece[there]]]]
    found = []
    for number, name in enumerate(sorted(set(of_sensor.tolist()))):
        control.stop_if_cancelled()
        control.progress(number / len(set(of_sensor.tolist())), "Nearest sensors")
        sensors = there[of_sensor == name]
        far, _, origin = dijkstra(
            graph, directed=False, indices=network.node_count + sensors, limit=limit, min_only=True,
            return_predecessors=True,
        )  # fmt: skip
        asked = np.flatnonzero((without & (classes == name))[roads] & np.isfinite(far[nodes]))
        order = asked[np.lexsort((nodes[asked], far[nodes[asked]], roads[asked]))]
        road, node = roads[order], nodes[order]
        first = np.r_[True, np.diff(road) != 0][: len(road)]
        found.append((road[first], origin[node[first]] - network.node_count, far[node[first]]))
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    road, sensor, metres = (np.concatenate(column) for column in zip(*found))
    return road, sensor.astype(np.int64), metres


def _graph_with_sensors(network: RoadNetwork, standing: Standing) -> object:
    """Return the pieces as a symmetric matrix of metres, with a node behind the network's for each sensor."""
    from scipy.sparse import csr_matrix

    start, end = network.piece_ends()
    metres, used = network.piece_lengths(), np.flatnonzero(start >= 0)
    there = np.flatnonzero(standing.piece >= 0)
    piece = standing.piece[there]
    own = network.node_count + there
    one = np.concatenate([start[used], own, own])
    two = np.concatenate([end[used], start[piece], end[piece]])
    length = np.concatenate([metres[used], standing.measure[there], metres[piece] - standing.measure[there]])
    low, high = np.minimum(one, two).astype(np.int64), np.maximum(one, two).astype(np.int64)
    order = np.lexsort((length, high, low))  # of parallel pieces the shortest
    low, high, length = low[order], high[order], np.maximum(length[order], SMALLEST)
    first = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)][: len(low)]
    size = network.node_count + len(standing.piece)
    return csr_matrix((length[first], (low[first], high[first])), shape=(size, size))
