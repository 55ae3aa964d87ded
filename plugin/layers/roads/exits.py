"""Safe exits of a hazard: where the roads leave it, named by street, each a destination with one door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.roads.doors import Doors
from ...solvers.roads.exits import SafeExits, safe_exits, united
from ...solvers.roads.network import RoadNetwork
from ..errors import LayerError
from ..transforming import geometry_of
from .options import ReadNetwork

PARAMETER = "HAZARD"
# m of road, each direction counted, on which walkers are safe outside the hazard though they cannot get farther: a hill
# between arms of the water. Cars need a way on.
ENOUGH_ON_FOOT = 2000.0


@dataclass(frozen=True)
class Exits:
    """The safe exits of a hazard.

    Attributes
    ----------
    found : SafeExits
    area : QgsGeometry
        Hazard and buffer, parts near each other united, in the working CRS.
    names : list of str
        What each exit is called, no two alike: its street's name, else the road's id.
    """

    found: SafeExits
    area: QgsGeometry
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def none(cls, read: ReadNetwork) -> Exits:
        """Return no exits."""
        return cls(SafeExits(read.network, np.empty(0, dtype=np.int64), [], 0.0), QgsGeometry(), [])

    @property
    def xy(self) -> np.ndarray:
        """Where they are (e, 2), working CRS."""
        return self.found.network.node_xy[self.found.node]

    @property
    def _wkb(self) -> bytes:
        return bytes(self.area.asWkb().data())

    def sealed(self, network: RoadNetwork) -> RoadNetwork:
        """Return the roads of a run, its places joined, without any way on from an exit."""
        return self.found.sealed(network, self._wkb)

    def doors(self, read: ReadNetwork, feedback: QgsProcessingFeedback) -> Doors:
        """Return each exit as a site with one door, on the roads with the places of a run joined; logs what they pass.

        An exit passes what the pieces pass that cross the border there.
        """
        network, whole, count = read.network, np.arange(len(self)), len(self)
        if not count:
            return Doors.none()
        arc, door = self.found.crossing(network, self._wkb)
        capacity = np.bincount(door, weights=network.capacity[arc], minlength=count)
        node = self.found.node
        texts = [f"{name} ({passed:,.0f} {read.units}/h)" for name, passed in zip(self.names, capacity.tolist())]
        feedback.pushInfo(
            f"{PARAMETER}: {count} safe exit(s), by which {capacity.sum():,.0f} {read.units}/h can leave the area: "
            f"{first_of(texts)}. Queues on the roads beyond them are not modelled."
        )
        return Doors(
            self.names, whole, np.ones(count, dtype=np.int64), list(self.names), node, np.zeros(count, dtype=bool),
            capacity, np.zeros(count), arc, door, node, whole,
        )  # fmt: skip


def exits_of(
    read: ReadNetwork, area: QgsGeometry, taken: Collection[str], needed: bool, feedback: QgsProcessingFeedback
) -> tuple[ReadNetwork, Exits]:
    """Find the safe exits of an area; the network comes back cut at its border.

    Parameters
    ----------
    read : ReadNetwork
    area : QgsGeometry
        Hazard and buffer, valid, in the working CRS.
    taken : collection of str
        Ids that no exit may have.
    needed : bool
        Whether there is no other destination.

    Raises
    ------
    LayerError
        When nothing is hazardous, or an exit is needed and no road leads out.
    """
    if area.isNull() or area.isEmpty():
        raise LayerError(
            f"{PARAMETER}: no hazard lies near the roads, so there is no border with exits. Check the layer."
        )
    wkb = united(bytes(area.asWkb().data()))
    shape = geometry_of(wkb)
    found = safe_exits(read.network, wkb, ENOUGH_ON_FOOT if read.on_foot else np.inf)
    dead = [read.kinds.names[road] or read.network.road_ids[road] for road in found.refused]
    why = f"{len(dead)} road(s) cross its border but lead to nothing more: {first_of(dead)}" if dead else ""
    if not len(found.node):
        text = (
            f"{PARAMETER}: no road leads out of the area to the largest part of the roads outside"
            f"{f' ({why})' if why else ''}. Give roads beyond the hazard as well, a smaller hazard, or SHELTERS."
        )
        if needed:
            raise LayerError(text)
        feedback.pushWarning(text)
    elif dead:
        feedback.pushWarning(
            f"{PARAMETER}: {why}. They are no exits: from there the largest part of the roads outside "
            f"({found.outside / 2000.0:,.1f} km) cannot be reached without entering again"
            + (f", nor another with {ENOUGH_ON_FOOT / 2000.0:g} km of road" if read.on_foot else "")
            + ". Where they lead on in truth, give more of the roads outside."
        )
    return replace(read, network=found.network), Exits(found, shape, _names(read, found, taken))


def _names(read: ReadNetwork, found: SafeExits, taken: Collection[str]) -> list[str]:
    """Return a name for each exit: that of the street which enters it, numbered where there are several."""
    seen, names = set(taken), []
    into = np.full(found.network.node_count, -1, dtype=np.int64)
    road = np.flatnonzero(found.network.is_road)[::-1]
    into[found.network.head[road]] = road  # the first arc
    on_found = replace(read, network=found.network)
    for node in found.node.tolist():
        street = on_found.arc_name(int(into[node]))
        name, number = street, 1
        while name in seen:
            number += 1
            name = f"{street} ({number})"
        seen.add(name)
        names.append(name)
    return names
