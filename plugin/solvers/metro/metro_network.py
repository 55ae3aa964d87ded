"""The metro as a graph: stations are nodes and intervals edges, [M] section 5.1; ways along the lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..dependencies import require
from ..errors import SolverError

TRANSFER_KM = 1.5  # what a change of line counts when ways are compared, about three minutes of riding


@dataclass(frozen=True)
class Stop:
    """A station on one of its lines: name, line, place in the line's order, position in degrees."""

    station: str
    line: str
    order: float
    position: tuple[float, float]


@dataclass(frozen=True)
class Ride:
    """A way along the lines.

    Attributes
    ----------
    stations : tuple of str
        From the first station to the last.
    lines : tuple of str
        Lines in the order they are used; one more than transfers, none for a way of no length.
    km : float
    """

    stations: tuple[str, ...]
    lines: tuple[str, ...]
    km: float

    @property
    def intervals(self) -> int:
        """Number of intervals between stations."""
        return len(self.stations) - 1

    @property
    def transfers(self) -> int:
        """Number of changes of line."""
        return max(0, len(self.lines) - 1)


@dataclass(frozen=True)
class MetroNetwork:
    """The metro.

    Attributes
    ----------
    graph : networkx.MultiGraph
        Stations (attributes ``lines``, ``position``) and intervals (``line``, ``km``; the key is the line).
    platforms : networkx.Graph
        The same with a node (station, line) for each platform, and an edge of length ``TRANSFER_KM`` for each change.
    """

    graph: Any
    platforms: Any

    def lines(self, station: str) -> tuple[str, ...]:
        """Return the lines of a station."""
        return tuple(self.graph.nodes[station]["lines"])

    def kind(self, station: str) -> str:
        """Return the station type of [M] section 3.3: transfer, terminal or normal."""
        if len(self.lines(station)) > 1:
            return "transfer"
        return "terminal" if self.graph.degree(station) < 2 else "normal"

    def ride(self, start: str, end: str) -> Ride | None:
        """Return the shortest way along the lines, a transfer counting ``TRANSFER_KM``; None where there is none.

        Raises
        ------
        SolverError
            For a station the metro does not have.
        """
        networkx = require("networkx", "ways along the metro lines")
        for station in (start, end):
            if station not in self.graph:
                raise SolverError(f"The metro has no station “{station}”.")
        if start == end:
            return Ride((start,), (), 0.0)
        sources = {(start, line) for line in self.lines(start)}
        _, paths = networkx.multi_source_dijkstra(self.platforms, sources, weight="weight")
        reached = [paths[end, line] for line in self.lines(end) if (end, line) in paths]
        if not reached:
            return None
        path = min(reached, key=lambda p: (networkx.path_weight(self.platforms, p, "weight"), p))
        stations, lines, km = [path[0][0]], [path[0][1]], 0.0
        for one, other in zip(path, path[1:]):
            if one[0] == other[0]:
                lines.append(other[1])
                continue
            stations.append(other[0])
            km += self.graph.edges[one[0], other[0], one[1]]["km"]
        return Ride(tuple(stations), tuple(lines), km)


def build_metro_network(stops: Iterable[Stop], intervals: dict[tuple[str, str, str], float]) -> MetroNetwork:
    """Build the graph from stops and the lengths of intervals.

    Parameters
    ----------
    stops : iterable of Stop
    intervals : dict
        From (line, station, next station) to km, for stations that follow each other on a line.

    Raises
    ------
    SolverError
        When a line has the same station twice.

    Examples
    --------
    >>> stops = [Stop("A", "1", 1, (0.0, 0.0)), Stop("B", "1", 2, (0.0, 0.1)), Stop("B", "2", 1, (0.0, 0.1)),
    ...          Stop("C", "2", 2, (0.1, 0.1))]
    >>> metro = build_metro_network(stops, {("1", "A", "B"): 2.0, ("2", "B", "C"): 3.0})
    >>> ride = metro.ride("A", "C")
    >>> ride.km, ride.intervals, ride.transfers, metro.kind("B")
    (5.0, 2, 1, 'transfer')
    """
    networkx = require("networkx", "ways along the metro lines")
    graph, platforms = networkx.MultiGraph(), networkx.Graph()
    for stop in stops:
        if stop.station not in graph:
            graph.add_node(stop.station, lines=[], position=stop.position)
        of_station = graph.nodes[stop.station]["lines"]
        if stop.line in of_station:
            raise SolverError(f"METRO_STATIONS: line {stop.line} has the station “{stop.station}” twice.")
        for other in of_station:
            platforms.add_edge((stop.station, other), (stop.station, stop.line), weight=TRANSFER_KM)
        platforms.add_node((stop.station, stop.line))
        of_station.append(stop.line)
    for (line, first, second), km in intervals.items():
        graph.add_edge(first, second, key=line, line=line, km=km)
        platforms.add_edge((first, line), (second, line), weight=km)
    return MetroNetwork(graph, platforms)


def neighbours(stops: Iterable[Stop]) -> list[tuple[Stop, Stop]]:
    """Return the pairs of stops that follow each other on their line, in the lines' order."""
    by_line: dict[str, list[Stop]] = {}
    for stop in stops:
        by_line.setdefault(stop.line, []).append(stop)
    pairs = []
    for members in by_line.values():
        ordered = sorted(members, key=lambda stop: stop.order)
        pairs += list(zip(ordered, ordered[1:]))
    return pairs
