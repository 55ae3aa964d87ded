"""Hazards across 180 degrees, at the poles, very wide, and their buffers in metres: checked against geodesics."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingException,
    QgsVectorLayer,
)

from tests.processing.shelter_layers import Log, rows_of

ZONE = "field=zone_id:string&field=population:integer"


def layer(kind, rows, fields=ZONE, crs="EPSG:4326", name="zones"):
    made = QgsVectorLayer(f"{kind}?crs={crs}&{fields}", name, "memory")
    features = []
    for wkt, values in rows:
        feature = QgsFeature(made.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(values)
        features.append(feature)
    assert made.dataProvider().addFeatures(features)[0]
    return made


def ring(west, south, east, north):
    return f"(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


def rectangle(*box):
    return "POLYGON" + ring(*box)


def two_parts(west, south, east, north):
    return f"MULTIPOLYGON({ring(west, south, 180, north)},{ring(-180, south, east, north)})"


def at_risk(zones, *hazards, log=None, crs="EPSG:4326", buffer=0.0):
    water = layer("Polygon" if not hazards[0].startswith("M") else "MultiPolygon", [(h, [1]) for h in hazards],
                  "field=n:integer", crs, "water")  # fmt: skip
    given = {"ZONES": zones, "HAZARD": water, "HAZARD_BUFFER": buffer, "OUTPUT": "memory:"}
    result = processing.run("evacuation:zonesatrisk", given, feedback=log or Log())
    return {row["zone_id"]: row["population"] for row in rows_of(result["OUTPUT"])}


ACROSS = {
    "jump": rectangle(179.95, -17.5, -179.95, -16.5),
    "other way round": rectangle(-179.95, -17.5, 179.95, -16.5),
    "runs on": rectangle(179.95, -17.5, 180.05, -16.5),
    "runs on westwards": rectangle(-180.05, -17.5, -179.95, -16.5),
    "parts": two_parts(179.95, -17.5, -179.95, -16.5),
}
ZONES_ACROSS = {
    "jump": rectangle(179.9, -17.1, -179.9, -16.9),
    "runs on": rectangle(179.9, -17.1, 180.1, -16.9),
    "parts": two_parts(179.9, -17.1, -179.9, -16.9),
}


@pytest.mark.parametrize("hazard", ACROSS)
@pytest.mark.parametrize("zone", ZONES_ACROSS)
def test_hazard_and_zone_across_180_degrees_however_they_are_written(hazard, zone):
    kind = "MultiPolygon" if zone == "parts" else "Polygon"
    zones = layer(kind, [(ZONES_ACROSS[zone], ["A", 1000]), (rectangle(178, -17.1, 178.2, -16.9), ["W", 1000])])
    # a degree of longitude at 17 degrees south: 106.49 km; the hazard 0.1 degrees wide and 500 m more on each side
    log = Log()
    assert at_risk(zones, ACROSS[hazard], log=log) == {"A": 500}
    assert any("HAZARD" in text and "crossing 180 degrees" in text for text in log.said) == (hazard != "parts")
    assert at_risk(zones, ACROSS[hazard], buffer=500) == {"A": 547}


@pytest.mark.parametrize("others", [[], ["POINT(5000000 3000000)"]])
@pytest.mark.parametrize("first", [True, False])
def test_a_zone_at_the_origin_of_its_system_is_where_it_is(others, first):
    points = ["POINT(0 0)", *others] if first else [*others, "POINT(0 0)"]
    rows = [(wkt, ["origin" if wkt == "POINT(0 0)" else "far", 5]) for wkt in points]
    assert at_risk(layer("Point", rows, crs="EPSG:3857"), rectangle(-0.01, -0.01, 0.01, 0.01)) == {"origin": 5}


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:3832", "EPSG:32760"])
def test_zones_across_180_degrees_in_a_projected_system(crs):
    from qgis.core import QgsCoordinateTransform

    zone = QgsGeometry.fromWkt(ZONES_ACROSS["parts"]).densifyByDistance(0.01)
    there = QgsCoordinateReferenceSystem(crs)
    zone.transform(
        QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), there, QgsCoordinateTransformContext())
    )
    zones = layer("MultiPolygon", [(zone.asWkt(9), ["A", 1000])], crs=crs)
    assert at_risk(zones, ACROSS["jump"], buffer=500) == {"A": 547}
    if crs == "EPSG:3857":  # drawn on beyond the edge of the map
        edge = 20037508.342789244
        x, south, north = edge * 0.1 / 180, *(zone.boundingBox().yMinimum(), zone.boundingBox().yMaximum())
        beyond = layer("Polygon", [(rectangle(edge - x, south, edge + x, north), ["A", 1000])], crs=crs)
        assert at_risk(beyond, ACROSS["jump"], buffer=500) == {"A": 547}


WHOLE = (rectangle(-180, -90, 180, 90), rectangle(-179.9, -89.9, 179.9, 89.9), rectangle(0, -90, 360, 90))


@pytest.mark.parametrize(
    ("hazard", "buffer"),
    [(WHOLE[0], 0.0), (WHOLE[0], 500.0), (WHOLE[1], 0.0), (WHOLE[1], 3e7), (WHOLE[2], 3e6)],
)
def test_in_a_hazard_of_the_whole_world_is_everybody(hazard, buffer):
    rows = [
        (rectangle(-71.3, -29.95, -71.2, -29.9), ["Coquimbo", 100]),
        (rectangle(100, 60, 140, 75), ["Siberia", 200]),
        (ZONES_ACROSS["jump"], ["Fiji", 300]),
        (rectangle(-179, -89.5, 179, -89), ["the south", 4]),
    ]
    everybody = {values[0]: values[1] for _, values in rows}
    if hazard == WHOLE[1] and buffer < 20_000:  # leaves 0.2 degrees at 180 free, 21.3 km
        everybody["Fiji"] = round(300 * 2 * buffer / 21_298)
        everybody = {name: people for name, people in everybody.items() if people}
    assert at_risk(layer("Polygon", rows), hazard, buffer=buffer) == everybody
    utm = layer("Polygon", [("POLYGON((280000 6690000,281000 6690000,281000 6691000,280000 6690000))", ["U", 5])],
                crs="EPSG:32719")  # fmt: skip
    assert at_risk(utm, hazard, buffer=buffer) == {"U": 5}


def geodesic_metres(x0, y0, x1, y1):
    measure = QgsDistanceArea()
    measure.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext())
    measure.setEllipsoid("EPSG:7030")
    return measure.measureLine(QgsPointXY(x0, y0), QgsPointXY(x1, y1))


def nearest_metres(box, x, y, step):
    """Shortest geodesic from a point to a rectangle's border, by sampling it."""
    west, south, east, north = box
    if west <= x <= east and south <= y <= north:
        return 0.0
    along = [west + (east - west) * k / step for k in range(step + 1)]
    up = [south + (north - south) * k / step for k in range(step + 1)]
    border = [(a, b) for a in along for b in (south, north)] + [(a, b) for a in (west, east) for b in up]
    return min(geodesic_metres(x, y, a, b) for a, b in border)


