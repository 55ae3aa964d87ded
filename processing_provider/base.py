"""What every algorithm of the provider shares: identity.py, inputs.py and outputs.py, and here how one runs."""

from __future__ import annotations

from traceback import clear_frames
from typing import Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

from ..plugin.layers.passwords import without_passwords
from ..plugin.layers.speaking import Speaking
from ..plugin.solvers.control import Control
from ..plugin.solvers.effort import Effort
from ..plugin.solvers.errors import Cancelled, SolverError
from ..plugin.solvers.modes import BY_CAR, ON_FOOT
from .database_checks import wrong_table
from .layer_checks import wrong_destination, wrong_layer
from .outputs import WritingAlgorithm
from .value_checks import wrong_value


def plain(results: dict[str, Any]) -> dict[str, Any]:
    """Return results with Python's own numbers: QGIS hands numpy's on as texts."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in results.items()}


def let_go(error: BaseException | None) -> None:
    """Empty the frames in which an error arose: QGIS keeps the exception, and with it all that the run had read."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


class EvacuationAlgorithm(WritingAlgorithm):
    """Base class: a subclass names itself, declares parameters and implements :meth:`calculate`."""

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work; solver errors may simply be raised. (``run`` is a method of QGIS and must not be replaced.)"""
        raise QgsProcessingException(f"{self.ID}: calculate() is missing")

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Check what an algorithm asks of its parameters together, before any work; raises SolverError."""

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        wrong = self._wrong_alone(parameters, context)
        if wrong:
            return False, wrong
        right, why = super().checkParameterValues(self.without_zones(parameters), context)
        if not right:
            return False, without_passwords(why)
        wrong = self._wrong_together(parameters, context)
        return not wrong, wrong

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Check once more: a model does not ask :meth:`checkParameterValues` of its steps."""
        wrong = self._wrong_alone(parameters, context) or self._wrong_together(parameters, context)
        if wrong:
            raise QgsProcessingException(wrong)
        return True

    def _wrong_alone(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return what is wrong with the first value that is wrong by itself, "" for none."""
        return (
            wrong_value(self.parameterDefinitions(), parameters, context)
            or wrong_table(self, parameters, context)
            or wrong_layer(self, parameters, context)
        )

    def _wrong_together(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return what is wrong with values that do not go together, "" for nothing."""
        try:
            self.check(parameters, context)
        except SolverError as error:
            return str(error)
        return wrong_destination(self, parameters, context)

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        speaking = Speaking(feedback, ON_FOOT if self.on_foot(parameters, context) else BY_CAR)
        self.feedback, self.standing = speaking, []
        try:
            return plain(self.calculate(parameters, context, speaking))
        except Cancelled:
            feedback.pushWarning(self.tr("Cancelled.") + " " + (self._standing() or self.tr("Nothing was written.")))
            return {}
        except (QgsProcessingException, SolverError, OSError) as error:
            let_go(error)
            said = speaking.said(" ".join(filter(None, (str(error), self._standing()))))
            shown = without_passwords(said)
            raise QgsProcessingException(shown) from (error if shown == said else None)

    def _standing(self) -> str:
        """Return a sentence on the outputs that are complete though the run is not, "" where there are none."""
        if not self.standing:
            return ""
        return self.tr("Complete and kept: {outputs}.").format(outputs=", ".join(self.standing))

    @staticmethod
    def control(
        feedback: QgsProcessingFeedback, first: float = 0.0, last: float = 100.0, effort: Effort | None = None
    ) -> Control:
        """Return the control of a solver that fills the bar from ``first`` to ``last`` percent."""
        shown = [""]

        def progress(fraction: float, text: str = "") -> None:
            feedback.setProgress(first + (last - first) * min(max(fraction, 0.0), 1.0))
            if text and text != shown[0]:
                shown[0] = text
                feedback.setProgressText(text)

        return Control(progress, feedback.isCanceled, feedback.pushInfo, effort or Effort())
