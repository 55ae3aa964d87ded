"""How everyone is placed: which pairs go to the solver and what is proved, with a solver that tries everything."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import core_problem
from evacuation_planner.plugin.solvers.allocation.core_problem import allocate_everyone
from evacuation_planner.plugin.solvers.allocation.lagrangian import LagrangianBound
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
from evacuation_planner.plugin.solvers.control import no_progress
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.mip.solution import Solution

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # no division by nothing anywhere


class TryingEverything:
    """Stands for a search: its solver tries every placement over the pairs, and claims what a test lays down."""

    def __init__(self, problem: AllocationProblem, level: int = NORMAL, gap: float = 0.0, claims=()) -> None:
        self.problem, self.usable, self.wanted = problem, problem.usable(), int(problem.sizes.sum())
        self.effort = Effort(level, mip_gap=gap)
        self.claims = list(claims)
        self.said: list[str] = []
        self.asked: list[np.ndarray] = []
        self.starts: list[np.ndarray | None] = []

    def control(self, progress=no_progress) -> Control:
        return Control(progress=progress, log=self.said.append, effort=self.effort)

    def run(self, question, control):
        aim, pairs, start, *others = question
        assert (aim, *others) == ("cost", None, None, None, None, None)
        for share in (0.0, 0.5, 1.0):
            control.progress(share)
        self.asked.append(pairs.copy())
        self.starts.append(start)
        placed = [
            shelter_of
            for shelter_of in placements(self.problem)
            if all(pairs[i, j] for i, j in enumerate(shelter_of[1]))
        ]
        cost, shelter_of = placed[0]
        status, bound = self.claims.pop(0) if self.claims else ("optimal", cost)
        people = at(self.problem, shelter_of)
        return people, Solution(status, cost, bound, None, "everything", 0.0)


def placements(problem: AllocationProblem) -> list[tuple[float, tuple[int, ...]]]:
    """Every placing of all groups within the room, the cheapest first."""
    out = []
    for shelter_of in itertools.product(range(len(problem.capacity)), repeat=len(problem.sizes)):
        load = np.bincount(shelter_of, problem.sizes, len(problem.capacity))
        if np.all(load <= problem.capacity) and all(problem.allowed[i, j] for i, j in enumerate(shelter_of)):
            out.append((float(sum(problem.cost[i, j] for i, j in enumerate(shelter_of))), shelter_of))
    return sorted(out)


def at(problem: AllocationProblem, shelter_of) -> np.ndarray:
    people = np.zeros(problem.cost.shape)
    people[np.arange(len(shelter_of)), list(shelter_of)] = problem.sizes
    return people


def with_prices(monkeypatch, bound: float, excess, quick=None) -> None:
    """Lay down what the prices prove; no exchanges, and ``quick`` (g,) from the prices if any."""
    given = LagrangianBound(np.zeros(len(excess[0])), bound, np.array(excess, dtype=float))
    monkeypatch.setattr(core_problem, "lagrangian_bound", lambda *rest: given)
    monkeypatch.setattr(core_problem, "local_search", lambda problem, usable, shelter_of, *rest: shelter_of)
    none = np.full(len(excess), -1)
    monkeypatch.setattr(core_problem, "first_fit", lambda *rest: none if quick is None else np.array(quick))


def four(cost=((1.5, 2.5, 9.5),) * 4) -> AllocationProblem:
    """Four people who have room everywhere."""
    cost = np.array(cost)
    return AllocationProblem(np.ones(4, dtype=int), np.full(3, 4.0), cost, np.ones(cost.shape, dtype=bool))


NEAREST, NEXT = (0, 0, 0, 0), (1, 1, 1, 1)


def columns(*chosen: int) -> list[list[bool]]:
    return [[j in chosen for j in range(3)]] * 4


def test_a_proof_by_prices_asks_no_solver(monkeypatch):
    search = TryingEverything(four(), gap=0.125)
    with_prices(monkeypatch, 5.25, [[0.0, 1.0, 8.0]] * 4, quick=NEAREST)
    monkeypatch.setattr(core_problem, "SMALL", 1)
    people, proof = allocate_everyone(search, at(four(), NEXT), search.control())
    assert people.tolist() == at(four(), NEAREST).tolist() and not search.asked
    assert (proof.status, proof.objective, proof.bound, proof.solver) == ("optimal", 6.0, 5.25, "Lagrangian bound")
    assert proof.gap == pytest.approx(12.5) and 0.0 <= proof.seconds < 60.0
    assert search.said[0] == (
        "A quick allocation costs 6, the least cost is at least 5.25 (12 % below); 4 of 12 pairs can be part of a "
        "better one."
    )
    assert search.said[-1].startswith("Over all pairs: Lagrangian bound: objective 6, proven within 12.5 %")


def test_a_quick_allocation_of_fewer_people_or_more_cost_is_not_taken(monkeypatch):
    for quick in ((0, 0, 0, -1), (1, 1, 1, 2)):
        search = TryingEverything(four(), gap=0.5)
        with_prices(monkeypatch, 6.0, [[0.0, 1.0, 8.0]] * 4, quick)
        monkeypatch.setattr(core_problem, "SMALL", 1)
        people, proof = allocate_everyone(search, at(four(), NEXT), search.control())
        assert people.tolist() == at(four(), NEXT).tolist()
        assert (proof.objective, proof.bound) == (10.0, 6.0)


def test_what_can_be_better_goes_to_the_solver_at_once(monkeypatch):
    """The known plan costs 10, so that pairs lifting the bound of 5 to 10 stay in; near the bound are no fewer."""
    search, shown = TryingEverything(four(), claims=[("optimal", 5.999)], gap=0.001), []
    with_prices(monkeypatch, 5.0, [[0.0, 5.0, 5.1]] * 4)
    people, proof = allocate_everyone(
        search, at(four(), NEXT), search.control(lambda share, text="": shown.append(share))
    )
    assert [pairs.tolist() for pairs in search.asked] == [columns(0, 1)]
    assert search.starts[0].tolist() == at(four(), NEXT).tolist()
    assert people.tolist() == at(four(), NEAREST).tolist()
    assert (proof.status, proof.objective, proof.bound, proof.solver) == ("optimal", 6.0, 5.999, "everything")
    assert shown == pytest.approx([0.7, 0.85, 1.0])


@pytest.mark.parametrize(("claim", "bound", "status"), [(None, 5.0, "feasible"), (4.0, 5.0, "feasible"),
                                                        (5.5, 5.5, "feasible"), (7.0, 6.0, "optimal")])  # fmt: skip
def test_the_bound_is_the_best_of_prices_and_solver_but_not_above_the_cost(monkeypatch, claim, bound, status):
    search = TryingEverything(four(), claims=[("feasible", claim)])
    with_prices(monkeypatch, 5.0, [[0.0, 5.0, 5.1]] * 4)
    _, proof = allocate_everyone(search, at(four(), NEXT), search.control())
    assert (proof.bound, proof.status) == (bound, status)
    assert proof.gap == pytest.approx(100.0 * (6.0 - bound) / 6.0)


def near_first(monkeypatch, claims, level=NORMAL):
    """All pairs can matter at a cost of 12; those that lift the bound of 6 by 0.12 are tried first."""
    search, shown = TryingEverything(four(((1.5, 3.0, 9.5),) * 4), level, claims=claims), []
    with_prices(monkeypatch, 6.0, [[0.0, 0.11, 6.0]] * 3 + [[0.0, 0.13, 6.0]])
    people, proof = allocate_everyone(
        search, at(search.problem, NEXT), search.control(lambda share, text="": shown.append(share))
    )
    assert people.tolist() == at(four(), NEAREST).tolist()
    assert shown == sorted(shown) and shown[0] >= 0.0 and shown[-1] <= 1.0
    return search, proof, shown


def test_pairs_near_the_bound_are_tried_first(monkeypatch):
    search, proof, shown = near_first(monkeypatch, [("optimal", 6.0)])
    assert [pairs.tolist() for pairs in search.asked] == [columns(0, 1)]  # the fourth is there already
    assert (proof.bound, proof.status) == (6.0, "optimal") and shown[-1] < 0.75


def test_then_what_the_first_proof_does_not_reach(monkeypatch):
    search, proof, shown = near_first(monkeypatch, [("feasible", 5.0), ("feasible", 5.5)])
    assert [pairs.tolist() for pairs in search.asked] == [columns(0, 1), columns(0)]
    assert search.starts[1].tolist() == at(four(), NEAREST).tolist()
    assert proof.bound == 6.0 and shown[-1] == 1.0
    search, _, _ = near_first(monkeypatch, [("feasible", None)], QUICK)  # which ends before a proof even more surely
    assert len(search.asked) == 1


def test_a_proof_over_some_pairs_counts_where_no_other_can_be_better(monkeypatch):
    """Prices prove 5, and the solver 5.9 over pairs up to 5.1: others are ruled out at a cost of 6 or are not."""
    for third, bound in ((1.1, 5.9), (0.9, 5.8)):
        search = TryingEverything(four(), claims=[("optimal", 5.9), ("feasible", 5.8)], gap=0.05)
        with_prices(monkeypatch, 5.0, [[0.0, 0.05, third]] * 4)
        _, proof = allocate_everyone(search, at(four(), NEXT), search.control())
        assert search.asked[0].tolist() == columns(0, 1)
        assert proof.bound == bound and len(search.asked) == (1 if third > 1 else 2)
        assert search.asked[-1].tolist() == (columns(0, 1) if third > 1 else columns(0, 1, 2))


def test_whole_costs_leave_fewer_pairs(monkeypatch):
    """Better than 8 is 7 at most, where all costs are whole: of the bound 4 no pair that lifts it by more than 3."""
    for costs, kept, again in (((1.0, 2.0, 9.0), (0, 1), (0,)), ((1.0, 2.0, 9.5), (0, 1, 2), (0, 1, 2))):
        search = TryingEverything(four((costs,) * 4), claims=[("feasible", None)])
        with_prices(monkeypatch, 4.0, [[0.0, 3.0, 3.5]] * 4, NEXT)
        monkeypatch.setattr(core_problem, "NEARLY_ALL", 0.0)
        allocate_everyone(search, at(search.problem, (2, 2, 2, 2)), search.control())
        assert search.asked[0].tolist() == columns(*kept)
        search = TryingEverything(four((costs,) * 4), claims=[("feasible", None), ("feasible", None)])
        with_prices(monkeypatch, 3.0, [[0.0, 0.01, 0.5]] * 4, NEXT)
        monkeypatch.setattr(core_problem, "NEARLY_ALL", 0.9)
        allocate_everyone(search, at(search.problem, (2, 2, 2, 2)), search.control())
        assert [pairs.tolist() for pairs in search.asked] == [columns(0, 1), columns(*again)]


def test_too_many_pairs_are_not_handed_over(monkeypatch):
    """8 pairs can matter: with more than LARGE the prices have the last word, and so between if they are enough."""
    for small, large, gap, asked in ((8, 8, 0.0, 1), (7, 8, 0.0, 1), (7, 7, 0.0, 0), (7, 8, 0.5, 0), (8, 8, 0.5, 1)):
        search = TryingEverything(four(), gap=gap)
        with_prices(monkeypatch, 5.0, [[0.0, 5.0, 5.1]] * 4)
        monkeypatch.setattr(core_problem, "SMALL", small)
        monkeypatch.setattr(core_problem, "LARGE", large)
        _, proof = allocate_everyone(search, at(four(), NEXT), search.control(), core=False)
        assert len(search.asked) == asked
        assert (proof.bound, proof.objective) == ((6.0, 6.0) if asked else (5.0, 10.0))


@pytest.mark.parametrize("seed", range(12))
def test_every_way_ends_in_a_plan_within_its_proof(seed, monkeypatch):
    """With true prices and exchanges, through every branch: the bound holds, and the optimum is found if asked for."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 9, 6)
    cost = sizes[:, None] * draw.integers(1, 20, (6, 3)) / (1.0 if seed % 2 else 8.0)
    capacity = np.ceil(draw.dirichlet(np.full(3, 9.0)) * sizes.sum() * 1.15)
    problem = AllocationProblem(sizes, capacity, cost, draw.random((6, 3)) < 0.9)
    placed = placements(problem)
    if not placed:
        return
    for small, large, near, level in (
        (9, 99, 0.02, NORMAL),
        (0, 0, 0.02, NORMAL),
        (99, 99, 0.1, QUICK),
        (0, 99, 0.3, 2),
    ):
        search = TryingEverything(problem, level)
        monkeypatch.setattr(core_problem, "SMALL", small)
        monkeypatch.setattr(core_problem, "LARGE", large)
        monkeypatch.setattr(core_problem, "NEAR", near)
        people, proof = allocate_everyone(search, at(problem, placed[-1][1]), search.control(), core=False)
        assert people.sum(axis=1).tolist() == sizes.tolist() and np.all(people.sum(axis=0) <= capacity)
        assert proof.objective == pytest.approx(problem.cost[people > 0].sum())
        assert proof.bound <= placed[0][0] + 1e-9
        if large:
            assert proof.objective == pytest.approx(placed[0][0])
            assert proof.status == "optimal" or level == QUICK


