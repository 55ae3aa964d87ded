"""Places of several layers joined to one network at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.roads.joining import Joined, join_points
from ..places import NAMED_IN_LOG, Places
from .options import ReadNetwork
from .working_crs import transform_vertices


def join_places(
    read: ReadNetwork,
    groups: Sequence[Places],
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[ReadNetwork, list[Joined]]:
    """Join all places of all groups to the network in one go.

    Parameters
    ----------
    read : ReadNetwork
    groups : sequence of Places
        Zones, shelters and the like, each in its own CRS.
    max_distance : float
        Metres beyond which a place is not joined (MAX_SNAP_DISTANCE).

    Returns
    -------
    read : ReadNetwork
        With the network that has a node for every joined place.
    joined : list of Joined
        For each group the nodes, distances and reasons, in the order of its places.
    """
    xy = [transform_vertices(group.xy, group.crs, read.crs, context.transformContext()) for group in groups]
    joined = join_points(read.network, np.concatenate(xy) if xy else np.empty((0, 2)), max_distance)
    bounds = np.cumsum([0] + [len(group) for group in groups])
    result = []
    for group, low, high in zip(groups, bounds[:-1], bounds[1:]):
        own = Joined(
            joined.network,
            joined.node[low:high],
            joined.distance[low:high],
            joined.reasons[low:high],
            joined.passed_over[low:high],
        )
        result.append(own)
        _log(group, own, feedback)
    return replace(read, network=joined.network), result


def _log(group: Places, joined: Joined, feedback: QgsProcessingFeedback) -> None:
    missing = np.flatnonzero(joined.node < 0)
    if len(missing):
        named = "; ".join(f"{group.ids[k]}: {joined.reasons[k]}" for k in missing[:NAMED_IN_LOG])
        more = f" (and {len(missing) - NAMED_IN_LOG} more)" if len(missing) > NAMED_IN_LOG else ""
        feedback.pushWarning(
            f"{group.parameter}: {len(missing)} of {len(group)} place(s) of “{group.name}” could not be joined to "
            f"the road network: {named}{more}. Move them, add the missing roads, or raise MAX_SNAP_DISTANCE."
        )
    passed = int(joined.passed_over.sum())
    if passed:
        feedback.pushInfo(
            f"{group.parameter}: {passed} place(s) of “{group.name}” passed over a nearer road that cannot be left "
            "or reached."
        )
