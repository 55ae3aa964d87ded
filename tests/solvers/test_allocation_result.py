"""What is asked and what is handed back: objective, problem, steps, reasons, and the choice among equal plans."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import allocate, ties
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.objective import (
    AS_PRINTED,
    BY_GROUPS,
    BY_PEOPLE,
    NEAR_IS_GOOD,
    Objective,
    normalised,
)
from evacuation_planner.plugin.solvers.allocation.problem import (
    CAPACITY,
    DOORS,
    FREE,
    NO_SHELTER,
    TOO_LARGE,
    WHOLE,
    Allocation,
    AllocationProblem,
    with_the_rest,
)
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.mip.solution import Solution

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # numpy would put them on the user's screen

INF = np.inf


def exact(**more) -> Control:
    """A control under which every solver goes on to the optimum."""
    return Control(effort=Effort(mip_gap=0.0), **more)


# --- objective and problem ----------------------------------------------------------------------------------------


def test_scaled_distances_by_hand() -> None:
    kilometres = np.array([[2.0, 10.0], [INF, 4.0]])
    assert normalised(kilometres).tolist() == [[0.0, 1.0], [0.0, 0.25]]
    assert normalised(kilometres, AS_PRINTED).tolist() == [[1.0, 0.0], [0.0, 0.75]]
    assert normalised(np.full((2, 1), INF)).tolist() == [[0.0], [0.0]]


def test_objective_by_hand() -> None:
    assert (NEAR_IS_GOOD, AS_PRINTED, BY_GROUPS, BY_PEOPLE) == (0, 1, 0, 1)  # where they stand in the parameters
    dissatisfaction, distance = np.array([[0.5, 0.25], [0.5, 0.25], [1.0, 0.0]]), np.array([[0.0, 1.0]] * 3)
    sizes, people = np.array([0, 1, 4]), np.array([[0, 0], [0, 1], [1, 2]])
    by_people = Objective(dissatisfaction, distance, sizes)
    assert by_people.cost.tolist() == [[0.0, 0.0], [0.5, 1.25], [4.0, 4.0]]
    assert by_people.parts(people) == (1.25, 3.0)
    by_groups = Objective(dissatisfaction, distance, sizes, 2.0, 4.0, BY_GROUPS)
    assert by_groups.cost.tolist() == [[1.0, 4.5], [1.0, 4.5], [2.0, 4.0]]
    assert by_groups.parts(people) == (0.5, 1.5)  # a quarter and a half of the third group


def test_pairs_that_can_be_used_and_those_who_stay_by_hand() -> None:
    sizes, capacity, cost = np.array([0, 1, 5, 9]), np.array([5.0, 0.5, 8.0]), np.arange(12.0).reshape(4, 3)
    allowed = np.array([[True] * 3, [True] * 3, [True, True, False], [True] * 3])
    whole = AllocationProblem(sizes, capacity, cost, allowed)
    usable = [[False] * 3, [True, False, True], [True, False, False], [False] * 3]
    assert whole.usable().tolist() == usable
    divided = AllocationProblem(sizes, capacity, cost, allowed, split=FREE)
    assert divided.usable().tolist() == [*usable[:3], [True, False, True]]
    assert AllocationProblem(sizes, np.ones(3), cost, allowed, split=FREE).usable()[1].all()
    taken = np.array([[1.0] * 3, [6.0, 0.5, 1.0], [5.0] * 3, [4.0, 4.0, 8.0]])
    eaten = AllocationProblem(sizes, capacity, cost, allowed, consumption=taken)
    assert eaten.usable().tolist() == [[False] * 3, [False, True, True], usable[2], [True, False, True]]
    rest = with_the_rest(eaten, eaten.usable(), 7)
    assert rest.capacity.tolist() == [5.0, 0.5, 8.0, 7.0]
    assert rest.cost.tolist() == [[*row, 0.0] for row in cost.tolist()]
    assert rest.allowed[:, -1].tolist() == [False, True, True, True]
    assert rest.room_taken.tolist() == [[*row, size] for row, size in zip(taken.tolist(), sizes.tolist())]
    assert rest.usable()[:, -1].tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"allowed": np.ones((2, 2), dtype=bool)}, "allowed has the shape"),
        ({"consumption": np.ones((1, 1))}, "consumption has the shape"),
        ({"cost": np.array([[1.0, INF]])}, "not a number"),
        ({"capacity": np.array([1.0, -0.5])}, "negative"),
        ({"split": FREE, "consumption": np.ones((1, 2))}, "divided only where"),
        ({"split": FREE, "opening": np.ones(2)}, "divided only where"),
    ],
)
def test_what_cannot_be_asked(change: dict, word: str) -> None:
    asked = {
        "sizes": np.array([0]), "capacity": np.array([1.0, 0.0]), "cost": np.array([[1.0, 2.0]]),
        "allowed": np.ones((1, 2), dtype=bool),
    }  # fmt: skip
    AllocationProblem(**asked)
    AllocationProblem(**{**asked, "cost": np.array([[1.0, np.nan]]), "allowed": np.array([[True, False]])})
    with pytest.raises(SolverError, match=word):
        AllocationProblem(**{**asked, **change})


# --- the steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_opening_and_places_of_different_size_as_by_trying_everything(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes, capacity = draw.integers(0, 6, 5), draw.uniform(2.0, 9.0, 3).round(1)
    taken = (sizes[:, None] * draw.uniform(0.5, 2.0, (5, 3))).round(1) if seed % 3 else None
    opening = draw.integers(1, 30, 3).astype(float) if seed % 3 < 2 else None
    cost, allowed = draw.integers(1, 20, (5, 3)).astype(float), draw.random((5, 3)) < 0.8
    problem = AllocationProblem(sizes, capacity, cost, allowed, consumption=taken, opening=opening)
    best = (0, 0.0)
    for places in product(range(-1, 3), repeat=5):
        inside = [(i, j) for i, j in enumerate(places) if j >= 0 and sizes[i] > 0]
        load = [sum((sizes[i] if taken is None else taken[i, j]) for i, j in inside if j == k) for k in range(3)]
        if all(allowed[i, j] for i, j in inside) and all(load[k] <= capacity[k] + 1e-9 for k in range(3)):
            value = sum(cost[i, j] for i, j in inside)
            value += sum(opening[j] for j in {j for _, j in inside}) if opening is not None else 0.0
            best = min(best, (-sum(int(sizes[i]) for i, _ in inside), float(value)))
    found = solve(problem, control=exact())
    assert (-found.people.sum(), found.objective) == pytest.approx(best)
    assert (found.more_people, found.gap) == (0, 0.0)
    assert found.bound == pytest.approx(best[1])


def test_the_log_begins_with_what_is_asked() -> None:
    said: list[str] = []
    allowed = np.array([[True, True], [True, False], [True, True]])
    solve(
        AllocationProblem(np.array([3, 4, 0]), np.array([5.0, 3.0]), np.ones((3, 2)), allowed),
        control=Control(log=said.append),
    )
    assert said[0] == "7 people in 2 groups, 8 places in 2 shelters, 3 possible pairs."


def test_reasons_by_hand() -> None:
    """In turn: placed; no place within reach; room for a part only; too large; too large and nothing else has room."""
    allowed = np.array([[True, False], [False, False], [True, False], [True, False], [False, True], [False, False]])
    sizes = np.array([2, 1, 2, 4, 1, 0])
    people = np.array([[2, 0], [0, 0], [1, 0], [0, 0], [0, 0], [0, 0]])
    reasons = ("", NO_SHELTER, CAPACITY, TOO_LARGE, CAPACITY, "")
    for capacity in ([3.0, 0.9], [3.0, 0.0]):
        problem = AllocationProblem(sizes, np.array(capacity), np.ones((6, 2)), allowed)
        assert allocate._reasons(problem, people, problem.usable()) == reasons
    nobody = AllocationProblem(sizes, np.zeros(2), np.ones((6, 2)), allowed)
    found = solve(nobody)
    assert found.reasons == (CAPACITY, NO_SHELTER, CAPACITY, CAPACITY, CAPACITY, "")
    assert (found.more_people, found.people.sum(), found.objective, found.stages) == (0, 0, 0.0, ())
    least = AllocationProblem(np.array([2]), np.array([1.0]), np.ones((1, 1)), np.ones((1, 1), dtype=bool))
    assert allocate._reasons(least, np.zeros((1, 1)), least.usable()) == (TOO_LARGE,)


def test_what_overfills_is_never_handed_back() -> None:
    sizes, cost, allowed = np.array([3, 2, 0]), np.array([[6.0, 9.0]] * 3), np.ones((3, 2), dtype=bool)

    def result(people: list[list[int]], capacity: list[float], **options) -> Allocation:
        problem = AllocationProblem(sizes, np.array(capacity), cost, allowed, **options)
        return allocate._result(problem, np.array(people, dtype=float), problem.usable(), (), 0, None)

    found = result([[3, 0], [2, 0], [0, 0]], [5.0, 0.0])
    assert (found.objective, found.load.tolist(), found.allocated.tolist()) == (12.0, [5, 0], [3, 2, 0])
    assert (found.bound, found.gap) == (None, None)
    divided = result([[1, 2], [0, 2], [0, 0]], [1.0, 4.0], split=FREE)
    assert divided.objective == pytest.approx(6.0 / 3 + 9.0 * 2 / 3 + 9.0)
    tenths = np.array([[0.1, 0.0], [0.2, 0.0], [0.0, 0.0]])  # together a bit more than 0.3
    eaten = result([[3, 0], [2, 0], [0, 0]], [0.3, 1.0], consumption=tenths, opening=np.array([100.0, 1000.0]))
    assert eaten.objective == 112.0
    one = AllocationProblem(np.array([1]), np.array([0.5]), np.ones((1, 1)), np.ones((1, 1), dtype=bool))
    with pytest.raises(SolverError, match="overfills"):
        allocate._result(one, np.ones((1, 1)), one.usable(), (), 0, None)
    for people, capacity, options in (
        ([[3, 0], [2, 0], [0, 0]], [4.99, 9.0], {}),
        ([[3, 0], [2, 0], [0, 0]], [9.0, 9.0], {"consumption": np.full((3, 2), 4.6)}),
        ([[2, 2], [0, 2], [0, 0]], [9.0, 9.0], {"split": FREE}),
        ([[0, 0], [0, 0], [0, 1]], [9.0, 9.0], {}),
    ):
        with pytest.raises(SolverError, match="overfills"):
            result(people, capacity, **options)


def one_pair() -> AllocationProblem:
    return AllocationProblem(np.array([2]), np.array([2.0]), np.ones((1, 1)), np.ones((1, 1), dtype=bool))


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize("known", [False, True])
def test_each_step_fills_its_part_of_the_progress(more: int, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the number of people, then the cost, then the choice among equal plans where both are proved."""
    shown: list[float] = []
    steps: list[str] = []
    people = np.array([[2.0]])
    first, last = Solution("optimal", 0.0, 0.0, 0.0, "one", 0.1), Solution("feasible", 4.0, 3.0, 25.0, "two", 0.1)

    def step(name: str, control: Control, answer):
        steps.append(name)
        shown.append(-1.0)
        for share in (0.0, 0.5, 1.0):
            control.progress(share, "")
        return answer

    def as_many_as_possible(allocator, control):
        return step("people", control, (people, 2, more, (first,)))

    def least_cost(allocator, found, most, control):
        assert (found.tolist(), most) == (people.tolist(), 2)
        return step("cost", control, (found, last))

    monkeypatch.setattr(allocate, "as_many_as_possible", as_many_as_possible)
    monkeypatch.setattr(allocate, "least_cost", least_cost)
    monkeypatch.setattr(
        allocate, "settle", lambda allocator, found, proof, most, control, divided: step("equal", control, found)
    )
    before = Allocation(people.astype(int), ("",), 9.0, 9.0, 0.0, more) if known else None
    found = solve(one_pair(), known=before, control=Control(progress=lambda share, text="": shown.append(share)))
    parts = {"people": [-1, 0.0, 0.2, 0.4], "cost": [-1, 0.4, 0.65, 0.9], "equal": [-1, 0.9, 0.95, 1.0]}
    expected = [*([] if known else ["people"]), "cost", *([] if known or more else ["equal"])]
    assert steps == expected
    assert shown == pytest.approx([share for name in expected for share in parts[name]])
    assert found.stages == ((last,) if known else (first, last))
    assert (found.more_people, found.bound, found.gap) == ((more, None, None) if more else (0, 3.0, 25.0))


