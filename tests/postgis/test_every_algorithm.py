"""Every algorithm on the same layers in a GeoPackage and in PostgreSQL, each writing where it reads: equal results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

import processing
from qgis.core import (
    QgsApplication,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime

import environment
from evacuation_planner.plugin.layers.values import plain
from tests.postgis.database import Database
from tests.processing import test_count_presence as presence
from tests.processing.routing_layers import layer
from tests.processing.test_outputs import Log

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"
METRO = environment.ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"
# Layer of the sample: which of its rows.
PARTS = {
    "roads": "", "zones": "zone_id % 19 = 0", "sites": "", "entrances": "", "hazard": "", "nearfield": "", "towers": "",
    "depots": "", "closures": "", "requests": "", "counts": "", "occupancy": "",
}  # fmt: skip
METRO_PARTS = ("candidates", "scenario_fire", "supply", "demand", "travel", "metro_stations")
KEYS = {"fid", "id"}  # of the table itself
START = "2026-05-04T08:00:00"
QUICK = {"EFFORT": 0, "SEED": 1, "START_TIME": START}
ON_ROADS = {"NETWORK": "roads", "ENTRANCES": "entrances"}
SNAP = {"MAX_SNAP_DISTANCE": 1200, "NETWORK_ID_FIELD": "road_id"}
ENDS = {"ORIGINS": "zonesatrisk_output", "DESTINATIONS": "recommendshelters_output"}
PLAN = {"PLAN": "routeevacuation_output_vehicles", "PLAN_PATHS": "routeevacuation_output_paths", **ON_ROADS}
METRO_CASE = {"STATIONS": "candidates", "SUPPLY": "supply", "INCIDENTS": "scenario_fire", "DEMAND": "demand",
              "TRAVEL": "travel"}  # fmt: skip
# Algorithm: its inputs by name of the table, its other parameters, its outputs that are tables.
STEPS: dict[str, tuple[dict[str, str], dict[str, Any], tuple[str, ...]]] = {
    "checkroads": ({"NETWORK": "roads", "HAZARD": "nearfield"}, {"NETWORK_ID_FIELD": "road_id"},
                   ("OUTPUT", "OUTPUT_NETWORK")),
    "mendroads": ({"NETWORK": "roads"}, {"SPLIT_CROSSINGS": True}, ("OUTPUT",)),
    "countpresence": ({"POINTS": "points", "PLACES": "places"}, {}, ("OUTPUT",)),
    "forecastflow": ({"COUNTS": "counts"}, {"METHOD": 1}, ("OUTPUT", "OUTPUT_BACKTEST")),
    "zonesatrisk": ({"ZONES": "zones", "HAZARD": "hazard"}, {}, ("OUTPUT",)),
    "recommendshelters": ({"SITES": "sites", "FORECAST": "occupancy", "ZONES": "zonesatrisk_output", "HAZARD": "hazard",
                           **ON_ROADS}, {"MAX_SNAP_DISTANCE": 1200, "START_TIME": START},
                          ("OUTPUT", "OUTPUT_SELECTED", "OUTPUT_CATCHMENTS")),
    "nearestshelters": ({"ZONES": "zonesatrisk_output", "SHELTERS": "recommendshelters_output_selected", **ON_ROADS},
                        {"MAX_SNAP_DISTANCE": 1200}, ("OUTPUT", "OUTPUT_UNREACHABLE")),
    "timetosafety": ({"HAZARD": "nearfield", "SHELTERS": "towers", "ZONES": "zonesatrisk_output", "NETWORK": "roads"},
                     {"TRAVEL_MODE": 1, **SNAP, "START_TIME": START},
                     ("OUTPUT", "OUTPUT_ZONES", "OUTPUT_AREAS", "OUTPUT_CURVE")),
    "allocatecrowd": ({"ZONES": "zonesatrisk_output", "SHELTERS": "recommendshelters_output_selected", **ON_ROADS},
                      {"MAX_SNAP_DISTANCE": 1200, "SEED": 1},
                      ("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED", "OUTPUT_TRADEOFF")),
    "routeevacuation": ({"TRIPS": "allocatecrowd_output", **ENDS, **ON_ROADS, "CLOSURES": "closures"},
                        {**SNAP, **QUICK},
                        ("OUTPUT", "OUTPUT_ROADS", "OUTPUT_FLOWS", "OUTPUT_CLEARANCE", "OUTPUT_CAUGHT",
                         "OUTPUT_VEHICLES", "OUTPUT_PATHS", "OUTPUT_UNROUTED")),
    "jointplan": ({"ZONES": "zonesatrisk_output", "SHELTERS": "recommendshelters_output", "HAZARD": "hazard",
                   **ON_ROADS}, {**SNAP, **QUICK},
                  ("OUTPUT_ALLOCATION", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED", "OUTPUT", "OUTPUT_ROADS")),
    "latestdeparture": ({"ZONES": "zonesatrisk_output", **PLAN, "HAZARD": "nearfield"},
                        {**SNAP, **QUICK}, ("OUTPUT",)),
    "stagedeparture": ({"ZONES": "zonesatrisk_output", **PLAN}, {**SNAP, **QUICK, "WAVES": 2},
                       ("OUTPUT", "OUTPUT_TRIPS")),
    "rollinghorizon": ({**PLAN, "CLOSURES": "closures"}, {**SNAP, **QUICK}, ("OUTPUT", "OUTPUT_CHANGES")),
    "dispatchfleet": ({"REQUESTS": "requests", "FLEET": "depots", "SHELTERS": "towers", "NETWORK": "roads"},
                      {**SNAP, **QUICK}, ("OUTPUT", "OUTPUT_STOPS", "OUTPUT_UNSERVED", "OUTPUT_PERIODS")),
    "contraflow": ({"TRIPS": "allocatecrowd_output", **ENDS, **ON_ROADS}, {**SNAP, **QUICK, "MAX_STRETCHES": 1},
                   ("OUTPUT", "OUTPUT_STRETCHES")),
    "exportsumo": (PLAN, {**SNAP, "START_TIME": START}, ()),
    "flowtobackground": ({"FORECAST": "flows", "SENSORS": "sensors", "NETWORK": "roads"},
                         {"NETWORK_ID_FIELD": "road_id", "VALUE_FIELD": "value"}, ("OUTPUT", "OUTPUT_UNUSED")),
    "metroscenario": ({"INCIDENTS": "scenario_fire", "STATIONS": "candidates"}, {},
                      ("OUTPUT", "OUTPUT_TRAVEL", "OUTPUT_INCIDENTS")),
    "allocatemetroresources": (METRO_CASE, {}, ("OUTPUT", "OUTPUT_STATIONS", "OUTPUT_UNMET")),
    "metrosensitivity": (METRO_CASE, {}, ("OUTPUT",)),
}  # fmt: skip
# What reads no layer of its own or is tested with a server by itself, and the models, whose steps are these.
ELSEWHERE = {"savescenario", "publishplan", "evacuationplan", "jointevacuationplan", "hazardplan", "metroresponse"}


class Package:
    """A GeoPackage to read from and write to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def source(self, table: str) -> str:
        return f"{self.path}|layername={table}"

    def destination(self, table: str) -> str:
        return f"ogr:dbname='{self.path}' table=\"{table}\" (geom)"

    def add(self, layer: QgsVectorLayer, table: str) -> None:
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.layerName = table
        if self.path.exists():
            options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        written = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(self.path), layer.transformContext(), options)
        assert written[0] == QgsVectorFileWriter.WriterError.NoError, written


