"""Lines are split where they meet and nowhere else."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.roads import merging
from evacuation_planner.plugin.solvers.roads.cutting import keep_arcs
from evacuation_planner.plugin.solvers.roads.lines import NO_LENGTH, NOT_NUMBERS, clean
from evacuation_planner.plugin.solvers.roads.wkb import Lines
from tests.solvers.road_drawings import drawn, network, pieces_of, planar_steps

GRID = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6), min_size=1, max_size=8
)


def node_set(pieces):
    return {tuple(xy) for xy in pieces.node_xy.tolist()}


def test_a_shared_vertex_is_a_junction():
    pieces = pieces_of([[(0, 0), (10, 0), (20, 0)], [(10, -5), (10, 0), (10, 5)]])
    assert len(pieces) == 4
    assert len(pieces.node_xy) == 5
    assert sorted(pieces.length.tolist()) == [5, 5, 10, 10]


def test_a_crossing_without_a_shared_vertex_is_a_bridge():
    pieces = pieces_of([[(0, 0), (20, 0)], [(10, -5), (10, 5)]])
    assert len(pieces) == 2
    assert len(pieces.node_xy) == 4


def test_a_line_that_meets_itself_is_split_there():
    eight = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (-10, 0), (-10, -10), (0, -10), (0, 0)]
    pieces = pieces_of([eight])
    assert node_set(pieces) == {(0, 0)}
    assert pieces.length.tolist() == [40, 40]
    crossing = [(0, 0), (10, 0), (20, 0), (20, 10), (10, 10), (10, 0), (10, -10)]
    assert node_set(pieces_of([crossing])) == {(0, 0), (10, 0), (10, -10)}


def test_a_ring_on_its_own_is_one_piece_with_one_node():
    pieces = pieces_of([[(0, 0), (10, 0), (10, 10), (0, 0)]])
    assert len(pieces) == 1
    assert pieces.start[0] == pieces.end[0]
    assert pieces.length[0] == pytest.approx(20 + np.hypot(10, 10))


def test_an_end_within_the_tolerance_joins_an_end_and_an_inner_vertex():
    ends = [[(0, 0), (10, 0)], [(10.3, 0), (20, 0)]]
    assert len(pieces_of(ends, 0.5).node_xy) == 3
    assert len(pieces_of(ends, 0.2).node_xy) == 4
    tee = [[(0, 0), (10, 0), (20, 0)], [(10, 0.4), (10, 8)]]
    joined = pieces_of(tee, 0.5)
    assert len(joined) == 3
    assert (10, 0) in node_set(joined)  # the inner vertex stays, the end moves
    assert joined.length.sum() == pytest.approx(20 + 7.6)  # lengths stay as drawn
    assert len(pieces_of(tee, 0.3)) == 2


def test_a_distance_of_just_the_tolerance_joins():
    assert len(pieces_of([[(0, 0), (10, 0)], [(10.5, 0), (20, 0)]], 0.5).node_xy) == 3


def test_inner_vertices_join_only_where_equal():
    side_by_side = [[(0, 0), (10, 0), (20, 0)], [(0, 5), (10, 0.1), (20, 5)]]
    pieces = pieces_of(side_by_side, 0.5)
    assert len(pieces) == 2
    # nor through an end that is near both
    end_between = [*side_by_side, [(10, 0.04), (10, -30)]]
    pieces = pieces_of(end_between, 0.5)
    assert len(pieces) == 4
    assert (10, 0) in node_set(pieces)
    assert (10, 0.1) not in node_set(pieces)


def test_a_chain_of_ends_joins_in_one_node():
    fan = [[(0, 0), (-50, 9)], [(0.4, 0), (50, 9)], [(0.8, 0), (50, -9)]]
    assert len(pieces_of(fan, 0.5).node_xy) == 4
    assert len(pieces_of(fan, 0.3).node_xy) == 6


def test_a_tolerance_in_the_wrong_unit_is_refused(monkeypatch):
    monkeypatch.setattr(merging, "MOST_PAIRS", 1000)
    star = [[(0.001 * k, 0), (0.001 * k, 5)] for k in range(100)]
    assert len(pieces_of(star, 0.0005)) == 100
    with pytest.raises(SolverError, match="TOLERANCE: 1 m is too large for these roads: on average 100 vertices"):
        pieces_of(star, 1.0)


def test_a_line_does_not_fold_onto_its_own_tip():
    dense = [[(0, 0), (0.2, 0), (0.4, 0), (5, 0), (9.8, 0), (10, 0)]]
    pieces = pieces_of(dense, 0.5)
    assert len(pieces) == 1
    assert pieces.length.tolist() == [10]
    stub = pieces_of([[(0, 0), (0.3, 0)], [(0.3, 0), (9, 0)]], 0.5)
    assert stub.length.tolist() == pytest.approx([0.3, 8.7])
    assert len(stub.node_xy) == 3


def test_a_nearly_closed_ring_closes_within_the_tolerance():
    pieces = pieces_of([[(0, 0), (10, 0), (10, 10), (0, 0.2)]], 0.5)
    assert len(pieces.node_xy) == 1


def test_repeated_vertices_make_no_pieces():
    pieces = pieces_of([[(0, 0), (0, 0), (10, 0), (10, 0), (10, 0), (20, 0)]])
    assert pieces.length.tolist() == [20]


def test_minus_zero_is_zero():
    assert len(pieces_of([[(-5, 0), (-0.0, 0)], [(0.0, -0.0), (5, 5)]], 0.0).node_xy) == 3


def test_unusable_lines_are_named_with_the_reason():
    lines = drawn([[(0, 0), (1, 0)], [(5, 5), (5, 5)], [(0, 0), (float("nan"), 1)], [(2, 2)]])
    fit, reasons = clean(lines)
    assert fit.feature.tolist() == [0]
    assert reasons == {1: NO_LENGTH, 2: NOT_NUMBERS, 3: NO_LENGTH}


def test_an_unusable_part_does_not_cost_the_feature():
    lines = drawn([[(0, 0), (1, 0)], [(5, 5), (5, 5)]])
    fit, reasons = clean(Lines(lines.xy, lines.start, np.array([7, 7])))
    assert len(fit) == 1
    assert reasons == {7: f"1 of 2 parts: {NO_LENGTH}"}


def test_keeping_pieces_keeps_their_nodes_and_vertices():
    roads = network([[(0, 0), (10, 0), (20, 0)], [(10, -5), (10, 0), (10, 5)]])
    kept = keep_arcs(roads, np.array([True, False, False, True])[roads.piece])[0]
    assert kept.length.tolist() == [10, 10, 5, 5]
    assert kept.piece.tolist() == [0, 0, 1, 1]
    assert node_set(kept) == {(0, 0), (10, 0), (10, 5)}
    assert kept.piece_xy.tolist() == [[0, 0], [10, 0], [10, 0], [10, 5]]
    assert kept.piece_start.tolist() == [0, 2, 4]
    assert kept.node_xy[kept.head].tolist() == [[10, 0], [0, 0], [10, 5], [10, 0]]


@given(GRID, st.sampled_from([0.0, 0.01, 0.6]))
def test_splitting_keeps_the_length_and_cuts_only_at_junctions(lines, tolerance):
    fit, _ = clean(drawn(lines))
    if len(fit) == 0:
        return
    pieces = pieces_of(lines, tolerance)
    assert pieces.length.sum() == pytest.approx(planar_steps(fit).sum())
    # no two vertices of the grid are within 0.6, so the tolerance changes nothing: junctions are where lines share
    visits: dict[tuple[float, float], int] = {}
    for vertex in map(tuple, fit.xy.tolist()):
        visits[vertex] = visits.get(vertex, 0) + 1
    ends = {tuple(fit.xy[k]) for k in [*fit.start[:-1], *(fit.start[1:] - 1)]}
    expected = ends | {vertex for vertex, times in visits.items() if times > 1}
    assert node_set(pieces) == expected
    inside = [
        tuple(xy) for a, b in zip(pieces.offset[:-1], pieces.offset[1:]) for xy in pieces.xy[a + 1 : b - 1].tolist()
    ]
    assert not expected & set(inside)
    # drawn ends of a piece are its nodes
    assert np.array_equal(pieces.xy[pieces.offset[:-1]], pieces.node_xy[pieces.start])
    assert np.array_equal(pieces.xy[pieces.offset[1:] - 1], pieces.node_xy[pieces.end])


def folded(fit, tolerance):
    """Whether a step's two ends may be joined to one place, each within the tolerance of the next of a chain."""
    graph = nx.Graph(list(cKDTree(fit.xy).query_pairs(tolerance)))
    graph.add_nodes_from(range(len(fit.xy)))
    place = {k: number for number, part in enumerate(nx.connected_components(graph)) for k in part}
    inside = [k for line in range(len(fit)) for k in range(fit.start[line], fit.start[line + 1] - 1)]
    return any(place[k] == place[k + 1] for k in inside)


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=2, max_size=4), min_size=1, max_size=8),
    st.floats(0, 1),
)
def test_a_tolerance_joins_ends_as_a_search_through_all_pairs_does(lines, tolerance):
    fit, _ = clean(drawn(lines))
    steps = planar_steps(fit)
    assume(len(fit) and not folded(fit, tolerance))
    pieces = pieces_of(lines, tolerance)
    assert pieces.length.sum() == pytest.approx(steps.sum(), rel=1e-9, abs=1e-12)
    ends = [(line, fit.xy[k]) for line in range(len(fit)) for k in (fit.start[line], fit.start[line + 1] - 1)]
    first, last = {}, {}
    for k in range(len(pieces)):
        first.setdefault(int(pieces.road[k]), k)
        last[int(pieces.road[k])] = k
    nodes = []
    for line in range(len(fit)):
        feature = int(fit.feature[line])
        nodes += [pieces.start[first[feature]], pieces.end[last[feature]]]
    for i, (line_a, a) in enumerate(ends):
        for j, (line_b, b) in enumerate(ends):
            if line_a != line_b and np.hypot(*(a - b)) <= tolerance:
                assert nodes[i] == nodes[j]
