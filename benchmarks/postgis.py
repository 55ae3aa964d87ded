"""Opening and reading 250,000 roads in PostGIS and in the GeoPackage they were copied from, by the plugin's own reader.

    .venv/bin/python benchmarks/postgis.py [--segments N] [--rounds K]

The server is one of this benchmark's own, on a socket (scripts/postgis_server.py); without its programs nothing is
measured (``make test-postgis`` installs them).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins"), str(ROOT / "scripts")]
sys.path = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import postgis_server

from benchmarks.measuring import alone
from benchmarks.table import MET, MET_BY_CPU, NOT_MET, Table

SECONDS = 300
KEYS = {
    "key of 32 bits": "integer",
    "key of 64 bits": "bigint",
    "text as key": "text",
    "no key": "",
}  # fmt: skip


def tables() -> list[Table]:
    """Return the table; a note alone where there is no server."""
    table = Table(
        "Reading 250,000 roads from PostGIS and from a GeoPackage",
        ("source", "rows", "wall s", "CPU s", "times the GeoPackage's (wall)", "(CPU)", "target", ""),
    )
    if postgis_server.programs() is None:
        table.notes.append("Not measured: PostgreSQL with PostGIS is not installed (make test-postgis does it).")
        return [table]
    found = alone(__file__, SECONDS)
    wall_of_package, cpu_of_package = found["seconds"]["GeoPackage"]
    for name, (wall, cpu) in found["seconds"].items():
        asked = name == "PostGIS, key of 32 bits"
        quick = [wall <= wall_of_package, cpu <= cpu_of_package]
        verdict = (MET if quick[0] else MET_BY_CPU if quick[1] else NOT_MET) if asked else "-"
        table.add(
            name, found["rows"], f"{wall:.2f}", f"{cpu:.2f}", f"{wall / wall_of_package:.2f}",
            f"{cpu / cpu_of_package:.2f}", "1" if asked else "-", verdict,
        )  # fmt: skip
    table.notes.append(
        f"Roads of {found['origin']}: opening the layer, reading all rows and comparing their number with the "
        f"server's, quickest of {found['rounds']} rounds in turn; CPU time with the server's. {found['versions']}."
    )
    return [table]


def measured(segments: int, rounds: int) -> dict[str, Any]:
    """Return the seconds by source, and what was read."""
    from qgis.core import QgsApplication

    from benchmarks.road_reading import segments as made
    from benchmarks.road_reading import write_layer

    application = QgsApplication([], False)
    application.initQgis()
    with tempfile.TemporaryDirectory() as folder, postgis_server.PostgisServer(postgis_server.programs()) as server:
        origin, first, last = made(segments)
        path = Path(folder) / "roads.gpkg"
        write_layer(path, first, last)
        sources = {"GeoPackage": (f"{path}|layername=roads", "ogr")}
        server.create_database("bench")
        _copy(server, path)
        for name in KEYS:
            uri = f'{server.address("bench")} table="public"."{name}" (geom)'
            sources[f"PostGIS, {name}"] = (uri, "postgres")
        seconds: dict[str, tuple[float, float]] = {}
        for _ in range(rounds):
            for name, (uri, provider) in sources.items():
                before = time.process_time() + server.cpu_seconds()
                wall, rows = _read(uri, provider)
                took = wall, time.process_time() + server.cpu_seconds() - before
                seconds[name] = min(seconds.get(name, took), took)
                if rows != len(first):
                    raise RuntimeError(f"{name}: {rows} of {len(first)} rows")
        versions = _versions(server)
    return {"seconds": seconds, "rows": len(first), "origin": origin, "rounds": rounds, "versions": versions}


def _copy(server: postgis_server.PostgisServer, path: Path) -> None:
    """Copy the roads into a table for each kind of key."""
    from osgeo import gdal

    gdal.UseExceptions()
    gdal.SetConfigOption("PG_USE_COPY", "YES")
    options = ["GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=NONE"]
    gdal.VectorTranslate(f"PG:{server.address('bench')}", str(path), layerName="first", layerCreationOptions=options)
    connection = server.connect("bench")
    for name, kind in KEYS.items():
        key = "'r' || fid AS fid, " if kind == "text" else f"fid::{kind or 'integer'} AS fid, "
        postgis_server.run(
            connection,
            f'CREATE TABLE "{name}" AS SELECT {key} name, oneway, maxspeed, geom FROM first ORDER BY first.fid',
            *([f'ALTER TABLE "{name}" ADD PRIMARY KEY (fid)'] if kind else []),
            f'ANALYZE "{name}"',
        )
    connection.close()


def _read(uri: str, provider: str) -> tuple[float, int]:
    """Open the layer and read its roads; return the seconds and how many roads there are."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsVectorLayer

    from evacuation_planner.plugin.layers.database_sources import database_rows
    from evacuation_planner.plugin.layers.roads.features import read_features
    from evacuation_planner.plugin.layers.roads.options import NetworkOptions
    from evacuation_planner.plugin.solvers.control import Control

    begin = time.perf_counter()
    layer, context = QgsVectorLayer(uri, "roads", provider), QgsProcessingContext()
    source = QgsProcessingFeatureSource(layer, context)
    source.database = database_rows(layer, "NETWORK", context)
    control = Control(lambda fraction, text="": None, lambda: False)
    read = read_features(source, NetworkOptions(direction_field="oneway", speed_field="maxspeed"), control)
    return time.perf_counter() - begin, len(read.ids)


def _versions(server: postgis_server.PostgisServer) -> str:
    connection = server.connect("bench")
    ((postgresql, postgis),) = postgis_server.run(
        connection, "SELECT current_setting('server_version'), postgis_lib_version()"
    )
    connection.close()
    return f"PostgreSQL {postgresql.split()[0]}, PostGIS {postgis}"


def main() -> int:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--segments", type=int, default=250_000)
    arguments.add_argument("--rounds", type=int, default=5)
    wanted = arguments.parse_args()
    print(json.dumps(measured(wanted.segments, wanted.rounds)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