class Tables:
    """A schema of a database to read from and write to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.spatial: dict[str, bool] = {}
        database.run('CREATE SCHEMA "The Plan"')

    def source(self, table: str) -> str:
        ((spatial,),) = self.database.run(
            "SELECT count(*) > 0 FROM geometry_columns WHERE f_table_name = %s", values=[table]
        )
        return f"postgres://{self.database.uri(table, 'The Plan', 'geom' if spatial else None)}"

    def destination(self, table: str) -> str:
        return f"postgis:{self.database.uri(table, 'The Plan')}"


@pytest.fixture(scope="module")
def stores(database, tmp_path_factory) -> tuple[Package, Tables]:
    """The same layers in both."""
    package, tables = Package(tmp_path_factory.mktemp("package") / "plan.gpkg"), Tables(database)
    for table, rows in PARTS.items():
        original = QgsVectorLayer(f"{SAMPLE}|layername={table}", table, "ogr")
        request = QgsFeatureRequest().setFilterExpression(rows) if rows else QgsFeatureRequest()
        package.add(original.materialize(request), table)
    for table in METRO_PARTS:
        package.add(QgsVectorLayer(f"{METRO}|layername={table}", table, "ogr"), table)
    moving = [(x, f"p{x}", f"2026-05-04 08:{x % 60:02d}") for x in range(0, 200, 7)]
    package.add(presence.points(moving), "points")
    package.add(presence.places(), "places")
    flows = [(None, [f"s{k}", f"2026-05-04 0{hour}:00", 100.0 * k]) for k in range(1, 4) for hour in range(3)]
    package.add(layer("None", "&field=place:string&field=time:string&field=value:double", flows, "flows"), "flows")
    middles = [f.geometry().interpolate(f.geometry().length() / 2).asWkt(9) for f in
               list(QgsVectorLayer(f"{SAMPLE}|layername=roads", "roads", "ogr").getFeatures())[:60:20]]  # fmt: skip
    sensors = [(wkt, [f"s{k}"]) for k, wkt in enumerate(middles, 1)]
    package.add(layer("Point", "&field=sensor_id:string", sensors, "sensors", "EPSG:4326"), "sensors")
    for table in (*PARTS, *METRO_PARTS, "points", "places", "flows", "sensors"):
        database.copy(QgsVectorLayer(package.source(table), table, "ogr"), table, "The Plan")
    return package, tables


def rows_in(source: str) -> tuple[list[str], list[tuple]]:
    """Return columns and rows of a result, without the key, in its order."""
    context = QgsProcessingContext()
    layer = QgsProcessingUtils.mapLayerFromString(source, context)
    names = [name for name in layer.fields().names() if name not in KEYS]
    features = sorted(layer.getFeatures(), key=lambda feature: feature.id())
    rows = [(f.geometry().asWkt(17), *(shown(f[name]) for name in names)) for f in features]
    return names, rows


def shown(value: Any) -> Any:
    """Return a value to compare; of moments a GeoPackage keeps whole seconds, PostgreSQL what was written."""
    value = plain(value)
    return value.toString("yyyy-MM-dd HH:mm:ss") if isinstance(value, QDateTime) else value


def ran(store: Any, name: str, folder: Path) -> dict[str, Any]:
    """Run a step in a store; return its numbers and what its tables and files hold."""
    inputs, parameters, outputs = STEPS[name]
    given = {key: store.source(table) for key, table in inputs.items()}
    given |= parameters | {key: store.destination(f"{name}_{key.lower()}") for key in outputs}
    if name == "exportsumo":
        given["FOLDER"] = str(folder)
    found = processing.run(f"evacuation:{name}", given, feedback=Log())
    tables = {key: rows_in(found.pop(key)) for key in outputs}
    found.pop("FOLDER", None)
    files = {path.name: path.read_text() for path in sorted(folder.glob("*.rou.xml"))} if folder.is_dir() else {}
    return {**found, **tables, **files}


def first_difference(one: Any, other: Any) -> Any:
    """Return where two results differ first (row, column and both values), None where they are equal."""
    if one == other:
        return None
    if not isinstance(one, tuple) or one[0] != other[0] or len(one[1]) != len(other[1]):
        return (one, other) if not isinstance(one, tuple) else (one[0], len(one[1]), other[0], len(other[1]))
    for k, (row, twin) in enumerate(zip(one[1], other[1])):
        for name, a, b in zip(["geometry", *one[0]], row, twin):
            if a != b:
                return k, name, str(a)[:300], str(b)[:300]
    return None


def test_no_algorithm_is_left_out():
    there = {a.name() for a in QgsApplication.processingRegistry().providerById("evacuation").algorithms()}
    assert there == set(STEPS) | ELSEWHERE


@pytest.mark.parametrize("name", STEPS)
def test_the_database_gives_what_the_geopackage_gives(stores, name, tmp_path):
    package, tables = (ran(store, name, tmp_path / type(store).__name__) for store in stores)
    for key, expected in package.items():
        assert first_difference(tables[key], expected) is None, key
    held = [rows for value in package.values() if isinstance(value, tuple) for rows in value[1]]
    assert held or name == "exportsumo"
