"""The network of a small city against the graph QGIS's network analysis builds of it."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.analysis import (
    QgsGraphBuilder,
    QgsNetworkDistanceStrategy,
    QgsNetworkSpeedStrategy,
    QgsVectorLayerDirector,
)
from qgis.core import QgsVectorLayer

from tests.layers.road_layers import ROADS, layer, read


def graph_of(roads: QgsVectorLayer) -> list[tuple[tuple[float, float], tuple[float, float], float, float]]:
    """Return QGIS's arcs as (from, to, metres, seconds)."""
    names = roads.fields()
    director = QgsVectorLayerDirector(
        roads, names.indexOf("oneway"), "yes", "-1", "no", QgsVectorLayerDirector.Direction.DirectionBoth
    )
    director.addStrategy(QgsNetworkDistanceStrategy())
    director.addStrategy(QgsNetworkSpeedStrategy(names.indexOf("maxspeed"), 40.0, 1000.0 / 3600.0))
    builder = QgsGraphBuilder(roads.crs(), True, 0.0, "EPSG:7030")
    director.makeGraph(builder, [])
    graph = builder.graph()
    place = [(graph.vertex(k).point().x(), graph.vertex(k).point().y()) for k in range(graph.vertexCount())]
    arcs = []
    for k in range(graph.edgeCount()):
        edge = graph.edge(k)
        arcs.append((place[edge.fromVertex()], place[edge.toVertex()], *edge.strategies()))
    return arcs


def test_a_grid_of_single_segments_arc_by_arc():
    draw = np.random.default_rng(3)
    corners = [(i, j) for i in range(8) for j in range(8)]
    place = {c: (-71.2 + c[0] * 0.002 + draw.normal(0, 2e-4), -29.9 + c[1] * 0.002) for c in corners}
    lines, values = [], []
    for i, j in corners:
        for other in ((i + 1, j), (i, j + 1)):
            if other in place:
                a, b = place[i, j], place[other]
                lines.append(f"LINESTRING({a[0]:.12f} {a[1]:.12f}, {b[0]:.12f} {b[1]:.12f})")
                values.append([str(draw.choice(["yes", "-1", "no"])), str(draw.choice([30, 50, 90]))])
    roads = layer(lines, "&field=oneway:string&field=maxspeed:string", values, crs="EPSG:4326")
    network = read(roads, direction_field="oneway", speed_field="maxspeed", ellipsoid="EPSG:7030").network
    theirs = graph_of(roads)
    assert network.arc_count == len(theirs)
    ours = sorted(zip(network.length, network.free_flow))
    assert np.array(ours) == pytest.approx(np.array(sorted((arc[2], arc[3]) for arc in theirs)), rel=1e-6)


@pytest.mark.skipif(not ROADS.is_file(), reason="the sample city is not there (make setup)")
def test_the_sample_city_has_the_same_length_and_time_in_all():
    roads = QgsVectorLayer(f"{ROADS}|layername=roads", "roads", "ogr")
    network = read(roads, direction_field="oneway", speed_field="maxspeed", ellipsoid="EPSG:7030", tolerance=0).network
    theirs = np.array([arc[2:] for arc in graph_of(roads)])
    assert network.length.sum() == pytest.approx(theirs[:, 0].sum(), rel=1e-7)
    assert network.free_flow.sum() == pytest.approx(theirs[:, 1].sum(), rel=1e-7)
