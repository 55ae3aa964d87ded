"""One problem of allocation and the solver asked for it: what all steps of an allocation have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .model import build
from .problem import AllocationProblem

FRACTION = 1e-6  # of a person, below which a number of people counts as whole


class EqualPlans(NamedTuple):
    """Among allocations of a cost of at most ``held``, that of the least sum of ``weights`` (g, n)."""

    held: float
    weights: np.ndarray


class Question(NamedTuple):
    """What one model is asked.

    Attributes
    ----------
    aim : str
        ``COST``, ``PEOPLE`` or ``DIVIDED``, of :mod:`.model`.
    pairs : (g, n) bool
        Those an allocation may have.
    start : (g, n) float64 or None
        An allocation to begin with.
    at_least : int or None
        People to be sheltered, None for all.
    gap : float or None
        Where the solver may stop, instead of the effort's own.
    integer : bool or None
        Whether people are asked for in whole numbers; None where the problem needs it.
    divided : int or None
        How many groups may be divided besides those that always may; None: there is no such choice.
    among : EqualPlans or None
        What is minimised in place of the cost.
    """

    aim: str
    pairs: np.ndarray
    start: np.ndarray | None = None
    at_least: int | None = None
    gap: float | None = None
    integer: bool | None = None
    divided: int | None = None
    among: EqualPlans | None = None


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

    def run(self, asked: Question, control: Control) -> tuple[np.ndarray, Solution]:
        """Solve one model; returns the people (g, n) and the solver's proof.

        Raises
        ------
        SolverError
            When the solver found nothing.
        """
        model = build(self.problem, asked.pairs, asked.aim, asked.at_least, asked.integer, asked.divided)
        if asked.among is not None:
            model.weigh(asked.among.weights, asked.among.held)
        if asked.start is not None:
            model.start_from(asked.start)
        solution = solve_program(
            model.program,
            control=control,
            mip_gap=asked.gap,
            solver=self.solver,
            warm_start=asked.start is not None,
        )
        if not solution.found:
            raise SolverError(
                f"EFFORT: {solution.solver} found no allocation in {solution.seconds:.0f} s. Choose a greater EFFORT "
                "(and TIME_LIMIT), or allow groups to be divided (SPLIT 1 or 2)."
            )
        people = model.people()
        if np.abs(people - np.round(people)).max(initial=0.0) > FRACTION and asked.integer is None:
            # The solver ended between equally good corners; a corner of a flow is whole, so asking costs nothing.
            return self.run(asked._replace(start=None, integer=True), control)
        return (people if asked.integer is False else np.round(people)), solution
