"""A made-up city for chain tests: a grid of streets, zones in the west where the water comes, parks in the east.

Nothing is named as in the sample, and every layer has a reference system of its own.
"""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsVectorLayer,
)

UTM = "EPSG:32633"
EAST, NORTH, BLOCK = 500_000.0, 5_400_000.0, 200.0


def make_layer(kind: str, crs: str, fields: str, rows: list[tuple[str, list]], name: str) -> QgsVectorLayer:
    """Return a memory layer from rows of (WKT in UTM zone 33, values)."""
    layer = QgsVectorLayer(f"{kind}?crs={crs}{fields}", name, "memory")
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem(UTM), QgsCoordinateReferenceSystem(crs), QgsCoordinateTransformContext()
    )
    features = []
    for wkt, values in rows:
        feature = QgsFeature(layer.fields())
        geometry = QgsGeometry.fromWkt(wkt)
        geometry.transform(transform)
        feature.setGeometry(geometry)
        feature.setAttributes(values)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def fields(*names: str) -> str:
    """Return the part of a memory layer's address that declares its fields."""
    return "".join(f"&field={name}" for name in names)


def square(x: float, y: float, side: float) -> str:
    """Return a square of blocks as WKT, its lower left corner at block (x, y)."""
    x0, y0, x1, y1 = x, y, x + side, y + side
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    return "POLYGON((" + ",".join(f"{EAST + a * BLOCK} {NORTH + b * BLOCK}" for a, b in ring) + "))"


def make_city(size: int = 10) -> dict[str, QgsVectorLayer]:
    """Return the layers of the city: streets, quarters, parks and water."""
    streets = []
    for k in range(size + 1):
        for vertical in (False, True):
            line = [(k, j) if vertical else (j, k) for j in range(size + 1)]
            points = ",".join(f"{EAST + x * BLOCK} {NORTH + y * BLOCK}" for x, y in line)
            one_way = "yes" if vertical and k % 3 == 1 else "no"
            streets.append((f"LINESTRING({points})", [f"s{len(streets)}", one_way, "30 mph" if k == 5 else "50"]))
    quarters = [
        (square(x + 0.1, y + 0.1, 0.8), [f"q{x}-{y}", 40 + 7 * x + 3 * y, 11 + x])
        for x in range(size // 2)
        for y in range(size)
    ]
    parks = [(square(size - 2 + 0.2, y + 0.2, 0.6), [f"park {y}", 900]) for y in range(1, size, 2)]
    water = [(square(-5, -1, 7.55), [1]), (square(-5, 6, 7.55), [2])]
    return {
        "streets": make_layer(
            "LineString", UTM, fields("ref:string", "oneway:string", "maxspeed:string"), streets, "streets"
        ),
        "quarters": make_layer(
            "Polygon", "EPSG:4326", fields("quarter:string", "people:integer", "guests:integer"), quarters, "quarters"
        ),
        "parks": make_layer("Polygon", "EPSG:3857", fields("park:string", "room:integer"), parks, "parks"),
        "water": make_layer("Polygon", "EPSG:4326", fields("n:integer"), water, "water"),
    }
