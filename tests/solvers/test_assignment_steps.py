"""The steps of the assignment, each kernel by itself, by hand or against another program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.graph.reverse_tree import (
    bucket_width,
    grow_tree,
    put_in_bucket,
    take_from_bucket,
)
from evacuation_planner.plugin.solvers.graph.stars import ReverseStar
from evacuation_planner.plugin.solvers.routing.cumulative.alternative_segments import (
    balance_destination,
    balance_pair,
    best_amount,
    cancel_circle,
    change_of,
    shift,
    slope_at,
    whole_amount,
)
from evacuation_planner.plugin.solvers.routing.cumulative.cost import (
    CURVATURE,
    FLOW,
    MARGINAL,
    OWN,
    ArcCost,
    curvature_of,
    marginal_of,
    raised,
    refresh,
    table_of,
)
from evacuation_planner.plugin.solvers.routing.cumulative.flows import fold, load_tree, unfold
from evacuation_planner.plugin.solvers.routing.cumulative.fractional import batches
from evacuation_planner.plugin.solvers.routing.cumulative.network import Demand, Network, order_of
from evacuation_planner.plugin.solvers.routing.cumulative.result import excess_percent
from evacuation_planner.plugin.solvers.routing.cumulative.rounding import (
    downstream_order,
    round_destination,
    split_whole,
    walk_trips,
)
from evacuation_planner.plugin.solvers.routing.cumulative.segment_pairs import (
    find_pair,
    look_for_heaviest,
    weigh_again,
)
from tests.solvers.assignment_cases import tiny, total_time


def table_with(cost: ArcCost, flow, own=None, background=None, system=True) -> np.ndarray:
    flow = np.array(flow, dtype=float)
    table = table_of(cost, np.zeros(len(flow)) if background is None else np.array(background, dtype=float))
    table[:, FLOW], table[:, OWN] = flow, flow if own is None else own
    refresh(system, table)
    return table


@pytest.mark.parametrize("costs", ["whole", "free", "alike", "wide", "closed", "zero"])
def test_trees_against_another_program(costs):
    for seed in range(25):
        rng = np.random.default_rng(seed)
        nodes, arcs = 12, 30
        tail, head = rng.integers(0, nodes, arcs), rng.integers(0, nodes, arcs)
        cost = {
            "whole": rng.integers(1, 9, arcs).astype(float), "free": rng.uniform(0.1, 9, arcs),
            "alike": np.full(arcs, 3.0), "wide": 10.0 ** rng.uniform(-6, 6, arcs),
            "closed": np.where(rng.random(arcs) < 0.3, np.inf, rng.uniform(1, 9, arcs)), "zero": np.zeros(arcs),
        }[costs]  # fmt: skip
        star = ReverseStar(nodes, tail, head)
        seconds, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
        grow_tree(star.indptr, star.arc, star.tail, cost[star.arc], 4, seconds, toward)
        graph = np.full((nodes, nodes), np.inf)
        np.minimum.at(graph, (head, tail), cost + 1e-300)  # a zero would be no arc
        expected = dijkstra(csr_matrix(np.where(np.isfinite(graph), graph, 0.0)), indices=4)
        assert seconds == pytest.approx(expected, rel=1e-12)
        for node in range(nodes):
            if node == 4 or not np.isfinite(seconds[node]):
                assert toward[node] == -1
                continue
            assert tail[toward[node]] == node
            assert seconds[node] == pytest.approx(cost[toward[node]] + seconds[head[toward[node]]])


def test_width_of_buckets():
    assert bucket_width(np.array([1.0, np.inf, 3.0])) == (0.6, 5 + 2)  # 0.3 of 2 s; 3 / 0.6 and two more
    assert bucket_width(np.array([0.0, 0.0])) == (1.0, 2) and bucket_width(np.empty(0)) == (1.0, 2)
    width, count = bucket_width(np.array([0.0] * 99_999 + [1e6]))  # not more than 100,000 for the largest
    assert width == pytest.approx(10.0) and count == 100_002


@pytest.mark.parametrize("gone", [0, 1, 2, 3])
def test_a_node_is_taken_out_of_its_bucket(gone):
    first, link = np.full(2, -1, dtype=np.int32), np.full((4, 4), -1, dtype=np.int32)
    held = [2, 0, 3, 1]
    for node in held:
        put_in_bucket(first, link, node, 1)
    take_from_bucket(first, link, gone)
    found, node = [], first[1]
    while node >= 0:
        found.append(int(node))
        node = link[node, 0]
    assert found == [node for node in reversed(held) if node != gone] and first[0] == -1


def test_demand_by_destination_and_origin():
    source, destination = np.array([5, 1, 5, 1, 2, 5]), np.array([3, 3, 3, 0, 3, 0])
    weight = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    assert order_of(np.array([2, 0, 2, 1, 0]), 3).tolist() == [1, 4, 3, 0, 2]
    demand = Demand.of(source, destination, weight, np.array([0, 1, 2, 3, 5]))
    assert demand.roots.tolist() == [0, 3] and len(demand) == 2
    assert [[a.tolist() for a in demand.groups(d)] for d in (0, 1)] == [[[1, 5], [8.0, 32.0]], [[1, 5], [2.0, 5.0]]]
    assert demand.trips_to(0).tolist() == [3, 5] and demand.trips_to(1).tolist() == [1, 0, 2]
    assert demand.trips_of(np.array([True, False, False, True])).tolist() == [3, 0, 2]
    assert len(Demand.of(source, destination, weight, np.arange(0))) == 0


def test_powers_and_the_cost_at_the_edge():
    assert [raised(3.0, p) for p in (0.0, 1.0, 2.0, 3.0, 4.0)] == [1.0, 3.0, 9.0, 27.0, 81.0]
    assert (
        raised(4.0, 0.5) == 2.0 and raised(0.0, 0.5) == 0.0 and raised(0.0, -0.5) == 1e30 and raised(-1.0, 0.5) == 0.0
    )
    # At no flow: t + k b^p, and its slope 2 k p b^(p - 1) for all and half of that for one.
    assert marginal_of(True, 2.0, 0.5, 3.0, 2.0, 0.0) == marginal_of(False, 2.0, 0.5, 3.0, 2.0, 0.0) == 6.0
    assert curvature_of(True, 0.5, 3.0, 2.0, 0.0) == 12.0 and curvature_of(False, 0.5, 3.0, 2.0, 0.0) == 6.0
    assert curvature_of(True, 0.0, 3.0, 2.0, 1.0) == curvature_of(True, 0.5, 0.0, 2.0, 1.0) == 0.0
    assert curvature_of(True, 0.5, 1.0, 2.0, 9.0) == 1.0 and curvature_of(False, 0.5, 1.0, 2.0, 9.0) == 0.5


def test_batches_of_destinations():
    assert batches(0) == [] and batches(2) == [range(1), range(1, 2)]
    assert [len(batch) for batch in batches(31)] == [2] * 15 + [1] and len(batches(30)) == 30
    assert [d for batch in batches(100) for d in batch] == list(range(100))


def test_gap_of_a_value():
    assert excess_percent(110.0, 100.0) == 10.0 and excess_percent(100.0, 100.0) == excess_percent(99.0, 100.0) == 0.0
    assert excess_percent(0.0, -1.0) == 0.0 and excess_percent(1.0, 0.0) == np.inf


LINE = ArcCost.linear(
    np.array([10.0, 10.0, 30.0]), 0.1
)  # marginal cost 10 + 2 x on the first two, 30 + 6 x on the third


def test_flow_is_shifted_with_its_costs():
    table = table_with(LINE, [4.0, 0.0, 1.0], own=[3.0, 0.0, 1.0])
    shift(True, False, table, 0, -1.5)
    assert table[0, [OWN, FLOW, MARGINAL, CURVATURE]].tolist() == [1.5, 2.5, 15.0, 2.0]
    shift(True, False, table, 2, -1.5)  # never below zero
    assert table[2, [OWN, FLOW, MARGINAL]].tolist() == [0.0, 0.0, 30.0]
    bpr = table_with(ArcCost.bpr(np.ones(1), np.ones(1), 1.0, 2.0), [1.0])  # x + x^3: curvature 6 x
    shift(True, True, bpr, 0, 1.0)
    assert bpr[0, [MARGINAL, CURVATURE]].tolist() == [13.0, 6.0]  # where all costs are linear it stays
    shift(True, False, bpr, 0, 1.0)
    assert bpr[0, [MARGINAL, CURVATURE]].tolist() == [28.0, 18.0]


def test_what_moving_an_amount_changes():
    """From arc 2 (30 x + 3 x^2) to the arcs 0 and 1 (10 x + x^2 each)."""
    table, used, tree = table_with(LINE, [2.0, 0.0, 5.0]), np.array([2]), np.array([0, 1])
    # 147 - 225 on the first, 39 - 24 and 11 - 0 on the others.
    assert change_of(True, table, used, 1, tree, 2, 1.0) == pytest.approx(30 * 4 + 3 * 16 - 225 + 39 - 24 + 11)
    # At 1: 30 + 6 * 4 less 10 + 2 * 3 and 10 + 2 * 1; 6 + 2 + 2 for each more.
    assert slope_at(True, table, used, 1, tree, 2, 1.0) == (pytest.approx(54 - 16 - 12), 10.0)
    # The gain at first is 60 - 14 - 10 = 36, so that 3.6 are best; at most what is there.
    assert best_amount(True, True, table, used, 1, tree, 2, 36.0, 10.0, 5.0) == 3.6
    assert best_amount(True, True, table, used, 1, tree, 2, 36.0, 10.0, 3.0) == 3.0
    assert best_amount(True, True, table, used, 1, tree, 2, 36.0, 0.0, 2.5) == 2.5
    assert best_amount(True, True, table, used, 1, tree, 2, -36.0, 10.0, -2.0) == -2.0
    assert best_amount(True, True, table, used, 1, tree, 2, 0.2, 0.5, 5.0) == 0.4
    # Whole: 36 x - 5 x^2 saves 64 with 4 and 63 with 3.
    assert whole_amount(True, table, used, 1, tree, 2, 3.6, -2.0, 5.0) == 4.0
    assert whole_amount(True, table, used, 1, tree, 2, 3.6, -2.0, 3.0) == 3.0
    assert whole_amount(True, table, used, 1, tree, 2, 3.6, -2.0, 2.0) == 0.0
    assert whole_amount(True, table, used, 1, tree, 2, 0.4, -2.0, 5.0) == 1.0
    assert whole_amount(True, table, used, 1, tree, 2, -0.4, -2.0, 5.0) == 0.0  # neither 0 nor -1 saves anything


def test_whole_amounts_back_to_the_used_way():
    """Marginal costs 10 and 10 + 2 * 20: 40 x - 2 x^2 is saved by moving x back from the tree's way."""
    table = table_with(LINE, [0.0, 20.0, 0.0], own=[0.0, 5.0, 0.0])
    used, tree = np.array([0]), np.array([1])
    for amount, least, moved in ((-5.0, -9.0, -5.0), (-9.5, -9.0, -9.0), (-9.5, -10.0, -10.0), (-0.5, -9.0, -1.0)):
        assert whole_amount(True, table, used, 1, tree, 1, amount, least, 0.0) == moved


