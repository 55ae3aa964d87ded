"""Arrivals of a hazard as far as they are known, moment by moment."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext, QgsProcessingFeedback, QgsRectangle

from ..moments import Start
from .arrivals import Arrivals, arrivals_of
from .hazard_layers import HazardLayers


class KnownArrivals(NamedTuple):
    """Arrivals of a hazard as they are known from a moment on.

    Attributes
    ----------
    since : float
        Seconds from t = 0; -inf from the start.
    arrivals, own : Arrivals
        All that is known then, and what becomes known at this moment.
    """

    since: float
    arrivals: Arrivals
    own: Arrivals


def known_levels(
    hazard: HazardLayers,
    start: Start,
    crs: QgsCoordinateReferenceSystem,
    near: QgsRectangle,
    arrivals: Arrivals,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> list[KnownArrivals]:
    """Return the arrivals as they are known, by moment from the start on; the last are all, ``arrivals``.

    Raises
    ------
    LayerError
        As :func:`.arrivals.arrivals_of`.
    """
    if hazard.known is None:
        return [KnownArrivals(-math.inf, arrivals, arrivals)]
    since, quiet = hazard.known_from(start, feedback), QgsProcessingFeedback(False)

    def some(chosen: np.ndarray) -> Arrivals:
        if chosen.all():
            return arrivals
        return arrivals_of(hazard.only(np.flatnonzero(chosen)), start, crs, near, context, quiet)

    moments = np.unique(np.r_[-math.inf, since]).tolist()
    return [KnownArrivals(moment, some(since <= moment), some(since == moment)) for moment in moments]
