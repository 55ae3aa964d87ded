"""What keeps roads and places from being used, and when: the hazard as it moves, and closures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ...solvers.naming import first_of
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.road_closings import RoadClosings
from ...solvers.roads.taken_out import TakenOut, close_for_good
from ...solvers.routing.shared.closings import Closings
from ..errors import LayerError
from ..moments import DEFAULT_START, MomentColumn, Start
from ..positions import box_around
from .arrivals import Arrivals, arrivals_of
from .closed_stretches import closed_stretches
from .closures import PARAMETER as CLOSURES
from .closures import ClosureRows
from .hazard_layers import HazardLayers, moments_of
from .known_levels import KnownArrivals, known_levels

CLOCK = "yyyy-MM-dd HH:mm:ss"


@dataclass(frozen=True)
class DangerLayers:
    """The layers that say it, and the date and time of t = 0.

    Attributes
    ----------
    hazard : HazardLayers or None
    closures : ClosureRows or None
    start : Start
    """

    hazard: HazardLayers | None = None
    closures: ClosureRows | None = None
    start: Start = DEFAULT_START

    def known_by(self, moment: float, feedback: QgsProcessingFeedback) -> DangerLayers:
        """Return the layers with what is known ``moment`` seconds after t = 0, itself included.

        Raises
        ------
        LayerError
            A moment at which something becomes known more than 7 days before or 30 days after t = 0.
        """
        hazard, closures = self.hazard, self.closures
        if hazard is not None and hazard.known is not None:
            hazard = hazard.only(np.flatnonzero(hazard.known_from(self.start, feedback) <= moment))
        if closures is not None and closures.known is not None:
            closures = closures.only(np.flatnonzero(closures.known_from(self.start, feedback) <= moment))
        return replace(self, hazard=hazard, closures=closures)

    def known_moments(self, feedback: QgsProcessingFeedback) -> list[float]:
        """Return when something becomes known, seconds after t = 0, ascending, each once; nothing from the start."""
        found = {
            moment
            for layer in (self.hazard, self.closures)
            if layer is not None
            for moment in layer.known_from(self.start, feedback).tolist()
        }
        return sorted(found - {-math.inf})

    @property
    def timed(self) -> bool:
        """Whether time matters: a hazard that comes, or a closure that begins or ends."""
        return (self.hazard is not None and self.hazard.moves) or (self.closures is not None and self.closures.timed)

    @property
    def moments(self) -> list[MomentColumn]:
        """The columns of moments there are."""
        return moments_of(self.hazard) + ([] if self.closures is None else self.closures.moments)


@dataclass(frozen=True)
class Danger:
    """The same on the roads of a run.

    Attributes
    ----------
    closings : RoadClosings
        What closes for a while, or by the hazard, on roads that were not taken out.
    arrivals : Arrivals or None
        When the hazard reaches places; None without a hazard that comes.
    taken : TakenOut
        Roads that barriers and closures close for good from the beginning.
    start : Start
        Date and time of t = 0.
    known : (k,) float64
        From when each of the closings is known, s from t = 0; -inf from the start.
    levels : tuple of KnownArrivals
        The arrivals as they are known, by moment; the last are all. Empty without a hazard that comes.
    homes : dict of int to float
        When the hazard reaches the homes of those who start at a node of their own, though its roads lie outside.
    """

    closings: RoadClosings = field(default_factory=RoadClosings.none)
    arrivals: Arrivals | None = None
    taken: TakenOut = field(default_factory=TakenOut.none)
    start: Start = DEFAULT_START
    known: np.ndarray = field(default_factory=lambda: np.empty(0))
    levels: tuple[KnownArrivals, ...] = ()
    homes: dict[int, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether any road closes in time or the hazard comes anywhere."""
        return bool(len(self.closings.road)) or self.arrivals is not None

    def closings_on(self, network: RoadNetwork, goal: np.ndarray, reached: np.ndarray) -> Closings:
        """Return the closings of a network with all places joined, as the solvers of routing take them.

        Parameters
        ----------
        network : RoadNetwork
        goal : (k,) int
            Nodes of destinations, -1 for none; a node may come several times.
        reached : (k,) float64
            When the hazard reaches each, s from t = 0, infinite for never. Of several at one node the first counts.
        """
        if not self:
            return Closings.none(network.node_count)
        at_goal = np.full(network.node_count, np.inf)
        there = np.asarray(goal) >= 0
        np.minimum.at(at_goal, goal[there], reached[there])
        return Closings(*self.closings.on(network), self.start_reached(network), at_goal)

    def start_reached(self, network: RoadNetwork) -> np.ndarray:
        """Return when the hazard reaches the junction or road point of each node (n,); infinite for never.

        A place with several points on the roads is reached with the first of them; a node behind the doors of a
        destination is no start.
        """
        out = np.full(network.node_count, np.inf)
        if self.arrivals is None:
            return out
        road = network.is_road
        on_road = np.zeros(network.node_count, dtype=bool)
        on_road[network.tail[road]] = True
        on_road[network.head[road]] = True
        out[on_road] = self.arrivals.at(network.node_xy[on_road])
        leads = np.flatnonzero(~road & ~on_road[network.tail])
        np.minimum.at(out, network.tail[leads], out[network.head[leads]])
        for node, seconds in self.homes.items():
            out[node] = seconds
        return out


