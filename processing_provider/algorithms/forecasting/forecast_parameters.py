"""The parameters of the forecast: counts, neighbours, method and horizon."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...base import EvacuationAlgorithm
from . import names

DOUBLE, ANY = QgsProcessingParameterNumber.Type.Double, QgsProcessingParameterField.DataType.Any
TABLE = [QgsProcessing.SourceType.TypeVector]
# What a field of a table holds, and its parameter.
COUNT_FIELDS = {"place": names.PLACE_FIELD, "time": names.TIME_FIELD, "value": names.VALUE_FIELD}
ADJACENCY_FIELDS = {
    "from": names.ADJACENCY_FROM_FIELD,
    "to": names.ADJACENCY_TO_FIELD,
    "weight": names.ADJACENCY_WEIGHT_FIELD,
}


def add_count_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the table of counts."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.COUNTS, tr("Counts by place and time"), TABLE),
        "Long table with a row for each place and time, such as the output of “Count presence from moving points”. "
        "Gaps and repeated rows are allowed: missing values are left out, repeated ones averaged, both with a warning.",
    )
    for key, title, text in (
        ("place", tr("Place field"), "Names the place."),
        (
            "time",
            tr("Time field"),
            "Date and time; texts in ISO 8601 (2026-05-01 06:30, with or without an offset) and Unix seconds are "
            "understood. Rows whose time cannot be read are passed over with a warning.",
        ),
        ("value", tr("Value field"), "The count, flow or speed; empty where it is missing."),
    ):
        _field(algorithm, COUNT_FIELDS[key], title, key, names.COUNTS, text)
    algorithm.add(
        QgsProcessingParameterString(names.TIMEZONE, tr("Time zone"), optional=True),
        "Zone of the clocks, such as Pacific/Auckland. Times without an offset are read in it, seasons follow it, and "
        "the hours that are skipped or come twice when clocks change are put in their place. Empty: times are taken as "
        "they are written. Where times tell their offset, the forecast is in universal time (UTC).",
    )


def add_neighbour_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the places or the table that tell who is whose neighbour."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.PLACES, tr("Places"), [QgsProcessing.SourceType.TypeVectorAnyGeometry], optional=True
        ),
        "Points or polygons of the places: near ones are neighbours in the graph ridge. Without places or a table of "
        "neighbours, places whose counts move together are.",
    )
    text = (
        "Names the place, as in the place field of the counts. Default: “site_id” if there is one, else the feature id."
    )
    _field(algorithm, names.PLACES_ID_FIELD, tr("Place id field"), "site_id", names.PLACES, text)
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.ADJACENCY, tr("Table of neighbours"), TABLE, optional=True),
        "Rows of two neighbouring places with a weight, instead of positions.",
        advanced=True,
    )
    for key, title, text in (
        ("from", tr("Neighbours: first place field"), "One place."),
        ("to", tr("Neighbours: second place field"), "The other place."),
        ("weight", tr("Neighbours: weight field"), "How close they are, 0 or more; 1 where there is no such field."),
    ):
        _field(algorithm, ADJACENCY_FIELDS[key], title, key, names.ADJACENCY, text, advanced=True)


def add_method_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add method, start, horizon and quantile."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(
            names.METHOD,
            tr("Method"),
            [
                tr("Automatic (the best in the back-test)"),
                tr("Historical average by time of week"),
                tr("Seasonal naive (as a week ago)"),
                tr("Graph ridge"),
                tr("GWNN-STGM, a graph-wavelet network (needs PyTorch)"),
            ],
            False,
            0,
        ),
        "Historical average: mean of all earlier values at the same time of the week. Seasonal naive: what was a week "
        "ago. Graph ridge: regression on each place's recent values, its seasonal profile and its neighbours smoothed "
        "by graph wavelets. Series shorter than two weeks repeat the day instead of the week. GWNN-STGM: a neural "
        "network, trained for some minutes on one core; it needs the package PyTorch, two days and 96 steps of data at "
        "least, and takes at most 500 places. With it every method's back-test learns from the first 60 % of the data. "
        "Automatic never takes it.",
    )
    algorithm.add(
        QgsProcessingParameterDateTime(names.START, tr("Start"), optional=True),
        "First moment to forecast, by the clock of the time zone. Empty: right after the data. Data from the start on "
        "are left aside.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(names.HORIZON, tr("Horizon (hours)"), DOUBLE, 24.0, minValue=0.001),
        "How many hours to forecast from the start.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(names.QUANTILE, tr("Quantile"), DOUBLE, 0.9, minValue=0.5, maxValue=0.999),
        "Of the upper bound: 0.9 is exceeded one time in ten, at each place and step by itself. A day's highest count "
        "exceeds the highest upper bound of the day more often (about one day in six where it was measured): choose a "
        "higher quantile where only the highest counts. The lower bound is at 1 − quantile; no bound is below 0 where "
        "no count is. A quantile needs at least 1 / (1 − quantile) errors of the back-test, "
        "places together; with fewer, the bounds reach to the widest error seen and a warning says so.",
    )


def _field(
    algorithm: EvacuationAlgorithm, name: str, title: str, default: str, parent: str, text: str, advanced: bool = False
) -> None:
    algorithm.add(QgsProcessingParameterField(name, title, default, parent, ANY, False, True), text, advanced=advanced)
