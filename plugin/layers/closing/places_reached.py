"""Which destinations the hazard reaches when, and which are safe from it at any time."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import first_of
from ..errors import LayerError
from ..places import Places
from ..round_earth import densified
from ..transforming import transform_vertices, transformed
from .arrivals import Arrivals

VERTICAL = "vertical"


def vertical(places: Places, rule_field: str | None) -> np.ndarray:
    """Return which places (k,) a field calls safe at any time."""
    if not rule_field:
        return np.zeros(len(places), dtype=bool)
    return np.array([text.strip().casefold() == VERTICAL for text in places.texts(rule_field)], dtype=bool)


def places_reached(
    places: Places, safe: np.ndarray, arrivals: Arrivals | None, feedback: QgsProcessingFeedback
) -> np.ndarray:
    """Return when the hazard reaches each place (k,), s from t = 0; infinite for never and for those that are ``safe``.

    A polygon is reached where its point on surface is, as everywhere, and then with the first of its area. Polygons of
    which only another part is reached are named in a warning.
    """
    out = np.full(len(places), np.inf)
    if arrivals is None or not len(places):
        return out
    context = arrivals.context.transformContext()
    out = arrivals.at(transform_vertices(places.xy, places.crs, arrivals.crs, context))
    polygons = [k for k in range(len(places)) if not safe[k] and not math.isnan(places.area[k])]
    shapes = []
    for k in polygons:
        try:
            shape = places.geometries[k]
            dense = shape if places.crs == arrivals.crs else densified(shape, places.crs)
            shapes.append(transformed(dense, places.crs, arrivals.crs, context))
        except LayerError as error:
            raise LayerError(f"{places.parameter}: {places.ids[k]} of “{places.name}”: {error}.") from error
    first = np.full(len(places), np.inf)
    first[polygons] = arrivals.over(shapes)
    partly = np.flatnonzero(np.isinf(out) & np.isfinite(first))
    if len(partly):
        feedback.pushWarning(
            f"{places.parameter}: the hazard reaches a part of {len(partly)} feature(s) of “{places.name}” but not "
            f"their point on surface; they count as safe: {first_of([places.ids[k] for k in partly.tolist()])}. Draw "
            f"only the safe part, or forbid them."
        )
    return np.where(safe, np.inf, np.where(np.isfinite(out), np.minimum(out, first), np.inf))