@pytest.mark.parametrize(
    ("box", "metres"),
    [
        ((-71.3, -29.95, -71.2, -29.9), 5_000.0),
        ((-20.0, 40.0, 30.0, 65.0), 300_000.0),  # 4,000 km across
        ((10.0, 70.0, 12.0, 71.0), 2_500_000.0),  # the pole lies in the buffer
        ((-5.0, -5.0, 5.0, 5.0), 12_000_000.0),  # more than half the earth, with both poles
        ((150.0, -50.0, 175.0, -30.0), 900_000.0),  # reaches over 180 degrees
    ],
)
def test_a_buffer_is_as_wide_in_metres_anywhere(box, metres):
    points, inside = [], {}
    for k in range(36):
        for row in range(17):
            x, y = (box[0] + box[2]) / 2 + 10.0 * k, -85.0 + 10.5 * row
            points.append(((x + 180) % 360 - 180, y))
    for k in range(24):  # and close to the border
        turn = 2 * math.pi * k / 24
        size = metres / 111_000.0
        points.append((box[0] + size * math.cos(turn), box[1] + 0.9 * size * math.sin(turn)))
    points = [(x, y) for x, y in points if abs(y) < 89.0]
    for k, (x, y) in enumerate(points):
        distance = nearest_metres(box, x, y, 60)
        if abs(distance - metres) > 0.01 * metres:  # sampling is no more exact
            inside[k] = distance < metres
    zones = layer("Point", [(f"POINT({x} {y})", [str(k), 1]) for k, (x, y) in enumerate(points)])
    found = at_risk(zones, rectangle(*box), buffer=metres)
    assert {k: str(k) in found for k in inside} == inside
    assert any(inside.values()) and not all(inside.values())


def test_around_the_pole():
    ice = [f"{x} 85" for x in (*range(0, 181, 20), *range(-160, 1, 20))]
    zones = layer(
        "Point", [("POINT(90 88)", ["near", 1]), ("POINT(-90 84.9)", ["buffer", 1]), ("POINT(3 84)", ["far", 1])]
    )
    pole = f"POLYGON(({','.join(ice)}))"
    assert at_risk(zones, pole) == {"near": 1}
    assert at_risk(zones, pole, buffer=20_000) == {"near": 1, "buffer": 1}
    stereographic = QgsGeometry.fromWkt("POINT(0 0)").buffer(550_000, 40).asWkt(3)
    assert at_risk(zones, stereographic, crs="EPSG:3413") == {"near": 1}


@pytest.mark.parametrize("kind", ["ZONES", "HAZARD", "SITES"])
def test_metres_declared_as_degrees_are_named_and_degrees_declared_as_metres_warned_of(kind):
    metres, degrees = rectangle(280000, 6690000, 281000, 6691000), rectangle(-71.3, -29.95, -71.2, -29.9)
    right = layer("Polygon", [(degrees, ["a", 1])])
    line = layer("LineString", [("LINESTRING(-71.3 -29.95, -71.2 -29.9)", ["a", 1])])
    given = {"ZONES": right, "OUTPUT": "memory:"}
    if kind == "SITES":
        name, given = "recommendshelters", {**given, "NETWORK": line, "OUTPUT_SELECTED": "memory:"}
    else:
        name, given = "zonesatrisk", {**given, "HAZARD": right}
    wrong = layer("Polygon", [(metres, ["a", 1])], name="moved")
    with pytest.raises(QgsProcessingException, match=f"{kind}: “moved”.*cannot be degrees.*EPSG:4326.*280000"):
        processing.run(f"evacuation:{name}", {**given, kind: wrong})
    if kind != "SITES":
        log = Log()
        wrong = layer("Polygon", [(degrees, ["a", 1])], crs="EPSG:32719", name="moved")
        processing.run(f"evacuation:{name}", {**given, kind: wrong}, feedback=log)
        assert log.warned(kind, "moved", "look like degrees", "EPSG:32719")
