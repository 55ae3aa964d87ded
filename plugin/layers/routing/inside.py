"""Which stretches of road, and which places of a plan, lie inside an area."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsLineString, QgsPoint, QgsProcessingContext

from ...solvers.control import Control
from ...solvers.roads.network import RoadNetwork
from ...solvers.routing.clearance import Inside
from ...solvers.routing.result import RoutingResult
from ..positions import positions_inside
from ..transforming import transform_vertices
from .case import RoutingCase

Stretches = list[tuple[float, float]]
SLICE = 500


def arcs_inside(
    area: QgsGeometry, network: RoadNetwork, arcs: np.ndarray, control: Control | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the stretches of ``arcs`` inside ``area``: offsets (m+1,), then begins and ends (p,) as shares of length.

    Arcs that are not asked for, and those that are no road, have none.
    """
    control = control or Control()
    arcs = arcs[network.is_road[arcs]]
    found: dict[int, Stretches] = {}
    if not (area.isNull() or area.isEmpty()):
        engine, box = _engine(area), area.boundingBox()
        for k, piece in enumerate(np.unique(network.piece[arcs]).tolist()):
            if k % SLICE == 0:
                control.stop_if_cancelled()
            xy = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
            if (xy.max(axis=0) < (box.xMinimum(), box.yMinimum())).any():
                continue
            if (xy.min(axis=0) > (box.xMaximum(), box.yMaximum())).any():
                continue
            stretches = _stretches(area, engine, xy)
            if stretches:
                found[piece] = stretches
    of_arc: list[Stretches] = [[] for _ in range(network.arc_count)]
    for arc in arcs.tolist():
        along = found.get(int(network.piece[arc]), [])
        of_arc[arc] = along if network.forward[arc] else [(1.0 - end, 1.0 - begin) for begin, end in reversed(along)]
    indptr = np.r_[0, np.cumsum([len(stretches) for stretches in of_arc])].astype(np.int64)
    flat = np.array([pair for stretches in of_arc for pair in stretches], dtype=float).reshape(-1, 2)
    return indptr, flat[:, 0].copy(), flat[:, 1].copy()


def inside_of(
    area: QgsGeometry,
    case: RoutingCase,
    result: RoutingResult,
    context: QgsProcessingContext,
    control: Control | None = None,
) -> Inside:
    """Return what of a plan lies inside ``area`` (in the working CRS).

    A place is where the trip's line begins or ends, not where its road does; for a vehicle that starts at a junction of
    its origin's polygon, that junction.
    """
    control = control or Control()
    rows, read = case.rows, case.read
    home, goal = (
        positions_inside(area, transform_vertices(xy, rows.crs, read.crs, context.transformContext()))
        for xy in (rows.first, rows.last)
    )
    driven = np.unique(np.r_[result.routes.arcs, result.everybody().schedule.arc])
    indptr, begin, end = arcs_inside(area, read.network, driven, control)
    staying = int(staying_in(area, case, result, context).sum())
    at_home = home[case.row]
    spread = np.flatnonzero(case.ends.zone[case.row] >= 0)
    if len(spread):
        node, which = np.unique(case.problem.source[spread], return_inverse=True)
        at_home[spread] = positions_inside(area, read.network.node_xy[node])[which.ravel()]
    return Inside(indptr, begin, end, at_home, goal[case.row], staying)


def staying_in(
    area: QgsGeometry, case: RoutingCase, result: RoutingResult, context: QgsProcessingContext
) -> np.ndarray:
    """Return the people (rows,) of each row who have no route and live inside ``area`` (in the working CRS)."""
    rows, lost = case.rows, case.without_route(result)
    xy = transform_vertices(rows.first[lost], rows.crs, case.read.crs, context.transformContext())
    staying = np.zeros(len(rows), dtype=np.int64)
    staying[lost] = rows.people[lost] * positions_inside(area, xy)
    return staying


def _engine(area: QgsGeometry) -> Any:
    engine = QgsGeometry.createGeometryEngine(area.constGet())
    engine.prepareGeometry()
    return engine


def _stretches(area: QgsGeometry, engine: Any, xy: np.ndarray) -> Stretches:
    """Return where a polyline (v, 2) lies inside, as shares of its length from its start."""
    line = QgsLineString([QgsPoint(x, y) for x, y in xy.tolist()])
    if not engine.intersects(line):
        return []
    if engine.contains(line):
        return [(0.0, 1.0)]
    steps = np.hypot(*np.diff(xy, axis=0).T)
    at = np.r_[0.0, np.cumsum(steps)]
    if at[-1] <= 0:
        return []
    out: Stretches = []
    for k in np.flatnonzero(steps > 0).tolist():
        for begin, end in _of_segment(area, engine, xy[k], xy[k + 1]):
            begin, end = (at[k] + begin * steps[k]) / at[-1], (at[k] + end * steps[k]) / at[-1]
            if out and begin <= out[-1][1] + 1e-12:
                out[-1] = (out[-1][0], end)
            else:
                out.append((begin, end))
    return out


def _of_segment(area: QgsGeometry, engine: Any, first: np.ndarray, last: np.ndarray) -> Stretches:
    """Return where a straight segment lies inside, as shares of its length in order."""
    segment = QgsGeometry(QgsLineString([QgsPoint(*first.tolist()), QgsPoint(*last.tolist())]))
    if not engine.intersects(segment.constGet()):
        return []
    if engine.contains(segment.constGet()):
        return [(0.0, 1.0)]
    way = last - first
    out: Stretches = []
    for part in segment.intersection(area).asGeometryCollection():
        if part.type() != segment.type():
            continue  # a point where it touches
        ends = [((v.x() - first[0]) * way[0] + (v.y() - first[1]) * way[1]) / (way @ way) for v in part.vertices()]
        out.append((min(max(min(ends), 0.0), 1.0), min(max(max(ends), 0.0), 1.0)))
    return sorted(out)
