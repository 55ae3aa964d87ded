"""Roads of a layer that are drawn on top of each other."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.roads.doubles import drawn_on, merge_doubles
from ...solvers.roads.levels import level_codes
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.splitting import Pieces
from ...solvers.roads.traffic import Traffic
from ..places import NAMED_IN_LOG


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
        shown = "; ".join(f"{ids[road]} on {ids[other]}" for road, other, _ in pairs[:NAMED_IN_LOG])
        more = f" (and {len(pairs) - NAMED_IN_LOG} more)" if len(pairs) > NAMED_IN_LOG else ""
        feedback.pushInfo(
            f"NETWORK: {len({road for road, _, _ in pairs})} road(s) of “{name}” are drawn on top of another ({shown}"
            f"{more}); each counts once: a direction open in any copy is open, with the most lanes, the largest "
            "capacity and the lowest speed of the copies open that way."
        )
    return merged
