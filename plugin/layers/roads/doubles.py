"""Roads of a layer that are drawn on top of each other."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.roads.doubles import ALONG, drawn_on, merge_doubles
from ...solvers.roads.levels import level_codes
from ...solvers.roads.near_pieces import NearPieces
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.splitting import Pieces
from ...solvers.roads.traffic import Traffic
from ...solvers.roads.wkb import Lines


def without_doubles(
    network: RoadNetwork,
    pieces: Pieces,
    level: np.ndarray,
    traffic: Traffic,
    tolerance: float,
    name: str,
    feedback: QgsProcessingFeedback,
) -> RoadNetwork:
    """Merge the roads of the layer ``name`` that are drawn twice, and say which; see :func:`merge_doubles`."""
    merged = merge_doubles(network, pieces, level_codes(level), tolerance, traffic.speed_problem == 0)
    pairs = drawn_on(merged)
    if pairs:
        ids = network.road_ids
        shown = first_of([f"{ids[road]} on {ids[other]}" for road, other, _ in pairs], "; ", brackets=True)
        feedback.pushInfo(
            f"NETWORK: {len({road for road, _, _ in pairs})} road(s) of “{name}” are drawn on top of another ({shown}"
            f"); each counts once: a direction open in any copy is open, with the most lanes, the largest "
            "capacity and the lowest speed of the copies open that way."
        )
    return merged


def warn_of_open_copies(
    network: RoadNetwork, drawn: Lines, closed: list[int], tolerance: float, name: str, feedback: QgsProcessingFeedback
) -> None:
    """Name the ``closed`` roads of the layer ``name`` along which a road is drawn that stays open.

    ``drawn`` has the layer's lines in the network's CRS.
    """
    of_line = np.flatnonzero(np.isin(drawn.feature, closed))
    steps = [np.arange(drawn.start[k], drawn.start[k + 1] - 1) for k in of_line]
    if not network.piece_count or not steps:
        return
    owner = np.repeat(drawn.feature[of_line], [len(step) for step in steps])
    step = np.concatenate(steps)
    middle = (drawn.xy[step] + drawn.xy[step + 1]) / 2
    known = np.isfinite(middle).all(axis=1)
    owner, middle = owner[known], middle[known]
    near = NearPieces(network).nearest(middle, np.arange(network.piece_count), max(tolerance, ALONG))
    apart = np.isin(np.arange(len(middle)), near.place, invert=True)
    still = sorted(set(owner.tolist()) - set(owner[apart].tolist()))
    if still:
        feedback.pushWarning(
            f"NETWORK: {len(still)} closed road(s) of “{name}” are drawn on top of a road that is open, so that people "
            f"still drive there: {first_of([network.road_ids[k] for k in still])}. Close every copy, or use BARRIERS."
        )
