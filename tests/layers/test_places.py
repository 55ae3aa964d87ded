from __future__ import annotations

import math

import numpy as np
import pytest

qgis = pytest.importorskip("qgis.core")

from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.people import whole_people
from evacuation_planner.plugin.layers.places import read_places
from evacuation_planner.plugin.layers.positions import union_of
from evacuation_planner.plugin.layers.tables import read_table
from evacuation_planner.plugin.layers.transforming import transform_xy
from evacuation_planner.plugin.layers.values import id_text

KEEP = []


class Log(qgis.QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.warnings = []

    def pushWarning(self, text):
        self.warnings.append(text)


def layer(uri, rows):
    made = qgis.QgsVectorLayer(uri, "people", "memory")
    if "crs=" not in uri:
        made.setCrs(qgis.QgsCoordinateReferenceSystem())
    features = []
    for wkt, values in rows:
        feature = qgis.QgsFeature(made.fields())
        if wkt:
            feature.setGeometry(qgis.QgsGeometry.fromWkt(wkt))
        feature.setAttributes(values)
        features.append(feature)
    made.dataProvider().addFeatures(features)
    return made


def source_of(made):
    context = qgis.QgsProcessingContext()
    context.setInvalidGeometryCheck(qgis.QgsFeatureRequest.InvalidGeometryCheck.GeometryAbortOnInvalid)
    source = qgis.QgsProcessingFeatureSource(made, context)
    KEEP.append((made, context))  # a source does not keep its layer alive
    return source, context


def places(rows, uri="Polygon?crs=EPSG:4326&field=zone_id:string&field=people:double", id_field="zone_id", **options):
    source, context = source_of(layer(uri, rows))
    log = Log()
    return read_places(source, "ZONES", id_field, context, log, **options), log


SQUARE = "POLYGON((0 0,0 0.01,0.01 0.01,0.01 0,0 0))"


def test_ids_of_different_types_are_the_same_text():
    assert id_text(12) == id_text(12.0) == id_text("12") == id_text(" 12 ") == "12"
    assert id_text(None) == ""
    assert id_text(1.5) == "1.5"


def test_invalid_geometry_is_mended_and_a_missing_one_comes_back_with_its_reason():
    bow_tie = "POLYGON((0 0,0.01 0.01,0.01 0,0 0.01,0 0))"
    read, log = places([(SQUARE, ["a", 1]), (bow_tie, ["b", 1]), (None, ["c", 1])])
    assert read.ids == ["a", "b"]
    assert read.rejected == [("c", "no geometry")]
    assert "c: no geometry" in log.warnings[0]


def test_area_is_ellipsoidal_whatever_the_crs():
    geographic, _ = places([(SQUARE, ["a", 1])])
    in_metres = qgis.QgsGeometry.fromWkt(SQUARE).densifyByDistance(0.0001)
    in_metres.transform(
        qgis.QgsCoordinateTransform(
            qgis.QgsCoordinateReferenceSystem("EPSG:4326"),
            qgis.QgsCoordinateReferenceSystem("EPSG:3857"),
            qgis.QgsCoordinateTransformContext(),
        )
    )
    fields = "&field=zone_id:string&field=people:double"
    mercator, _ = places([(in_metres.asWkt(9), ["a", 1])], "Polygon?crs=EPSG:3857" + fields)
    # a square of 0.01 degrees at the equator on WGS84: 1113.19 m by 1105.74 m
    assert geographic.area[0] == pytest.approx(1113.1949 * 1105.7428, rel=1e-5)
    assert mercator.area[0] == pytest.approx(geographic.area[0], rel=1e-4)


def test_points_have_no_area():
    read, _ = places([("POINT(1 2)", ["a", 1])], "Point?crs=EPSG:4326&field=zone_id:string&field=people:double")
    assert math.isnan(read.area[0]) and read.xy.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "rows, uri, words",
    [
        ([(SQUARE, ["a", 1]), (SQUARE, ["a", 1])], None, ("ZONES", "“zone_id”", "same value", "a")),
        ([(SQUARE, [None, 1])], None, ("ZONES", "no value in the id field")),
        ([(SQUARE, ["a", 1])], "Polygon?field=zone_id:string&field=people:double", ("no coordinate reference system",)),
        ([("LINESTRING(0 0,1 1)", ["a", 1])], "LineString?crs=EPSG:4326&field=zone_id:string&field=people:double",
         ("neither points nor polygons",)),
    ],
)  # fmt: skip
def test_unusable_layers_are_refused_in_words(rows, uri, words):
    with pytest.raises(LayerError) as error:
        places(rows, uri) if uri else places(rows)
    for word in words:
        assert word in str(error.value)