class Halves(TryingEverything):
    """Its relaxation divides one group, the first if nothing else is said, and places the others at the first site."""

    fails, divided = False, 0

    def run(self, question, control):
        pairs = question.pairs
        if self.fails:
            raise SolverError("nothing")
        if question.integer is None:
            return super().run(question, control)
        assert (question.start, question.gap, question.integer) == (None, 0.0, False)
        for share in (0.0, 0.5, 1.0):
            control.progress(share)
        self.asked.append(pairs.copy())
        shares = np.zeros(self.problem.cost.shape)
        shares[:, 0] = self.problem.sizes * (1.0 - 1e-7)
        shares[self.divided, :2] = self.problem.sizes[self.divided] / 2
        return shares, Solution("optimal", 0.0, 0.0, None, "everything", 0.0)


START = (2, 2, 1, 2, 2)


def core_case(monkeypatch, fails=False, divided=0, excess=None):
    """Five groups, of which one is divided and one more may be placed anew: the one for which it matters least."""
    sizes = np.array([2, 3, 4, 5, 1])
    cost = np.array([[4.0, 4.5, 6.0], [1.0, 9.0, 2.0], [1.0, 2.0, 3.0], [1.0, 5.0, 4.0], [1.0, 6.0, 7.0]])
    problem = AllocationProblem(sizes, np.array([14.0, 20.0, 20.0]), cost, np.ones((5, 3), dtype=bool))
    lifted = [[0.5, 0.0, 3.0], [0.0, 9.0, 0.7], [0.0, 3.5, 0.4], [0.0, 0.5, 3.0], [0.0, 6.0, 5.0]]
    with_prices(monkeypatch, 8.0, lifted if excess is None else excess)
    for name, value in (("SMALL", 1), ("CORE_PAIRS", 2), ("FREE_GROUPS", 1)):
        monkeypatch.setattr(core_problem, name, value)
    search, shown = Halves(problem), []
    search.fails, search.divided = fails, divided
    monkeypatch.setattr(core_problem, "LARGE", 0)
    people, proof = allocate_everyone(
        search, at(problem, START), search.control(lambda share, text="": shown.append(share))
    )
    assert proof.objective == problem.cost[people > 0].sum()
    return search, people, proof, shown


