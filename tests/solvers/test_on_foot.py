"""Walking: Tobler's speeds, heights along lines, times against scipy on the raster graph, widths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.roads.bilinear import corners_of, interpolated
from evacuation_planner.plugin.solvers.roads.classes import choose_roads, read_classes
from evacuation_planner.plugin.solvers.roads.foot import (
    Walking,
    WidthColumns,
    classes_on_foot,
    effective_width,
    foot_network,
    people_per_hour,
    standing_lanes,
    widths_of,
)
from evacuation_planner.plugin.solvers.roads.profiles import climbs_on, places_along, smooth_heights, stations_on
from evacuation_planner.plugin.solvers.roads.shortest_paths import reverse_trees
from evacuation_planner.plugin.solvers.roads.tobler import slope_factor
from evacuation_planner.plugin.solvers.routing.queue.network import standing_room
from tests.solvers.road_drawings import drawn, pieces_of, planar_steps

CLASSES = read_classes()
EIGHT = [(1, 0), (0, 1), (1, 1), (1, -1)]
SIXTEEN = [*EIGHT, (2, 1), (1, 2), (2, -1), (1, -2)]
CELL = 20.0


def walked(lines, height_at, off_ground=None, steps=None):
    """The network of walkers on lines over ground of a height given by a function of positions (k, 2)."""
    made, lines_drawn = pieces_of(lines), drawn(lines)
    spots, spot = np.unique(lines_drawn.xy, axis=0, return_inverse=True)
    spot = spot.ravel()
    gone = np.concatenate([[0.0], np.cumsum(planar_steps(lines_drawn))[:-1]])
    first, last = lines_drawn.start[:-1], lines_drawn.start[1:] - 1
    along = gone - np.repeat(gone[first], np.diff(lines_drawn.start))
    stations = stations_on(along[last])
    read = height_at(places_along(along, lines_drawn.xy, lines_drawn.start, stations))
    air = np.zeros(len(lines), dtype=bool) if off_ground is None else np.asarray(off_ground)
    heights = smooth_heights(stations, read, np.column_stack([spot[first], spot[last]]), air)
    climbs = climbs_on(stations, heights.height, made.line, made.length)
    width = np.full(len(lines), 3.0)
    on_steps = np.zeros(len(lines), dtype=bool) if steps is None else np.asarray(steps)
    names = [str(k) for k in range(len(lines))]
    return foot_network(made, width, on_steps, climbs.factor, Walking(), names), heights, climbs


def lattice(size, moves):
    cells = [(x, y) for y in range(size) for x in range(size)]
    return [
        [(CELL * x, CELL * y), (CELL * (x + dx), CELL * (y + dy))]
        for x, y in cells
        for dx, dy in moves
        if 0 <= x + dx < size and 0 <= y + dy < size
    ]


def raster_times(values, moves, goal):
    """Seconds (h, w) to the cell ``goal`` by scipy on the graph of the raster's cells."""
    rows, columns = values.shape
    tail, head, cost = [], [], []
    for y in range(rows):
        for x in range(columns):
            for dx, dy in [*moves, *((-dx, -dy) for dx, dy in moves)]:
                if 0 <= x + dx < columns and 0 <= y + dy < rows:
                    metres = CELL * math.hypot(dx, dy)
                    slope = (values[y + dy, x + dx] - values[y, x]) / metres
                    slope = min(max(slope, -0.5), 0.5)
                    speed = 1.1 * math.exp(-3.5 * abs(slope + 0.05)) / math.exp(-3.5 * 0.05)
                    tail.append(y * columns + x)
                    head.append((y + dy) * columns + x + dx)
                    cost.append(metres / speed)
    graph = coo_matrix((cost, (head, tail)), shape=(rows * columns,) * 2).tocsr()  # turned round: to the goal
    return dijkstra(graph, indices=goal[1] * columns + goal[0]).reshape(rows, columns)


def times_to(network, xy):
    goal = int(np.argmin(np.hypot(*(network.node_xy - xy).T)))
    return reverse_trees(network, np.array([goal]))[0]


@pytest.mark.parametrize(
    ("slope", "kmh"),
    # 6 exp(-3.5 |s + 0.05|) km/h, by hand
    [(-0.5, 1.2420), (-0.2, 3.5493), (-0.1, 5.0367), (-0.05, 6.0), (0.0, 5.0367), (0.05, 4.2281), (0.1, 3.5493),
     (0.2, 2.5012), (0.3, 1.7626), (0.5, 0.8753)],
)  # fmt: skip
def test_toblers_speeds(slope, kmh):
    assert float(slope_factor(slope)) == pytest.approx(kmh / 5.036742, abs=2e-5)


def test_no_speed_is_above_that_at_five_percent_down():
    slopes = np.linspace(-0.6, 0.6, 2401)
    factor = slope_factor(slopes)
    assert factor.max() == pytest.approx(math.exp(0.175)) and slopes[factor.argmax()] == pytest.approx(-0.05)