# --- which of equal plans -----------------------------------------------------------------------------------------


def fixed_weights(shape: tuple[int, int]) -> np.ndarray:
    """The weights of the choice: the same in every version, so that a plan made again is the same plan."""
    return np.random.default_rng(0).integers(1, 1_000_000, shape).astype(float)


@pytest.mark.parametrize("room", [0.7, 1.4])
@pytest.mark.parametrize("seed", [3, 4, 7])
def test_the_plan_of_least_weight_among_all_equal_ones(seed: int, room: float) -> None:
    draw = np.random.default_rng(seed)
    sizes, cost = draw.integers(1, 4, 6), draw.integers(0, 2, (6, 3)).astype(float)
    capacity = np.floor(np.array([0.5, 0.3, 0.2]) * sizes.sum() * room)
    allowed, weights, plans = draw.random((6, 3)) < 0.9, fixed_weights((6, 3)), []
    for places in product(range(-1, 3), repeat=6):
        inside = [(i, j) for i, j in enumerate(places) if j >= 0]
        load = np.bincount([j for _, j in inside], [sizes[i] for i, _ in inside], 3)
        if np.all(load <= capacity) and all(allowed[pair] for pair in inside):
            value = sum(cost[pair] for pair in inside)
            plans.append((-load.sum(), value, sum(weights[pair] for pair in inside), places))
    assert sum(plan[:2] == min(plans)[:2] for plan in plans) > 1  # else there is nothing to choose
    found = solve(AllocationProblem(sizes, capacity, cost, allowed), control=exact()).people
    assert tuple(np.where(found.any(axis=1), found.argmax(axis=1), -1).tolist()) == min(plans)[3]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("capacity", [(3, 2, 2), (5, 3, 4)])
