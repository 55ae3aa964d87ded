"""A mixed-integer program as arrays, and a PuLP model turned into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependencies import require

if TYPE_CHECKING:  # pragma: no cover
    import pulp


@dataclass(frozen=True)
class IntegerProgram:
    """``minimise cost @ x`` with ``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``; A by rows.

    Attributes
    ----------
    cost, lower, upper : (v,) float64
    integer : (v,) bool
    indptr : (r + 1,) int64; indices, values : (z,) the entries of A row after row
    row_lower, row_upper : (r,) float64, infinite where open
    offset : float added to the objective
    maximise : bool
    """

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    offset: float = 0.0
    maximise: bool = False

    def objective(self, x: np.ndarray) -> float:
        """Return the value of ``x`` (v,)."""
        return float(self.cost @ x + self.offset)

    def infeasibility(self, x: np.ndarray) -> float:
        """Return the largest violation of a bound or row by ``x`` (v,), relative to the size of the row's terms."""
        rows = np.repeat(np.arange(len(self.row_lower)), np.diff(self.indptr))
        terms = self.values * x[self.indices]
        activity = np.bincount(rows, weights=terms, minlength=len(self.row_lower))
        scale = 1.0 + np.bincount(rows, weights=np.abs(terms), minlength=len(self.row_lower))
        row = np.maximum(self.row_lower - activity, activity - self.row_upper) / scale
        bound = np.maximum(self.lower - x, x - self.upper) / (1.0 + np.abs(x))
        return float(max(row.max(initial=0.0), bound.max(initial=0.0)))


def new_variable(
    problem: pulp.LpProblem,
    name: str,
    lower: float | None = None,
    upper: float | None = None,
    category: str = "Continuous",
) -> pulp.LpVariable:
    """Return a new variable of ``problem``, made the way the installed PuLP wants it made."""
    if hasattr(problem, "add_variable"):  # PuLP 3.3 and later
        return problem.add_variable(name, lower, upper, cat=category)
    pulp = require("pulp", "solving integer programs")
    return pulp.LpVariable(name, lower, upper, cat=category)


def from_pulp(problem: pulp.LpProblem) -> tuple[IntegerProgram, list[Any]]:
    """Return the arrays of a PuLP model and its variables in their order."""
    pulp = require("pulp", "solving integer programs")
    variables = list(problem.variables())
    position = {id(variable): k for k, variable in enumerate(variables)}
    infinity = float("inf")
    cost = np.zeros(len(variables))
    offset = 0.0
    if problem.objective is not None:
        offset = float(problem.objective.constant or 0.0)
        for variable, value in problem.objective.items():
            cost[position[id(variable)]] += value
    indptr, indices, values = [0], [], []
    row_lower, row_upper = [], []
    rows = problem.constraints  # a method from PuLP 3.3, a dict before
    for row in rows() if callable(rows) else rows.values():
        for variable, value in row.items():
            indices.append(position[id(variable)])
            values.append(value)
        indptr.append(len(indices))
        right = -row.constant
        row_lower.append(-infinity if row.sense == pulp.LpConstraintLE else right)
        row_upper.append(infinity if row.sense == pulp.LpConstraintGE else right)
    program = IntegerProgram(
        cost=cost,
        lower=np.array([-infinity if v.lowBound is None else v.lowBound for v in variables], dtype=float),
        upper=np.array([infinity if v.upBound is None else v.upBound for v in variables], dtype=float),
        integer=np.array([v.cat == pulp.LpInteger for v in variables], dtype=bool),
        indptr=np.array(indptr, dtype=np.int64),
        indices=np.array(indices, dtype=np.int64),
        values=np.array(values, dtype=float),
        row_lower=np.array(row_lower, dtype=float),
        row_upper=np.array(row_upper, dtype=float),
        offset=offset,
        maximise=problem.sense == pulp.LpMaximize,
    )
    return program, variables