@pytest.mark.parametrize("moves", [EIGHT, SIXTEEN], ids=["8", "16"])
def test_lattice_against_scipy_on_the_raster(moves):
    size = 24
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:size, :size]
    values = 12 * np.sin(x / 4.0) * np.cos(y / 5.0) + rng.normal(0, 4.0, (size, size))  # some slopes above 50 %

    def height_at(xy):
        # the raster's centres are the lattice's nodes; its rows go down from the top
        across, right = corners_of(xy[:, 0] / CELL + 0.5, size)
        down, below = corners_of(size - 0.5 - xy[:, 1] / CELL, size)
        return interpolated(values[::-1], down, across, below, right)

    network, _, climbs = walked(lattice(size, moves), height_at)
    assert (climbs.steepest > 0.5).any()
    got = times_to(network, (CELL * 20, CELL * 3))
    want = raster_times(values, moves, (20, 3))
    column, row = (network.node_xy / CELL).round().astype(int).T
    assert len(got) == size * size
    np.testing.assert_allclose(got, want[row, column], rtol=1e-6)


@pytest.mark.parametrize(("moves", "most"), [(EIGHT, 8.3), (SIXTEEN, 2.8)], ids=["8", "16"])
def test_lattice_on_a_plain_against_the_straight_line(moves, most):
    size = 41
    network, _, _ = walked(lattice(size, moves), lambda xy: np.zeros(len(xy)))
    middle = np.array([CELL * 20, CELL * 20])
    straight = np.hypot(*(network.node_xy - middle).T) / 1.1
    got = times_to(network, middle)
    far = straight > 0
    excess = 100 * (got[far] / straight[far] - 1)
    assert excess.min() > -1e-9
    assert 0.9 * most < excess.max() <= most  # the bound is reached, and kept


@pytest.mark.parametrize("slope", [0.02, 0.05, 0.1, 0.3])
def test_uphill_over_downhill_on_a_tilted_plane(slope):
    network, heights, _ = walked(
        [[(0, 0), (130, 0), (333, 0)], [(130, 0), (130, 90)]], lambda xy: 5.0 + slope * xy[:, 0]
    )
    up = times_to(network, (333, 0))[np.argmin(network.node_xy[:, 0])]
    down = times_to(network, (0, 0))[np.argmax(network.node_xy[:, 0])]
    ratio = math.exp(-3.5 * abs(-slope + 0.05)) / math.exp(-3.5 * abs(slope + 0.05))
    assert up / down == pytest.approx(ratio, rel=1e-12)
    assert up == pytest.approx(333 / (1.1 * math.exp(-3.5 * slope)), rel=1e-12)
    level = [j for j in range(network.arc_count) if network.arc_road(j) == "1"]
    np.testing.assert_allclose(network.free_flow[level], 90 / 1.1, rtol=1e-12)


def test_a_straight_slope_stays_and_ends_keep_their_height():
    stations = stations_on(np.array([480.0, 30.0, 51.0]))
    straight = 3.0 + 0.07 * stations.along
    spot = np.array([[0, 1], [2, 3], [4, 5]])
    none = np.zeros(3, dtype=bool)
    np.testing.assert_allclose(smooth_heights(stations, straight, spot, none).height, straight, atol=1e-12)
    rough = straight + np.random.default_rng(0).normal(0, 2, len(straight))
    smooth = smooth_heights(stations, rough, spot, none).height
    first, last = stations.ends()
    assert (smooth[first] == rough[first]).all() and (smooth[last] == rough[last]).all()
    # a moving mean over 100 m at stations 48 m apart: each with its two neighbours
    assert stations.along[5] - stations.along[4] == pytest.approx(48)
    assert smooth[4] == pytest.approx(rough[3:6].mean())


def test_a_bridge_of_two_ways_rises_evenly_over_a_gorge():
    lines = [[(0, 0), (100, 0)], [(100, 0), (180, 0)], [(180, 0), (300, 0)], [(300, 0), (400, 0)]]

    def gorge(xy):
        return np.where((xy[:, 0] > 100) & (xy[:, 0] < 300), -80.0, np.where(xy[:, 0] <= 100, 10.0, 20.0))

    network, heights, climbs = walked(lines, gorge, off_ground=[False, True, True, False])
    bridge = [network.free_flow[j] for j in range(network.arc_count) if network.arc_road(j) in "12"]
    up, down = 1.1 * math.exp(-0.175), 1.1 * math.exp(0.175)  # at +5 and at -5 %
    want = [80 / up, 80 / down, 120 / up, 120 / down]
    np.testing.assert_allclose(sorted(bridge), sorted(want), rtol=1e-9)
    assert climbs.steepest.max() < 0.5  # nobody climbs out of the gorge


