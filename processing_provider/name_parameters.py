"""The parameters that name zones and shelters for readers, under the same names in every step of the plan."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterField

from .base import EvacuationAlgorithm
from .field_choice import SHELTER_NAME_FIELD, TRAVELLED, ZONE_NAME_FIELD


def add_name_field(algorithm: EvacuationAlgorithm, name: str, layer: str) -> None:
    """Add the parameter ``name``, ZONE_NAME_FIELD or SHELTER_NAME_FIELD, of the layer of parameter ``layer``."""
    tr = algorithm.tr
    titles = {ZONE_NAME_FIELD: tr("Zone name field"), SHELTER_NAME_FIELD: tr("Shelter name field")}
    kept = TRAVELLED[name]
    algorithm.add(
        QgsProcessingParameterField(
            name, titles[name], "name", layer, QgsProcessingParameterField.DataType.Any, False, True
        ),
        f"What people call it; goes through all steps as “{kept}”. Default: the field “{kept}” of an earlier step or "
        f"“name”, if there is one.",
    )
