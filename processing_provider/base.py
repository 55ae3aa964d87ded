"""What every algorithm of the provider shares: identity.py, inputs.py and outputs.py, and here how one runs."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

from ..plugin.solvers.control import Cancelled, IsCancelled, Progress, SolverError
from .outputs import WritingAlgorithm


class EvacuationAlgorithm(WritingAlgorithm):
    """Base class: a subclass names itself, declares parameters and implements :meth:`calculate`."""

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work; solver errors may simply be raised. (``run`` is a method of QGIS and must not be replaced.)"""
        raise QgsProcessingException(f"{self.ID}: calculate() is missing")

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        try:
            return self.calculate(parameters, context, feedback)
        except Cancelled:
            feedback.pushWarning(self.tr("Cancelled: nothing was written."))
            return {}
        except SolverError as error:
            raise QgsProcessingException(str(error)) from error

    @staticmethod
    def control(
        feedback: QgsProcessingFeedback, first: float = 0.0, last: float = 100.0
    ) -> tuple[Progress, IsCancelled]:
        """Return ``(progress, cancelled)`` for a solver that fills the bar from ``first`` to ``last`` percent."""
        shown = [""]

        def progress(fraction: float, text: str = "") -> None:
            feedback.setProgress(first + (last - first) * min(max(fraction, 0.0), 1.0))
            if text and text != shown[0]:
                shown[0] = text
                feedback.setProgressText(text)

        return progress, feedback.isCanceled