def test_the_divided_plan_of_least_weight_among_all_equal_ones(seed: int, capacity: tuple[int, ...]) -> None:
    draw = np.random.default_rng(seed)
    sizes = np.array([3, 2, 4])
    cost, weights = draw.integers(0, 3, (3, 3)) * sizes[:, None].astype(float), fixed_weights((3, 3))
    shares = [[row for row in product(range(size + 1), repeat=3) if sum(row) <= size] for size in sizes.tolist()]
    plans = []
    for rows in product(*shares):
        people = np.array(rows)
        if np.all(people.sum(axis=0) <= capacity):
            value = float((cost / sizes[:, None] * people).sum())
            plans.append((-people.sum(), value, float((weights * people).sum()), people.tolist()))
    problem = AllocationProblem(sizes, np.array(capacity, float), cost, np.ones((3, 3), dtype=bool), split=FREE)
    assert solve(problem, control=exact()).people.tolist() == min(plans)[3]


def equal_pair(**change) -> AllocationProblem:
    asked = {"sizes": np.ones(2, dtype=int), "capacity": np.ones(2), "cost": np.ones((2, 2)),
             "allowed": np.ones((2, 2), dtype=bool)}  # fmt: skip
    return AllocationProblem(**{**asked, **change})


@pytest.mark.parametrize(("most", "chosen"), [(3, False), (4, True)])
def test_too_many_pairs_are_not_solved_for_twice(most: int, chosen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties, "MOST_PAIRS", most)
    said: list[str] = []
    solve(equal_pair(), control=exact(log=said.append))
    assert any("every solver agrees on" in text for text in said) is chosen
    assert (ties.MAY_DIFFER in said) is not chosen
    solve(equal_pair(opening=np.zeros(2)), control=exact(log=said.append))
    assert said[-1] == ties.MAY_DIFFER


