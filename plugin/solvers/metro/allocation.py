"""An allocation with what it is worth, and the proof or history behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import MetroProblem

CLOSED = 1e-9  # relative difference of value and bound that is floating-point noise


@dataclass(frozen=True)
class Worth:
    """The two objectives of [M] section 4.1.2 and their weighted sum.

    Attributes
    ----------
    fitness : float
        F = η1 penalty + η2 cost, [M] section 4.1.3.
    delay_penalty, allocation_cost : float
        F1 and F2, unweighted.
    """

    fitness: float
    delay_penalty: float
    allocation_cost: float


@dataclass(frozen=True)
class Allocation:
    """Units sent, and the evidence.

    Attributes
    ----------
    units : ndarray of int, shape (i, j, k)
    worth : Worth
    solver : str
        Who found it, with the version.
    bound : float or None
        No allocation that meets as much of the demand has a fitness below this; None where nothing was proved.
    seconds : float
    """

    units: np.ndarray
    worth: Worth
    solver: str
    bound: float | None
    seconds: float

    @property
    def proved(self) -> bool:
        """Whether the bound closes on the fitness."""
        return gap_percent(self.worth.fitness, self.bound) == 0.0


def worth_of(problem: MetroProblem, units: np.ndarray) -> Worth:
    """Return what ``units``, shape (i, j, k), cost: the delay penalty, the allocation cost and the fitness."""
    penalty = float(np.einsum("ijk,ij->", units, problem.unit_penalty))
    cost = float((units * problem.unit_cost).sum())
    return Worth(problem.weight_delay * penalty + problem.weight_cost * cost, penalty, cost)


def gap_percent(value: float, bound: float | None) -> float | None:
    """Return ``100 * (value - bound) / value``; None without a bound, 0 where both are 0."""
    if bound is None:
        return None
    if abs(value - bound) <= CLOSED * max(1.0, abs(value)):
        return 0.0
    return None if value == 0.0 else max(0.0, 100.0 * (value - bound) / value)