@pytest.mark.parametrize("power", [2.0, 4.0])
@pytest.mark.parametrize("system", [True, False])
def test_the_best_amount_against_another_program(power, system):
    inner, used, tree = 0, np.array([0, 3]), np.array([2, 1])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cost = ArcCost.bpr(rng.uniform(1, 9, 4), rng.uniform(1, 4, 4), 0.5, power)
        flow = rng.uniform(1, 6, 4)
        table = table_with(cost, flow, background=rng.uniform(0, 2, 4), system=system)
        gain, fall = slope_at(system, table, used, 2, tree, 2, 0.0)
        limit = flow[used].min() if gain > 0 else -flow[tree].min()
        amount = best_amount(system, False, table, used, 2, tree, 2, gain, fall, limit)
        bounds = sorted((0.0, limit))
        best = minimize_scalar(
            lambda x, t=table: change_of(system, t, used, 2, tree, 2, x), bounds=bounds, method="bounded",
            options={"xatol": 1e-9},
        )  # fmt: skip
        assert bounds[0] <= amount <= bounds[1]
        reached = change_of(system, table, used, 2, tree, 2, amount)
        assert reached <= 0.98 * best.fun + 1e-9, seed
        # What is left to gain there has not turned round, and is small.
        left = slope_at(system, table, used, 2, tree, 2, amount)[0]
        assert left * gain >= 0 and (amount == limit or abs(left) <= 0.05 * abs(gain))
        inner += amount != limit
    assert inner > 5


