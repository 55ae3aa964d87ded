"""The runs of the demo under different orders: the same people each time, who is caught counted once."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "scripts") not in sys.path:
    sys.path.insert(0, str(ROOT / "scripts"))

from demonstration.flood import ORDERS, order_step, read_caught, read_latest, read_reasons, read_zones, write_orders


@pytest.fixture
def result(tmp_path):
    """An allocation of two rows with orders of their own, as allocatecrowd writes it."""
    ogr = pytest.importorskip("osgeo.ogr")
    path = tmp_path / "flood.gpkg"
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    rows = source.CreateLayer("allocation", None, ogr.wkbLineString)
    for name, kind in (("zone_id", ogr.OFTString), ("people", ogr.OFTInteger), ("order_time", ogr.OFTInteger)):
        rows.CreateField(ogr.FieldDefn(name, kind))
    zones = source.CreateLayer("zones_at_risk", None, ogr.wkbNone)
    for name in ("zone_id", "first_arrival"):
        zones.CreateField(ogr.FieldDefn(name, ogr.OFTInteger))
    for layer, values in ((rows, (("7", 20, 45), ("7", 5, 45), ("3", 9, None))), (zones, ((7, 90), (3, 30)))):
        for row in values:
            feature = ogr.Feature(layer.GetLayerDefn())
            for number, value in enumerate(row):
                if value is not None:
                    feature.SetField(number, value)
            if layer is rows:
                feature.SetGeometry(ogr.CreateGeometryFromWkt("LINESTRING (0 0, 1 1)"))
            layer.CreateFeature(feature)
    del rows, zones, layer, feature, source
    return path


def test_everybody_gets_the_same_order_and_nothing_else_changes(result):
    write_orders(result)
    with sqlite3.connect(result) as database:
        for minute in ORDERS:
            made = database.execute(f"SELECT zone_id, people, order_time FROM allocation_{minute} ORDER BY fid")
            assert made.fetchall() == [("7", 20, minute), ("7", 5, minute), ("3", 9, minute)]
            assert f"|layername=allocation_{minute}" in str(order_step(result, result, minute).parameters["TRIPS"])
        own = database.execute("SELECT order_time FROM allocation ORDER BY fid").fetchall()
    assert own == [(45,), (45,), (None,)]
    assert str(order_step(result, result, None).parameters["TRIPS"]).endswith("|layername=allocation")


def test_zones_have_all_their_people(result):
    assert sorted(read_zones(result), key=lambda row: row["zone_id"]) == [
        {"zone_id": 3, "people": 9, "first_arrival": 30},
        {"zone_id": 7, "people": 25, "first_arrival": 90},
    ]


def test_who_is_caught_is_counted_by_zone_and_by_reason(tmp_path):
    rows = [("7", 3, "queue"), ("7", 2, "too late to leave"), ("7", 2, "queue"), ("9", 4, "too late to leave")]
    with sqlite3.connect(tmp_path / "made.gpkg") as database:
        database.execute("CREATE TABLE caught (origin_id TEXT, people INTEGER, reason_code TEXT)")
        database.executemany("INSERT INTO caught VALUES (?, ?, ?)", rows)
        database.execute("CREATE TABLE unrouted (origin_id TEXT, people INTEGER, reason TEXT)")
        database.execute("INSERT INTO unrouted VALUES ('8', 5, 'far from any road'), ('9', 1, 'the same')")
    assert read_caught(tmp_path / "made.gpkg") == {"7": 7, "9": 5, "8": 5}
    assert read_reasons(tmp_path / "made.gpkg") == [
        {"reason": "too late to leave", "people": 6},
        {"reason": "queue", "people": 5},
    ]


def test_latest_orders_are_told_in_words(tmp_path):
    rows = [("7", 0, 8, "latest order", "22 to 42"), ("9", 0, None, "too late", ""), ("3", 0, None, "no limit", None)]
    rows += [("4", 12, 31, "some stay", ""), ("5", 12, None, "some stay", ""), ("6", 12, None, "no way", "")]
    with sqlite3.connect(tmp_path / "made.gpkg") as database:
        columns = "zone_id TEXT, staying INTEGER, latest_of_rest INTEGER, result TEXT, later_window TEXT"
        database.execute(f"CREATE TABLE latest_orders ({columns})")
        database.executemany("INSERT INTO latest_orders VALUES (?, ?, ?, ?, ?)", rows)
    assert read_latest(tmp_path / "made.gpkg") == {
        "7": "8 min (again 22 to 42)", "9": "none: told at once, somebody (of any zone) is caught", "3": "whenever",
        "4": "31 min; 12 have no way in the plan", "5": "whenever; 12 have no way in the plan",
        "6": "none: nobody has a way in the plan",
    }  # fmt: skip