def danger_on(
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    layer: str,
    names: Sequence[str],
    layers: DangerLayers,
    taken: TakenOut,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[RoadNetwork, Danger]:
    """Return the roads without those that are closed for good, and what else closes them when.

    Parameters
    ----------
    network : RoadNetwork
        Without places.
    crs
        Its working CRS.
    layer
        The road layer's name.
    names : sequence of str
        What people call each road, "" where that is not known.
    layers : DangerLayers
    taken : TakenOut
        What barriers took out already.

    Raises
    ------
    LayerError
        As reading the layers; when every road is closed.
    """
    called = [name or road for name, road in zip(names, network.road_ids)]
    closings, known, rows = [RoadClosings.none()], [np.empty(0)], layers.closures
    if rows is not None and network.piece_count:
        network, taken, timed = _closures(network, crs, layer, called, layers, rows, taken, context, feedback)
        closings.append(timed)
        known.append(rows.known_from(layers.start, QgsProcessingFeedback(False))[timed.cause])
    arrivals, levels = None, list[KnownArrivals]()
    if layers.hazard is not None and layers.hazard.moves:
        near = box_around(network.node_xy)
        arrivals = arrivals_of(layers.hazard, layers.start, crs, near, context, feedback)
        _tell_outside(layers.hazard, arrivals, network, feedback)
        levels = known_levels(layers.hazard, layers.start, crs, near, arrivals, context, feedback)
        reached = [level.own.along(network) for level in levels]
        _tell_reached(layers.hazard, RoadClosings.together(reached), called, network, layers.start, feedback)
        closings += reached
        known += [np.full(len(each.road), level.since) for each, level in zip(reached, levels)]
    return network, Danger(
        RoadClosings.together(closings), arrivals, taken, layers.start, np.concatenate(known), tuple(levels)
    )


def _closures(
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    layer: str,
    called: list[str],
    layers: DangerLayers,
    rows: ClosureRows,
    taken: TakenOut,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[RoadNetwork, TakenOut, RoadClosings]:
    """Take out what is closed for good, and return what is closed for a while."""
    windows = rows.windows(layers.start, feedback)
    found = closed_stretches(rows, network, crs, layer, windows, context, feedback)
    over = windows[1] <= 0.0
    if over.any():
        feedback.pushInfo(
            f"{CLOSURES}: {int(over.sum())} closure(s) of “{rows.name}” are over at START_TIME and close nothing."
        )
    found = found.only(found.until > 0.0)
    _tell_closed(rows, found, called, layers.start, feedback)
    known = rows.known_from(layers.start, feedback)[found.cause]
    always = (found.since == -np.inf) & (found.until == np.inf) & (known == -np.inf)  # others are driven to meanwhile
    if always.any():
        names = [f"{words} of “{rows.name}” ({CLOSURES})" for words in rows.features]
        network, taken, pieces, metres = close_for_good(network, found.only(always), names, taken)
        feedback.pushInfo(
            f"{CLOSURES}: {metres:,.0f} m of road ({pieces} pieces) are closed for good from START_TIME on."
        )
        if not network.arc_count:
            raise LayerError(
                f"{CLOSURES}: “{rows.name}” closes every road of “{layer}” for good. Choose fewer closures, or give "
                f"them an end."
            )
    return network, taken, found.only(~always)


def _tell_closed(
    rows: ClosureRows, found: RoadClosings, called: list[str], start: Start, feedback: QgsProcessingFeedback
) -> None:
    """Log each closed road with its times."""
    if not len(found.road):
        return
    texts: dict[str, None] = {}
    for road, cause, since, until in zip(
        found.road.tolist(), found.cause.tolist(), found.since.tolist(), found.until.tolist()
    ):
        texts.setdefault(f"{called[road]} {closing_window(since, until, start)} ({rows.features[cause]})")
    feedback.pushInfo(f"{CLOSURES}: “{rows.name}” closes {first_of(list(texts), '; ')}.")


def closing_window(since: float, until: float, start: Start) -> str:
    """Return from when until when something is closed, in words."""
    begin = "from the beginning" if since == -np.inf else f"from {start.text(since, CLOCK)}"
    return f"{begin}, for good" if until == np.inf else f"{begin} until {start.text(until, CLOCK)}"


def _tell_outside(
    hazard: HazardLayers, arrivals: Arrivals, network: RoadNetwork, feedback: QgsProcessingFeedback
) -> None:
    """Warn where a raster of arrivals covers only a part of the roads: nothing reaches what lies outside it."""
    if arrivals.grid is None or not arrivals.grid.seconds.size:
        return
    outside = ~arrivals.covered(network.node_xy)
    if outside.any():
        feedback.pushWarning(
            f"{hazard.parameter}: {int(outside.sum()):,} of {network.node_count:,} junctions and ends of roads lie "
            f"outside “{hazard.name}”; there the hazard never comes. Choose a larger raster if it does."
        )


def _tell_reached(
    hazard: HazardLayers,
    reached: RoadClosings,
    called: list[str],
    network: RoadNetwork,
    start: Start,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log the roads that the hazard reaches, the first ones first."""
    if not len(reached.road):
        feedback.pushWarning(f"{hazard.parameter}: “{hazard.name}” reaches no road; it closes nothing.")
        return
    order = np.argsort(reached.since, kind="stable")
    first: dict[str, float] = {}
    for road, since in zip(reached.road[order].tolist(), reached.since[order].tolist()):
        first.setdefault(called[road], since)
    texts = [f"{name} from {start.text(since, CLOCK)}" for name, since in first.items()]
    metres = float((reached.end - reached.begin).sum())
    feedback.pushInfo(
        f"{hazard.parameter}: “{hazard.name}” closes {metres / 1000.0:,.1f} of "
        f"{network.piece_lengths().sum() / 1000.0:,.1f} km of road: {first_of(texts, '; ')}."
    )
