"""``evacuation:mendroads`` through the registry: what is written, and the network it gives."""

from __future__ import annotations

import numpy as np
import processing
import pytest
import shapely
from qgis.core import NULL, QgsVectorLayer, QgsWkbTypes
from scipy.spatial import cKDTree

from tests.layers.road_layers import layer, read

EAST, NORTH = 500_000, 6_700_000
FIELDS = "&field=name:string&field=oneway:string&field=maxspeed:string&field=lanes:integer&field=capacity:double"
OPTIONS = {
    "id_field": "road_id",
    "direction_field": "oneway",
    "speed_field": "maxspeed",
    "lanes_field": "lanes",
    "capacity_field": "capacity",
}


def line(*vertices: tuple[float, float]) -> str:
    return "LINESTRING(" + ",".join(f"{EAST + x!r} {NORTH + y!r}" for x, y in vertices) + ")"


def roads(*rows, fields=FIELDS) -> QgsVectorLayer:
    rows = tuple(row if isinstance(row[0], list) else [row] for row in rows)
    values = [[f"r{k}", *row[1:], *[NULL] * (4 - len(row[1:]))] for k, row in enumerate(rows)]
    return layer([line(*row[0]) for row in rows], fields, values)


def mend(network, **parameters):
    return processing.run(
        "evacuation:mendroads", {"NETWORK": network, "NETWORK_ID_FIELD": "name", "OUTPUT": "memory:", **parameters}
    )


def drawn(output) -> list[tuple[str, str, list[tuple[float, float]]]]:
    return [
        (
            f["road_id"],
            f["mended"],
            [(round(v.x() - EAST, 6), round(v.y() - NORTH, 6)) for v in f.geometry().vertices()],
        )
        for f in output.getFeatures()
    ]


def content(output) -> list:
    return [(f.attributes(), f.geometry().asWkb().data()) for f in output.getFeatures()]


def arcs(network) -> list:
    """Return the arcs by their ends, whatever the numbering and however roads are cut."""
    xy = network.node_xy.round(3)
    return sorted(
        (tuple(xy[a]), tuple(xy[b]), round(float(length), 3), float(speed), float(lanes), float(capacity))
        for a, b, length, speed, lanes, capacity in zip(
            network.tail, network.head, network.length, network.speed, network.lanes, network.capacity
        )
    )


def test_a_road_is_split_where_an_end_touches_it():
    found = mend(roads([(0, 0), (100, 0)], [(50, 0.004), (50, 80)]))
    assert drawn(found["OUTPUT"]) == [
        ("r0", "split", [(0, 0), (50, 0.004)]),
        ("r0", "split", [(50, 0.004), (100, 0)]),
        ("r1", "", [(50, 0.004), (50, 80)]),
    ]
    assert (found["SPLIT"], found["JOINED"], found["REMOVED"]) == (1, 0, 0)
    network = read(found["OUTPUT"], id_field="road_id").network
    assert (network.piece_count, network.node_count) == (3, 4)


def test_ends_within_the_tolerance_are_joined():
    found = mend(roads([(0, 0), (100, 0)], [(100.4, 0), (200, 0)]), TOLERANCE=0.5)
    assert drawn(found["OUTPUT"]) == [("r0", "", [(0, 0), (100, 0)]), ("r1", "end joined", [(100, 0), (200, 0)])]
    assert found["JOINED"] == 1
    assert read(found["OUTPUT"], tolerance=0.0).network.node_count == 3


def test_near_misses_are_lengthened_to_the_road():
    layer_ = roads([(0, 0), (100, 0)], [(50, 2), (50, 80)], [(103, 0), (200, 0)], [(20, 0.5), (20, 2.5)])
    assert mend(layer_)["JOINED"] == 0
    found = mend(layer_, NEAR_MISS=3)
    rows = drawn(found["OUTPUT"])
    assert rows == [
        ("r0", "split; end joined", [(0, 0), (20, 0)]),
        ("r0", "split; end joined", [(20, 0), (50, 0)]),
        ("r0", "split; end joined", [(50, 0), (100, 0), (103, 0)]),
        ("r1", "end joined", [(50, 0), (50, 2), (50, 80)]),
        ("r2", "", [(103, 0), (200, 0)]),
        ("r3", "end joined", [(20, 0), (20, 0.5), (20, 2.5)]),
    ]
    assert found["JOINED"] == 3
    network = read(found["OUTPUT"], tolerance=0.0).network
    assert (network.piece_count, network.node_count) == (6, 7)


