"""The model of an allocation against its definition: which placements it admits, and what they are worth."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

pulp = pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation.model import COST, PEOPLE, build
from evacuation_planner.plugin.solvers.allocation.problem import FREE, WHOLE, AllocationProblem
from evacuation_planner.plugin.solvers.mip.program import from_pulp

SIZES, CAPACITY = np.array([3, 4, 2, 9]), np.array([7.5, 4.0])
COSTS = np.array([[1.5, 2.0], [4.0, 3.0], [0.5, 6.0], [1.0, 1.0]])
ALLOWED = np.array([[True, True], [True, True], [True, False], [True, True]])  # the 9 fit nowhere
ROOM = np.array([[2.0, 3.5], [5.5, 1.0], [2.5, 9.0], [9.0, 9.0]])  # places taken, not one for each person
OPENING = np.array([10.0, 5.0])


def problem(split: bool = False, room: bool = False, opening: bool = False) -> AllocationProblem:
    return AllocationProblem(
        SIZES, CAPACITY, COSTS, ALLOWED, split, ROOM if room else None, OPENING if opening else None
    )


def judged(model, values: dict[str, float]) -> tuple[bool, float]:
    """Whether the model admits the values by name (0 elsewhere), and its objective."""
    program, variables = from_pulp(model.program)
    assert set(values) <= {variable.name for variable in variables}
    x = np.array([values.get(variable.name, 0.0) for variable in variables])
    return program.infeasibility(x) < 1e-9, program.objective(x)


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize("opening", [False, True])
@pytest.mark.parametrize(("aim", "at_least"), [(PEOPLE, None), (COST, None), (COST, 0), (COST, 5), (COST, 7)])
def test_whole_groups(room: bool, opening: bool, aim: str, at_least: int | None) -> None:
    case = problem(room=room, opening=opening)
    model = build(case, case.usable(), aim, at_least)
    admitted = 0
    for places in itertools.product((-1, 0, 1), (-1, 0, 1), (-1, 0)):
        inside = [(i, j) for i, j in enumerate(places) if j >= 0]
        load, people, cost = [0.0, 0.0], 0, 0.0
        for i, j in inside:
            load[j] += ROOM[i, j] if room else SIZES[i]
            people += SIZES[i]
            cost += COSTS[i, j]
        values = {f"x_{i}_{j}": 1.0 for i, j in inside}
        used = {f"open_{j}": 1.0 for _, j in inside} if opening else {}
        if aim == PEOPLE or at_least is not None:
            values.update({f"left_{i}": 1.0 for i in range(3) if places[i] < 0})
        enough = people == 9 if at_least is None and aim == COST else people >= (at_least or 0)
        fits, value = judged(model, {**values, **used})
        assert fits == (load[0] <= 7.5 and load[1] <= 4.0 and enough), places
        admitted += fits
        opened = sum(OPENING[int(name[5:])] for name in used)
        assert value == pytest.approx(9 - people if aim == PEOPLE else cost + opened)
        if opening:
            for name in used:
                assert not judged(model, {**values, **used, name: 0.99})[0]
            everything = judged(model, {**values, "open_0": 1.0, "open_1": 1.0})
            assert everything == (fits, pytest.approx(9 - people if aim == PEOPLE else cost + 15.0))
        if values:
            assert not judged(model, {**values, **used, next(iter(values)): 0.0})[0]  # neither placed nor left
    assert admitted > 0


@pytest.mark.parametrize(("aim", "at_least"), [(PEOPLE, None), (COST, None), (COST, 4), (COST, 9)])
def test_divided_groups(aim: str, at_least: int | None) -> None:
    """Every number of people at every shelter; half places hold nobody."""
    case = problem(split=FREE)
    usable = case.usable() & (SIZES < 9)[:, None]
    model = build(case, usable, aim, at_least)
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    ranges = [range(SIZES[i] + 2) for i, _ in pairs]
    admitted = 0
    for counts in itertools.product(*ranges):
        at = np.zeros((3, 2))
        for (i, j), count in zip(pairs, counts):
            at[i, j] = count
        behind = SIZES[:3] - at.sum(axis=1)
        if behind.min() < 0 and sum(counts) % 3:  # enough of these
            continue
        values = {f"x_{i}_{j}": float(count) for (i, j), count in zip(pairs, counts)}
        if aim == PEOPLE or at_least is not None:
            values.update({f"left_{i}": behind[i] for i in range(3)})
            enough = behind.min() >= 0 and at.sum() >= (at_least or 0)
        else:
            enough = not behind.any()
        fits, value = judged(model, values)
        assert fits == (enough and at[:, 0].sum() <= 7 and at[:, 1].sum() <= 4), counts
        admitted += fits
        shares = (at / SIZES[:3, None] * COSTS[:3]).sum()
        assert value == pytest.approx(behind.sum() if aim == PEOPLE else shares)
    assert admitted > 0


def bounds(model) -> dict[str, tuple[float, float, bool]]:
    program, variables = from_pulp(model.program)
    rows = zip(program.lower.tolist(), program.upper.tolist(), program.integer.tolist())
    return {variable.name: row for variable, row in zip(variables, rows)}


def test_bounds_and_which_numbers_are_whole() -> None:
    names = ["x_0_0", "x_0_1", "x_1_0", "x_1_1", "x_2_0"]
    for integer, whole in ((None, True), (True, True), (False, False)):
        case = problem(opening=True)
        found = bounds(build(case, case.usable(), COST, 0, integer))
        share = (0.0, 1.0, whole)
        expected = dict.fromkeys([*names, "left_0", "left_1", "left_2"], share)
        assert found == {**expected, "open_0": (0.0, 1.0, True), "open_1": (0.0, 1.0, True)}
    for integer, whole in ((None, False), (True, True), (False, False)):
        case = problem(split=FREE)
        found = bounds(build(case, case.usable(), PEOPLE, None, integer))
        most = dict(zip([*names, "x_3_0", "x_3_1", "left_0", "left_1", "left_2", "left_3"],
                        [3, 3, 4, 4, 2, 7, 4, 3, 4, 2, 9]))  # fmt: skip
        assert found == {name: (0.0, float(top), whole) for name, top in most.items()}
    assert list(bounds(build(problem(), problem().usable(), COST))) == names  # nobody can be left


@pytest.mark.parametrize("split", [WHOLE, FREE])
def test_a_start_is_put_in_and_people_are_read_again(split: bool) -> None:
    people = np.array([[0.0, 3.0], [4.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    if split:
        people = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [5.0, 0.0]])
    case = problem(split=split)
    model = build(case, case.usable(), PEOPLE)
    model.start_from(people)
    named = {variable.name: variable.varValue for variable in model.program.variables()}
    if split:
        assert named == {
            "x_0_0": 1, "x_0_1": 2, "x_1_0": 1, "x_1_1": 2, "x_2_0": 0, "x_3_0": 5, "x_3_1": 0,
            "left_0": 0, "left_1": 1, "left_2": 2, "left_3": 4,
        }  # fmt: skip
    else:
        assert {name for name, value in named.items() if value} == {"x_0_1", "x_1_0", "left_2"}
        assert set(named.values()) == {0.0, 1.0}
    assert model.people().tolist() == people.tolist()
    assert judged(model, named) == (True, 7.0 if split else 2.0)


def test_a_start_opens_what_it_uses() -> None:
    case = problem(opening=True)
    model = build(case, case.usable(), COST, 0)
    model.start_from(np.array([[3.0, 0.0], [4.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    assert [model.opened[j].varValue for j in (0, 1)] == [1.0, 0.0]
    assert judged(model, {v.name: v.varValue for v in model.program.variables()}) == (True, 15.5)


def test_other_weights_hold_the_cost() -> None:
    model = build(problem(), problem().usable(), COST, 0)
    weights = np.array([[5.0, 7.0], [11.0, 13.0], [17.0, 19.0], [23.0, 29.0]])
    model.weigh(weights, 5.5)
    left = {"left_2": 1.0}
    assert judged(model, {"x_0_0": 1.0, "x_1_0": 1.0, **left}) == (True, 16.0)  # 1.5 + 4 are 5.5
    assert judged(model, {"x_0_1": 1.0, "x_1_0": 1.0, **left}) == (False, 18.0)  # 2 + 4 are more
    assert judged(model, {"x_0_1": 1.0, "left_1": 1.0, **left}) == (True, 7.0)


def test_the_module_is_read_without_pulp() -> None:
    """So that the plugin starts where it is missing, and says what to install once a model is asked for."""
    package = build.__module__.split(".", maxsplit=1)[0]
    program = f"import {package}.plugin.solvers.allocation.allocate, sys; print('pulp' in sys.modules)"
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.stdout.split() == ["False"]
