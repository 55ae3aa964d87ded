"""``evacuation:checkroads`` on a table of roads, against the same on the GeoPackage it was copied from."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsVectorLayer

import environment

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"


def checked(network) -> tuple[dict, list]:
    """Return the numbers and the problems, by road."""
    found = processing.run(
        "evacuation:checkroads", {"NETWORK": network, "NETWORK_ID_FIELD": "road_id", "OUTPUT": "memory:"}
    )
    problems = sorted((f["problem"], f["road_id"], f.geometry().asWkt(9)) for f in found.pop("OUTPUT").getFeatures())
    return found, problems


def test_a_table_is_checked_as_the_geopackage_it_was_copied_from(database):
    roads = QgsVectorLayer(f"{SAMPLE}|layername=roads", "roads", "ogr")
    copy = database.copy(roads, "roads")
    assert copy.dataProvider().name() == "postgres" and copy.featureCount() == roads.featureCount() > 0
    assert checked(copy) == checked(roads)
