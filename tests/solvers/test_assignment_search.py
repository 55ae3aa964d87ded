"""The course of the assignment: first flows, sweeps, bounds, rounding, when it stops, by hand or by other programs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.routing.cumulative import fractional as fractional_module
from evacuation_planner.plugin.solvers.routing.cumulative import integer_flows as whole_module
from evacuation_planner.plugin.solvers.routing.cumulative import search as search_module
from evacuation_planner.plugin.solvers.routing.cumulative.alternative_segments import balance_destination
from evacuation_planner.plugin.solvers.routing.cumulative.cost import FLOW, MARGINAL, OWN, ArcCost, refresh, table_of
from evacuation_planner.plugin.solvers.routing.cumulative.flows import DestinationFlows
from evacuation_planner.plugin.solvers.routing.cumulative.fractional import bound_at, load_all, sweep
from evacuation_planner.plugin.solvers.routing.cumulative.integer_flows import reroute, round_all
from evacuation_planner.plugin.solvers.routing.cumulative.network import Demand, Network
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem
from evacuation_planner.plugin.solvers.routing.cumulative.search import AssignmentSearch
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from evacuation_planner.plugin.solvers.routing.cumulative.workers import TreeWorkers
from tests.solvers.assignment_cases import Case, check_routes, grid, total_time
from tests.solvers.test_assignment_small import line, solve_case
from tests.solvers.test_assignment_steps import table_with


def timed(seconds: float) -> Control:
    """A control whose fence is reached after so many seconds."""
    return Control(effort=Effort(NORMAL, seconds))


def loaded(case: Case, system: bool = True, threads: int = 1) -> tuple[DestinationFlows, TreeWorkers]:
    """First flows of all destinations of a case."""
    network, table = Network.of(case.nodes, case.tail, case.head), table_of(case.cost, case.background)
    refresh(system, table)
    trips = np.flatnonzero(case.source != case.destination)
    demand = Demand.of(case.source, case.destination, np.ones(len(case.source)), trips)
    flows = DestinationFlows(network, demand, table, system, bool((case.cost.power == 1).all()))
    workers = TreeWorkers(network, demand, threads)
    load_all(flows, workers, Control())
    return flows, workers


def balance(case: Case, flow: np.ndarray) -> np.ndarray:
    """What leaves each node less what enters it."""
    return np.bincount(case.tail, flow, case.nodes) - np.bincount(case.head, flow, case.nodes)


def wanted(case: Case, root: int) -> np.ndarray:
    """The balance of a flow that brings all trips to ``root`` there."""
    mine = (case.destination == root) & (case.source != root)
    return np.bincount(case.source[mine], minlength=case.nodes) - mine.sum() * (np.arange(case.nodes) == root)


def check_flows(case: Case, flows: DestinationFlows) -> None:
    """Every destination gets its trips, together they are the total, and the working space is clean."""
    total = np.zeros(len(case.tail))
    for d, root in enumerate(flows.demand.roots):
        own = np.zeros(len(case.tail))
        own[flows.arcs[d]] = flows.amount[d]
        assert (flows.amount[d] > 0).all()
        assert balance(case, own) == pytest.approx(wanted(case, root), abs=1e-9)
        total += own
    assert flows.total == pytest.approx(total, abs=1e-9)
    assert not flows.table[:, OWN].any() and not flows.listed.any() and not flows.waiting.any()


def two_ways(trips: int = 6) -> Case:
    """From 0 to 1 and on to 2: two roads of 10 and 12 s, then one of 1 s; half of the trips end at 1."""
    cost = ArcCost.linear(np.array([10.0, 12.0, 1.0]), np.array([0.1, 0.1, 0.0]))
    ends = np.array([1, 2] * (trips // 2))
    return Case(3, np.array([0, 0, 1]), np.array([1, 1, 2]), cost, np.zeros(3), np.zeros(trips, dtype=int), ends)


def test_first_flows_see_those_of_the_batches_before():
    """Three trips to 1 make the first road 10 + 2 * 3 s at the margin, so that those to 2 take the other one."""
    flows, _ = loaded(two_ways())
    assert [a.tolist() for a in flows.arcs] == [[0], [1, 2]] and [a.tolist() for a in flows.amount] == [[3], [3, 3]]
    assert flows.table[:, MARGINAL] == pytest.approx([16.0, 12 + 2 * 1.2 * 3, 1.0])
    assert flows.value == pytest.approx(3 * 13 + 3 * 12 * 1.3 + 3)
    with pytest.raises(Cancelled):
        load_all(*loaded(two_ways()), Control(cancelled=lambda: True))


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("bpr", [True, False])
def test_sweeps_and_the_bound_against_another_program(system, bpr):
    case = grid(5, 90, 3, seed=4, bpr=bpr)
    flows, workers = loaded(case, system)
    check_flows(case, flows)
    values, bounds = [flows.value], []
    for _ in range(12):
        moved = sweep(flows, workers, Control())
        check_flows(case, flows)
        values.append(flows.value)
        marginal, x = flows.table[:, MARGINAL], flows.table[:, FLOW]
        least = dijkstra(csr_matrix((marginal, (case.tail, case.head)), shape=(case.nodes,) * 2))
        linear = flows.value + least[case.source, case.destination].sum() - marginal @ x
        bounds.append(bound_at(flows, workers, Control()))
        assert bounds[-1] == pytest.approx(linear, rel=1e-8) and bounds[-1] < linear
    assert all(b <= a * (1 + 1e-12) for a, b in zip(values, values[1:])) and moved >= 0
    assert max(bounds) <= values[-1] <= max(bounds) * 1.002 < values[0]
    volume = case.background + flows.total
    slower = case.cost.free_flow * case.cost.factor * case.cost.power * volume**case.cost.power
    expected = case.cost.times(volume) + system * slower
    assert flows.table[:, MARGINAL] == pytest.approx(expected)


def test_a_sweep_stops_between_two_batches():
    late, moved = timed(1e-9), {}
    for batches in (1, 30):
        flows, workers = loaded(grid(5, 150, 4, seed=4, bpr=True))
        before = [amount.tolist() for amount in flows.amount]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fractional_module, "BATCHES", batches)
            moved[batches] = sweep(flows, workers, late)
        changed = [before[d] != flows.amount[d].tolist() for d in range(4)]
        assert changed[0] and (batches == 1 or not any(changed[1:]))
    assert moved[30] == -1 and moved[1] > 0  # one batch is the whole sweep
    with pytest.raises(Cancelled):
        sweep(*loaded(two_ways()), Control(cancelled=lambda: True))


@pytest.mark.parametrize("threads", [1, 3])
def test_rounding_gives_every_destination_whole_vehicles(threads):
    for seed in range(6):
        case = grid(5, 60, 5, seed=seed, bpr=seed % 2 == 0)
        flows, workers = loaded(case, threads=threads)
        sweep(flows, workers, Control())
        fractional = [amount.copy() for amount in flows.amount]
        assert any((amount != np.rint(amount)).any() for amount in fractional)
        whole = round_all(flows, workers, Control())
        check_flows(case, whole)
        assert all((amount == np.rint(amount)).all() for amount in whole.amount)
        assert whole.value == pytest.approx(total_time(case, whole.total))
        # The errors of one destination are made good by the next ones: about one vehicle an arc is left.
        assert np.abs(whole.total - flows.total).max() <= 2.5
        # The fractional flows are as they were.
        assert all((a == b).all() for a, b in zip(fractional, flows.amount))
        check_flows(case, flows)
        workers.close()


def test_working_space_of_rounding_is_clean_afterwards():
    case = grid(5, 60, 5, seed=1)
    flows, workers = loaded(case)
    sweep(flows, workers, Control())
    owed, x, whole = np.zeros((3, len(case.tail)))
    star_cost, before = workers.star_cost(flows.table[:, MARGINAL]), flows.total.copy()
    twin = flows.copy()
    for d in range(len(flows.demand)):
        twin.rounded(d, workers.ways(d, star_cost).result(), owed, x, whole)
        assert not x.any() and not whole.any() and not twin.waiting.any() and not twin.entering.any()
    twin.set_total()
    assert owed == pytest.approx(before - twin.total, abs=1e-9)  # fractional less whole


def test_circles_of_a_destination_are_taken_off_alone():
    """Two go round 1-2-1 on the way from 0 to 3; another destination's flow stays as it is."""
    pairs = [(0, 1), (1, 2), (2, 1), (2, 3), (1, 0)]
    tail, head = np.array(pairs).T
    case = Case(4, tail, head, ArcCost.linear(np.ones(5), 0.1), np.zeros(5), np.array([0, 0, 1]), np.array([3, 3, 0]))
    flows, _ = loaded(case)
    assert [a.tolist() for a in flows.arcs] == [[4], [0, 1, 3]] and [a.tolist() for a in flows.amount] == [[1], [2] * 3]
    flows.arcs[1], flows.amount[1] = np.array([0, 1, 2, 3], dtype=np.int32), np.array([2.0, 4.0, 2.0, 2.0])
    flows.set_total()
    assert flows.total.tolist() == [2, 4, 2, 2, 1]
    x = np.zeros(5)
    for d in (0, 1):
        flows.without_circles(d, x)
        assert not x.any()
    assert flows.amount[1].tolist() == [2, 2, 0, 2] and flows.amount[0].tolist() == [1]
    flows.set_total()
    assert flows.total.tolist() == [2, 2, 0, 2, 1] and flows.table[:, MARGINAL].tolist() == [1.4, 1.4, 1, 1.4, 1.2]


