"""``evacuation:savescenario`` and what opens a scenario again, held against the layers themselves and plain SQLite."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from osgeo import gdal
from qgis.core import (
    QgsProcessingContext,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor

import environment
from evacuation_planner.plugin.layers.passwords import tree_without_passwords, without_passwords
from evacuation_planner.plugin.layers.sharing.command import read_command, told_command
from evacuation_planner.plugin.layers.sharing.opening import changed_inputs, is_scenario, open_scenario
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import SolverError
from tests.processing.scratch_layers import Log, memory

PASSWORD = "pa55 w'ord"
QUOTED = PASSWORD.replace("'", "\\'")


def zone_layer(name, rows=()):
    return memory(name, "Polygon", "zone_id:string children:int adults:int elderly:int", rows)


SQUARES = [
    ("Polygon ((0 0, 1 0, 1 1, 0 1, 0 0))", ["b", 1, 20, None]),
    ("Polygon ((2 0, 3 0, 3 1, 2 1, 2 0))", ["a", 5, 70, 7]),
]


def on_disk(layer, path):
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = layer.name()
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), layer.transformContext(), options)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    return f"{path}|layername={layer.name()}"


@pytest.fixture
def project():
    yield QgsProject.instance()
    QgsProject.instance().clear()


def run(provider, layers, command, output, log=None):
    algorithm = provider.algorithm("savescenario").create()
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    parameters = {"LAYERS": layers, "COMMAND": command, "OUTPUT": str(output)}
    sound, why = algorithm.checkParameterValues(parameters, context)
    if not sound:
        return why, None
    log = log or Log()
    try:
        results, good = algorithm.run(parameters, context, log, catchExceptions=False)
    except Exception as error:
        return str(error), log
    return results if good else log.text, log


def command(**parameters):
    return json.dumps({"algorithm_id": "evacuation:zonesatrisk", "parameters": parameters})


def test_a_run_is_kept_whole_and_opened_again(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    hazard = memory("Strip", "Polygon", "class:int", [("Polygon ((0 0, 9 0, 9 9, 0 0))", [1])])
    title = provider.algorithm("zonesatrisk").parameterDefinition("OUTPUT").description()
    result = zone_layer(title, rows=SQUARES[:1])
    result.renderer().symbol().setColor(QColor("#123456"))
    result.setFieldAlias(0, "The zone")
    table = memory("Numbers", "None", "place:string fid:int when:datetime parts:int", [(None, ["x", 4, None, 3])])
    for layer in (hazard, result, table):
        project.addMapLayer(layer)
    given = command(ZONES=zones, HAZARD=hazard.id(), OUTPUT="TEMPORARY_OUTPUT", HAZARD_BUFFER=50)
    path = tmp_path / "new folder" / "scenario.gpkg"
    done, log = run(provider, [result, table.id()], given, path)
    assert done == {"OUTPUT": str(path), "LAYER_COUNT": 3, "INPUT_COUNT": 2}, log.text
    assert "a run of “People at risk”" in log.text and "the scratch layer “Strip” is copied in" in log.text
    assert "people 103 (children, adults, elderly); ids by zone_id" in log.text
    assert os.listdir(path.parent) == ["scenario.gpkg"]

    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM scenario_run").fetchone())
        titles = [tuple(one) for one in database.execute("SELECT column_name, title FROM gpkg_data_columns")]
    assert json.loads(row["command"])["parameters"]["HAZARD_BUFFER"] == 50
    assert row["algorithm"] == "evacuation:zonesatrisk" and row["qgis_version"] and row["plugin_version"] == "0.1.0"
    assert (row["seed"], row["effort"], row["start_time"]) == (None, None, None)
    assert titles == [("zone_id", "The zone")]
    one, two = json.loads(row["inputs"])
    assert (one["parameter"], one["fingerprint"]["features"], one["fingerprint"]["people"]) == ("ZONES", 2, 103.0)
    assert one["fingerprint"]["extent"] == [0.0, 0.0, 3.0, 1.0]
    assert one["fingerprint"]["ids"] == hashlib.sha256(b"a\nb").hexdigest()
    assert (two["parameter"], two["table"]) == ("HAZARD", "Strip")

    opened = open_scenario(str(path))
    layers = {stored.name: (stored, layer) for stored, layer in opened.layers}
    assert layers[title][0].output == "OUTPUT"
    there = layers[title][1]
    assert there.renderer().symbol().color().name() == "#123456" and there.crs().authid() == "EPSG:4326"
    assert there.attributeAlias(there.fields().indexFromName("zone_id")) == "The zone"
    assert layers["Numbers"][1].wkbType() == QgsWkbTypes.Type.NoGeometry
    assert [f["parts"] for f in layers["Numbers"][1].getFeatures()] == [3]
    assert changed_inputs(opened, Control()) == []


def test_whoever_opens_one_is_told_which_inputs_have_changed(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    hazard = on_disk(zone_layer("strip", rows=SQUARES), tmp_path / "strip.gpkg")
    raster = tmp_path / "arrival.tif"
    gdal.GetDriverByName("GTiff").Create(str(raster), 2, 2).FlushCache()
    path = tmp_path / "scenario.gpkg"
    text = json.dumps({
        "algorithm_id": "evacuation:timetosafety",
        "parameters": {
            "inputs": {"ZONES": {"source": zones, "selected_features_only": False}, "HAZARD": hazard,
                       "HAZARD_RASTER": str(raster), "NETWORK": "/none/at all.gpkg", "ROAD_CLASSES": str(raster)}
        },
    })  # fmt: skip
    done, log = run(provider, [zones, str(raster)], text, path)
    assert done["INPUT_COUNT"] == 4, log.text
    assert log.warnings == [
        "NETWORK: “/none/at all.gpkg” has no fingerprint: no layer of this id or source can be opened here."
    ]

    def changed():
        return {one.parameter: one.what for one in changed_inputs(open_scenario(str(path)), Control()) if one.compared}

    assert changed() == {}
    with sqlite3.connect(tmp_path / "city.gpkg") as database:
        for name in [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE zones SET adults = 71, zone_id = 'c' WHERE zone_id = 'a'")
    with sqlite3.connect(tmp_path / "strip.gpkg") as database:
        for name in [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE strip SET children = 6, adults = 69 WHERE zone_id = 'a'")
    assert changed() == {"ZONES": "104 people, there were 103; other ids (zone_id)", "HAZARD": "other values or shapes"}
    raster.unlink()
    (tmp_path / "strip.gpkg").unlink()
    gone = changed()
    assert set(gone) == {"ZONES", "HAZARD", "HAZARD_RASTER", "ROAD_CLASSES"}
    assert "cannot be read any more" in gone["HAZARD"] and "no raster" in gone["HAZARD_RASTER"]


def test_a_scenario_moved_with_its_files_finds_them(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    done, log = run(provider, [zones], command(ZONES=zones), tmp_path / "scenario.gpkg")
    assert done["LAYER_COUNT"] == 1, log.text
    other = tmp_path / "other"
    other.mkdir()
    for name in ("city.gpkg", "scenario.gpkg"):
        shutil.move(tmp_path / name, other / name)
    assert changed_inputs(open_scenario(str(other / "scenario.gpkg")), Control()) == []


def test_passwords_are_in_no_part_of_the_file(provider, project, tmp_path):
    source = f"dbname='city' host=nowhere user='ann' password='{QUOTED}' key='id' table=\"public\".\"roads\" (geom)"
    layer = memory("Routes", "LineString", "road_id:string", [("LineString (0 0, 1 1)", ["a"])])
    layer.setCustomProperty("seen", source)
    layer.setFieldAlias(0, "Road")
    form = layer.editorWidgetSetup(0).__class__("ValueRelation", {"LayerSource": source, "Key": "id"})
    layer.setEditorWidgetSetup(0, form)
    project.addMapLayer(layer)
    text = json.dumps({
        "algorithm_details": {"id": "evacuation:routeevacuation"},
        "inputs": {"NETWORK": source, "TRIPS": f"postgres://ann:{'secret%20word'}@nowhere/city", "SEED": 7},
        "results": {"OUTPUT": layer.id(), "OUTPUT_ROADS": source, "ROUTED": 12},
    })  # fmt: skip
    path = tmp_path / "scenario.gpkg"
    done, log = run(provider, [layer], text, path)
    assert done["LAYER_COUNT"] == 1, done
    held = path.read_bytes()
    for word in (b"pa55", b"secret%20word", b"w'ord"):
        assert word not in held
    assert b"dbname='city'" in held and b"user='ann'" in held
    assert "pa55" not in log.text and "secret%20word" not in log.text
    opened = open_scenario(str(path))
    assert opened.run.facts.seed == "7" and opened.run.command.results["ROUTED"] == 12
    assert opened.layers[0][0].output == "OUTPUT"


@pytest.mark.parametrize("text, kept", [
    ("dbname='a' password='x y' table=\"t\"", "dbname='a' table=\"t\""),
    ("dbname='a' PASSWORD = x\\ y user=b", "dbname='a' user=b"),
    ("PG:dbname=a password=x;y&z|w host=h|layername=t", "PG:dbname=a host=h|layername=t"),
    ("dbname='a' password='unfinished", "dbname='a'"),
    ("https://ann:x@host/wfs?service=WFS&apikey=x&typename=t", "https://ann@host/wfs?service=WFS&&typename=t"),
    ("https://host/wms?key=x", "https://host/wms?"),
    ("/home/password/x.gpkg|layername=pass", "/home/password/x.gpkg|layername=pass"),
    ("dbname='a' key='id' authcfg=x1y2z3", "dbname='a' key='id' authcfg=x1y2z3"),
])  # fmt: skip
def test_sources_lose_their_passwords_and_nothing_else(text, kept):
    assert without_passwords(text) == kept


def test_json_loses_passwords_wherever_they_are():
    tree = {"A": [{"db_password": "x", "B": "postgresql://a:x@h/d"}], "SEED": 3, "C": None}
    assert tree_without_passwords(tree) == {
        "A": [{"db_password": None, "B": "postgresql://a@h/d"}],
        "SEED": 3,
        "C": None,
    }


@pytest.mark.parametrize("text, words", [
    ("", "no JSON"),
    ("{", "no JSON"),
    ('{"algorithm_id": "evacuation:jointplan", "parameters": {"A": NaN}}', "NaN is no value of JSON"),
    ("[1]", "no object"),
    ("[" * 100_000, "no JSON"),
    ('{"parameters": {}}', "which algorithm ran"),
    ('{"NO": 1, "SUCH": 2}', "which algorithm ran"),
    ('{"inputs": {"ZONES": "a", "NETWORK": "b", "OUTPUT": "c"}}', "could be evacuation:"),
    ('{"algorithm_id": 7, "parameters": {}}', "no algorithm's id"),
    ('{"algorithm_id": "evacuation:jointplan"}', "with which parameters"),
    ('{"algorithm_id": "native:buffer", "parameters": {}}', "“native:buffer” is no algorithm of this plugin"),
    ('{"algorithm_id": "evacuation:none", "parameters": {}}', "has no algorithm “evacuation:none”"),
    ("processing.run('evacuation:jointplan', {})", "in Python"),
])  # fmt: skip
def test_what_is_no_command_is_refused_with_a_sentence(provider, tmp_path, text, words):
    with pytest.raises(SolverError) as error:
        read_command(text)
    assert str(error.value).startswith("COMMAND: ") and words in str(error.value)


@pytest.mark.parametrize("tree", [
    {"algorithm_id": "evacuation:jointplan", "parameters": {"SEED": 5}},
    {"id": "evacuation:jointplan", "inputs": {"SEED": 5}},
    {"algorithm_id": "evacuation:jointplan", "parameters": {"inputs": {"SEED": 5}, "ellipsoid": "EPSG:7030"}},
    {"algorithm_details": {"id": "evacuation:jointplan"}, "inputs": {"SEED": 5}, "results": {}},
])  # fmt: skip
def test_every_form_of_a_command_is_understood(provider, tree):
    given = read_command(json.dumps(tree))
    assert (given.algorithm, given.parameters, given.value("EFFORT")) == ("evacuation:jointplan", {"SEED": 5}, 1)


@pytest.mark.parametrize("wrapped", [True, False])
def test_parameters_alone_tell_the_algorithm_where_only_one_has_them(provider, wrapped):
    """What QGIS copies as JSON has no id."""
    algorithm = provider.algorithm("jointplan")
    values = {one.name(): one.defaultValue() or "x" for one in algorithm.parameterDefinitions()}
    given = read_command(json.dumps({"inputs": values, "ellipsoid": "EPSG:7030"} if wrapped else values, default=str))
    assert given.algorithm == "evacuation:jointplan" and given.guessed and set(given.parameters) == set(values)
    assert any("can be this one only" in line for line in told_command(given))


def test_bad_input_is_a_sentence_and_leaves_nothing(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    good = command(ZONES=zones)
    before = sorted(os.listdir(tmp_path))
    (tmp_path / "file").write_text("")
    for layers, text, output, words in (
        ([], good, "s.gpkg", "LAYERS"),
        ([str(tmp_path / "none.gpkg")], good, "s.gpkg", "none.gpkg” is no layer that can be opened"),
        ([zones], "no json", "s.gpkg", "COMMAND: this is no JSON"),
        ([zones], good, "s.shp", "ends in .gpkg"),
        ([zones], good, "file/s.gpkg", "is a file, not a folder"),
        ([zones], good, "city.gpkg", "OUTPUT"),
        ([f"dbname='a' host=nowhere password='{PASSWORD}' table=\"t\" (geom)"], good, "s.gpkg", "no layer"),
    ):
        why, _ = run(provider, layers, text, tmp_path / output)
        assert isinstance(why, str) and words in why and "pa55" not in why, (why, words)
    (tmp_path / "file").unlink()
    assert sorted(os.listdir(tmp_path)) == before
    assert QgsVectorLayer(zones, "zones", "ogr").featureCount() == 2
    other = on_disk(zone_layer("others", rows=SQUARES), tmp_path / "others.gpkg")
    assert "is no scenario" in run(provider, [other], good, tmp_path / "city.gpkg")[0]
    path = tmp_path / "s.gpkg"
    assert run(provider, [zones], good, path)[0]["LAYER_COUNT"] == 1
    why, _ = run(provider, [f"{path}|layername=zones", other], good, path)  # its own layers, which it would take away
    assert "OUTPUT would overwrite LAYERS" in why and is_scenario(str(path))


def test_layers_that_come_twice_or_share_a_name(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    first = memory("Routes", "LineString", "a:int", [("LineString (0 0, 1 1)", [1])])
    second = memory("routes", "LineString", "a:int", [("LineString (0 0, 1 1)", [2])])
    odd = memory("layer_styles", "None", "FID:string geom:string a:int A:int", [(None, ["x", "y", 3, 4])])
    for layer in (first, second, odd):
        project.addMapLayer(layer)
    layers = [zones, first, second, first, f"{tmp_path}/./city.gpkg|layername=zones", odd]
    done, log = run(provider, layers, command(ZONES=zones), tmp_path / "s.gpkg")
    assert done["LAYER_COUNT"] == 4, log.text
    assert log.text.count("is there twice; kept once") == 2 and "“routes” is kept as table “routes_2”" in log.text
    held = {stored.table: layer for stored, layer in open_scenario(str(tmp_path / "s.gpkg")).layers}
    assert set(held) == {"zones", "Routes", "routes_2", "layer_styles_2"}
    assert [[f["a"] for f in held[table].getFeatures()] for table in ("Routes", "routes_2")] == [[1], [2]]
    (row,) = held["layer_styles_2"].getFeatures()
    assert [row[name] for name in ("FID_1", "geom_1", "a", "A_1")] == ["x", "y", 3, 4]


class Stops(Log):
    """Cancels itself when it is asked for the n-th time."""

    def __init__(self, asked):
        super().__init__()
        self.left = asked

    def isCanceled(self):
        self.left -= 1
        return self.left < 0


def test_cancelled_at_any_moment_the_one_before_stays(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    path = tmp_path / "s.gpkg"
    done, _ = run(provider, [zones], command(ZONES=zones), path)
    assert done["LAYER_COUNT"] == 1
    before, asked = path.read_bytes(), 0
    while asked < 100:
        log = Stops(asked)
        done, _ = run(provider, [zones], command(ZONES=zones, HAZARD_BUFFER=5), path, log)
        if done:
            break
        assert path.read_bytes() == before and sorted(os.listdir(tmp_path)) == ["city.gpkg", "s.gpkg"]
        assert log.warnings == ["Cancelled. Nothing was written."]
        asked += 1
    assert 3 <= asked < 100
    assert open_scenario(str(path)).run.command.parameters["HAZARD_BUFFER"] == 5


WRITER = """
import sys
sys.path[:0] = sys.argv[3:]
from qgis.core import QgsApplication, QgsProcessingContext, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
from evacuation_planner.plugin.layers.sharing.command import Command
from evacuation_planner.plugin.layers.sharing.saving import prepare, write
from evacuation_planner.plugin.solvers.control import Control
layers = [QgsVectorLayer(sys.argv[1], name, "ogr") for name in ("one", "two")]
layers[1] = QgsVectorLayer("Point?field=a:int", "two", "memory")
def wait(fraction, text):
    if "two" in text:
        print("in the middle", flush=True)
        sys.stdin.readline()
