"""Who lives inside the hazard, but starts at a road outside it."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.naming import first_of
from ..places import Places
from ..positions import positions_inside
from ..transforming import geometry_of, transform_vertices
from .starts import ZONES, Starts

FAR = 100.0  # metres between a zone and its road that are worth a word


def tell_access_out(
    starts: Starts,
    zones: Places,
    people: np.ndarray,
    danger: QgsGeometry | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> list[str]:
    """Warn, and return the warning, where zones that the danger meets have their nearest road outside it, far away.

    Parameters
    ----------
    people : (z,) int
    danger : QgsGeometry or None
        Hazard and buffer in the working CRS.
    """
    far = np.flatnonzero(starts.outside & (starts.node >= 0) & (np.nan_to_num(starts.access) > FAR))
    if danger is None or not len(far):
        return []
    if starts.areas:
        found = [k for k in far.tolist() if geometry_of(starts.areas[k]).intersects(danger)]
    else:
        xy = transform_vertices(zones.xy[far], zones.crs, starts.read.crs, context.transformContext())
        found = far[positions_inside(danger, xy)].tolist()
    if not found:
        return []
    text = (
        f"{ZONES}: {int(people[found].sum()):,} people of {len(found)} zone(s) that the hazard meets start at a road "
        f"outside it, up to {starts.access[found].max():,.0f} m away ({first_of([zones.ids[k] for k in found])}). They "
        "count as safe at once; on the way to that road they are not. “Time to safety” counts that way."
    )
    feedback.pushWarning(text)
    return [text]