def test_circles_further_on_are_taken_off_when_a_destination_is_balanced():
    """0-1-2-3 with 2-1 going back: from the second way of 0 the used one leads into the circle 1-2-1."""
    pairs = [(0, 1), (1, 2), (2, 3), (2, 1), (0, 3)]
    network, flow = Network.of(4, *np.array(pairs).T), [2.0, 5.0, 2.0, 3.0, 0.0]
    table = table_with(ArcCost.linear(np.array([1.0, 1.0, 1.0, 1.0, 9.0]), 0.1), flow)
    support, listed = np.array([0, 1, 2, 3, 0]), np.array([True] * 4 + [False])
    count, _, moved = balance_destination(
        True, True, False, 3, network.tail, network.head, network.out_indptr, network.out_arc, np.array([4, 1, 2, -1]),
        support, 4, listed, table, np.zeros((4, 8)), 0, np.zeros(5, dtype=np.int32), np.zeros(5, dtype=np.int32),
    )  # fmt: skip
    # The circle carried 3; two of 5 are left on 1-2, and what is left on the way costs less than the direct road.
    assert (count, moved) == (4, 1) and table[:, FLOW].tolist() == [2, 2, 2, 0, 0] == table[:, OWN].tolist()


class Falling:
    """Whole flows whose objective falls to the next value with each sweep."""

    def __init__(self, values):
        self.values = list(values)

    @property
    def value(self):
        return self.values[0]

    def swept(self, *_, whole):
        assert whole
        del self.values[0]
        return 1