def test_crossings_are_split_on_request_and_not_across_levels():
    rows = ([[(0, 0), (100, 0)]], [[(50, -50), (50, 50)]], [[(80, -50), (80, 50)]])
    assert mend(roads(*rows))["SPLIT"] == 0
    found = mend(roads(*rows), SPLIT_CROSSINGS=True)
    assert found["SPLIT"] == 3
    assert read(found["OUTPUT"], tolerance=0.0).network.piece_count == 7
    bridge = layer([line(*row[0]) for row in rows], "&field=name:string&field=bridge:string",
                   [["a", "no"], ["b", "yes"], ["c", NULL]])  # fmt: skip
    found = mend(bridge, SPLIT_CROSSINGS=True)
    assert [row[0] for row in drawn(found["OUTPUT"])] == ["a", "a", "b", "c", "c"]


@pytest.mark.parametrize("seed", range(4))
def test_crossings_are_those_of_shapely(seed):
    draw = np.random.default_rng(seed)
    lines = [[tuple(v) for v in draw.uniform(0, 1000, (draw.integers(2, 5), 2)).round(2).tolist()] for _ in range(25)]
    found = mend(roads(*[[row] for row in lines]), SPLIT_CROSSINGS=True, TOLERANCE=0.0)
    expected = shapely.get_parts(shapely.unary_union([shapely.linestrings(row) for row in lines]))
    written = np.array([shapely.linestrings(row[2]) for row in drawn(found["OUTPUT"])])
    assert len(written) == len(expected) > 300

    def middles(shapes):
        return np.column_stack(
            [
                shapely.get_coordinates(shapely.line_interpolate_point(shapes, 0.5, normalized=True)),
                shapely.length(shapes),
            ]
        )

    far, which = cKDTree(middles(expected)).query(middles(written))
    assert far.max() < 1e-4
    assert sorted(which) == list(range(len(expected)))


