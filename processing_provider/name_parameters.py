"""The parameters that name zones and shelters for readers, under the same names in every step of the plan."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterField

from .base import EvacuationAlgorithm


def add_name_field(algorithm: EvacuationAlgorithm, what: str, layer: str) -> None:
    """Add ZONE_NAME_FIELD or SHELTER_NAME_FIELD (``what`` is ZONE or SHELTER) of the layer of parameter ``layer``."""
    tr = algorithm.tr
    titles = {"ZONE": tr("Zone name field"), "SHELTER": tr("Shelter name field")}
    kept = f"{what.lower()}_name"
    algorithm.add(
        QgsProcessingParameterField(
            f"{what}_NAME_FIELD", titles[what], "name", layer, QgsProcessingParameterField.DataType.Any, False, True
        ),
        f"What people call it; goes through all steps as “{kept}”. Default: the field “{kept}” of an earlier step or "
        f"“name”, if there is one.",
    )
