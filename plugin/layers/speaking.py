"""What an algorithm says in its log, in the words of who travels."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback

from ..solvers.modes import BOTH, BY_CAR, ON_FOOT
from .on_foot import said_of_both, said_of_people


class Speaking(QgsProcessingFeedback):
    """Hands on what an algorithm says, with people where ``who`` travels is no vehicle.

    Parameters
    ----------
    heard : QgsProcessingFeedback
        Who is told.
    who : int
        BY_CAR, ON_FOOT or BOTH.
    """

    def __init__(self, heard: QgsProcessingFeedback, who: int = BY_CAR) -> None:
        super().__init__(False)
        self.heard, self.who = heard, who

    def said(self, text: str) -> str:
        """Return ``text`` in the words of who travels."""
        return {BY_CAR: str, ON_FOOT: said_of_people, BOTH: said_of_both}[self.who](text)

    def pushInfo(self, info: str) -> None:
        """Hand on."""
        self.heard.pushInfo(self.said(info))

    def pushWarning(self, warning: str) -> None:
        """Hand on."""
        self.heard.pushWarning(self.said(warning))

    def reportError(self, error: str, fatalError: bool = False) -> None:
        """Hand on."""
        self.heard.reportError(self.said(error), fatalError)

    def pushDebugInfo(self, info: str) -> None:
        """Hand on."""
        self.heard.pushDebugInfo(info)

    def setProgressText(self, text: str) -> None:
        """Hand on."""
        self.heard.setProgressText(self.said(text))

    def setProgress(self, progress: float) -> None:
        """Hand on."""
        self.heard.setProgress(progress)

    def isCanceled(self) -> bool:
        """Whether the user wants no more."""
        return bool(self.heard.isCanceled())


def speak_of(feedback: QgsProcessingFeedback, who: int) -> None:
    """Let ``feedback`` speak of who travels from now on: BY_CAR, ON_FOOT or BOTH."""
    if isinstance(feedback, Speaking):
        feedback.who = who
