"""``OUTPUT_NETWORK`` written into PostGIS runs in pgRouting as it is, and our routes are as quick as pgr_dijkstra's.

Places of ours may lie between junctions. Routes are held against pgRouting from their first junction to their last;
what lies before and after it is worked out from the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsRasterLayer, QgsVectorLayer
from scipy.spatial import cKDTree

from environment import ROOT
from evacuation_planner.plugin.layers.roads.elevation import Elevation
from evacuation_planner.plugin.solvers.roads.network import RoadNetwork
from evacuation_planner.plugin.solvers.roads.shortest_paths import fastest_paths, seconds_between
from tests.layers import county
from tests.layers.road_layers import ROADS, Log, read
from tests.postgis.database import Database
from tests.processing.routing_layers import INDIVIDUAL, PRESENT, QUEUE, layer, rows_of

CLOSE = {"rel": 1e-6}
SEED = 17
SAMPLE_CRS = "EPSG:4326"
HEIGHTS = ROADS.parent / "elevation.tif"
ROUNDED = 600.0  # s: nearestshelters rounds to 1 ms, which is less than CLOSE from here on


class Written(NamedTuple):
    """A network in a table: its database and name, how to get its road layer, its parameters, and the layer's CRS."""

    database: Database
    table: str
    roads: Callable[[], QgsVectorLayer]
    given: dict[str, Any]
    crs: str

    def as_read(self) -> RoadNetwork:
        """Return the network as our solvers have it."""
        if self.crs != SAMPLE_CRS:
            return read(self.roads(), length_field="length").network
        options = {"direction_field": "oneway", "speed_field": "maxspeed", "class_field": "highway"}
        if self.given.get("TRAVEL_MODE"):
            options |= {"travel_mode": 1, "elevation": Elevation(QgsRasterLayer(str(HEIGHTS), "heights"))}
        return read(self.roads(), **options).network

    def junctions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return number (n,) and position (n, 2) of the junctions of the largest part that no other lies on."""
        found = np.array(
            self.database.run(
                "SELECT DISTINCT ON (source) source, ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom)) "
                f"FROM {self.table} WHERE component = 1 ORDER BY source"
            )
        )
        alone = cKDTree(found[:, 1:]).query(found[:, 1:], k=2)[0][:, 1] > self.metre
        return found[alone, 0].astype(int), found[alone, 1:]

    @property
    def metre(self) -> float:
        """About a metre in units of the layer."""
        return 1e-5 if self.crs == SAMPLE_CRS else 1.0

    def costs(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """Return the seconds of pgr_dijkstra between pairs of junctions, those without a way left out."""
        self.database.run("CREATE TEMPORARY TABLE IF NOT EXISTS pairs (source bigint, target bigint)", "TRUNCATE pairs")
        wanted = sorted({pair for pair in pairs if pair[0] != pair[1]})
        self.database.run(
            "INSERT INTO pairs SELECT * FROM unnest(%s, %s)", values=[list(side) for side in zip(*wanted)]
        )
        edges = f"SELECT id, source, target, free_flow_s AS cost FROM {self.table}"
        rows = self.database.run(
            f"SELECT start_vid, end_vid, agg_cost FROM pgr_dijkstra('{edges}', 'SELECT * FROM pairs') WHERE edge = -1"
        )
        return {(a, b): seconds for a, b, seconds in rows}


def city() -> QgsVectorLayer:
    """Return the roads of the sample city."""
    return QgsVectorLayer(f"{ROADS}|layername=roads", "roads", "ogr")


@pytest.fixture(scope="module", params=["county", "sample", "afoot"])
def written(request: pytest.FixtureRequest, database: Database) -> Written:
    """The network of a road layer, written by ``checkroads`` into PostGIS; ``afoot`` is the sample city of walkers."""
    name, given = request.param, {"NETWORK_ID_FIELD": "road_id"}
    if name == "county" and not county.FOLDER.is_dir():
        pytest.skip(county.MISSING)
    made = {
        "county": Written(database, name, county.county, {**given, "LENGTH_FIELD": "length"}, county.CRS),
        "sample": Written(database, name, city, given, SAMPLE_CRS),
        "afoot": Written(database, name, city, {**given, "TRAVEL_MODE": 1, "ELEVATION": str(HEIGHTS)}, SAMPLE_CRS),
    }[name]
    outputs = {"OUTPUT": "memory:", "OUTPUT_NETWORK": f"postgis:{database.uri(name)}"}
    processing.run("evacuation:checkroads", {"NETWORK": made.roads(), **made.given, **outputs}, feedback=Log())
    return made


def places(written: Written, name: str, key: str, xy: np.ndarray) -> QgsVectorLayer:
    """Return points that are named by their number."""
    rows = [(f"POINT({x!r} {y!r})", [str(k)]) for k, (x, y) in enumerate(xy.tolist())]
    return layer("Point", f"&field={key}:string", rows, name, written.crs)


def test_the_table_is_the_network(written: Written) -> None:
    run, table = written.database.run, written.table
    ((rows, pieces, keys),) = run(f"SELECT count(*), count(DISTINCT piece), count(DISTINCT id) FROM {table}")
    assert rows == keys > pieces > 10_000
    assert run(f"SELECT count(*) FROM {table} WHERE capacity <= 0 OR lanes <= 0 OR free_flow_s <= 0") == [(0,)]
    kinds = "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = ANY(%s)"
    assert run(kinds, values=[table, ["piece", "source", "target"]]) == [("bigint",)]
    apart = (
        "SELECT max(ST_Distance(ST_EndPoint(a.geom), ST_StartPoint(b.geom))) "
        f"FROM {table} a JOIN {table} b ON a.target = b.source"
    )
    assert run(apart)[0][0] < 1e-3 * written.metre
    edges = f"SELECT id, source, target, 1 AS cost, 1 AS reverse_cost FROM {table}"
    parts = (
        f"SELECT count(DISTINCT c.component), count(DISTINCT n.component), count(DISTINCT (c.component, n.component)) "
        f"FROM pgr_connectedComponents('{edges}') c JOIN {table} n ON n.source = c.node"
    )
    ((theirs, ours, both),) = run(parts)
    assert theirs == ours == both


def nearest(written: Written, chosen: np.ndarray, halls: int, k: int) -> list[dict[str, Any]]:
    """Return the rows of ``nearestshelters`` from places to the last ``halls`` of them, with both ends of the line."""
    asked = {
        "ZONES": places(written, "zones", "zone_id", chosen[:-halls]), "K": k, "OUTPUT": "memory:",
        "SHELTERS": places(written, "halls", "site_id", chosen[-halls:]), "NETWORK": written.roads(), **written.given,
    }  # fmt: skip
    found = processing.run("evacuation:nearestshelters", asked, feedback=Log())["OUTPUT"]
    lines = [feature.geometry().asPolyline() for feature in found.getFeatures()]
    ends = [((line[0].x(), line[0].y()), (line[-1].x(), line[-1].y())) for line in lines]
    return [{**row, "ends": pair} for row, pair in zip(rows_of({"OUTPUT": found}), ends)]


def test_nearest_shelters_are_pgroutings(written: Written) -> None:
    number, xy = written.junctions()
    chosen = xy[np.random.default_rng(SEED).choice(len(number), 220, replace=False)]
    tree, ours, pairs = cKDTree(xy), [], []
    of_zone: dict[str, list[float]] = {}
    for row in nearest(written, chosen, 20, 0):
        away, node = tree.query(row["ends"])
        if away.max() < 1e-3 * written.metre:  # else a place joined another road, beside its junction
            ours.append(row["free_flow_s"])
            pairs.append(tuple(number[node].tolist()))
            of_zone.setdefault(row["zone_id"], []).append(row["free_flow_s"])
    assert len(ours) > 0.9 * 200 * 20
    costs = written.costs(pairs)
    theirs = [costs.get(pair, 0.0 if pair[0] == pair[1] else np.inf) for pair in pairs]
    far = np.array(ours) > ROUNDED
    assert np.count_nonzero(far) > 1000
    assert np.array(ours)[far] == pytest.approx(np.array(theirs)[far], **CLOSE)
    assert ours == pytest.approx(theirs, rel=0, abs=5.1e-4 + 1e-6 * max(ours))
    swapped = written.database.run(
        "SELECT end_vid, start_vid, agg_cost FROM pgr_dijkstraCost("
        f"'SELECT id, target AS source, source AS target, free_flow_s AS cost FROM {written.table}', "
        "'SELECT target AS source, source AS target FROM pairs')"
    )
    assert {(a, b): cost for a, b, cost in swapped} == pytest.approx(costs, rel=1e-9)
    few: dict[str, list[float]] = {}
    for row in nearest(written, chosen, 20, 3):
        few.setdefault(row["zone_id"], []).append(row["free_flow_s"])
    whole = [zone for zone, found in of_zone.items() if len(found) == 20]
    assert len(whole) > 100
    assert all(few[zone] == sorted(of_zone[zone])[:3] for zone in whole)


class Stretch(NamedTuple):
    """A stretch of a path on one piece: the junctions at which it begins and ends, None where it is cut; seconds."""

    begins: int | None
    ends: int | None
    seconds: float


class Pieces:
    """Where each piece lies on its road, by the rows of a network."""

    def __init__(self, written: Written) -> None:
        columns = "road_id, direction, piece, source, target, length_m, free_flow_s"
        self.rows: dict[tuple[str, str], list[tuple[float, float, int, int, float]]] = {}
        begin: dict[str, float] = {}
        last = None
        for road, way, piece, source, target, length, seconds in written.database.run(
            f"SELECT {columns} FROM {written.table} ORDER BY piece, direction DESC"
        ):
            if piece != last:
                start = begin.get(road, 0.0)
                begin[road], last = start + length, piece
            ends = (source, target)
            self.rows.setdefault((road, way), []).append((start, start + length, *ends, seconds))

    def stretch(self, road: str, way: str, begin: float, end: float) -> Stretch:
        """Return what a stretch of OUTPUT_PATHS is."""
        low, high = min(begin, end), max(begin, end)
        first, last, source, target, seconds = min(
            self.rows[road, way], key=lambda row: max(row[0] - low, high - row[1])
        )
        assert first - 1e-3 < low and high < last + 1e-3
        if way == "backward":
            first, last = last, first
        begins, ends = abs(begin - first) < 1e-3, abs(end - last) < 1e-3
        share = 1.0 if begins and ends else (high - low) / abs(last - first)
        return Stretch(source if begins else None, target if ends else None, seconds * share)


def trips_of(written: Written, count: int) -> QgsVectorLayer:
    """Return lines from drawn junctions, half of them up to 200 m off, to 20 of them."""
    _, xy = written.junctions()
    rng = np.random.default_rng(SEED)
    goals = xy[rng.choice(len(xy), 20, replace=False)]
    starts = xy[rng.choice(len(xy), count, replace=False)]
    starts[count // 2 :] += rng.uniform(-200.0, 200.0, (count - count // 2, 2)) * written.metre
    rows = []
    for k, ((a, b), goal) in enumerate(zip(starts.tolist(), rng.integers(0, 20, count).tolist())):
        c, d = goals[goal].tolist()
        rows.append((f"LINESTRING({a!r} {b!r},{c!r} {d!r})", [str(k), str(goal), 1]))
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:integer"
    return layer("LineString", fields, rows, "trips", written.crs)


@pytest.mark.parametrize("flow_model", [QUEUE, PRESENT])
def test_individual_routes_are_pgroutings(written: Written, flow_model: int) -> None:
    outputs = dict.fromkeys(("OUTPUT", "OUTPUT_PATHS", "OUTPUT_VEHICLES"), "memory:")
    asked = {
        "TRIPS": trips_of(written, 600),
        "NETWORK": written.roads(),
        "METHOD": INDIVIDUAL,
        "FLOW_MODEL": flow_model,
    }
    found = processing.run("evacuation:routeevacuation", {**asked, **written.given, **outputs}, feedback=Log())
    pieces, paths = Pieces(written), {}
    for row in rows_of(found, "OUTPUT_PATHS"):
        stretch = pieces.stretch(row["road_id"], row["direction"], row["from_m"], row["to_m"])
        paths.setdefault(row["route_id"], {})[row["sequence"]] = stretch
    seconds = {row["route_id"]: row["free_flow_s"] for row in rows_of(found)}
    ours, outside, inside = [], [], []
    for row in rows_of(found, "OUTPUT_VEHICLES"):
        parts = [paths.get(row[name], {}) for name in ("start_path", "route_id")]
        path = [part[k] for part in parts for k in sorted(part)]
        first = next((k for k, stretch in enumerate(path) if stretch.begins is not None), None)
        if first is None:  # between two junctions
            continue
        last = max(k for k, stretch in enumerate(path) if stretch.ends is not None)
        ours.append(seconds[row["route_id"]])
        outside.append(sum(stretch.seconds for stretch in path[:first] + path[last + 1 :]))
        inside.append((path[first].begins, path[last].ends))
    assert len(ours) > 550 and np.count_nonzero(outside) > 200
    costs = written.costs(inside)
    assert ours == pytest.approx([more + costs.get(pair, 0.0) for more, pair in zip(outside, inside)], **CLOSE)


def test_the_readmes_example_runs(written: Written) -> None:
    example = re.search(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    statement = example[1].replace("network", written.table)
    within = {int(node): 60 * minutes for node, minutes in written.database.run(statement)}
    assert len(within) > 5 and max(within.values()) <= 900
    network = written.as_read()
    drawn = np.random.default_rng(SEED).choice(network.node_count, 40)
    goals = np.concatenate([drawn, np.array(list(within))[:40] - 1])
    seconds = seconds_between(network, [0], goals)[0].tolist()
    expected = {int(goal) + 1: found for goal, found in zip(goals, seconds) if found <= 900}
    assert expected == pytest.approx({node: within.get(node) for node in expected}, **CLOSE)
    assert not {int(goal) + 1 for goal in goals} & (set(within) - set(expected))


def test_a_copy_of_the_geopackage_is_the_same_graph(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "network.gpkg"
    given = {"NETWORK": city(), "NETWORK_ID_FIELD": "road_id", "OUTPUT": "memory:", "OUTPUT_NETWORK": str(target)}
    processing.run("evacuation:checkroads", given, feedback=Log())
    written = QgsVectorLayer(str(target), "network", "ogr")
    database.copy(written, "copied")
    way = (
        "SELECT c.length_m, c.free_flow_s FROM pgr_dijkstra("
        "'SELECT fid AS id, source, target, free_flow_s AS cost FROM copied', %s, %s) r JOIN copied c ON c.fid = r.edge"
    )
    network = read(city(), direction_field="oneway", speed_field="maxspeed", class_field="highway").network
    for source, target in ((10, 4000), (8000, 77), (2500, 6000)):
        (arcs,) = fastest_paths(network, [(source, target)])
        metres, seconds = np.array(database.run(way, values=[source + 1, target + 1])).T
        assert seconds.sum() == pytest.approx(network.free_flow[arcs].sum(), **CLOSE) and len(arcs) > 20
        assert metres.tolist() == pytest.approx(network.length[arcs].tolist(), **CLOSE)  # arc by arc, in order
