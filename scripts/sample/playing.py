"""What the temporal controller plays: roads from their fields, hazards from the minute of their arrival."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsExpressionContextUtils,
    QgsProject,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerTemporalProperties,
)
from qgis.PyQt.QtCore import QDateTime, Qt

# QGIS 3.30 moved the units of time.
MINUTES = Qgis.TemporalUnit.Minutes if hasattr(Qgis, "TemporalUnit") else QgsUnitTypes.TemporalUnit.TemporalMinutes
# The variable of a project that says when its plan begins: the moment from which arrivals count.
START = "start_time"
ARRIVES = f'to_datetime(@{START}) + make_interval(minutes:=coalesce("{{field}}", 0))'
FRAMES_A_SECOND = 4.0


def moment(text: str) -> QDateTime:
    """Return a moment from its ISO text."""
    return QDateTime.fromString(text, Qt.DateFormat.ISODate)


def appears_at(layer: QgsVectorLayer, field: str = "hazard_arrival") -> None:
    """Have a layer's polygons appear at the minute in ``field`` after the project's start, and stay."""
    temporal: QgsVectorLayerTemporalProperties = layer.temporalProperties()
    temporal.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
    temporal.setStartExpression(ARRIVES.format(field=field))
    temporal.setEndExpression("")
    temporal.setIsActive(True)


def set_time(project: QgsProject, begin: str, period: QgsDateTimeRange, step: int) -> None:
    """Set the moment from which arrivals count, what the temporal controller plays and its step, minutes."""
    QgsExpressionContextUtils.setProjectVariable(project, START, begin)
    settings = project.timeSettings()
    settings.setTemporalRange(period)
    settings.setTimeStep(step)
    settings.setTimeStepUnit(MINUTES)
    settings.setFramesPerSecond(FRAMES_A_SECOND)


def after(begin: str, minutes: int) -> QgsDateTimeRange:
    """Return the time from ``begin`` until ``minutes`` after it."""
    return QgsDateTimeRange(moment(begin), moment(begin).addSecs(60 * minutes))
