"""A road layer as the network of cars and that of walkers side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...solvers.roads.kinds import RoadKinds
from ...solvers.roads.road_closings import RoadClosings
from ...solvers.roads.united import Offsets, united, united_taken_out
from ..closing.danger import Danger
from .options import ReadNetwork


def united_reads(car: ReadNetwork, foot: ReadNetwork) -> ReadNetwork:
    """Return both networks of :func:`.network.read_both_networks`, with their places joined or not, as one.

    What was rejected or left out, and ``traffic``, are those of cars.
    """
    by = Offsets.of(car.network)
    return replace(
        car,
        network=united(car.network, foot.network),
        kinds=_united_kinds(car.kinds, foot.kinds),
        danger=_united_dangers(car.danger, foot.danger, by),
        rows=[*car.rows, *foot.rows],
        first_on_foot=by.arcs,
        gain=np.concatenate([np.ones(by.roads), foot.gain]) if len(foot.gain) else foot.gain,
    )


def _united_kinds(car: RoadKinds, foot: RoadKinds) -> RoadKinds:
    return RoadKinds(
        np.concatenate([car.through, foot.through]),
        np.concatenate([car.off_ground, foot.off_ground]),
        [*car.names, *foot.names],
        [*car.classes, *foot.classes],
        [*car.refs, *foot.refs],
    )


def _united_dangers(car: Danger, foot: Danger, by: Offsets) -> Danger:
    """Return what closes when on the roads of both; the hazard is the same."""
    walked = foot.closings._replace(road=foot.closings.road + by.roads)
    return replace(
        car,
        closings=RoadClosings.together([car.closings, walked]),
        taken=united_taken_out(car.taken, foot.taken, by),
        known=np.concatenate([car.known, foot.known]),
        homes={**car.homes, **{by.nodes + node: seconds for node, seconds in foot.homes.items()}},
    )


def free_of_cars(car: ReadNetwork, foot: ReadNetwork, driven: np.ndarray) -> np.ndarray:
    """Return which arcs (m,) of walkers lie on roads that no car of a plan drives, whatever part of them.

    Parameters
    ----------
    driven : (k,) int
        The arcs of ``car`` that the plan's vehicles take.
    """
    on = np.zeros(car.network.arc_count, dtype=bool)
    on[driven] = True
    arc, road = car.network.road_arcs()
    rows = np.asarray(car.rows, dtype=np.int64)
    used = np.unique(rows[road[on[arc]]])
    arc, road = foot.network.road_arcs()
    beside = np.isin(np.asarray(foot.rows, dtype=np.int64)[road], used)
    free = foot.network.is_road.copy()
    free[arc[beside]] = False
    return free


def with_free_lanes(car: ReadNetwork, foot: ReadNetwork, driven: np.ndarray) -> tuple[ReadNetwork, np.ndarray]:
    """Return the roads of walkers with the lanes of roads that no car of a plan drives, and times their width (m,).

    ``driven`` is as in :func:`free_of_cars`.
    """
    by, network = gains(foot, free_of_cars(car, foot, driven)), foot.network
    wider = replace(network, capacity=network.capacity * by, lanes=network.lanes * by)
    return replace(foot, network=wider), by


def gains(foot: ReadNetwork, free: np.ndarray) -> np.ndarray:
    """Return times the width of each arc (m,) of walkers when those of the mask ``free`` have the lanes as well."""
    by, road = np.ones(foot.network.arc_count), foot.network.is_road
    if len(foot.gain):
        by[road] = foot.gain[foot.network.piece_road[foot.network.piece[road]]]
    return np.where(free, by, 1.0)
