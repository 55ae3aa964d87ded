"""``evacuation:rollinghorizon`` without a desktop: a bridge that is out becomes known, in text tables."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("shapely")

ROADS = {
    "street": ((-71.2500, -29.9000), (-71.2400, -29.9000)),
    "bridge": ((-71.2400, -29.9000), (-71.2300, -29.9000)),
    "round": ((-71.2400, -29.9000), (-71.2350, -29.8900), (-71.2300, -29.9000)),
    "last": ((-71.2300, -29.9000), (-71.2280, -29.9000)),
}
HEAD = "vehicle,origin_id,destination_id,door,mode,people,order_s,departure_s,entered_s,arrival_s,start_path,route_id"
COUNT = 30


def files(folder: Path, known: str = "10") -> dict[str, str]:
    """A plan of 30 vehicles over the bridge, one every 30 s; the bridge is out from minute 6 on."""
    roads(folder)
    rows = [f"{k},a,s,1,car,2,,{30 * k},{30 * k},{30 * k + 300},,7" for k in range(COUNT)]
    (folder / "vehicles.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    path = ["route_id,sequence,road_id,direction,from_m,to_m"]
    path += [f"7,{n},{name},forward,0,{metres(name)}" for n, name in enumerate(("street", "bridge", "last"), 1)]
    (folder / "paths.csv").write_text("\n".join(path) + "\n")
    (folder / "works.csv").write_text(f"road_id,closed_from,closed_to,known_time\nbridge,6,,{known}\n")
    return {
        "PLAN": str(folder / "vehicles.csv"),
        "PLAN_PATHS": str(folder / "paths.csv"),
        "NETWORK": str(folder / "roads.geojson"),
        "NETWORK_ID_FIELD": "road_id",
        "CLOSURES": str(folder / "works.csv"),
        "OUTPUT": str(folder / "routes.gpkg"),
    }


def roads(folder: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"road_id": name, "name": name, "maxspeed": 36, "capacity": 1800},
            "geometry": {"type": "LineString", "coordinates": ends},
        }
        for name, ends in ROADS.items()
    ]
    (folder / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def metres(name: str) -> float:
    """Of a road along the parallel, on the ellipsoid of WGS 84."""
    (west, _), (east, _) = ROADS[name]
    latitude = math.radians(29.9)
    across = 6378137 * math.cos(latitude) / math.sqrt(1 - 0.00669437999 * math.sin(latitude) ** 2)
    return math.radians(east - west) * across


def test_a_bridge_that_is_out_is_gone_round(qgis_process: Any, tmp_path: Path) -> None:
    outputs = {name: str(tmp_path / f"{name}.csv") for name in ("OUTPUT_COMPARISON", "OUTPUT_VEHICLES")}
    done = qgis_process(
        "evacuation:rollinghorizon", **files(tmp_path), **outputs, REPLAN_MINUTES="2", EFFORT="0",
        OUTPUT_CHANGES=str(tmp_path / "changes.gpkg"), OUTPUT_HTML=str(tmp_path / "report.html"),
    )  # fmt: skip
    assert done.exit_code == 0, done.said
    assert done.results["CAUGHT_REPLANNED"] == 0 == done.results["CAUGHT_PERFECT"] < done.results["CAUGHT_FIXED"]
    with open(outputs["OUTPUT_COMPARISON"], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["plan"] for row in rows] == ["no re-planning", "re-planning", "perfect information"]
    assert [int(row["caught"]) for row in rows] == [done.results["CAUGHT_FIXED"], 0, 0]
    with open(outputs["OUTPUT_VEHICLES"], newline="", encoding="utf-8") as file:
        assert all(row["arrival_s"] for row in csv.DictReader(file))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Re-planning saves" in text and "round" in text


def test_a_plan_of_another_network_and_nonsense_are_sentences(qgis_process: Any, tmp_path: Path) -> None:
    given = files(tmp_path)
    table = (tmp_path / "paths.csv").read_text()
    (tmp_path / "paths.csv").write_text(table.replace("bridge", "tunnel"))
    done = qgis_process("evacuation:rollinghorizon", **given, REPLAN_MINUTES="2")
    assert done.exit_code != 0 and "tunnel" in done.said
    (tmp_path / "paths.csv").write_text(table)
    done = qgis_process("evacuation:rollinghorizon", **given, REPLAN_MINUTES="0")
    assert done.exit_code != 0 and "REPLAN_MINUTES" in done.said
    done = qgis_process("evacuation:rollinghorizon", **files(tmp_path, known="soon"), REPLAN_MINUTES="2")
    assert done.exit_code != 0 and "CLOSURES_KNOWN_FIELD" in done.said and "soon" in done.said
