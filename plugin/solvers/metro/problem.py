"""The dispatch of rescue resources to metro incidents as arrays, and its penalty of delays: [M] section 4.1."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import SolverError

DEFAULT_TIERS = "0:0, 5:1, 10:2, 20:10, inf:100"

_EXAMPLE = (
    f"Write each tier as “late minutes:coefficient”, lowest first and the last one inf, for example {DEFAULT_TIERS}"
)


@dataclass(frozen=True)
class PenaltyTiers:
    """The step function β of [M] Table 3.

    Attributes
    ----------
    upto : ndarray, shape (n,)
        Upper ends of the tiers in late minutes, rising, each included in its tier; the last is infinite.
    coefficient : ndarray, shape (n,)
        β of each tier, per unit and minute.
    """

    upto: np.ndarray
    coefficient: np.ndarray

    def at(self, late: np.ndarray) -> np.ndarray:
        """Return β for late minutes of any shape; minutes at or below the first end get the first coefficient."""
        return self.coefficient[np.searchsorted(self.upto, np.minimum(late, np.finfo(float).max), side="left")]


def parse_tiers(text: str) -> PenaltyTiers:
    """Read tiers written as ``"0:0, 5:1, 10:2, 20:10, inf:100"``.

    Raises
    ------
    SolverError
        When a part is not ``minutes:coefficient``, the minutes do not rise, the last tier does not reach inf, or a
        coefficient is negative; the text quotes the part.

    Examples
    --------
    >>> parse_tiers("0:0, 5:1, inf:100").at(np.array([0.0, 5.0, 6.0])).tolist()
    [0.0, 1.0, 100.0]
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise SolverError(f"PENALTY_TIERS is empty. {_EXAMPLE}.")
    upto: list[float] = []
    coefficient: list[float] = []
    for part in parts:
        ends = part.split(":")
        try:
            if len(ends) != 2:
                raise ValueError
            end, value = (float(number) for number in ends)
            if math.isnan(end) or not math.isfinite(value):
                raise ValueError
        except ValueError:
            raise SolverError(f"PENALTY_TIERS: “{part}” cannot be read. {_EXAMPLE}.") from None
        if value < 0:
            raise SolverError(f"PENALTY_TIERS: the coefficient of “{part}” is negative; a delay cannot earn anything.")
        if upto and end <= upto[-1]:
            raise SolverError(f"PENALTY_TIERS: “{part}” does not lie above the tier before it. {_EXAMPLE}.")
        upto.append(end)
        coefficient.append(value)
    if upto[-1] != math.inf:
        raise SolverError(f"PENALTY_TIERS ends at {upto[-1]:g} late minutes; the last tier must be inf. {_EXAMPLE}.")
    return PenaltyTiers(np.array(upto), np.array(coefficient))


# Travel times are sums of floating-point numbers; a nanominute of noise must not move a unit into the next tier.
NOISE_DIGITS = 9


def check_weights(delay: float, cost: float) -> None:
    """Raise :class:`SolverError` for weights that are negative or both zero."""
    if delay < 0 or cost < 0:
        raise SolverError("WEIGHT_DELAY and WEIGHT_COST must not be negative.")
    if delay == 0 and cost == 0:
        raise SolverError(
            "WEIGHT_DELAY and WEIGHT_COST are both 0, so every allocation would be equally good. Make one positive."
        )


@dataclass(frozen=True)
class DispatchObjective:
    """What a dispatch is judged by.

    Attributes
    ----------
    limit : float
        The time T by which a delivery counts as on time, minutes.
    tiers : PenaltyTiers
        β by late minutes.
    weight_delay, weight_cost : float
        η1 and η2.
    cost_per_km : float
        Transport cost of one unit, added to its ``use_cost``.

    Raises
    ------
    SolverError
        For weights that are negative or both zero.
    """

    limit: float = 20.0
    tiers: PenaltyTiers = field(default_factory=lambda: parse_tiers(DEFAULT_TIERS))
    weight_delay: float = 0.7
    weight_cost: float = 0.3
    cost_per_km: float = 0.0

    def __post_init__(self) -> None:
        check_weights(self.weight_delay, self.weight_cost)


