"""``OUTPUT_NETWORK`` of ``checkroads`` is the graph that the other algorithms route on: its rows alone, in networkx,
give the times of our own trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import processing
import pytest
from qgis.core import NULL, QgsVectorLayer

from evacuation_planner.plugin.layers.roads.options import ReadNetwork
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.shortest_paths import reverse_trees
from tests.layers import county
from tests.layers.road_layers import ROADS, read
from tests.processing.closing_layers import box, closures, hazard, raster
from tests.processing.routing_layers import EAST, NORTH, Log, layer, line, rows_of

networkx = pytest.importorskip("networkx")
EXACT = {"rel": 1e-9, "abs": 1e-9}
FIELDS = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=lanes:double&field=layer:integer"


def rows(roads: Any, **given: Any) -> list[dict[str, Any]]:
    """Return the network's rows, each with its line as a list of points."""
    outputs = {"OUTPUT": "memory:", "OUTPUT_NETWORK": "memory:"}
    found = processing.run("evacuation:checkroads", {"NETWORK": roads, **outputs, **given}, feedback=Log())
    network = found["OUTPUT_NETWORK"]
    drawn = [[(p.x(), p.y()) for p in f.geometry().asPolyline()] for f in network.getFeatures()]
    table = [{**row, "drawn": points} for row, points in zip(rows_of(found, "OUTPUT_NETWORK"), drawn)]
    pieces = [(row["piece"], row["direction"]) for row in table]
    assert len(set(pieces)) == len(pieces)
    assert {row["piece"] for row in table} <= set(range(1, found["PIECES"] + 1))
    assert {row[end] for row in table for end in ("source", "target")} <= set(range(1, found["NODES"] + 1))
    return table


def graph_of(table: list[dict[str, Any]]) -> networkx.MultiDiGraph:
    graph = networkx.MultiDiGraph()
    for row in table:
        graph.add_edge(row["source"], row["target"], key=(row["piece"], row["direction"]), weight=row["free_flow_s"])
    return graph


def same_times(table: list[dict[str, Any]], network: Any, goals: list[int], nodes: int) -> None:
    """Hold networkx on the rows against our trees to ``goals`` from the first ``nodes`` nodes of a network."""
    graph = graph_of(table).reverse(copy=False)
    trees = reverse_trees(network, goals)[:, :nodes]
    for goal, tree in zip(goals, trees):
        found = np.full(nodes, np.inf)
        if goal + 1 in graph:
            times = networkx.single_source_dijkstra_path_length(graph, goal + 1)
            found[np.array(list(times)) - 1] = list(times.values())
        found[goal] = 0.0
        assert np.isfinite(found).sum() > 1
        assert tree == pytest.approx(found, **EXACT)


