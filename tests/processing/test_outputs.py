"""What an output must not destroy, and that what is reported as written is there and whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from osgeo import gdal, ogr
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from evacuation_planner.plugin.layers.fields import Column, make_field
from evacuation_planner.plugin.layers.writing import OutputLayer
from evacuation_planner.processing_provider.base import EvacuationAlgorithm


class Writer(EvacuationAlgorithm):
    """Writes rows to two layers, then a report."""

    ID = "writer"
    columns = (Column("n", "int"), Column("text", "text"))
    rows: object = ()
    more: object = ()

    def initAlgorithm(self, configuration=None):
        self.add(QgsProcessingParameterFeatureSource("ZONES", "Zones", optional=True), "Zones.")
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", "One"), "One.")
        self.add(QgsProcessingParameterFeatureSink("OUTPUT_MORE", "More", optional=True), "More.")
        self.add(QgsProcessingParameterFileDestination("OUTPUT_HTML", "Report", optional=True), "Report.")

    def calculate(self, parameters, context, feedback):
        out = {}
        for name, rows in (("OUTPUT", self.rows), ("OUTPUT_MORE", self.more)):
            out[name] = self.write(parameters, name, context, OutputLayer(self.columns, rows, QgsWkbTypes.Type.Point))
        return out


class Log(QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.warnings = []

    def pushWarning(self, text):
        self.warnings.append(text)


def rows_of(count, text="", stop=None, feedback=None):
    for n in range(count):
        if n == stop:
            feedback.cancel()
        yield QgsGeometry.fromWkt(f"Point ({n} 1)"), [n, text]


def run(rows, more=(), columns=None, log=None, **parameters):
    algorithm = Writer()
    algorithm.initAlgorithm()
    algorithm.rows, algorithm.more = rows, more
    algorithm.columns = columns or algorithm.columns
    log = log or Log()
    context = QgsProcessingContext()
    algorithm.prepareAlgorithm(parameters, context, log)
    return algorithm.processAlgorithm(parameters, context, log), log


def count(path, table=None):
    layer = QgsVectorLayer(f"{path}|layername={table}" if table else str(path), "there", "ogr")
    assert layer.isValid(), path
    return layer.featureCount()


def refused(**parameters):
    """Return why a run is refused before it starts; both ways to start one say the same."""
    algorithm = Writer()
    algorithm.initAlgorithm()
    with pytest.raises(QgsProcessingException) as error:
        algorithm.prepareAlgorithm(parameters, QgsProcessingContext(), Log())
    assert algorithm.checkParameterValues(parameters, QgsProcessingContext()) == (False, str(error.value))
    return str(error.value)


@pytest.fixture
def census(tmp_path):
    """A GeoPackage with the tables ``zones`` and ``other``, and a copy of the first as GeoJSON and as Shapefile."""
    path = tmp_path / "census.gpkg"
    layer = QgsVectorLayer("Point?crs=EPSG:4326&field=people:int", "zones", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes([7])
    feature.setGeometry(QgsGeometry.fromWkt("Point (1 1)"))
    layer.dataProvider().addFeature(feature)
    for table in ("zones", "other"):
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.layerName = table
        if path.exists():
            options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), layer.transformContext(), options)
    for driver, name in (("GeoJSON", "census.geojson"), ("ESRI Shapefile", "census.shp")):
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = driver
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(tmp_path / name), layer.transformContext(), options)
    return path


def test_an_output_never_overwrites_an_input(census, tmp_path):
    (tmp_path / "link.gpkg").symlink_to(census)
    os.link(census, tmp_path / "hard.gpkg")
    (tmp_path / "folder").symlink_to(tmp_path)
    zones = f"{census}|layername=zones"
    for output in (
        str(census),
        f"{tmp_path}/folder/../{tmp_path.name}/census.gpkg",
        str(tmp_path / "folder" / "census.gpkg"),
        str(tmp_path / "link.gpkg"),
        str(tmp_path / "hard.gpkg"),
        os.path.relpath(census),
        f"ogr:dbname='{census}' table=\"zones\" (geom)",
        f"ogr:dbname='{tmp_path}/link.gpkg' table=\"ZONES\" (geom)",
        QgsProcessingOutputLayerDefinition(str(census)),
    ):
        why = refused(ZONES=zones, OUTPUT=output)
        assert "OUTPUT would overwrite ZONES" in why and "zones" in why, why
    assert "OUTPUT would overwrite ZONES" in refused(ZONES=str(census), OUTPUT=f"ogr:dbname='{census}' table=\"zones\"")
    assert "OUTPUT_HTML would overwrite ZONES" in refused(ZONES=zones, OUTPUT="memory:", OUTPUT_HTML=str(census))
    for name, other in (
        ("census.geojson", "census.geojson"),
        ("census.shp", "census.dbf"),
        ("census.dbf", "census.shp"),
    ):
        why = refused(ZONES=str(tmp_path / name), OUTPUT=str(tmp_path / other))
        assert "OUTPUT would overwrite ZONES" in why, why
    assert count(census, "zones") == 1


def test_another_table_of_the_input_s_file_is_free(census):
    run(rows_of(3), rows_of(5), ZONES=f"{census}|layername=zones", OUTPUT=str(census), OUTPUT_MORE=str(census))
    assert [count(census, table) for table in ("zones", "other", "output", "output_more")] == [1, 1, 3, 5]
    result, _ = run(rows_of(3), ZONES=f"{census}|layername=zones", OUTPUT=f"ogr:dbname='{census}' table=\"new\" (geom)")
    assert (count(census, "zones"), count(census, "new"), count(census, "other")) == (1, 3, 1)
    assert result["OUTPUT"].endswith("layername=new")


def test_two_outputs_are_never_one_file(tmp_path):
    one = str(tmp_path / "one.geojson")
    assert "OUTPUT and OUTPUT_MORE are the same file" in refused(OUTPUT=one, OUTPUT_MORE=f"{tmp_path}/./one.geojson")
    assert "OUTPUT_MORE and OUTPUT_HTML are the same" in refused(OUTPUT="memory:", OUTPUT_MORE=one, OUTPUT_HTML=one)
    table = f"ogr:dbname='{tmp_path}/x.gpkg' table=\"t\" (geom)"
    assert "(table “t”)" in refused(OUTPUT=table, OUTPUT_MORE=table.replace('"t"', '"T"'))


def test_several_outputs_of_one_geopackage_get_tables_of_their_own(tmp_path):
    path = tmp_path / "it's a plan.gpkg"
    result, _ = run(rows_of(3), rows_of(5), OUTPUT=str(path), OUTPUT_MORE=QgsProcessingOutputLayerDefinition(str(path)))
    assert (count(path, "output"), count(path, "output_more")) == (3, 5)
    assert [value.split("|")[1] for value in result.values()] == ["layername=output", "layername=output_more"]
    table = f"ogr:dbname='{tmp_path}/x.gpkg' table=\"output\" (geom)"
    assert "OUTPUT and OUTPUT_MORE are the same" in refused(OUTPUT=str(tmp_path / "x.gpkg"), OUTPUT_MORE=table)
    run(rows_of(2), OUTPUT=str(path))  # one alone makes the file anew, as QGIS does
    assert count(path) == 2


def test_a_folder_is_made_and_one_that_cannot_be_is_known_before(tmp_path):
    run(rows_of(2), OUTPUT=str(tmp_path / "new" / "deep" / "x.gpkg"))
    assert count(tmp_path / "new" / "deep" / "x.gpkg") == 2
    (tmp_path / "file").write_text("")
    for name in ("OUTPUT", "OUTPUT_HTML"):
        given = {"OUTPUT": "memory:", name: str(tmp_path / "file" / "x.html")}
        assert refused(**given).startswith(f"{name}: “{tmp_path}/file” is a file, not a folder")
        assert "is a folder; name a file" in refused(**{**given, name: str(tmp_path)})
    assert "OUTPUT_HTML: the folder “/proc" in refused(OUTPUT="memory:", OUTPUT_HTML="/proc/none/report.html")


def test_a_raster_is_called_a_raster(tmp_path):
    path = str(tmp_path / "heights.tif")
    gdal.GetDriverByName("GTiff").Create(path, 2, 2).FlushCache()
    assert "ZONES: “heights” is a raster; a vector layer or table is needed" in refused(ZONES=path, OUTPUT="memory:")


@pytest.mark.parametrize("kind, values, kept", [
    ("int", [4, 9, 2], True),
    ("int", [4, 4, 2], False),
    ("int", [4, None, 2], False),
    ("text", ["a", "b", "b"], False),
    ("float", [1.5, 1.5, 2.0], False),
])  # fmt: skip
@pytest.mark.parametrize("form", ["{}", "ogr:dbname='{}' table=\"t\" (geom)"])
def test_a_column_called_fid_reaches_a_geopackage(tmp_path, kind, values, kept, form):
    path = tmp_path / "x.gpkg"
    point = QgsGeometry.fromWkt("Point (1 1)")
    kinds = {"FID": kind, "geom": "text", "name": "text", "NAME": "text"}
    columns = [make_field(Column(*column)) for column in kinds.items()]
    rows = [(point, [value, "shape", "a", "b"]) for value in values]
    _, log = run(rows, columns=columns, OUTPUT=form.format(path))
    layer = QgsVectorLayer(str(path), "there", "ogr")
    name = "fid" if kept else "FID_1"
    assert sorted(str(f[name]) for f in layer.getFeatures()) == sorted(
        "NULL" if value is None else str(value) for value in values
    )
    assert {(f["geom_1"], f["name"], f["NAME_1"]) for f in layer.getFeatures()} == {("shape", "a", "b")}
    assert any("“FID” is written as “FID_1”" in line for line in log.warnings) != kept


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["x.geojson", "x.fgb", "x.gpkg", "x.shp", "x.csv"])
def test_a_full_disk_is_no_success_and_leaves_nothing_half_written(small_disk, tmp_path, name):
    first = tmp_path / "first.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(rows_of(2), rows_of(5000, "x" * 100), OUTPUT=str(first), OUTPUT_MORE=str(small_disk / name))
    assert str(error.value).startswith("OUTPUT_MORE: ") or "Could not create layer" in str(error.value)
    assert f"Complete and kept: OUTPUT ({first})" in str(error.value)
    assert count(first) == 2
    assert list(small_disk.iterdir()) == []
    assert shutil.disk_usage(small_disk).used < 10_000


@pytest.mark.parametrize("name", ["x.geojson", "x.fgb", "x.gpkg", "x.shp"])
def test_cancelling_while_rows_are_written_leaves_nothing_half_written(tmp_path, name):
    first, second = tmp_path / "first.gpkg", tmp_path / name
    log = Log()
    rows = rows_of(3000, stop=1200, feedback=log)
    result, _ = run(rows_of(2), rows, log=log, OUTPUT=str(first), OUTPUT_MORE=str(second))
    assert result == {}
    assert log.warnings == [f"Cancelled. Complete and kept: OUTPUT ({first})."]
    assert [path.name for path in Path(tmp_path).iterdir()] == ["first.gpkg"]


def test_cancelling_leaves_the_other_tables_of_a_geopackage(census):
    log = Log()
    output = f"ogr:dbname='{census}' table=\"new\" (geom)"
    result, _ = run(rows_of(3000, stop=1200, feedback=log), log=log, OUTPUT=output)
    assert result == {} and log.warnings == ["Cancelled. Nothing was written."]
    source = ogr.Open(str(census))
    assert sorted(layer.GetName() for layer in source) == ["other", "zones"]


@pytest.mark.parametrize("end", ["shp", "fgb", "SHP"])
def test_a_table_is_not_asked_of_a_file_that_holds_shapes_only(tmp_path, end):
    algorithm, context = EvacuationAlgorithm(), QgsProcessingContext()
    table = QgsProcessing.SourceType.TypeVector
    algorithm.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", "One"))
    algorithm.addParameter(QgsProcessingParameterFeatureSink("OUTPUT_MORE", "More", table))
    given = {"OUTPUT": str(tmp_path / f"one.{end}"), "OUTPUT_MORE": str(tmp_path / f"more.{end}")}
    sound, text = algorithm.checkParameterValues(given, context)
    assert not sound and "OUTPUT_MORE is a table" in text and ".gpkg" in text
    assert algorithm.checkParameterValues({**given, "OUTPUT_MORE": str(tmp_path / "more.csv")}, context)[0]


def test_rows_without_a_shape_are_the_reason_given_where_a_file_cannot_hold_them(tmp_path):
    rows = [*rows_of(1), (None, [2, "b"])]
    with pytest.raises(QgsProcessingException, match="1 of 2 rows have no shape.*gpkg"):
        run(rows, OUTPUT=str(tmp_path / "one.fgb"))
    assert list(tmp_path.iterdir()) == []
    run(rows, OUTPUT=str(tmp_path / "one.shp"))
    assert count(tmp_path / "one.shp") == 2
