"""The forms in which a layer may lie in PostgreSQL: all read alike, in the same order, with their own numbers."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
)

from evacuation_planner.plugin.layers.database_sources import database_rows
from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.shapes import features_of
from evacuation_planner.plugin.layers.values import id_text
from tests.processing.test_check_roads import town

FIRST = 2**53 + 1  # ids from here on are no floating-point numbers
ROWS = 12
SCHEMA, TABLE, PLACE = "Town Hall", "Roads 2026", '"Town Hall"."Roads 2026"'


@pytest.fixture(scope="module")
def roads(database):
    """The roads of a made town in a table, not in the order of its key, and other forms of the same."""
    database.copy(town(), "town")
    database.run(
        f'CREATE SCHEMA "{SCHEMA}"',
        f'CREATE TABLE {PLACE} AS SELECT {FIRST}::bigint + fid - 1 AS "Id", name AS "Name", oneway AS "OneWay", '
        'maxspeed AS "MaxSpeed", geom AS "Shape" FROM town ORDER BY fid DESC',
        f'ALTER TABLE {PLACE} ADD PRIMARY KEY ("Id")',
        f'CREATE VIEW roads_view AS SELECT * FROM {PLACE}',
        "CREATE MATERIALIZED VIEW roads_kept AS SELECT * FROM roads_view",
        'CREATE UNIQUE INDEX ON roads_kept ("Id")',
        'CREATE TABLE no_key AS SELECT * FROM roads_view ORDER BY "Id"',
        "CREATE TABLE by_word AS SELECT 'r' || \"Id\" AS word, r.* FROM roads_view r",
        "ALTER TABLE by_word ADD PRIMARY KEY (word)",
        'CREATE TABLE by_pair AS SELECT * FROM roads_view',
        'ALTER TABLE by_pair ADD PRIMARY KEY ("Id", "Name")',
        'CREATE TABLE on_earth AS SELECT "Id", "Name", "OneWay", "MaxSpeed", '
        'ST_Transform("Shape", 4326)::geography(LineString) AS "Shape" FROM roads_view',
        'ALTER TABLE on_earth ADD PRIMARY KEY ("Id")',
        "CREATE TABLE loose AS SELECT \"Id\", \"Name\", \"OneWay\", \"MaxSpeed\", \"Shape\"::geometry FROM roads_view",
        'ALTER TABLE loose ALTER COLUMN "Shape" TYPE geometry, ADD PRIMARY KEY ("Id")',
    )  # fmt: skip
    return database


FORMS = {
    "a table of another schema with capital letters": (TABLE, SCHEMA, {}),
    "with estimated metadata": (TABLE, SCHEMA, {"estimatedmetadata": "true"}),
    "a view": ("roads_view", "public", {"key": "Id"}),
    "a materialized view": ("roads_kept", "public", {}),
    "a query": ("(SELECT * FROM roads_view WHERE \"Name\" <> '')", "", {"key": "Id"}),
    "a filter": (TABLE, SCHEMA, {"sql": '"Id" > 0'}),
    "no key": ("no_key", "public", {}),
    "a key of text": ("by_word", "public", {}),
    "a key of two fields": ("by_pair", "public", {}),
    "geography": ("on_earth", "public", {}),
    "a column of any shape": ("loose", "public", {"type": "LineString", "srid": "32719"}),
}


def checked(network, **parameters) -> dict:
    fields = {"SPEED_FIELD": "MaxSpeed", "DIRECTION_FIELD": "OneWay"}
    found = processing.run("evacuation:checkroads", {"NETWORK": network, "OUTPUT": "memory:", **fields, **parameters})
    found["OUTPUT"] = sorted((f["problem"], f["road_id"]) for f in found["OUTPUT"].getFeatures())
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("by_string", [False, True])
def test_every_form_gives_the_same_network(roads, form, by_string):
    table, schema, options = FORMS[form]
    source = roads.uri(table, schema, "Shape", **options)
    network = f"postgres://{source}" if by_string else roads.layer(table, schema, "Shape", **options)
    expected = checked(town(), NETWORK_ID_FIELD="name", SPEED_FIELD="maxspeed", DIRECTION_FIELD="oneway")
    assert checked(network, NETWORK_ID_FIELD="Name") == expected
    numbered = checked(network, NETWORK_ID_FIELD="Id")
    number = dict(roads.run('SELECT "Name", "Id"::text FROM roads_view'))
    assert numbered["OUTPUT"] == sorted((problem, number[name]) for problem, name in expected["OUTPUT"])


@pytest.mark.parametrize("form", [
    "a table of another schema with capital letters", "a view", "a materialized view", "a query", "geography",
])  # fmt: skip
def test_without_an_id_field_the_key_numbers_the_rows(roads, form):
    table, schema, options = FORMS[form]
    network = roads.layer(table, schema, "Shape", **options)
    assert checked(network)["OUTPUT"] == checked(network, NETWORK_ID_FIELD="Id")["OUTPUT"]
    source = QgsProcessingFeatureSource(network, QgsProcessingContext())
    source.database = database_rows(network, "NETWORK", QgsProcessingContext())
    assert [feature.id() for feature in features_of(source)] == list(range(FIRST, FIRST + ROWS))
    request = QgsFeatureRequest()
    request.setSubsetOfAttributes([network.fields().indexFromName("Name")])
    assert [feature.id() for feature in features_of(source, request)] == list(range(FIRST, FIRST + ROWS))


def test_a_limited_or_selected_source_is_complete_when_that_much_came(roads):
    network = roads.layer(TABLE, SCHEMA, "Shape")
    network.selectByExpression(f'"Id" < {FIRST + 5}')
    for definition, rows in (
        (QgsProcessingFeatureSourceDefinition(network.source(), True), 5),
        (QgsProcessingFeatureSourceDefinition(network.source(), False, 3), 3),
        (QgsProcessingFeatureSourceDefinition(network.source(), False, 300), ROWS),
    ):
        definition.source.setStaticValue(network.id())
        context = QgsProcessingContext()
        context.temporaryLayerStore().addMapLayer(network.clone() if rows != 5 else network)
        layer = next(iter(context.temporaryLayerStore().mapLayers().values()))
        definition.source.setStaticValue(layer.id())
        found = database_rows(definition, "NETWORK", context)
        assert found.expected() == rows
        with pytest.raises(LayerError, match=f"NETWORK: .*{rows + 1} of {rows} rows came"):
            found.refuse_incomplete(rows + 1, rows)
        context.temporaryLayerStore().takeMapLayer(layer)


def test_rows_that_are_edited_and_not_saved_count(roads):
    network = roads.layer(TABLE, SCHEMA, "Shape")
    network.startEditing()
    network.addFeature(QgsFeature(network.fields()))
    network.deleteFeatures([f.id() for f in network.getFeatures("\"Name\" in ('dot', 'pier')")])
    assert database_rows(network, "NETWORK", QgsProcessingContext()).expected() == ROWS - 1
    network.rollBack()


def test_numeric_ids_that_qgis_rounds_are_refused(roads):
    roads.run('CREATE TABLE numeric_ids AS SELECT "Id"::numeric AS number, "Name", "Shape" FROM roads_view')
    with pytest.raises(QgsProcessingException, match=r"2\^53.*bigint"):
        checked(
            roads.layer("numeric_ids", geometry="Shape"), NETWORK_ID_FIELD="number", SPEED_FIELD="", DIRECTION_FIELD=""
        )
    assert id_text(float(2**53 - 1)) == str(2**53 - 1)
    with pytest.raises(LayerError):
        id_text(float(2**53))


def test_a_connection_that_breaks_is_no_end_of_the_table(roads, monkeypatch):
    roads.run("CREATE TABLE many AS SELECT g AS id, 'r' || g AS name, ST_SetSRID(ST_MakeLine(ST_Point(g, 0), "
              "ST_Point(g + 1, 0)), 32719)::geometry(LineString, 32719) AS geom FROM generate_series(1, 20000) g",
              "ALTER TABLE many ADD PRIMARY KEY (id)")  # fmt: skip
    network = roads.layer("many")
    source = QgsProcessingFeatureSource(network, QgsProcessingContext())
    source.database = database_rows(network, "NETWORK", QgsProcessingContext())
    assert sum(1 for _ in features_of(source)) == 20000
    feature, table = QgsFeature(), features_of(source)
    for _ in range(10):
        assert table.nextFeature(feature)
    roads.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
              "AND datname = current_database()")  # fmt: skip
    seen = 10
    while table.nextFeature(feature):
        seen += 1
    assert 10 < seen < 20000
    with pytest.raises(LayerError, match=f"NETWORK: “many”: {seen} of 20000 rows came"):
        table.database.refuse_incomplete(seen, table.expected)


def refused(network) -> str:
    """Return why checkroads refuses a network before it starts, as a string and as a layer where QGIS opens it."""
    with pytest.raises(QgsProcessingException) as error:
        processing.run("evacuation:checkroads", {"NETWORK": network, "OUTPUT": "memory:"})
    assert "geheim" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_read_is_known_before(roads, monkeypatch):
    from evacuation_planner.plugin.layers import database as module

    roads.run(
        "CREATE TABLE mixed (id int PRIMARY KEY, geom geometry)",
        "INSERT INTO mixed VALUES (1, 'SRID=4326;LINESTRING(1 1,2 2)'), (2, 'SRID=32719;LINESTRING(1 1,2 2)')",
        "CREATE TABLE nowhere (id int PRIMARY KEY, geom geometry(LineString))",
        "INSERT INTO nowhere VALUES (1, 'LINESTRING(1 1,2 2)')",
        "CREATE TABLE half (id int PRIMARY KEY, geom geometry)",
        "INSERT INTO half VALUES (1, 'LINESTRING(1 1,2 2)'), (2, 'SRID=32719;LINESTRING(1 1,2 2)')",
        "CREATE ROLE stranger LOGIN PASSWORD 'geheim'",
    )

    def string(table: str, schema: str = "public", geometry: str = "geom", **options) -> str:
        return f"postgres://{roads.uri(table, schema, geometry, **options)}"

    assert "several reference systems (SRID 4326, 32719)" in refused(string("mixed"))
    assert "several reference systems (SRID 0, 32719)" in refused(string("half"))
    assert "no coordinate reference system" in refused(string("nowhere"))
    assert "no coordinate reference system" in refused(roads.layer("nowhere"))
    assert "capital letters count" in refused(string("Town"))
    assert "capital letters count" in refused(string("town", "none"))
    assert "needs key=" in refused(string("roads_view", geometry="Shape"))
    assert "password authentication failed" in refused(string("town", user="stranger", password="geheim?"))
    assert "permission denied for table town" in refused(string("town", user="stranger", password="geheim"))
    monkeypatch.setattr(module, "WAIT_SECONDS", 1)
    other = roads.server.connect(roads.name)
    other.autocommit = False
    with other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE town IN ACCESS EXCLUSIVE MODE")
        assert "another session has locked it for more than 1 s" in refused(string("town"))
    other.close()


def test_a_server_that_is_gone_is_named(server, roads):
    layer = roads.layer("town")
    gone = layer.source().replace(str(server.folder), str(server.folder / "gone"))
    assert "cannot be opened" in refused(f"postgres://{gone}")
    assert isinstance(layer, QgsVectorLayer)
