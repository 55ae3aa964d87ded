"""Checks of how roads are drawn: ends that stop short of another road, roads drawn twice."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..dependencies import require
from .connection_checks import piece_middle
from .doubles import drawn_on
from .network import RoadNetwork
from .problem import DUPLICATE, NEAR_MISS, Problem


def near_misses(
    network: RoadNetwork, distance: float, tolerance: float = 0.01, control: Control | None = None
) -> list[Problem]:
    """List the loose ends of roads that lie within ``distance`` (m) of a road they do not join.

    Ends within ``tolerance`` (m) of the road touch it where it has no vertex.
    """
    control = control or Control()
    shapely = require("shapely", "finding roads that nearly meet")
    start, end = network.piece_ends()
    meeting = np.bincount(np.concatenate([start, end]), minlength=network.node_count)
    loose = np.flatnonzero(meeting == 1)
    if len(loose) == 0 or distance <= 0:
        return []
    own = np.full(network.node_count, -1, dtype=np.int64)
    own[start] = np.arange(network.piece_count)
    own[end] = np.where(meeting[end] == 1, np.arange(network.piece_count), own[end])
    lines = shapely.linestrings(
        network.piece_xy, indices=np.repeat(np.arange(network.piece_count), np.diff(network.piece_start))
    )
    control.stop_if_cancelled()
    x, y = network.node_xy[loose].T
    boxes = shapely.box(x - distance, y - distance, x + distance, y + distance)
    asker, piece = shapely.STRtree(lines).query(boxes)
    control.stop_if_cancelled()
    node = loose[asker]
    far = shapely.distance(shapely.points(network.node_xy[node]), lines[piece])
    other = (piece != own[node]) & (far <= distance) & ~_follows(network, own[node], piece, distance)
    asker, piece, far = asker[other], piece[other], far[other]
    order = np.lexsort((piece, far, asker))
    asker, first = np.unique(asker[order], return_index=True)
    problems = []
    for who, what, metres in zip(asker, piece[order][first], far[order][first]):
        at = loose[who]
        near_x, near_y = network.node_xy[at].tolist()
        name = network.road_ids[network.piece_road[what]]
        if metres <= tolerance:
            detail = f"the road ends on road {name}, which has no vertex there: split where they meet (“Mend roads”)"
        else:
            detail = (
                f"the road ends {metres:.2f} m from road {name} without joining it: “Mend roads” joins it with a "
                "NEAR_MISS of that much"
            )
        problems.append(Problem(NEAR_MISS, near_x, near_y, network.road_ids[network.piece_road[own[at]]], detail))
    return problems


def _follows(network: RoadNetwork, piece: np.ndarray, other: np.ndarray, distance: float) -> np.ndarray:
    """Whether ``other`` meets ``piece`` at its far end so soon that it cannot but be near."""
    start, end = network.piece_ends()
    shares = (
        (start[piece] == start[other])
        | (start[piece] == end[other])
        | (end[piece] == start[other])
        | (end[piece] == end[other])
    )
    return shares & (network.piece_lengths()[piece] <= distance)


def duplicates(network: RoadNetwork) -> list[Problem]:
    """List the roads that are drawn on top of another and were merged with it; once for each two roads."""
    problems = []
    lengths = network.piece_lengths()
    for road, other, pieces in drawn_on(network):
        x, y = piece_middle(network, pieces[0])
        metres = lengths[pieces].sum()
        detail = (
            f"drawn on top of road {network.road_ids[other]} over {metres:,.0f} m; the two count as one road. "
            "“Mend roads” writes the layer without it"
        )
        problems.append(Problem(DUPLICATE, x, y, network.road_ids[road], detail))
    return problems
