"""What preference costs in distance: the allocation over a range of weights ([E] 3.2, the weights of eq. 13).

Every point is an allocation of its own, proven within its own gap. The number of people sheltered is that of the plan:
weights decide where people go, not how many find a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..control import Control
from .allocate import solve
from .objective import Objective
from .problem import Allocation, AllocationProblem

LEAST_WEIGHT = 0.001  # at either end the other aim still decides between equals


@dataclass(frozen=True)
class Point:
    """One allocation of the curve.

    Attributes
    ----------
    weight_preference, weight_distance : float
        They add up to 1.
    z1, z2 : float
        Dissatisfaction and scaled distance before their weights.
    preference : float
        Mean preference of the people for their shelters, 0 to 1.
    kilometres : float
        Mean distance of the people, km.
    gap : float or None
        Of the weighted sum, percent.
    plan : bool
        Whether it has the weights of the plan itself.
    efficient : bool
        Whether no other point is at least as good in both sums and better in one.
    """

    weight_preference: float
    weight_distance: float
    z1: float
    z2: float
    preference: float
    kilometres: float
    gap: float | None
    plan: bool
    efficient: bool = True


def curve(
    problem: AllocationProblem,
    objective: Objective,
    kilometres: np.ndarray,
    plan: Allocation,
    points: int,
    *,
    control: Control | None = None,
    solver: str | None = None,
) -> tuple[Point, ...]:
    """Return the points in the order of the weight of preference, the plan's own among them.

    Parameters
    ----------
    kilometres : (g, n) float64
        Of each group to each shelter, infinite where there is no way.
    plan : Allocation
        Found for the ``objective``'s weights; it is not solved for again.
    points : int
        Evenly spaced weights of preference from 0 to 1, at least 2.
    control : Control, optional
        Its effort is that of each point; its fence is for all points together, and those that it leaves no time for
        are left out.

    Raises
    ------
    Cancelled, SolverError
    """
    control = control or Control()
    if not plan.people.any():
        return ()
    total = objective.weight_preference + objective.weight_distance
    own = objective.weight_preference / total if total > 0 else None
    shares = np.clip(np.linspace(0.0, 1.0, max(points, 2)), LEAST_WEIGHT, 1.0 - LEAST_WEIGHT).tolist()
    if own is not None:
        shares = [share for share in shares if abs(share - own) > 0.5 * LEAST_WEIGHT]  # the ends are not 0 and 1
    out = [] if own is None else [_point(own, objective, kilometres, plan, plan.gap, True)]
    for done, share in enumerate(_ends_first(shares)):
        control.stop_if_cancelled()
        if control.effort.passed():
            control.log(
                f"TIME_LIMIT: the trade-off curve has {len(out)} points; {len(shares) - done} more had no time."
            )
            break
        weighted = replace(objective, weight_preference=share, weight_distance=1.0 - share)
        found = solve(
            replace(problem, cost=weighted.cost),
            control=control.part(done / len(shares), (done + 1) / len(shares)).unlogged(),
            solver=solver,
            known=plan,
        )
        out.append(_point(share, objective, kilometres, found, found.gap, False))
        control.log(_sentence(out[-1]))
    return _marked(sorted(out, key=lambda point: point.weight_preference))


def _ends_first(shares: list[float]) -> list[float]:
    """Return the weights in an order in which what the time allows is spread over the curve."""
    inner = shares[1:-1]
    return [*shares[:1], *shares[1:][-1:], *inner[1::2], *inner[::2]]


def _point(
    share: float, objective: Objective, kilometres: np.ndarray, found: Allocation, gap: float | None, plan: bool
) -> Point:
    z1, z2 = objective.parts(found.people)
    people = found.people
    placed = float(people.sum())
    satisfied = float((people * (1.0 - objective.dissatisfaction)).sum()) / placed
    far = float((people * np.where(people > 0, kilometres, 0.0)).sum()) / placed
    return Point(share, 1.0 - share, z1, z2, satisfied, far, gap, plan)


def _sentence(point: Point) -> str:
    return (
        f"Weights {point.weight_preference:.3g} : {point.weight_distance:.3g} give a mean preference of "
        f"{point.preference:.3f} at {point.kilometres:.2f} km on average"
        + ("." if point.gap is None else f" (within {point.gap:.2g} %).")
    )


def _marked(points: Sequence[Point]) -> tuple[Point, ...]:
    """Mark the points that another one beats."""

    def beaten(point: Point) -> bool:
        return any(
            other.z1 <= point.z1 + 1e-9
            and other.z2 <= point.z2 + 1e-9
            and (other.z1 < point.z1 - 1e-9 or other.z2 < point.z2 - 1e-9)
            for other in points
        )

    return tuple(replace(point, efficient=not beaten(point)) for point in points)
