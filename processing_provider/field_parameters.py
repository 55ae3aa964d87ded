"""Optional fields of an algorithm's layers as parameters."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterField

from .base import EvacuationAlgorithm


def add_field(
    algorithm: EvacuationAlgorithm,
    name: str,
    title: str,
    default: str | None,
    parent: str,
    kind: Any,
    text: str,
    advanced: bool = True,
) -> None:
    """Add an optional field of the layer of parameter ``parent``."""
    field = QgsProcessingParameterField(name, title, default, parent, kind, optional=True)
    algorithm.add(field, text, advanced=advanced)
