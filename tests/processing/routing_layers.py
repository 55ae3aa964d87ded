"""Small cases for the tests of ``evacuation:routeevacuation``: layers, a run, its rows."""

from __future__ import annotations

import processing
import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

UTM = "EPSG:32633"
EAST, NORTH = 500_000.0, 5_400_000.0
INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL, INFORMED = range(5)
PRESENT, CUMULATIVE, QUEUE = range(3)


class Log(QgsProcessingFeedback):
    """Keeps what an algorithm says."""

    def __init__(self) -> None:
        super().__init__(False)
        self.warnings: list[str] = []
        self.said: list[str] = []

    def pushWarning(self, warning: str) -> None:
        self.warnings.append(warning)

    def pushInfo(self, info: str) -> None:
        self.said.append(info)

    @property
    def text(self) -> str:
        return "\n".join(self.warnings + self.said)


def at(x: float, y: float) -> str:
    return f"{EAST + x} {NORTH + y}"


def layer(kind: str, fields: str, rows: list[tuple[str | None, list]], name: str, crs: str = UTM) -> QgsVectorLayer:
    """A memory layer from rows of (WKT or None, values)."""
    made = QgsVectorLayer(f"{kind}?{'crs=' + crs if kind != 'None' else ''}{fields}", name, "memory")
    features = []
    for wkt, values in rows:
        feature = QgsFeature(made.fields())
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(values)
        features.append(feature)
    assert made.dataProvider().addFeatures(features)[0]
    return made


def line(*points: tuple[float, float]) -> str:
    return "LINESTRING(" + ", ".join(at(*p) for p in points) + ")"


def roads(rows: list[tuple[str, list]] | None = None) -> QgsVectorLayer:
    """Two ways from (0, 0) to (2000, 0): straight on, and over (1000, 400); both 1 lane a direction, 36 km/h."""
    if rows is None:
        rows = [
            (line((0, 0), (1000, 0)), ["west", "no", 36]),
            (line((1000, 0), (2000, 0)), ["east", "no", 36]),
            (line((0, 0), (1000, 400)), ["up", "no", 36]),
            (line((1000, 400), (2000, 0)), ["down", "no", 36]),
        ]
    return layer("LineString", "&field=road_id:string&field=oneway:string&field=maxspeed:double", rows, "streets")


def trips(rows: list[tuple[str | None, list]] | None = None, extra: str = "") -> QgsVectorLayer:
    if rows is None:
        rows = [(line((0, 0), (2000, 0)), ["a", "s", 500])]
    fields = "&field=zone_id:string&field=shelter_id:string&field=people:double" + extra
    return layer("LineString", fields, rows, "groups")


def run(log: Log | None = None, context: QgsProcessingContext | None = None, **parameters):
    """Route under ``present``; under the default flow model with FLOW_MODEL=None."""
    base = {
        "FLOW_MODEL": PRESENT,
        "TRIPS": trips(),
        "NETWORK": roads(),
        "NETWORK_ID_FIELD": "road_id",
        "DEPARTURE_WINDOW": 10,
        "PEOPLE_PER_VEHICLE": 1,
        **dict.fromkeys(("OUTPUT", "OUTPUT_ROADS", "OUTPUT_CLEARANCE", "OUTPUT_UNROUTED"), "TEMPORARY_OUTPUT"),
    }
    return processing.run("evacuation:routeevacuation", {**base, **parameters}, feedback=log or Log(), context=context)


def rows_of(found, name: str = "OUTPUT") -> list[dict]:
    return [dict(zip(f.fields().names(), f.attributes())) for f in found[name].getFeatures()]


def failure(**parameters) -> str:
    with pytest.raises(QgsProcessingException) as caught:
        run(**parameters)
    return str(caught.value)


def hazard() -> QgsVectorLayer:
    ring = ", ".join(at(*p) for p in ((-300, -300), (500, -300), (500, 600), (-300, 600), (-300, -300)))
    return layer("Polygon", "&field=n:integer", [(f"POLYGON(({ring}))", [1])], "water")


def background(rows: list[list]) -> QgsVectorLayer:
    return layer(
        "None", "field=road_id:string&field=time:string&field=value:double", [(None, r) for r in rows], "traffic"
    )
