"""Layers and calls for the tests of evacuation:allocatemetroresources."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsFeature, QgsGeometry, QgsProcessingFeedback, QgsVectorLayer

import environment

ALGORITHM = "evacuation:allocatemetroresources"
SAMPLE = environment.ROOT / "resources" / "metro" / "sample" / "nanjing.gpkg"
SINKS = dict.fromkeys(("OUTPUT", "OUTPUT_STATIONS", "OUTPUT_UNMET", "OUTPUT_CONVERGENCE"), "memory:")
SUPPLY = "station_id:string(20),resource:string(40),inventory:double,unit_cost:double"
DEMAND = "incident_id:string(20),resource:string(40),quantity:double"
TRAVEL = "station_id:string(20),incident_id:string(20),minutes:double,km:double"
FILES: dict[str, Path] = {}


def copy_case(folder: Path) -> None:
    """Work with a copy of the sample: QGIS changes the header of a GeoPackage that it opens."""
    FILES["case"] = Path(shutil.copy(SAMPLE, folder))


class Said(QgsProcessingFeedback):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.warnings, self.infos = [], []

    def pushWarning(self, warning):
        self.warnings.append(warning)

    def pushInfo(self, info):
        self.infos.append(info)

    @property
    def warned(self):
        return "\n".join(self.warnings)


def layer(kind, fields, rows, crs="EPSG:4326"):
    """Make a memory layer; rows are (WKT or None, values)."""
    parts = "&".join(f"field={field}" for field in fields.split(","))
    made = QgsVectorLayer(f"{kind}{'?crs=' + crs + '&' if kind != 'None' else '?'}{parts}", "made", "memory")
    assert made.isValid()
    features = []
    for wkt, values in rows:
        feature = QgsFeature(made.fields())
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes(list(values))
        features.append(feature)
    assert made.dataProvider().addFeatures(features)[0]
    return made


def points(field, rows, crs="EPSG:4326"):
    """Make a point layer of (id, x, y)."""
    return layer("Point", f"{field}:string(20)", [(f"POINT({x} {y})", [name]) for name, x, y in rows], crs)


def table(fields, rows):
    """Make a table."""
    return layer("None", fields, [(None, row) for row in rows])


def small(**changes):
    """Two rescue points, one incident, one type: A is near with 5 units at 9, B far with 50 at 1."""
    given = {
        "STATIONS": points("station_id", [("A", 118.75, 32.0), ("B", 118.90, 32.0)]),
        "SUPPLY": table(SUPPLY, [["A", "mask", 5, 9.0], ["B", "mask", 50, 1.0]]),
        "INCIDENTS": points("incident_id", [("E", 118.76, 32.0)]),
        "DEMAND": table(DEMAND, [["E", "mask", 20]]),
        **SINKS,
    }
    return {**given, **changes}


def run(parameters, feedback=None):
    import processing

    return processing.run(ALGORITHM, parameters, feedback=feedback or Said())


def rows(made, *names):
    """Return the values of the named fields, sorted."""
    return sorted(tuple(feature[name] for name in names) for feature in made.getFeatures())


def nanjing(**changes):
    """The sample case's parameters."""
    names = {
        "STATIONS": "rescue_points",
        "SUPPLY": "supply",
        "INCIDENTS": "incidents",
        "DEMAND": "demand",
        "TRAVEL": "travel",
    }
    given = {parameter: f"{FILES['case']}|layername={name}" for parameter, name in names.items()}
    return {**given, **SINKS, **changes}


PUBLISHED = [
    ("S1", "emergency searchlight", 25),
    ("S1", "fume extractor", 3),
    ("S1", "gas mask", 100),
    ("S3", "emergency searchlight", 50),
    ("S3", "fume extractor", 9),
    ("S3", "gas mask", 200),
    ("S4", "emergency searchlight", 11),
    ("S4", "gas mask", 68),
]
