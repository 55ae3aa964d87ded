"""Places of several layers and reference systems joined to one network at once."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsProcessingContext,
    QgsVectorLayer,
)

from evacuation_planner.plugin.layers.places import Places, read_places
from evacuation_planner.plugin.layers.roads.joining import join_places
from evacuation_planner.plugin.layers.transforming import transform_vertices
from evacuation_planner.plugin.solvers.roads.shortest_paths import travel
from tests.layers.road_layers import Log, layer, read, source_of

STREETS = [
    "LINESTRING(500000 6700000, 500400 6700000)",
    "LINESTRING(500400 6700000, 500400 6700400)",
    "LINESTRING(500400 6700400, 500000 6700400, 500000 6700000)",
]


def places(memory: QgsVectorLayer, parameter: str) -> Places:
    return read_places(source_of(memory, QgsProcessingContext()), parameter, "id", QgsProcessingContext(), Log())


def point_layer(points, crs="EPSG:32719"):
    return layer([f"POINT({x} {y})" for x, y in points], "&field=id:string", [[f"p{k}"] for k in range(len(points))],
                 crs=crs, kind="Point")  # fmt: skip


def test_groups_join_one_network_and_travel_between_them():
    roads = read(layer(STREETS))
    zones = places(point_layer([(500100, 6700005), (500100, 6700395)]), "ZONES")
    polygon = "POLYGON((500300 6699980, 500320 6699980, 500320 6700020, 500300 6700020, 500300 6699980))"
    sites = places(layer([polygon], "&field=id:string", [["s"]], kind="Polygon"), "SITES")
    joined_roads, (from_zones, to_sites) = join_places(roads, [zones, sites], 100, QgsProcessingContext(), Log())
    assert joined_roads.crs == roads.crs
    assert from_zones.node.shape == (2,)
    assert from_zones.distance == pytest.approx([5, 5])
    metres = travel(joined_roads.network, from_zones.node, to_sites.node).metres[:, 0]
    assert metres * 0.9996 == pytest.approx([210, 790], rel=1e-4)


def test_places_in_another_reference_system_join_at_the_same_point():
    roads = read(layer(STREETS))
    here = places(point_layer([(500100, 6700005)]), "ZONES")
    utm, wgs = QgsCoordinateReferenceSystem("EPSG:32719"), QgsCoordinateReferenceSystem("EPSG:4326")
    degrees = transform_vertices(here.xy, utm, wgs, QgsCoordinateTransformContext())
    there = places(point_layer(degrees.tolist(), "EPSG:4326"), "SITES")
    assert abs(there.xy[0, 0] + 69) < 0.01
    joined_roads, (first, same) = join_places(roads, [here, there], 100, QgsProcessingContext(), Log())
    assert first.node[0] == same.node[0] >= 0
    assert joined_roads.network.node_xy[first.node[0]] == pytest.approx([500100, 6700000], abs=1e-3)
    assert same.distance == pytest.approx([5], abs=1e-3)


def test_places_that_cannot_join_are_named_with_the_reason():
    log = Log()
    zones = places(point_layer([(500100, 6700005), (500100, 6691000)]), "ZONES")
    _, (joined,) = join_places(read(layer(STREETS)), [zones], 500, QgsProcessingContext(), log)
    assert joined.node[0] >= 0
    assert joined.node[1] == -1
    assert joined.reasons[1] == "9,000 m from the nearest road that can be left (limit 500 m)"
    assert log.warned == [
        "ZONES: 1 of 2 place(s) of “roads” could not be joined to the road network: p1: 9,000 m from the nearest "
        "road that can be left (limit 500 m). Move them, add the missing roads, or raise "
        "MAX_SNAP_DISTANCE."
    ]


@pytest.mark.parametrize(("below", "farther", "loud"), [(50, 45, False), (150, 145, True)])
def test_passing_over_a_dead_end_is_said_the_louder_the_farther(below, farther, loud):
    roads = read(
        layer([*STREETS, "LINESTRING(500200 6700000, 500200 6699800)"], "&field=oneway:string",
              [["no"], ["no"], ["no"], ["yes"]]),
        direction_field="oneway", tolerance=0,
    )  # fmt: skip
    log = Log()
    zones = places(point_layer([(500205, 6700000 - below)]), "ZONES")
    read_again, (joined,) = join_places(roads, [zones], 500, QgsProcessingContext(), log)
    assert joined.farther == pytest.approx([farther])
    assert read_again.network.node_xy[joined.node[0]] == pytest.approx([500205, 6700000])
    heard = log.warned if loud else log.said
    (told,) = [text for text in heard if "1 place(s) of “roads” join a road farther" in text]
    assert f"p0: {farther:.1f} m" in told


def test_a_place_inside_a_barrier_is_not_moved_out_of_it():
    wall = layer(["POLYGON((500090 6699900, 500300 6699900, 500300 6700100, 500090 6700100, 500090 6699900))"],
                 kind="Polygon")  # fmt: skip
    log = Log()
    roads = read(layer(STREETS), barriers=wall)
    zones = places(point_layer([(500200, 6700005), (500090, 6700005), (500050, 6700005)]), "ZONES")
    _, (joined,) = join_places(roads, [zones], 500, QgsProcessingContext(), log)
    assert joined.reasons == ["inside a barrier", "", ""]
    assert joined.node[0] == -1 and (joined.node[1:] >= 0).all()
    assert joined.distance[1] == pytest.approx(5)
    assert len(log.warned) == 1
    assert log.warned[0].startswith(
        "ZONES: 1 of 3 place(s) of “roads” lie inside a barrier and are not joined to the road network: p0."
    )


def test_a_layer_nowhere_near_the_roads_gets_one_sentence():
    roads, log = read(layer(STREETS)), Log()
    elsewhere = places(point_layer([(10.0, 50.0), (10.01, 50.0)], "EPSG:4326"), "ZONES")
    _, (joined,) = join_places(roads, [elsewhere], 500, QgsProcessingContext(), log)
    assert (joined.node < 0).all()
    assert len(log.warned) == 1
    assert log.warned[0].startswith("ZONES: “roads” lies nowhere near the roads of NETWORK “roads”: ")
    assert "ZONES is in EPSG:4326 (WGS 84), NETWORK in EPSG:32719 (" in log.warned[0]
    assert log.warned[0].endswith("No place of it joins the roads (MAX_SNAP_DISTANCE 500 m).")


def test_no_places():
    roads = read(layer(STREETS))
    empty = places(point_layer([]), "ZONES")
    same, (joined,) = join_places(roads, [empty], 500, QgsProcessingContext(), Log())
    assert same.network.piece_count == roads.network.piece_count
    assert len(joined.node) == 0
    assert join_places(roads, [], 500, QgsProcessingContext(), Log())[1] == []
    assert np.array_equal(same.network.length, roads.network.length)
