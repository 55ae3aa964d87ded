"""``evacuation:timetosafety``: how far safety is on empty roads, and until when one can leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...base import EvacuationAlgorithm
from ..roads.door_parameters import read_door_rules
from . import names
from .safety_inputs import read_breaks, read_sources, refuse_nowhere
from .safety_parameters import add_safety_outputs, add_safety_parameters

if TYPE_CHECKING:
    from ....plugin.layers.safety.case import SafetyCase


class TimeToSafety(EvacuationAlgorithm):
    """Works out minutes to safety and the last minute to leave, from every piece of road and every zone."""

    ID = "timetosafety"
    TITLE = "Time to safety"
    TAGS = ("hazard", "tsunami", "flood", "safe", "exit", "shelter", "minutes", "margin", "isochrone", "service area")
    SUMMARY = (
        "Says from every piece of road how many minutes the nearest safe place is away, and until when one can leave "
        "and still be safe before the hazard closes the way: the quick look, in seconds.\n"
        "Safe places are where roads leave the hazard for good, and shelters that it never reaches or that are "
        "“vertical”. Roads are empty: there is no congestion, so the answer is the best case. Who is too late here is "
        "too late in every plan; who is in time here may still be caught in a queue (“Route the evacuation”).\n"
        "Zones get their people, by class, who make it and who do not, when they leave so many minutes after their "
        "order; areas show the minutes to safety in classes, with people.\n"
        "It does not know who has no car: everybody goes as TRAVEL_MODE says. Where some drive and some walk, run it "
        "twice, by car and on foot; TOO_LATE of a run counts all of the zones' people in that mode."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_safety_parameters(self)
        add_safety_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        refuse_nowhere(self, parameters)
        read_breaks(self, parameters, context)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.safety.case import safety_case
        from ....plugin.layers.safety.findings import numbers_of, sentences

        report = self.report_path(parameters, names.OUTPUT_HTML, context)
        sources = read_sources(self, parameters, context, feedback)
        rules = read_door_rules(self, parameters, context, feedback)
        reaction = 60.0 * self.parameterAsDouble(parameters, names.REACTION_MINUTES, context)
        case = safety_case(sources, rules, reaction, context, feedback, self.control(feedback, 0.0, 80.0))
        for sentence in sentences(case):
            feedback.pushInfo(sentence)
        numbers = numbers_of(case)
        outputs = self._write(parameters, context, case, sources.max_snap_distance)
        if report:
            from ....plugin.reports.safety import write_safety_report

            with self.reporting(names.OUTPUT_HTML, report):
                write_safety_report(report, case, numbers, read_breaks(self, parameters, context))
            outputs[names.OUTPUT_HTML] = report
        return {**outputs, **numbers}

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, case: SafetyCase, reach: float
    ) -> dict[str, Any]:
        from ....plugin.layers.safety.rows import areas_layer, curve_layer, pieces_layer, zones_layer

        crs = case.read.layer_crs
        breaks = read_breaks(self, parameters, context)
        layers = {
            names.OUTPUT: lambda: pieces_layer(case, context, crs, "timetosafety_output"),
            names.OUTPUT_ZONES: lambda: zones_layer(case, "timetosafety_output_zones"),
            names.OUTPUT_AREAS: lambda: areas_layer(case, breaks, reach, context, crs, "timetosafety_output_areas"),
            names.OUTPUT_CURVE: lambda: curve_layer(case),
        }
        outputs = {}
        for name, layer in layers.items():
            if parameters.get(name) in (None, ""):
                continue
            destination = self.write(parameters, name, context, layer())
            if destination is not None:
                outputs[name] = destination
        return outputs
