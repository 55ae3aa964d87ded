"""``evacuation:exportsumo`` without a desktop: a plan in text tables through a real qgis_process."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("shapely")

ROADS = (("west", (-71.2500, -29.9000), (-71.2400, -29.9000)), ("east", (-71.2400, -29.9000), (-71.2300, -29.9000)))
LATITUDE = math.radians(29.9)
# m of 0.01 degrees along the parallel, on the ellipsoid of WGS 84
WEST = math.radians(0.01) * 6378137 * math.cos(LATITUDE) / math.sqrt(1 - 0.00669437999 * math.sin(LATITUDE) ** 2)
HEAD = "vehicle,origin_id,destination_id,door,mode,people,order_s,departure_s,entered_s,arrival_s,start_path,route_id"
VEHICLES = f"""{HEAD}
0,a,s,1,car,3,,0.5,0.5,,,7
1,a,s,1,car,2,,1.25,1.25,,,7
2,s,s,,car,4,,2,2,2,,
"""
PATHS = """route_id,sequence,road_id,direction,from_m,to_m
7,1,west,forward,100.5,{west}
7,2,{road},forward,0,800.25
"""


def export(qgis_process: Any, folder: Path, road: str = "east", **parameters: Any) -> Any:
    features = [
        {
            "type": "Feature",
            "properties": {"road_id": name, "name": f"{name} & <co>"},
            "geometry": {"type": "LineString", "coordinates": ends},
        }
        for name, *ends in ROADS
    ]
    (folder / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (folder / "vehicles.csv").write_text(VEHICLES)
    (folder / "paths.csv").write_text(PATHS.format(road=road, west=WEST))
    return qgis_process(
        "evacuation:exportsumo",
        PLAN=str(folder / "vehicles.csv"),
        PLAN_PATHS=str(folder / "paths.csv"),
        NETWORK=str(folder / "roads.geojson"),
        NETWORK_ID_FIELD="road_id",
        FOLDER=str(folder / "sumo"),
        **parameters,
    )


def test_a_plan_in_text_tables_becomes_files_of_sumo(qgis_process: Any, tmp_path: Path) -> None:
    done = export(qgis_process, tmp_path)
    assert done.exit_code == 0, done.said
    assert done.results["VEHICLES"] == 2 and done.results["EDGES"] == 8  # cut at 100.5 and at 800.25 m, both ways
    assert Path(done.results["FOLDER"]) == tmp_path / "sumo"
    traffic = ElementTree.parse(tmp_path / "sumo" / "plan.rou.xml").getroot()
    assert [(v.get("id"), float(v.get("depart"))) for v in traffic.iter("vehicle")] == [("v0", 0.5), ("v1", 1.25)]
    edges = {
        edge.get("id"): edge for edge in ElementTree.parse(tmp_path / "sumo" / "plan.edg.xml").getroot().iter("edge")
    }
    way = next(traffic.iter("route")).get("edges").split()
    seconds = [float(edges[name].get("length")) / float(edges[name].get("speed")) for name in way]
    assert seconds[:2] == pytest.approx([(WEST - 100.5) / (40 / 3.6), 800.25 / (40 / 3.6)], rel=1e-4)
    assert [edges[name].get("name") for name in way[:2]] == ["west & <co>", "east & <co>"] and len(way) == 3
    assert "1 start at a door" in done.said


def test_a_road_that_the_network_lacks_ends_with_its_name_and_no_folder(qgis_process: Any, tmp_path: Path) -> None:
    done = export(qgis_process, tmp_path, "gone")
    assert done.exit_code != 0 and "the network has no road “gone”" in done.said
    assert not (tmp_path / "sumo").exists()
