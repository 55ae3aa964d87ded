"""Heights read from a raster at many places: only the blocks that hold one, each once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)

from ...solvers.control import Control
from ...solvers.roads.bilinear import corners_of, interpolated
from ..closing.arrival_raster import block_values, check_raster
from ..errors import LayerError
from ..transforming import transform_vertices

PARAMETER = "ELEVATION"
METRES_OF = {0: 1.0, 1: 0.3048}  # of ELEVATION_UNIT's choices
BLOCK = 512  # cells along a side of what is read at once
HIGHEST, LOWEST = 6000.0, -450.0  # m: no road lies beyond
NO_HEIGHT = 9000.0  # above the highest mountain


@dataclass(frozen=True)
class Elevation:
    """A raster of heights; ``unit`` is metres of its numbers' unit."""

    raster: QgsRasterLayer
    unit: float = 1.0

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.raster.name())


def heights_at(
    elevation: Elevation,
    xy: np.ndarray,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    control: Control | None = None,
) -> np.ndarray:
    """Return the heights (k,), metres, at positions (k, 2) of ``crs``, bilinear; NaN without data.

    Raises
    ------
    LayerError
        When the raster has no CRS or holds no numbers.
    Cancelled
    """
    control = control or Control()
    layer = elevation.raster
    check_raster(layer, PARAMETER)
    whole, rows, columns = layer.extent(), layer.height(), layer.width()
    width, height = whole.width() / columns, whole.height() / rows
    moved = transform_vertices(xy, crs, layer.crs(), context)
    across, down = (moved[:, 0] - whole.xMinimum()) / width, (whole.yMaximum() - moved[:, 1]) / height
    there = np.isfinite(moved).all(axis=1) & (across >= 0) & (across <= columns) & (down >= 0) & (down <= rows)
    found = np.full(len(xy), np.nan)
    at = np.flatnonzero(there)
    column, right = corners_of(across[at], columns)
    row, below = corners_of(down[at], rows)
    across_blocks = columns // BLOCK + 1
    block = (row // BLOCK) * across_blocks + column // BLOCK
    order = np.argsort(block, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(block[order])) + 1) if len(order) else []:
        control.stop_if_cancelled()
        top, left = int(row[group].min()), int(column[group].min())
        high, wide = min(int(row[group].max()) + 2, rows) - top, min(int(column[group].max()) + 2, columns) - left
        west, north = whole.xMinimum() + left * width, whole.yMaximum() - top * height
        box = QgsRectangle(west, north - high * height, west + wide * width, north)
        values = block_values(layer.dataProvider().block(1, box, wide, high), wide, high)
        found[at[group]] = interpolated(values, row[group] - top, column[group] - left, below[group], right[group])
    return elevation.unit * found


def judge_heights(elevation: Elevation, height: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    """Refuse a raster without a height under any road, and warn of heights that are none, or look like feet.

    ``height`` (k,) is metres as read, NaN without data.

    Raises
    ------
    LayerError
        When none is known.
    """
    known = height[np.isfinite(height)]
    name = elevation.name
    if not len(known):
        raise LayerError(
            f"{PARAMETER}: “{name}” has no height under any road. Check that it covers the roads, its reference system "
            f"and its value for no data."
        )
    low, high = float(known.min()), float(known.max())
    if low > NO_HEIGHT:
        feedback.pushWarning(
            f"{PARAMETER}: all heights of “{name}” under the roads are above {NO_HEIGHT:,.0f} m ({low:,.0f} to "
            f"{high:,.0f} m): that is no raster of heights in this unit. Check the raster, its value for no data and "
            "ELEVATION_UNIT."
        )
    elif high > HIGHEST or low < LOWEST:
        feedback.pushWarning(
            f"{PARAMETER}: heights of “{name}” under the roads reach from {low:,.0f} to {high:,.0f} m; no road lies "
            f"above {HIGHEST:,.0f} or below {LOWEST:,.0f} m. Check its value for no data"
            + (", and ELEVATION_UNIT: they may be feet." if elevation.unit == 1.0 else ".")
        )
    elif elevation.unit == 1.0 and "feet" in QgsUnitTypes.encodeUnit(elevation.raster.crs().mapUnits()):
        feedback.pushWarning(
            f"{PARAMETER}: “{name}” has a reference system in feet; its heights are taken as metres. If they are feet "
            "as well, set ELEVATION_UNIT to 1."
        )