@pytest.mark.parametrize(
    ("gap", "found", "cost", "late", "agreed"),
    [
        (0.0, [[0, 1], [1, 0]], 2.0, False, True),
        (0.0, [[0, 1], [1, 0]], 2.0, True, True),
        (0.1, [[0, 1], [1, 0]], 2.0, False, False),
        (None, [[0, 1], [1, 0]], 2.0, False, False),
        (0.0, [[0, 1], [1, 0]], 2.1, False, False),
        (0.0, [[0, 1], [0, 0]], 2.0, False, False),
        (0.0, None, 2.0, True, False),
    ],
)
def test_only_a_proved_choice_as_good_replaces_the_plan(gap, found, cost, late, agreed) -> None:
    """``found`` is what the second solve hands back; None: the fence ended it before any solution."""
    people, said, asked = np.eye(2), [], []
    problem = equal_pair(cost=np.array([[1.0, cost / 2], [cost / 2, 1.0]]))

    def run(question, control):
        asked.append((question.aim, question.at_least, question.gap))
        assert control.effort.level == QUICK and control.effort is not effort
        control.effort.stopped_early = late
        assert 2.0 < question.among.held < 2.0 + 1e-8
        if found is None:
            raise SolverError("nothing found")
        return np.array(found, dtype=float), Solution("optimal", 1.0, 1.0, gap, "", 0.0)

    effort = Effort()
    control = Control(log=said.append, effort=effort)
    allocator = SimpleNamespace(problem=problem, usable=problem.usable(), wanted=2, run=run)
    proof = Solution("optimal", 2.0, 2.0, 0.0, "", 0.0)
    got = ties.settle(allocator, people, proof, 2, control)
    assert got.tolist() == (found if agreed else people.tolist())
    assert (said == [ties.MAY_DIFFER]) is not agreed
    assert effort.stopped_early is late
    assert asked == [("cost", None, 0.0)]
    effort.stopped_early = True
    ties.settle(allocator, people, proof, 1, control)
    assert effort.stopped_early is True
    assert asked[1:] == [("cost", 1, 0.0)]


