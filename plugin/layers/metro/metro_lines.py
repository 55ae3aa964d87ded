"""The stations of a metro, read from a layer as a graph, and the station that is nearest to a place."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsDistanceArea,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
)

from ...solvers.metro.metro_network import MetroNetwork, Stop, build_metro_network, neighbours
from ..errors import LayerError
from ..places import Places
from ..roads.working_crs import ellipsoid_of
from ..shapes import features_of
from ..transforming import transform_xy
from ..values import id_text, number

PARAMETER = "METRO_STATIONS"


@dataclass(frozen=True)
class MetroLines:
    """The metro as a graph, and how to measure distances to its stations."""

    network: MetroNetwork
    source: QgsProcessingFeatureSource
    measure: QgsDistanceArea
    context: QgsProcessingContext

    @property
    def stations(self) -> list[str]:
        """Names of the stations."""
        return list(self.network.graph.nodes)

    def position(self, station: str) -> tuple[float, float]:
        """Return a station's position in the layer's CRS."""
        return self.network.graph.nodes[station]["position"]

    def nearest(self, places: Places) -> list[str]:
        """Return the nearest station of each place."""
        crs, transform = self.source.sourceCrs(), self.context.transformContext()
        xy = transform_xy(places.xy, places.crs, crs, transform)
        out = []
        for x, y in xy:
            distances = [
                self.measure.measureLine(QgsPointXY(x, y), QgsPointXY(*self.position(name))) for name in self.stations
            ]
            out.append(self.stations[int(np.argmin(distances))])
        return out


def read_metro_lines(
    source: QgsProcessingFeatureSource, fields: Mapping[str, str], context: QgsProcessingContext
) -> MetroLines:
    """Read stations by line; ``fields`` names those of the keys station, line and order.

    A station of several lines is there once for each. Intervals join the stations that follow each other in a line's
    order and are as long as the straight line between them.

    Raises
    ------
    LayerError
        No feature, no CRS, a station without name, line, order or position.
    """
    layer = source.sourceName()
    if not source.sourceCrs().isValid():
        raise LayerError(
            f"{PARAMETER}: “{layer}” has no coordinate reference system. Set it in the layer's properties."
        )
    stops, first = [], {}
    for feature in features_of(source):
        texts = {key: id_text(feature[fields[key]]) for key in ("station", "line")}
        for key, text in texts.items():
            if not text:
                raise LayerError(f"{PARAMETER}: feature {feature.id()} of “{layer}” has no {key}. Fill it.")
        name = texts["station"]
        order = number(feature[fields["order"]], PARAMETER, layer, name, fields["order"])
        point = feature.geometry().pointOnSurface() if feature.hasGeometry() else None
        if point is None or point.isNull() or np.isnan(order):
            raise LayerError(f"{PARAMETER}: the station “{name}” of “{layer}” has no position or no order on its line.")
        position = (point.asPoint().x(), point.asPoint().y())
        stops.append(Stop(name, texts["line"], order, first.setdefault(name, position)))
    if not stops:
        raise LayerError(f"{PARAMETER}: “{layer}” is empty. Choose a layer with metro stations.")
    measure = QgsDistanceArea()
    measure.setSourceCrs(source.sourceCrs(), context.transformContext())
    measure.setEllipsoid(ellipsoid_of(context, source.sourceCrs()))
    intervals = {
        (one.line, one.station, other.station): measure.measureLine(
            QgsPointXY(*one.position), QgsPointXY(*other.position)
        )
        / 1000.0
        for one, other in neighbours(stops)
    }
    return MetroLines(build_metro_network(stops, intervals), source, measure, context)


def station_place(metro: MetroLines, station: str) -> Places:
    """Return a metro station as the one place of an incident, with the station's name as its id.

    Raises
    ------
    LayerError
        When the metro has no such station.
    """
    if station not in metro.network.graph:
        close = difflib.get_close_matches(station, metro.stations, n=1)
        hint = f" Is “{close[0]}” meant?" if close else ""
        raise LayerError(f"STATION: “{metro.source.sourceName()}” has no station “{station}”.{hint}")
    position = metro.position(station)
    return Places(
        "STATION",
        metro.source.sourceName(),
        [station],
        np.array([position]),
        metro.source.sourceCrs(),
        np.array([np.nan]),
        [QgsGeometry.fromPointXY(QgsPointXY(*position))],
        [[]],
        QgsFields(),
    )
