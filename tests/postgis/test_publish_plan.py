"""``evacuation:publishplan`` on a real server: what is in the tables is counted by SQL, not by what wrote them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("qgis.core")

import psycopg2
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsDataSourceUri,
    QgsProcessingContext,
    QgsProviderRegistry,
    QgsRendererCategory,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime
from qgis.PyQt.QtGui import QColor

import environment
from evacuation_planner.plugin.layers.sharing.command import Command
from evacuation_planner.plugin.layers.sharing.plan_tables import TABLES
from evacuation_planner.plugin.layers.sharing.publishing import turn_key
from evacuation_planner.plugin.layers.sharing.saving import prepare, write
from evacuation_planner.plugin.solvers.control import Control
from tests.processing import scratch_layers
from tests.processing.scratch_layers import Log

SCHEMA = 'eva"cuation; DROP'  # quoted or broken
KEPT = {"saveUsername": True, "savePassword": True}
PASSWORD = "pa55 w'ord"


UTM = "EPSG:32719"


def memory(name, kind, fields, rows, crs=UTM):
    return scratch_layers.memory(name, kind, fields, rows, crs)


def routes(people=4, count=2):
    fields = (
        "origin_id:string destination_id:string people:int vehicles:int travel_time_s:double first_departure:datetime "
        "streets:string agency:string score:double door:string"
    )
    moment = QDateTime(QDate(2025, 3, 12), QTime(10, 0, 1))
    rows = [
        (f"LineStringZ (280000 6690000 5, {281000 + k} 6691000 7)",
         ["z1", "s", people, 1, 61.5, moment, "a\tb\\c\nd", "fire \"x\" 'é'", 2.5, "east"])
        for k in range(count)
    ]  # fmt: skip
    layer = memory("Routes", "LineStringZ", fields, rows)
    layer.renderer().symbol().setColor(QColor("#123456"))
    return layer


def mixed():
    """Every table, one layer without a place, and two for one table."""
    square = "Polygon ((280000 6690000, 281000 6690000, 281000 6691000, 280000 6690000))"
    line = "LineString (280000 6690000, 281000 6691000)"
    point = "Point (280000 6690000)"
    moment = QDateTime(QDate(2025, 3, 12), QTime(10, 0))
    return [
        routes(),
        memory("Roads", "MultiLineString",
               "road_id:string direction:string vehicles:int peak_vehicles:int delay_s:double",
               [("MultiLineString ((280000 6690000, 281000 6691000))", ["r", "forward", 9, 2, 3600.0]),
                (None, ["r", "backward", 0, 0, 0.0])]),
        memory("All zones", "Polygon", "zone_id:string adults:int", [(square, ["z1", 5]), (square, ["z2", 6])]),
        memory("Zones at risk", "Polygon", "zone_id:int population:int adults:int share_at_risk:double",
               [(square, [1, 4, 4, 0.5])]),
        memory("Sites", "Point", "site_id:string status:string rank:int score:double capacity:int residual:int",
               [(point, ["s", "selected", 1, 2.5, 10, 10])]),
        memory("Shelters", "Point", "site_id:string load:int capacity:int", [(point, ["s", 8, 10])]),
        memory("Closures", "None", "road_id:string closed_from:double closed_to:string", [(None, ["r", 1.5, None])]),
        memory("Clearance", "None", "time:datetime seconds:double departed:int arrived:int caught:int",
               [(None, [moment, 0.0, 0, 0, 0]), (None, [moment, 60.0, 4, 4, 0])]),
        memory("Flows", "LineString", "road_id:string direction:string begin:datetime end:datetime entered:int",
               [(line, ["r", "forward", moment, moment, 4])]),
        memory("Allocation", "LineString", "zone_id:string class:string shelter_id:string people:int",
               [(line, ["z1", "adults", "s", 4])]),
    ]  # fmt: skip


def scenario(path, layers):
    command = Command("evacuation:jointplan", {"SEED": 3, "NETWORK": "/none.gpkg"})
    write(str(path), prepare(layers, command, QgsProcessingContext()), Control())
    return str(path)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return scenario(tmp_path_factory.mktemp("small") / "small.gpkg", [routes()])


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return scenario(tmp_path_factory.mktemp("large") / "large.gpkg", [routes(count=60_000)])


def store(database, name, user="tester", password=""):
    """Store a connection in QGIS, as its dialog does."""
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    address = database.server.address(database.name, user, password)
    metadata.saveConnection(metadata.createConnection(address, KEPT), name)


@pytest.fixture(scope="module")
def connection(database):
    store(database, "shared plans")
    yield "shared plans"
    QgsProviderRegistry.instance().providerMetadata("postgres").deleteConnection("shared plans")


def publish(provider, parameters, log=None):
    """Return the results, or why there are none."""
    algorithm = provider.algorithm("publishplan").create()
    context = QgsProcessingContext()
    sound, why = algorithm.checkParameterValues(parameters, context)
    if not sound:
        return why
    log = log or Log()
    results, good = algorithm.run(parameters, context, log)
    return results if good else log.error


def given(path, connection, name="Plan A", schema=SCHEMA, **others):
    return {"SCENARIO": path, "CONNECTION": connection, "SCHEMA": schema, "PLAN_NAME": name, **others}


def versions(database, schema=SCHEMA):
    quoted = schema.replace('"', '""')
    return database.run(f'SELECT name, version, current FROM "{quoted}".plan ORDER BY name, version')


def test_every_layer_is_in_its_table_and_nothing_is_lost(provider, database, connection, tmp_path):
    path, log = scenario(tmp_path / "mixed.gpkg", mixed()), Log()
    done = publish(provider, given(path, connection, schema="evacuation"), log)
    assert (done["VERSION"], done["PUBLISHED"]) == (1, 2 + 2 + 1 + 1 + 1 + 2 + 1), done
    said = log.text
    assert "“Allocation” is published nowhere: its fields are those of none of the tables" in said
    assert "“Sites” is published nowhere: the table shelter takes “Shelters”" in said
    assert "“All zones” is published nowhere: the table zone takes “Zones at risk”" in said
    assert "route takes “Routes” (2 rows; in attributes: agency, score)" in said
    (row,) = database.run(
        "SELECT plan_name, plan_version, origin_id, people, travel_time_s, first_departure::text, streets, door, "
        "attributes, public.ST_AsText(geom, 4), public.ST_SRID(geom) FROM evacuation.current_route ORDER BY row_id "
        "LIMIT 1"
    )
    assert row[:8] == ("Plan A", 1, "z1", 4, 61.5, "2025-03-12 10:00:01", "a\tb\\c\nd", None)
    assert row[8] == {"agency": "fire \"x\" 'é'", "score": 2.5, "door": "east"}
    assert row[9].startswith("MULTILINESTRING((-71.27") and row[10] == 4326
    count = {name: database.run(f"SELECT count(*) FROM evacuation.current_{name}")[0][0] for name in
             ("route", "road", "zone", "shelter", "closure", "clearance", "flow")}  # fmt: skip
    assert count == {"route": 2, "road": 2, "zone": 1, "shelter": 1, "closure": 1, "clearance": 2, "flow": 1}
    assert database.run("SELECT shelter_id, load FROM evacuation.shelter") == [("s", 8)]
    assert database.run("SELECT zone_id, population, attributes FROM evacuation.zone") == [("1", 4.0, {})]
    assert database.run("SELECT closed_from, closed_to, geom FROM evacuation.closure") == [("1.5", None, None)]
    (plan,) = database.run("SELECT plan_id::text, author, parameters, plugin_version FROM evacuation.plan")
    assert plan[:2] == (done["PLAN_ID"], "tester") and plan[3] == "0.1.0"
    assert (plan[2]["algorithm_id"], plan[2]["parameters"]["SEED"], plan[2]["seed"]) == ("evacuation:jointplan", 3, "3")


def test_positions_are_those_that_postgis_itself_works_out(provider, database, connection, small):
    assert publish(provider, given(small, connection, schema="places"))["VERSION"] == 1
    (apart,) = database.run(
        "SELECT max(ST_Distance(ST_Transform(ST_SetSRID(ST_MakePoint(280000, 6690000), 32719), 4326)::geography, "
        "ST_StartPoint(ST_GeometryN(geom, 1))::geography)) FROM places.route"
    )[0]
    assert apart < 0.001  # m
    kinds = database.run("SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_schema = 'places'")
    assert ("current_route", "MULTILINESTRING", 4326) in kinds and len(kinds) == 12


def test_versions_count_by_name_and_a_plan_goes_with_its_rows(provider, database, connection, small):
    numbers = [publish(provider, given(small, connection, name=name))["VERSION"] for name in ("A", "A", "B", "A")]
    assert numbers == [1, 2, 1, 3]
    assert versions(database) == [("A", 1, False), ("A", 2, False), ("A", 3, True), ("B", 1, True)]
    quoted = SCHEMA.replace('"', '""')
    current = f'SELECT plan_name, count(*) FROM "{quoted}".current_route GROUP BY 1 ORDER BY 1'
    assert database.run(current) == [("A", 2), ("B", 2)]
    assert database.run(f'SELECT count(*) FROM "{quoted}".route') == [(8,)]
    database.run(f"DELETE FROM \"{quoted}\".plan WHERE name = 'A'")
    assert database.run(f'SELECT count(*) FROM "{quoted}".route') == [(2,)]
    with pytest.raises(psycopg2.errors.UniqueViolation):  # the server itself keeps one current version a name
        database.run(
            f"INSERT INTO \"{quoted}\".plan SELECT gen_random_uuid(), name, 9, now(), author, true, '{{}}', '' FROM "
            f'"{quoted}".plan'
        )


def test_names_are_names_and_never_sql(provider, database, connection, small):
    name = "x'); DROP TABLE plan; -- \"%s {}"
    done = publish(provider, given(small, connection, name=name, schema="q'u\"o te", READER="re\"ad'er"))
    assert done["VERSION"] == 1, done
    assert database.run('SELECT name FROM "q\'u""o te".plan') == [(name,)]
    assert database.run("SELECT 1 FROM pg_roles WHERE rolname = 're\"ad''er'") == [(1,)]


def test_a_reader_reads_views_and_layers_and_writes_nothing(provider, database, connection, small):
    log = Log()
    done = publish(provider, given(small, connection, schema="evacuation", name="Read", READER="web map"), log)
    assert done["VERSION"] == 1 and log.warnings == [], log.text
    database.run("ALTER ROLE \"web map\" LOGIN PASSWORD 'read'")
    reader = database.server.connect(database.name, "web map", "read")
    with reader.cursor() as cursor:
        for table in [name for one in TABLES for name in (one.name, f"current_{one.name}")]:
            cursor.execute(f"SELECT count(*) FROM evacuation.{table}")
        for statement in (
            "DELETE FROM evacuation.plan",
            "UPDATE evacuation.route SET people = 0",
            "INSERT INTO evacuation.zone (plan_id) SELECT plan_id FROM evacuation.plan",
            "DELETE FROM evacuation.current_zone",
            "TRUNCATE evacuation.flow",
            "CREATE TABLE evacuation.mine (a int)",
            "DELETE FROM layer_styles",
        ):
            with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectNotInPrerequisiteState)):
                cursor.execute(statement)
    reader.close()
    layer = database.layer("current_route", "evacuation", key="row_id", user="web map", password="read")
    assert layer.renderer().symbol().color().name() == "#123456"
    database.run('GRANT INSERT ON evacuation.zone TO "web map"')
    again = Log()
    publish(provider, given(small, connection, schema="evacuation", name="Read", READER="web map"), again)
    assert len(again.warnings) == 1 and "may write too" in again.warnings[0] and '"zone"' in again.warnings[0]


def test_the_current_view_is_seen_by_another_process_with_its_style(provider, database, connection, small):
    assert publish(provider, given(small, connection, schema="seen", name="Plan"))["VERSION"] == 1
    program = """
