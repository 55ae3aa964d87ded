"""Who lives where the hazard comes but no road is, and would start on roads outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.graph.components import components
from ...solvers.naming import first_of
from ...solvers.roads.connectors import before
from ...solvers.roads.joining import Joined
from ...solvers.roads.near_pieces import NearPieces
from ...solvers.roads.starts import Junctions, junctions_inside
from ...solvers.roads.usable import usable_pieces
from ..closing.arrivals import Arrivals
from ..places import Places
from .door_places import polygon_wkb
from .joining import NOTABLE
from .options import ReadNetwork


class Leaving(NamedTuple):
    """When people of origins leave, and how they get to the road.

    Attributes
    ----------
    first : (o,) float64
        When the first of each origin leaves, s from t = 0.
    speed : float
        Between place and road, m/s.
    shapes : list of bytes or None
        The origins' polygons in the working CRS, well-known binary, empty for a point; None: as the places have them.
    by_themselves : bool
        Whether people leave one after the other, and are caught at home who leave too late.
    """

    first: np.ndarray
    speed: float
    shapes: list[bytes] | None = None
    by_themselves: bool = False


class OpenGround(NamedTuple):
    """How far origins (o,) that the hazard meets are from any road, where all their starts lie outside it.

    Attributes
    ----------
    metres : float64
        Straight, from a place in the part that the hazard reaches to the nearest road on which people can start; NaN
        for an origin that is not concerned, or is near a road.
    reached : float64
        When the hazard comes to that place, s from t = 0.
    home : (o, 2) float64
        That place, working CRS.
    """

    metres: np.ndarray
    reached: np.ndarray
    home: np.ndarray

    @property
    def concerned(self) -> np.ndarray:
        """Which origins (o,) these are."""
        return np.isfinite(self.metres)

    def lost(self, leaving: Leaving) -> np.ndarray:
        """Return from which origins (o,) nobody has gone to the road before the hazard comes."""
        return self.concerned & (leaving.first + self.seconds(leaving.speed) >= self.reached)

    def seconds(self, speed: float) -> np.ndarray:
        """Return the seconds (o,) to the road, 0 for who is not concerned."""
        return np.asarray(np.nan_to_num(self.metres) / speed)

    def reasons(self, lost: np.ndarray) -> dict[int, str]:
        """Return why each origin that is ``lost`` (o,) has no place in a plan."""
        return {
            k: f"the hazard comes at minute {self.reached[k] / 60.0:,.0f}, before anybody has gone the "
            f"{self.metres[k]:,.0f} m to the nearest road, which lies outside it"
            for k in np.flatnonzero(lost).tolist()
        }


def open_ground(
    read: ReadNetwork,
    joined: Joined,
    origins: Places,
    xy: np.ndarray,
    junctions: Junctions,
    arrivals: Arrivals | None,
    context: QgsProcessingContext,
    shapes: Sequence[bytes] | None = None,
) -> OpenGround:
    """Find the origins that the hazard meets more than 100 m from any road, all of whose starts lie outside it.

    Parameters
    ----------
    read : ReadNetwork
        The roads without places.
    joined : Joined
        The origins as they join the roads, first among others.
    origins : Places
    xy : (o, 2) float64
        Their positions in the working CRS.
    junctions : Junctions
        Of the origins, at which the people of those start that have some.
    arrivals : Arrivals or None
        None: nothing comes.
    shapes : sequence of bytes, optional
        See :class:`Leaving`.

    Raises
    ------
    LayerError
        When a polygon has no image in the working CRS.
    """
    count = len(origins)
    out = OpenGround(np.full(count, np.nan), np.full(count, np.inf), np.full((count, 2), np.nan))
    starts = [junctions.node[junctions.of(k)] if junctions.counts[k] else joined.points[k] for k in range(count)]
    if arrivals is None or not read.network.piece_count:
        return out
    every = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *starts]).astype(np.int64))
    wet = np.zeros(joined.network.node_count, dtype=bool)
    wet[every] = np.isfinite(arrivals.at(joined.network.node_xy[every]))
    homes: dict[int, np.ndarray] = {}
    for k in range(count):
        if len(starts[k]) and not wet[starts[k]].any():
            shape = _shape_of(k, origins, shapes, read, context)
            home = arrivals.place_in(shape) if shape else xy[k]
            if home is not None and not (shape and _holds_wet_junction(read, shape, arrivals)):
                homes[k] = home
    if homes:
        own, at = np.array(list(homes)), np.array(list(homes.values()))
        reached, far = arrivals.at(at), _to_roads(read, at)
        there = np.isfinite(reached) & (far > NOTABLE)
        out.metres[own[there]], out.reached[own[there]], out.home[own[there]] = far[there], reached[there], at[there]
    return out


def at_home(
    read: ReadNetwork, joined: Joined, junctions: Junctions, ground: OpenGround
) -> tuple[ReadNetwork, Joined, Junctions]:
    """Return roads on which people of the origins concerned start at nodes of their own, at which the hazard catches.

    Before each junction of an origin is one, before all points of an origin without junctions another.
    """
    zone = np.repeat(np.arange(len(ground.metres)), junctions.counts)
    lives = np.flatnonzero(ground.concerned[zone])
    alone = np.flatnonzero(ground.concerned & (joined.node >= 0) & (junctions.counts == 0))
    starts = [*junctions.node[lives].reshape(-1, 1), *(joined.points[k] for k in alone.tolist())]
    own = np.concatenate([zone[lives], alone])
    network, nodes = before(read.network, starts, ground.home[own])
    node, at = joined.node.copy(), junctions.node.copy()
    at[lives], node[alone] = nodes[: len(lives)], nodes[len(lives) :]
    danger = replace(read.danger, homes=dict(zip(nodes.tolist(), ground.reached[own].tolist())))
    moved = Joined(joined.network, node, joined.distance, joined.reasons, joined.farther, joined.points)
    return replace(read, network=network, danger=danger), moved, replace(junctions, node=at)


def tell_lost(
    origins: Places, ground: OpenGround, lost: np.ndarray, people: np.ndarray | None, feedback: QgsProcessingFeedback
) -> None:
    """Warn of origins that are ``lost`` (o,), with their ``people`` (o,) where these are known."""
    own = np.flatnonzero(lost)
    if not len(own):
        return
    with_people = "" if people is None else f" with {people[own].sum():,.0f} people"
    named = first_of([f"{origins.ids[k]} ({ground.metres[k]:,.0f} m)" for k in own.tolist()])
    feedback.pushWarning(
        f"{origins.parameter}: {len(own)} of {len(origins)} place(s){with_people} are met by the hazard where no road "
        "is, and it comes before anybody has gone straight to the nearest road, which lies outside it, whatever the "
        f"ground: {named}. They are not in the plan but listed with that reason. Add paths there to NETWORK, or let "
        "them leave earlier."
    )


def _shape_of(
    k: int, origins: Places, shapes: Sequence[bytes] | None, read: ReadNetwork, context: QgsProcessingContext
) -> bytes:
    """Return the polygon of an origin, empty for a point."""
    if shapes is not None:
        return shapes[k]
    if np.isnan(origins.area[k]):
        return b""
    return polygon_wkb(origins, origins.ids[k], origins.geometries[k], read, context)


def _holds_wet_junction(read: ReadNetwork, shape: bytes, arrivals: Arrivals) -> bool:
    """Return whether people of a polygon live at a junction that the hazard reaches."""
    own = junctions_inside(read.network, [shape], ~read.pieces_of(read.kinds.through)).node
    return bool(np.isfinite(arrivals.at(read.network.node_xy[own])).any())


def _to_roads(read: ReadNetwork, xy: np.ndarray) -> np.ndarray:
    """Return the metres (k,) from positions to the nearest road on which a trip may start, infinite without any."""
    network = read.network
    may, _ = usable_pieces(network, components(network.node_count, network.tail, network.head, strong=False))
    near = NearPieces(network).nearest(xy, np.flatnonzero(may))
    out = np.full(len(xy), np.inf)
    out[near.place] = near.distance
    return out
