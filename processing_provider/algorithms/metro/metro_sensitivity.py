"""evacuation:metrosensitivity: how the best allocation answers to rescue points, resource types and parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.layers.writing import OutputLayer
from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, read_effort, stopped_early
from ...result_parameters import add_report
from ..roads.network_parameters import add_network_parameters
from . import metro_parameters as shared
from . import names
from . import sensitivity_parameters as choices
from .metro_inputs import read_metro_case

if TYPE_CHECKING:
    from ....plugin.layers.metro.case import MetroCase
    from ....plugin.solvers.effort import Effort
    from ....plugin.solvers.metro.sensitivity import Sample

_NUMBERS = {
    names.ENOUGH_RESCUE_POINTS: "Number of rescue points from which another one stops helping",
    names.FITNESS: "Fitness with all rescue points",
    names.DELAY_WEIGHT: "Weight of the delay penalty used",
    names.COST_WEIGHT: "Weight of the allocation cost used",
    names.CONSISTENCY_RATIO: "Consistency ratio of the pairwise comparison",
}


class MetroSensitivity(EvacuationAlgorithm):
    """Reads a metro problem, solves its variants, and writes the curves with a sentence on each."""

    ID = "metrosensitivity"
    TITLE = "Sensitivity of metro resources"
    GROUP = ("metro", "Metro emergencies")
    SUMMARY = (
        "Shows how the fitness F of the best allocation answers to the number of rescue points, to the number of "
        "resource types, or to a parameter (Lu and Sun, Sustainability 2020, 12(16), 6380, section 5.3).\n"
        "Every point is an exact optimum. For a number of rescue points it is that of the best subset of this size: "
        "all subsets are compared for one incident and up to 14 points, otherwise an integer program chooses. Where "
        "the demand cannot be served, F leaves out what is missing and is not comparable; table and sentence say so."
    )
    TAGS = ("metro", "subway", "emergency", "resources", "sensitivity", "ahp", "entropy")

    def initAlgorithm(self, config: dict[str, Any] | None = None) -> None:
        for layer in (names.STATIONS, names.SUPPLY, names.INCIDENTS, names.DEMAND, names.TRAVEL):
            shared.add_layer(self, layer)
        choices.add_choices(self)
        add_network_parameters(self, optional=True, capacity="", factor=False, travel=False)
        shared.add_travel_numbers(self)
        shared.add_model_parameters(self)
        choices.add_weighing(self)
        add_effort(self)
        table = QgsProcessing.SourceType.TypeVector
        sink = QgsProcessingParameterFeatureSink(names.OUTPUT, self.tr("Sensitivity"), table)
        self.add(
            sink, "Table: a row for each point of each curve, with F, its parts, what is missing and who is chosen."
        )
        add_report(self, "A sentence, a chart and a table for each curve.")
        for name, title in _NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(title)))
        self.addOutput(QgsProcessingOutputString(names.SENTENCE, self.tr("What the curves say")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.solvers.metro.weights import parse_matrix

        shared.MetroParameters.read(self, parameters, context)
        if choices.PARAMETER in self.parameterAsEnums(parameters, names.ANALYSES, context):
            choices.read_range(self, parameters, context)
        if self.parameterAsEnum(parameters, names.WEIGHTING, context) == choices.PAIRWISE:
            parse_matrix(self.parameterAsString(parameters, names.PAIRWISE, context))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        case = read_metro_case(self, parameters, context, feedback, self.control(feedback, 0.0, 20.0))
        curves: dict[str, list[Sample]] = {}
        sentences: dict[str, str] = {}
        weighing = choices.Weighing(case.problem, None, "")
        effort = read_effort(self, parameters, context)
        if case.problem.demand.any():
            weighing = choices.read_weights(self, parameters, context, feedback, case.problem)
            case = replace(case, problem=weighing.problem)
            curves, sentences = self._curves(parameters, context, feedback, case, effort)
        else:
            feedback.pushWarning(self.tr("DEMAND: nothing is demanded, so there is nothing to compare."))
        for sentence in sentences.values():
            feedback.pushInfo(sentence)
        written = self._write(parameters, context, case, curves, sentences, weighing, effort)
        return {**written, **stopped_early(effort, feedback)}

    def _curves(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        case: MetroCase,
        effort: Effort,
    ) -> tuple[dict[str, list[Sample]], dict[str, str]]:
        from ....plugin.solvers.metro import sensitivity as vary

        asked = sorted(set(self.parameterAsEnums(parameters, names.ANALYSES, context)))
        if not asked:
            raise SolverError("ANALYSES: choose at least one thing to vary.")
        bar = self.control(feedback, 20.0, 95.0, effort)
        curves: dict[str, list[Sample]] = {}
        sentences: dict[str, str] = {}
        for step, analysis in enumerate(asked):
            control = bar.part(step / len(asked), (step + 1) / len(asked))
            if analysis == choices.RESCUE_POINTS:
                samples = vary.by_rescue_points(
                    case.problem,
                    control=control,
                )
                name, sentence = vary.RESCUE_POINTS, vary.rescue_points_sentence(samples)
            elif analysis == choices.RESOURCE_TYPES:
                samples = vary.by_resource_types(
                    case.problem,
                    control=control.unlogged(),
                    warn=feedback.pushWarning,
                )
                name, sentence = vary.RESOURCE_TYPES, vary.resource_types_sentence(samples)
            else:
                name, values = choices.read_range(self, parameters, context)
                variant = choices.variant_of(self, parameters, context, case, name)
                samples = vary.by_parameter(
                    values,
                    variant,
                    control=control.unlogged(),
                    warn=feedback.pushWarning,
                )
                sentence = vary.parameter_sentence(name, samples)
            curves[name], sentences[name] = samples, sentence
        return curves, sentences

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        case: MetroCase,
        curves: dict[str, list[Sample]],
        sentences: dict[str, str],
        weighing: choices.Weighing,
        effort: Effort,
    ) -> dict[str, Any]:
        from ....plugin.layers.metro.sensitivity_outputs import CURVES, curve_rows
        from ....plugin.reports.metro_sensitivity import write_sensitivity_report
        from ....plugin.solvers.metro.sensitivity import RESCUE_POINTS, enough

        report, warning = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context), effort.warning()
        if report:
            with self.reporting(names.OUTPUT_HTML, report):
                write_sensitivity_report(
                    report, case.problem, curves, sentences, weighing.sentence, case.travel.source, warning
                )
        by_points = curves.get(RESCUE_POINTS)
        results = {
            names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(CURVES, curve_rows(curves))),
            names.OUTPUT_HTML: report or None,
            names.ENOUGH_RESCUE_POINTS: int(enough(by_points).value) if by_points else None,
            names.FITNESS: by_points[-1].fitness.total if by_points else None,
            names.DELAY_WEIGHT: case.problem.objective.weight_delay,
            names.COST_WEIGHT: case.problem.objective.weight_cost,
            names.CONSISTENCY_RATIO: weighing.ratio,
            names.SENTENCE: " ".join(sentences.values()),
        }
        return {name: value for name, value in results.items() if value is not None}