import sys
from qgis.core import QgsApplication, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(sys.argv[1], "current", "postgres")
print(layer.isValid(), layer.featureCount(), layer.crs().authid(), layer.renderer().symbol().color().name())
"""
    uri = QgsDataSourceUri(database.uri("current_route", "seen", key="row_id")).uri(False)
    run = subprocess.run([sys.executable, "-c", program, uri], capture_output=True, text=True, check=False)
    assert run.stdout.split()[:4] == ["True", "2", "EPSG:4326", "#123456"], run.stdout + run.stderr


def test_of_two_at_once_the_second_waits_and_gets_the_next_version(provider, database, connection, small):
    """The first is held in the middle of its rows by a reader's lock on the table of another."""
    store(database, "first")
    assert publish(provider, given(small, "first", schema="two"))["VERSION"] == 1
    results, logs = {}, {"first": Log(), "second": Log()}

    def one(name):
        results[name] = publish(provider, given(small, "first", schema="two"), logs[name])

    holder = database.server.connect(database.name)
    holder.autocommit = False
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE two.route IN SHARE MODE")  # nobody may add rows
        threads = []
        for name in ("first", "second"):
            run = threading.Thread(target=one, args=(name,))
            run.start()
            threads.append(run)
            time.sleep(1.0)
        assert database.run("SELECT version FROM two.plan WHERE current") == [(1,)]
        holder.rollback()
    for run in threads:
        run.join()
    holder.close()
    assert [results[name]["VERSION"] for name in ("first", "second")] == [2, 3], results
    assert any("Somebody else is publishing" in line for line in logs["second"].info)
    assert versions(database, "two") == [("Plan A", 1, False), ("Plan A", 2, False), ("Plan A", 3, True)]
    assert database.run("SELECT count(*) FROM two.current_route") == [(2,)]


