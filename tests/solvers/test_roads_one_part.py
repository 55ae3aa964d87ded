"""All places of a run join one part of a network that is not connected, where they can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.roads import one_part
from evacuation_planner.plugin.solvers.roads.connectors import DESTINATION, ORIGIN
from evacuation_planner.plugin.solvers.roads.joining import join_points
from evacuation_planner.plugin.solvers.roads.near_pieces import Near
from evacuation_planner.plugin.solvers.roads.one_part import Demand
from evacuation_planner.plugin.solvers.roads.shortest_paths import travel
from tests.solvers.road_drawings import network

pytest.importorskip("shapely", minversion="2")
pytest.importorskip("scipy")

GRID = [[(x * 100, y * 100), (x * 100 + 100, y * 100)] for y in range(20) for x in range(19)] + [
    [(x * 100, y * 100), (x * 100, y * 100 + 100)] for y in range(19) for x in range(20)
]


def island(x, y):
    """Return three lines of 10 m."""
    return [[(x, y), (x + 10, y)], [(x + 10, y), (x + 10, y + 10)], [(x + 10, y + 10), (x, y + 10)]]


def joined(lines, origins, destinations, oneway=None, **known):
    """Join origins and destinations to the network of lines."""
    role = np.array([ORIGIN] * len(origins) + [DESTINATION] * len(destinations))
    xy = np.array([*origins, *destinations], dtype=float)
    return join_points(network(lines, oneway), xy, 500, Demand(role, **known))


def test_a_scrap_beside_the_main_network_is_passed_over():
    scrap = island(950, -40)
    found = joined([*GRID, *scrap], [(955, -42), (350, 310)], [(1500, 1510)])
    metres = travel(found.network, found.node[:2], found.node[2:]).metres
    assert np.isfinite(metres).all()
    assert metres[0, 0] == pytest.approx(45 + 500 + 1510, abs=1e-6)
    assert found.farther[0] == pytest.approx(42 - 2)
    assert found.farther[1:].tolist() == [0, 0]
    without = joined(GRID, [(955, -42), (350, 310)], [(1500, 1510)])
    assert travel(without.network, without.node[:2], without.node[2:]).metres == pytest.approx(metres)


def test_the_part_that_serves_most_people_is_taken():
    # two islands 300 m apart: places 0 and 1 near both, 2 only near the second, the destination near both
    lines = [*island(0, 0), *island(300, 0)]
    origins, destination = [(0, -1), (10, -1), (700, 0)], [(5, 5)]
    few = joined(lines, origins, destination, people=np.array([50.0, 50, 0, 0]))
    assert few.network.node_xy[few.node[0]].tolist() == [300, 0]  # people tie, so most places: the second island
    many = joined(lines, origins, destination, people=np.array([50.0, 50, 7, 0]))
    assert many.network.node_xy[many.node[3]] == pytest.approx([300, 0], abs=11)
    close = joined(lines, origins[:2], destination, people=np.array([50.0, 50, 0]))
    assert close.network.node_xy[close.node[0]].tolist() == [0, 0]  # both serve all: the least distance


def test_trips_tell_whom_a_part_serves():
    lines = [*island(0, 0), *island(300, 0), *island(-300, 0)]
    # origin 0 between all; destinations near the right island only, and near the left only
    trips = np.array([[0, 1], [0, 2]])
    for people, side in (([10, 3], 300), ([3, 10], -300)):
        found = joined(lines, [(5, 30)], [(700, 0), (-700, 0)], trips=trips, trip_people=np.array(people, dtype=float))
        assert abs(found.network.node_xy[found.node[0], 0] - side) <= 10


def test_who_is_far_from_the_chosen_part_takes_the_one_with_most_of_his_ends():
    # a real island far away with two zones and a shelter of its own, and a scrap beside one of the zones
    far = island(9000, 0)
    scrap = [[(9100, 200), (9110, 200)]]
    found = joined([*GRID, *far, *scrap], [(5, 5), (205, 5), (9005, -3), (9105, 203)], [(1500, 1510), (9012, 5)])
    metres = travel(found.network, found.node[:4], found.node[4:]).metres
    assert np.isfinite(metres).tolist() == [[True, False], [True, False], [False, True], [False, True]]
    assert found.farther[3] > 200  # not the scrap 3 m away
    trips = np.array([[0, 4], [1, 4], [2, 5], [3, 5]])
    same = joined(
        [*GRID, *far, *scrap], [(5, 5), (205, 5), (9005, -3), (9105, 203)], [(1500, 1510), (9012, 5)], trips=trips
    )
    assert np.array_equal(same.node, found.node)


BANKS = [[(0, 0), (0, 500)], [(0, 500), (0, 1000)], [(300, 0), (300, 1000)]]  # two roads with a river between them


def sides(found):
    """Return at which of the two banks each place joins: 0 or 300."""
    return np.round(found.network.node_xy[found.node][:, 0]).astype(int).tolist()


def test_trips_along_one_bank_stay_there_though_more_people_are_on_the_other():
    origins, destinations = [(10, 100), (20, 500), (620, 100)], [(10, 900), (620, 900)]
    trips, people = np.array([[0, 3], [1, 4], [2, 4]]), np.array([5.0, 7, 50])
    found = joined(BANKS, origins, destinations, trips=trips, trip_people=people)
    assert sides(found) == [0, 300, 300, 0, 300]  # the second must reach the right bank
    assert found.farther.tolist() == pytest.approx([0, 260, 0, 0, 0])
    metres = travel(found.network, found.node[:3], found.node[3:]).metres
    assert metres[[0, 1, 2], [0, 1, 1]] == pytest.approx([800, 400, 800])


@pytest.mark.parametrize(("inland", "bank"), [(0, 300), (1, 300), (2, 0), (10, 0)])
def test_a_place_goes_back_to_its_bank_where_that_serves_at_least_as_many(inland, bank):
    # the first goes to both banks, 5 and 2 people; the second lives out of reach of the right one
    origins, destinations = [(10, 100), (-600, 500), (620, 100)], [(10, 900), (620, 900)]
    xy = [(-300, 500), (-600, 500)]
    trips, people = np.array([[0, 3], [0, 4], [1, 3], [2, 4]]), np.array([5.0, 2, inland, 50])
    found = joined([*BANKS, [(0, 500), xy[0]], xy], origins, destinations, trips=trips, trip_people=people)
    assert sides(found)[0] == sides(found)[3] == bank


def test_a_shelter_goes_back_to_its_bank_for_those_who_reach_no_other():
    origins, destinations = [(10, 100), (-600, 500), (620, 100)], [(10, 900), (620, 900)]
    inland = [(0, 500), (-600, 500)]
    people = np.array([5.0, 8, 50, 0, 0])
    found = joined([*BANKS, inland], origins, destinations, people=people)
    assert sides(found) == [0, -600, 300, 0, 300]
    none = joined([*BANKS, inland], origins[::2], destinations, people=people[[0, 2, 3, 4]])
    assert sides(none) == [300, 300, 300, 300]  # nobody more is served: all may choose of all shelters


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_going_back_serves_nobody_less_and_brings_roads_nearer(data):
    many, parts = data.draw(st.integers(2, 9)), data.draw(st.integers(2, 4))
    metres = st.one_of(st.none(), st.integers(0, 400))
    far = np.array(data.draw(st.lists(metres, min_size=many * parts, max_size=many * parts)), dtype=float)
    far = far.reshape(many, parts)
    place, part = np.nonzero(np.isfinite(far))
    near = Near(place, part, far[place, part])
    role = np.array([ORIGIN, DESTINATION] * many)[:many]
    trips = None
    if data.draw(st.booleans()):
        ends = [(i, j) for i in range(0, many, 2) for j in range(1, many, 2)]
        trips = np.array(data.draw(st.lists(st.sampled_from(ends), min_size=1, max_size=12)))
    people = np.array(data.draw(st.lists(st.integers(0, 9), min_size=20, max_size=20)), dtype=float)
    demand = Demand(role, people[:many], trips, None if trips is None else people[: len(trips)])
    chosen = one_part.choose_parts(near, part, demand)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_part, "_back", lambda taken, nearest, demand: taken != taken)
        before = one_part.choose_parts(near, part, demand)

    def served(pairs):
        own = dict(zip(place[pairs].tolist(), part[pairs].tolist()))
        if trips is not None:
            return sum(p for (i, j), p in zip(trips.tolist(), people) if i in own and own[i] == own.get(j))
        reached = {own[k] for k in own if role[k] == DESTINATION}
        return sum(people[k] for k in own if role[k] == ORIGIN and own[k] in reached)

    assert np.array_equal(np.unique(place[chosen]), np.unique(place)) and chosen.sum() == before.sum()
    assert served(chosen) >= served(before)
    assert (near.distance[chosen] <= near.distance[before]).all()


def test_a_one_way_out_is_good_for_leaving_and_a_one_way_in_for_arriving():
    lines = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 0), (300, 0)], [(0, 200), (0, 0)]]
    way = ["no", "no", "yes", "yes"]  # the third leads away from the two-way roads, the fourth to them
    found = joined(lines, [(250, 5), (5, 150)], [(250, 5), (5, 150)], way)
    where = found.network.node_xy[found.node]
    assert where.tolist() == [[100, 5], [0, 150], [250, 0], [100, 100]]
    metres = travel(found.network, found.node[:2], found.node[2:]).metres
    assert metres == pytest.approx(np.array([[155, 95], [400, 350]]))
    assert found.farther == pytest.approx([145, 0, 0, np.hypot(95, 50) - 5])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-40, 340), st.floats(-40, 240)), min_size=2, max_size=8),
    st.integers(0, 1),
)
def test_an_island_far_from_everything_changes_nothing(places, first):
    grid = [[(x, y), (x + 100, y)] for y in (0, 100, 200) for x in (0, 100, 200)]
    grid += [[(x, y), (x, y + 100)] for y in (0, 100) for x in (0, 100, 200, 300)]
    role = (np.arange(len(places)) + first) % 2
    alone, beside = (
        join_points(network(lines), np.array(places), 500, Demand(role)) for lines in (grid, [*grid, *island(9e4, 9e4)])
    )
    ends = [(each.node[role == 0], each.node[role == 1]) for each in (alone, beside)]
    before, after = (travel(each.network, *nodes) for each, nodes in zip((alone, beside), ends))
    assert np.array_equal(before.metres, after.metres)
    assert np.array_equal(alone.distance, beside.distance)
    assert np.array_equal(alone.farther, beside.farther)
