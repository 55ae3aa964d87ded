"""Travel times on the sample city against QGIS's own shortest path."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsVectorLayer

from evacuation_planner.plugin.solvers.graph.components import components
from evacuation_planner.plugin.solvers.roads.shortest_paths import travel
from tests.layers.road_layers import ROADS, read

PAIRS = 2


@pytest.mark.skipif(not ROADS.is_file(), reason="the sample city is not there (make setup)")
@pytest.mark.parametrize("strategy", [0, 1])
def test_costs_are_those_of_native_shortest_path(strategy):
    import processing
    from processing.tools.dataobjects import createContext

    roads = QgsVectorLayer(f"{ROADS}|layername=roads", "roads", "ogr")
    found = read(roads, direction_field="oneway", speed_field="maxspeed", ellipsoid="EPSG:7030")
    nodes = np.flatnonzero(
        components(found.network.node_count, found.network.tail, found.network.head, strong=True) == 0
    )
    chosen = np.random.default_rng(7).choice(nodes, 2 * PAIRS, replace=False)
    origins, destinations = chosen[:PAIRS], chosen[PAIRS:]
    weight = found.network.length if strategy == 0 else None
    ours = travel(found.network, origins, destinations, weight)
    context = createContext()
    context.setEllipsoid("EPSG:7030")
    back = QgsCoordinateTransform(found.crs, QgsCoordinateReferenceSystem("EPSG:4326"), context.transformContext())

    def text(node: int) -> str:
        point = back.transform(*found.network.node_xy[node].tolist())
        return f"{point.x():.12f},{point.y():.12f} [EPSG:4326]"

    for k in range(PAIRS):
        theirs = processing.run(
            "native:shortestpathpointtopoint",
            {
                "INPUT": roads,
                "STRATEGY": strategy,
                "DIRECTION_FIELD": "oneway",
                "VALUE_FORWARD": "yes",
                "VALUE_BACKWARD": "-1",
                "VALUE_BOTH": "no",
                "DEFAULT_DIRECTION": 2,
                "SPEED_FIELD": "maxspeed",
                "DEFAULT_SPEED": 40,
                "TOLERANCE": 0,
                "START_POINT": text(origins[k]),
                "END_POINT": text(destinations[k]),
                "OUTPUT": "TEMPORARY_OUTPUT",
            },
            context=context,
        )["TRAVEL_COST"]
        expected = ours.metres[k, k] if strategy == 0 else ours.seconds[k, k] / 3600
        assert theirs == pytest.approx(expected, rel=1e-6)
