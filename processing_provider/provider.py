"""The Processing provider ``evacuation``: its algorithms and its ready models."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms import ALGORITHMS
from .identity import RESOURCES
from .models import MODELS, ReadyModel


class EvacuationProvider(QgsProcessingProvider):
    """Registers one algorithm a word of the pipeline, and the models of resources/models."""

    def id(self) -> str:
        return "evacuation"

    def name(self) -> str:
        return "Evacuation planning"

    def icon(self) -> QIcon:
        return QIcon(str(RESOURCES / "icons" / "evacuation.svg"))

    def loadAlgorithms(self) -> None:
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        for path in sorted(MODELS.glob("*.model3")):
            model = ReadyModel(path)
            if model.whole:
                self.addAlgorithm(model)
