"""What the assignment hands back: routes, flow and the evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..shared.routes import Routes


@dataclass(frozen=True)
class Step:
    """One line of the history: what was reached after how long."""

    phase: str
    iteration: int
    seconds: float
    value: float
    lower_bound: float


@dataclass(frozen=True)
class AssignmentResult:
    """Routes, flow and the evidence.

    Attributes
    ----------
    flow : (m,) int64 (float64 when not asked for whole vehicles)
        Trips on each arc, background not counted.
    value : float
        Objective of ``flow``: with ``system`` the total time of the trips in seconds.
    fractional_value : float
        Objective of the best fractional flow.
    fractional_flow : (m,) float64
        That flow.
    lower_bound : float
        No set of routes has a smaller objective.
    gap : float
        100 (value - lower_bound) / lower_bound, percent *of the bound*, as :func:`excess_percent`.
    routes : Routes
        Distinct routes and who takes them; an empty one for trips that start at their destination or cannot reach
        it, and for all when whole vehicles were not asked for.
    unreachable : int64
        Trips whose destination cannot be reached; they have no route and are not counted.
    iterations : int
        Sweeps over all destinations, fractional and whole.
    seconds : float
        Wall time.
    history : tuple of Step
        The way there.
    """

    flow: np.ndarray
    value: float
    fractional_value: float
    fractional_flow: np.ndarray
    lower_bound: float
    gap: float
    routes: Routes
    unreachable: np.ndarray
    iterations: int
    seconds: float
    history: tuple[Step, ...]


def excess_percent(value: float, lower_bound: float) -> float:
    """Return by how many percent of the bound ``value`` may exceed the optimum."""
    if value <= lower_bound or value <= 0.0:
        return 0.0
    return 100.0 * (value - lower_bound) / lower_bound if lower_bound > 0.0 else float("inf")
