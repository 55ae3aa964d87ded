"""The parameters and outputs of the time to safety."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterString,
)

from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ...result_parameters import add_numbers, add_report
from ..roads.door_parameters import add_entrance_parameters
from ..roads.hazard_parameters import add_closures, add_hazard, add_rule_field, add_start_time
from ..roads.network_parameters import add_network_parameters, add_road_name_field
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from . import names

PLACES = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
ANY, NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric
USUAL_BREAKS = "5, 10, 20, 30"


def add_safety_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add roads, hazard, closures, shelters, zones, and what people take to leave."""
    tr = algorithm.tr
    add_hazard(
        algorithm,
        "Polygons of the area to leave. Safe places are where roads leave it and its buffer for good. With an arrival "
        "(below) its roads close then, and until when one can leave follows from that.",
    )
    _add_shelters(algorithm)
    _add_zones(algorithm)
    algorithm.add_number(
        names.REACTION_MINUTES,
        tr("From order to leaving (minutes)"),
        10.0,
        "How long people take to leave after their order (after the start time where there is none).",
    )
    algorithm.add(
        QgsProcessingParameterString(names.BREAKS, tr("Classes of minutes"), USUAL_BREAKS),
        "Where one class of the areas ends and the next begins: minutes to safety, ascending, with commas between.",
        advanced=True,
    )
    add_network_parameters(algorithm, capacity=ROAD_CAPACITY_FIELD, factor=False)
    add_road_name_field(algorithm)
    add_closures(algorithm)
    add_start_time(algorithm)


def _add_shelters(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.SHELTERS, tr("Shelters"), PLACES, optional=True),
        "Points or polygons that are safe places, too: those that the hazard never reaches, and those whose rule is "
        "“vertical”. Every row counts, whatever its status. Without a hazard they are the only ones.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            names.SHELTER_ID_FIELD, tr("Shelter id field"), "site_id", names.SHELTERS, ANY, False, True
        ),
        "Names a shelter. Default: the field “site_id” if there is one, else the feature id.",
        advanced=True,
    )
    add_name_field(algorithm, SHELTER_NAME_FIELD, names.SHELTERS)
    add_rule_field(algorithm, names.SHELTERS)
    add_entrance_parameters(algorithm)


def _add_zones(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.ZONES, tr("Zones with people"), PLACES, optional=True),
        "Points or polygons, such as the output of “People at risk”. The people of a polygon start at the junctions "
        "inside it, by the length of road that meets there; with a hazard only inside that, where there is a junction.",
    )
    algorithm.add(
        QgsProcessingParameterField(names.ZONE_ID_FIELD, tr("Zone id field"), "zone_id", names.ZONES, ANY, False, True),
        "Names a zone. Default: the field “zone_id” if there is one, else the feature id.",
        advanced=True,
    )
    add_name_field(algorithm, ZONE_NAME_FIELD, names.ZONES)
    algorithm.add(
        QgsProcessingParameterField(
            names.POPULATION_FIELDS, tr("People"), "children;adults;elderly", names.ZONES, NUMERIC, True, True
        ),
        "Numeric fields with people, one for each class; they are added up. Default: children, adults and elderly "
        "where the layer has them, else population.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterField(
            names.ORDER_TIME_FIELD, tr("Order time field"), "order_time", names.ZONES, ANY, optional=True
        ),
        "When the order reaches a zone: minutes after the start time, or date and time. Empty: at the start time. "
        "Default: the field “order_time” if there is one.",
        advanced=True,
    )


def add_safety_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add layers, report and numbers."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    algorithm.add(
        QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Minutes to safety"), kinds.TypeVectorLine),
        "Each piece of road, cut at the border of the area to leave: minutes_to_safety from its middle by the quickest "
        "way (0 outside the area), no closing looked at; latest_minute, the last minute at which one can leave and "
        "still be safe; safe_place; margin_minutes; status.",
    )
    for name, title, kind, text in (
        (names.OUTPUT_ZONES, tr("Zones"), kinds.TypeVectorAnyGeometry,
         "The zones with the people, by class, who make it and who do not, and the least margin of their junctions."),
        (names.OUTPUT_AREAS, tr("Areas by minutes to safety"), kinds.TypeVectorPolygon,
         "Polygons by class of minutes and by nearest safe place, without overlap, with the people who start there."),
        (names.OUTPUT_CURVE, tr("People safe by minute"), kinds.TypeVector,
         "Table: how many people are safe at each minute."),
    ):  # fmt: skip
        algorithm.add(QgsProcessingParameterFeatureSink(name, title, kind, optional=True, createByDefault=False), text)
    add_report(
        algorithm,
        "A page with who makes it, the curve, the zones with the least margin and the areas.",
        by_default=False,
    )
    add_numbers(
        algorithm,
        {
            names.PEOPLE: tr("People"),
            names.TOO_LATE: tr("People who do not make it"),
            names.MINUTES_95: tr("Minutes until 95 % of those who can are safe"),
            names.PEOPLE_WITHOUT_PLACE: tr("People in zones that cannot be used"),
        },
    )
