"""The steps of the search each by itself: who is asked what, what is proved, what begins where."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import allocator as asking
from evacuation_planner.plugin.solvers.allocation import lexicographic as steps
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.allocator import Allocator, Question
from evacuation_planner.plugin.solvers.allocation.lexicographic import (
    _with_those_left,
    as_many_as_possible,
    least_cost,
)
from evacuation_planner.plugin.solvers.allocation.problem import FREE, WHOLE, AllocationProblem
from evacuation_planner.plugin.solvers.effort import NORMAL, QUICK, THOROUGH, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.mip.solution import Solution

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # no division by nothing anywhere


def problem(sizes, capacity, cost=None, **more) -> AllocationProblem:
    shape = (len(sizes), len(capacity))
    cost = np.ones(shape) if cost is None else np.array(cost, dtype=float)
    allowed = np.array(more.pop("allowed", np.ones(shape)), dtype=bool)
    return AllocationProblem(np.array(sizes), np.array(capacity, dtype=float), cost, allowed, **more)


def proof(status: str = "optimal", bound: float | None = None) -> Solution:
    return Solution(status, 0.0, bound, None, "a solver", 2.0)


class Recorded(Allocator):
    """An allocator that notes what its solver is asked, and answers what a test lays down."""

    def __init__(self, case: AllocationProblem, answer=None) -> None:
        self.said: list[str] = []
        self.asked: list[tuple] = []
        self.answer = answer
        self.control = Control(log=self.said.append)
        super().__init__(case, case.usable(), "CBC")

    def run(self, question, control):
        aim, pairs, start, at_least, gap, integer, divided, among = question
        assert pairs is self.usable and (integer, divided, among) == (None, None, None)
        self.asked.append((aim, at_least, None if start is None else start.tolist(), gap))
        return self.answer


# --- as many people as possible -----------------------------------------------------------------------------------


def test_where_all_find_a_place_at_once_nothing_is_proved(monkeypatch):
    search = Recorded(problem([3, 2, 4], [5, 4], [[1, 9], [2, 9], [9, 9]]))
    people, most, more, stages = as_many_as_possible(search, search.control)
    assert people.tolist() == [[3, 0], [2, 0], [0, 4]] and (most, more, stages) == (9, 0, ())
    # The first takes the cheaper site, where alone the second may go; at a price of its places it takes the other.
    monkeypatch.setattr(
        steps, "lagrangian_bound", lambda case, usable, control: SimpleNamespace(prices=np.array([0.5, 0.0]))
    )
    search = Recorded(problem([5, 5], [5, 5], [[1, 2], [1, 1]], allowed=[[1, 1], [1, 0]]))
    people, most, more, stages = as_many_as_possible(search, search.control)
    assert people.tolist() == [[0, 5], [5, 0]] and (most, more, stages) == (10, 0, ())
    assert not search.said and not search.asked


def test_opening_costs_ask_no_prices(monkeypatch):
    monkeypatch.setattr(steps, "lagrangian_bound", None)
    answer = (np.array([[0.0, 5.0], [5.0, 0.0]]), proof(bound=0.0))
    case = problem([5, 5], [5, 5], [[1, 2], [1, 1]], allowed=[[1, 1], [1, 0]], opening=np.ones(2))
    search = Recorded(case, answer)
    assert as_many_as_possible(search, search.control)[1:3] == (10, 0)
    assert search.asked == [("people", None, [[5.0, 0.0], [0.0, 0.0]], 0.0)]


def test_where_every_place_is_taken_no_solver_is_asked():
    search = Recorded(problem([3, 3, 2, 9], [5.5, 7.0], allowed=[[1, 0], [1, 0], [1, 0], [1, 1]]))
    people, most, more, stages = as_many_as_possible(search, search.control)
    assert (int(people.sum()), most, more, stages) == (5, 5, 0, ())
    assert search.said == ["5 of 8 people can be sheltered: every place is taken."]  # the 9 and their site do not count


@pytest.mark.parametrize(
    ("status", "bound", "more"),
    [("optimal", 3.0, 0), ("optimal", None, 0), ("feasible", 1.5, 1), ("feasible", None, 3), ("feasible", 2.0000001, 1),
     ("feasible", 0.0, 3), ("feasible", 3.5, 0)],
)  # fmt: skip
def test_how_many_more_could_be_sheltered(status, bound, more):
    """3 of 6 people have a place; at least ``bound`` of them stay behind, in whole people."""
    answer = (np.array([[3.0], [0.0]]), proof(status, bound))
    search = Recorded(problem([3, 3], [5]), answer)
    people, most, found, stages = as_many_as_possible(search, search.control)
    assert people is answer[0] and (most, found, stages) == (3, more, (answer[1],))
    assert search.asked in ([("people", None, [[3.0], [0.0]], 0.0)], [("people", None, [[0.0], [3.0]], 0.0)])
    told = f"The search ended before a proof: at most {more} more people could be sheltered."
    assert search.said == [
        "Looking for the greatest number of people that can be sheltered.",
        *([told] if more else []),
    ]


def test_exchanges_that_place_everyone_end_the_search(monkeypatch):
    """The 3 take the site where alone the 2 may go, until a group makes room; one place stays empty."""
    search = Recorded(problem([3, 2], [3, 3], [[1, 2], [1, 1]], allowed=[[1, 1], [1, 0]], opening=np.zeros(2)))
    monkeypatch.setattr(steps, "local_search", lambda *given: np.array([1, 0]))
    assert as_many_as_possible(search, search.control)[1:] == (5, 0, ())
    assert not search.said and not search.asked


def test_room_taken_is_not_counted_in_people():
    """The 2 take both units, where 3 single people fit: as many people as units are no proof."""
    room = np.array([[2.0], [0.5], [0.5], [0.75]])
    found = solve(problem([2, 1, 1, 1], [2], consumption=room))
    assert found.people[:, 0].tolist() == [0, 1, 1, 1] and found.more_people == 0


def test_places_that_a_person_does_not_take_one_of_are_not_filled(monkeypatch):
    """The 8 take 7 places and the 6 take 5: whoever comes second does not fit."""
    monkeypatch.setattr(steps, "insert_by_regret", None)
    search = Recorded(problem([8, 6], [9], consumption=np.array([[7.0], [5.0]])), (np.array([[8.0], [0.0]]), proof()))
    assert as_many_as_possible(search, search.control)[1] == 8
    assert search.asked == [("people", None, [[8.0], [0.0]], 0.0)]
    assert not search.uniform and not Recorded(problem([8], [9], opening=np.ones(1))).uniform


def test_divided_groups_need_no_solver_where_all_may_go_anywhere():
    search = Recorded(problem([3, 4], [2.5, 5.9], split=FREE))
    assert as_many_as_possible(search, search.control) == (None, 7, 0, ()) and not search.said
    answer = (np.array([[2.0, 1.0], [0.0, 3.0]]), proof(bound=1.0))
    for case in (
        problem([3, 4], [2.5, 4.9], split=FREE),
        problem([3, 4], [9, 9], allowed=[[1, 1], [1, 0]], split=FREE),
    ):
        search = Recorded(case, answer)
        assert as_many_as_possible(search, search.control)[1:] == (6, 0, (answer[1],))
        assert search.asked == [("people", None, None, 0.0)]


# --- then cost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 3000])
def test_who_looks_for_the_least_cost(size, monkeypatch):
    """Prices place whole groups; where opening, room or divided groups do not allow that, the whole model does."""
    answer, everyone = (np.zeros((2, 1)), proof()), (np.ones((2, 1)), proof("feasible"))
    monkeypatch.setattr(steps, "allocate_everyone", lambda search, people, control: everyone)
    monkeypatch.setattr(steps, "_with_those_left", lambda search, people, most, control: (most, "left"))
    start = np.array([[float(size)], [0.0]])

    def least(most, begin=start, **more):
        search = Recorded(problem([size, size], [2 * size], **more), answer)
        return least_cost(search, begin, int(str(most)), search.control), search.asked

    room = np.full((2, 1), 1.5)
    assert least(2 * size) == (everyone, []) and least(2 * size, consumption=room) == (everyone, [])
    assert least(size) == ((size, "left"), [])
    known = start.tolist()
    monkeypatch.setattr(steps, "least_cost_with_opening", lambda search, people, control: (search.wanted, "opened"))
    assert least(2 * size, split=FREE) == (answer, [("cost", None, known, None)])
    assert least(2 * size, opening=np.ones(1)) == ((2 * size, "opened"), [])
    for more in ({"split": FREE}, {"opening": np.ones(1)}):
        assert least(size, **more) == (answer, [("cost", size, known, None)])
    assert least(2 * size, opening=np.ones(1), consumption=room) == (answer, [("cost", None, known, None)])
    assert least(size, consumption=room) == (answer, [("cost", size, known, None)])
    assert least(2 * size, None) == (answer, [("cost", None, None, None)])


def test_those_left_have_a_shelter_of_their_own(monkeypatch):
    """5 of 11 have a place at 9 + 1; 3 + 2 for 4 + 1 is cheaper, and the group without any shelter takes no part."""
    seen = []

    def shelter_of(search, people, control, core):
        seen.append((search, people, core, control))
        return people, proof()

    monkeypatch.setattr(steps, "allocate_everyone", shelter_of)
    cost = [[9, 9], [2, 9], [2, 9], [1, 9], [0, 0]]
    case = problem([4, 3, 2, 1, 7], [5, 0], cost, allowed=[[1, 0]] * 4 + [[0, 0]])
    search = Recorded(case)
    start = np.zeros((5, 2))
    start[[0, 3], 0] = [4, 1]
    people, _ = _with_those_left(search, start, 5, search.control)
    ((inner, whole, core, control),) = seen
    assert whole.tolist() == [[0, 0, 4], [3, 0, 0], [2, 0, 0], [0, 0, 1], [0, 0, 0]] and core is False
    assert people.tolist() == whole[:, :2].tolist()
    assert inner.problem.capacity.tolist() == [5.0, 0.0, 5.0] and inner.wanted == 10
    assert inner.usable.tolist() == [[True, False, True]] * 4 + [[False] * 3]
    assert (control.effort, inner.solver, control.log) == (search.control.effort, "CBC", search.control.log)
    _with_those_left(search, np.array([[4.0, 0], [0, 0], [2, 0], [1, 0], [0, 0]]), 7, search.control)
    assert seen[1][0].usable[:, 2].tolist() == [False, True, True, True, False]  # the 4 do not fit among 3


def test_the_log_of_many_people_names_the_pairs_of_all_shelters():
    """Where everyone finds a place, no shelter for those left is made, however many people there are."""
    said: list[str] = []
    case = problem([900, 800, 700], [1700, 800], [[1, 2.5], [1, 1.5], [1, 1.25]])
    search, control = Allocator(case, case.usable(), "CBC"), Control(log=said.append, effort=Effort(mip_gap=0.0))
    people, most, more, _ = as_many_as_possible(search, control)
    people, found = least_cost(search, people, most, control)
    assert people.tolist() == [[900, 0], [800, 0], [0, 700]] and (most, more, found.bound) == (2400, 0, 3.25)
    assert any("of 5 pairs" in text for text in said)


# --- the solver's answer ------------------------------------------------------------------------------------------


def test_a_brief_search_has_few_nodes_and_what_is_left_of_the_fence():
    for level in (NORMAL, THOROUGH):
        brief = Effort(level, mip_gap=0.03).brief()
        assert (brief.level, brief.mip_gap, brief.seconds) == (QUICK, 0.03, np.inf)
    effort = Effort(NORMAL, 50.0)
    effort.start -= 20.0
    assert effort.brief().seconds == pytest.approx(30.0, abs=1.0)
    effort.start -= 100.0  # passed: a start is looked at and given back
    assert 0.0 < effort.brief().seconds < 1.0


@pytest.fixture
def answers(monkeypatch):
    """Lay down the values of the pairs, solve after solve; returns those to come and what was asked."""
    to_come: list[list[float]] = []
    asked: list[dict] = []

    def solve(program, **more):
        more["control"].stop_if_cancelled()
        named = [variable for variable in program.variables() if variable.name.startswith("x_")]
        asked.append({**more, "whole": [variable.cat == "Integer" for variable in named]})
        if not to_come:
            return proof("none")
        for variable, value in zip(named, to_come.pop(0)):
            variable.varValue = value
        return proof(bound=float(len(asked)))

    monkeypatch.setattr(asking, "solve_program", solve)
    return to_come, asked


def solver(split: int) -> Allocator:
    case = problem([4, 2], [5, 5], split=split)
    return Allocator(case, case.usable(), "CBC")


def test_divided_people_are_asked_for_in_whole_numbers_where_they_are_not(answers):
    to_come, asked = answers
    to_come += [[2.5, 1.5, 1.0, 1.0], [3.0, 1.0, 0.0, 2.0]]
    start = np.array([[4.0, 0.0], [2.0, 0.0]])
    search, control = solver(FREE), Control()
    people, found = search.run(Question("cost", search.usable, start, gap=0.25), control)
    assert people.tolist() == [[3.0, 1.0], [0.0, 2.0]] and found.bound == 2.0
    assert [(one["whole"], one["warm_start"], one["mip_gap"]) for one in asked] == [
        ([False] * 4, True, 0.25), ([True] * 4, False, 0.25)
    ]  # fmt: skip
    assert all(one["solver"] == "CBC" and one["control"] is control for one in asked)


def test_nearly_whole_people_are_rounded_and_shares_are_not(answers):
    to_come, asked = answers
    to_come += [[3.0 + 5e-7, 1.0 - 5e-7, 0.0, 2.0], [0.25, 0.75, 1.0, 0.0], [0.25, 0.75, 1.0, 0.0]]
    search = solver(FREE)
    assert search.run(Question("cost", search.usable, at_least=6), Control())[0].tolist() == [[3.0, 1.0], [0.0, 2.0]]
    assert [one["mip_gap"] for one in asked] == [None]  # one solve, at the effort's own gap
    search = solver(WHOLE)
    shares = search.run(Question("cost", search.usable, gap=0.0, integer=False), Control())[0]
    assert shares.tolist() == [[1.0, 3.0], [2.0, 0.0]] and asked[1]["whole"] == [False] * 4
    people = search.run(Question("cost", search.usable, integer=True), Control())[0]  # asked for in whole already
    assert people.tolist() == [[1.0, 3.0], [2.0, 0.0]] and len(asked) == 3


def test_a_solver_that_finds_nothing_says_what_to_do(answers):
    search = solver(WHOLE)
    with pytest.raises(SolverError, match=r"EFFORT: a solver found no allocation in 2 s\. .*SPLIT 1 or 2"):
        search.run(Question("cost", search.usable), Control())