def test_empty_supply_is_an_error_and_empty_demand_is_not():
    read, _ = places([])
    assert len(read) == 0 and read.xy.shape == (0, 2)
    with pytest.raises(LayerError, match="no usable feature"):
        places([], empty_is_error=True)


def test_people_are_whole_keep_their_total_and_empty_counts_as_none():
    read, _ = places([(SQUARE, ["a", 1.4]), (SQUARE, ["b", 1.4]), (SQUARE, ["c", 1.4]), (SQUARE, ["d", None])])
    log = Log()
    people, _ = whole_people(read, ["people"], log)
    assert people.sum() == 4 and people.shape == (4, 1) and people[3, 0] == 0
    assert any("counted as 0" in text for text in log.warnings)
    assert any("fractions" in text for text in log.warnings)


def test_people_in_text_with_thousands_that_cannot_be_anything_else():
    rows = [(SQUARE, ["a", "1 500"]), (SQUARE, ["b", "1,500,000"]), (SQUARE, ["c", "12,0"])]
    read, _ = places(rows, "Polygon?crs=EPSG:4326&field=zone_id:string&field=people:string")
    assert whole_people(read, ["people"], Log())[0][:, 0].tolist() == [1500, 1_500_000, 12]


@pytest.mark.parametrize("uri, value, words", [
    ("Polygon?crs=EPSG:4326&field=zone_id:string&field=people:double", -3.0, ("-3", "at least 0", "feature z9")),
    ("Polygon?crs=EPSG:4326&field=zone_id:string&field=people:string", "many", ("many", "not a number", "feature z9")),
    ("Polygon?crs=EPSG:4326&field=zone_id:string&field=people:string", "1,500",
     ("feature z9", "“1,500”", "thousands (1500) or decimals (1.500)")),
])  # fmt: skip
def test_bad_people_name_the_feature(uri, value, words):
    read, _ = places([(SQUARE, ["z9", value])], uri)
    with pytest.raises(LayerError) as error:
        whole_people(read, ["people"], Log())
    for word in words:
        assert word in str(error.value)


def test_positions_agree_with_one_by_one_transforms():
    wgs, utm = qgis.QgsCoordinateReferenceSystem("EPSG:4326"), qgis.QgsCoordinateReferenceSystem("EPSG:32719")
    xy = np.array([[-71.3, -29.9], [-71.25, -29.95]])
    moved = transform_xy(xy, wgs, utm, qgis.QgsCoordinateTransformContext())
    one = qgis.QgsCoordinateTransform(wgs, utm, qgis.QgsCoordinateTransformContext())
    for before, after in zip(xy, moved):
        point = one.transform(qgis.QgsPointXY(*before))
        assert after.tolist() == pytest.approx([point.x(), point.y()], abs=1e-6)
    assert transform_xy(np.empty((0, 2)), wgs, utm, qgis.QgsCoordinateTransformContext()).shape == (0, 2)


def test_union_counts_overlaps_once():
    source, context = source_of(layer("Polygon?crs=EPSG:4326&field=a:int", [(SQUARE, [1]), (SQUARE, [2]), (None, [3])]))
    log = Log()
    area = union_of(source, "HAZARD", source.sourceCrs(), context.transformContext(), log)
    assert area.area() == pytest.approx(0.0001)
    assert "no geometry" in log.warnings[0]


def test_tables_give_null_as_none_and_refuse_missing_fields():
    rows = [(None, ["x", 1.5]), (None, [None, None])]
    source, _ = source_of(layer("NoGeometry?field=place:string&field=value:double", rows))
    assert read_table(source, "COUNTS", {"p": "place", "v": "value"}) == {"p": ["x", None], "v": [1.5, None]}
    with pytest.raises(LayerError, match="no field “time”"):
        read_table(source, "COUNTS", {"t": "time"})