def test_a_core_places_the_divided_and_the_most_indifferent_groups(monkeypatch):
    search, people, proof, shown = core_case(monkeypatch)
    best = [[1, 1, 1], [1, 0, 1], [1, 1, 1], [1, 1, 1], [1, 0, 1]]  # two of each, and where they are
    assert search.asked[0].astype(int).tolist() == best
    # The first is divided, the third would lift the bound by 0.4 only; the others are at the first site or stay.
    assert search.asked[1].astype(int).tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1]]
    assert search.starts[0].tolist() == at(search.problem, START).tolist()
    assert people.argmax(axis=1).tolist() == [1, 0, 0, 0, 0] and people.sum() == 15.0
    assert "2 groups are left to place; the others stay where the relaxation puts them." in search.said
    assert shown == pytest.approx([0.0, 0.1, 0.2, 0.2, 0.3, 0.4])
    assert (proof.objective, proof.bound) == (8.5, 8.0)


def test_divided_groups_are_placed_anew_before_any_other(monkeypatch):
    """All groups lift the bound by nothing at their second choice; one is let go besides the last, divided one."""
    search, _, _, _ = core_case(monkeypatch, divided=4, excess=[[0.0, 0.0, 0.0]] * 5)
    free = [[1, 1, 1], [1, 0, 1], [1, 1, 0], [1, 0, 1], [1, 1, 1]]
    assert search.asked[1].astype(int).tolist() == free


