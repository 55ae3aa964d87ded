"""Stretches that could be turned, and what turning does to lanes and capacities."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.contraflow.stretches import stretches
from evacuation_planner.plugin.solvers.contraflow.turning import Reach, turned
from tests.solvers.road_drawings import network_with

RANK = {"primary": 3.0, "secondary": 4.0, "residential": 7.0}


def found_in(lines, kinds, streets=None, oneway=None, classes=("primary",), **more):
    network = network_with(lines, oneway=oneway, **more)
    rank = np.array([RANK[kind] for kind in kinds])
    return network, stretches(network, kinds, streets or [""] * len(kinds), rank, 4.0, classes)


def roads_of(network, arcs):
    return [network.road_ids[network.piece_road[network.piece[a]]] for a in arcs.tolist()]


def test_a_stretch_lies_between_junctions_with_another_class_of_at_least_secondary():
    lines = [
        [(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)],  # r0, r1, r2: primary
        [(100, 0), (100, 50)],  # residential: no end
        [(200, 0), (200, 50)], [(0, 0), (0, 50)], [(300, 0), (300, 50)],  # secondary
    ]  # fmt: skip
    kinds = ["primary"] * 3 + ["residential"] + ["secondary"] * 3
    network, found = found_in(lines, kinds)
    assert sorted(roads_of(network, s.there) for s in found) == [["r0", "r1"], ["r2"]]
    for stretch in found:
        assert not stretch.divided and len(stretch.there) == len(stretch.back)
        assert network.head[stretch.there[-1]] == network.tail[stretch.back[0]]
        assert sorted(network.piece[stretch.there]) == sorted(network.piece[stretch.back])


def divided(apart=20.0, cross=True):
    """Two carriageways of 1 km, eastbound below, with a crossing at each end and in the middle."""
    lines = [
        [(0, 0), (500, 0)], [(500, 0), (1000, 0)],  # r0, r1 east
        [(1000, apart), (500, apart)], [(500, apart), (0, apart)],  # r2, r3 west
        [(0, 0), (0, apart)], [(1000, 0), (1000, apart)],
    ]  # fmt: skip
    kinds, streets, oneway = ["primary"] * 4 + ["secondary"] * 2, ["B1"] * 4 + [""] * 2, ["yes"] * 4 + ["no"] * 2
    if cross:
        lines.append([(500, 0), (500, apart)])
        kinds, streets, oneway = [*kinds, "residential"], [*streets, ""], [*oneway, "no"]
    return found_in(lines, kinds, streets, oneway)


def test_a_divided_road_from_one_crossing_between_its_carriageways_to_the_next():
    network, found = divided()
    assert all(s.divided for s in found)
    assert sorted((roads_of(network, s.there), roads_of(network, s.back)) for s in found) == [
        (["r0"], ["r3"]), (["r1"], ["r2"])
    ]  # fmt: skip
    network, found = divided(cross=False)
    assert [(roads_of(network, s.there), roads_of(network, s.back)) for s in found] == [(["r0", "r1"], ["r2", "r3"])]


@pytest.mark.parametrize(("apart", "count"), [(4.0, 0), (6.0, 2), (59.0, 2), (70.0, 0)])
def test_carriageways_lie_5_to_60_m_apart(apart, count):
    assert len(divided(apart)[1]) == count


def test_lanes_and_their_capacity_go_over():
    lines, kinds = [[(0, 0), (100, 0)], [(0, 0), (0, 50)], [(100, 0), (100, 50)]], ["primary", "secondary", "secondary"]
    network, found = found_in(lines, kinds, lanes=[4, 2, 2], capacities=[1500, 900, 900])
    change = turned(network, found[0], True, None)  # 4 lanes: one stays
    outbound = 0 if network.forward[found[0].there[0]] else 1
    assert change.lanes[0, outbound] == 3 and change.lanes[0, 1 - outbound] == 1
    assert change.capacity[0, outbound] == 2250 and change.capacity[0, 1 - outbound] == 750
    whole = turned(network, found[0], True, 0.0)
    assert whole.lanes[0].sum() == 4 and whole.lanes[0, 1 - outbound] == 0
    assert whole.capacity[0, outbound] == 3000 and whole.capacity[0, 1 - outbound] == 0
    assert turned(network, found[0], True, 2.0) is None


def test_the_inbound_carriageway_is_turned_as_a_whole():
    network, found = divided()
    change = turned(network, found[0], True, None)
    assert sorted(network.piece[found[0].back]) == sorted(change.piece.tolist())
    side = np.where(network.forward[found[0].back], 0, 1)
    row = np.arange(len(side))
    assert (change.lanes[row, side] == 0).all() and (change.lanes[row, 1 - side] == 1).all()
    assert (change.capacity[row, 1 - side] == 900).all()


def test_reach_from_outside():
    lines = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (200, 50), (250, 50), (200, 0)]]
    network = network_with(lines)
    at = {tuple(xy): k for k, xy in enumerate(network.node_xy.tolist())}
    outside = network.node_xy[:, 0] >= 200
    reach = Reach(network, outside, ["west"], [np.array([at[0.0, 0.0]])])
    assert reach.reached(network.tail, network.head).tolist() == [True]
    keep = ~((network.tail == at[100.0, 0.0]) & (network.head == at[0.0, 0.0]))
    assert reach.reached(network.tail[keep], network.head[keep]).tolist() == [False]
