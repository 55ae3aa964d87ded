"""Who of the people of zones is on foot, how far people can be asked to walk, and the numbers that say who walks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterField,
    QgsProcessingParameterString,
)

from ....plugin.solvers.walks import MaxWalk, read_max_walk, walk_sentence
from ...base import EvacuationAlgorithm
from ...inputs import named_fields
from ...result_parameters import add_numbers
from .travel_parameters import walks

if TYPE_CHECKING:
    from ....plugin.solvers.walks import Walks

FOOT_FIELDS = "FOOT_FIELDS"
LONGEST_WALK = "LONGEST_WALK"
MAX_WALK = "MAX_WALK"
ON_FOOT = "ON_FOOT"
OVER_MAX_WALK = "OVER_MAX_WALK"


def add_foot_fields(algorithm: EvacuationAlgorithm, zones: str, groups: str) -> None:
    """Add the fields of the layer ``zones`` with those on foot of the people in the fields ``groups``."""
    algorithm.add(
        QgsProcessingParameterField(
            FOOT_FIELDS, algorithm.tr("Of these, on foot"), None, zones,
            QgsProcessingParameterField.DataType.Numeric, allowMultiple=True, optional=True,
        ),
        f"Fields with those who have no car, of the people in {groups} and counted there too: a group of 100 with 30 "
        "on foot becomes two, 70 by car and 30 on foot. Each is named after its field, such as adults_foot for adults, "
        f"or all are in the order of {groups}. Empty: all fields that are named so, as “People at risk” writes them. "
        "Where everybody walks (TRAVEL_MODE 1) they play no part.",
    )  # fmt: skip


def read_foot_fields(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    zones: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> list[str] | None:
    """Return FOOT_FIELDS, an empty list where none is named, None where everybody walks.

    Raises
    ------
    QgsProcessingException
        When a field is not in the layer.
    """
    named = named_fields(parameters, FOOT_FIELDS, context, True)
    if walks(algorithm, parameters, context):
        if named:
            feedback.pushInfo(algorithm.tr("FOOT_FIELDS: plays no part where everybody walks (TRAVEL_MODE 1)."))
        return None
    return algorithm.fields(parameters, FOOT_FIELDS, zones, context, feedback) if named else []


def add_max_walk(algorithm: EvacuationAlgorithm) -> None:
    """Add how far people can be asked to walk, and the numbers that say who walks and how far."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterString(MAX_WALK, tr("Longest walk that can be asked for (km)"), None, optional=True),
        "Kilometres for everybody, or by class: elderly:1.5; children:2 (2; elderly:1.5 is 2 km for all others). Who "
        "has to walk farther goes all the same; OVER_MAX_WALK counts them. Empty: no limit.",
        advanced=True,
    )
    add_numbers(
        algorithm,
        {
            ON_FOOT: tr("People on foot"),
            LONGEST_WALK: tr("Longest walk (m)"),
            OVER_MAX_WALK: tr("People who walk farther than MAX_WALK"),
        },
    )


def max_walk(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> MaxWalk:
    """Return MAX_WALK.

    Raises
    ------
    SolverError
        When the text says no kilometres.
    """
    return read_max_walk(algorithm.parameterAsString(parameters, MAX_WALK, context))


def walk_numbers(found: Walks, limit: MaxWalk) -> dict[str, Any]:
    """Return the numbers of :func:`add_max_walk`; without a limit nobody is beyond it and nothing is said."""
    numbers: dict[str, Any] = {ON_FOOT: found.people, LONGEST_WALK: found.longest}
    return {**numbers, OVER_MAX_WALK: found.over} if limit else numbers


def told_walks(found: Walks, limit: MaxWalk, feedback: QgsProcessingFeedback) -> dict[str, Any]:
    """Return :func:`walk_numbers`, and say them; a warning where some walk farther than can be asked for."""
    if found.people:
        (feedback.pushWarning if found.over else feedback.pushInfo)(walk_sentence(found, limit))
    return walk_numbers(found, limit)