@pytest.mark.parametrize(
    ("values", "enough", "most", "sweeps"),
    [
        ([100, 90, 80, 70, 60], 75, 9, 3),  # until it is enough
        ([100, 90, 80, 70, 60], 80, 9, 2),
        ([100, 90, 80, 70, 60], 100, 9, 0),
        ([100, 90, 80, 70, 60], 0, 2, 2),
        ([1e6, 1e6 - 0.9, 0], 0, 9, 1),  # less than a millionth
        ([1e6, 1e6 - 1.1, 0, 0], 0, 9, 2),
        ([100, 100, 0], 0, 9, 1),
    ],
)
def test_rerouting_goes_on_while_it_pays(values, enough, most, sweeps, monkeypatch):
    flows = Falling(values + [values[-1]])
    monkeypatch.setattr(whole_module, "sweep", lambda flows, *rest, whole: flows.swept(whole=whole))
    assert reroute(flows, None, Control(), enough, most) == sweeps
    assert reroute(Falling([5, 4, 3]), None, timed(1e-9), 0, 9) == 0
    monkeypatch.setattr(whole_module, "sweep", lambda flows, *rest, whole: flows.swept(whole=whole) - 1)
    assert reroute(Falling([5, 4, 3]), None, Control(), 0, 9) == 1  # nothing has moved


