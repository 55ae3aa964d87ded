"""Drawn lines for tests of splitting and joining: plain planar coordinates in metres."""

from __future__ import annotations

import numpy as np

from evacuation_planner.plugin.solvers.roads.doubles import merge_doubles
from evacuation_planner.plugin.solvers.roads.levels import level_codes, level_of_roads
from evacuation_planner.plugin.solvers.roads.lines import clean
from evacuation_planner.plugin.solvers.roads.merging import equal_spots
from evacuation_planner.plugin.solvers.roads.network import RoadNetwork
from evacuation_planner.plugin.solvers.roads.splitting import Pieces, SpotLines, split
from evacuation_planner.plugin.solvers.roads.traffic import TrafficColumns, TrafficRules, network_of, read_traffic
from evacuation_planner.plugin.solvers.roads.wkb import Lines


def drawn(lines: list[list[tuple[float, float]]]) -> Lines:
    """Return lines, one a feature."""
    xy = np.array([vertex for line in lines for vertex in line], dtype=float).reshape(-1, 2)
    start = np.cumsum([0] + [len(line) for line in lines])
    return Lines(xy, start, np.arange(len(lines)))


def planar_steps(lines: Lines) -> np.ndarray:
    """Return the straight distance from each vertex to the next of its line, 0 for the last."""
    steps = np.zeros(len(lines.xy))
    steps[:-1] = np.hypot(*np.diff(lines.xy, axis=0).T)
    steps[lines.start[1:] - 1] = 0
    return steps


def pieces_of(
    lines: list[list[tuple[float, float]]], tolerance: float = 0.01, level: np.ndarray | None = None
) -> Pieces:
    """Clean and split lines."""
    fit, _ = clean(drawn(lines))
    places, place = equal_spots(fit.xy)
    return split(SpotLines(fit, place, places, planar_steps(fit)), tolerance, level)


def network(
    lines: list[list[tuple[float, float]]], oneway: list[str] | None = None, tolerance: float = 0.01
) -> RoadNetwork:
    """Return the network of lines at 36 km/h (10 m/s)."""
    return network_with(lines, tolerance, oneway=oneway)


def network_with(
    lines: list[list[tuple[float, float]]],
    tolerance: float = 0.01,
    *,
    oneway: list[str] | None = None,
    speeds: list[object] | None = None,
    lanes: list[object] | None = None,
    capacities: list[object] | None = None,
    bridges: list[object] | None = None,
) -> RoadNetwork:
    """Return the network of lines with attributes, doubles merged; 36 km/h (10 m/s) where there is no speed."""
    count = len(lines)
    columns = TrafficColumns(count, (), oneway, speeds, lanes, capacities)
    traffic = read_traffic(columns, TrafficRules(default_speed=36.0))
    level = level_codes(level_of_roads(count, None, bridges, None))
    pieces = pieces_of(lines, tolerance, level)
    roads = network_of(pieces, traffic, [f"r{k}" for k in range(count)])
    return merge_doubles(roads, pieces, level, tolerance, traffic.speed_problem == 0)