def test_a_later_step_past_the_limit_moves_all_there_is():
    """The first step falls short: the used way's marginal cost 1 + 5 x^4 is steep at 6 vehicles and flat at none."""
    used, tree = np.array([0]), np.array([1])
    table = table_with(ArcCost.bpr(np.array([1.0, 1.0]), np.ones(2), np.array([1.0, 0.0]), 4.0), [6.0, 0.0])
    gain, fall = slope_at(True, table, used, 1, tree, 1, 0.0)
    assert (gain, gain / fall) == (5.0 * 6**4, 1.5)  # what 6 vehicles on the tree's way save, all of them is best
    assert best_amount(True, False, table, used, 1, tree, 1, gain, fall, 2.5) == 2.5
    assert best_amount(True, False, table, used, 1, tree, 1, gain, fall, 2.0) == 2.0
    back = table_with(ArcCost.bpr(np.array([1.0, 1.0]), np.ones(2), np.array([0.0, 1.0]), 4.0), [0.0, 6.0])
    assert best_amount(True, False, back, used, 1, tree, 1, -gain, fall, -2.5) == -2.5


@pytest.mark.parametrize(
    ("flow", "whole", "moved", "after"),
    [
        ([2.0, 2.0, 5.0], False, 3.2, [5.2, 5.2, 1.8]),  # 60 - 28 = 32 over 10
        ([2.0, 2.0, 5.0], True, 3.0, [5.0, 5.0, 2.0]),
        ([0.0, 0.0, 1.0], False, 1.0, [1.0, 1.0, 0.0]),  # 36 - 20 = 16 over 10, but one is all there is
        ([9.0, 8.0, 0.0], False, -2.4, [6.6, 5.6, 2.4]),  # 30 - 54 = -24
        ([9.0, 1.0, 0.0], False, 0.0, [9.0, 1.0, 0.0]),  # 30 - 40 = -10, but nothing of this destination is on arc 1
        ([5.0, 5.0, 1.0], True, 0.0, [5.0, 5.0, 1.0]),  # 36 - 40 = -4: one back would cost 5 - 4
    ],
)
def test_balancing_a_pair(flow, whole, moved, after):
    own = [flow[0], 0.0, flow[2]] if flow == [9.0, 1.0, 0.0] else flow
    table, used, tree = table_with(LINE, flow, own=own), np.array([2]), np.array([0, 1])
    assert balance_pair(True, True, whole, table, used, 1, tree, 2) == pytest.approx(moved)
    assert table[:, FLOW] == pytest.approx(after)
    assert table[:, MARGINAL] == pytest.approx([10 + 2 * after[0], 10 + 2 * after[1], 30 + 6 * after[2]])


