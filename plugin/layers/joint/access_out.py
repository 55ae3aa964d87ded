"""Who lives inside the hazard, far from any road, and starts at roads outside it."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import first_of
from .starts import ZONES, Starts


def tell_access_out(
    starts: Starts, ids: list[str], people: np.ndarray, speed: float, feedback: QgsProcessingFeedback
) -> list[str]:
    """Warn, and return the warning, where people of zones ``ids`` walk over open ground to roads outside the hazard.

    Parameters
    ----------
    people : (z,) int
    speed : float
        Between place and road, m/s.
    """
    found = np.flatnonzero(np.isfinite(starts.bare))
    if not len(found):
        return []
    most = starts.bare[found].max()
    text = (
        f"{ZONES}: {int(people[found].sum()):,} people of {len(found)} zone(s) that the hazard meets live where it has "
        f"no road, up to {most:,.0f} m from the nearest, and start at roads outside it: "
        f"{first_of([ids[k] for k in found.tolist()])}. They count as on the road once they have gone straight there, "
        f"up to {most / speed / 60.0:,.0f} minutes; whether that way can be gone is not known."
    )
    feedback.pushWarning(text)
    return [text]