write(sys.argv[2], prepare(layers, Command("evacuation:zonesatrisk", {}), QgsProcessingContext()), Control(wait))
"""


def test_killed_in_the_middle_the_one_before_stays(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    path = tmp_path / "s.gpkg"
    run(provider, [zones], command(ZONES=zones), path)
    before = path.read_bytes()
    folders = [str(environment.PLUGINS), *environment.site_packages()]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, zones, str(path), *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while "in the middle" not in writer.stdout.readline():
        assert writer.poll() is None
    writer.kill()
    writer.communicate()
    assert path.read_bytes() == before
    (left,) = [one for one in tmp_path.iterdir() if one.name not in ("city.gpkg", "s.gpkg")]
    assert left.name.startswith(".s-unfinished-")
    assert not is_scenario(str(left / "scenario.gpkg"))


def test_a_file_that_cannot_be_replaced_stays(provider, project, tmp_path, monkeypatch):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    path = tmp_path / "s.gpkg"
    run(provider, [zones], command(ZONES=zones), path)
    before = path.read_bytes()

    def refuse(*_):
        raise PermissionError(13, "it is open")

    monkeypatch.setattr(os, "replace", refuse)
    why, _ = run(provider, [zones], command(ZONES=zones, HAZARD_BUFFER=5), path)
    assert "cannot be replaced" in why and "the one that is there stays" in why
    assert path.read_bytes() == before and sorted(os.listdir(tmp_path)) == ["city.gpkg", "s.gpkg"]


def test_what_is_unfinished_or_damaged_is_no_scenario(provider, project, tmp_path):
    zones = on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg")
    path = str(tmp_path / "s.gpkg")
    run(provider, [zones], command(ZONES=zones), path)
    assert is_scenario(path)
    for statement, words in (
        ("UPDATE scenario_run SET inputs = '[{\"a\": 1}]'", "damaged"),
        ("UPDATE scenario_run SET command = '__import__(\"os\")'", "damaged"),
        ("DELETE FROM scenario_run", "damaged"),
        ("DROP TABLE scenario_run", "is no scenario"),
    ):
        with sqlite3.connect(path) as database:
            database.execute(statement)
        with pytest.raises(SolverError, match=words):
            open_scenario(path)
        assert not is_scenario(path)
    with pytest.raises(SolverError, match="no scenario"):
        open_scenario(str(Path(__file__)))
    with pytest.raises(SolverError, match="no file"):
        open_scenario(str(tmp_path / "none.gpkg"))


def test_edits_that_are_not_saved_go_with_what_is_copied_and_are_told_of_what_is_not(provider, project, tmp_path):
    zones = QgsVectorLayer(on_disk(zone_layer("zones", rows=SQUARES), tmp_path / "city.gpkg"), "zones", "ogr")
    scratch = zone_layer("Strip", rows=SQUARES)
    for layer in (zones, scratch):
        project.addMapLayer(layer)
        assert layer.startEditing() and layer.deleteFeature(next(layer.getFeatures()).id())
    given = command(ZONES={"source": zones.id(), "selected_only": True}, HAZARD=scratch.id())
    done, log = run(provider, [zones], given, tmp_path / "s.gpkg")
    assert done["LAYER_COUNT"] == 2, log.text
    said = {line.partition(":")[0]: line for line in log.info if "features;" in line}
    assert "2 features" in said["ZONES"] and "not saved are left out" in said["ZONES"]
    assert "selected features only" in said["ZONES"]
    assert "1 features" in said["HAZARD"] and "not saved" not in said["HAZARD"]
    held = {stored.name: layer.featureCount() for stored, layer in open_scenario(str(tmp_path / "s.gpkg")).layers}
    assert held == {"zones": 1, "Strip": 1}
    for layer in (zones, scratch):
        layer.rollBack()