def test_nothing_is_moved_for_nothing():
    """One vehicle on either of two like roads: the other one is as good, in whole vehicles, and the next bit worse."""
    table = table_with(LINE, [1.0, 0.0, 0.0])
    assert whole_amount(True, table, np.array([0]), 1, np.array([1]), 1, 0.5, 0.0, 1.0) == 0.0
    for difference, moved in ((5e-14, 0.0), (2e-13, 1.0)):  # of 1,000 s: the last digits are no gain
        table = table_with(ArcCost.linear(np.array([1000.0, 1000.0]), 0.0), [1.0, 1.0])
        table[0, MARGINAL] += 1000 * difference
        assert balance_pair(True, True, False, table, np.array([0]), 1, np.array([1]), 1) == moved


def test_flow_in_a_circle_is_taken_off():
    table = table_with(LINE, [7.0, 3.0, 9.0], own=[6.0, 2.0, 4.0])
    cancel_circle(True, True, table, np.array([0, 2, 1]), 1, 3)  # of the arcs 2 and 1; arc 0 leads there
    assert table[:, OWN].tolist() == [6.0, 0.0, 2.0] and table[:, FLOW].tolist() == [7.0, 1.0, 7.0]


def roads_of(pairs, nodes) -> Network:
    return Network.of(nodes, *np.array(pairs).T)


