"""Scenarios of runs whose inputs are tables of a server, with passwords that nothing may keep."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProcessingContext, QgsProject, QgsVectorLayer

import environment
from evacuation_planner.plugin.layers.sharing.command import read_command
from evacuation_planner.plugin.layers.sharing.opening import changed_inputs, open_scenario
from evacuation_planner.plugin.layers.sharing.saving import prepare, write
from evacuation_planner.plugin.solvers.control import Control

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"


@pytest.fixture(scope="module")
def zones(database):
    database.copy(QgsVectorLayer(f"{SAMPLE}|layername=zones", "zones", "ogr"), "zones")
    database.run("CREATE ROLE planner LOGIN PASSWORD 'pa55word'", "GRANT SELECT ON zones TO planner")
    return database


def saved(path, source, layers=()):
    """Save a run on a table, with what belongs to it; return the scenario, opened again."""
    routes = QgsVectorLayer("LineString?crs=EPSG:4326&field=a:int", "Routes", "memory")
    command = read_command(json.dumps({"algorithm_id": "evacuation:zonesatrisk", "parameters": {"ZONES": source}}))
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    write(str(path), prepare([routes, *layers], command, context), Control())
    assert b"pa55word" not in path.read_bytes()
    return open_scenario(str(path))


def test_a_table_has_the_fingerprint_of_the_file_that_it_is_a_copy_of(zones, tmp_path):
    (table,) = saved(tmp_path / "a.gpkg", f"postgres://{zones.uri('zones', key='fid')}").run.inputs
    (file,) = saved(tmp_path / "b.gpkg", f"{SAMPLE}|layername=zones").run.inputs
    first, second = table.fingerprint, file.fingerprint
    assert first.features == 133 and first.people == 451834.0
    assert (first.people, first.ids, first.id_field) == (second.people, second.ids, second.id_field)
    assert first.extent == pytest.approx(second.extent) and first.content == second.content


def test_a_changed_table_is_told_and_another_not(zones, tmp_path):
    opened = saved(tmp_path / "a.gpkg", f"postgres://{zones.uri('zones', key='fid')}")
    assert changed_inputs(opened, Control()) == []
    zones.run("CREATE TABLE other AS SELECT * FROM zones", "UPDATE zones SET adults = adults + 1 WHERE zone_id = '1'")
    try:
        (change,) = changed_inputs(opened, Control())
        assert str(change).startswith("ZONES: “zones”: 451,835 people, there were 451,834")
    finally:
        zones.run("UPDATE zones SET adults = adults - 1 WHERE zone_id = '1'", "DROP TABLE other")


def test_without_the_password_nobody_is_asked_for_it(zones, tmp_path):
    source = zones.uri("zones", key="fid", user="planner", password="pa55word")
    lost = saved(tmp_path / "lost.gpkg", f"postgres://{source}").run.inputs[0]
    assert lost.fingerprint is None and "cannot be opened" in lost.why and "pa55word" not in lost.why
    layer = QgsVectorLayer(source, "The zones", "postgres")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    opened = saved(tmp_path / "kept.gpkg", f"postgres://{source}")
    (one,) = opened.run.inputs
    assert one.needs_password and one.name == "The zones" and one.fingerprint.people == 451834.0
    (apart,) = changed_inputs(opened, Control())
    assert not apart.compared and "password is not kept" in apart.what
    assert changed_inputs(opened, Control(), [layer]) == []
    QgsProject.instance().clear()


def test_a_server_that_is_gone_is_a_sentence(zones, tmp_path):
    gone = (
        f"postgres://dbname='none there' host='{zones.server.folder}' user='tester' table=\"public\".\"zones\" (geom)"
    )
    (one,) = saved(tmp_path / "gone.gpkg", gone).run.inputs
    assert one.fingerprint is None and "cannot be opened" in one.why