def a_search(flows=None, workers=None, **changes) -> AssignmentSearch:
    given = {
        "flows": flows, "workers": workers, "control": Control(), "target": 1.0, "lower_bound": 100.0,
        "most_sweeps": 50,
    }  # fmt: skip
    return AssignmentSearch(**{**given, **changes})


def test_what_is_told_of_the_search():
    """log(1 + 1) over log(1 + gap) of the way, at least the share of the time, and never back."""
    told = []
    clock = SimpleNamespace(elapsed=10.0, seconds=100.0)
    search = a_search(control=Control(progress=lambda *said: told.append(said), effort=clock), iterations=7)
    for value, elapsed in ((107.0, 10), (103.0, 10), (115.0, 10), (103.0, 60), (101.0, 60), (131.0, 250)):
        clock.elapsed = elapsed
        search.note("rounded", value)
    # log 2 / log 8 = 1 / 3, log 2 / log 4 = 1 / 2.
    assert [share for share, _ in told] == pytest.approx([1 / 3, 1 / 2, 1 / 2, 0.6, 1.0, 1.0])
    assert told[0][1] == "rounded flow, at most 7.00 % from the optimum"
    step = search.history[3]
    assert (step.phase, step.iteration, step.seconds, step.value, step.lower_bound) == ("rounded", 7, 60, 103.0, 100.0)
    clock.elapsed, slow = 90.0, a_search(control=Control(effort=clock))
    slow.note("whole", 1e9)
    assert slow.share == pytest.approx(0.9)


def test_when_a_search_is_over():
    assert [a_search(iterations=k, most_sweeps=3).over() for k in (2, 3, 4)] == [False, True, True]
    assert a_search(control=timed(1e-9)).over() and a_search().whole_gap == np.inf


class Scripted(AssignmentSearch):
    """A search whose steps are given: gaps of the fractional flow and values of the whole ones."""

    def sweep_until(self, aim):
        self.aims.append(aim)
        self.flows = SimpleNamespace(value=100.0 + self.gaps.pop(0))

    def round_and_reroute(self):
        self.whole = SimpleNamespace(value=self.wholes.pop(0))


def scripted(gaps, wholes, **changes):
    search = Scripted(None, None, Control(), 1.0, 100.0, 50, **changes)
    search.aims, search.gaps, search.wholes = [], list(gaps), list(wholes)
    search.run(True)
    return search.aims


def test_rounding_from_ever_better_flows():
    assert scripted([0.9] * 9, [102.0] * 9) == pytest.approx([0.9, 0.45, 0.225, 0.1125, 0.05625])  # five times
    assert scripted([0.9, 0.2, 0.9], [102.0, 102.0, 101.0]) == pytest.approx([0.9, 0.45, 0.1])
    assert scripted([0.9], [101.0]) == [0.9]  # within the target
    assert scripted([0.9], [102.0], stalled=True) == [0.9] and scripted([0.9], [102.0], iterations=50) == [0.9]
    search = Scripted(None, None, Control(), 1.0, 100.0, 50)
    search.aims, search.gaps = [], [0.5]
    search.run(False)
    assert search.aims == [1.0] and search.whole is None


