"""The layers that say more of where trips start and end than the trips do, as they are read."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ..errors import LayerError
from ..moments import MomentColumn, moment_column
from ..places import Places, read_places
from ..roads.doors import ACCESS_ON_FOOT
from ..roads.entrances import DoorRules
from ..shapes import features_of
from ..values import id_text
from .trips import MINUTE

ORIGINS, DESTINATIONS = "ORIGINS", "DESTINATIONS"


@dataclass(frozen=True)
class EndLayers:
    """What is known of the ends of trips besides their lines.

    Attributes
    ----------
    origins : Places or None
        Polygons.
    destinations : Places or None
        Points or polygons.
    doors : DoorRules
    hazard : QgsGeometry or None
        Hazard and buffer in the working CRS, None without one.
    access_speed : float
        Between place and road, m/s.
    rule_field : str or None
        Field of the destinations that says which are safe from the hazard at any time.
    """

    origins: Places | None = None
    destinations: Places | None = None
    doors: DoorRules = DoorRules()
    hazard: QgsGeometry | None = None
    access_speed: float = ACCESS_ON_FOOT
    rule_field: str | None = None


def names_in(source: QgsProcessingFeatureSource, id_field: str | None, name_field: str | None) -> dict[str, str]:
    """Return what people call the features of a layer, by id; empty where no field says it."""
    if name_field is None:
        return {}
    return {
        id_text(feature[id_field]) if id_field else str(feature.id()): id_text(feature[name_field])
        for feature in features_of(source)
    }


def orders_in(source: QgsProcessingFeatureSource, id_field: str | None, field: str) -> tuple[list[str], MomentColumn]:
    """Return the ids of a layer's features, and when the order to leave reaches each.

    Raises
    ------
    LayerError
        When a value is no moment.
    """
    ids, values = [], []
    for feature in features_of(source):
        ids.append(id_text(feature[id_field]) if id_field else str(feature.id()))
        values.append(feature[field])
    words = [f"origin {name}" for name in ids]
    return ids, moment_column(values, words, "ORDER_TIME_FIELD", source.sourceName(), field, MINUTE)


def read_origins(
    source: QgsProcessingFeatureSource,
    id_field: str | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Places | None:
    """Read the polygons of ORIGINS; None for points, which hold no junctions.

    Raises
    ------
    LayerError
        Lines, no CRS, a NULL or repeated id.
    """
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind == QgsWkbTypes.GeometryType.PointGeometry:
        feedback.pushInfo(f"{ORIGINS}: “{source.sourceName()}” holds points; trips start at the nearest roads.")
        return None
    if kind != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise LayerError(f"{ORIGINS}: “{source.sourceName()}” holds no polygons. Choose the polygons of the zones.")
    return read_places(source, ORIGINS, id_field, context, feedback)
