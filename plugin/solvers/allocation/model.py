"""The allocation as a PuLP model: the 0-1 program of [E] eq. 5, 6 and 13, or the transportation problem.

    minimise    sum c[i,j] x[i,j]  (+ sum o[j] open[j])
    subject to  sum_j x[i,j] + left[i] = 1    every group has one shelter (the corrected eq. 8) or stays behind
                sum_i a[i,j] x[i,j] <= Q[j]   no shelter over its capacity (eq. 6)
                x[i,j], left[i] in {0, 1}, left[i] = 0 where there is room for all

i runs over the groups, j over the shelters; a[i,j] is the group's size f in the paper. Where groups may be divided,
x[i,j] and left[i] are numbers of people instead, and the matrix is that of a network flow, so that whole people need no
asking for. With the aim "people" the sum of f[i] left[i] is minimised; with a number of people to shelter it is bounded
(a row over groups is short; the same row over pairs keeps presolve busy for minutes).
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

PEOPLE, COST = "people", "cost"


@dataclass(frozen=True)
class Model:
    """A PuLP model with the variables of its pairs, in the order of ``group`` and ``shelter`` (p,)."""

    program: pulp.LpProblem
    variables: list[Any]
    left: dict[int, Any]
    opened: dict[int, Any]
    group: np.ndarray
    shelter: np.ndarray
    problem: AllocationProblem

    def people(self) -> np.ndarray:
        """Return the people of each pair in the solved model, shape (g, n), not yet rounded."""
        out = np.zeros(self.problem.cost.shape)
        values = np.array([variable.varValue for variable in self.variables], dtype=float)
        scale = 1.0 if self.problem.split else self.problem.sizes[self.group].astype(float)
        out[self.group, self.shelter] = values * scale
        return out

    def weigh(self, weights: np.ndarray, held: float) -> None:
        """Minimise a sum of ``weights`` (g, n) over the pairs instead of the objective, which ``held`` bounds."""
        pulp = require("pulp", "allocating people to shelters")
        program = self.program
        program += program.objective <= held
        program.setObjective(_sum(pulp, self.variables, weights[self.group, self.shelter]))

    def start_from(self, people: np.ndarray) -> None:
        """Put a known allocation (g, n) into the variables."""
        for variable, count in zip(self.variables, people[self.group, self.shelter].tolist()):
            variable.varValue = float(count) if self.problem.split else float(count > 0)
        for i, variable in self.left.items():
            behind = float(self.problem.sizes[i] - people[i].sum())
            variable.varValue = behind if self.problem.split else float(behind > 0)
        for j, variable in self.opened.items():
            variable.varValue = float(people[:, j].any())


def build(
    problem: AllocationProblem, usable: np.ndarray, aim: str, at_least: int | None = None, integer: bool | None = None
) -> Model:
    """Return the model over the ``usable`` pairs (g, n).

    Parameters
    ----------
    usable : (g, n) bool
    aim : {"people", "cost"}
        Shelter as many people as possible, or at the least cost.
    at_least : int, optional
        With aim "cost": shelter at least this many people; None: everyone who has a usable pair.
    integer : bool, optional
        Whether variables must be whole: by default those of whole groups (False: shares from 0 to 1), not those of
        divided ones (True: whole people).
    """
    pulp = require("pulp", "allocating people to shelters")
    program = pulp.LpProblem("allocation", pulp.LpMinimize)
    group, shelter = np.nonzero(usable)
    variables = _pair_variables(program, problem, group, shelter, integer)
    opened = _opening_variables(program, problem, shelter) if problem.opening is not None else {}
    peopled = np.unique(group).tolist()
    left = {} if aim == COST and at_least is None else _left_variables(program, problem, peopled, integer)
    model = Model(program, variables, left, opened, group, shelter, problem)
    weights = np.ones(len(left)) if problem.split else problem.sizes[list(left)].astype(float)
    behind = _sum(pulp, list(left.values()), weights)
    if aim == PEOPLE:
        program += behind
    else:
        shared = problem.cost[group, shelter] / (problem.sizes[group] if problem.split else 1.0)
        program += _sum(pulp, variables, shared) + _sum(
            pulp, list(opened.values()), [] if problem.opening is None else problem.opening[list(opened)]
        )
    _group_rows(pulp, model)
    _shelter_rows(pulp, model)
    if aim == COST and at_least is not None:
        program += behind <= int(problem.sizes[peopled].sum()) - at_least
    return model


def _pair_variables(
    program: pulp.LpProblem, problem: AllocationProblem, group: np.ndarray, shelter: np.ndarray, integer: bool | None
) -> list[Any]:
    if not problem.split:
        kind = "Continuous" if integer is False else "Integer"
        return [new_variable(program, f"x_{i}_{j}", 0, 1, kind) for i, j in zip(group.tolist(), shelter.tolist())]
    kind = "Integer" if integer else "Continuous"
    most = np.minimum(problem.sizes[group], np.floor(problem.capacity[shelter]))
    return [
        new_variable(program, f"x_{i}_{j}", 0, top, kind)
        for i, j, top in zip(group.tolist(), shelter.tolist(), most.tolist())
    ]


def _left_variables(
    program: pulp.LpProblem, problem: AllocationProblem, groups: list[int], integer: bool | None
) -> dict[int, Any]:
    kind = "Integer" if integer or (integer is None and not problem.split) else "Continuous"
    most = problem.sizes.tolist() if problem.split else [1] * len(problem.sizes)
    return {i: new_variable(program, f"left_{i}", 0, most[i], kind) for i in groups}


def _opening_variables(program: pulp.LpProblem, problem: AllocationProblem, shelter: np.ndarray) -> dict[int, Any]:
    return {j: new_variable(program, f"open_{j}", 0, 1, "Integer") for j in np.unique(shelter).tolist()}


def _sum(pulp: Any, variables: list[Any], factors: Any) -> Any:
    return pulp.LpAffineExpression(list(zip(variables, np.asarray(factors, dtype=float).tolist())))


def _group_rows(pulp: Any, model: Model) -> None:
    """Each group (or all its people) at a shelter or left behind."""
    program = model.program
    rows: dict[int, list[Any]] = {}
    for i, variable in zip(model.group.tolist(), model.variables):
        rows.setdefault(i, []).append(variable)
    for i, variables in rows.items():
        full = int(model.problem.sizes[i]) if model.problem.split else 1
        everywhere = [*variables, model.left[i]] if i in model.left else variables
        program += _sum(pulp, everywhere, np.ones(len(everywhere))) == full


def _shelter_rows(pulp: Any, model: Model) -> None:
    """No shelter over its capacity; with opening costs none used that is not open."""
    program, problem = model.program, model.problem
    taken = np.ones(len(model.group)) if problem.split else problem.room_taken[model.group, model.shelter]
    rows: dict[int, tuple[list[Any], list[float]]] = {}
    for j, variable, room in zip(model.shelter.tolist(), model.variables, taken.tolist()):
        variables, factors = rows.setdefault(j, ([], []))
        variables.append(variable)
        factors.append(room)
    for j, (variables, factors) in sorted(rows.items()):
        capacity = float(np.floor(problem.capacity[j]) if problem.split else problem.capacity[j])
        if not model.opened:
            program += _sum(pulp, variables, factors) <= capacity
            continue
        program += _sum(pulp, [*variables, model.opened[j]], [*factors, -capacity]) <= 0
        for variable in variables:  # tightens the relaxation
            program += _sum(pulp, [variable, model.opened[j]], [1.0, -1.0]) <= 0