FORK = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]


def test_the_arc_with_most_flow_is_kept_up_to_date():
    network = roads_of(FORK, 5)
    table, nodes = np.zeros((6, 8)), np.zeros((5, 8))

    def look(*own):
        table[:3, OWN] = own
        look_for_heaviest(nodes[0], 0, network.head, network.out_indptr, network.out_arc, table, 7)
        return nodes[0, 4:].tolist()

    def change(arc, own):
        table[arc, OWN] = own
        weigh_again(nodes, 7, network.tail, network.head, table, arc)
        return nodes[0, 4:].tolist()

    # When it was looked for, the arc, where it leads, the most that another one has.
    assert look(0, 0, 0)[:3] == [7, -1, -1]
    assert change(1, 2.0) == [7, 1, 2, 0] and change(2, 1.0) == [7, 1, 2, 1] and change(2, 0.5) == [7, 1, 2, 1]
    assert look(3, 5, 4) == [7, 1, 2, 4] and look(5, 3, 4) == [7, 0, 1, 4] and look(3, 4, 5) == [7, 2, 3, 4]
    assert look(5, 5, 1) == [7, 0, 1, 5]
    look(3, 5, 4)
    assert change(2, 6.0) == [7, 2, 3, 5]  # a heavier one
    assert change(2, 5.5) == [7, 2, 3, 5] and change(2, 5.0)[0] == -1  # it may be another one now
    table[0, OWN] = 99.0
    weigh_again(nodes, 8, network.tail, network.head, table, 0)  # of another stamp: not known anyway
    assert nodes[0, 4] == -1 and nodes[0, 5] == 2


def pair_from(pairs, nodes, toward, own, first, root):
    network, table, rows = roads_of(pairs, nodes), np.zeros((len(pairs), 8)), np.zeros((nodes, 8))
    table[:, OWN] = own
    used, tree = np.zeros(nodes + 1, dtype=np.int32), np.zeros(nodes + 1, dtype=np.int32)
    a, b = find_pair(
        first, root, network.tail, network.head, network.out_indptr, network.out_arc, np.array(toward), table,
        rows, 1, 2, used, tree,
    )  # fmt: skip
    return a, b, used.tolist(), tree.tolist()