def of_roads(table: list[dict[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return source, target and direction of the rows of each road."""
    out: dict[str, list[tuple[Any, ...]]] = {}
    for row in table:
        out.setdefault(row["road_id"], []).append((row["source"], row["target"], row["direction"]))
    return out


def town() -> QgsVectorLayer:
    """One-way, two-way, parallel ways, a loop, a bridge over a crossing, a road drawn twice and one cut in two."""
    drawn = [
        (line((0, 0), (500, 0), (1000, 0)), ["main", "no", 36, 4, 0]),
        (line((0, 0), (0, 300), (1000, 300), (1000, 0)), ["round", "no", 72, 2, 0]),
        (line((1000, 0), (500, -50), (0, 0)), ["back", "yes", 50, 2, 0]),
        (line((500, 0), (500, 800)), ["side", "-1", 50, 1, 0]),
        (line((500, 800), (600, 900), (400, 900), (500, 800)), ["loop", "no", 30, 2, 0]),
        (line((500, 800), (450, 700), (550, 700), (500, 800)), ["rundown", "yes", 30, 1, 0]),
        (line((500, 300), (500, 500)), ["over", "no", 30, 2, 1]),
        (line((1000, 0), (1500, 0)), ["twice", "yes", 50, 2, 0]),
        (line((1500, 0), (1000, 0)), ["again", "yes", 40, 1, 0]),
        (line((5000, 0), (5100, 0)), ["island", "no", 50, 2, 0]),
    ]
    return layer("LineString", FIELDS, drawn, "town")


def test_rows_by_hand() -> None:
    table = rows(town(), NETWORK_ID_FIELD="road_id", LANES_FIELD="lanes")
    found = of_roads(table)
    assert [len(found[road]) for road in ("back", "side", "loop", "rundown", "island")] == [1, 1, 2, 1, 2]
    assert [way for _, _, way in found["main"]] == ["forward", "backward"] * 2
    (begin, middle, _), (_, end, _) = found["main"][0], found["main"][2]
    assert found["main"] == [
        (begin, middle, "forward"), (middle, begin, "backward"), (middle, end, "forward"), (end, middle, "backward"),
    ]  # fmt: skip
    assert found["back"] == [(end, begin, "forward")]  # beside “main”, with the same junctions
    assert found["side"][0][1] == middle and found["side"][0][2] == "backward"
    (turn, same, _), _ = found["loop"]
    assert turn == same == found["side"][0][0] == found["rundown"][0][0] == found["rundown"][0][1]
    assert "again" not in found and [way for _, _, way in found["twice"]] == ["forward", "backward"]
    by = {(row["road_id"], row["direction"]): row for row in table}
    ahead, against = by["twice", "forward"], by["twice", "backward"]
    assert (ahead["speed"], against["speed"], ahead["lanes"], against["lanes"]) == (50, 40, 2, 1)
    assert ahead["piece"] == against["piece"] and ahead["capacity"] == 2 * against["capacity"] == 1800
    assert by["side", "backward"]["drawn"] == [(EAST + 500, NORTH + 800), (EAST + 500, NORTH)]
    assert by["main", "backward"]["lanes"] == 2 and by["main", "backward"]["free_flow_s"] == pytest.approx(50, rel=1e-3)


def test_lines_run_from_source_to_target() -> None:
    table = rows(town(), NETWORK_ID_FIELD="road_id")
    place: dict[int, tuple[float, float]] = {}
    for row in table:
        for node, xy in ((row["source"], row["drawn"][0]), (row["target"], row["drawn"][-1])):
            assert xy == pytest.approx(place.setdefault(node, xy), abs=1e-6)
    ways = {(row["piece"], row["direction"]): row["drawn"] for row in table}
    for (piece, way), drawn in ways.items():
        if way == "backward" and (piece, "forward") in ways:
            assert np.array(drawn) == pytest.approx(np.array(ways[piece, "forward"])[::-1], abs=1e-6)


def test_times_of_the_town_are_those_of_our_trees() -> None:
    network = read(town(), id_field="road_id", direction_field="oneway", speed_field="maxspeed").network
    table = rows(town(), NETWORK_ID_FIELD="road_id")
    same_times(table, network, [0, 1, 2, int(network.tail[-1])], network.node_count)


def test_walkers_go_both_ways_at_their_own_speeds(tmp_path) -> None:
    column = EAST - 200 + 10 * (np.arange(300) + 0.5)
    heights = np.tile(0.1 * (column - EAST), (200, 1))
    ground = raster(tmp_path, heights, EAST - 200, NORTH + 1200, 10.0, name="hill")
    table = rows(town(), NETWORK_ID_FIELD="road_id", TRAVEL_MODE=1, ELEVATION=ground)
    by = {(row["road_id"], row["direction"]): row for row in table if row["road_id"] == "back"}
    assert set(by) == {("back", "forward"), ("back", "backward")}  # one-way signs do not count
    down, up = by["back", "forward"], by["back", "backward"]
    assert down["piece"] == up["piece"] and up["free_flow_s"] > 1.2 * down["free_flow_s"]
    assert (down["source"], down["target"]) == (up["target"], up["source"])
    assert {row["lanes"] for row in table} == {NULL} and all(row["capacity"] > 1000 for row in table)
    times = networkx.single_source_dijkstra_path_length(graph_of(table), down["source"])
    back = networkx.single_source_dijkstra_path_length(graph_of(table), down["target"])
    assert times[down["target"]] != pytest.approx(back[down["source"]], rel=0.1)


def test_what_never_opens_is_out_and_what_closes_later_is_in() -> None:
    plain = of_roads(rows(town(), NETWORK_ID_FIELD="road_id"))
    for_good = closures("None", [(None, [None, None, "back", None])])
    assert set(plain) - set(of_roads(rows(town(), NETWORK_ID_FIELD="road_id", CLOSURES=for_good))) == {"back"}
    one_way = closures("None", [(None, [None, None, "main", "backward"])])
    given = {"NETWORK_ID_FIELD": "road_id", "CLOSURES_DIRECTION_FIELD": "way"}
    left = of_roads(rows(town(), CLOSURES=one_way, **given))
    assert [way for _, _, way in left["main"]] == ["forward"] * 2 and set(left) == set(plain)
    for_a_while = closures("None", [(None, [5.0, 20.0, "back", None])])
    late = {"CLOSURES": for_a_while, "HAZARD": hazard([(box(1100, -50, 1200, 50), 10.0)])}
    assert of_roads(rows(town(), NETWORK_ID_FIELD="road_id", **late)) == plain


def test_a_barrier_cuts_a_piece_and_its_parts_are_rows() -> None:
    area = layer("Polygon", "&field=n:integer", [(box(700, -20, 800, 20), [1])], "works")
    table = rows(town(), NETWORK_ID_FIELD="road_id", BARRIERS=area)
    network = read(town(), area, id_field="road_id", direction_field="oneway", speed_field="maxspeed").network
    assert len(of_roads(table)["main"]) == 6 and "back" in of_roads(table)
    same_times(table, network, [0, 1, 2], network.node_count)


@pytest.mark.skipif(not county.FOLDER.is_dir(), reason=county.MISSING)
def test_times_in_a_county_are_those_of_our_trees() -> None:
    roads = county.county(4000)
    table = rows(roads, NETWORK_ID_FIELD="road_id", LENGTH_FIELD="length")
    network = read(roads, id_field="road_id", length_field="length").network
    assert len(table) == network.arc_count > 7500
    same_times(table, network, [0, 500, 1500], network.node_count)


@pytest.fixture(scope="module")
def sample() -> tuple[list[dict[str, Any]], ReadNetwork]:
    """The rows of the sample city, and its network as other algorithms read it."""
    if not ROADS.is_file():
        pytest.skip("the sample city is not there (make setup)")
    roads = QgsVectorLayer(f"{ROADS}|layername=roads", "roads", "ogr")
    options = {"direction_field": "oneway", "speed_field": "maxspeed", "lanes_field": "lanes", "class_field": "highway"}
    return rows(roads, NETWORK_ID_FIELD="road_id"), read(roads, id_field="road_id", **options)


def test_times_in_the_sample_city_are_those_of_our_trees(sample) -> None:
    table, found = sample
    network = found.network
    assert len(table) == network.arc_count
    same_times(table, network, [0, 4000, 9000], network.node_count)
    for name, values in (("capacity", network.capacity), ("lanes", network.lanes), ("length_m", network.length)):
        assert sorted(row[name] for row in table) == pytest.approx(np.sort(values).tolist(), **EXACT)


def test_places_that_cut_roads_change_no_time_between_junctions(sample) -> None:
    table, found = sample
    before, rng = found.network, np.random.default_rng(5)
    middle = before.node_xy[before.tail] + rng.uniform(0.2, 0.8, (before.arc_count, 1)) * (
        before.node_xy[before.head] - before.node_xy[before.tail]
    )
    places = middle[rng.choice(before.arc_count, 300, replace=False)] + rng.uniform(-20, 20, (300, 2))
    after = join_points(before, places, 500.0).network
    assert after.piece_count > before.piece_count + 200
    same_times(table, after, [0, 4000, 9000], before.node_count)


def test_the_rows_read_as_roads_again_are_the_same_graph() -> None:
    outputs = {"OUTPUT": "memory:", "OUTPUT_NETWORK": "memory:"}
    given = {"NETWORK": town(), "NETWORK_ID_FIELD": "road_id", **outputs}
    first = processing.run("evacuation:checkroads", given, feedback=Log())
    again = {"NETWORK": first["OUTPUT_NETWORK"], "NETWORK_ID_FIELD": "road_id", "SPEED_FIELD": "speed", **outputs}
    again |= {"DIRECTION_FIELD": None, "DEFAULT_DIRECTION": 0, "LANES_FIELD": "lanes"}
    second = processing.run("evacuation:checkroads", again, feedback=Log())

    def edges(found: dict[str, Any]) -> list[tuple[Any, ...]]:
        return sorted(
            (row["road_id"], round(row["length_m"], 6), round(row["free_flow_s"], 6), row["lanes"])
            for row in rows_of(found, "OUTPUT_NETWORK")
        )

    assert edges(second) == edges(first)