def test_where_the_core_places_nobody_the_quick_plan_stands(monkeypatch):
    search, people, proof, _ = core_case(monkeypatch, fails=True)
    assert people.tolist() == at(search.problem, START).tolist() and proof.objective == 21.0
    assert any("do not place everyone" in text for text in search.said)


def test_the_core_is_left_out_where_it_is_not_wanted_or_not_needed(monkeypatch):
    search, _, _, _ = core_case(monkeypatch)
    assert len(search.asked) == 2
    for core, small, gap in ((False, 1, 0.0), (True, 15, 0.0), (True, 1, 0.7)):
        again = Halves(search.problem, gap=gap)
        monkeypatch.setattr(core_problem, "SMALL", small)
        monkeypatch.setattr(core_problem, "LARGE", 0)
        monkeypatch.setattr(core_problem, "NEARLY_ALL", 0.0)
        allocate_everyone(again, at(search.problem, START), again.control(), core)
        assert len(again.asked) == (small == 15)


def test_one_shelter_has_no_second_choice(monkeypatch):
    problem = AllocationProblem(np.ones(2, dtype=int), np.array([2.0]), np.array([[1.5], [2.5]]), np.ones((2, 1), bool))
    with_prices(monkeypatch, 3.0, [[0.0], [0.0]])
    monkeypatch.setattr(core_problem, "SMALL", 1)
    monkeypatch.setattr(core_problem, "LARGE", 1)
    search = Whole(problem)
    people, _ = allocate_everyone(search, np.ones((2, 1)), search.control())
    assert people.tolist() == [[1.0], [1.0]]


class Whole(TryingEverything):
    """Its relaxation divides nobody."""

    def run(self, question, control):
        return super().run(question._replace(gap=None, integer=None), control)
