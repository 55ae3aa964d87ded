"""Places at which vehicles stop: each is come to and left by road, perhaps on two carriageways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.roads.connectors import DESTINATION, ORIGIN
from ...solvers.roads.joining import Joined, join_points
from ...solvers.roads.one_part import Demand
from ..places import Places
from ..roads.joining import NOTABLE, in_barriers, tell_of_joining, with_closers
from ..roads.options import ReadNetwork
from ..transforming import transform_vertices


@dataclass(frozen=True)
class Stops:
    """Places of several layers on one network; places at the same points of the roads are one.

    Attributes
    ----------
    read : ReadNetwork
        With nodes for the places.
    place : list of (k,) int64
        For each layer the place of each feature, -1 for one that joins no road.
    reasons : list of list of str
        Why a feature joins none; "" for those that do.
    leave, reach : (p,) int64
        Nodes at which each place is left and come to.
    xy : (p, 2) float64
        Where on the roads it is, in the working CRS.
    """

    read: ReadNetwork
    place: list[np.ndarray]
    reasons: list[list[str]]
    leave: np.ndarray
    reach: np.ndarray
    xy: np.ndarray


def join_stops(
    read: ReadNetwork,
    groups: Sequence[Places],
    people: Sequence[np.ndarray],
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Stops:
    """Join places to roads on which a vehicle may come to them and leave again.

    Parameters
    ----------
    read : ReadNetwork
    groups : sequence of Places
        Each in its own CRS.
    people : sequence of (k,)
        People at each place, who decide which part of a network that is not connected is taken.
    max_distance : float
        Metres beyond which a place is not joined.

    Raises
    ------
    LayerError
        When places have no image in the working CRS.
    """
    parts = [transform_vertices(group.xy, group.crs, read.crs, context.transformContext()) for group in groups]
    xy = np.concatenate(parts) if parts else np.empty((0, 2))
    count, both = len(xy), np.concatenate([xy, xy])
    inside = in_barriers(read, both)
    role = np.repeat([ORIGIN, DESTINATION], count)
    weight = np.concatenate([np.concatenate([np.asarray(own, dtype=np.float64) for own in people]), np.zeros(count)])
    joined = join_points(read.network, both, max_distance, Demand(role, weight), inside)
    joined = with_closers(read, joined, both, inside, max_distance)
    out, back = joined.only(np.arange(count)), joined.only(np.arange(count, 2 * count))
    one = _one(out, back)
    bounds = np.cumsum([0] + [len(group) for group in groups])
    own = [np.arange(low, high) for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist())]
    tell_of_joining(
        read, [(group, one.only(rows), xy[rows], inside[rows]) for group, rows in zip(groups, own)], max_distance,
        feedback,
    )  # fmt: skip
    _tell_apart(groups, own, out, back, feedback)
    on_roads = one.node >= 0
    pairs, which = np.unique(np.stack([out.node, back.node], axis=1)[on_roads], axis=0, return_inverse=True)
    place = np.full(count, -1, dtype=np.int64)
    place[on_roads] = which.ravel()
    return Stops(
        replace(read, network=joined.network), [place[rows] for rows in own],
        [[one.reasons[k] for k in rows.tolist()] for rows in own], pairs[:, 0].astype(np.int64),
        pairs[:, 1].astype(np.int64), joined.network.node_xy[pairs[:, 1]],
    )  # fmt: skip


def _one(out: Joined, back: Joined) -> Joined:
    """Return places as joined where they can be left and come to; else why not."""
    both = (out.node >= 0) & (back.node >= 0)
    reasons = ["" if there else one or other for there, one, other in zip(both.tolist(), out.reasons, back.reasons)]
    return replace(
        out, node=np.where(both, out.node, -1), distance=np.maximum(out.distance, back.distance), reasons=reasons,
        farther=np.maximum(out.farther, back.farther),
    )  # fmt: skip


def _tell_apart(
    groups: Sequence[Places],
    rows: Sequence[np.ndarray],
    out: Joined,
    back: Joined,
    feedback: QgsProcessingFeedback,
) -> None:
    """Warn of places that vehicles come to on one road and leave on another that lies farther away."""
    for group, own in zip(groups, rows):
        there = (out.node[own] >= 0) & (back.node[own] >= 0)
        far = there & (np.abs(out.distance[own] - back.distance[own]) > NOTABLE)
        if far.any():
            named = first_of([group.ids[k] for k in np.flatnonzero(far).tolist()])
            feedback.pushWarning(
                f"{group.parameter}: vehicles come to {int(far.sum())} place(s) of “{group.name}” on one road and "
                f"leave them on another, more than {NOTABLE:g} m farther away, since the nearest leads only in or out: "
                f"{named}. Check the directions of the roads there."
            )
