"""Road layers of every kind read as networks."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import NULL, QgsGeometry, QgsProcessingContext

from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.roads.network import read_network
from evacuation_planner.plugin.layers.roads.options import NetworkOptions
from evacuation_planner.plugin.layers.roads.route_geometry import arcs_geometries
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.roads.shortest_paths import fastest_paths, travel
from tests.layers.road_layers import Log, layer, read, source_of

CROSS = ["LINESTRING(0 0, 10 0, 20 0)", "LINESTRING(10 -5, 10 0, 10 5)"]


def placed(text: str) -> str:
    """Move a drawing about (0, 0) into the middle of UTM zone 19 south."""
    geometry = QgsGeometry.fromWkt(text)
    geometry.translate(500_000, 6_700_000)
    return geometry.asWkt(6)


def placed_layer(lines, *args, **kwargs):
    return layer([placed(line) if isinstance(line, str) else line for line in lines], *args, **kwargs)


def test_lines_are_split_where_they_share_a_vertex():
    found = read(placed_layer(CROSS))
    assert found.network.piece_count == 4
    assert found.network.node_count == 5
    assert found.network.arc_count == 8
    assert found.network.road_ids == ["1", "2"]
    assert found.rejected == []
    assert found.network.speed.tolist() == [40.0] * 8


@pytest.mark.parametrize("kind", ["LineStringZ", "LineStringM", "LineStringZM", "MultiLineString", "MultiLineStringZ"])
def test_multipart_z_and_m(kind):
    plain = read(placed_layer(CROSS)).network
    found = read(placed_layer(CROSS, kind=kind)).network
    assert np.array_equal(found.piece_xy, plain.piece_xy)
    assert found.length == pytest.approx(plain.length)


def test_parts_of_one_feature_are_one_road():
    found = read(placed_layer(["MULTILINESTRING((0 0, 10 0), (10 0, 10 10), (50 0, 60 0))"], kind="MultiLineString"))
    assert found.network.piece_count == 3
    assert found.network.node_count == 5
    assert set(found.network.piece_road.tolist()) == {0}


def test_curves_are_straightened():
    arc = QgsGeometry.fromWkt("CompoundCurve(CircularString(499900 6700000, 500000 6700100, 500100 6700000))")
    found = read(layer([arc], kind="CompoundCurve"))
    assert found.network.length[0] == pytest.approx(np.pi * 100, rel=2e-3)  # the scale of the zone is 0.9996
    assert len(found.network.piece_xy) > 10


def test_unusable_features_are_given_back_with_a_reason_and_named():
    log = Log()
    lines = [*CROSS, None, "LINESTRING(3 3, 3 3)", "LINESTRING EMPTY"]
    broken = QgsGeometry.fromWkt("LINESTRING(500000 6700000, 500001 6700001)")
    broken.get().setXAt(1, float("nan"))
    memory = placed_layer([*lines, broken], "&field=name:string", [[f"street {k}"] for k in range(6)])
    found = read(memory, log=log, id_field="name")
    assert found.network.piece_count == 4
    assert found.rejected == [
        ("street 2", "no geometry"),
        ("street 3", "no length"),
        ("street 4", "no length"),
        ("street 5", "coordinates that are not numbers"),
    ]
    assert found.rejected_xy[1].tolist() == [500_003, 6_700_003]
    assert np.isnan(found.rejected_xy[0]).all()
    assert "4 feature(s) of “roads” cannot be used: street 2: no geometry; street 3" in "\n".join(log.warned)


def test_a_layer_in_degrees_with_a_latitude_that_cannot_be():
    found = read(layer(["LINESTRING(-71 -30, -71.01 -30)", "LINESTRING(-71 -30, -71 -95)"], crs="EPSG:4326"))
    assert found.rejected == [("2", "coordinates outside the range of the layer's reference system")]
    assert found.crs.authid() == "EPSG:32719"


def test_osm_texts_for_direction_speed_and_lanes():
    memory = placed_layer(
        ["LINESTRING(0 0, 10 0)", "LINESTRING(10 0, 20 0)", "LINESTRING(20 0, 30 0)", "LINESTRING(30 0, 40 0)"],
        "&field=oneway:string&field=maxspeed:string&field=lanes:string",
        [["yes", "50", "2"], ["-1", "30 mph", "2;3"], ["no", "50;30", "4"], [NULL, NULL, NULL]],
    )
    log = Log()
    net = read(memory, log=log, direction_field="oneway", speed_field="maxspeed", lanes_field="lanes").network
    way = [np.flatnonzero(net.piece == piece) for piece in range(4)]
    assert [net.forward[arcs].tolist() for arcs in way] == [[True], [False], [True, False], [True, False]]
    assert [net.speed[arcs[0]] for arcs in way] == pytest.approx([50, 48.28032, 30, 40])
    assert [net.lanes[arcs[0]] for arcs in way] == [2, 2, 2, 1]
    assert net.capacity.tolist() == (net.lanes * 900).tolist()
    assert net.free_flow == pytest.approx(3.6 * net.length / net.speed)
    assert any("1 road(s) have no speed: 40 km/h taken" in text for text in log.warned)


def test_values_of_the_direction_field_as_in_qgis():
    memory = placed_layer(
        [f"LINESTRING({k} 0, {k + 1} 0)" for k in range(4)], "&field=dir:integer", [[7], [8], [9], [1]]
    )
    options = {"direction_field": "dir", "value_forward": "7", "value_backward": "8", "value_both": "9"}
    net = read(memory, **options, default_direction=1).network
    assert [net.forward[net.piece == piece].tolist() for piece in range(4)] == [[True], [False], [True, False], [False]]


def test_a_field_of_yes_and_no_values_needs_no_explaining():
    memory = placed_layer(["LINESTRING(0 0, 1 0)", "LINESTRING(1 0, 2 0)"], "&field=oneway:bool", [[True], [False]])
    assert read(memory, direction_field="oneway").network.arc_count == 3


def test_barriers_close_the_stretch_inside_and_no_more():
    line = "LINESTRING(0 0, 100 0, 200 0, 300 0)"
    sides = ["LINESTRING(100 0, 100 50)", "LINESTRING(200 0, 200 50)"]
    wall = layer([placed("POLYGON((140 -9, 160 -9, 160 9, 140 9, 140 -9))")], kind="Polygon")
    log = Log()
    found = read(placed_layer([line, *sides]), barriers=wall, log=log)
    assert found.closed == 1
    assert found.network.piece_count == 6
    lengths = sorted(np.round(found.network.piece_lengths() * 0.9996).astype(int).tolist())
    assert lengths == [40, 40, 50, 50, 100, 100]
    assert "BARRIERS: 20 m of road are closed (1 pieces), cut at the border in 2 place(s)." in log.said


def test_barriers_in_another_reference_system_and_with_an_invalid_shape():
    bow_tie = QgsGeometry.fromWkt(placed("POLYGON((140 -9, 160 9, 160 -9, 140 9, 140 -9))"))
    from qgis.core import QgsCoordinateReferenceSystem as Crs
    from qgis.core import QgsCoordinateTransform, QgsCoordinateTransformContext

    bow_tie.transform(QgsCoordinateTransform(Crs("EPSG:32719"), Crs("EPSG:4326"), QgsCoordinateTransformContext()))
    wall = layer([bow_tie], kind="Polygon", crs="EPSG:4326")
    found = read(placed_layer(["LINESTRING(0 0, 100 0)", "LINESTRING(100 0, 200 0)"]), barriers=wall)
    assert sorted(np.round(found.network.piece_lengths() * 0.9996).astype(int).tolist()) == [40, 40, 100]


def test_a_layer_nowhere_near_the_roads_is_named_with_both_reference_systems():
    log = Log()
    wall = layer(["POLYGON((10 50, 11 50, 11 51, 10 50))"], kind="Polygon", crs="EPSG:4326")
    read(placed_layer(CROSS), barriers=wall, log=log)
    said = [text for text in log.warned if text.startswith("BARRIERS: “roads” lies nowhere near the roads of NETWORK")]
    assert len(said) == 1
    assert "EPSG:4326 (WGS 84)" in said[0] and "EPSG:32719 (" in said[0] and " km from their extent" in said[0]
    near = layer([placed("POLYGON((500 500, 510 500, 510 510, 500 500))")], kind="Polygon")
    read(placed_layer(CROSS), barriers=near, log=log)
    assert log.warned[-1] == "BARRIERS: no polygon of “roads” closes a road."


def test_a_barrier_over_everything_is_an_error():
    wall = layer([placed("POLYGON((-99 -99, 99 -99, 99 99, -99 99, -99 -99))")], kind="Polygon")
    with pytest.raises(LayerError, match="BARRIERS: the polygons close every road of “roads”"):
        read(placed_layer(CROSS), barriers=wall)


def test_an_empty_barrier_layer_closes_nothing():
    assert read(placed_layer(CROSS), barriers=layer([], kind="Polygon")).network.piece_count == 4


def test_errors_name_the_parameter_and_the_mend():
    with pytest.raises(LayerError, match="NETWORK: “roads” has no features. Choose a layer with roads"):
        read(layer([]))
    with pytest.raises(LayerError, match="NETWORK: “roads” has no coordinate reference system. Set it in"):
        read(layer(CROSS, crs=""))
    with pytest.raises(LayerError, match=r"none of the 1 feature.* can be used as a road \(1: no length\)"):
        read(placed_layer(["LINESTRING(1 1, 1 1)"]))
    with pytest.raises(LayerError, match="has no field “speed”. Its fields are: name"):
        read(placed_layer(CROSS, "&field=name:string", [["a"], ["b"]]), speed_field="speed")
    with pytest.raises(LayerError, match="the geometry is not a line"):
        read(layer([placed("POLYGON((0 0, 1 0, 1 1, 0 0))")], kind="Polygon"))


def test_a_network_in_300_pieces_is_a_warning():
    log = Log()
    found = read(placed_layer([f"LINESTRING({k * 50} 0, {k * 50 + 40} 0)" for k in range(300)]), log=log)
    assert found.network.piece_count == 300
    assert any("fall into 300 parts that are not connected; the largest has 2 of 600 nodes" in w for w in log.warned)


def test_cancelling_while_reading():
    memory = layer([placed(f"LINESTRING({k} 0, {k + 1} 0)") for k in range(12_000)])
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    context = QgsProcessingContext()
    with pytest.raises(Cancelled):
        read_network(
            source_of(memory, context),
            NetworkOptions(),
            None,
            context,
            Log(),
            Control(progress=lambda f, t="": None, cancelled=cancelled),
        )
    assert len(asked) == 2


def test_a_route_is_drawn_in_travel_order_in_the_crs_asked_for():
    found = read(placed_layer(["LINESTRING(0 0, 10 0, 20 0)", "LINESTRING(20 9, 20 0)"]))
    node = {
        tuple(np.round(xy - (500_000, 6_700_000)).astype(int).tolist()): k for k, xy in enumerate(found.network.node_xy)
    }
    arcs = fastest_paths(found.network, [(node[20, 9], node[0, 0])])[0]
    drawn, nothing = arcs_geometries(found, [arcs, []], found.crs, QgsProcessingContext())
    drawn.translate(-500_000, -6_700_000)
    assert drawn.asWkt(3) == "LineString (20 9, 20 0, 10 0, 0 0)"
    assert nothing.isNull()
    metres = travel(found.network, [node[20, 9]], [node[0, 0]]).metres[0, 0]
    assert metres == pytest.approx(29 / 0.9996, rel=1e-4)


def test_streets_drawn_once_for_each_direction_count_once():
    lines = ["LINESTRING(0 0, 1000 0)", "LINESTRING(1000 0, 2000 0)"]
    back = ["LINESTRING(1000 0, 0 0)", "LINESTRING(2000 0, 1000 0)"]
    once, log = read(placed_layer(lines)), Log()
    found = read(placed_layer(lines + back), log=log)
    for name in ("node_xy", "tail", "head", "length", "speed", "free_flow", "lanes", "capacity", "piece_xy"):
        assert np.array_equal(getattr(found.network, name), getattr(once.network, name)), name
    said = "NETWORK: 2 road(s) of “roads” are drawn on top of another (3 on 1; 4 on 2); each counts once"
    assert any(text.startswith(said) for text in log.said)


@pytest.mark.parametrize(
    ("fields", "values", "pieces"),
    [
        ("&field=Layer:integer", [[0], [1]], 2),
        ("&field=bridge:string", [["yes"], [NULL]], 2),
        ("&field=TUNNEL:string", [["F"], ["T"]], 2),
        ("&field=layer:string", [["north"], ["south"]], 1),  # the name QGIS gives the field with a merged layer's name
    ],
)
def test_copies_on_another_level_are_other_roads(fields, values, pieces):
    lines = ["LINESTRING(0 0, 1000 0)", "LINESTRING(1000 0, 0 0)"]
    assert read(placed_layer(lines, fields, values)).network.piece_count == pieces


def test_roads_on_different_levels_are_not_joined_where_they_cross():
    log = Log()
    found = read(placed_layer(CROSS, "&field=bridge:string", [["no"], ["yes"]]), log=log)
    assert (found.network.piece_count, found.network.node_count) == (2, 4)
    assert any("at 1 shared vertices roads cross on different levels" in text for text in log.said)
    high = [QgsGeometry.fromWkt(f"LINESTRING Z(0 0 {a}, 10 0 {a}, 20 0 {a})") for a in (0, 1, 3)]
    for geometry in high:
        geometry.translate(500_000, 6_700_000)
    up = QgsGeometry.fromWkt("LINESTRING Z(10 -5 3, 10 0 3, 10 5 3)")
    up.translate(500_000, 6_700_000)
    pieces = [read(layer([geometry, up], kind="LineStringZ")).network.piece_count for geometry in high]
    assert pieces == [2, 4, 4]


@pytest.mark.parametrize("kind", ["CompoundCurve", "MultiCurve", "CompoundCurveZ"])
def test_compound_curves_of_straight_parts_are_lines(kind):
    z = " 4" if kind.endswith("Z") else ""
    vertices = ", ".join(f"{500_000 + x} 6700000{z}" for x in (0, 10, 20))
    dimension = " Z" if z else ""
    line = f"CompoundCurve{dimension} (({vertices}))"
    text = f"MultiCurve ({line}, (500020 6700000, 500020 6700010))" if kind == "MultiCurve" else line
    found = read(layer([QgsGeometry.fromWkt(text)], kind=kind))
    assert found.rejected == []
    assert found.network.piece_count == (2 if kind == "MultiCurve" else 1)
    assert len(found.network.piece_xy) == (5 if kind == "MultiCurve" else 3)


def test_a_tolerance_above_the_length_of_a_block_is_warned_of():
    across = [f"LINESTRING({100 * k} {100 * n}, {100 * k + 100} {100 * n})" for k in range(2) for n in range(3)]
    along = [f"LINESTRING({100 * n} {100 * k}, {100 * n} {100 * k + 100})" for k in range(2) for n in range(3)]
    blocks = across + along
    log = Log()
    read(placed_layer(blocks), log=log, tolerance=150.0)
    assert any(text.startswith("TOLERANCE: 150 m swallows 11 of 12 pieces of road (of 1, 2, 3") for text in log.warned)
    log = Log()
    read(placed_layer(blocks), log=log, tolerance=20.0)
    assert log.warned == []


@pytest.mark.parametrize(("crs", "size"), [("EPSG:32719", 1000.0), ("EPSG:4326", 0.01)])
def test_a_closed_road_with_an_open_copy_is_named(crs, size):
    x, y = (-69, -30) if crs == "EPSG:4326" else (500_000, 6_700_000)
    streets = [f"LINESTRING({x} {y + k * size}, {x + size} {y + k * size})" for k in range(45)]
    copy = f"LINESTRING({x + size} {y}, {x} {y})"
    capacities = [["0"], ["0"], *[["800"]] * 44]  # the second street is closed in its only drawing
    log = Log()
    found = read(layer([*streets, copy], "&field=capacity:string", capacities, crs), log=log, capacity_field="capacity")
    assert found.network.piece_count == 44
    assert [text for text in log.warned if "drawn on top" in text] == [
        "NETWORK: 1 closed road(s) of “roads” are drawn on top of a road that is open, so that people still drive "
        "there: 1. Close every copy, or use BARRIERS."
    ]
