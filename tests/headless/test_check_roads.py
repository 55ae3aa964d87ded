"""``evacuation:checkroads`` as a user without a desktop runs it, with good roads and with bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsCoordinateReferenceSystem


def roads(folder: Path, lines: list[list[list[float]]], **properties: Any) -> str:
    """Write lines in degrees as GeoJSON."""
    features = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": line}}
        for line in lines
    ]
    path = folder / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def test_the_sample_city(qgis_process, sample, tmp_path):
    output, network = tmp_path / "problems.gpkg", tmp_path / "network.gpkg"
    done = qgis_process(
        "evacuation:checkroads", NETWORK=f"{sample}|layername=roads", HAZARD=f"{sample}|layername=flood",
        CLOSURES=f"{sample}|layername=closures", NETWORK_ID_FIELD="road_id", OUTPUT=str(output),
        OUTPUT_NETWORK=str(network),
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert done.results["CLOSING_ROADS"] > 10
    assert done.results["PIECES"] > 10_000
    assert done.results["NODES"] > 5_000
    assert output.is_file()
    assert network.is_file()


@pytest.mark.parametrize(
    ("lines", "parameters", "sentence"),
    [
        ([], {}, "NETWORK: “roads” has no features"),
        ([[[10, 50], [10, 50]]], {}, "NETWORK: none of the 1 feature(s) of “roads” can be used as a road"),
        ([[[10, 50], [10.1, 50]]], {"LANES_FIELD": "width"}, "LANES_FIELD: the layer “roads” has no field “width”"),
    ],
)
def test_bad_roads_fail_with_a_sentence_and_no_output(qgis_process, tmp_path, lines, parameters, sentence):
    output = tmp_path / "problems.gpkg"
    done = qgis_process(
        "evacuation:checkroads", NETWORK=roads(tmp_path, lines, name="a"), OUTPUT=str(output), **parameters
    )
    assert done.exit_code != 0
    assert sentence in done.said
    assert not output.exists()


def test_a_table_of_closures_and_a_raster_of_arrivals_in_hours(qgis_process, tmp_path):
    network = roads(tmp_path, [[[10.000, 50.0], [10.010, 50.0]], [[10.010, 50.0], [10.020, 50.0]]])
    (tmp_path / "works.csv").write_text("road_id,closed_from,closed_to,way\n1,5,20,forward\n", encoding="utf-8")
    header = "ncols 4\nnrows 2\nxllcorner 10.0\nyllcorner 49.999\ncellsize 0.001\nNODATA_value -9999\n"
    cells = "-9999 2.5 2.5 -9999\n"
    (tmp_path / "hours.asc").write_text(header + 2 * cells, encoding="ascii")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326").toWkt()
    (tmp_path / "hours.prj").write_text(degrees, encoding="ascii")
    done = qgis_process(
        "evacuation:checkroads", NETWORK=network, CLOSURES=str(tmp_path / "works.csv"),
        CLOSURES_DIRECTION_FIELD="way", HAZARD_RASTER=str(tmp_path / "hours.asc"), HAZARD_RASTER_UNIT=2,
        START_TIME="2026-05-01T08:00:00", OUTPUT=str(tmp_path / "problems.gpkg"),
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert "closes 1 from 2026-05-01 08:05:00 until 2026-05-01 08:20:00" in done.said
    assert "0 from 2026-05-01 10:30:00" in done.said
