"""What turning brings, as numbers and rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import QgsFeature, QgsProcessingContext, QgsVectorLayer, QgsWkbTypes

from ..fields import Column
from ..roads.route_geometry import lines_in
from ..writing import OutputLayer
from .search import Judged, Turning

STRETCHES = (
    Column("stretch", "text", "street, and the roads between which it lies"),
    Column("status", "text", "turned, refused, gains less (tried), or not tried"),
    Column("step", "int", "step in which it was turned, or last looked at"),
    Column(
        "gain_s", "float", "vehicle-seconds that turning it saves then, by a full run; empty where it was not tried"
    ),
    Column("worth_s", "float", "vehicle-seconds that its capacity is worth at the margin"),
    Column("queue_minutes", "float", "minutes in which vehicles queue outbound, all its pieces together"),
    Column("km", "float", "kilometres of the direction that loses lanes"),
    Column("divided", "int", "1 for a divided road"),
    Column("reason", "text", "why it was refused"),
)


def numbers_of(found: Turning) -> dict[str, Any]:
    """Return the numbers of a run by name."""
    return {
        "TOTAL_TIME": found.after.result.total_time,
        "TOTAL_TIME_BEFORE": found.before.result.total_time,
        "CAUGHT": found.after.caught,
        "CAUGHT_BEFORE": found.before.caught,
        "TURNED": len(found.steps),
        "TURNED_KM": float(sum(judged.candidate.kilometres for judged in found.steps)),
    }


def roads_layer(found: Turning) -> OutputLayer:
    """Return the roads after the last step."""
    layer: QgsVectorLayer = found.layer
    rows = ((QgsFeature(feature).geometry(), feature.attributes()) for feature in layer.getFeatures())
    return OutputLayer(list(layer.fields()), rows, layer.wkbType(), layer.crs(), "contraflow_output")


def stretches_layer(found: Turning, context: QgsProcessingContext) -> OutputLayer:
    """Return the stretches looked at, those turned first."""
    rows = [row for judged in (*found.steps, *found.others) for row in _row(judged, found, context)]
    return OutputLayer(STRETCHES, rows, QgsWkbTypes.Type.LineString, found.layer.crs(), "contraflow_output_stretches")


def _row(judged: Judged, found: Turning, context: QgsProcessingContext) -> list[Any]:
    one = judged.candidate
    arcs = one.stretch.there if one.outbound else one.stretch.back
    xy = judged.read.network.path_xy(np.asarray(arcs))
    shape = next(iter(lines_in(judged.read, [xy], found.layer.crs(), context)))
    gain = None if judged.gain is None else round(judged.gain, 6)
    values = [
        one.name, judged.status, judged.step, gain, round(one.worth, 3), round(one.minutes, 3),
        round(one.kilometres, 4), int(one.stretch.divided), judged.reason,
    ]  # fmt: skip
    return [(shape, values)]
