"""The allocation as a PuLP model: the 0-1 program of [E] eq. 5, 6 and 13, or with groups divided.

    minimise    sum c[i,j] x[i,j] + sum c[i,j] / f[i] y[i,j]  (+ sum o[j] open[j])
    subject to  sum_j x[i,j] + left[i] = 1             a whole group has one shelter (the corrected eq. 8) or stays
                sum_j y[i,j] + left[i] = f[i]          a divided group has a place or stays person by person
                sum_i a[i,j] x[i,j] + y[i,j] <= Q[j]   no shelter over its capacity (eq. 6)
                x[i,j] in {0, 1}, y[i,j] >= 0, left[i] = 0 where there is room for all

i runs over the groups, j over the shelters; a[i,j] is the group's size f in the paper. Which groups are divided is
given; with a number of others that may be divided besides, each of these has x and y, and d[i] in {0, 1} says which of
them count. With whole groups settled the matrix is that of a network flow, so that whole people need no asking for.
With the aim "people" those left are minimised, with the aim "divided" the sum of d; with a number of people to shelter
those left are bounded (a row over groups is short; the same row over pairs keeps presolve busy for minutes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependencies import require
from ..mip.program import new_variable
from .problem import AllocationProblem

if TYPE_CHECKING:  # pragma: no cover
    import pulp

PEOPLE, COST, DIVIDED = "people", "cost", "divided"


@dataclass(frozen=True)
class Model:
    """A PuLP model with the variables of its pairs, in the order of ``group``, ``shelter`` and ``part`` (p,).

    ``part`` tells variables that count people from those of whole groups. ``left`` holds who stays behind, by group:
    of groups that are whole 0 or 1, of others people. ``divided`` and ``left_in_part`` belong to groups that may be
    divided, but need not.
    """

    program: pulp.LpProblem
    variables: list[Any]
    left: dict[int, Any]
    left_in_part: dict[int, Any]
    divided: dict[int, Any]
    opened: dict[int, Any]
    group: np.ndarray
    shelter: np.ndarray
    part: np.ndarray
    problem: AllocationProblem

    def people(self) -> np.ndarray:
        """Return the people of each pair in the solved model, shape (g, n), not yet rounded."""
        out = np.zeros(self.problem.cost.shape)
        values = np.array([variable.varValue for variable in self.variables], dtype=float)
        scale = np.where(self.part, 1.0, self.problem.sizes[self.group].astype(float))
        np.add.at(out, (self.group, self.shelter), values * scale)
        return out

    def weigh(self, weights: np.ndarray, held: float) -> None:
        """Minimise a sum of ``weights`` (g, n) over the pairs instead of the objective, which ``held`` bounds."""
        pulp = require("pulp", "allocating people to shelters")
        program = self.program
        program += program.objective <= held
        program.setObjective(_sum(pulp, self.variables, weights[self.group, self.shelter]))

    def start_from(self, people: np.ndarray) -> None:
        """Put a known allocation (g, n) into the variables."""
        behind = self.problem.sizes - people.sum(axis=1)
        split = self.problem.in_parts(people)
        columns = self.group.tolist(), self.part.tolist(), people[self.group, self.shelter].tolist()
        for variable, i, part, count in zip(self.variables, *columns):
            if not part:
                variable.varValue = float(count > 0 and not (i in self.divided and split[i]))
            else:
                variable.varValue = float(count) if i not in self.divided or split[i] else 0.0
        divisible = self.problem.divisible
        for i, variable in self.left.items():
            if divisible[i]:
                variable.varValue = float(behind[i])
            else:
                variable.varValue = float(behind[i] > 0 and not (i in self.divided and split[i]))
        for i, variable in self.left_in_part.items():
            variable.varValue = float(behind[i]) if split[i] else 0.0
        for i, variable in self.divided.items():
            variable.varValue = float(split[i])
        for j, variable in self.opened.items():
            variable.varValue = float(people[:, j].any())


def build(
    problem: AllocationProblem,
    pairs: np.ndarray,
    aim: str,
    at_least: int | None = None,
    integer: bool | None = None,
    divided: int | None = None,
) -> Model:
    """Return the model over the ``pairs`` (g, n).

    Parameters
    ----------
    pairs : (g, n) bool
    aim : {"people", "cost", "divided"}
        Shelter as many people as possible, or at the least cost, or with the fewest groups divided.
    at_least : int, optional
        With aim "cost" or "divided": shelter at least this many people; None: everyone who has a pair.
    integer : bool, optional
        Whether variables must be whole: by default those of whole groups (False: shares from 0 to 1), not those of
        divided ones (True: whole people).
    divided : int, optional
        How many groups may be divided besides those that always may; None: none, and there is no such choice.
    """
    pulp = require("pulp", "allocating people to shelters")
    program = pulp.LpProblem("allocation", pulp.LpMinimize)
    divisible, has_pair = problem.divisible, pairs.any(axis=1)
    optional = np.zeros(len(divisible), dtype=bool) if divided is None else ~divisible & has_pair
    whole = np.nonzero(pairs & ~divisible[:, None] & (problem.room_taken <= problem.capacity[None, :]))
    parts = np.nonzero(pairs & (divisible | optional)[:, None])
    group, shelter = (np.concatenate(both) for both in zip(whole, parts))
    part = np.arange(len(group)) >= len(whole[0])
    variables = _pair_variables(program, problem, group, shelter, part, optional, integer)
    opened = _opening_variables(program, problem, shelter) if problem.opening is not None else {}
    peopled = np.flatnonzero(has_pair)
    staying = aim == PEOPLE or at_least is not None
    left = _left_variables(program, problem, peopled.tolist(), integer) if staying else {}
    choice = np.flatnonzero(optional).tolist()
    in_part = {i: new_variable(program, f"rest_{i}", 0, int(problem.sizes[i])) for i in choice if staying}
    counted = {i: new_variable(program, f"divided_{i}", 0, 1, "Integer") for i in choice}
    model = Model(program, variables, left, in_part, counted, opened, group, shelter, part, problem)
    behind = _sum(
        pulp,
        [*left.values(), *in_part.values()],
        [*np.where(divisible, 1.0, problem.sizes)[list(left)], *np.ones(len(in_part))],
    )
    if aim == PEOPLE:
        program += behind
    elif aim == DIVIDED:
        program += _sum(pulp, list(counted.values()), np.ones(len(counted)))
    else:
        shared = problem.cost[group, shelter] / np.where(part, problem.sizes[group], 1.0)
        program += _sum(pulp, variables, shared) + _sum(
            pulp, list(opened.values()), [] if problem.opening is None else problem.opening[list(opened)]
        )
    _group_rows(pulp, model)
    _shelter_rows(pulp, model)
    if aim != PEOPLE and at_least is not None:
        program += behind <= int(problem.sizes[peopled].sum()) - at_least
    if divided is not None and aim != DIVIDED:
        program += _sum(pulp, list(counted.values()), np.ones(len(counted))) <= divided
    return model


def _pair_variables(
    program: pulp.LpProblem,
    problem: AllocationProblem,
    group: np.ndarray,
    shelter: np.ndarray,
    part: np.ndarray,
    optional: np.ndarray,
    integer: bool | None,
) -> list[Any]:
    kinds = "Continuous" if integer is False else "Integer", "Integer" if integer else "Continuous"
    most = np.where(part, np.minimum(problem.sizes[group], np.floor(problem.capacity[shelter])), 1.0)
    named = np.where(part & optional[group], "y", "x")
    return [
        new_variable(program, f"{name}_{i}_{j}", 0, top, kinds[counts])
        for name, i, j, top, counts in zip(
            named.tolist(), group.tolist(), shelter.tolist(), most.tolist(), part.astype(int).tolist()
        )
    ]


def _left_variables(
    program: pulp.LpProblem, problem: AllocationProblem, groups: list[int], integer: bool | None
) -> dict[int, Any]:
    divisible, sizes = problem.divisible.tolist(), problem.sizes.tolist()
    out = {}
    for i in groups:
        whole = integer or (integer is None and not divisible[i])
        kind = "Integer" if whole else "Continuous"
        out[i] = new_variable(program, f"left_{i}", 0, sizes[i] if divisible[i] else 1, kind)
    return out


def _opening_variables(program: pulp.LpProblem, problem: AllocationProblem, shelter: np.ndarray) -> dict[int, Any]:
    return {j: new_variable(program, f"open_{j}", 0, 1, "Integer") for j in np.unique(shelter).tolist()}


def _sum(pulp: Any, variables: list[Any], factors: Any) -> Any:
    return pulp.LpAffineExpression(list(zip(variables, np.asarray(factors, dtype=float).tolist())))


def _group_rows(pulp: Any, model: Model) -> None:
    """Each group (or all its people) at a shelter or left behind; a group that may be divided either way."""
    program, divisible = model.program, model.problem.divisible
    rows: dict[tuple[int, bool], list[Any]] = {}
    for i, part, variable in zip(model.group.tolist(), model.part.tolist(), model.variables):
        rows.setdefault((i, part), []).append(variable)
    for (i, part), variables in rows.items():
        size = int(model.problem.sizes[i])
        if part and i in model.divided:
            rest = [model.left_in_part[i]] if i in model.left_in_part else []
            everywhere = [*variables, *rest, model.divided[i]]
            program += _sum(pulp, everywhere, [*np.ones(len(everywhere) - 1), -size]) == 0
            continue
        more = [kept[i] for kept in (model.left, model.divided) if i in kept]
        everywhere = [*variables, *more]
        program += _sum(pulp, everywhere, np.ones(len(everywhere))) == (size if divisible[i] else 1)
    for i in model.divided.keys() - {i for i, part in rows if not part}:  # no shelter of these pairs holds all of it
        alone = [model.divided[i], *([model.left[i]] if i in model.left else [])]
        program += _sum(pulp, alone, np.ones(len(alone))) == 1


def _shelter_rows(pulp: Any, model: Model) -> None:
    """No shelter over its capacity; with opening costs none used that is not open."""
    program, problem = model.program, model.problem
    taken = np.where(model.part, 1.0, problem.room_taken[model.group, model.shelter])
    rows: dict[int, tuple[list[Any], list[float]]] = {}
    for j, variable, room in zip(model.shelter.tolist(), model.variables, taken.tolist()):
        variables, factors = rows.setdefault(j, ([], []))
        variables.append(variable)
        factors.append(room)
    in_parts = bool(model.part.any())
    for j, (variables, factors) in sorted(rows.items()):
        capacity = float(np.floor(problem.capacity[j]) if in_parts else problem.capacity[j])
        if not model.opened:
            program += _sum(pulp, variables, factors) <= capacity
            continue
        program += _sum(pulp, [*variables, model.opened[j]], [*factors, -capacity]) <= 0
        for variable in variables:  # tightens the relaxation
            program += _sum(pulp, [variable, model.opened[j]], [1.0, -1.0]) <= 0
