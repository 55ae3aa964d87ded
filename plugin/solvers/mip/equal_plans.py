"""Which of several equally good plans: the same one whichever solver proved the optimum.

Where a plan is proved to be optimal, a second solve holds its objective and minimises a sum of fixed weights, one for
each part of a plan, drawn once so that hardly ever two plans have the same sum. The plan it proves to be least is
everybody's. Without both proofs solvers may give different plans within the gap, and the log says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..control import Control
from ..dependencies import require
from .solve import solve_program

if TYPE_CHECKING:  # pragma: no cover
    import pulp

HEAVIEST = 1_000_000
HELD = 1e-9  # of the objective, by which it may rise: what sums of floating-point numbers differ by
SETTLED = "Of the plans of this cost the one that every solver agrees on is taken."
MAY_DIFFER = "Another solver, or another version, may find a different plan within the gap."


def fixed_weights(shape: int | tuple[int, ...]) -> np.ndarray:
    """Return whole weights, always the same ones for a shape."""
    return np.random.default_rng(0).integers(1, HEAVIEST, shape).astype(float)


def held(value: float) -> float:
    """Return the most that an objective may come to and still count as ``value``."""
    return value + HELD * (1.0 + abs(value))


def settle(problem: pulp.LpProblem, parts: list[Any], weights: np.ndarray, *, control: Control) -> bool:
    """Put the plan that every solver agrees on into the variables of a program, which hold an optimum.

    Parameters
    ----------
    problem : pulp.LpProblem
        Minimising; its objective is replaced and held by a row.
    parts : list of pulp.LpVariable
        What plans differ in.
    weights : (n,) float64
        Of the parts; they must not depend on the solver.
    control : Control
        The second solve has the nodes of a quick effort and fills the last tenth of the progress.

    Returns
    -------
    bool
        Whether that plan is proved; the variables are as they were where it is not.
    """
    affine = require("pulp", "choosing among equal plans").LpAffineExpression
    values = [(variable, variable.varValue) for variable in problem.variables()]
    reached = problem.objective
    problem += reached <= held(float(reached.value()))
    problem.setObjective(affine(zip(parts, weights.tolist())))
    brief = control.effort.brief()
    solution = solve_program(
        problem, control=control.part(0.9, 1.0).unlogged().with_effort(brief), mip_gap=0.0, warm_start=True
    )
    control.effort.take_back(brief)
    if solution.found and solution.gap == 0.0:
        return True
    for variable, value in values:
        variable.varValue = value
    return False
