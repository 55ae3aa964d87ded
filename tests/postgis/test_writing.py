"""Outputs in PostgreSQL: whole or not there at all, whatever happens, and never in place of what is still needed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest

pytest.importorskip("qgis.core")

from postgis_server import PostgisServer, programs
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt

from evacuation_planner.plugin.layers import database_writing
from evacuation_planner.plugin.layers.fields import Column
from evacuation_planner.plugin.layers.writing import OutputLayer
from tests.postgis.database import Database
from tests.processing.test_outputs import Log, Writer, refused, rows_of, run

SECRET = "it's secret"


class Everything(Writer):
    """Writes rows of every kind of column to OUTPUT, in a reference system."""

    kind, crs = QgsWkbTypes.Type.MultiPolygonZ, QgsCoordinateReferenceSystem("EPSG:32719")

    def calculate(self, parameters, context, feedback):
        layer = OutputLayer(self.columns, self.rows, self.kind, self.crs)
        return {"OUTPUT": self.write(parameters, "OUTPUT", context, layer)}


def opened(result: str) -> QgsVectorLayer:
    """Return the layer of a result, as the next step of a model opens it."""
    context = QgsProcessingContext()
    return context.temporaryLayerStore().takeMapLayer(QgsProcessingUtils.mapLayerFromString(result, context))


def written(database, rows, columns, destination, algorithm=Everything, **settings) -> str:
    made = algorithm()
    made.initAlgorithm()
    made.rows, made.columns = rows, columns
    for name, value in settings.items():
        setattr(made, name, value)
    context, log = QgsProcessingContext(), Log()
    parameters = {"OUTPUT": destination}
    made.prepareAlgorithm(parameters, context, log)
    return made.processAlgorithm(parameters, context, log)["OUTPUT"]


@pytest.mark.parametrize("form", ["postgis:", "postgres:", "postgres://", "postgis://"])
def test_every_form_of_destination_makes_a_table_with_key_index_and_reference_system(database, form):
    database.run('CREATE SCHEMA IF NOT EXISTS "My Plans"')
    local, universal = QDateTime(2026, 3, 1, 8, 30, 15), QDateTime(2026, 3, 1, 8, 30, 15, 250, Qt.TimeSpec.UTC)
    columns = [
        Column("big", "int", "beyond doubles"), Column("Share", "float"), Column("word", "text"),
        Column("at", "datetime"), Column("when", "datetime"), Column("fid", "int"),
    ]  # fmt: skip
    square = QgsGeometry.fromWkt("Polygon ((0 0, 1 0, 1 1, 0 0))")
    rows = [
        (square, [2**53 + 1, 0.1 + 0.2, 'it\'s "so"; \\ %s', local, universal, 7]),
        (None, [-(2**62), None, "", None, None, 9]),
    ]
    result = written(database, rows, columns, form + database.uri("Wards", "My Plans", key="fid"))
    table = '"My Plans"."Wards"'
    asked = f'SELECT big, "Share", word, at, "when", fid, GeometryType(geom) FROM {table} ORDER BY fid'
    assert database.run(asked) == [
        (2**53 + 1, 0.1 + 0.2, 'it\'s "so"; \\ %s', datetime(2026, 3, 1, 8, 30, 15),
         datetime(2026, 3, 1, 8, 30, 15, 250000, timezone.utc), 7, "MULTIPOLYGON"),
        (-(2**62), None, "", None, None, 9, None),
    ]  # fmt: skip
    assert database.run("SELECT type, srid, coord_dimension FROM geometry_columns WHERE f_table_name = 'Wards'") == [
        ("MULTIPOLYGON", 32719, 3)
    ]
    names = [row[0] for row in database.run("SELECT indexname FROM pg_indexes WHERE tablename = 'Wards' ORDER BY 1")]
    assert names == ["Wards_geom_idx", "Wards_pkey"]
    assert database.run(f"SELECT col_description('{table}'::regclass, 1)") == [("beyond doubles",)]
    layer = opened(result)
    assert layer.isValid() and layer.crs().authid() == "EPSG:32719"
    assert layer.wkbType() == QgsWkbTypes.Type.MultiPolygonZ
    assert {f["big"]: f["Share"] for f in layer.getFeatures()}[2**53 + 1] == 0.1 + 0.2
    moments = {f["fid"]: f for f in layer.getFeatures()}[7]
    assert (moments["at"], moments["when"]) == (local, universal)


def test_columns_that_postgresql_cannot_have_so_are_renamed(database):
    long = "ä" * 40
    columns = [Column("fid", "text"), Column("geom", "text"), Column(long, "int"), Column(f"{long}?", "int")]
    written(database, [(None, ["a", "b", 1, 2])], columns, f"postgis:{database.uri('names', key='fid')}")
    assert database.run("SELECT fid_1, geom_1, " + f'"{"ä" * 31}", "{"ä" * 30}_1" FROM names') == [("a", "b", 1, 2)]
    named = f"postgis:{database.uri('names', geometry='the_geom', key='gid')}"
    written(database, [(None, ["a", "b", 1, 2])], columns, named)
    assert database.run("SELECT gid, fid, geom FROM names") == [(1, "a", "b")]


@pytest.mark.parametrize("names, key", [(["n"], "id"), (["ID"], "fid"), (["id", "Fid"], "id_0")])
def test_the_key_takes_a_name_that_no_column_has(database, names, key):
    written(database, [(None, ["x"] * len(names))], [Column(name, "text") for name in names],
            f"postgis:{database.uri('keyed')}")  # fmt: skip
    quoted = ", ".join(f'"{name}"' for name in [*names, key])
    assert database.run(f"SELECT {quoted} FROM keyed") == [(*["x"] * len(names), 1)]


def test_a_list_a_map_bytes_and_a_date_of_an_input_s_fields_arrive(database):
    database.run("CREATE TABLE kinds (id int PRIMARY KEY, words text[], map jsonb, raw bytea, day date, yes boolean, "
                 "real real, small smallint, geom geometry(Point, 4326))",
                 "INSERT INTO kinds VALUES (1, '{a,\"b,c\"}', '{\"x\": [1, \"ü\"]}', '\\x00ff', '2026-01-02', true, "
                 "1.5, 3, 'SRID=4326;POINT(1 1)')")  # fmt: skip
    layer = database.layer("kinds")
    rows = [(f.geometry(), f.attributes()) for f in layer.getFeatures()]
    point = {"kind": QgsWkbTypes.Type.Point, "crs": layer.crs()}
    written(database, rows, list(layer.fields()), f"postgis:{database.uri('again')}", **point)
    both = [
        database.run(f"SELECT words, map, raw::text, day, yes, real, small FROM {name}") for name in ("kinds", "again")
    ]
    assert both[0] == both[1]
    assert isinstance(rows[0][1][4], QDate)


def there(database, table="plan") -> list[tuple]:
    return database.run(f'SELECT n, text, ST_AsText(geom) FROM "{table}" ORDER BY n')


@pytest.fixture
def plan(database):
    """A table that an earlier run has written."""
    database.run('DROP TABLE IF EXISTS "plan", plan_first CASCADE')
    run(rows_of(3, "old"), OUTPUT=f"postgis:{database.uri('plan')}")
    assert [row[1] for row in there(database)] == ["old"] * 3
    return database


def tables(database) -> list[str]:
    return [name for name in database.tables() if "plan" in name or "unfinished" in name]


def test_overwriting_takes_over_name_rights_index_and_sequence(plan):
    plan.run("CREATE ROLE web", "GRANT SELECT ON plan TO web", "GRANT INSERT ON plan TO PUBLIC")
    run(rows_of(5, "new"), OUTPUT=f"postgres://{plan.uri('plan')}")
    assert [row[1] for row in there(plan)] == ["new"] * 5
    rights = ", ".join(f"has_table_privilege('web', 'plan', '{right}')" for right in ("SELECT", "INSERT", "DELETE"))
    assert plan.run(f"SELECT {rights}") == [(True, True, False)]
    assert plan.run("SELECT pg_get_serial_sequence('plan', 'id')") == [("public.plan_id_seq",)]
    assert [row[0] for row in plan.run("SELECT indexname FROM pg_indexes WHERE tablename = 'plan' ORDER BY 1")] == [
        "plan_geom_idx", "plan_pkey",
    ]  # fmt: skip
    assert tables(plan) == ["public.plan"]


def test_a_reader_sees_the_old_table_until_the_new_one_is_complete(plan):
    seen = []

    def looking():
        for k, row in enumerate(rows_of(4, "new")):
            seen.append((k, len(there(plan)), tables(plan)))
            yield row

    run(looking(), OUTPUT=f"postgis:{plan.uri('plan')}")
    assert seen == [(k, 3, ["public.plan"]) for k in range(4)] and len(there(plan)) == 4


@pytest.mark.parametrize("table", ["plan", "plan_new"])
def test_cancelling_leaves_no_table_and_the_old_one_as_it_was(plan, table):
    log = Log()
    log.seen = iter([False] * 3)
    log.isCanceled = lambda: next(log.seen, True)  # while the batches go
    result, _ = run(rows_of(9000, "new"), log=log, OUTPUT=f"postgis:{plan.uri(table)}")
    assert result == {} and log.warnings == ["Cancelled. Nothing was written."]
    assert tables(plan) == ["public.plan"] and [row[1] for row in there(plan)] == ["old"] * 3


def test_an_error_while_rows_are_worked_out_or_written_leaves_nothing(plan):
    def failing():
        yield from rows_of(2, "new")
        raise OSError("no more")

    first = f"postgis:{plan.uri('plan_first')}"
    with pytest.raises(QgsProcessingException, match=r"no more.*Complete and kept: OUTPUT \(public.plan_first\)"):
        run(rows_of(2), failing(), OUTPUT=first, OUTPUT_MORE=f"postgis:{plan.uri('plan')}")
    with pytest.raises(QgsProcessingException, match="OUTPUT: “public.plan”: .*out of range"):
        run([*rows_of(2), (None, [2**64, ""])], OUTPUT=f"postgis:{plan.uri('plan')}")
    assert tables(plan) == ["public.plan", "public.plan_first"] and len(there(plan)) == 3


def test_a_connection_that_is_cut_leaves_nothing(plan):
    def cut():
        yield from rows_of(3000, "new")

    class Cutting(list):
        def __getitem__(self, part):
            if isinstance(part, slice) and part.start:
                plan.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                         "AND pid <> pg_backend_pid()")  # fmt: skip
            return super().__getitem__(part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_writing, "list", Cutting, raising=False)
        with pytest.raises(QgsProcessingException, match="OUTPUT: “public.plan”: the database .* went away"):
            run(cut(), OUTPUT=f"postgis:{plan.uri('plan')}")
    assert tables(plan) == ["public.plan"] and len(there(plan)) == 3


def test_a_server_that_stops_in_the_middle_has_undone_all_when_it_is_back(server):
    with PostgisServer(programs()) as other:
        database = Database(other, "short")
        run(rows_of(3, "old"), OUTPUT=f"postgis:{database.uri('plan')}")

        class Stopping(list):
            def __getitem__(self, part):
                if isinstance(part, slice) and part.start:
                    other.stop(now=True, keep=True)
                return super().__getitem__(part)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database_writing, "list", Stopping, raising=False)
            with pytest.raises(QgsProcessingException, match="went away .*Try again when it answers"):
                run(rows_of(3000, "new"), OUTPUT=f"postgis:{database.uri('plan')}")
        with pytest.raises(QgsProcessingException, match="cannot be opened"):
            run(rows_of(3, "new"), OUTPUT=f"postgis:{database.uri('plan')}")
        other.start()
        database = _again(database)
        assert tables(database) == ["public.plan"] and [row[1] for row in there(database)] == ["old"] * 3
        database.close()


def _again(database: Database) -> Database:
    database.connection = database.server.connect(database.name)
    return database


def test_a_table_in_use_is_waited_for_and_then_left(plan, monkeypatch):
    with plan.reader("plan") as reader:
        monkeypatch.setattr(database_writing, "WAIT_SECONDS", 1)
        with pytest.raises(QgsProcessingException, match="OUTPUT: “public.plan”: another session has locked it"):
            run(rows_of(5, "new"), OUTPUT=f"postgis:{plan.uri('plan')}")
        assert tables(plan) == ["public.plan"] and len(there(plan)) == 3
        monkeypatch.setattr(database_writing, "WAIT_SECONDS", 20)
        threading.Timer(1.2, reader.close).start()
        run(rows_of(5, "new"), OUTPUT=f"postgis:{plan.uri('plan')}")
    assert len(there(plan)) == 5


def test_cancelling_while_another_session_has_the_table_ends_within_a_second(plan):
    log = Log()
    with plan.reader("plan"):
        threading.Timer(1.5, log.cancel).start()
        begin = datetime.now()
        result, _ = run(rows_of(5, "new"), log=log, OUTPUT=f"postgis:{plan.uri('plan')}")
        assert result == {} and datetime.now() - begin < timedelta(seconds=1.5 + 1.5)
    assert tables(plan) == ["public.plan"] and len(there(plan)) == 3


def test_cancelling_while_the_server_works_ends_soon(plan):
    plan.run(
        "CREATE FUNCTION pause() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); END'",
        "CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION pause()",
    )
    log = Log()
    threading.Timer(1.0, log.cancel).start()
    begin = datetime.now()
    try:
        result, _ = run(rows_of(5, "new"), log=log, OUTPUT=f"postgis:{plan.uri('plan')}")
    finally:
        plan.run("DROP EVENT TRIGGER slow", "DROP FUNCTION pause")
    assert result == {} and timedelta(seconds=1) < datetime.now() - begin < timedelta(seconds=3)
    assert log.warnings == ["Cancelled. Nothing was written."]
    assert tables(plan) == ["public.plan"] and len(there(plan)) == 3


def test_what_must_not_be_overwritten_is_known_before(plan):
    plan.run("CREATE VIEW plan_view AS SELECT * FROM plan", "CREATE TABLE plan_source AS SELECT * FROM plan",
             "ALTER TABLE plan_source ADD PRIMARY KEY (id)", "CREATE TABLE plan_other AS SELECT * FROM plan",
             "CREATE VIEW plan_of_source AS SELECT * FROM plan_source")  # fmt: skip

    def to(table, schema="public", **options) -> str:
        return f"postgres://{plan.uri(table, schema, **options)}"

    assert "is used by plan_view" in refused(OUTPUT=to("plan"))
    assert "is a view, which is not overwritten" in refused(OUTPUT=to("plan_view"))
    assert refused(OUTPUT=to("new", "none")).startswith("OUTPUT: the database “test_writing”")
    assert "has no schema “none”" in refused(OUTPUT=to("new", "none"))
    assert "OUTPUT and OUTPUT_MORE are the same table" in refused(
        OUTPUT=to("new"), OUTPUT_MORE=f"postgis:{plan.uri('new')}"
    )
    assert "longer than the 63 bytes" in refused(OUTPUT=to("n" * 64))
    assert "name a table" in refused(OUTPUT=f"postgres://{plan.server.address(plan.name)}")
    assert "OUTPUT would overwrite “public.plan_other”, from which ZONES is read" in refused(
        ZONES=to("plan_other", key="id"), OUTPUT=to("plan_other")
    )
    query = to("(SELECT * FROM plan_other WHERE n > 1)", key="id")
    assert "from which ZONES is read" in refused(ZONES=query, OUTPUT=to("plan_other"))
    assert "is used by plan_of_source" in refused(ZONES=to("plan_of_source", key="id"), OUTPUT=to("plan_source"))
    assert there(plan) == there(plan, "plan_other")


def test_a_role_without_rights_and_a_wrong_password_are_known_before_and_no_password_is_told(plan):
    for role in ("guest", "painter"):
        plan.run(f"CREATE ROLE {role} LOGIN PASSWORD 'it''s secret'")
    plan.run("CREATE SCHEMA guests AUTHORIZATION guest", "GRANT CREATE ON SCHEMA public TO painter")

    def to(table, schema="public", user="guest", password=SECRET) -> str:
        quoted = password.replace("'", "\\'")
        return f"postgres://{plan.uri(table, schema, user=user, password=quoted)}"

    said = [
        refused(OUTPUT=to("new")),
        refused(OUTPUT=to("plan", user="painter")),
        refused(OUTPUT=to("new", "guests", password="not it, it's secret")),
    ]
    assert "may not make tables in the schema “public”" in said[0]
    assert "not the role “painter”'s to overwrite" in said[1]
    assert "password authentication failed" in said[2]
    result, log = run(rows_of(2), OUTPUT=to("kept", "guests"))
    shown = [*said, str(result), *log.warnings]
    assert not [text for text in shown if "secret" in text]
    layer = opened(result["OUTPUT"])  # the session knows the password still
    assert layer.isValid() and layer.featureCount() == 2
    run(rows_of(2), ZONES=result["OUTPUT"], OUTPUT="memory:")
    with pytest.raises(QgsProcessingException) as error:
        run([(None, ["no number", ""])], OUTPUT=to("new", "guests"))
    assert "secret" not in str(error.value)


def test_a_reference_system_that_postgis_does_not_know_is_no_zero(database):
    own = QgsCoordinateReferenceSystem.fromProj("+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84")
    with pytest.raises(QgsProcessingException, match="OUTPUT: PostGIS does not know the reference system"):
        written(database, [(None, [1])], [Column("n", "int")], f"postgis:{database.uri('own')}", crs=own)
    assert "public.own" not in database.tables()


def test_a_table_without_shapes_and_one_without_rows(database):
    written(database, [(None, [1])], [Column("n", "int")], f"postgis:{database.uri('bare')}",
            kind=QgsWkbTypes.Type.NoGeometry)  # fmt: skip
    assert database.run("SELECT * FROM bare") == [(1, 1)]
    result = written(database, [], [Column("n", "int")], f"postgis:{database.uri('empty')}")
    layer = opened(result)
    assert layer.isValid() and layer.featureCount() == 0


def test_a_table_is_loaded_at_the_end_where_that_is_asked_for(plan):
    project = QgsProject()
    definition = QgsProcessingOutputLayerDefinition(f"postgis:{plan.uri('plan')}", project)
    definition.destinationName = "The plan"
    algorithm, context = Writer(), QgsProcessingContext()
    algorithm.initAlgorithm()
    algorithm.rows = rows_of(2)
    result = algorithm.processAlgorithm({"OUTPUT": definition}, context, Log())
    ((source, details),) = context.layersToLoadOnCompletion().items()
    assert (source, details.name, details.outputName) == (result["OUTPUT"], "The plan", "OUTPUT")
    assert isinstance(QgsProcessingUtils.mapLayerFromString(source, context), QgsVectorLayer)
