"""Who refuses to leave, and who leaves untold: shares of the people of each zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ..closing.hazard import Hazard, read_hazard, share_inside
from ..closing.hazard_layers import HazardLayers
from ..errors import LayerError
from ..places import Places


@dataclass(frozen=True)
class Reactions:
    """What people do.

    Attributes
    ----------
    compliance : float
        Percent of those at risk who leave when told.
    compliance_field : str or None
        Field of the zones with their own.
    shadow_share : float
        Percent of those outside who leave too.
    shadow_distance : float
        Metres from hazard and buffer up to which they do.
    """

    compliance: float
    compliance_field: str | None
    shadow_share: float
    shadow_distance: float

    @property
    def some_refuse(self) -> bool:
        """Whether anybody may refuse."""
        return self.compliance < 100.0 or self.compliance_field is not None


class Parts(NamedTuple):
    """Parts of each zone's people (z,), as :func:`plugin.solvers.shelters.exposure.exposure_of` takes them."""

    share: np.ndarray
    compliance: np.ndarray
    outside: np.ndarray


def reactions_of(
    zones: Places,
    hazard: Hazard,
    source: HazardLayers,
    reactions: Reactions,
    context: QgsProcessingContext,
) -> Parts:
    """Return the parts of each zone's people who are at risk, do as told, and leave from outside.

    Raises
    ------
    LayerError
        A percentage outside 0 to 100.
    """
    share = share_inside(zones, hazard, context)
    outside = np.zeros(len(zones))
    if reactions.shadow_share > 0.0:
        reach = replace(source, buffer=hazard.buffer + reactions.shadow_distance)
        wide = read_hazard(reach, zones.crs, context, QgsProcessingFeedback(False), near=zones.extent())
        around = np.maximum(share_inside(zones, wide, context) - share, 0.0)
        rest = 1.0 - share
        outside = np.divide(around, rest, out=outside, where=rest > 0.0)
        outside = np.minimum(outside, 1.0) * reactions.shadow_share / 100.0
    return Parts(share, _compliance(zones, reactions) / 100.0, outside)


def _compliance(zones: Places, reactions: Reactions) -> np.ndarray:
    """Return the percent (z,) of each zone's people at risk who leave when told."""
    field = reactions.compliance_field
    if field is None:
        return np.full(len(zones), reactions.compliance)
    percent = zones.numbers(field, null=reactions.compliance, minimum=0.0)
    over = np.flatnonzero(percent > 100.0)
    if len(over):
        raise LayerError(
            f"COMPLIANCE_FIELD: feature {zones.ids[over[0]]} of “{zones.name}” has {percent[over[0]]:g} in the field "
            f"“{field}”, which is a percentage; at most 100. Correct the value."
        )
    return percent
