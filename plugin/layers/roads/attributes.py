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
from ...solvers.roads.traffic import Traffic, TrafficColumns, TrafficRules, read_traffic
from ..errors import LayerError
from .features import RoadFeatures
from .options import NetworkOptions

KINDS_IN_LOG = 20


@dataclass(frozen=True)
class Roads:
    """The features that are roads for cars.

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
    """

    features: RoadFeatures
    one_way: np.ndarray
    others: RoadFeatures
    reasons: list[str]
    classes: ClassValues


def roads_among(features: RoadFeatures, options: NetworkOptions, name: str, feedback: QgsProcessingFeedback) -> Roads:
    """Leave out the lines of the layer ``name`` that are no roads for cars, and say so.

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
    choice = choose_roads(classes, features.classes, features.tags, count)
    everything = np.ones(count, dtype=bool)
    keep = everything if options.all_lines else choice.usable()
    if features.classes is not None and not choice.known:
        feedback.pushInfo(
            f"ROAD_CLASS_FIELD: no value of “{options.class_field or 'highway'}” is a class of OpenStreetMap; every "
            f"line of “{name}” is taken for a road."
        )
    if choice.unknown:
        feedback.pushInfo(f"ROAD_CLASS_FIELD: classes that are not known, taken for roads: {_counted(choice.unknown)}.")
    reasons = [reason for reason, kept in zip(choice.reason, keep.tolist()) if not kept]
    if reasons:
        text = _counted(dict(Counter(reasons).most_common()))
        if not keep.any():
            raise LayerError(
                f"NETWORK: none of the {count} lines of “{name}” is a road for cars ({text}). Choose another layer or "
                "class field, or set ALL_LINES to take every line for a road."
            )
        feedback.pushInfo(
            f"NETWORK: {len(reasons)} of {count} lines of “{name}” are no roads for cars and are left out: {text}. "
            "ALL_LINES keeps them."
        )
    values = class_values(classes, features.classes, count).only(keep)
    return Roads(features.only(keep), choice.one_way[keep], features.only(~keep), reasons, values)


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