def test_pairs_of_ways():
    # From 0 by 1 and 2, or by the tree over 3, to 4; then on to 5. Arcs: 0-1, 1-2, 2-4, 0-3, 3-4, 4-5, 2-0.
    pairs = [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4), (4, 5), (2, 0)]
    toward = [3, 1, 2, 4, 5, -1]
    a, b, used, tree = pair_from(pairs, 6, toward, [3, 3, 2, 0, 0, 2, 1], 0, 5)
    assert (used[:a], tree[:b]) == ([0, 1, 2], [3, 4])
    # Most of it goes back from 2 to 0: a circle that begins with the first arc.
    a, b, used, tree = pair_from(pairs, 6, toward, [3, 3, 1, 0, 0, 2, 2], 0, 5)
    assert (a, b) == (3, -2) and used[:3] == [0, 1, 6]
    # The used way ends at 2.
    assert pair_from(pairs, 6, toward, [3, 3, 0, 0, 0, 2, 0], 0, 5)[:2] == (0, -1)
    # A circle further on: 1-2, 2-1 after 0-1.
    a, b, used, tree = pair_from([*pairs[:6], (2, 1)], 6, toward, [3, 5, 1, 0, 0, 2, 2], 0, 5)
    assert (a, b) == (3, -2 - 1) and used[1:3] == [1, 6]
    # The ways meet at the root alone; the tree's is the longer one.
    pairs = [(0, 4), (0, 1), (1, 2), (2, 4)]
    a, b, used, tree = pair_from(pairs, 5, [1, 2, 3, -1, -1], [1, 0, 0, 0], 0, 4)
    assert (used[:a], tree[:b]) == ([0], [1, 2, 3])
    assert pair_from(pairs, 5, [1, -1, 3, -1, -1], [1, 0, 0, 0], 0, 4)[:2] == (0, -1)  # no tree from 1


def test_balancing_a_destination_makes_two_roads_equal():
    """Ten trips from 0 to 2 by the road over 1 (10 + 0 s); the other one takes 12 s: 10 + 2 x = 12 + 2.4 (10 - x)."""
    network = roads_of([(0, 1), (1, 2), (0, 2)], 3)
    table = table_with(ArcCost.linear(np.array([10.0, 1e-9, 12.0]), 0.1), [10.0, 10.0, 0.0])
    support, listed = np.array([0, 1, 0]), np.array([True, True, False])
    count, serial, moved = balance_destination(
        True, True, False, 2, network.tail, network.head, network.out_indptr, network.out_arc, np.array([2, 1, -1]),
        support, 2, listed, table, np.zeros((3, 8)), 0, np.zeros(4, dtype=np.int32), np.zeros(4, dtype=np.int32),
    )  # fmt: skip
    assert (count, moved, listed.tolist(), support.tolist()) == (3, 1, [True] * 3, [0, 1, 2]) and serial == 2
    assert table[:, FLOW] == pytest.approx([26 / 4.4, 26 / 4.4, 10 - 26 / 4.4])


def test_a_destinations_flow_goes_into_the_table_and_back():
    table, support, listed = np.zeros((5, 8)), np.zeros(5, dtype=np.int32), np.zeros(5, dtype=bool)
    unfold(np.array([3, 1, 4]), np.array([2.0, 5.0, 1.0]), table, support, listed)
    assert table[:, OWN].tolist() == [0, 5, 0, 2, 1] and support[:3].tolist() == [3, 1, 4]
    assert listed.tolist() == [False, True, False, True, True]
    table[1, OWN] = 0.0
    arcs, amount = np.zeros(5, dtype=np.int32), np.zeros(5)
    assert fold(support, 3, table, listed, arcs, amount) == 2
    assert arcs[:2].tolist() == [3, 4] and amount[:2].tolist() == [2.0, 1.0]
    assert not listed.any() and not table[:, OWN].any()


