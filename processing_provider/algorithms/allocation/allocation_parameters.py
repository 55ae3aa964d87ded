"""The parameters and outputs of ``allocatecrowd``; names as other people's models and scripts call them."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, add_mip_gap
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ...result_parameters import add_numbers, add_report
from ..roads.door_parameters import add_access_speed, add_door_minutes, add_entrance_parameters
from ..roads.hazard_parameters import add_closures, add_hazard, add_rule_field, add_start_time
from ..roads.network_parameters import add_network_parameters
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from ..roads.walk_parameters import add_foot_fields, add_max_walk
from . import names

ANY, NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric

# By table: what a field holds, its parameter, its default name.
TABLE_FIELDS = {
    names.PREFERENCES: (
        ("zone", names.PREF_ZONE_FIELD, "zone_id"),
        ("class", names.PREF_CLASS_FIELD, "class"),
        ("shelter", names.PREF_SHELTER_FIELD, "shelter_id"),
        ("value", names.PREF_VALUE_FIELD, "preference"),
    ),
    names.DISTANCES: (
        ("zone", names.DIST_ZONE_FIELD, "zone_id"),
        ("shelter", names.DIST_SHELTER_FIELD, "shelter_id"),
        ("value", names.DIST_VALUE_FIELD, "distance_km"),
    ),
}


def add_allocation_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add all inputs of ``allocatecrowd``."""
    add_people_and_shelters(algorithm)
    add_preferences(algorithm)
    _add_distances(algorithm)
    _add_objective(algorithm)
    _add_search(algorithm)
    add_hazard(
        algorithm,
        "Polygons; nobody is sent to a shelter that they ever reach, or their buffer, unless its rule is “vertical”. "
        "With an arrival (below) their roads close then, and a way that is cut for who leaves at the order does not "
        "count.",
    )
    add_closures(algorithm)
    add_rule_field(algorithm, names.SHELTERS)
    add_start_time(algorithm)
    add_network_parameters(algorithm, optional=True, capacity=ROAD_CAPACITY_FIELD)
    add_entrance_parameters(algorithm)
    add_access_speed(algorithm)
    add_door_minutes(algorithm)
    add_max_walk(algorithm)


def add_people_and_shelters(algorithm: EvacuationAlgorithm, shelters: str = "") -> None:
    """Add zones and shelters with their fields; where there is a text for ``shelters`` these may be left out."""
    tr, vector = algorithm.tr, QgsProcessing.SourceType.TypeVectorAnyGeometry
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.ZONES, tr("Zones with people"), [vector]),
        "Points or polygons with the people who must leave, such as the output of “People at risk”.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            names.ZONE_ID_FIELD, tr("Zone id field"), "zone_id", names.ZONES, ANY, optional=True
        ),
        "Names a zone. Default: the field “zone_id” if there is one, else the feature id.",
    )
    add_name_field(algorithm, ZONE_NAME_FIELD, names.ZONES)
    algorithm.add(
        QgsProcessingParameterField(
            names.ORDER_TIME_FIELD, tr("Order time field"), "order_time", names.ZONES, ANY, optional=True
        ),
        "When the order to leave reaches the zone; given on to the routing unchanged as “order_time”. Default: the "
        "field “order_time” if there is one.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            names.GROUP_FIELDS, tr("People by class"), "children;adults;elderly", names.ZONES, NUMERIC, True, True
        ),
        "Numeric fields with the number of people, one field a class; its name is the class's name. Default: "
        "“children”, “adults” and “elderly”, else “population”, where the layer has them.",
    )
    add_foot_fields(algorithm, names.ZONES, names.GROUP_FIELDS)
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.SHELTERS, tr("Shelters"), [vector], optional=bool(shelters)),
        shelters
        or "Points or polygons, such as the selected sites of “Recommend shelters”. Where there is a field “status”, "
        "only features with the status “selected” are used. A polygon is entered at its doors.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            names.SHELTER_ID_FIELD, tr("Shelter id field"), "site_id", names.SHELTERS, ANY, optional=True
        ),
        "Names a shelter. Default: the field “site_id” if there is one, else the feature id.",
    )
    add_name_field(algorithm, SHELTER_NAME_FIELD, names.SHELTERS)
    algorithm.add(
        QgsProcessingParameterField(
            names.CAPACITY_FIELD, tr("Capacity field (people)"), "residual", names.SHELTERS, NUMERIC, optional=True
        ),
        "How many people a shelter can take. Default: the field “residual” if there is one.",
    )


