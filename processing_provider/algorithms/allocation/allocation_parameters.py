"""The parameters and outputs of ``allocatecrowd``; names as other people's models and scripts call them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, add_mip_gap
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ..roads.network_parameters import add_network_parameters
from ..roads.road_attributes import ROAD_CAPACITY_FIELD

if TYPE_CHECKING:
    from ....plugin.layers.allocation.case import AllocationOptions

DOUBLE = QgsProcessingParameterNumber.Type.Double
ANY, NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric

ZONES = "ZONES"
ZONE_ID_FIELD = "ZONE_ID_FIELD"
ORDER_TIME_FIELD = "ORDER_TIME_FIELD"
GROUP_FIELDS = "GROUP_FIELDS"
SHELTERS = "SHELTERS"
SHELTER_ID_FIELD = "SHELTER_ID_FIELD"
CAPACITY_FIELD = "CAPACITY_FIELD"
PREFERENCES = "PREFERENCES"
DEFAULT_PREFERENCE = "DEFAULT_PREFERENCE"
PREFERENCE_DECAY = "PREFERENCE_DECAY"
DISTANCES = "DISTANCES"
WEIGHT_PREFERENCE = "WEIGHT_PREFERENCE"
WEIGHT_DISTANCE = "WEIGHT_DISTANCE"
IMPEDANCE = "IMPEDANCE"
MAX_DISTANCE = "MAX_DISTANCE"
MAX_TRAVEL_TIME = "MAX_TRAVEL_TIME"
WEIGHT_BY = "WEIGHT_BY"
SPLIT_GROUPS = "SPLIT_GROUPS"
NORMALISATION = "NORMALISATION"
TRADEOFF_POINTS = "TRADEOFF_POINTS"
OUTPUT = "OUTPUT"
OUTPUT_SHELTERS = "OUTPUT_SHELTERS"
OUTPUT_UNALLOCATED = "OUTPUT_UNALLOCATED"
OUTPUT_TRADEOFF = "OUTPUT_TRADEOFF"
OUTPUT_HTML = "OUTPUT_HTML"
OBJECTIVE = "OBJECTIVE"
Z1 = "Z1"
Z2 = "Z2"
ALLOCATED = "ALLOCATED"
UNALLOCATED = "UNALLOCATED"
GAP = "GAP"

# By table: what a field holds, its parameter, its default name.
TABLE_FIELDS = {
    PREFERENCES: (
        ("zone", "PREF_ZONE_FIELD", "zone_id"),
        ("class", "PREF_CLASS_FIELD", "class"),
        ("shelter", "PREF_SHELTER_FIELD", "shelter_id"),
        ("value", "PREF_VALUE_FIELD", "preference"),
    ),
    DISTANCES: (
        ("zone", "DIST_ZONE_FIELD", "zone_id"),
        ("shelter", "DIST_SHELTER_FIELD", "shelter_id"),
        ("value", "DIST_VALUE_FIELD", "distance_km"),
    ),
}


def read_options(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> AllocationOptions:
    """Read what counts and how far people may go."""
    from ....plugin.layers.allocation.case import AllocationOptions

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    def choice(name: str) -> int:
        return int(algorithm.parameterAsEnum(parameters, name, context))

    def given(name: str) -> bool:
        return parameters.get(name) not in (None, "")

    return AllocationOptions(
        default_preference=number(DEFAULT_PREFERENCE),
        preference_decay=number(PREFERENCE_DECAY) if given(PREFERENCE_DECAY) else None,
        impedance=choice(IMPEDANCE),
        normalisation=choice(NORMALISATION),
        weight_preference=number(WEIGHT_PREFERENCE),
        weight_distance=number(WEIGHT_DISTANCE),
        weight_by=choice(WEIGHT_BY),
        max_distance=number(MAX_DISTANCE) if given(MAX_DISTANCE) else math.inf,
        max_travel_time=number(MAX_TRAVEL_TIME) if given(MAX_TRAVEL_TIME) else math.inf,
        split_groups=bool(algorithm.parameterAsBoolean(parameters, SPLIT_GROUPS, context)),
    )


def add_allocation_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add all inputs of ``allocatecrowd``."""
    _add_layers(algorithm)
    _add_preferences(algorithm)
    _add_distances(algorithm)
    _add_objective(algorithm)
    add_network_parameters(algorithm, optional=True, capacity=ROAD_CAPACITY_FIELD)