def test_of_two_who_are_the_first_at_once_one_makes_the_tables(provider, database, small):
    store(database, "first")
    with database.server.connect(database.name).cursor() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (turn_key("at once"),))
        results, logs = {}, {"a": Log(), "b": Log()}

        def one(name):
            results[name] = publish(provider, given(small, "first", schema="at once"), logs[name])

        threads = [threading.Thread(target=one, args=(name,)) for name in logs]
        for run in threads:
            run.start()
        time.sleep(1.5)
        assert results == {} and all("Somebody else is publishing" in log.text for log in logs.values())
        holder.execute("SELECT pg_advisory_unlock(%s)", (turn_key("at once"),))
    for run in threads:
        run.join()
    assert sorted(done["VERSION"] for done in results.values()) == [1, 2], results
    assert database.run('SELECT count(*) FROM "at once".current_route') == [(2,)]


PUBLISHER = """
import sys
sys.path[:0] = sys.argv[4:]
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback
application = QgsApplication([], False)
application.initQgis()
from evacuation_planner.plugin.layers.sharing.database import Address
from evacuation_planner.plugin.layers.sharing.opening import open_scenario
from evacuation_planner.plugin.layers.sharing.plan_tables import placed_layers
from evacuation_planner.plugin.layers.sharing.publishing import Order, publish
from evacuation_planner.plugin.solvers.control import Control
from tests.processing import scratch_layers
from tests.processing.scratch_layers import Log
scenario = open_scenario(sys.argv[2])
placed, _ = placed_layers(scenario)
def slowly(fraction, text):
    if fraction > 0.3:
        print("in the middle", flush=True)
        sys.stdin.readline()
publish(Address("test", dsn=sys.argv[1]), Order(sys.argv[3], "Plan"), scenario, placed, QgsProcessingContext(),
        Control(slowly))
"""


