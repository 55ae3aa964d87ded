"""The zones whose orders are moved, and the plan that they leave by."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ....plugin.solvers.control import Control
from ...base import EvacuationAlgorithm
from ...field_parameters import add_field
from ..routing.plan_parameters import PlanParameters
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.moments import MomentColumn
    from ....plugin.layers.places import Places
    from ....plugin.layers.timing.case import TimedCase

INTEGER = QgsProcessingParameterNumber.Type.Integer
_ANY = QgsProcessingParameterField.DataType.Any


def add_zones(algorithm: EvacuationAlgorithm) -> None:
    """Add the zones and their ids."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.ZONES, tr("Zones"), [kinds.TypeVectorPolygon, kinds.TypeVectorPoint]),
        "The zones from which the plan's vehicles leave. Vehicles of other origins leave when the plan says.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            names.ZONE_ID_FIELD, tr("Zone id field"), "zone_id", names.ZONES, _ANY, optional=True
        ),
        "The zone's id, as origin_id in the plan. Default: “zone_id” if there is one, else the feature id.",
        advanced=True,
    )


def add_moment_field(algorithm: EvacuationAlgorithm, name: str, title: str, default: str | None, text: str) -> None:
    """Add a field of the zones that holds moments."""
    add_field(algorithm, name, title, default, names.ZONES, _ANY, text)


def add_step_minutes(algorithm: EvacuationAlgorithm, text: str) -> None:
    """Add the minutes between two orders that are tried."""
    algorithm.add_number(
        names.STEP_MINUTES, algorithm.tr("Step (minutes)"), 5, text, kind=INTEGER, least=1, advanced=True
    )


def threads() -> int:
    """Return how many runs may go on side by side; no result depends on it."""
    return min(os.cpu_count() or 1, 8)


class ZoneInputs:
    """The zones, moments of theirs, and the plan: read once."""

    def __init__(
        self,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        moment_fields: list[str],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:
        from ....plugin.layers.places import read_places

        self.source: QgsProcessingFeatureSource = algorithm.source(parameters, names.ZONES, context)
        key = algorithm.field(parameters, names.ZONE_ID_FIELD, self.source, context, feedback, required=False)
        self.id_field = key
        self.zones: Places = read_places(self.source, names.ZONES, key, context, feedback)
        self.columns = {name: self._column(algorithm, parameters, name, context, feedback) for name in moment_fields}
        given = [column for column in self.columns.values() if column is not None]
        self.plan = PlanParameters.read(algorithm, parameters, context, feedback, given, every_mode=True)

    def _column(
        self,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        name: str,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> MomentColumn | None:
        from ....plugin.layers.moments import moment_column

        field = algorithm.field(parameters, name, self.source, context, feedback, required=False)
        if field is None:
            return None
        words = [f"zone {key}" for key in self.zones.ids]
        return moment_column(self.zones.values(field), words, name, self.zones.name, field, 60.0)

    def case(
        self,
        told: MomentColumn | None,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        control: Control,
    ) -> TimedCase:
        """Read the roads and put the plan on them; ``told`` says when zones are told instead of the plan.

        Raises
        ------
        LayerError
        Cancelled
        """
        from ....plugin.layers.timing.case import timed_case

        on_roads, background = self.plan.on_roads(context, feedback, control)
        if not on_roads.read.danger:
            feedback.pushWarning(
                "HAZARD, CLOSURES: nothing ever closes or comes, so that an order is never too late. Give HAZARD with "
                "HAZARD_TIME_FIELD, HAZARD_RASTER or CLOSURES."
            )
        return timed_case(
            on_roads, background, self.zones, told, self.plan.start, self.plan.stuck_seconds, context, feedback
        )
