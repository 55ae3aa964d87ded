"""One problem of allocation and the solver asked for it: what all steps of an allocation have in common."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .model import build
from .problem import AllocationProblem

FRACTION = 1e-6  # of a person, below which a number of people counts as whole


class Allocator:
    """A problem, the pairs of it that can be used, and the solver of its models.

    Attributes
    ----------
    problem : AllocationProblem
    usable : (g, n) bool
        Pairs of group and shelter that an allocation may have.
    solver : {"HiGHS", "CBC"} or None
    uniform : bool
        Whether a person takes one place wherever they go.
    wanted : int
        People of the groups that can go anywhere at all.
    """

    def __init__(self, problem: AllocationProblem, usable: np.ndarray, solver: str | None = None) -> None:
        self.problem, self.usable, self.solver = problem, usable, solver
        self.uniform = problem.consumption is None and problem.opening is None
        self.wanted = int(problem.sizes[usable.any(axis=1)].sum())

    def run(
        self,
        aim: str,
        at_least: int | None,
        pairs: np.ndarray,
        start: np.ndarray | None,
        control: Control,
        gap: float | None = None,
        integer: bool | None = None,
        held: float | None = None,
        weights: np.ndarray | None = None,
    ) -> tuple[np.ndarray, Solution]:
        """Solve one model over ``pairs`` (g, n); returns the people (g, n) and the solver's proof.

        ``gap`` is where the solver may stop, instead of the effort's own. With ``weights`` (g, n) their sum is
        minimised in place of the cost, which is ``held`` at no more than that.

        Raises
        ------
        SolverError
            When the solver found nothing.
        """
        model = build(self.problem, pairs, aim, at_least, integer)
        if weights is not None and held is not None:
            model.weigh(weights, held)
        if start is not None:
            model.start_from(start)
        solution = solve_program(
            model.program,
            control=control,
            mip_gap=gap,
            solver=self.solver,
            warm_start=start is not None,
        )
        if not solution.found:
            raise SolverError(
                f"EFFORT: {solution.solver} found no allocation in {solution.seconds:.0f} s. Choose a greater EFFORT "
                "(and TIME_LIMIT), or allow groups to be divided (SPLIT_GROUPS)."
            )
        people = model.people()
        if np.abs(people - np.round(people)).max(initial=0.0) > FRACTION and integer is None:
            # The solver ended between equally good corners; a corner of a flow is whole, so asking costs nothing.
            return self.run(aim, at_least, pairs, None, control, gap, True, held, weights)
        return (people if integer is False else np.round(people)), solution
