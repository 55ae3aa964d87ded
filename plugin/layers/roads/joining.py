"""Places of several layers joined to one network at once."""

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
from ..positions import positions_inside
from ..transforming import transform_vertices
from .distant import far_from_roads
from .options import ReadNetwork

NOTABLE = 100.0  # m farther than the nearest road: people may have to cross what keeps the roads apart


@dataclass(frozen=True)
class Trips:
    """Who goes from which origin to which destination.

    Attributes
    ----------
    ends : (t, 2) int64
        Number of the place in the first group, and in the second.
    people : (t,) float64
    """

    ends: np.ndarray
    people: np.ndarray


def join_places(
    read: ReadNetwork,
    groups: Sequence[Places],
    max_distance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    people: np.ndarray | None = None,
    trips: Trips | None = None,
) -> tuple[ReadNetwork, list[Joined]]:
    """Join all places of a run to the network in one go: the first group as origins, the second as destinations.

    A place that is both is in both groups.

    Parameters
    ----------
    read : ReadNetwork
    groups : sequence of Places
        Origins, then destinations, each in its own CRS.
    max_distance : float
        Metres beyond which a place is not joined (MAX_SNAP_DISTANCE).
    people : (k,) float64, optional
        People at each origin, where trips are not known.
    trips : Trips, optional
        By default everybody may go from every origin to every destination.

    Returns
    -------
    read : ReadNetwork
        With the network that has a node for every joined place.
    joined : list of Joined
        For each group the nodes, distances and reasons, in the order of its places.
    """
    parts = [transform_vertices(group.xy, group.crs, read.crs, context.transformContext()) for group in groups]
    xy = np.concatenate(parts) if parts else np.empty((0, 2))
    inside = in_barriers(read, xy)
    joined = join_points(read.network, xy, max_distance, _demand(groups, people, trips), inside)
    joined = with_closers(read, joined, xy, inside, max_distance)
    bounds = np.cumsum([0] + [len(group) for group in groups])
    places = [np.arange(low, high) for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist())]
    result = [joined.only(own) for own in places]
    tell_of_joining(
        read, [(group, part, xy[own], inside[own]) for group, part, own in zip(groups, result, places)],
        max_distance, feedback,
    )  # fmt: skip
    return replace(read, network=joined.network), result


def in_barriers(read: ReadNetwork, xy: np.ndarray) -> np.ndarray:
    """Return which positions (k, 2) of the working CRS lie inside a barrier."""
    return positions_inside(read.barriers, xy)


def with_closers(read: ReadNetwork, joined: Joined, xy: np.ndarray, inside: np.ndarray, max_distance: float) -> Joined:
    """Return places as they joined; who did not, and has a closed road in reach, is told what closed it.

    ``xy`` (k, 2) are their positions in the working CRS, ``inside`` (k,) those in a barrier, of which that is said.
    """
    lost = np.flatnonzero((joined.node < 0) & ~inside & np.isfinite(xy).all(axis=1))
    reasons = list(joined.reasons)
    for k, closer in zip(lost.tolist(), read.danger.taken.near(xy[lost], max_distance)):
        if closer and reasons[k]:
            reasons[k] = f"{reasons[k]}; the road near it is closed by {closer}"
    return replace(joined, reasons=reasons)


def tell_of_joining(
    read: ReadNetwork,
    groups: Sequence[tuple[Places, Joined, np.ndarray, np.ndarray]],
    max_distance: float,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log how groups of places joined; each comes with its positions and whether they lie inside a barrier."""
    distant: set[str] = set()  # parameters, so that the two ends of trips are named once
    for group, joined, xy, inside in groups:
        far = "" if not len(group) or (joined.node >= 0).any() else _far(read, group, xy)
        if far and group.parameter not in distant:
            distant.add(group.parameter)
            feedback.pushWarning(f"{far} No place of it joins the roads (MAX_SNAP_DISTANCE {max_distance:,.0f} m).")
        elif not far:
            _log(group, joined, inside, feedback)


def _demand(groups: Sequence[Places], people: np.ndarray | None, trips: Trips | None) -> Demand:
    """Return who goes between the places of all groups, numbered one after the other."""
    role = np.repeat([ORIGIN, DESTINATION][: len(groups)], [len(group) for group in groups])
    if trips is not None:
        return Demand(role, trips=trips.ends + [0, len(groups[0])], trip_people=trips.people)
    if people is None:
        return Demand(role)
    there = np.zeros(len(role))
    there[: len(groups[0])] = people
    return Demand(role, there)


def _far(read: ReadNetwork, group: Places, xy: np.ndarray) -> str:
    return far_from_roads(read.network, xy, group.parameter, group.name, group.crs, read.layer, read.layer_crs)


def _log(group: Places, joined: Joined, inside: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    """Name the places that could not be joined, and those that passed over a nearer road."""
    closed = np.flatnonzero(inside)
    if len(closed):
        feedback.pushWarning(
            f"{group.parameter}: {len(closed)} of {len(group)} place(s) of “{group.name}” lie inside a barrier and "
            f"are not joined to the road network: {first_of([group.ids[k] for k in closed])}. Move them or make "
            "BARRIERS smaller if they can be left or reached."
        )
    missing = np.flatnonzero((joined.node < 0) & ~inside)
    if len(missing):
        named = first_of([f"{group.ids[k]}: {joined.reasons[k]}" for k in missing], "; ")
        feedback.pushWarning(
            f"{group.parameter}: {len(missing)} of {len(group)} place(s) of “{group.name}” could not be joined to "
            f"the road network: {named}. Move them, add the missing roads, or raise MAX_SNAP_DISTANCE."
        )
    passed = np.flatnonzero(joined.farther > 0)
    if len(passed):
        worst = passed[np.argsort(-joined.farther[passed], kind="stable")]
        named = first_of([f"{group.ids[k]}: {joined.farther[k]:,.1f} m" for k in worst], "; ")
        say = feedback.pushWarning if joined.farther.max() > NOTABLE else feedback.pushInfo
        say(
            f"{group.parameter}: {len(passed)} place(s) of “{group.name}” join a road farther away than their nearest, "
            "which one-way streets keep from being used or which is in a part of the network that is not connected "
            f"with the one taken; farther by {named}."
        )
