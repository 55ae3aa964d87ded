"""How thoroughly an algorithm searches: ``EFFORT``, the fence ``TIME_LIMIT``, and ``STOPPED_EARLY``."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
)

from ..plugin.solvers.effort import NORMAL, Effort
from .base import EvacuationAlgorithm

EFFORT, TIME_LIMIT, MIP_GAP, STOPPED_EARLY = "EFFORT", "TIME_LIMIT", "MIP_GAP", "STOPPED_EARLY"
PROGRAM_SECONDS, ROUTING_SECONDS = 600.0, 0.0  # TIME_LIMIT of integer programs, and of routing and simulation


def add_effort(algorithm: EvacuationAlgorithm, seconds: float = PROGRAM_SECONDS) -> None:
    """Add ``EFFORT``, ``TIME_LIMIT`` (s, 0 = none) and the number ``STOPPED_EARLY``."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(EFFORT, tr("Effort"), [tr("Quick"), tr("Normal"), tr("Thorough")], False, NORMAL),
        "How thoroughly to search, in counted steps: the same input and effort give the same plan, however busy the "
        "machine is. Quick for a first look, thorough for a plan to keep.",
    )
    algorithm.add_number(
        TIME_LIMIT,
        tr("Time limit (s)"),
        seconds,
        "A fence against searches that take too long; 0: none. A search that reaches it gives the best plan so far, "
        "with a warning and STOPPED_EARLY = 1; such a plan depends on the speed of the machine.",
        advanced=True,
    )
    algorithm.addOutput(QgsProcessingOutputNumber(STOPPED_EARLY, tr("Stopped by the time limit (1) or not (0)")))


def add_mip_gap(algorithm: EvacuationAlgorithm) -> None:
    """Add ``MIP_GAP``, the fraction at which integer programs may stop; empty by default."""
    algorithm.add_number(
        MIP_GAP,
        algorithm.tr("Gap to stop at"),
        None,
        "The search may stop when its answer is proven to be within this fraction of the best. Empty: 0.01, 0.0001 or "
        "0.000001 for a quick, normal or thorough effort.",
        advanced=True,
    )


def read_effort(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Effort:
    """Read what :func:`add_effort` and :func:`add_mip_gap` added; the clock of the fence starts now."""
    gap = None
    if algorithm.parameterDefinition(MIP_GAP) is not None and parameters.get(MIP_GAP) not in (None, ""):
        gap = float(algorithm.parameterAsDouble(parameters, MIP_GAP, context))
    level = int(algorithm.parameterAsEnum(parameters, EFFORT, context))
    return Effort(level, float(algorithm.parameterAsDouble(parameters, TIME_LIMIT, context)), gap)


def stopped_early(effort: Effort, feedback: QgsProcessingFeedback) -> dict[str, int]:
    """Return the number ``STOPPED_EARLY``, with a warning where it is 1."""
    if effort.stopped_early:
        feedback.pushWarning(effort.warning())
    return {STOPPED_EARLY: int(effort.stopped_early)}