def test_loading_a_tree():
    """0 and 1 go to 2, 2 and 3 to the root 4; node 5 does not reach it."""
    network = roads_of([(0, 2), (1, 2), (2, 4), (3, 4), (0, 1)], 6)
    table = table_of(ArcCost.linear(np.full(5, 10.0), 0.1), np.zeros(5))
    table[2, FLOW] = 5.0  # of others
    waiting = np.array([1.0, 2.0, 4.0, 0.0, 9.0, 0.0])
    space, support = np.full((2, 6), 9, dtype=np.int32), np.zeros(5, dtype=np.int32)
    count = load_tree(True, 4, network.head, np.array([0, 1, 2, 3, -1, -1]), waiting, *space, table, support)
    assert sorted(support[:count].tolist()) == [0, 1, 2]
    assert table[:, OWN].tolist() == [1, 2, 7, 0, 0] and table[:, FLOW].tolist() == [1, 2, 12, 0, 0]
    assert table[:3, MARGINAL].tolist() == [12.0, 14.0, 34.0] and table[:3, CURVATURE].tolist() == [2.0] * 3
    assert not waiting.any() and not space[0].any()


def in_order(pairs, nodes, x, flow=None):
    network, x = roads_of(pairs, nodes), np.array(x, dtype=float)
    flow = x + 1.0 if flow is None else np.array(flow, dtype=float)
    order, entering = np.full(nodes, -1, dtype=np.int32), np.zeros(nodes, dtype=np.int32)
    support = np.flatnonzero(x).astype(np.int32)
    count = downstream_order(
        network.tail, network.head, network.entering.indptr, network.entering.arc, network.out_indptr, network.out_arc,
        support, len(support), x, flow, order, entering,
    )  # fmt: skip
    assert not entering.any()
    return order[:count].tolist(), x.tolist(), flow.tolist()


def test_nodes_downstream():
    pairs = [(3, 1), (3, 0), (0, 1), (1, 2), (4, 2)]
    order, x, _ = in_order(pairs, 5, [1, 1, 1, 2, 0])
    assert order == [3, 0, 1, 2] and x == [1, 1, 1, 2, 0]


def test_circles_are_taken_off():
    # 0 -> 1 -> 2 -> 3, with 2 -> 1 going back: 1 -> 2 carries 3 of which 2 go round.
    order, x, flow = in_order([(0, 1), (1, 2), (2, 1), (2, 3)], 4, [1, 3, 2, 1])
    assert order == [0, 1, 2, 3] and x == [1, 1, 0, 1] and flow == [2, 2, 1, 2]
    # A circle that hangs in the air is gone altogether.
    order, x, _ = in_order([(0, 1), (1, 2), (2, 0)], 3, [2, 2, 2])
    assert x == [0, 0, 0]
    # Two circles through node 1, one in the other.
    order, x, _ = in_order([(0, 1), (1, 2), (2, 3), (3, 1), (2, 1), (3, 4)], 5, [1, 4, 2, 1, 2, 1])
    assert order == [0, 1, 2, 3, 4] and x == [1, 1, 1, 0, 0, 1]
    assert in_order([(0, 1), (1, 0)], 2, [1, 2], [0.5, 9])[2] == [0.0, 8.0]  # of all never below zero


def test_random_flows_lose_their_circles_and_nothing_else():
    cut = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        nodes, pairs = 7, []
        x = np.zeros(0)
        for _ in range(4):  # whole walks, circles and all
            walk = rng.integers(0, nodes, 6)
            steps = [(int(a), int(b)) for a, b in zip(walk, walk[1:]) if a != b]
            pairs += steps
            x = np.r_[x, np.full(len(steps), float(rng.integers(1, 4)))]
        tail, head = np.array(pairs).T
        order, left, _ = in_order(pairs, nodes, x)
        left = np.array(left)
        assert (left >= 0).all() and (left <= x).all()
        balance = np.bincount(tail, x, nodes) - np.bincount(head, x, nodes)
        assert np.bincount(tail, left, nodes) - np.bincount(head, left, nodes) == pytest.approx(balance)
        place = {node: k for k, node in enumerate(order)}
        assert len(place) == len(order)
        assert all(place[int(tail[e])] < place[int(head[e])] for e in np.flatnonzero(left > 0))
        cut += (left < x).any()
    assert cut > 40


