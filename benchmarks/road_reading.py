"""Time reading a layer of 250,000 roads against QGIS's own QgsVectorLayerDirector and QgsGraphBuilder.

Both read the same GeoPackage in one run, with the same direction and speed fields and no places to tie. Run with the
project's Python: ``.venv/bin/python benchmarks/road_reading.py [--segments N] [--rounds K]``.

The layer is made of New York's roads where ``../shared/data/roads/NYC`` is there, else of a street grid.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from evacuation_planner.plugin.solvers.control import Control

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "build" / "plugins"))

import numpy as np
from qgis.analysis import (
    QgsGraphBuilder,
    QgsNetworkSpeedStrategy,
    QgsVectorLayerDirector,
)
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsLineString,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameters,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

NEW_YORK = ROOT.parent / "shared" / "data" / "roads" / "NYC"


def segments(count: int) -> tuple[str, np.ndarray, np.ndarray]:
    """Return where the segments come from, and their ends (count, 2) in longitude and latitude."""
    if NEW_YORK.is_dir():
        node = np.loadtxt(NEW_YORK / "nodes.csv.gz", delimiter=",", skiprows=1)[:, 1:]
        edge = np.loadtxt(NEW_YORK / "edges.csv.gz", delimiter=",", skiprows=1, dtype=int)[:, :2]
        first, last = node[edge[:, 0]], node[edge[:, 1]]
        while len(first) < count:  # halve as many as are missing
            more = min(count - len(first), len(first))
            middle = (first[:more] + last[:more]) / 2
            first, last = (
                np.vstack([first[:more], middle, first[more:]]),
                np.vstack([middle, last[:more], last[more:]]),
            )
        return "New York", first[:count], last[:count]
    side = int(np.ceil(np.sqrt(count / 2))) + 1
    x, y = np.meshgrid(np.arange(side) * 0.001 - 74.0, np.arange(side) * 0.001 + 40.0)
    point = np.dstack([x, y])
    first = np.vstack([point[:, :-1].reshape(-1, 2), point[:-1].reshape(-1, 2)])
    last = np.vstack([point[:, 1:].reshape(-1, 2), point[1:].reshape(-1, 2)])
    return "a street grid", first[:count], last[:count]


def write_layer(path: Path, first: np.ndarray, last: np.ndarray) -> None:
    """Write the segments as a GeoPackage with a direction and a speed field."""
    from evacuation_planner.plugin.layers.fields import Column, make_field

    fields = QgsFields()
    for column in (Column("name", "text"), Column("oneway", "text"), Column("maxspeed", "int")):
        fields.append(make_field(column))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = "roads"
    writer = QgsVectorFileWriter.create(
        str(path),
        fields,
        QgsWkbTypes.Type.LineString,
        QgsCoordinateReferenceSystem("EPSG:4326"),
        QgsCoordinateTransformContext(),
        options,
    )
    draw = np.random.default_rng(1)
    oneway = draw.choice(["yes", "no", "-1", "no"], len(first)).tolist()
    speed = draw.choice([30, 50, 90], len(first)).tolist()
    for k, (a, b) in enumerate(zip(first.tolist(), last.tolist())):
        feature = QgsFeature(fields)
        feature.setGeometry(QgsGeometry(QgsLineString([a[0], b[0]], [a[1], b[1]])))
        feature.setAttributes([f"street {k}", oneway[k], speed[k]])
        writer.addFeature(feature)
    del writer


def with_director(layer: QgsVectorLayer) -> tuple[int, int]:
    """Read the layer with QGIS's network analysis; return the numbers of vertices and arcs."""
    names = layer.fields()
    director = QgsVectorLayerDirector(
        layer, names.indexOf("oneway"), "yes", "-1", "no", QgsVectorLayerDirector.Direction.DirectionBoth
    )
    director.addStrategy(QgsNetworkSpeedStrategy(names.indexOf("maxspeed"), 40.0, 1000.0 / 3600.0))
    builder = QgsGraphBuilder(layer.crs(), True, 0.0, "EPSG:7030")
    corner = layer.extent()
    director.makeGraph(builder, [QgsPointXY(corner.xMinimum(), corner.yMinimum())])
    graph = builder.graph()
    return graph.vertexCount(), graph.edgeCount()


def with_plugin(layer: QgsVectorLayer) -> tuple[int, int]:
    """Read the layer with the plugin; return the numbers of nodes and arcs."""
    from evacuation_planner.plugin.layers.roads.network import read_network
    from evacuation_planner.plugin.layers.roads.options import NetworkOptions

    context = QgsProcessingContext()
    source = QgsProcessingParameters.parameterAsSource(
        QgsProcessingParameterFeatureSource("NETWORK", ""), {"NETWORK": layer}, context
    )
    options = NetworkOptions(direction_field="oneway", speed_field="maxspeed")
    read = read_network(
        source,
        options,
        None,
        context,
        QgsProcessingFeedback(False),
        Control(progress=lambda fraction, text="": None, cancelled=lambda: False),
    )
    return read.network.node_count, read.network.arc_count


def main() -> int:
    """Build the layer, time both readers in turn, print the best of each and the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--segments", type=int, default=250_000)
    arguments.add_argument("--rounds", type=int, default=2)
    wanted = arguments.parse_args()
    application = QgsApplication([], False)
    application.initQgis()
    with tempfile.TemporaryDirectory() as folder:
        origin, first, last = segments(wanted.segments)
        path = Path(folder) / "roads.gpkg"
        write_layer(path, first, last)
        best: dict[str, tuple[float, float]] = {}
        for _ in range(wanted.rounds):
            for name, reader in (("QgsVectorLayerDirector", with_director), ("Evacuation Planner", with_plugin)):
                layer = QgsVectorLayer(f"{path}|layername=roads", "roads", "ogr")
                wall, cpu = time.perf_counter(), time.process_time()
                nodes, arcs = reader(layer)
                took = time.process_time() - cpu, time.perf_counter() - wall
                best[name] = min(best.get(name, took), took)
                print(f"{name:24s} {nodes:8d} nodes {arcs:8d} arcs  CPU {took[0]:6.2f} s  wall {took[1]:6.2f} s")
                del layer
        ours, theirs = best["Evacuation Planner"], best["QgsVectorLayerDirector"]
        print(f"{len(first)} segments of {origin}: {theirs[0] / ours[0]:.1f} times faster by CPU time, ", end="")
        print(f"{theirs[1] / ours[1]:.1f} by the clock")
    application.exitQgis()
    return 0 if theirs[0] / ours[0] >= 4 else 1


if __name__ == "__main__":
    raise SystemExit(main())
