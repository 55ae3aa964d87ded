"""Stretches of roads that close: inside areas, on grids, along lines, on roads that are cut anywhere."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.ops

from evacuation_planner.plugin.solvers.roads.areas_along import earliest, stretches_inside
from evacuation_planner.plugin.solvers.roads.cells_along import ArrivalGrid, parts_on_grid
from evacuation_planner.plugin.solvers.roads.closure_places import pieces_at_points, pieces_on_lines
from evacuation_planner.plugin.solvers.roads.cutting import cut
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.network import BACKWARD_WAY, FORWARD_WAY, RoadNetwork
from evacuation_planner.plugin.solvers.roads.road_closings import PieceParts, RoadClosings
from evacuation_planner.plugin.solvers.roads.taken_out import TakenOut, close_for_good


def street(*x: float) -> RoadNetwork:
    """Return a street along the x axis with junctions at these metres."""
    nodes = [[at, 0.0] for at in x]
    return straight_network(nodes, range(len(x) - 1), range(1, len(x)))


def random_city(rng: np.random.Generator, nodes: int = 12, pieces: int = 25) -> RoadNetwork:
    xy = rng.uniform(0, 1000, (nodes, 2))
    start = rng.integers(0, nodes, pieces)
    end = (start + rng.integers(1, nodes, pieces)) % nodes
    return straight_network(xy, start, end)


@pytest.mark.parametrize("seed", range(20))
def test_the_earliest_of_overlapping_areas_counts_at_every_point_of_every_road(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_city(rng)
    areas = [shapely.buffer(shapely.Point(rng.uniform(0, 1000, 2)), rng.uniform(50, 400)) for _ in range(6)]
    moments = np.array([600.0, 60.0, 0.0, 900.0, 600.0, np.inf])
    parts, seconds = earliest(network, stretches_inside(network, [a.wkb for a in areas], True), moments)
    for piece in range(network.piece_count):
        line = shapely.LineString(network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]])
        for share in rng.uniform(0, 1, 40):
            point = line.interpolate(share, normalized=True)
            if min(abs(point.distance(a.exterior)) for a in areas) < 0.01:
                continue
            inside = [m for a, m in zip(areas, moments) if a.covers(point) and np.isfinite(m)]
            own = (parts.piece == piece) & (parts.begin <= share) & (parts.end >= share)
            assert seconds[own].tolist() == ([min(inside)] if inside else [])


def test_neighbouring_areas_of_one_moment_are_one_part_and_a_border_is_no_gap() -> None:
    network = street(0, 100)
    areas = [shapely.box(10, -5, 50, 5).wkb, shapely.box(50, -5, 80, 5).wkb]
    along = stretches_inside(network, areas, True)
    parts, seconds = earliest(network, along, np.array([60.0, 60.0]))
    assert parts.begin.tolist() == [0.1] and parts.end.tolist() == [0.8] and seconds.tolist() == [60.0]
    parts, seconds = earliest(network, along, np.array([60.0, 30.0]))
    assert parts.begin.tolist() == [0.1, 0.5] and seconds.tolist() == [60.0, 30.0]


def test_a_road_along_a_border_lies_in_the_hazard_and_in_no_closed_area() -> None:
    network, area = street(0, 100), [shapely.box(20, 0, 60, 50).wkb]
    assert stretches_inside(network, area, True).parts.begin.tolist() == [0.2]
    assert not len(stretches_inside(network, area, False).area)


@pytest.mark.parametrize("seed", range(20))
def test_cutting_roads_anywhere_leaves_closed_what_was_closed(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    network = random_city(rng)
    piece = rng.integers(0, network.piece_count, 10)
    begin = rng.uniform(0, 0.9, 10)
    parts = PieceParts(piece, begin, begin + rng.uniform(0.05, 1.0, 10) * (1 - begin))
    ways = rng.integers(1, 4, 10)
    closings = RoadClosings.of_parts(network, parts, rng.uniform(0, 100, 10), ways=ways)
    lengths = np.hypot(*np.diff(network.piece_xy.reshape(-1, 2, 2), axis=1)[:, 0].T)
    where = rng.integers(0, network.piece_count, 15)
    other, _ = cut(network, where, rng.uniform(0, 1, 15) * lengths[where])

    def closed_metres(roads: RoadNetwork) -> dict[tuple[int, bool, float], float]:
        found, metres = closings.on(roads), {}
        for arc, a, b, since in zip(found.arc, found.begin, found.end, found.since):
            key = (int(roads.piece_road[roads.piece[arc]]), bool(roads.forward[arc]), float(since))
            metres[key] = metres.get(key, 0.0) + float((b - a) * roads.length[arc])
        return metres

    before, after = closed_metres(network), closed_metres(other)
    assert before.keys() == after.keys()
    assert all(after[key] == pytest.approx(before[key], abs=0.01) for key in before)
    found = closings.on(other)
    assert (np.diff(found.arc) >= 0).all() and (found.begin < found.end).all()


def test_the_end_of_a_road_is_closed_to_its_very_end() -> None:
    network = street(0, 1000)
    closings = RoadClosings.of_parts(network, PieceParts(np.array([0]), np.array([0.5]), np.array([1.0])), 10.0)
    cut_network, _ = cut(network, np.array([0, 0]), np.array([1000 / 3, 700.1]))
    assert set(closings.on(cut_network).end[closings.on(cut_network).arc % 2 == 0]) == {1.0}


@pytest.mark.parametrize("seed", range(10))
def test_parts_on_a_grid_close_at_the_earliest_cell_they_touch_and_are_at_most_50_m(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    network = random_city(rng, 6, 8)
    seconds = rng.choice([np.inf, 60.0, 120.0, 180.0], (10, 12))
    grid = ArrivalGrid(seconds, 37.0, 950.0, 70.0, 60.0)
    parts, found = parts_on_grid(network, grid, lambda xy: xy)
    cells = [
        (shapely.box(37 + 70 * c, 950 - 60 * (r + 1), 37 + 70 * (c + 1), 950 - 60 * r), seconds[r, c])
        for r in range(10) for c in range(12)
    ]  # fmt: skip
    metres = network.piece_lengths()
    assert ((parts.end - parts.begin) * metres[parts.piece] <= 50.0 + 1e-9).all()
    for piece in range(network.piece_count):
        line = shapely.LineString(network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]])
        count = int(np.ceil(metres[piece] / 50.0))
        own = dict(zip(np.rint(parts.begin[parts.piece == piece] * count).tolist(), found[parts.piece == piece]))
        for k in range(count):
            part = shapely.ops.substring(line, k / count, (k + 1) / count, normalized=True)
            touched = [s for box, s in cells if box.intersection(part).length > 1e-6]
            assert own.get(k, np.inf) == min(touched, default=np.inf)


def test_a_grid_says_nothing_outside_itself() -> None:
    grid = ArrivalGrid(np.array([[5.0, np.inf]]), 0.0, 10.0, 10.0, 10.0)
    found = grid.at(np.array([[5, 5], [15, 5], [-1, 5], [5, 11], [np.nan, 5]]))
    assert found.tolist() == [5.0, np.inf, np.inf, np.inf, np.inf]


def test_lines_close_what_they_run_along_and_cross_and_not_what_they_touch() -> None:
    # a main street of two pieces, a side street up from its middle, and one that crosses far away
    xy = [[0, 0], [100, 0], [200, 0], [100, 80], [150, 60], [150, 200], [400, 40]]
    network = straight_network(xy, [0, 1, 1, 4, 2], [1, 2, 3, 5, 6])  # the last leaves the main street's end askew
    lines = [
        [(0, 2), (212, 2)],  # drawn 2 m beside the main street: the side street ends there and stays open
        [(50, -10), (50, 10)],  # across the first piece
        [(100, -50), (100, 0)],  # ends at the junction
        [(100, 0), (100, 80)],  # the side street itself
        [(60, 40), (160, 40)],  # across the side street, beside the other
    ]
    line, piece = pieces_on_lines(network, [shapely.LineString(xy).wkb for xy in lines])
    assert sorted(zip(line.tolist(), piece.tolist())) == [(0, 0), (0, 1), (1, 0), (3, 2), (4, 2)]


def test_a_short_street_that_ends_on_the_line_is_not_closed_by_it() -> None:
    network = straight_network([[0, 0], [100, 0], [100, 6], [200, 0]], [0, 1, 1], [1, 2, 3])
    _, piece = pieces_on_lines(network, [shapely.LineString([(0, 0), (200, 0)]).wkb])
    assert piece.tolist() == [0, 2]


def test_a_point_closes_the_nearest_piece_within_15_m() -> None:
    network = street(0, 100, 200)
    point, piece = pieces_at_points(network, np.array([[40.0, 14.9], [140.0, 15.1], [150.0, -3.0]]))
    assert point.tolist() == [0, 2] and piece.tolist() == [0, 1]


def test_what_is_closed_for_good_is_gone_in_its_direction_and_named_to_whom_it_cuts_off() -> None:
    network = street(0, 100, 200)
    part = PieceParts(np.array([0, 1]), np.array([0.25, 0.0]), np.array([0.75, 1.0]))
    ways = np.array([FORWARD_WAY | BACKWARD_WAY, FORWARD_WAY])
    closings = RoadClosings.of_parts(network, part, -np.inf, ways=ways, cause=np.array([0, 1]))
    open_roads, taken, pieces, metres = close_for_good(network, closings, ["the works", "the bridge"], TakenOut.none())
    assert pieces == 2 and metres == pytest.approx(150.0)
    assert open_roads.length.sum() == pytest.approx(2 * 25 + 2 * 25 + 100)  # both rests, and one way of the second
    node = {tuple(xy): k for k, xy in enumerate(open_roads.node_xy.tolist())}
    first, middle, last = node[0.0, 0.0], node[100.0, 0.0], node[200.0, 0.0]
    origin, goal = np.array([first, first, middle, last]), np.array([last, middle, last, middle])
    assert taken.closers(open_roads, origin, goal) == [["the works", "the bridge"], ["the works"], ["the bridge"], []]