def test_who_finds_no_place_because_of_doors_alone_has_that_reason() -> None:
    """Two shelters with room for 100 and 30; the doors of the first let in 20."""
    sizes, near = np.array([15, 10, 40, 5]), np.array([[True, True], [True, False], [True, False], [False, False]])
    cost = np.where(near, 1.0, INF)
    plain = AllocationProblem(sizes, np.array([100.0, 30.0]), np.where(near, cost, 0.0), near)
    assert solve(plain).reasons == ("", "", "", NO_SHELTER)
    doors = AllocationProblem(sizes, np.array([20.0, 30.0]), plain.cost, near, inside=plain.capacity)
    found = solve(doors)
    assert found.load.tolist() == [10, 15] and found.reasons == ("", "", DOORS, NO_SHELTER)
    # the same room without doors: too large a group
    assert solve(AllocationProblem(sizes, doors.capacity, plain.cost, near)).reasons[2] == TOO_LARGE
    # a group that would not fit behind open doors either
    tight = AllocationProblem(sizes, np.array([20.0, 30.0]), plain.cost, near, inside=np.array([45.0, 30.0]))
    assert solve(tight).reasons == ("", "", TOO_LARGE, NO_SHELTER)
    divided = AllocationProblem(sizes, np.array([20.0, 30.0]), plain.cost, near, True, inside=np.array([45.0, 30.0]))
    found = solve(divided)
    assert found.load.tolist() == [20, 15] and set(found.reasons) == {"", DOORS, NO_SHELTER}


@pytest.mark.parametrize("split", [WHOLE, FREE])
@pytest.mark.parametrize("seed", range(12))
def test_doors_let_in_no_more_and_everybody_is_accounted_for(split: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, inside = rng.integers(0, 30, 8), rng.integers(0, 60, 4).astype(float)
    let_in, allowed = rng.integers(0, 50, 4), rng.random((8, 4)) < 0.6
    room = np.minimum(inside, let_in)
    found = solve(AllocationProblem(sizes, room, rng.random((8, 4)), allowed, split, inside=inside))
    assert (found.load <= let_in).all() and (found.load <= inside).all()
    left = sizes - found.allocated
    assert (left >= 0).all()
    for i in range(8):
        needed = 1 if split else sizes[i]
        fits = any(allowed[i, j] and let_in[j] < inside[j] and found.load[j] + needed <= inside[j] for j in range(4))
        assert (found.reasons[i] == "") == (left[i] == 0)
        assert (found.reasons[i] == DOORS) == (left[i] > 0 and fits)
