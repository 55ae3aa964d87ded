"""``evacuation:checkroads`` as a user without a desktop runs it, with good roads and with bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


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
        "evacuation:checkroads", NETWORK=f"{sample}|layername=roads", OUTPUT=str(output), OUTPUT_NETWORK=str(network)
    )
    assert done.exit_code == 0, done.said
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