def test_a_killed_publisher_leaves_nothing(provider, database, connection, small, large):
    assert publish(provider, given(small, connection, schema="killed", name="Plan"))["VERSION"] == 1
    before = database.tables()
    address = database.server.address(database.name)
    folders = [str(environment.PLUGINS), *environment.site_packages()]
    run = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, address, large, "killed", *folders],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while "in the middle" not in run.stdout.readline():
        assert run.poll() is None
    assert database.run("SELECT count(*) FROM killed.current_route") == [(2,)]
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    done = publish(provider, given(small, connection, schema="killed", name="Plan"))
    assert done["VERSION"] == 2, done
    assert versions(database, "killed") == [("Plan", 1, False), ("Plan", 2, True)]
    assert database.run("SELECT count(*) FROM killed.route") == [(4,)] and database.tables() == before


class StopsAt(Log):
    """Cancelled once the bar has come so far."""

    def __init__(self, percent):
        super().__init__()
        self.progressChanged.connect(lambda value: self.cancel() if value >= percent else None)


@pytest.mark.parametrize("percent", [0.5, 25.0, 60.0, 95.0])
def test_a_cancelled_run_leaves_nothing(provider, database, connection, large, percent):
    schema, log = f"cancelled{percent:.0f}", StopsAt(percent)
    begun = time.monotonic()
    assert publish(provider, given(large, connection, schema=schema), log) == {}
    assert time.monotonic() - begun < 15 and log.warnings[-1] == "Cancelled. Nothing was written."
    assert [name for name in database.tables() if name.startswith(schema)] == []


