"""``evacuation:mendroads`` from the command line: a GeoPackage in, a GeoPackage with a style out, and again."""

from __future__ import annotations

import sqlite3

from tests.headless.test_check_roads import roads


def test_a_geopackage_is_mended_and_stays_so(qgis_process, tmp_path):
    lines = [[[9.0, 0.0], [9.001, 0.0]], [[9.0005, 0.0], [9.0005, 0.0008]], [[9.001, 0.0], [9.0, 0.0]]]
    source, first, second = roads(tmp_path, lines, name="a"), tmp_path / "first.gpkg", tmp_path / "second.gpkg"
    found = qgis_process("evacuation:mendroads", NETWORK=source, OUTPUT=str(first)).results
    assert (found["SPLIT"], found["JOINED"], found["REMOVED"]) == (1, 0, 1)
    again = qgis_process("evacuation:mendroads", NETWORK=str(first), OUTPUT=str(second)).results
    assert (again["SPLIT"], again["JOINED"], again["REMOVED"]) == (0, 0, 0)
    with sqlite3.connect(first) as one, sqlite3.connect(second) as two:
        rows = [db.execute(f"SELECT geom, road_id, mended FROM {db_name}").fetchall()
                for db, db_name in ((one, "first"), (two, "second"))]  # fmt: skip
        assert rows[0] == rows[1]
        assert sorted(row[1:] for row in rows[0]) == [("0", "split; merged with 2")] * 2 + [("1", "")]
        assert one.execute("SELECT count(*) FROM layer_styles").fetchone() == (1,)
