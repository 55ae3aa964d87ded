"""The parameters that say how the roads' attributes are read: class, direction, speed, lanes, capacity, length."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ....plugin.solvers.roads.osm import SPEED_UNITS
from ...base import EvacuationAlgorithm

ALL_LINES = "ALL_LINES"
CAPACITY_BACKWARD_FIELD = "CAPACITY_BACKWARD_FIELD"
CAPACITY_FACTOR = "CAPACITY_FACTOR"
CAPACITY_FORWARD_FIELD = "CAPACITY_FORWARD_FIELD"
CAPACITY_FIELD = "CAPACITY_FIELD"
DEFAULT_DIRECTION = "DEFAULT_DIRECTION"
DEFAULT_LANE_CAPACITY = "DEFAULT_LANE_CAPACITY"
DEFAULT_SPEED = "DEFAULT_SPEED"
DIRECTION_FIELD = "DIRECTION_FIELD"
JUNCTION_DELAY = "JUNCTION_DELAY"
LANES_BACKWARD_FIELD = "LANES_BACKWARD_FIELD"
LANES_FIELD = "LANES_FIELD"
LANES_FORWARD_FIELD = "LANES_FORWARD_FIELD"
LENGTH_FIELD = "LENGTH_FIELD"
NETWORK = "NETWORK"
ROAD_CAPACITY_FIELD = "ROAD_CAPACITY_FIELD"
ROAD_CLASSES = "ROAD_CLASSES"
ROAD_CLASS_FIELD = "ROAD_CLASS_FIELD"
SPEED_FIELD = "SPEED_FIELD"
SPEED_UNIT = "SPEED_UNIT"
USE_CLASSES = "USE_CLASSES"
USE_TAGS = "USE_TAGS"
VALUE_BACKWARD = "VALUE_BACKWARD"
VALUE_BOTH = "VALUE_BOTH"
VALUE_FORWARD = "VALUE_FORWARD"

# Lanes of one direction as OpenStreetMap names them, for layers without our names.
OSM_LANES = {LANES_FORWARD_FIELD: "lanes:forward", LANES_BACKWARD_FIELD: "lanes:backward"}
_DOUBLE = QgsProcessingParameterNumber.Type.Double


def add_attribute_parameters(algorithm: EvacuationAlgorithm, capacity: str, factor: bool) -> None:
    """Add the parameters that say how the roads' attributes are read.

    ``capacity`` is the name of the capacity field's parameter, "" for none; ``factor``: with CAPACITY_FACTOR.
    """
    _add_class(algorithm)
    _add_direction(algorithm)
    _add_speed(algorithm)
    _add_lanes(algorithm)
    _add_capacity(algorithm, capacity, factor)
    _add_each_way(algorithm)
    _add_length(algorithm)


def road_field(name: str, description: str, default: str | None, kind: Any) -> QgsProcessingParameterField:
    """Return an optional field parameter of the layer NETWORK."""
    return QgsProcessingParameterField(name, description, default, NETWORK, kind, optional=True)


def _add_class(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field(ROAD_CLASS_FIELD, tr("Road class field"), "highway", QgsProcessingParameterField.DataType.Any),
        "OpenStreetMap's class of the line. Lines without a class (rivers, railways) and classes that are not for cars "
        "(footway, path, steps, track, construction …; resources/roads/classes.csv) are left out and counted in the "
        "log. So are roads whose motorcar, motor_vehicle, vehicle or access tag (the most specific counts) is no, "
        "agricultural, forestry, emergency, military, psv or bus; private, destination and customers stay, for people "
        "leave from there. Where no value is a class of OpenStreetMap's, every line is a road. MATSim's “modes” may be "
        "given, too. Default: the field “highway” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(USE_CLASSES, tr("Take missing values from the class"), defaultValue=True),
        "Where the fields of a road and the defaults below give no speed, lanes or capacity, its class does (motorway: "
        "120 km/h, 2 lanes a direction of 2000 vehicles/h; residential: 30 km/h, 1 lane of 600). The log says how many "
        "roads took what from where.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFile(ROAD_CLASSES, tr("Table of road classes"), extension="csv", optional=True),
        "Your own copy of resources/roads/classes.csv, or “classes_urban.csv”, which is shipped beside it: lower "
        "speeds that allow for signals and give-way junctions. Empty: classes.csv.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(ALL_LINES, tr("Take every line for a road"), defaultValue=False),
        "Keeps the lines that would be left out by class or access.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(USE_TAGS, tr("Read tags kept in one field"), defaultValue=True),
        "OpenStreetMap files opened in QGIS keep most tags in one field (other_tags). Yes: highway, oneway, maxspeed, "
        "lanes, junction and access are read there where the layer has no field of that name.",
        advanced=True,
    )


def _add_direction(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field(DIRECTION_FIELD, tr("Direction field"), "oneway", QgsProcessingParameterField.DataType.Any),
        "Field that tells one-way roads. Where the three values below are left empty, OpenStreetMap's values (yes, no, "
        "-1, 1, true, false, reversible) are understood, and other makers' (B/F/T, FT/TF/N, B/F/R, B/H/T, Y/N, “Both”, "
        "“With”, “Against” …) where every value fits one such coding; the log says how they are read. F and T alone, N "
        "alone and numbers other than 1, 0, -1 can mean several things: give the three values. Motorways and "
        "roundabouts without a value are one-way as drawn. Default: the field “oneway” if there is one.",
        advanced=True,
    )
    for name, description, text in (
        (VALUE_FORWARD, tr("Value for the drawn direction"), "open in the direction in which the line was drawn"),
        (VALUE_BACKWARD, tr("Value for the opposite direction"), "open against the direction of drawing"),
        (VALUE_BOTH, tr("Value for both directions"), "open both ways"),
    ):
        algorithm.add(
            QgsProcessingParameterString(name, description, optional=True),
            f"Value of the direction field for a road that is {text}.",
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterEnum(
            DEFAULT_DIRECTION,
            tr("Default direction"),
            [tr("Forward direction"), tr("Backward direction"), tr("Both directions")],
            defaultValue=2,
        ),
        "Direction of roads without a direction field or with a value that is not understood.",
        advanced=True,
    )


def _add_speed(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field(SPEED_FIELD, tr("Speed field"), "maxspeed", QgsProcessingParameterField.DataType.Any),
        "Speed, in the unit below. OpenStreetMap's texts (“50”, “30 mph”, “50;30”: the lowest) are understood. A speed "
        "of 0 closes a road, where fewer than 5 % of the roads have it; else it counts as missing. Default: the field "
        "“maxspeed” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterEnum(SPEED_UNIT, tr("Unit of the speed field"), list(SPEED_UNITS), defaultValue=0),
        "Unit of the speed field's numbers. A text that names its unit (“30 mph”) keeps that. The log warns where the "
        "speeds look like another unit.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(DEFAULT_SPEED, tr("Default speed (km/h)"), _DOUBLE, None, True, 0.1),
        "Speed of roads whose speed is missing, zero, negative, absurd or not understood; the log counts them. Empty: "
        "that of the road's class, else 40 km/h.",
        advanced=True,
    )


def _add_lanes(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field(LANES_FIELD, tr("Lanes field"), "lanes", QgsProcessingParameterField.DataType.Any),
        "Number of lanes, both directions together as in OpenStreetMap; halved on two-way roads (3 lanes: 1.5 each "
        "way), but never below one each way. Roads without a usable number have the lanes of their class, else one a "
        "direction. Default: the field “lanes” if there is one.",
        advanced=True,
    )


def _add_capacity(algorithm: EvacuationAlgorithm, name: str, factor: bool) -> None:
    tr = algorithm.tr
    if name:
        kind = QgsProcessingParameterField.DataType.Any
        algorithm.add(
            road_field(name, tr("Capacity field of the roads (vehicles/h)"), "capacity", kind),
            "Vehicles per hour and direction. Roads without a usable number have their lanes times the capacity of a "
            "lane; “1,500” can be read two ways and is none. 0 closes a road, where fewer than 5 % of the roads "
            "have it; else it counts as missing. To close roads for certain use BARRIERS. Default: the field "
            "“capacity” if there is one.",
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterNumber(
            DEFAULT_LANE_CAPACITY, tr("Default capacity of a lane (vehicles/h)"), _DOUBLE, None, True, 1.0
        ),
        "Vehicles per hour of one lane where the capacity field gives none. Empty: that of the road's class, else 900.",
        advanced=True,
    )
    if factor:
        algorithm.add(
            QgsProcessingParameterNumber(CAPACITY_FACTOR, tr("Capacity factor"), _DOUBLE, 1.0, False, 0.01, 10.0),
            "Multiplies the capacity of every road: below 1 for rain, smoke or night.",
            advanced=True,
        )


def _add_each_way(algorithm: EvacuationAlgorithm) -> None:
    tr, kind = algorithm.tr, QgsProcessingParameterField.DataType.Any
    drawn, against = "in the direction in which the line was drawn", "against the direction of drawing"
    for name, title, default, way in (
        (LANES_FORWARD_FIELD, tr("Lanes field, drawn direction"), "lanes_forward", drawn),
        (LANES_BACKWARD_FIELD, tr("Lanes field, opposite direction"), "lanes_backward", against),
    ):
        algorithm.add(
            road_field(name, title, default, kind),
            f"Lanes {way}; they win over the lanes field. 0 closes that direction. Where only one direction of a "
            f"two-way road has a number, the other has the rest. Default: “{default}”, else OpenStreetMap's "
            f"“{OSM_LANES[name]}”.",
            advanced=True,
        )
    for name, title, default, way in (
        (CAPACITY_FORWARD_FIELD, tr("Capacity field, drawn direction (vehicles/h)"), "capacity_forward", drawn),
        (CAPACITY_BACKWARD_FIELD, tr("Capacity field, opposite direction (vehicles/h)"), "capacity_backward", against),
    ):
        algorithm.add(
            road_field(name, title, default, kind),
            f"Vehicles per hour {way}; they win over the capacity field. 0 closes that direction, more opens it where "
            f"the direction field closes it. Default: “{default}” if there is one.",
            advanced=True,
        )


def add_junction_delay(algorithm: EvacuationAlgorithm) -> None:
    """Add the delay of roads that give way, for an algorithm in which capacities count."""
    algorithm.add(
        QgsProcessingParameterNumber(
            JUNCTION_DELAY, algorithm.tr("Delay at junctions (s)"), _DOUBLE, 0.0, False, 0.0, 600.0
        ),
        "Seconds by which vehicles leave a piece of road farther apart where it ends at a junction with a road at "
        "least two classes higher (residential at tertiary or primary): its capacity c becomes 3600 / (3600 / c + "
        "delay). The time to drive the piece stays. Compared with SUMO under junction control on the sample city, no "
        "value above 0 brought the saving that a plan claims nearer to SUMO's.",
        advanced=True,
    )


def _add_length(algorithm: EvacuationAlgorithm) -> None:
    algorithm.add(
        road_field(LENGTH_FIELD, algorithm.tr("Length field (m)"), None, QgsProcessingParameterField.DataType.Any),
        "Metres of each whole feature, where its length is not that of its drawing (MATSim's “length”); its pieces "
        "share it in proportion. Roads without a length above 0 are as long as drawn. Default: as drawn, on the "
        "ellipsoid.",
        advanced=True,
    )
