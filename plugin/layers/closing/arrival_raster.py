"""Rasters of the moments at which a hazard reaches each cell."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsProcessingFeedback,
    QgsRasterBlock,
    QgsRasterLayer,
    QgsRectangle,
)

from ...solvers.roads.cells_along import ArrivalGrid
from ..errors import LayerError
from ..moments import LONGEST_AFTER, LONGEST_BEFORE
from ..times import DAY
from ..transforming import transform_each

PARAMETER = "HAZARD_RASTER"
UNITS = {0: 60.0, 1: 1.0, 2: 3600.0}  # seconds of HAZARD_RASTER_UNIT's choices
MARGIN = 2  # cells around what is asked for
EDGE = 21  # places along each side of a box that is looked up in another reference system
MOST_CELLS = 200_000_000
_TYPES = {
    Qgis.DataType.Byte: "u1", Qgis.DataType.UInt16: "u2", Qgis.DataType.Int16: "i2", Qgis.DataType.UInt32: "u4",
    Qgis.DataType.Int32: "i4", Qgis.DataType.Float32: "f4", Qgis.DataType.Float64: "f8",
}  # fmt: skip


def check_raster(layer: QgsRasterLayer, parameter: str = PARAMETER) -> None:
    """Raise LayerError where a raster has no reference system, or values that are no numbers."""
    if not layer.crs().isValid():
        raise LayerError(
            f"{parameter}: “{layer.name()}” has no coordinate reference system. Set it in the layer's properties "
            f"(Source)."
        )
    if layer.dataProvider().dataType(1) not in _TYPES:
        raise LayerError(f"{parameter}: the first band of “{layer.name()}” holds no numbers. Choose another raster.")


def read_raster(
    layer: QgsRasterLayer,
    unit: float,
    near: QgsRectangle,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    feedback: QgsProcessingFeedback,
) -> ArrivalGrid:
    """Read the cells around ``near``, a box in ``crs``, in seconds; cells without data are never reached.

    Parameters
    ----------
    unit : float
        Seconds of a number's unit.

    Raises
    ------
    LayerError
        For a value more than 7 days before or 30 days after t = 0, and where the box has too many cells.
    """
    whole, rows, columns = layer.extent(), layer.height(), layer.width()
    width, height = whole.width() / columns, whole.height() / rows
    first, last = _range(whole.xMinimum(), width, columns, _sides(near, crs, layer, context)[0])
    upper, lower = _range(0.0, height, rows, tuple(whole.yMaximum() - y for y in _sides(near, crs, layer, context)[1]))
    left, top = whole.xMinimum() + first * width, whole.yMaximum() - upper * height
    wide, high = max(last - first, 0), max(lower - upper, 0)
    if not wide or not high:
        feedback.pushWarning(
            f"{PARAMETER}: “{layer.name()}” lies nowhere near what it is held against; the hazard reaches nothing. "
            f"Check the reference systems of the layers."
        )
        return ArrivalGrid(np.full((0, 0), np.inf), left, top, width, height)
    if wide * high > MOST_CELLS:
        raise LayerError(
            f"{PARAMETER}: “{layer.name()}” has {wide * high:,} cells here, more than {MOST_CELLS:,}. Make them larger."
        )
    box = QgsRectangle(left, top - high * height, left + wide * width, top)
    seconds = unit * block_values(layer.dataProvider().block(1, box, wide, high), wide, high)
    _refuse_far(layer, seconds, unit)
    reached = np.isfinite(seconds)
    if not reached.any():
        feedback.pushWarning(
            f"{PARAMETER}: “{layer.name()}” has no value near what it is held against (no data everywhere); the "
            f"hazard reaches nothing. Check the raster and its value for no data."
        )
    return ArrivalGrid(np.where(reached, np.maximum(seconds, 0.0), np.inf), left, top, width, height)


def _sides(
    near: QgsRectangle,
    crs: QgsCoordinateReferenceSystem,
    layer: QgsRasterLayer,
    context: QgsCoordinateTransformContext,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the least and largest x and y of a box in the raster's reference system."""
    if near.xMaximum() < near.xMinimum():
        return (math.inf, -math.inf), (math.inf, -math.inf)
    x, y = np.linspace(near.xMinimum(), near.xMaximum(), EDGE), np.linspace(near.yMinimum(), near.yMaximum(), EDGE)
    grid = np.column_stack([np.repeat(x, EDGE), np.tile(y, EDGE)])
    if crs != layer.crs():
        grid = transform_each(grid, crs, layer.crs(), context)
        grid = grid[np.isfinite(grid).all(axis=1)]
    if not len(grid):
        return (math.inf, -math.inf), (math.inf, -math.inf)
    (west, south), (east, north) = grid.min(axis=0).tolist(), grid.max(axis=0).tolist()
    return (west, east), (south, north)


def _range(begin: float, size: float, count: int, sides: tuple[float, ...]) -> tuple[int, int]:
    """Return the first cell and the one after the last between two sides, with a margin."""
    low, high = min(sides), max(sides)
    if not math.isfinite(low + high) or sides[0] == math.inf:
        return 0, 0
    share = 0.02 * (high - low) / size  # what bends between the places that were looked up
    first = math.floor((low - begin) / size - share) - MARGIN
    last = math.ceil((high - begin) / size + share) + MARGIN
    return min(max(first, 0), count), min(max(last, 0), count)


def block_values(block: QgsRasterBlock, wide: int, high: int) -> np.ndarray:
    """Return a block's numbers (h, w), NaN where it has no data."""
    kind = np.dtype(_TYPES[block.dataType()])
    values = np.frombuffer(block.data().data(), dtype=kind, count=wide * high).reshape(high, wide).astype(np.float64)
    if block.hasNoDataValue():
        missing = block.noDataValue()
        values[np.isclose(values, missing, rtol=1e-6, atol=0.0)] = np.nan
    return values


def _refuse_far(layer: QgsRasterLayer, seconds: np.ndarray, unit: float) -> None:
    """Raise LayerError for a moment that is no sensible one."""
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return
    for value, side, limit in (
        (float(known.min()), "before", -LONGEST_BEFORE), (float(known.max()), "after", LONGEST_AFTER),
    ):  # fmt: skip
        if value < limit if side == "before" else value > limit:
            raise LayerError(
                f"{PARAMETER}: a cell of “{layer.name()}” has the value {value / unit:g}, which is "
                f"{abs(value) / DAY:,.1f} days {side} START_TIME. Correct HAZARD_RASTER_UNIT or the raster; a number "
                f"that stands for no data must be set as such in the layer's properties (Transparency)."
            )


def reached_area(grid: ArrivalGrid) -> QgsGeometry:
    """Return the cells that are ever reached as one area in the raster's reference system."""
    there = np.isfinite(grid.seconds)
    if not there.any():
        return QgsGeometry()
    edges = np.diff(np.pad(there.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, first = np.nonzero(edges > 0)
    _, after = np.nonzero(edges < 0)
    boxes = [
        QgsGeometry.fromRect(
            QgsRectangle(
                grid.left + a * grid.width, grid.top - (r + 1) * grid.height, grid.left + b * grid.width,
                grid.top - r * grid.height,
            )
        )
        for r, a, b in zip(row.tolist(), first.tolist(), after.tolist())
    ]  # fmt: skip
    return QgsGeometry.unaryUnion(boxes)
