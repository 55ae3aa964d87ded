"""Table: 10,000 shortest routes by reverse trees, beside pgRouting on the same arcs in a table of PostGIS."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cases
from benchmarks.measuring import FULL, ROOT, Timed, timed
from benchmarks.table import Table, seconds
from evacuation_planner.plugin.solvers.routing.shared.individual import individual_routes
from evacuation_planner.plugin.solvers.routing.shared.problem import RoutingProblem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees

if str(ROOT / "scripts") not in sys.path:
    sys.path.append(str(ROOT / "scripts"))
import postgis_server

HEADER = (
    "network", "with", "routes", "grown from", "wall s", "CPU s", "times as long (wall)", "(CPU)", "largest difference",
)  # fmt: skip
TRIPS = 10_000
EDGES = "SELECT id, source, target, cost FROM arc"
TURNED = "SELECT id, target AS source, source AS target, cost FROM arc"
# What each peer is asked: its name, from where it grows, and the query; columns: the pair and its seconds.
PEERS = (
    (
        "pgr_dijkstra", "sources",
        f"SELECT start_vid, end_vid, agg_cost FROM pgr_dijkstra('{EDGES}', 'SELECT * FROM pair') WHERE edge = -1",
    ),
    (
        "pgr_dijkstra, arcs turned round", "destinations",
        "SELECT end_vid, start_vid, agg_cost FROM pgr_dijkstra("
        f"'{TURNED}', 'SELECT target AS source, source AS target FROM pair') WHERE edge = -1",
    ),
    (
        "pgr_dijkstraCost, arcs turned round, no routes", "destinations",
        "SELECT end_vid, start_vid, agg_cost FROM pgr_dijkstraCost("
        f"'{TURNED}', 'SELECT target AS source, source AS target FROM pair')",
    ),
)  # fmt: skip


def missing() -> str:
    """Return why pgRouting cannot be measured here, "" where it can."""
    try:
        import psycopg2  # noqa: F401
    except ImportError:
        return "Not measured: psycopg2 is missing (make test-postgis installs it on Debian)."
    if postgis_server.programs() is None:
        return (
            "Not measured: PostgreSQL with PostGIS and pgRouting is missing (make test-postgis installs it on Debian)."
        )
    return ""


def routes_by_trees(problem: RoutingProblem) -> Routes:
    """Return the route of each trip."""
    return individual_routes(problem, reverse_trees(problem))


def load(connection: Any, problem: RoutingProblem) -> None:
    """Write arcs and pairs of junctions into tables; the plugin's problem has parallel arcs, and so have they."""
    arcs = zip(problem.tail.tolist(), problem.head.tolist(), problem.cost.free_flow.tolist())
    pairs = np.unique(np.column_stack([problem.source, problem.destination]), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    postgis_server.run(
        connection, "DROP TABLE IF EXISTS arc, pair",
        "CREATE TABLE arc (id bigint PRIMARY KEY, source bigint, target bigint, cost double precision)",
        "CREATE TABLE pair (source bigint, target bigint)",
    )  # fmt: skip
    with connection.cursor() as cursor:
        text = "".join(f"{k}\t{tail}\t{head}\t{cost!r}\n" for k, (tail, head, cost) in enumerate(arcs))
        cursor.copy_expert("COPY arc FROM STDIN", io.StringIO(text))
        cursor.copy_expert("COPY pair FROM STDIN", io.StringIO("".join(f"{a}\t{b}\n" for a, b in pairs.tolist())))
        cursor.execute("ANALYZE arc, pair")


def backend_cpu(process: int) -> float:
    """Return the CPU seconds of a process of the server (Linux only; NaN elsewhere)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(connection: Any, query: str) -> Timed:
    """Return the rows of a query, and the seconds by the clock and of the server's process."""
    process = connection.info.backend_pid
    before = backend_cpu(process)
    run = timed(postgis_server.run, connection, query)
    return Timed(run.result, run.wall, run.cpu + backend_cpu(process) - before)


def difference(rows: list[tuple[int, int, float]], least: dict[tuple[int, int], float]) -> float:
    """Return by what share at most the seconds of a peer's pairs differ from ours; infinite where one lacks a pair."""
    theirs = {(int(a), int(b)): cost for a, b, cost in rows}
    if set(theirs) != set(least):
        return float("inf")
    ours, other = (np.array([values[pair] for pair in least]) for values in (least, theirs))
    return float((np.abs(ours - other) / np.maximum(ours, 1e-9)).max())


def network_rows(table: Table, label: str, problem: RoutingProblem, connection: Any) -> None:
    """Add the rows of one network."""
    run = timed(routes_by_trees, problem, repeats=3)
    spent = run.result.sums(problem.cost.free_flow)[run.result.of_trip]
    pairs = zip(problem.source.tolist(), problem.destination.tolist(), spent.tolist())
    least = {(a, b): time for a, b, time in pairs if a != b}
    table.add(label, "this plugin", len(least), "destinations", seconds(run.wall), seconds(run.cpu), "1", "1", "-")
    load(connection, problem)
    name = f"pgRouting {postgis_server.run(connection, 'SELECT pgr_version()')[0][0]}"
    for what, ends, query in PEERS:
        peer = asked(connection, query)
        table.add(
            label, f"{name}: {what}", len(peer.result), ends, seconds(peer.wall), seconds(peer.cpu),
            f"{peer.wall / run.wall:.0f}", f"{peer.cpu / run.cpu:.0f}", f"{difference(peer.result, least):.1e}",
        )  # fmt: skip


def problems() -> list[tuple[str, Callable[[], RoutingProblem]]]:
    """Return what is measured: a name, and a function that makes the case."""

    def county(name: str, destinations: int) -> Callable[[], RoutingProblem]:
        def make() -> RoutingProblem:
            roads = cases.network(name)
            drawn = cases.shared_cases().county(roads, 0, TRIPS, destinations)
            return cases.routing_problem(roads, drawn)

        return make

    def city() -> RoutingProblem:
        roads = cases.sample_city()
        return cases.routing_problem(roads, cases.city_trips(roads, 0, TRIPS))

    if cases.shared_cases() is None:
        return [("sample city", city)]
    return [("TG", county("TG", 60)), *([("NYC", county("NYC", 61))] if FULL else [])]


def tables() -> list[Table]:
    """Return the table of this module."""
    table = Table("10,000 routes: reverse trees beside pgRouting", HEADER)
    why = missing()
    if why:
        table.notes.append(why)
        return [table]
    with postgis_server.PostgisServer(postgis_server.programs()) as server:
        server.create_database("bench")
        connection = server.connect("bench")
        try:
            for label, make in problems():
                network_rows(table, label, make(), connection)
        finally:
            connection.close()
    table.notes.append(
        "Free-flow routes between junctions, each with all its arcs, of trips to a few destinations. Ours: trees and "
        "routes from the arrays, on all cores, quickest of three. pgRouting: one statement, once, on a table of the "
        "same arcs, which it reads itself, on one core; the server's CPU time counts; the seconds of each pair are "
        "fetched, the arcs are not. Turned round, it grows from the destinations as we do. The difference is that of "
        "the pairs' seconds, as a share."
    )
    if cases.shared_cases() is None:
        table.notes.append(cases.ABSENT)
    return [table]
