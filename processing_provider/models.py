"""The ready models of resources/models as algorithms of the provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
)
from qgis.PyQt.QtGui import QIcon

from .algorithms import ALGORITHMS
from .base import EvacuationAlgorithm
from .database_checks import wrong_table
from .identity import RESOURCES
from .layer_checks import output_targets, wrong_destination
from .outputs import into_table
from .value_checks import wrong_value

MODELS = RESOURCES / "models"
GROUPS = {algorithm.GROUP[1]: algorithm.GROUP[0] for algorithm in ALGORITHMS}  # title: id


class ReadyModel(QgsProcessingModelAlgorithm):
    """A graphical model that ships with the plugin.

    QGIS gives a model one name for everything: its id, its title, its group. Here the id is the name of the file, the
    title is what the file says, the group is that of the algorithms of the same name, and results come in the order of
    the steps.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.whole = bool(self.fromFile(str(path)))
        if self.whole:
            self._order_results()

    def createInstance(self) -> ReadyModel:
        return ReadyModel(self.path)

    def name(self) -> str:
        return self.path.stem

    def displayName(self) -> str:
        return EvacuationAlgorithm.tr(super().displayName())

    def group(self) -> str:
        return EvacuationAlgorithm.tr(super().group())

    def groupId(self) -> str:
        return GROUPS.get(super().group(), super().groupId())

    def icon(self) -> QIcon:
        return QIcon(str(RESOURCES / "icons" / f"{self.path.stem}.svg"))

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        wrong = wrong_value(self.parameterDefinitions(), parameters, context) or wrong_table(self, parameters, context)
        right, why = (False, wrong) if wrong else super().checkParameterValues(parameters, context)
        if not right:
            return False, why
        wrong = wrong_destination(self, parameters, context)
        return not wrong, wrong

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the steps; of several results for one GeoPackage each becomes a table with the result's name.

        Files are compared here, since a step knows nothing of what the others read and write.
        """
        wrong = wrong_table(self, parameters, context) or wrong_destination(self, parameters, context)
        if wrong:
            raise QgsProcessingException(wrong)
        for name, target in output_targets(self, parameters, context).items():
            parameters = into_table(target, name, parameters)
        results = super().processAlgorithm(parameters, context, feedback)
        self._name_layers(results, context)
        return results

    def _name_layers(self, results: dict[str, Any], context: QgsProcessingContext) -> None:
        """Call the layers that will be loaded by their titles; QGIS takes the names of the outputs."""
        waiting = context.layersToLoadOnCompletion()
        for definition in self.destinationParameterDefinitions():
            source = results.get(definition.name())
            if isinstance(source, str) and source in waiting:
                waiting[source].name = definition.description()
        context.setLayersToLoadOnCompletion(waiting)

    def _order_results(self) -> None:
        """Put the results in the order in which they are drawn: step by step from the left, each from the top."""
        places = {}
        for step in self.childAlgorithms().values():
            for output in step.modelOutputs().values():
                place = (step.position().x(), output.position().y())
                places[f"{step.childId()}:{output.name()}"] = place
        for name in sorted(places, key=places.__getitem__):
            definition = self.parameterDefinition(name)
            if definition is not None:
                again = definition.clone()
                self.removeParameter(name)
                self.addParameter(again)