def test_the_best_whole_flow_is_kept_and_sweeps_are_counted(monkeypatch):
    rounded, asked = [SimpleNamespace(value=v) for v in (120.0, 130.0, 110.0)], []

    def reroute(whole, workers, control, enough, most):
        asked.append((enough, most))
        whole.value -= 5.0
        return 4

    monkeypatch.setattr(search_module, "round_all", lambda *_: rounded.pop(0))
    monkeypatch.setattr(search_module, "reroute", reroute)
    search = a_search(target=2.0, most_sweeps=12, iterations=3)
    for best in (115.0, 115.0, 105.0):
        search.round_and_reroute()
        assert search.whole.value == best
    assert asked == [(102.0, 9), (102.0, 5), (102.0, 5)] and search.iterations == 15
    assert [(s.phase, s.value) for s in search.history[:4]] == [
        ("rounded", 120.0), ("whole", 115.0), ("rounded", 130.0), ("whole", 125.0),
    ]  # fmt: skip


def test_relaxing_until_the_gap_is_small_or_sweeps_are_used_up():
    case = grid(4, 60, 2, seed=3, bpr=True)
    for aim in (5.0, 0.5, 0.05):
        search = a_search(*loaded(case), lower_bound=0.0)
        search.sweep_until(aim)
        assert search.fractional_gap <= aim and not search.stalled
        phases = {step.phase for step in search.history}
        assert phases == {"fractional"} and [s.iteration for s in search.history] == [*range(1, search.iterations + 1)]
        # It stops at the first sweep that is good enough.
        assert all(s.value > s.lower_bound * (1 + aim / 100) for s in search.history[:-1])
        bounds = [step.lower_bound for step in search.history]
        assert bounds == sorted(bounds) and search.lower_bound == bounds[-1] > 0.0
    swept = search.iterations
    few = a_search(*loaded(case), lower_bound=0.0, most_sweeps=2)
    few.sweep_until(1e-9)
    assert few.iterations == 2 < swept
    # At the last sweep the bound is that of the present flow.
    assert few.lower_bound >= bound_at(few.flows, few.workers, Control())
    none = a_search(*loaded(case), lower_bound=0.0, control=timed(1e-9))
    none.sweep_until(1e-9)
    assert none.iterations == 0 and not none.history
    exact = a_search(*loaded(case), lower_bound=0.0, most_sweeps=10_000)
    exact.sweep_until(0.0)
    assert exact.stalled and exact.iterations < 1000 and exact.fractional_gap < 1e-3


def test_results_and_sentence_of_a_whole_run():
    case, said = grid(6, 60, 3, seed=5), []
    result = solve_case(case, target_gap=0.5, control=Control(log=said.append))
    check_routes(case, result)
    assert result.iterations == max(step.iteration for step in result.history)
    assert result.lower_bound <= result.fractional_value == pytest.approx(total_time(case, result.fractional_flow))
    assert result.value == pytest.approx(total_time(case, result.flow)) and result.flow.dtype == np.int64
    text = said[-1]
    assert text.startswith(f"Assignment of 60 trips to 3 destinations: objective {result.value:.6g}, lower bound ")
    assert f"at most {result.gap:.3f} % above the least possible, {result.iterations} sweeps, " in text
    three = solve_case(case, target_gap=0.5, threads=3)
    assert (
        three.routes.expanded()[1].tolist() == result.routes.expanded()[1].tolist()
        and three.lower_bound == result.lower_bound
    )
    parts = solve_case(case, target_gap=0.5, integer=False)
    assert len(parts.routes.arcs) == 0 and parts.gap <= 0.5 and parts.value == parts.fractional_value
    assert [step.phase for step in parts.history] == ["fractional"] * parts.iterations
    assert balance(case, parts.flow) == pytest.approx(sum(wanted(case, root) for root in set(case.destination)))