def _add_layers(algorithm: EvacuationAlgorithm) -> None:
    tr, vector = algorithm.tr, QgsProcessing.SourceType.TypeVectorAnyGeometry
    algorithm.add(
        QgsProcessingParameterFeatureSource(ZONES, tr("Zones with people"), [vector]),
        "Points or polygons with the people who must leave, such as the output of “People at risk”.",
    )
    algorithm.add(
        QgsProcessingParameterField(ZONE_ID_FIELD, tr("Zone id field"), "zone_id", ZONES, ANY, optional=True),
        "Names a zone. Default: the field “zone_id” if there is one, else the feature id.",
    )
    add_name_field(algorithm, ZONE_NAME_FIELD, ZONES)
    algorithm.add(
        QgsProcessingParameterField(ORDER_TIME_FIELD, tr("Order time field"), "order_time", ZONES, ANY, optional=True),
        "When the order to leave reaches the zone; given on to the routing unchanged as “order_time”. Default: the "
        "field “order_time” if there is one.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            GROUP_FIELDS, tr("People by class"), "children;adults;elderly", ZONES, NUMERIC, True, True
        ),
        "Numeric fields with the number of people, one field a class; its name is the class's name. Default: "
        "“children”, “adults” and “elderly”, else “population”, where the layer has them.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(SHELTERS, tr("Shelters"), [vector]),
        "Points or polygons, such as the selected sites of “Recommend shelters”. Where there is a field “status”, "
        "only features with the status “selected” are used.",
    )
    algorithm.add(
        QgsProcessingParameterField(SHELTER_ID_FIELD, tr("Shelter id field"), "site_id", SHELTERS, ANY, optional=True),
        "Names a shelter. Default: the field “site_id” if there is one, else the feature id.",
    )
    add_name_field(algorithm, SHELTER_NAME_FIELD, SHELTERS)
    algorithm.add(
        QgsProcessingParameterField(
            CAPACITY_FIELD, tr("Capacity field (people)"), "residual", SHELTERS, NUMERIC, optional=True
        ),
        "How many people a shelter can take. Default: the field “residual” if there is one.",
    )


def _add_preferences(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            PREFERENCES, tr("Preferences"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table with the preference of a class of people in a zone for a shelter, from 0 (none) to 1.",
    )
    _table_fields(algorithm, PREFERENCES, tr("Preferences"))
    algorithm.add(
        QgsProcessingParameterNumber(
            DEFAULT_PREFERENCE, tr("Default preference"), DOUBLE, 0.5, minValue=0.0, maxValue=1.0
        ),
        "Preference, from 0 to 1, where the table has none.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            PREFERENCE_DECAY, tr("Preference falls with distance (km)"), DOUBLE, None, optional=True, minValue=0.001
        ),
        "Where the table has no preference it is exp(-distance / this): 1 next door, 0.37 at this many kilometres. In "
        "place of the default preference, which holds when this is empty. Not in the paper, which takes preferences as "
        "given.",
        advanced=True,
    )


