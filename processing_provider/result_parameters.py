"""What algorithms give besides layers: a report, and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from qgis.core import QgsProcessingOutputNumber, QgsProcessingParameterFileDestination

from .base import EvacuationAlgorithm

OUTPUT_HTML = "OUTPUT_HTML"


def add_report(algorithm: EvacuationAlgorithm, text: str, by_default: bool = True) -> None:
    """Add the file of the HTML report, explained by ``text``; ``by_default``: also where none is named."""
    tr = algorithm.tr
    report = QgsProcessingParameterFileDestination(
        OUTPUT_HTML, tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=by_default
    )
    algorithm.add(report, text)


def add_numbers(algorithm: EvacuationAlgorithm, titles: Mapping[str, str]) -> None:
    """Add numbers by name, each with what it is called."""
    for name, title in titles.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, title))