def test_demand_may_be_weighted_without_whole_vehicles():
    """2.5 and 1.5 vehicles from 0 to 2, nobody from 1: 4 (10 (1 + 0.02 * 4) + 20 (1 + 0.02 * 4)) s."""
    case = replace(line([10.0, 20.0]), source=np.array([0, 0, 1]), destination=np.array([2, 2, 2]))
    result = solve_case(case, demand=np.array([2.5, 1.5, 0.0]), integer=False)
    assert result.flow == pytest.approx([4.0, 4.0]) and result.value == pytest.approx(4 * 30 * 1.08)
    for demand in ([1.0, 1.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0], [np.inf, 1.0, 1.0]):
        with pytest.raises(SolverError, match="demand of every trip"):
            solve_case(case, demand=np.array(demand), integer=False)


def test_the_bound_at_no_flow_is_that_of_everybody_alone():
    """A fence that is over at once leaves the sum of the free-flow times, less the last digits."""
    case = grid(5, 40, 4, seed=4)
    result = solve_case(case, integer=False, control=timed(1e-9))
    least = dijkstra(csr_matrix((case.cost.free_flow, (case.tail, case.head)), shape=(case.nodes,) * 2))
    alone = least[case.source, case.destination].sum()
    assert result.lower_bound == pytest.approx(alone, rel=1e-9) and result.lower_bound < alone
    assert result.iterations == 0 and result.gap == pytest.approx(100 * (result.value / alone - 1))


@pytest.mark.parametrize(
    ("tail", "head", "source", "part"),
    [
        ([0, -1], [1, 2], [0], "tail of an arc names node -1"),
        ([0, 1], [1, 3], [0], "head of an arc names node 1 or 3 of 3"),
        ([0, 1], [1, 2], [3], "source names node 3"), ([0, 1, 1], [1, 2], [0], "3 tails and 2 heads"),
    ],
)  # fmt: skip
def test_nodes_that_do_not_exist_are_named(tail, head, source, part):
    cost = ArcCost.linear(np.ones(len(head)), 0.0)
    with pytest.raises(SolverError, match=part):
        solve(AssignmentProblem(np.array(tail), np.array(head), cost, np.array(source), np.array([2]), nodes=3))


def test_the_largest_number_tells_how_many_nodes_there_are():
    cost = ArcCost.linear(np.array([3.0, 4.0]), 0.0)
    for ends in ((0, 2), (0, 7), (7, 2)):
        places = (np.array([end]) for end in ends)
        result = solve(AssignmentProblem(np.array([0, 1]), np.array([1, 2]), cost, *places))
        assert result.unreachable.tolist() == ([] if ends == (0, 2) else [0])
        assert result.value == (7.0 if ends == (0, 2) else 0.0)
    none = np.zeros(0, dtype=int)
    nothing = solve(AssignmentProblem(none, none, ArcCost.linear(np.zeros(0), 0.0), none, none))
    assert nothing.value == nothing.lower_bound == 0.0 and len(nothing.flow) == 0


def test_costs_are_checked_arc_by_arc():
    good = ArcCost.linear(np.array([0.0, 1.0]), 0.0)
    assert good.checked(2).free_flow.tolist() == [0.0, 1.0]
    for name, text in (("free_flow", "free-flow time"), ("factor", "delay factor"), ("power", "delay exponent")):
        for value in (-1e-9, np.inf, np.nan):
            with pytest.raises(SolverError, match=f"{text} of arc 1"):
                replace(good, **{name: np.array([0.0, value])}).checked(2)
        with pytest.raises(SolverError, match=f"{text} has shape"):
            replace(good, **{name: np.zeros(3)}).checked(2)
    assert ArcCost.bpr(np.ones(2), np.array([2.0, 4.0]), 0.5, 2.0).factor.tolist() == [0.125, 0.03125]
    assert ArcCost.bpr(np.ones(1), np.array([2.0])).factor.tolist() == [0.15 / 16]