def _add_distances(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            DISTANCES, tr("Distances (km)"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table with the kilometres from a zone to a shelter; a pair without a row is out of reach. Without this "
        "table distances are taken over the road network, and without a network in a straight line.",
        advanced=True,
    )
    _table_fields(algorithm, DISTANCES, tr("Distances"))


def _table_fields(algorithm: EvacuationAlgorithm, table: str, title: str) -> None:
    words = {"zone": "zone", "class": "class of people", "shelter": "shelter", "value": "value"}
    for key, name, default in TABLE_FIELDS[table]:
        algorithm.add(
            QgsProcessingParameterField(name, f"{title}: {words[key]}", default, table, ANY, optional=True),
            f"Field of the table {table} with the {words[key]}. Default: the field “{default}” if there is one.",
            advanced=True,
        )


def _add_objective(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add_number(WEIGHT_PREFERENCE, tr("Weight of dissatisfaction"), 1.0, "Weight of 1 - preference, summed.")
    algorithm.add_number(
        WEIGHT_DISTANCE, tr("Weight of distance"), 1.0, "Weight of the distance scaled to 0..1, summed."
    )
    algorithm.add(
        QgsProcessingParameterEnum(IMPEDANCE, tr("Distance is"), [tr("Length"), tr("Travel time")], defaultValue=0),
        "Length: the shortest way, km. Travel time: the fastest way without congestion; needs the road network.",
    )
    _limit(
        algorithm, MAX_DISTANCE, tr("Longest distance (km)"), "Shelters farther than this are out of reach of a zone."
    )
    _limit(
        algorithm,
        MAX_TRAVEL_TIME,
        tr("Longest travel time (minutes)"),
        "Shelters that take longer than this to reach without congestion are out of reach; needs the road network.",
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            WEIGHT_BY, tr("What counts"), [tr("Groups (as in the paper)"), tr("People")], defaultValue=1
        ),
        "People: each group's terms count as many times as it has people. Groups: once.",
    )
    algorithm.add(
        QgsProcessingParameterBoolean(SPLIT_GROUPS, tr("Groups may be divided"), False),
        "Lets a group be divided between shelters (a transportation problem: quick, and less is left over).",
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            NORMALISATION,
            tr("Distance is scaled"),
            [tr("Near is good: (d - d_min) / (d_max - d_min)"), tr("As printed: (d_max - d) / (d_max - d_min)")],
            defaultValue=0,
        ),
        "As printed is equation 11 of the paper, under which far shelters win; only to reproduce its tables.",
        advanced=True,
    )
    add_effort(algorithm)
    add_mip_gap(algorithm)
    algorithm.add(
        QgsProcessingParameterNumber(
            TRADEOFF_POINTS,
            tr("Points of the trade-off curve"),
            QgsProcessingParameterNumber.Type.Integer,
            11,
            minValue=0,
            maxValue=101,
        ),
        "Allocations with other weights, from distance alone to preference alone, for the trade-off table and the "
        "report; 0 for none.",
        advanced=True,
    )


def _limit(algorithm: EvacuationAlgorithm, name: str, description: str, text: str) -> None:
    algorithm.add_number(name, description, None, text + " Empty: no limit.")


def add_allocation_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the layers and numbers that ``allocatecrowd`` gives back."""
    tr = algorithm.tr
    for name, description, text in (
        (OUTPUT, tr("Allocation"), "Lines from zone to shelter with the people who go there."),
        (OUTPUT_SHELTERS, tr("Load of the shelters"), "The shelters with load, capacity and utilisation (0..1)."),
        (OUTPUT_UNALLOCATED, tr("People without a place"), "Zones and classes left out, with the reason."),
    ):
        algorithm.add(QgsProcessingParameterFeatureSink(name, description), text)
    algorithm.add(
        QgsProcessingParameterFeatureSink(
            OUTPUT_TRADEOFF,
            tr("Preference against distance"),
            QgsProcessing.SourceType.TypeVector,
            None,
            optional=True,
            createByDefault=False,
        ),
        "Table: what other weights would give: dissatisfaction (z1) and scaled distance (z2) before their weights, "
        "mean preference, mean kilometres, and how many more than the nearest of these plans. “plan” marks this plan's "
        "weights, “efficient” the plans that no other one beats in both.",
    )
    algorithm.add(
        QgsProcessingParameterFileDestination(
            OUTPUT_HTML, tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=False
        ),
        "Figures, shortages and their reasons, the load of every shelter, and preference against distance as a plot.",
    )
    for name, description in (
        (OBJECTIVE, tr("Objective")),
        (Z1, tr("Dissatisfaction, before its weight")),
        (Z2, tr("Scaled distance, before its weight")),
        (ALLOCATED, tr("People allocated")),
        (UNALLOCATED, tr("People not allocated")),
        (GAP, tr("Gap to the proven bound (%)")),
    ):
        algorithm.addOutput(QgsProcessingOutputNumber(name, description))
