"""San Joaquin County (``TG``) as a layer of lines, with its known lengths; one unit of its coordinates is 10 m."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from qgis.core import QgsVectorLayer

from tests.layers.road_layers import layer

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "roads" / "TG"
MISSING = f"the published network is not in {FOLDER}"
METRES = 10.0
EAST, NORTH = 450_000.0, 5_000_000.0
CRS = "EPSG:32633"


def county_nodes() -> np.ndarray:
    """Return the nodes (n, 2) in metres of :data:`CRS`."""
    return np.loadtxt(FOLDER / "TG.cnode.txt")[:, 1:] * METRES + (EAST, NORTH)


def county(edges: int | None = None) -> QgsVectorLayer:
    """Return the roads, or the ``edges`` of them that lie nearest the middle of the county."""
    xy, edge = county_nodes(), np.loadtxt(FOLDER / "TG.cedge.txt")
    ends = edge[:, 1:3].astype(int)
    edge_order = np.arange(len(edge))
    if edges is not None:
        middle = xy[ends].mean(axis=1)
        away = np.hypot(*(middle - np.median(xy, axis=0)).T)
        edge_order = np.argsort(away, kind="stable")[:edges]
    lines, values = [], []
    for k in edge_order.tolist():
        a, b = ends[k]
        if a != b:
            lines.append("LINESTRING({!r} {!r},{!r} {!r})".format(*xy[[a, b]].ravel().tolist()))
            values.append([str(k), float(edge[k, 3] * METRES)])
    return layer(lines, "&field=road_id:string&field=length:double", values, CRS)
