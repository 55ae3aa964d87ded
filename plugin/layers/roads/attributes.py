"""What the attributes of a road layer say: which lines are roads for cars, and the traffic on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import NAMED_IN_LOG
from ...solvers.roads.class_values import ClassValues, class_values
from ...solvers.roads.classes import choose_roads, read_classes, table_of
from ...solvers.roads.directed import DirectedColumns
from ...solvers.roads.directions import DirectionRule
from ...solvers.roads.foot import classes_on_foot, foot_traffic
from ...solvers.roads.traffic import Traffic, TrafficColumns, TrafficRules, read_traffic
from ..errors import LayerError
from .features import RoadFeatures
from .options import NetworkOptions

KINDS_IN_LOG = 20
FOR = ("for cars", "on foot")  # by TRAVEL_MODE


@dataclass(frozen=True)
class Roads:
    """The features that are roads in one mode of travel.

    Attributes
    ----------
    features : RoadFeatures
    one_way : (r,) bool
        Roads that are one-way where they have no direction of their own.
    others : RoadFeatures
        Lines that are left out.
    reasons : list of str
        Why each of the others is left out.
    classes : ClassValues
        What the roads' classes say of them.
    not_for_cars, steps : (r,) bool
        Ways that their class keeps cars off, and steps.
    """

    features: RoadFeatures
    one_way: np.ndarray
    others: RoadFeatures
    reasons: list[str]
    classes: ClassValues
    not_for_cars: np.ndarray
    steps: np.ndarray


def roads_among(features: RoadFeatures, options: NetworkOptions, name: str, feedback: QgsProcessingFeedback) -> Roads:
    """Leave out the lines of the layer ``name`` that are no roads in the mode of travel, and say so.

    Raises
    ------
    LayerError
        When none is left.
    SolverError
        When the table of classes cannot be read.
    """
    count = len(features.ids)
    if features.from_tags:
        feedback.pushInfo(f"NETWORK: read from the tags of “{name}”: {', '.join(features.from_tags)}.")
    table = table_of(options.road_classes)
    classes = read_classes(table)
    if options.road_classes:
        feedback.pushInfo(f"ROAD_CLASSES: {len(classes)} classes of {table}.")
    mode = FOR[options.travel_mode]
    choice = choose_roads(classes, features.classes, features.tags, count, options.on_foot)
    everything = np.ones(count, dtype=bool)
    keep = everything if options.all_lines else choice.usable()
    if features.classes is not None and not choice.known:
        feedback.pushInfo(
            f"ROAD_CLASS_FIELD: no value of “{options.class_field or 'highway'}” is a class of OpenStreetMap; every "
            f"line of “{name}” is taken for a road."
        )
    elif options.on_foot and features.classes is None:
        feedback.pushInfo(
            f"ROAD_CLASS_FIELD: “{name}” has no class field; every line is open on foot, motorways as well."
        )
    if choice.unknown:
        feedback.pushInfo(f"ROAD_CLASS_FIELD: classes that are not known, taken for roads: {_counted(choice.unknown)}.")
    reasons = [reason for reason, kept in zip(choice.reason, keep.tolist()) if not kept]
    if reasons:
        text = _counted(dict(Counter(reasons).most_common()))
        if not keep.any():
            raise LayerError(
                f"NETWORK: none of the {count} lines of “{name}” is a road {mode} ({text}). Choose another layer or "
                "class field, or set ALL_LINES to take every line for a road."
            )
        feedback.pushInfo(
            f"NETWORK: {len(reasons)} of {count} lines of “{name}” are no roads {mode} and are left out: {text}. "
            "ALL_LINES keeps them."
        )
    values = class_values(classes, features.classes, count).only(keep)
    not_for_cars, steps = classes_on_foot(classes, features.classes, count)
    return Roads(
        features.only(keep), choice.one_way[keep], features.only(~keep), reasons, values, not_for_cars[keep],
        steps[keep],
    )  # fmt: skip


def _counted(counts: dict[str, int]) -> str:
    shown = [f"{kind} ({number})" for kind, number in list(counts.items())[:KINDS_IN_LOG]]
    more = [f"{len(counts) - KINDS_IN_LOG} more kinds"] if len(counts) > KINDS_IN_LOG else []
    return ", ".join(shown + more)


def direction_rule(source: QgsProcessingFeatureSource, options: NetworkOptions) -> DirectionRule:
    """Return how the layer's direction field is read."""
    given = bool(options.value_forward or options.value_backward or options.value_both)
    text = not options.direction_field or not source.fields().field(options.direction_field).isNumeric()
    return DirectionRule(
        options.value_forward,
        options.value_backward,
        options.value_both,
        options.default_direction,
        osm=text or not given,
    )


def traffic_of(
    source: QgsProcessingFeatureSource,
    roads: Roads,
    options: NetworkOptions,
    feedback: QgsProcessingFeedback,
) -> Traffic:
    """Read directions, speeds, lanes and capacities of the roads, and log what was replaced.

    Raises
    ------
    LayerError
        When every road is closed.
    """
    features = roads.features
    if options.on_foot:
        return foot_traffic(len(features.ids), roads.classes.rank, options.walking)
    # A layer that has the field and is to be read without it: nothing else may say what is one-way either.
    emptied = features.directions is None and "oneway" in map(str.casefold, source.fields().names())
    rule = direction_rule(source, options)
    traffic = read_traffic(
        TrafficColumns(
            len(features.ids),
            features.ids,
            features.directions,
            features.speeds,
            features.lanes,
            features.capacities,
            None if emptied else roads.one_way,
            roads.classes,
            DirectedColumns(
                (features.lanes_forward, features.lanes_backward),
                (features.capacity_forward, features.capacity_backward),
            ),
        ),
        TrafficRules(
            rule, options.default_speed, options.speed_unit, options.default_lane_capacity, options.use_classes
        ),
    )
    for warning in traffic.warnings:
        feedback.pushWarning(f"NETWORK: {warning}")
    for note in traffic.notes:
        feedback.pushInfo(f"NETWORK: {note}")
    if not traffic.open().any():
        shown = "; ".join(f"{features.ids[k]}: {reason}" for k, reason in list(traffic.closed.items())[:NAMED_IN_LOG])
        raise LayerError(f"NETWORK: every road of “{source.sourceName()}” is closed ({shown}). Check the attributes.")
    if features.directions is None:
        way = ("in the drawn direction", "against the drawn direction", "both ways")[options.default_direction]
        which = "every road" if emptied or not roads.one_way.any() else "every other road"
        feedback.pushInfo(f"NETWORK: no direction field; {which} is open {way}.")
    if features.speeds is None:
        feedback.pushInfo("NETWORK: no speed field.")
    return traffic
