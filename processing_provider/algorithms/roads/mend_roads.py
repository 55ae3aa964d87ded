"""``evacuation:mendroads``: a road layer with its ends joined, its crossings split and its doubles merged."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)

from ....plugin.layers.fields import Column
from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from .network_parameters import NetworkParameters, add_network_parameters

NEAR_MISS = "NEAR_MISS"
SPLIT_CROSSINGS = "SPLIT_CROSSINGS"
REMOVE_DOUBLES = "REMOVE_DOUBLES"
OUTPUT = "OUTPUT"
SPLIT, JOINED, REMOVED = "SPLIT", "JOINED", "REMOVED"
NEW_COLUMNS = (
    Column("road_id", "text", "id of the road it comes from"),
    Column("mended", "text", "what was done: split, end joined, merged with …"),
)
NUMBERS = {
    SPLIT: "Roads that were split",
    JOINED: "Road ends that were joined",
    REMOVED: "Roads left out because they are drawn on top of another",
}


class MendRoads(EvacuationAlgorithm):
    """Writes a road layer anew, mended as the other algorithms would wish it drawn."""

    ID = "mendroads"
    TITLE = "Mend roads"
    TAGS = ("network", "roads", "topology", "split", "crossings", "duplicates", "snap", "near miss", "clean")
    SUMMARY = (
        "Writes a road layer anew: ends within TOLERANCE are joined, a road is split where the end of another touches "
        "it without a vertex (a T-junction), loose ends are lengthened to a road within NEAR_MISS, and roads drawn "
        "twice are merged. On request roads are split where they cross. Roads of different layer, bridge or tunnel are "
        "never joined by a split. “Check roads” lists what there is to mend.\n"
        "Roads drawn twice become one by direction: a direction open in any copy is open, with the most lanes, the "
        "largest capacity and the lowest speed of the copies open that way; where the two directions then differ, two "
        "one-way lines are written. Lines that are no roads for cars and closed roads are written as they are, "
        "features that cannot be used are left out. Mending a mended layer changes nothing."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        add_network_parameters(self, factor=False, places=False, travel=False)
        self.add(
            QgsProcessingParameterBoolean(SPLIT_CROSSINGS, tr("Split where roads cross"), defaultValue=False),
            "Yes: roads of one level (layer, bridge, tunnel) that cross without a vertex are split there and meet. "
            "Only for layers whose bridges and tunnels are marked, or that have none.",
        )
        self.add_number(
            NEAR_MISS,
            tr("Near miss (m)"),
            0.0,
            "A loose end within this distance of another road of its level is lengthened to it; 0 lengthens none.",
        )
        self.add(
            QgsProcessingParameterBoolean(REMOVE_DOUBLES, tr("Merge roads drawn twice"), defaultValue=True),
            "Yes: of roads drawn on top of each other, either way round and within TOLERANCE, the first is kept and "
            "gets the others' directions, lanes, capacity and speed.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(OUTPUT, tr("Mended roads")),
            "The roads with all their fields, and: road_id (the road a line comes from; name it in NETWORK_ID_FIELD), "
            "mended (what was done to it).",
        )
        for name, title in NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, tr(title)))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.roads.mending import mend_roads, output_fields, written_features
        from ....plugin.solvers.roads.mending import MendingRules

        roads = NetworkParameters.read(self, parameters, context, feedback, {})
        source = roads.source
        mending = MendingRules(
            self.parameterAsDouble(parameters, NEAR_MISS, context),
            self.parameterAsBoolean(parameters, SPLIT_CROSSINGS, context),
            self.parameterAsBoolean(parameters, REMOVE_DOUBLES, context),
        )
        control = self.control(feedback, 0.0, 80.0)
        mended = mend_roads(source, roads.options, mending, context, feedback, control)
        numbers = {SPLIT: mended.split, JOINED: mended.joined, REMOVED: mended.removed}
        feedback.pushInfo(
            self.tr("{SPLIT} road(s) split, {JOINED} end(s) joined, {REMOVED} road(s) drawn twice merged.").format(
                **numbers
            )
        )
        has_z = QgsWkbTypes.hasZ(source.wkbType())
        output = self.write(
            parameters,
            OUTPUT,
            context,
            OutputLayer(
                [*output_fields(source), *NEW_COLUMNS],
                written_features(source, mended, control.unseen()),
                QgsWkbTypes.Type.LineStringZ if has_z else QgsWkbTypes.Type.LineString,
                source.sourceCrs(),
                "mendroads_output",
            ),
        )
        return {OUTPUT: output, **numbers}
