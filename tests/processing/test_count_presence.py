"""``evacuation:countpresence`` through the registry: distinct ids by place and interval, times of every kind."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt

from tests.processing.shelter_layers import Log, box, make_layer, point, rows_of


def places(crs="EPSG:4326"):
    rows = [(box(0, 0, 100, 100), ["park"]), (box(50, 0, 200, 100), ["square"]), (box(900, 0, 999, 100), ["empty"])]
    return make_layer("Polygon", "field=site_id:string", rows, "places", crs)


def points(rows, kind="string", crs="EPSG:32719"):
    """Rows of (x, id, time), all at y = 50 m."""
    given = [(point(x, 50) if x is not None else None, [who, when]) for x, who, when in rows]
    return make_layer("Point", f"field=id:string&field=time:{kind}", given, "phones", crs)


def run(layer, log=None, **parameters):
    given = {"POINTS": layer, "PLACES": places(), "OUTPUT": "memory:", **parameters}
    return processing.run("evacuation:countpresence", given, feedback=log or Log())["OUTPUT"]


def table(layer):
    form = Qt.DateFormat.ISODate
    return {(row["place"], row["time"].toString(form)): row["value"] for row in rows_of(layer)}


ROWS = [
    (10, "a", "2026-05-01 06:05"),
    (20, "a", "2026-05-01 06:55"),  # the same one again: counts once
    (75, "b", "2026-05-01T06:59:59"),  # in both places
    (150, "a", "2026-05-01 07:00"),
    (500, "c", "2026-05-01 09:10"),  # nowhere, but the readings go on until then
]


def test_distinct_ids_by_place_and_interval_with_zeros():
    found = table(run(points(ROWS)))
    assert len(found) == 3 * 4
    assert found[("park", "2026-05-01T06:00:00")] == 2
    assert found[("square", "2026-05-01T06:00:00")] == 1
    assert found[("square", "2026-05-01T07:00:00")] == 1
    assert sum(found.values()) == 4
    assert found[("empty", "2026-05-01T09:00:00")] == 0
    assert run(points(ROWS)).fields().names() == ["place", "time", "value"]


def test_intervals_begin_at_midnight():
    found = table(run(points(ROWS), INTERVAL=90))
    assert {time for _, time in found} == {"2026-05-01T06:00:00", "2026-05-01T07:30:00", "2026-05-01T09:00:00"}
    assert found[("square", "2026-05-01T06:00:00")] == 2


@pytest.mark.parametrize("crs", ["EPSG:32719", "EPSG:4326", "EPSG:3857"])
def test_any_reference_system_and_date_time_fields(crs):
    rows = [(x, who, QDateTime.fromString(when.replace(" ", "T"), Qt.DateFormat.ISODate)) for x, who, when in ROWS]
    assert table(run(points(rows, "datetime", crs))) == table(run(points(ROWS)))


def test_unix_seconds_and_offsets_are_universal_time():
    stamp = QDateTime.fromString("2026-05-01T06:05:00Z", Qt.DateFormat.ISODate).toSecsSinceEpoch()
    found = table(run(points([(10, "a", stamp), (20, "b", stamp + 60)], "integer64")))
    assert found[("park", "2026-05-01T06:00:00Z")] == 2
    found = table(run(points([(10, "a", "2026-05-01T06:05:00+12:00"), (20, "b", "2026-04-30T18:59:00Z")])))
    assert found[("park", "2026-04-30T18:00:00Z")] == 2


def test_times_with_and_without_offset_are_mixed_with_a_warning():
    log = Log()
    found = table(run(points([(10, "a", "2026-05-01T06:05:00"), (20, "b", "2026-05-01T06:30:00Z")]), log))
    assert found[("park", "2026-05-01T06:00:00Z")] == 2
    assert log.warned("1 of 2", "universal time")


def test_rows_that_cannot_be_used_are_counted():
    log = Log()
    rows = [
        *ROWS,
        (10, "d", "yesterday"),
        (10, "e", None),
        (10, None, "2026-05-01 06:00"),
        (None, "f", "2026-05-01 06:00"),
    ]
    assert table(run(points(rows), log)) == table(run(points(ROWS)))
    assert log.warned("cannot be read", "yesterday", "row 6")
    assert log.warned("no time") and log.warned("no id") and log.warned("position")


def test_nothing_to_count_is_a_success():
    log = Log()
    assert run(points([]), log).featureCount() == 0
    assert log.warned("Nothing to count")


@pytest.mark.parametrize(
    ("make", "changes", "words"),
    [
        (lambda: points([(10, "a", "yesterday")]), {}, ("POINTS", "no row", "yesterday", "2026-05-01 06:30")),
        (lambda: points([(1, "a", "2026-05-01"), (1, "a", "1026-05-01")]), {"INTERVAL": 1}, ("INTERVAL", "stray time")),
        (lambda: points(ROWS), {"ID_FIELD": "device"}, ("ID_FIELD", "device", "time")),
        (lambda: points(ROWS), {"PLACES": lambda: points(ROWS)}, ("PLACES", "no polygons")),
        (lambda: points(ROWS, crs=""), {}, ("POINTS", "no coordinate reference system")),
    ],
)
def test_bad_input_is_named_with_what_to_mend(make, changes, words, tmp_path):
    output = tmp_path / "presence.gpkg"
    changes = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises(QgsProcessingException) as error:
        run(make(), OUTPUT=str(output), **changes)
    for word in words:
        assert word in str(error.value)
    assert not output.exists()


def test_places_across_180_degrees_and_metres_that_are_no_degrees():
    across = "POLYGON((179.9 -17.1,-179.9 -17.1,-179.9 -16.9,179.9 -16.9,179.9 -17.1))"
    area = QgsVectorLayer("Polygon?crs=EPSG:4326&field=site_id:string", "places", "memory")
    phones = QgsVectorLayer("Point?crs=EPSG:4326&field=id:string&field=time:string", "phones", "memory")

    def fill(layer, rows):
        for wkt, values in rows:
            feature = QgsFeature(layer.fields())
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
            feature.setAttributes(values)
            assert layer.dataProvider().addFeatures([feature])[0]

    fill(area, [(across, ["strait"])])
    fill(phones, [(f"POINT({x} -17)", [str(x), "2026-05-01 06:05"]) for x in (179.95, -179.95, 180.05, 0, 178)])
    assert [row["value"] for row in rows_of(run(phones, PLACES=area))] == [3]
    fill(phones, [("POINT(280000 6690000)", ["far", "2026-05-01 06:05"])])
    with pytest.raises(QgsProcessingException, match="POINTS: “phones”.*cannot be degrees.*280000"):
        run(phones, PLACES=area)
