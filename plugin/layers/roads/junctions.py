"""The capacity of roads that give way, as JUNCTION_DELAY asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.roads.junctions import giving_way, with_junction_delay
from .options import ReadNetwork


def delay_at_junctions(read: ReadNetwork, feedback: QgsProcessingFeedback) -> ReadNetwork:
    """Lower the capacity of pieces that end at a junction with a much higher road, and say how many they are.

    To be called once the places are joined: joining cuts pieces, and only the last part ends at the junction.
    """
    seconds, traffic = read.junction_delay, read.traffic
    if seconds <= 0 or traffic is None:
        return read
    if not np.isfinite(traffic.rank).any():
        feedback.pushWarning(
            f"JUNCTION_DELAY: no road of “{read.layer}” has a class with a rank, so that nobody gives way. Choose "
            "ROAD_CLASS_FIELD, fill the column rank of ROAD_CLASSES, or leave JUNCTION_DELAY at 0."
        )
        return read
    gives = giving_way(read.network, traffic.rank)
    feedback.pushInfo(
        f"JUNCTION_DELAY: {int(gives.sum())} directed pieces of road end at a junction with a road at least two "
        f"classes higher; their capacity is that of vehicles {seconds:g} s farther apart."
    )
    return replace(read, network=with_junction_delay(read.network, gives, seconds))
