"""What is read for the time to safety besides the roads: the hazard, shelters, zones and their people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...solvers.control import Control
from ...solvers.naming import first_of
from ..carrying import Carried
from ..closing.hazard import read_hazard
from ..closing.hazard_layers import HazardLayers
from ..closing.places_reached import vertical
from ..moments import Start
from ..people import say_unplaced, whole_people
from ..places import Places, read_places
from ..population_fields import totals_among
from ..positions import box_around, positions_inside
from ..roads.distant import warn_if_far
from ..roads.options import ReadNetwork

ZONES, SHELTERS = "ZONES", "SHELTERS"


@dataclass(frozen=True)
class People:
    """Who has to go.

    Attributes
    ----------
    zones : Places
    name : Carried
        Column of the zones with what people call them.
    classes : list of str
    counts : (z, c) int64
        People of each zone and class.
    order : (z,) float64
        Seconds from t = 0 at which the order comes.
    unplaced : int
        People of zones that cannot be used.
    """

    zones: Places
    name: Carried
    classes: list[str]
    counts: np.ndarray
    order: np.ndarray
    unplaced: int

    @property
    def are_polygons(self) -> bool:
        """Whether the zones are polygons, which have junctions inside."""
        return {shape.type() for shape in self.zones.geometries} == {QgsWkbTypes.GeometryType.PolygonGeometry}


@dataclass(frozen=True)
class Refuges:
    """The shelters.

    Attributes
    ----------
    places : Places
    names : list of str
        What each is called, no two alike.
    safe : (s,) bool
        Which the hazard never reaches, or are safe at any time.
    """

    places: Places
    names: list[str]
    safe: np.ndarray


@dataclass(frozen=True)
class SafetySources:
    """The layers.

    Attributes
    ----------
    roads : callable
        Reads the roads.
    hazard : HazardLayers or None
    refuges : Refuges
    people : People
    start : Start
        Date and time of t = 0.
    max_snap_distance : float
        Metres.
    speed : float
        Of people on open ground, m/s.
    """

    roads: Callable[[Control], ReadNetwork]
    hazard: HazardLayers | None
    refuges: Refuges
    people: People
    start: Start
    max_snap_distance: float
    speed: float

    def area(
        self, read: ReadNetwork, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> QgsGeometry | None:
        """Return hazard and buffer in the working CRS, None without a hazard."""
        if self.hazard is None:
            return None
        near = box_around(read.network.node_xy)
        area = read_hazard(self.hazard, read.crs, context, feedback, near=near).area
        if area.isNull() or not area.boundingBox().intersects(near):
            warn_if_far(read, self.hazard, context, feedback)
        return area


def read_people(
    source: QgsProcessingFeatureSource | None,
    zone_id: str | None,
    population: list[str],
    name: Callable[[Places], Carried],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> People:
    """Read the zones with their people; a field that is the sum of others counts once. Nobody without a layer.

    Raises
    ------
    LayerError
        As :func:`~..places.read_places` and :func:`~..people.whole_people`.
    """
    if source is None:
        return People(no_places(ZONES), Carried([], []), [], np.zeros((0, 0), dtype=np.int64), np.empty(0), 0)
    zones = read_places(source, ZONES, zone_id, context, feedback)
    totals = totals_among(zones, population, feedback)
    classes = [field for field in population if field not in totals]
    counts, lost = whole_people(zones, classes, feedback)
    unplaced = say_unplaced(zones, lost.sum(axis=1), feedback)
    if not counts.any():
        feedback.pushWarning(f"{ZONES}: “{zones.name}” has no people that can be placed.")
    return People(zones, name(zones), classes, counts, np.zeros(len(zones)), unplaced)


def read_refuges(
    source: QgsProcessingFeatureSource | None,
    id_field: str | None,
    name_field: str | None,
    rule_field: str | None,
    hazard: HazardLayers | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Refuges:
    """Read the shelters and find those that are safe: never reached by the hazard, or “vertical”.

    Raises
    ------
    LayerError
        As :func:`~..places.read_places`; no shelter is safe and there is no hazard whose exits could be used.
    """
    if source is None:
        return Refuges(no_places(SHELTERS), [], np.zeros(0, dtype=bool))
    places = read_places(source, SHELTERS, id_field, context, feedback, empty_is_error=hazard is None)
    called = places.texts(name_field) if name_field else [""] * len(places)
    names = [f"{name} ({key})" if name and name != key else key for name, key in zip(called, places.ids)]
    safe = np.ones(len(places), dtype=bool)
    if hazard is not None and len(places):
        core = read_hazard(hazard, places.crs, context, QgsProcessingFeedback(False), near=places.extent()).core
        reached = positions_inside(core, places.xy)
        tall = vertical(places, rule_field)
        safe = ~reached | tall
        if (~safe).any():
            feedback.pushInfo(
                f"{SHELTERS}: the hazard reaches {int((~safe).sum())} of {len(places)} shelter(s) of “{places.name}”, "
                f"which are no safe places: {first_of([names[k] for k in np.flatnonzero(~safe).tolist()])}. (Where the "
                f"rule is “vertical” one is.)"
            )
        if (reached & tall).any():
            feedback.pushInfo(
                f"{SHELTERS}: safe though the hazard comes (“vertical”): "
                f"{first_of([names[k] for k in np.flatnonzero(reached & tall).tolist()])}."
            )
    return Refuges(places, names, safe)


def no_places(parameter: str) -> Places:
    """Return no places."""
    crs = QgsCoordinateReferenceSystem("EPSG:4326")
    return Places(parameter, "", [], np.empty((0, 2)), crs, np.empty(0), [], [], QgsFields())