def test_whole_vehicles_are_split_as_the_flow_is():
    network = roads_of(FORK, 5)

    def split(vehicles, x, owed=(0, 0, 0), weight=(1, 1, 1)):
        whole = np.zeros(6)
        more = [np.r_[np.array(v, dtype=float), 0, 0, 0] for v in (x, owed, weight)]
        left = split_whole(0, float(vehicles), network.out_indptr, network.out_arc, *more, whole)
        return left, whole[:3].tolist()

    assert split(4, (1, 1, 2)) == (0.0, [1, 1, 2]) and split(5, (0, 0, 0)) == (5.0, [0, 0, 0])
    # 5 over 1.25, 1.25 and 2.5: 1, 1 and 2, and the last one to who lags most.
    assert split(5, (1.25, 1.25, 2.5)) == (0.0, [1, 1, 3])
    assert split(5, (1.25, 1.25, 2.5), owed=(0.3, 0, 0)) == (0.0, [2, 1, 2])
    assert split(5, (1.25, 1.25, 2.5), owed=(1, 1, 1), weight=(1, 5, 1)) == (0.0, [1, 2, 2])
    assert split(2, (0.5, 0.5, 1), owed=(0, 0.1, 0.2)) == (0.0, [0, 1, 1])
    assert split(1, (0, 1e-9, 1), owed=(9, 9, 0)) == (0.0, [0, 0, 1])  # not on crumbs, nor where there is no flow


def test_rounding_a_destination():
    """Three start at 0 and split 1.5 : 1.5 over 1 and 2 to 4; two at 3, where nothing flows, follow the tree."""
    network = roads_of(FORK, 5)
    x, whole, demand = np.array([1.5, 1.5, 0, 1.5, 1.5, 0]), np.zeros(6), np.array([3.0, 0, 0, 2.0, 7.0])
    strays = round_destination(
        4, network.head, network.out_indptr, network.out_arc, np.array([0, 3, 4, 5, -1]), np.array([0, 1, 2, 4, 0]), 4,
        demand, x, np.array([0, 0.2, 0, 0, 0, 0]), np.ones(6), whole,
    )  # fmt: skip
    assert strays == 2.0 and whole.tolist() == [1, 2, 0, 1, 2, 2] and not demand.any()


def test_trips_walk_along_the_whole_flow():
    """Three from 0 and two from 1 to 3: all by 1 and 2 but one, that goes from 0 to 3 directly."""
    network = roads_of([(0, 3), (0, 1), (1, 2), (2, 3)], 4)
    arcs, indptr, vehicles = np.full(9, -1, dtype=np.int32), np.zeros(6, dtype=np.int64), np.zeros(5, dtype=np.int64)

    def walk(amount, origins=(0, 1), trips=(3.0, 2.0)):
        return walk_trips(
            3, network.tail, network.head, network.out_indptr, network.out_arc, np.array(origins), np.array(trips),
            np.arange(4), np.array(amount), np.zeros(4, dtype=np.int32), indptr, arcs, vehicles,
        )  # fmt: skip

    assert walk([1.0, 2.0, 4.0, 4.0]) == 3
    assert vehicles[:3].tolist() == [1, 2, 2] and indptr[:4].tolist() == [0, 1, 4, 6]
    assert arcs[:6].tolist() == [0, 1, 2, 3, 2, 3]
    assert walk([1.0, 2.0, 3.0, 3.0]) == -2  # the second group finds no way for its last one
    assert walk([1.0, 1.0, 3.0, 3.0]) == -1


def test_what_one_vehicle_more_changes_is_the_difference_of_the_totals():
    for seed in range(20):
        case = tiny(seed)
        flow = np.random.default_rng(seed).integers(0, 5, len(case.tail)).astype(float)
        table, more = table_with(case.cost, flow, background=case.background), flow.copy()
        more[0] += 1
        change = change_of(True, table, np.arange(0), 0, np.array([0]), 1, 1.0)
        assert change == pytest.approx(total_time(case, more) - total_time(case, flow))
