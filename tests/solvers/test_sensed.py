"""Sensors on roads: what they load, against figures by hand, conservation, and networkx for the nearest sensor."""

from __future__ import annotations

from dataclasses import replace

import networkx
import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.roads.edge_list import straight_network
from evacuation_planner.plugin.solvers.roads.sensed import RoadSums, loads_of, stand_on_roads


def street(two_way=True):
    """1 km at 36 km/h (100 s), lane capacity 900, and 500 m at 18 km/h (100 s) of 450 behind it."""
    return straight_network(
        [[0, 0], [1000, 0], [1500, 0]], [0, 1], [1, 2], speed=[36, 18], capacity=[900, 450], two_way=two_way
    )


def loads(network, xy, classes=None, reach=50.0, **options):
    sums = RoadSums.of(network, classes or [""] * len(network.road_ids))
    standing = stand_on_roads(network, sums, np.asarray(xy, dtype=float).reshape(-1, 2), reach)
    return sums, standing, loads_of(network, sums, standing, **options)


def of_road(found, road):
    own = np.flatnonzero(found.road == road)
    return {int(found.sensor[k]): (found.vehicles[k], found.factor[k], found.metres[k]) for k in own}


@pytest.mark.parametrize(("two_way", "one_direction", "vehicles", "factor"), [
    (True, False, 10.0, 1.0),  # 360 vehicles/h in both directions for 100 s
    (True, True, 20.0, 2.0),  # 360 in each
    (False, False, 10.0, 1.0),
    (False, True, 10.0, 1.0),
])  # fmt: skip
def test_vehicles_are_flow_times_time(two_way, one_direction, vehicles, factor):
    _, standing, found = loads(street(two_way), [[300, 20]], one_direction=one_direction)
    assert (standing.piece[0], standing.measure[0], standing.distance[0]) == (0, pytest.approx(300), pytest.approx(20))
    assert found.road.tolist() == [0]
    assert 360 * found.vehicles[0] == pytest.approx(vehicles, rel=1e-12)
    assert (found.factor[0], found.metres[0]) == (pytest.approx(factor), 0.0)


def test_a_road_without_a_sensor_takes_its_share_of_its_own_capacity():
    _, _, found = loads(street(), [[300, 20]], spread=1000.0)
    vehicles, factor, metres = of_road(found, 1)[0]
    assert (360 * vehicles, factor, metres) == (pytest.approx(5.0), pytest.approx(0.5), pytest.approx(700.0))
    assert loads(street(), [[300, 20]], spread=699.0)[2].road.tolist() == [0]
    assert loads(street(), [[300, 20]], ["a", "b"], spread=1000.0)[2].road.tolist() == [0]
    one_way = straight_network(
        [[0, 0], [1000, 0], [1500, 0]], [0, 1], [1, 2], speed=[36, 18], capacity=[900, 900], two_way=[True, False]
    )
    vehicles, factor, _ = of_road(loads(one_way, [[300, 0]], spread=1000.0)[2], 1)[0]
    assert (360 * vehicles, factor) == (pytest.approx(5.0), pytest.approx(0.5))  # one direction of two


def test_vehicles_present_stay_on_their_road_and_spread_as_the_flow_that_they_are():
    _, _, found = loads(street(), [[300, 0]], present=True, spread=1000.0)
    assert of_road(found, 0)[0] == (pytest.approx(1.0), pytest.approx(1.0), 0.0)
    assert of_road(found, 1)[0][:2] == (pytest.approx(0.5), pytest.approx(0.5))
    _, _, one = loads(street(), [[300, 0]], present=True, one_direction=True)
    assert of_road(one, 0)[0][:2] == (pytest.approx(2.0), pytest.approx(2.0))


def test_lines_of_one_id_are_one_road_and_all_of_it_is_driven_through():
    network = replace(street(), road_ids=["long", "long"])
    sums, _, found = loads(network, [[300, 0]])
    assert sums.ids == ["long"] and sums.ways.tolist() == [2.0]
    assert 360 * found.vehicles[0] == pytest.approx(20.0)  # 200 s


