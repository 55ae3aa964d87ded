"""Shelters to which people are brought, and the room that others have left there."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.rounding import whole_below
from ..allocation.groups import Shelters, outside_hazard, read_shelters
from ..closing.hazard_layers import HazardLayers
from ..people import counts

SHELTERS, LOAD_FIELD = "SHELTERS", "LOAD_FIELD"


def read_rooms(
    source: QgsProcessingFeatureSource,
    key: str | None,
    capacity: str,
    load: str | None,
    rule: str | None,
    hazard: HazardLayers | None,
    needed: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[Shelters, np.ndarray]:
    """Return the shelters that the hazard never reaches, and for how many people (s,) int64 each has room.

    Raises
    ------
    LayerError
        As :func:`.groups.read_shelters` and :func:`.groups.outside_hazard`.
    """
    shelters = read_shelters(source, key, capacity, needed, context, feedback)
    shelters = outside_hazard(shelters, hazard, rule, context, feedback)
    room = shelters.capacity.astype(np.int64)
    if load is not None and len(room):
        room = whole_below(shelters.capacity - np.nan_to_num(counts(shelters.places, load), nan=0.0)).astype(np.int64)
        over = np.flatnonzero(room < 0)
        if len(over):
            feedback.pushWarning(
                f"{LOAD_FIELD}: {len(over)} shelter(s) of “{shelters.places.name}” hold more people than they have "
                f"room for: {first_of([shelters.places.ids[k] for k in over.tolist()])}. Nobody is brought there."
            )
        room = np.maximum(room, 0)
        feedback.pushInfo(
            f"{LOAD_FIELD}: of {int(shelters.capacity.sum()):,} places {int(room.sum()):,} are free in {len(room)} "
            "shelter(s)."
        )
    if needed and not room.any():
        feedback.pushWarning(
            f"{SHELTERS}: no shelter of “{source.sourceName()}” has room, so nobody can be brought anywhere. Add "
            "shelters, or raise their capacity."
        )
    return shelters, room
