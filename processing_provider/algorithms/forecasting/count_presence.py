"""``evacuation:countpresence``: how many different people or vehicles were in each place in each interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ....plugin.layers.fields import Column
from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from . import names

COLUMNS = (
    Column("place", "text", "place"),
    Column("time", "datetime", "beginning of the interval"),
    Column("value", "int", "distinct ids inside the place during the interval"),
)


class CountPresence(EvacuationAlgorithm):
    """Counts distinct moving points inside places by interval."""

    ID = "countpresence"
    TITLE = "Count presence from moving points"
    TAGS = ("trajectory", "gps", "count", "presence", "points in polygon", "time", "occupancy")
    SUMMARY = (
        "Turns moving points (a position, a time and an id in every row, such as phone or vehicle positions) into a "
        "table of place, time and value: how many different ids were inside each place during each interval.\n"
        "Every place has a row for every interval from the first reading to the last, 0 where nobody was seen; "
        "intervals begin at midnight of the first day. An id counts once an interval, and in each place where it was "
        "seen; a point on the border of two places counts in both. The table feeds “Forecast flows”.\n"
        "Spatio-temporal data in the sense of Xu et al. 2023 (Chinese Journal of Computers, doi "
        "10.11897/SP.J.1016.2023.01427), Definitions 1 and 2."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr, any_field = self.tr, QgsProcessingParameterField.DataType.Any
        self.add(
            QgsProcessingParameterFeatureSource(
                names.POINTS, tr("Moving points"), [QgsProcessing.SourceType.TypeVectorPoint]
            ),
            "Points with an id and a time, in any CRS.",
        )
        self.add(
            QgsProcessingParameterField(names.ID_FIELD, tr("Id field"), "id", names.POINTS, any_field, False, True),
            "Tells one moving object from another. Default: the field “id”.",
        )
        self.add(
            QgsProcessingParameterField(
                names.TIME_FIELD, tr("Time field"), "time", names.POINTS, any_field, False, True
            ),
            "Date and time; texts in ISO 8601 (2026-05-01 06:30, with or without an offset) and Unix seconds are "
            "understood. Times that say their offset are counted in universal time. Default: the field “time”.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                names.PLACES, tr("Places"), [QgsProcessing.SourceType.TypeVectorPolygon]
            ),
            "Polygons in which to count.",
        )
        self.add(
            QgsProcessingParameterField(
                names.PLACE_ID_FIELD, tr("Place id field"), "site_id", names.PLACES, any_field, False, True
            ),
            "Names a place. Default: the field “site_id” if there is one, else the feature id.",
        )
        self.add(
            QgsProcessingParameterNumber(
                names.INTERVAL, tr("Interval (minutes)"), QgsProcessingParameterNumber.Type.Double, 60.0, minValue=0.01
            ),
            "Length of the intervals.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT, tr("Presence by place and time"), QgsProcessing.SourceType.TypeVector
            ),
            "Table with place, time (beginning of the interval) and value.",
        )

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.forecasting.moving_points import read_moving_points
        from ....plugin.layers.places import read_places
        from ....plugin.layers.times import date_times
        from ....plugin.solvers.forecasting.presence import count_distinct, inside

        source = self.source(parameters, names.POINTS, context)
        id_field = str(self.field(parameters, names.ID_FIELD, source, context, feedback))
        time_field = str(self.field(parameters, names.TIME_FIELD, source, context, feedback))
        place_source = self.source(parameters, names.PLACES, context)
        if QgsWkbTypes.geometryType(place_source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
            raise QgsProcessingException(
                f"PLACES: “{place_source.sourceName()}” holds no polygons. Choose a polygon layer, or draw a buffer "
                f"around its points."
            )
        place_id = self.field(parameters, names.PLACE_ID_FIELD, place_source, context, feedback, required=False)
        places = read_places(place_source, names.PLACES, place_id, context, feedback)
        control = self.control(feedback)
        points = read_moving_points(source, id_field, time_field, places, context, feedback, control.unseen())
        control.progress(0.6, self.tr("Counting"))
        position, place = inside([bytes(shape.asWkb()) for shape in places.geometries], points.xy)
        minutes = self.parameterAsDouble(parameters, names.INTERVAL, context)
        found = count_distinct(points.seconds, position, place, points.identity, len(places), 60.0 * minutes)
        if not found.count.size:
            feedback.pushWarning(
                f"Nothing to count: “{source.sourceName()}” has {len(points.seconds)} usable points and "
                f"“{places.name}” {len(places)} places."
            )
        else:
            outside = len(points.seconds) - len(np.unique(position))
            feedback.pushInfo(
                f"{len(points.seconds)} points of {points.objects} ids, {outside} of them in no place; "
                f"{len(found.start)} intervals, at most {int(found.count.max())} ids in a place at a time."
            )
        times = date_times(found.start, points.universal)

        def rows() -> Iterator[tuple[None, list[Any]]]:
            for column, identifier in enumerate(places.ids):
                for time, value in zip(times, found.count[:, column].tolist()):
                    yield None, [identifier, time, value]

        return {names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(COLUMNS, rows()))}
