"""What ``evacuation:publishplan`` does before a server answers; tests/postgis has the rest."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("psycopg2")

from qgis.core import QgsProcessingContext

import environment
from evacuation_planner.plugin.layers.sharing.command import Command
from evacuation_planner.plugin.layers.sharing.opening import open_scenario
from evacuation_planner.plugin.layers.sharing.plan_rows import copied_columns, copied_lines
from evacuation_planner.plugin.layers.sharing.plan_tables import placed_layers
from evacuation_planner.plugin.layers.sharing.saving import prepare, write
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import SolverError
from tests.processing.scratch_layers import Log, memory

CLOSURES = "road_id:string closed_from:double closed_to:string note:string lanes:int"


def scenario(path, *rows):
    layer = memory("Closures", "LineStringZ", CLOSURES, rows)
    write(str(path), prepare([layer], Command("evacuation:jointplan", {}), QgsProcessingContext()), Control())
    return str(path)


@pytest.fixture(scope="module")
def closures(tmp_path_factory):
    row = ("LineStringZ (1 2 3, 4 5 6)", ["a\tb\\c\nd", 1.5, None, 'say "é"', 2])
    return scenario(tmp_path_factory.mktemp("closures") / "closures.gpkg", row, (None, ["b", 30.0, "9", None, None]))


def publish(provider, **parameters):
    algorithm, context, log = provider.algorithm("publishplan").create(), QgsProcessingContext(), Log()
    sound, why = algorithm.checkParameterValues(parameters, context)
    if not sound:
        return why
    _, good = algorithm.run(parameters, context, log)
    assert not good
    return log.error


def lines(path):
    (one,), _ = placed_layers(open_scenario(path))
    return copied_columns(one), [
        line.rstrip("\n").split("\t") for line in copied_lines(one, "id", QgsProcessingContext())
    ]


def test_rows_are_as_copy_takes_them(provider, closures):
    """By PostgreSQL's description of COPY's text format, and that of well-known binary: a line of two points."""
    columns, (first, second) = lines(closures)
    row = dict(zip(columns, first))
    assert row["plan_id"] == "id" and row["road_id"] == "a\\tb\\\\c\\nd"
    assert (row["closed_from"], row["closed_to"], row["direction"]) == ("1.5", "\\N", "\\N")
    assert row["attributes"] == '{"note": "say \\\\"é\\\\"", "lanes": 2}'
    flat = (
        "0102000000"
        + "02000000"
        + "".join(
            {1: "000000000000f03f", 2: "0000000000000040", 4: "0000000000001040", 5: "0000000000001440"}[v]
            for v in (1, 2, 4, 5)
        )
    )
    assert row["geom"] == flat
    assert dict(zip(columns, second))["geom"] == "\\N" and dict(zip(columns, second))["attributes"] == "{}"


def test_a_text_that_postgresql_cannot_hold_is_named(provider, tmp_path):
    path = scenario(tmp_path / "nul.gpkg", (None, ["a", 1.0, None, "\\u0000 in words, and a \\", None]))
    assert lines(path)[1][0][-2] == '{"note": "\\\\\\\\u0000 in words, and a \\\\\\\\"}'  # no NUL: six letters
    (one,), _ = placed_layers(open_scenario(path))
    one.layer.startEditing()
    one.layer.changeAttributeValue(1, one.layer.fields().indexFromName("note"), "a\0b")
    if one.layer.getFeature(1)["note"] != "a\0b":
        pytest.skip("this QGIS cuts a text at a NUL")
    with pytest.raises(SolverError, match="feature 1 of “Closures” has a text with a NUL"):
        list(copied_lines(one, "id", QgsProcessingContext()))
    one.layer.rollBack()


@pytest.mark.parametrize("change, words", [
    ({"CONNECTION": "dbname=x password=pa55"}, "CONNECTION: give the name"),
    ({"CONNECTION": "postgres://ann:pa55@h/d"}, "CONNECTION: give the name"),
    ({"CONNECTION": "no such service"}, "neither a stored connection nor a service"),
    ({"PLAN_NAME": "  "}, "PLAN_NAME: give the plan a name"),
    ({"PLAN_NAME": "a\nb"}, "PLAN_NAME: at most"),
    ({"SCHEMA": ""}, "SCHEMA"),
    ({"SCHEMA": "x" * 64}, "SCHEMA: the name of a schema has at most 63 bytes"),
    ({"SCHEMA": "pg_mine"}, "PostgreSQL keeps for itself"),
    ({"READER": "public"}, "READER: “public”"),
    ({"SCENARIO": "/none/there.gpkg"}, "SCENARIO"),
    ({"SCENARIO": str(environment.ROOT / "resources" / "sample" / "sample.gpkg")}, "is no scenario"),
])  # fmt: skip
def test_bad_parameters_are_sentences(provider, closures, change, words):
    given = {"SCENARIO": closures, "CONNECTION": "plans", "PLAN_NAME": "Plan"}
    why = publish(provider, **{**given, **change})
    assert words in why and "pa55" not in why


def test_a_server_that_does_not_answer_is_a_sentence(provider, closures, tmp_path, monkeypatch):
    services = tmp_path / "services.conf"
    services.write_text("[plans]\nhost=/none/there\ndbname=city\nuser=ann\npassword=pa55\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    why = publish(provider, SCENARIO=closures, CONNECTION="plans", PLAN_NAME="Plan")
    assert "the service “plans”" in why and "cannot be reached" in why and "pa55" not in why


def test_a_missing_driver_is_a_sentence(provider, closures, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    why = publish(provider, SCENARIO=closures, CONNECTION="plans", PLAN_NAME="Plan")
    assert "psycopg2 is needed for publishing plans to PostGIS" in why and "pip install" in why and "3.11" not in why
