"""The parameters and outputs of ``rollinghorizon``."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
)

from ...base import EvacuationAlgorithm
from ...field_parameters import add_field
from ...result_parameters import add_numbers
from ..roads.hazard_parameters import add_known_fields
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from ..routing.plan_parameters import add_plan_parameters
from ..routing.routing_parameters import add_routing_outputs
from . import names

_KIND = QgsProcessingParameterField.DataType


def add_rolling_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add when the plan is made anew, what may change, the plan, its roads, and what closes them."""
    tr = algorithm.tr
    algorithm.add_number(
        names.NOW_MINUTES, tr("Now (minutes after the start)"), None,
        "When the plan is made anew for the first time. What has happened before stays as it was. Empty: from the "
        "start, to play the whole evacuation.",
    )  # fmt: skip
    algorithm.add_number(
        names.REPLAN_MINUTES, tr("Made anew every (minutes)"), None,
        "How often one looks whether anything new is known, from “now” on; only then the plan is made anew. Empty: "
        "once, at “now”.", least=0.1,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterBoolean(names.CHANGE_SHELTER, tr("Other shelters may be chosen"), False),
        "Those on the way may be sent to another shelter with room. Needs the shelters with their capacity.",
    )
    _add_shelters(algorithm)
    add_plan_parameters(algorithm, ROAD_CAPACITY_FIELD)
    add_known_fields(algorithm)


def _add_shelters(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    vector = QgsProcessing.SourceType.TypeVectorAnyGeometry
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.SHELTERS, tr("Shelters"), [vector], optional=True),
        "Points or polygons: all shelters that may be chosen, those of the plan among them under their ids there. "
        "Where there is a field “status”, only those with the status “selected” count. Only with CHANGE_SHELTER.",
    )
    for name, title, default, kind, text in (
        (names.SHELTER_ID_FIELD, tr("Shelter id field"), "site_id", _KIND.Any,
         "The shelter's id, as in the plan. Default: “site_id”, else “shelter_id”."),
        (names.CAPACITY_FIELD, tr("Capacity field (people)"), "residual", _KIND.Numeric,
         "For how many people of the plan a shelter has room, those already sent there counted. Default: the field "
         "“residual” if there is one."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.SHELTERS, kind, text, advanced=False)


def add_rolling_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the outputs of ``routeevacuation``, and what re-planning changes and brings."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    add_routing_outputs(algorithm)
    for name, title, kind, text in (
        (names.OUTPUT_CHANGES, tr("Who is told what anew"), kinds.TypeVectorPoint,
         "Those who are told another way, by moment, origin and turn-off: a point at the junction where the new way "
         "leaves the old one, with both roads, the shelter, people and vehicles."),
        (names.OUTPUT_COMPARISON, tr("What re-planning brings"), kinds.TypeVector,
         "A table: people caught, person-hours and last arrival without re-planning, with it, and by who knows "
         "everything from the start."),
    ):  # fmt: skip
        algorithm.add(QgsProcessingParameterFeatureSink(name, title, kind, None, True), text)
    algorithm.parameterDefinition("OUTPUT_HTML").setHelp(
        "What re-planning brings, who is told what when, and what knowing earlier would have been worth."
    )
    add_numbers(
        algorithm,
        {
            names.CAUGHT_FIXED: tr("People caught if nobody is told anything new"),
            names.CAUGHT_REPLANNED: tr("People caught with re-planning"),
            names.CAUGHT_PERFECT: tr("People caught if everything is known from the start"),
            names.TIME_FIXED: tr("Person-seconds of those who arrive if nobody is told anything new"),
            names.TIME_REPLANNED: tr("Person-seconds of those who arrive with re-planning"),
            names.TIME_PERFECT: tr("Person-seconds of those who arrive if everything is known from the start"),
        },
    )
