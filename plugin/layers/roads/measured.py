"""The lines of a road layer fit for use: measured, in a metric working CRS, and split where they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.control import Control
from ...solvers.naming import NAMED_IN_LOG, first_of
from ...solvers.roads.levels import level_codes, part_crossings
from ...solvers.roads.lines import clean, keep_lines, without
from ...solvers.roads.merging import equal_spots
from ...solvers.roads.splitting import Pieces, SpotLines, split, swallowed
from ...solvers.roads.traffic import Traffic
from ...solvers.roads.wkb import Lines, parse_lines
from ..errors import LayerError
from ..transforming import transform_vertices
from . import working_crs as network_crs
from .features import RoadFeatures

FEW_SWALLOWED = 0.01  # share of the pieces that may vanish without a warning
OUTSIDE = "coordinates outside the range of the layer's reference system"


@dataclass(frozen=True)
class MeasuredLines:
    """Lines fit for use.

    Attributes
    ----------
    drawn : Lines
        All lines as drawn, the unusable ones among them.
    lines : Lines
        Those fit for use, of open roads.
    spot : (k,) int
        The spot of each vertex; equal vertices have the same spot.
    spots, xy : (u, 2) float64
        Positions of the spots in the layer's CRS, and in ``crs``.
    step : (k,) float64
        Ellipsoidal metres from each vertex to the next of its line.
    crs : QgsCoordinateReferenceSystem
        The working CRS, in metres.
    unusable : dict of int to str
        Features that lost a line, each with the reason.
    """

    drawn: Lines
    lines: Lines
    spot: np.ndarray
    spots: np.ndarray
    xy: np.ndarray
    step: np.ndarray
    crs: QgsCoordinateReferenceSystem
    unusable: dict[int, str]


def check_layer(source: QgsProcessingFeatureSource) -> None:
    """Refuse a layer without features or without a CRS.

    Raises
    ------
    LayerError
    """
    name = source.sourceName()
    if source.featureCount() == 0:  # asked first: an empty file often has no CRS either
        _refuse_empty(name, [], {})
    if not source.sourceCrs().isValid():
        raise LayerError(
            f"NETWORK: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )


def measured_lines(
    features: RoadFeatures,
    traffic: Traffic,
    name: str,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    working: QgsCoordinateReferenceSystem | None = None,
) -> MeasuredLines:
    """Leave out the lines that cannot be used and those of closed roads, choose the working CRS and measure.

    ``working`` is the working CRS where it has been chosen before.

    Raises
    ------
    LayerError
        When no line is left, or the lines cannot be transformed.
    """
    drawn, not_lines = parse_lines(features.geometries)
    lines, unclean = clean(drawn)
    outside: dict[int, str] = {}
    if crs.isGeographic() and network_crs.in_units(crs, "degrees"):
        lines, outside = without(lines, (np.abs(lines.xy) > [540.0, 90.0]).any(axis=1), OUTSIDE)
    unusable = {**outside, **unclean, **not_lines}
    if len(lines) == 0:
        _refuse_empty(name, features.ids, unusable)
    lines = keep_lines(lines, traffic.open()[lines.feature])
    if len(lines) == 0:
        raise LayerError(f"NETWORK: every usable road of “{name}” is closed. Check speeds, capacities and directions.")
    ellipsoid = network_crs.ellipsoid_of(context, crs)
    spots, spot = equal_spots(lines.xy)
    lonlat = network_crs.longitude_latitude(spots, crs, ellipsoid, context.transformContext())
    lost = ~np.isfinite(lonlat).all(axis=1)
    if lost.any():
        lines, more = without(lines, lost[spot], OUTSIDE)
        unusable = {**more, **unusable}
        if len(lines) == 0:
            _refuse_empty(name, features.ids, unusable)
        spots, spot = equal_spots(lines.xy)
        lonlat = network_crs.longitude_latitude(spots, crs, ellipsoid, context.transformContext())
    step = network_crs.step_lengths(lonlat, spot, lines.start, ellipsoid)
    if working is None:
        working = network_crs.working_crs(crs, spots, spot, lonlat, step)
    xy = transform_vertices(spots, crs, working, context.transformContext())
    if not np.isfinite(xy).all():
        raise LayerError(
            f"NETWORK: the roads of “{name}” could not be transformed from {network_crs.name_of(crs)} to "
            f"{network_crs.name_of(working)}. Check that the layer's coordinate reference system is the right one."
        )
    feedback.pushInfo(
        f"NETWORK: working in {network_crs.name_of(working)}; lengths are measured on the ellipsoid {ellipsoid}."
    )
    _log_unusable(name, features.ids, unusable, feedback)
    return MeasuredLines(drawn, lines, spot, spots, xy, step, working, unusable)


def _refuse_empty(name: str, ids: list[str], unusable: dict[int, str]) -> None:
    if not ids:
        raise LayerError(f"NETWORK: “{name}” has no features. Choose a layer with roads in it.")
    shown = "; ".join(f"{ids[k]}: {reason}" for k, reason in sorted(unusable.items())[:NAMED_IN_LOG])
    raise LayerError(
        f"NETWORK: none of the {len(ids)} feature(s) of “{name}” can be used as a road ({shown}). "
        "Repair the geometries or choose another line layer."
    )


def _log_unusable(name: str, ids: list[str], unusable: dict[int, str], feedback: QgsProcessingFeedback) -> None:
    if unusable:
        shown = first_of([f"{ids[k]}: {reason}" for k, reason in sorted(unusable.items())], "; ", brackets=True)
        feedback.pushWarning(f"NETWORK: {len(unusable)} feature(s) of “{name}” cannot be used: {shown}.")


def split_lines(
    found: MeasuredLines,
    level: np.ndarray,
    ids: list[str],
    tolerance: float,
    feedback: QgsProcessingFeedback,
    control: Control | None = None,
) -> Pieces:
    """Split lines where they meet on one level; see :func:`part_crossings` and :func:`split`.

    ``level`` (r, 2) and ``ids`` are the features'. Says how many crossings are none, and warns where a TOLERANCE above
    the length of the roads makes these vanish.
    """
    control = control or Control()
    spot, origin, apart = part_crossings(found.lines, found.spot, found.xy, level)
    if len(apart):
        feedback.pushInfo(
            f"NETWORK: at {len(origin) - len(found.xy)} shared vertices roads cross on different levels (layer, "
            "bridge, tunnel, or Z more than 2 m apart): they are not joined there."
        )
    drawn = SpotLines(found.lines, spot, found.xy[origin], found.step)
    pieces = split(drawn, tolerance, level_codes(level), apart, control)
    gone = np.flatnonzero(swallowed(pieces))
    if len(gone) > FEW_SWALLOWED * len(pieces):
        roads = list(dict.fromkeys(ids[k] for k in pieces.road[gone].tolist()))
        named = ", ".join(roads[:NAMED_IN_LOG]) + (" and more" if len(roads) > NAMED_IN_LOG else "")
        feedback.pushWarning(
            f"TOLERANCE: {tolerance:g} m swallows {len(gone)} of {len(pieces)} pieces of road (of {named}): joining "
            "moved their ends by more than half their length. Choose a tolerance well below the length of a block."
        )
    return pieces
