"""``evacuation:dispatchfleet`` without a desktop: a bus fetches people from text tables, round a bridge that is out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("shapely")

ROADS = {
    "street": ((-71.2500, -29.9000), (-71.2400, -29.9000)),
    "bridge": ((-71.2400, -29.9000), (-71.2300, -29.9000)),
    "round": ((-71.2400, -29.9000), (-71.2350, -29.8900), (-71.2300, -29.9000)),
}


def points(path: Path, rows: list[tuple[float, dict[str, Any]]]) -> str:
    features = [
        {"type": "Feature", "properties": own, "geometry": {"type": "Point", "coordinates": (x, -29.9)}}
        for x, own in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def files(folder: Path, seats: int = 40) -> dict[str, str]:
    roads = [
        {
            "type": "Feature", "properties": {"road_id": name, "maxspeed": 36},
            "geometry": {"type": "LineString", "coordinates": ends},
        }
        for name, ends in ROADS.items()
    ]  # fmt: skip
    (folder / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": roads}))
    (folder / "works.csv").write_text("road_id,closed_from,closed_to,known_time\nbridge,1,,10\n")
    calls = [
        (-71.2400, {"request_id": "first", "people": 3, "wheelchairs": 1, "ready_time": 0, "known_time": None}),
        (-71.2400, {"request_id": "second", "people": 2, "wheelchairs": 0, "ready_time": 5, "known_time": 12}),
        (-71.0000, {"request_id": "far", "people": 4, "wheelchairs": 0, "ready_time": 5, "known_time": 12}),
    ]
    return {
        "NETWORK": str(folder / "roads.geojson"),
        "NETWORK_ID_FIELD": "road_id",
        "CLOSURES": str(folder / "works.csv"),
        "REQUESTS": points(folder / "calls.geojson", calls),
        "FLEET": points(
            folder / "fleet.geojson", [(-71.2500, {"fleet_id": "bus", "seats": seats, "wheelchair_places": 1})]
        ),
        "SHELTERS": points(folder / "halls.geojson", [(-71.2300, {"shelter_id": "hall", "capacity": 50, "load": 10})]),
        "OUTPUT": str(folder / "tours.gpkg"),
    }


def rows_of(path: str) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_bus_fetches_whom_it_can(qgis_process: Any, tmp_path: Path) -> None:
    outputs = {name: str(tmp_path / f"{name}.csv") for name in ("OUTPUT_STOPS", "OUTPUT_UNSERVED", "OUTPUT_PERIODS")}
    done = qgis_process(
        "evacuation:dispatchfleet", **files(tmp_path), **outputs, OUTPUT_HTML=str(tmp_path / "report.html")
    )
    assert done.exit_code == 0, done.said
    assert (done.results["SERVED"], done.results["UNSERVED"]) == (5, 4)
    assert 0 < done.results["PERFECT_INFORMATION"] < done.results["WAITING"]
    stops = rows_of(outputs["OUTPUT_STOPS"])
    assert [row["place"] for row in stops] == ["bus", "first", "hall", "hall", "second", "hall"]
    assert sum(int(row["on"]) for row in stops) == sum(int(row["off"]) for row in stops) == 5
    (left,) = rows_of(outputs["OUTPUT_UNSERVED"])
    assert left["request_id"] == "far" and left["people"] == "4" and "joins no road" in left["reason"]
    assert [int(row["news"]) for row in rows_of(outputs["OUTPUT_PERIODS"])] == [3, 6]
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "empty roads" in text and "far" in text


def test_nonsense_is_a_sentence(qgis_process: Any, tmp_path: Path) -> None:
    done = qgis_process("evacuation:dispatchfleet", **files(tmp_path, seats=0))
    assert done.exit_code != 0 and "SEATS_FIELD" in done.said