def add_preferences(algorithm: EvacuationAlgorithm) -> None:
    """Add the table of preferences, and what holds where it has none."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.PREFERENCES, tr("Preferences"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table with the preference of a class of people in a zone for a shelter, from 0 (none) to 1.",
    )
    _table_fields(algorithm, names.PREFERENCES, tr("Preferences"))
    algorithm.add_number(
        names.DEFAULT_PREFERENCE,
        tr("Default preference"),
        0.5,
        "Preference, from 0 to 1, where the table has none.",
        most=1.0,
        advanced=True,
    )
    algorithm.add_number(
        names.PREFERENCE_DECAY,
        tr("Preference falls with distance (km)"),
        None,
        "Where the table has no preference it is exp(-distance / this): 1 next door, 0.37 at this many kilometres. In "
        "place of the default preference, which holds when this is empty. Not in the paper, which takes preferences as "
        "given.",
        least=0.001,
        advanced=True,
    )


def _add_distances(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.DISTANCES, tr("Distances (km)"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table with the kilometres from a zone to a shelter; a pair without a row is out of reach. Without this "
        "table distances are taken over the road network, and without a network in a straight line.",
        advanced=True,
    )
    _table_fields(algorithm, names.DISTANCES, tr("Distances"))


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
    algorithm.add_number(
        names.WEIGHT_PREFERENCE, tr("Weight of dissatisfaction"), 1.0, "Weight of 1 - preference, summed."
    )
    algorithm.add_number(
        names.WEIGHT_DISTANCE, tr("Weight of distance"), 1.0, "Weight of the distance scaled to 0..1, summed."
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            names.IMPEDANCE, tr("Distance is"), [tr("Length"), tr("Travel time")], defaultValue=0
        ),
        "Length: the shortest way by road, km. Travel time: the fastest way without congestion, the ways between place "
        "and road included; needs the road network.",
    )
    add_limits(algorithm)
    algorithm.add(
        QgsProcessingParameterEnum(
            names.WEIGHT_BY, tr("What counts"), [tr("Groups (as in the paper)"), tr("People")], defaultValue=1
        ),
        "People: each group's terms count as many times as it has people. Groups: once.",
    )
    add_split(algorithm)
    algorithm.add(
        QgsProcessingParameterEnum(
            names.NORMALISATION,
            tr("Distance is scaled"),
            [tr("Near is good: (d - d_min) / (d_max - d_min)"), tr("As printed: (d_max - d) / (d_max - d_min)")],
            defaultValue=0,
        ),
        "As printed is equation 11 of the paper, under which far shelters win; only to reproduce its tables.",
        advanced=True,
    )


def add_split(algorithm: EvacuationAlgorithm, more: str = "") -> None:
    """Add whether groups may be divided; ``more`` is said besides."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(
            names.SPLIT,
            tr("Groups may be divided"),
            [tr("No"), tr("Where needed"), tr("Freely")],
            defaultValue=1,
        ),
        "Where needed: groups larger than any shelter in reach are divided between shelters, and as few others as "
        "possible, so that everybody who can be placed is. No: each group goes to one shelter or stays without a "
        f"place. Freely: any group may be divided (a transportation problem, quick).{more}",
    )


def add_limits(algorithm: EvacuationAlgorithm) -> None:
    """Add how far people may go."""
    tr = algorithm.tr
    text = "Shelters farther than this are out of reach of a zone. Empty: no limit."
    algorithm.add_number(names.MAX_DISTANCE, tr("Longest distance (km)"), None, text)
    algorithm.add_number(
        names.MAX_TRAVEL_TIME,
        tr("Longest travel time (minutes)"),
        None,
        "Shelters that take longer than this to reach without congestion, the ways between place and road included, "
        "are out of reach; needs the road network. Empty: no limit.",
    )


def _add_search(algorithm: EvacuationAlgorithm) -> None:
    add_effort(algorithm)
    add_mip_gap(algorithm)
    algorithm.add_number(
        names.TRADEOFF_POINTS,
        algorithm.tr("Points of the trade-off curve"),
        11,
        "Allocations with other weights, from distance alone to preference alone, for the trade-off table and the "
        "report; 0 for none.",
        most=101,
        kind=QgsProcessingParameterNumber.Type.Integer,
        advanced=True,
    )


def add_allocation_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the layers and numbers that ``allocatecrowd`` gives back."""
    tr = algorithm.tr
    for name, description, text in (
        (names.OUTPUT, tr("Allocation"), "Lines from zone to shelter with the people who go there."),
        (
            names.OUTPUT_SHELTERS,
            tr("Load of the shelters"),
            "The shelters with load, capacity and utilisation (0..1), doors, and whom these let in in DOOR_MINUTES.",
        ),
        (names.OUTPUT_UNALLOCATED, tr("People without a place"), "Zones and classes left out, with the reason."),
    ):
        algorithm.add(QgsProcessingParameterFeatureSink(name, description), text)
    algorithm.add(
        QgsProcessingParameterFeatureSink(
            names.OUTPUT_TRADEOFF,
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
    add_report(
        algorithm,
        "Figures, shortages and their reasons, the load of every shelter, and preference against distance as a plot.",
        by_default=False,
    )
    add_numbers(
        algorithm,
        {
            names.OBJECTIVE: tr("Objective"),
            names.Z1: tr("Dissatisfaction, before its weight"),
            names.Z2: tr("Scaled distance, before its weight"),
            names.ALLOCATED: tr("People allocated"),
            names.UNALLOCATED: tr("People not allocated"),
            names.GAP: tr("Gap to the proven bound (%)"),
        },
    )