def test_roads_drawn_on_top_of_each_other_share_what_is_there():
    network = replace(
        straight_network([[0, 0], [1000, 0]], [0], [1], speed=36), road_ids=["out", "back"],
        copies=np.array([[0, 0, 1, 0], [0, 1, 2, 1]]),
    )  # fmt: skip
    sums, _, found = loads(network, [[300, 0]])
    assert [sums.ids[k] for k in found.road] == ["out", "back"]
    assert (360 * found.vehicles).tolist() == pytest.approx([5.0, 5.0])
    both = replace(network, copies=np.array([[0, 0, 3, 0], [0, 1, 3, 1]]))
    assert (360 * loads(both, [[300, 0]])[2].vehicles).tolist() == pytest.approx([5.0, 5.0])


def test_sensors_off_the_roads_and_between_two():
    sums, standing, found = loads(street(), [[300, 51], [np.nan, 0], [1003, 4]])
    assert standing.piece.tolist() == [-1, -1, 1]
    assert standing.distance.tolist() == [pytest.approx(51), np.inf, pytest.approx(4)]
    assert standing.other.tolist() == [-1, -1, 0] and standing.other_distance[2] == pytest.approx(5.0)
    assert found.sensor.tolist() == [2]
    assert loads(street(), np.empty((0, 2)), spread=1e4)[2].road.size == 0


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest_sensor_of_the_class_is_that_of_networkx(seed):
    """A torn grid with one-way streets: the least metres to any end of the road, over whatever roads."""
    draw = np.random.default_rng(seed)
    side = 7
    xy = np.array([[100.0 * i, 100.0 * j] for i in range(side) for j in range(side)]) + draw.uniform(-20, 20, (49, 2))
    pairs = [(a, b) for a in range(49) for b in (a + 1, a + side) if b < 49 and (b != a + 1 or b % side)]
    pairs = [pair for pair in pairs if draw.uniform() < 0.8]
    start, end = np.array(pairs).T
    network = straight_network(
        xy, start, end, speed=draw.uniform(20, 60, len(pairs)), capacity=draw.uniform(300, 2000, len(pairs)),
        two_way=draw.uniform(size=len(pairs)) < 0.7,
    )  # fmt: skip
    classes = draw.choice(["primary", "residential", "service"], len(pairs)).tolist()
    middle = (xy[start] + xy[end]) / 2
    chosen = draw.choice(len(pairs), 6, replace=False)
    limit = 350.0
    sums, standing, found = loads(network, middle[chosen] + [0.3, 0.0], classes, spread=limit)
    graph = networkx.Graph()
    for k, (a, b) in enumerate(pairs):
        graph.add_edge(a, b, weight=float(np.hypot(*(xy[a] - xy[b]))), road=k)
    for s, k in enumerate(standing.piece.tolist()):
        a, b = pairs[k]
        graph.add_edge(f"s{s}", a, weight=float(standing.measure[s]))
        graph.add_edge(f"s{s}", b, weight=float(np.hypot(*(xy[a] - xy[b])) - standing.measure[s]))
    own = set(standing.piece.tolist())
    far = {s: networkx.single_source_dijkstra_path_length(graph, f"s{s}") for s in range(6)}
    taken = 0
    for road, (a, b) in enumerate(pairs):
        if road in own:
            assert set(of_road(found, road)) == {s for s, k in enumerate(standing.piece.tolist()) if k == road}
            continue
        of_class = [s for s, k in enumerate(standing.piece.tolist()) if classes[k] == classes[road]]
        best = min((min(far[s].get(a, np.inf), far[s].get(b, np.inf)) for s in of_class), default=np.inf)
        here = of_road(found, road)
        if best > limit:
            assert not here
            continue
        taken += 1
        ((sensor, (vehicles, _, metres)),) = here.items()
        assert metres == pytest.approx(best, rel=1e-9)
        assert min(far[sensor].get(a, np.inf), far[sensor].get(b, np.inf)) == pytest.approx(best, rel=1e-9)
        # The share of its capacity that is used is that of the sensor's road, by the pieces' own numbers.
        arcs = np.flatnonzero(network.piece == road)
        sensed = np.flatnonzero(network.piece == standing.piece[sensor])
        by_hand = (network.free_flow[arcs] * network.capacity[arcs]).sum() / network.capacity[sensed].sum() / 3600
        assert vehicles == pytest.approx(by_hand, rel=1e-9)
    assert taken > 5


def test_spreading_can_be_cancelled():
    with pytest.raises(Cancelled):
        loads(street(), [[300, 0]], spread=1e4, control=Control(cancelled=lambda: True))