def test_places_without_data_lie_between_those_with():
    lines = [[(0, 0), (400, 0)], [(400, 0), (400, 300)], [(900, 900), (1000, 900)]]

    def ground(xy):
        height = 0.03 * xy[:, 0] + 0.01 * xy[:, 1]
        hole = ((xy[:, 0] > 120) & (xy[:, 0] <= 400) & (xy[:, 1] < 120)) | (xy[:, 0] > 800)
        return np.where(hole, np.nan, height)

    _, heights, _ = walked(lines, ground)
    # the hole reaches from (100, 0) round the corner to (400, 150): 450 m from 3 to 13.5 m
    stations = stations_on(np.array([400.0, 300.0, 100.0]))
    np.testing.assert_allclose(heights.height[2:9], 3 + 10.5 * np.arange(0, 350, 50) / 450, atol=0.4)
    assert heights.height[8] == pytest.approx(3 + 10.5 * 300 / 450)  # the corner, an end, is not smoothed
    assert np.isnan(heights.height[stations.line == 2]).all()
    assert heights.filled.sum() == 6 + 3 + 3


def test_bilinear_leaves_out_cells_without_data():
    values = np.array([[1.0, 2.0], [3.0, np.nan]])
    place = np.array([0.5, 1.0, 1.5, 1.0])
    column, right = corners_of(place, 2)
    row, below = corners_of(np.array([0.5, 0.5, 1.5, 1.0]), 2)
    got = interpolated(values, row, column, below, right)
    assert got[:2].tolist() == [1.0, 1.5]
    assert np.isnan(got[2]) and got[3] == pytest.approx(2.0)


def test_steps_take_sixty_percent_instead_of_the_slope():
    network, _, _ = walked([[(0, 0), (50, 0)]], lambda xy: 0.3 * xy[:, 0], steps=[True])
    np.testing.assert_allclose(network.free_flow, 50 / (0.6 * 1.1))


def choose(values, **tags):
    return choose_roads(CLASSES, values, tags, len(values), on_foot=True)


@pytest.mark.parametrize(
    "value",
    ["footway", "path", "pedestrian", "steps", "track", "cycleway", "bridleway", "corridor", "residential", "trunk",
     "motorway;footway"],
)  # fmt: skip
def test_what_walkers_use(value):
    assert choose([value]).reason == [""]


@pytest.mark.parametrize("value", ["motorway", "motorway_link", "construction", "raceway", "busway"])
def test_what_walkers_do_not_use(value):
    assert choose([value, "primary"]).reason == [value, ""]


def test_a_roads_own_foot_and_motorroad_win_over_its_class():
    found = choose(
        ["motorway", "footway", "trunk", "trunk", "construction", "residential", "path", "service"],
        foot=["yes", "no", None, "designated", "yes", "use_sidepath", None, "permissive"],
        motorroad=[None, None, "yes", "yes", None, None, None, None],
        access=[None, None, None, None, None, None, "no", "no"],
    )
    assert found.reason == ["", "foot no", "motorroad yes", "", "construction", "", "access no", ""]


def test_without_classes_all_is_open_but_what_its_own_tag_closes():
    assert choose_roads(CLASSES, None, {}, 2, on_foot=True).reason == ["", ""]
    assert choose_roads(CLASSES, None, {"foot": ["no", None]}, 2, on_foot=True).reason == ["foot no", ""]


def test_what_keeps_cars_off_and_steps():
    no_cars, steps = classes_on_foot(CLASSES, ["path", "path;service", "steps", None, "primary", "unheard_of"], 6)
    assert no_cars.tolist() == [True, False, True, False, False, False]
    assert steps.tolist() == [False, False, True, False, False, False]


def test_widths():
    columns = WidthColumns(
        7,
        ["4.5", None, None, None, "wide", None, "0"],
        [None, "3", None, None, None, None, 2],
        ([None] * 5 + ["2", None], [None] * 5 + ["1", None]),
        np.array([1, 2, 2, np.nan, 1, 1, 1.0]),
        np.array([2, 2, 0, 2, 2, 2, 2], dtype=np.int8),
        np.array([False, False, False, True, False, False, False]),
    )
    width, warnings, notes = widths_of(columns)
    # own; 3 lanes; a one-way of two lanes; a path; not understood: 2 lanes; 2 + 1 lanes; 0 is none: 2 lanes
    assert width.tolist() == [4.5, 9.0, 6.0, 2.0, 6.0, 9.0, 6.0]
    assert len(warnings) == 1 and "2 road(s)" in warnings[0] and "“0”, “wide”" in warnings[0]
    assert "1 own, 5 at 3 m a lane, 1 at 2 m" in notes[0]


def test_flow_and_room_of_a_width():
    walking = Walking()
    assert people_per_hour(np.array([2.0]), np.array([1.19]), walking)[0] == pytest.approx(3600 * 1.3 * 1.6)
    assert people_per_hour(np.array([2.0]), np.array([0.595]), walking)[0] == pytest.approx(3600 * 1.3 * 1.6 / 2)
    assert standing_room(np.array([10.0]), standing_lanes(np.array([2.0]), walking))[0] == pytest.approx(3.8 * 1.6 * 10)
    assert effective_width(np.array([0.3]))[0] > 0