DOUBLES = {
    "one-way both ways": ([[(0, 0), (100, 0)], "yes"], [[(100, 0), (0, 0)], "yes"]),
    "two-way again": ([[(0, 0), (100, 0)], "no", "50", 2], [[(100, 0), (0, 0)], "no", "30", 4]),
    "each way its own": ([[(0, 0), (100, 0)], "yes", "50", 1, 700], [[(100, 0), (0, 0)], "yes", "30", 2, 900]),
    "three": ([[(0, 0), (100, 0)], "no"], [[(0, 0), (100, 0)], "yes", "20", 3], [[(0, 0), (100, 0)], "-1", "80"]),
    "capacity of a copy": ([[(0, 0), (100, 0)], "no"], [[(0, 0), (100, 0)], "no", NULL, NULL, 1500]),
    "in part": ([[(0, 0), (50, 0), (100, 0)], "no", "50"], [[(50, 0), (0, 0)], "no", "30"]),
    "long over short": ([[(0, 0), (60, 0)]], [[(60, 0), (100, 0)]], [[(60, 0), (60, 50)]], [[(0, 0), (100, 0)], "yes"]),
    "overlap": ([[(0, 0), (70, 0)], "yes"], [[(40, 0), (100, 0)], "no"]),
    "one closed, one of four": (
        [[(0, 0), (100, 0)], "no"], [[(0, 0), (0, 90)], "-1"], [[(0, 90), (0, 0)], "no", "60"], [[(100, 0), (0, 90)]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBLES)
def test_doubles_are_merged_into_what_reading_makes_of_them(name):
    before = roads(*DOUBLES[name])
    found = mend(before)
    assert arcs(read(found["OUTPUT"], **OPTIONS).network) == arcs(
        read(before, **{**OPTIONS, "id_field": "name"}).network
    )
    again = mend(found["OUTPUT"])
    assert content(again["OUTPUT"]) == content(found["OUTPUT"])
    assert (again["SPLIT"], again["JOINED"], again["REMOVED"]) == (0, 0, 0)
    merged = read(found["OUTPUT"], **OPTIONS).network
    assert len(merged.copies) == (2 if name in ("each way its own", "three") else 0)


def test_a_merged_road_says_what_was_done():
    found = mend(roads(*DOUBLES["two-way again"]))
    (feature,) = found["OUTPUT"].getFeatures()
    assert [feature[n] for n in ("name", "oneway", "maxspeed", "lanes", "mended")] == [
        "r0", "no", "30", 4, "merged with r1",
    ]  # fmt: skip
    assert found["REMOVED"] == 1
    assert mend(roads(*DOUBLES["two-way again"]), REMOVE_DOUBLES=False)["OUTPUT"].featureCount() == 2


def test_doubles_stay_where_the_layer_cannot_say_their_direction():
    lines = layer([line((0, 0), (100, 0)), line((100, 0), (0, 0))], "&field=name:string", [["a"], ["b"]])
    assert mend(lines, DEFAULT_DIRECTION=0)["OUTPUT"].featureCount() == 2
    assert mend(lines)["OUTPUT"].featureCount() == 1


def test_doubles_stay_where_the_layer_cannot_say_what_two_classes_give():
    shapes, values = [line((0, 0), (100, 0)), line((100, 0), (0, 0))], [["a", "residential"], ["b", "primary"]]
    lines = layer(shapes, "&field=name:string&field=highway:string", values)
    found = mend(lines)["OUTPUT"]
    assert found.featureCount() == 2
    for same in (lines, found):
        assert read(same, class_field="highway").network.capacity.tolist() == [1500, 1500]
    assert mend(lines, USE_CLASSES=False)["OUTPUT"].featureCount() == 1


def test_what_two_classes_give_is_written_where_there_are_fields_for_it():
    shapes, values = [line((0, 0), (100, 0)), line((100, 0), (0, 0))], [["a", "residential"], ["b", "primary"]]
    fields = f"{FIELDS}&field=highway:string"
    lines = layer(shapes, fields, [[name, NULL, NULL, NULL, NULL, kind] for name, kind in values])
    found = mend(lines)["OUTPUT"]
    assert found.featureCount() == 1
    options = {**OPTIONS, "class_field": "highway"}
    before = read(lines, **{**options, "id_field": "name"}).network
    assert arcs(read(found, **options).network) == arcs(before)
    assert (before.speed.tolist(), before.capacity.tolist()) == ([30, 30], [1500, 1500])


@pytest.mark.parametrize("seed", range(3))
def test_mending_twice_changes_nothing_more(seed):
    draw = np.random.default_rng(seed)
    lines = [[tuple(v) for v in (draw.integers(0, 12, (draw.integers(2, 5), 2)) * 9.7).tolist()] for _ in range(30)]
    rows = [[row, str(draw.choice(["yes", "no", "-1"])), str(draw.choice([30, 50]))] for row in lines]
    once = mend(roads(*rows), SPLIT_CROSSINGS=True, NEAR_MISS=1.0)
    twice = mend(once["OUTPUT"], SPLIT_CROSSINGS=True, NEAR_MISS=1.0)
    assert content(twice["OUTPUT"]) == content(once["OUTPUT"])


def test_heights_multi_lines_and_what_is_no_road_stay():
    fields = "&field=name:string&field=highway:string"
    shapes = [
        f"MULTILINESTRING Z(({EAST} {NORTH} 1, {EAST + 100} {NORTH} 3), "
        f"({EAST + 100} {NORTH} 3, {EAST + 100} {NORTH + 9} 3))",
        f"MULTILINESTRING Z(({EAST + 50} {NORTH} 2, {EAST + 50} {NORTH + 50} 2))",
        f"MULTILINESTRING Z(({EAST} {NORTH} 1, {EAST + 9} {NORTH + 9} 3))",
        None,
    ]
    values = [["a", "residential"], ["b", "residential"], ["c", "footway"], ["d", "residential"]]
    found = mend(layer(shapes, fields, values, kind="MultiLineStringZ"))
    assert found["OUTPUT"].wkbType() == QgsWkbTypes.Type.LineStringZ
    rows = [(f["name"], f["mended"], [v.z() for v in f.geometry().vertices()]) for f in found["OUTPUT"].getFeatures()]
    assert rows == [
        ("a", "split", [1, 2]), ("a", "split", [2, 3]), ("a", "split", [3, 3]), ("b", "", [2, 2]), ("c", "", [1, 3]),
    ]  # fmt: skip
