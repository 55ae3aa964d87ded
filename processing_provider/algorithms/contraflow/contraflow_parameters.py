"""The parameters and outputs of the contraflow search; its inputs are those of the routing and a few more."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...base import EvacuationAlgorithm
from ...result_parameters import add_numbers, add_report
from ..routing.routing_parameters import add_routing_parameters
from . import names

INTEGER = QgsProcessingParameterNumber.Type.Integer
USUAL_CLASSES = "motorway, trunk, primary, secondary"


def add_contraflow_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the inputs of the routing, what has to stay reachable, and the limits."""
    tr = algorithm.tr
    add_routing_parameters(algorithm)
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.KEEP_REACHABLE, tr("Keep reachable"), [QgsProcessing.SourceType.TypeVectorPoint], optional=True
        ),
        "Points that responders must still reach from the roads outside the hazard, such as depots and hospitals; "
        "zones and shelters must in any case. A stretch that would cut one off is refused.",
    )
    algorithm.add(
        QgsProcessingParameterString(names.CLASSES, tr("Classes of roads to turn"), USUAL_CLASSES),
        "Values of the road class field, with commas between.",
    )
    algorithm.add_number(
        names.MAX_STRETCHES, tr("Most stretches to turn"), 5, "The search ends sooner where turning stops paying.",
        kind=INTEGER, least=1,
    )  # fmt: skip
    algorithm.add_number(
        names.MAX_LENGTH, tr("Most kilometres to turn"), None, "Of all stretches together. Empty: no limit."
    )
    algorithm.add_number(
        names.KEEP_LANES, tr("Lanes that stay inbound"), None,
        "Of each turned road. Empty: one on roads of at least 3 lanes (both directions together; of a divided road its "
        "inbound carriageway), none on others.",
    )  # fmt: skip


def add_contraflow_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add layers, report and numbers."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    algorithm.add(
        QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Roads with turned stretches"), kinds.TypeVectorLine),
        "Every road with lanes_forward, lanes_backward, capacity_forward and capacity_backward (0: closed), turned "
        "parts as features of their own (turned, step, gain_s in vehicle-seconds): “Route the evacuation” on it "
        "gives the total time of the last step.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSink(
            names.OUTPUT_STRETCHES, tr("Stretches looked at"), kinds.TypeVectorLine, optional=True
        ),
        "Every stretch on which vehicles queue, drawn as it is driven outbound: turned, refused with the reason, tried "
        "without being chosen, or not tried.",
    )  # fmt: skip
    add_report(algorithm, "A page with each step, what it saves, and what was refused.", by_default=False)
    add_numbers(
        algorithm,
        {
            names.TOTAL_TIME: tr("Total travel time after the last step (vehicle-seconds)"),
            names.TOTAL_TIME_BEFORE: tr("The same without turning (vehicle-seconds)"),
            names.CAUGHT: tr("People caught after the last step"),
            names.CAUGHT_BEFORE: tr("People caught without turning"),
            names.TURNED: tr("Stretches turned"),
            names.TURNED_KM: tr("Kilometres turned"),
        },
    )