def test_cancelling_while_the_server_waits_for_a_lock(provider, database, connection, small):
    assert publish(provider, given(small, connection, schema="waits"))["VERSION"] == 1
    holder = database.server.connect(database.name)
    holder.autocommit = False
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE waits.route")
        log, begun = Log(), time.monotonic()
        timer = threading.Timer(1.5, log.cancel)
        timer.start()
        assert publish(provider, given(small, connection, schema="waits"), log) == {}
        assert 1.4 < time.monotonic() - begun < 3.5
    holder.rollback()
    holder.close()
    assert versions(database, "waits") == [("Plan A", 1, True)]


def test_a_locked_table_is_a_sentence(provider, database, connection, small):
    assert publish(provider, given(small, connection, schema="locked"))["VERSION"] == 1
    holder = database.server.connect(database.name)
    holder.autocommit = False
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE locked.plan IN EXCLUSIVE MODE")
        why = publish(provider, given(small, connection, schema="locked"))
    holder.rollback()
    holder.close()
    assert "Another session has locked a table" in why and "Nothing was published" in why
    assert versions(database, "locked") == [("Plan A", 1, True)]


def test_wrong_passwords_and_missing_rights_are_sentences(provider, database, connection, small):
    database.run(f"CREATE ROLE weak LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    log = Log()

    def refused(user, password, **others):
        store(database, "weak", user, password)
        why = publish(provider, given(small, "weak", **others), log)
        assert isinstance(why, str), why
        assert "pa55" not in why + log.text and "wr0ng" not in why + log.text
        return why

    secret = PASSWORD.replace("'", "\\'")
    assert "does not accept user or password" in refused("weak", "wr0ng", schema="new")
    assert "SCHEMA: “new” is not there and this role may not make it" in refused("weak", secret, schema="new")
    publish(provider, given(small, connection, schema="evacuation"))
    assert "The role lacks a right" in refused("weak", secret, schema="evacuation")
    database.run(
        "GRANT USAGE ON SCHEMA evacuation TO weak",
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA evacuation TO weak",
    )
    why = refused("weak", secret, schema="evacuation", name="Weak", READER="none there")
    assert "READER: the role “none there” is not there and this role may not make it" in why
    done = publish(provider, given(small, "weak", schema="evacuation", name="Weak"), log)
    assert done["VERSION"] == 1 and "The plan has no styles" in log.warnings[-1], log.text  # several may publish
    assert database.run("SELECT author FROM evacuation.plan WHERE name = 'Weak'") == [("weak",)]


def test_what_cannot_be_published_to_is_a_sentence(provider, server, database, connection, small, tmp_path):
    database.run("CREATE SCHEMA other", "CREATE TABLE other.route (a int)")
    assert "has a table “route” that is another one" in publish(provider, given(small, connection, schema="other"))
    assert database.run("SELECT to_regclass('other.plan')") == [(None,)]
    plain = server.connect()
    with plain.cursor() as cursor:
        cursor.execute("CREATE DATABASE plain TEMPLATE template0")
    plain.close()
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    metadata.saveConnection(metadata.createConnection(server.address("plain"), KEPT), "plain")
    assert "has no PostGIS" in publish(provider, given(small, "plain"))
    metadata.saveConnection(metadata.createConnection(server.address("none there"), KEPT), "gone")
    assert "cannot be reached or went away" in publish(provider, given(small, "gone"))
    empty = scenario(tmp_path / "empty.gpkg", [memory("A", "Point", "a:int", [])])
    assert "none of its layers is part of a plan" in publish(provider, given(empty, connection))
    nowhere = memory("Routes", "LineString", "origin_id:string destination_id:string vehicles:int travel_time_s:double",
                     [("LineString (0 0, 1 1)", ["a", "b", 1, 1.0])], crs="")  # fmt: skip
    lost = scenario(tmp_path / "lost.gpkg", [nowhere])
    assert "“Routes” has no coordinate reference system" in publish(provider, given(lost, connection, schema="lost"))
    assert [name for name in database.tables() if name.startswith("lost")] == []


def test_a_table_that_swallows_rows_is_refused(provider, database, connection, small):
    assert publish(provider, given(small, connection, schema="swallows"))["VERSION"] == 1
    database.run(
        "CREATE FUNCTION swallows.none() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER none BEFORE INSERT ON swallows.route FOR EACH ROW EXECUTE FUNCTION swallows.none()",
    )
    why = publish(provider, given(small, connection, schema="swallows"))
    assert "of the 2 rows of “Routes” 2 could be read, and the table route took 0" in why
    assert versions(database, "swallows") == [("Plan A", 1, True)]


def test_a_service_does_as_well(provider, database, connection, small, tmp_path, monkeypatch):
    services = tmp_path / "services.conf"
    services.write_text(f"[plans]\nhost={database.server.folder}\ndbname={database.name}\nuser=tester\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    log = Log()
    assert publish(provider, given(small, "plans", schema="service"), log)["VERSION"] == 1
    assert "the service “plans”" in log.text


def test_a_style_by_a_field_without_a_column_is_warned_of(provider, connection, tmp_path):
    layer = routes()
    fire = QgsRendererCategory("fire", layer.renderer().symbol().clone(), "fire")
    layer.setRenderer(QgsCategorizedSymbolRenderer("agency", [fire]))
    log = Log()
    publish(provider, given(scenario(tmp_path / "styled.gpkg", [layer]), connection, schema="styled"), log)
    assert log.warnings == ["“Routes” is drawn by agency, which route has in attributes only."]


def test_inputs_that_have_changed_are_told(provider, connection, tmp_path):
    table = tmp_path / "closed.csv"
    table.write_text("road_id,closed_from\nr,1\n")
    command = Command("evacuation:jointplan", {"CLOSURES": str(table), "NETWORK": "/none.gpkg"})
    path = str(tmp_path / "scenario.gpkg")
    write(path, prepare([routes()], command, QgsProcessingContext()), Control())
    table.write_text("road_id,closed_from\nr,1\nq,2\n")
    log = Log()
    publish(provider, given(path, connection, schema="changed"), log)
    assert len(log.warnings) == 1 and "CLOSURES: “closed”: 2 features, there were 1" in log.warnings[0]


def test_a_server_that_goes_away_in_the_middle(provider, database, connection, large):
    before = json.dumps(database.tables())
    log = Log()

    def end(value):
        if value >= 60.0:
            database.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'evacuation%'"
            )

    log.progressChanged.connect(end)
    why = publish(provider, given(large, connection, schema="away"), log)
    assert "went away" in why and "Nothing was published" in why
    assert json.dumps(database.tables()) == before