@dataclass(frozen=True)
class MetroProblem:
    """Rescue points i, incidents j and resource types k.

    Attributes
    ----------
    stations, incidents, resources : tuple of str
        Names, for messages.
    inventory : ndarray of int, shape (i, k)
        Units in stock, p.
    use_cost : ndarray, shape (i, k)
        Cost of one unit without its transport.
    demand : ndarray of int, shape (j, k)
        Units wanted, d.
    minutes : ndarray, shape (i, j)
        Travel times t, infinite where there is no way.
    km : ndarray, shape (i, j)
        Distances; used with the objective's ``cost_per_km`` only.
    objective : DispatchObjective
    """

    stations: tuple[str, ...]
    incidents: tuple[str, ...]
    resources: tuple[str, ...]
    inventory: np.ndarray
    use_cost: np.ndarray
    demand: np.ndarray
    minutes: np.ndarray
    km: np.ndarray
    objective: DispatchObjective = field(default_factory=DispatchObjective)

    def __post_init__(self) -> None:
        i, j, k = len(self.stations), len(self.incidents), len(self.resources)
        shapes = {"inventory": (i, k), "use_cost": (i, k), "demand": (j, k), "minutes": (i, j), "km": (i, j)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise SolverError(f"{name} has the shape {getattr(self, name).shape}; it must be {shape}.")
        for name in ("inventory", "demand"):
            if not np.issubdtype(getattr(self, name).dtype, np.integer):
                raise SolverError(f"{name} must be whole units.")
        for name in shapes:
            values = getattr(self, name)
            if np.isnan(values).any() or (values < 0).any():
                raise SolverError(f"{name} holds values that are negative or not numbers.")
        if not np.isfinite(self.use_cost).all():
            raise SolverError("use_cost holds values that are not finite.")

    @cached_property
    def reachable(self) -> np.ndarray:
        """Whether there is a way at all, shape (i, j)."""
        return np.isfinite(self.minutes)

    @cached_property
    def late(self) -> np.ndarray:
        """Minutes beyond the limit, max(0, t - T), shape (i, j); 0 where unreachable."""
        late = np.round(self.minutes - self.objective.limit, NOISE_DIGITS)
        return np.where(self.reachable, np.maximum(late, 0.0), 0.0)

    @cached_property
    def on_time(self) -> np.ndarray:
        """λ of [M] Table 3: whether a delivery arrives within the limit, shape (i, j)."""
        return self.reachable & (self.late <= 0.0)

    @cached_property
    def unit_penalty(self) -> np.ndarray:
        """β(t - T) * max(0, t - T) of one unit, shape (i, j)."""
        return self.objective.tiers.at(self.late) * self.late

    @cached_property
    def unit_cost(self) -> np.ndarray:
        """c: use cost plus transport cost of one unit, shape (i, j, k); transport counts 0 where unreachable."""
        transport = self.objective.cost_per_km * np.where(self.reachable & np.isfinite(self.km), self.km, 0.0)
        return self.use_cost[:, None, :] + transport[:, :, None]

    @cached_property
    def combined_cost(self) -> np.ndarray:
        """What one unit adds to the fitness, η1 β max(0, t - T) + η2 c, shape (i, j, k); infinite where unreachable."""
        delay, cost = self.objective.weight_delay, self.objective.weight_cost
        combined = delay * self.unit_penalty[:, :, None] + cost * self.unit_cost
        return np.where(self.reachable[:, :, None], combined, np.inf)

    def with_demand(self, demand: np.ndarray) -> MetroProblem:
        """Return the same problem with another demand, shape (j, k)."""
        return replace(self, demand=demand)

    def with_objective(self, **changes: Any) -> MetroProblem:
        """Return the same problem judged otherwise; ``changes`` are attributes of :class:`DispatchObjective`."""
        return replace(self, objective=replace(self.objective, **changes))
