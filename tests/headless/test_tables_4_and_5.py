"""[E] Tables 4 and 5 as a user without a desktop gets them: CSV and GeoJSON files through a real qgis_process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pulp")

PEOPLE = {"A": (50, 60, 40), "B": (30, 40, 60), "C": (50, 40, 30)}
PREFERENCE = {
    "A": ((0.8, 0.4), (0.1, 0.5), (0.5, 0.5)),
    "B": ((0.85, 0.3), (0.75, 0.1), (0.35, 0.75)),
    "C": ((0.95, 0.25), (0.5, 0.5), (0.75, 0.45)),
}
DISTANCE = {"A": (3.5, 7.0), "B": (5.5, 5.0), "C": (8.5, 7.0)}
CAPACITY = (240, 230)
CLASSES = ("P1", "P2", "P3")


def points(rows: list[dict[str, Any]]) -> str:
    """GeoJSON of points a kilometre or so apart."""
    features = [
        {"type": "Feature", "properties": row, "geometry": {"type": "Point", "coordinates": [116.3 + 0.01 * k, 39.9]}}
        for k, row in enumerate(rows)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The paper's Tables 1, 2 and 3 as files; CSV columns are text, as a spreadsheet leaves them."""
    folder = tmp_path_factory.mktemp("paper")
    texts = {
        "ZONES": ("zones.geojson", points([{"zone_id": z, **dict(zip(CLASSES, PEOPLE[z]))} for z in "ABC"])),
        "SHELTERS": ("shelters.geojson", points([{"site_id": j + 1, "residual": CAPACITY[j]} for j in (0, 1)])),
        "PREFERENCES": (
            "preferences.csv",
            "zone_id,class,shelter_id,preference\n"
            + "".join(
                f"{z},{c},{j + 1},{PREFERENCE[z][k][j]}\n" for z in "ABC" for k, c in enumerate(CLASSES) for j in (0, 1)
            ),
        ),
        "DISTANCES": (
            "distances.csv",
            "zone_id,shelter_id,distance_km\n"
            + "".join(f"{z},{j + 1},{DISTANCE[z][j]}\n" for z in "ABC" for j in (0, 1)),
        ),
    }
    for name, text in texts.values():
        (folder / name).write_text(text, encoding="utf-8")
    return {key: str(folder / name) for key, (name, _) in texts.items()}


def allocate(qgis_process: Any, files: dict[str, str], folder: Path, **parameters: Any) -> Any:
    outputs = {name: str(folder / f"{name}.geojson") for name in ("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED")}
    return qgis_process(
        "evacuation:allocatecrowd",
        **{**files, "GROUP_FIELDS": ";".join(CLASSES), "WEIGHT_BY": 0, "MIP_GAP": 0, **outputs, **parameters},
    )


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [f["properties"] for f in json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))["features"]]


def sent_to_2(folder: Path) -> set[str]:
    return {f"{row['zone_id']}-{row['class']}" for row in rows(folder, "OUTPUT") if row["shelter_id"] == "2"}


def test_table_4(qgis_process, files, tmp_path):
    run = allocate(qgis_process, files, tmp_path, NORMALISATION=1)
    assert run.exit_code == 0, run.said
    assert (run.results["Z1"], run.results["Z2"]) == pytest.approx((3.05, 2.80))
    assert run.results["OBJECTIVE"] == pytest.approx(5.85)
    assert (run.results["ALLOCATED"], run.results["UNALLOCATED"]) == (400, 0)
    assert run.results["GAP"] == pytest.approx(0.0, abs=1e-6)
    assert sent_to_2(tmp_path) == {"A-P1", "A-P2", "A-P3", "B-P3"}
    assert [row["load"] for row in rows(tmp_path, "OUTPUT_SHELTERS")] == [190, 210]
    assert rows(tmp_path, "OUTPUT_UNALLOCATED") == []


def test_table_5(qgis_process, files, tmp_path):
    run = allocate(qgis_process, files, tmp_path, NORMALISATION=1, WEIGHT_PREFERENCE=0.75, WEIGHT_DISTANCE=0.25)
    assert run.exit_code == 0, run.said
    assert (run.results["Z1"], run.results["Z2"]) == pytest.approx((2.65, 3.5))
    assert run.results["OBJECTIVE"] == pytest.approx(0.75 * 2.65 + 0.25 * 3.5)
    assert sent_to_2(tmp_path) == {"A-P2", "A-P3", "B-P3"}
    assert [row["load"] for row in rows(tmp_path, "OUTPUT_SHELTERS")] == [240, 160]


def test_corrected(qgis_process, files, tmp_path):
    """Near is good and people count, the defaults."""
    run = allocate(qgis_process, files, tmp_path, WEIGHT_BY=1)
    assert run.exit_code == 0, run.said
    assert (run.results["OBJECTIVE"], run.results["Z1"], run.results["Z2"]) == pytest.approx((311.0, 169.0, 142.0))


def test_a_wrong_preference_fails_and_leaves_nothing(qgis_process, files, tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("zone_id,class,shelter_id,preference\nB,P2,1,75\n", encoding="utf-8")
    run = allocate(qgis_process, {**files, "PREFERENCES": str(wrong)}, tmp_path)
    assert run.exit_code != 0
    assert "PREFERENCES" in run.said and "zone B, class P2, shelter 1" in run.said and "from 0 to 1" in run.said
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.csv"]
