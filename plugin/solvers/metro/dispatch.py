"""What is sent, its fitness and the proof behind it, and what it leaves undone, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..gap import gap_percent
from .problem import MetroProblem


@dataclass(frozen=True)
class Fitness:
    """The two objectives of [M] section 4.1.2 and their weighted sum.

    Attributes
    ----------
    total : float
        F = η1 penalty + η2 cost, [M] section 4.1.3.
    delay_penalty, allocation_cost : float
        F1 and F2, unweighted.
    """

    total: float
    delay_penalty: float
    allocation_cost: float

    def gap_to(self, bound: float | None) -> float | None:
        """Return the gap in percent; a bound that lies above by a solver's tolerance is reached."""
        gap = gap_percent(self.total, bound)
        return None if gap is None else max(0.0, gap)


@dataclass(frozen=True)
class Dispatch:
    """Units sent, and the evidence.

    Attributes
    ----------
    units : ndarray of int, shape (i, j, k)
    fitness : Fitness
    solver : str
        Who found it, with the version.
    bound : float or None
        No allocation that meets as much of the demand has a fitness below this; None where nothing was proved.
    seconds : float
    """

    units: np.ndarray
    fitness: Fitness
    solver: str
    bound: float | None
    seconds: float

    @property
    def proved(self) -> bool:
        """Whether the bound closes on the fitness."""
        return self.fitness.gap_to(self.bound) == 0.0


def fitness_of(problem: MetroProblem, units: np.ndarray) -> Fitness:
    """Return what ``units``, shape (i, j, k), cost: the delay penalty, the allocation cost and the fitness."""
    penalty = float(np.einsum("ijk,ij->", units, problem.unit_penalty))
    cost = float((units * problem.unit_cost).sum())
    return Fitness(problem.objective.weight_delay * penalty + problem.objective.weight_cost * cost, penalty, cost)


@dataclass(frozen=True)
class UnmetDemand:
    """One type at one incident that is not served as asked.

    Attributes
    ----------
    incident, resource : int
        Indices j and k.
    demanded, delivered, on_time : int
        Units asked for, sent, and of those arriving within the limit.
    reason : str
    """

    incident: int
    resource: int
    demanded: int
    delivered: int
    on_time: int
    reason: str

    @property
    def unmet(self) -> int:
        """Units that are missing."""
        return max(0, self.demanded - self.delivered)


def unmet_demands(problem: MetroProblem, units: np.ndarray) -> list[UnmetDemand]:
    """Return every (incident, type) short of units or without one on time, in the order of incidents and types."""
    delivered = units.sum(axis=0)
    on_time = np.where(problem.on_time[:, :, None], units, 0).sum(axis=0)
    out = []
    for j, k in np.argwhere(problem.demand > 0):
        wanted, sent, timely = int(problem.demand[j, k]), int(delivered[j, k]), int(on_time[j, k])
        if sent >= wanted and timely > 0:
            continue
        reasons = []
        if sent < wanted:
            reasons.append(_why_unmet(problem, units, j, k))
        if timely == 0 and sent > 0:
            reasons.append(_why_late(problem, units, j, k))
        out.append(UnmetDemand(int(j), int(k), wanted, sent, timely, "; ".join(reasons)))
    return out


def _why_unmet(problem: MetroProblem, units: np.ndarray, j: int, k: int) -> str:
    name = problem.resources[k]
    stock = problem.inventory[:, k]
    if not stock.any():
        return f"no rescue point stocks {name}"
    reach = problem.reachable[:, j]
    if not (stock * reach).any():
        return f"no rescue point that stocks {name} can reach the incident"
    within_reach = int(stock[reach].sum())
    if within_reach < problem.demand[j, k]:
        return f"not enough stock: {within_reach} of {name} within reach, {problem.demand[j, k]} needed"
    left = stock - units[:, :, k].sum(axis=1)
    if (left[reach] > 0).any():
        return f"this allocation leaves {int(left[reach].sum())} of {name} within reach unused"
    total = int(problem.demand[:, k].sum())
    if stock.sum() < total:
        return f"not enough stock for all incidents: {int(stock.sum())} of {name}, {total} needed"
    return f"the stock of {name} within reach is used at other incidents"


def _why_late(problem: MetroProblem, units: np.ndarray, j: int, k: int) -> str:
    timely = problem.on_time[:, j] & (problem.inventory[:, k] > 0)
    sent = units[:, j, k] > 0
    first = float(problem.minutes[sent, j].min())
    limit = problem.objective.limit
    if not timely.any():
        return f"nothing within the limit of {limit:g} min: the first unit arrives after {first:.1f} min"
    return (
        f"the units within the limit of {limit:g} min are needed at other incidents: "
        f"the first unit arrives after {first:.1f} min"
    )
