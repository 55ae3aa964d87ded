"""Travel time of a road as a function of the flow on it, and the objective that the assignment minimises.

Every volume-delay function of the ``cumulative`` flow model has the form ``t(v) = t_w (1 + factor v^power)`` with
``v = background + x``: the linear one ([E] Definition 7) has power 1 and factor alpha, BPR has factor
``a / scale^b`` where ``scale`` is the flow at which volume equals capacity.

Of one road with flow ``x`` of our trips beside the background ``b``:

* ``system``: ``F(x) = x t(b + x)``, the time that our trips spend on it ([E] eq. 17); its derivative, the marginal
  cost, is ``t(b + x) + x t'(b + x)``, with linear cost and no background ``t_w (1 + 2 alpha x)``.
* ``user``: ``F(x)`` is the integral of ``t(b + s)`` over s from 0 to x (Beckmann), its derivative ``t(b + x)``.

Both are convex in ``x`` for every factor >= 0 and power >= 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import SolverError
from ...kernels import compiled


@dataclass(frozen=True)
class ArcCost:
    """Parameters of the volume-delay function of every directed arc.

    Attributes
    ----------
    free_flow : (m,) float64
        Time at zero flow ``t_w``, seconds.
    factor : (m,) float64
        Relative increase of the time at a flow of one, 1 / flow^power.
    power : (m,) float64
        Exponent of the flow.
    """

    free_flow: np.ndarray
    factor: np.ndarray
    power: np.ndarray

    @classmethod
    def linear(cls, free_flow: np.ndarray, alpha: np.ndarray | float) -> ArcCost:
        """Return ``t = t_w (1 + alpha f)`` ([E] Definition 7); ``alpha`` a vehicle, one number or of each arc (m,)."""
        free_flow = np.asarray(free_flow, dtype=np.float64)
        factor = np.broadcast_to(np.asarray(alpha, dtype=np.float64), free_flow.shape).copy()
        return cls(free_flow, factor, np.ones(len(free_flow)))

    @classmethod
    def bpr(cls, free_flow: np.ndarray, scale: np.ndarray, a: float = 0.15, b: float = 4.0) -> ArcCost:
        """Return ``t = t_w (1 + a (f / scale)^b)``; ``scale`` (m,) is capacity times the analysis period, vehicles.

        ``a`` and ``b`` are numbers or arrays (m,).
        """
        free_flow = np.asarray(free_flow, dtype=np.float64)
        scale = np.asarray(scale, dtype=np.float64)
        if not (scale > 0).all():
            arc = int(np.flatnonzero(~(scale > 0))[0])
            raise SolverError(f"The capacity of arc {arc} is {scale[arc]}; BPR needs a capacity above 0.")
        power = np.broadcast_to(np.asarray(b, dtype=np.float64), scale.shape).copy()
        return cls(free_flow, np.asarray(a, dtype=np.float64) / scale**power, power)

    def checked(self, arcs: int) -> ArcCost:
        """Return the same parameters as contiguous float64 arrays, or raise SolverError when they are unusable."""
        names = {"free_flow": "free-flow time", "factor": "delay factor", "power": "delay exponent"}
        values = []
        for name, text in names.items():
            array = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if array.shape != (arcs,):
                raise SolverError(f"The {text} has shape {array.shape} for {arcs} arcs.")
            bad = ~(np.isfinite(array) & (array >= 0))
            if bad.any():
                arc = int(np.flatnonzero(bad)[0])
                raise SolverError(f"The {text} of arc {arc} is {array[arc]}; it must be a finite number of at least 0.")
            values.append(array)
        return ArcCost(*values)

    def times(self, flow: np.ndarray) -> np.ndarray:
        """Return the travel time (m,) in seconds at the total flow (m,), background included."""
        return self.free_flow * (1.0 + self.factor * np.asarray(flow, dtype=np.float64) ** self.power)


@compiled
def raised(v, p):
    """Return ``v**p``, fast for the exponents that occur (1, BPR's 4 and those of its derivatives)."""
    if p == 1.0:
        return v
    if p == 4.0:
        return v * v * v * v
    if p == 3.0:
        return v * v * v
    if p == 2.0:
        return v * v
    if p == 0.0:
        return 1.0
    if v <= 0.0:
        return 0.0 if p > 0.0 else 1e30
    return v**p


@compiled
def value_of(system, t, k, p, b, x):
    """Return ``F(x)`` of one road: ``t`` free-flow time, ``k`` time times factor, ``p`` power, ``b`` background."""
    if system:
        return x * (t + k * raised(b + x, p))
    return t * x + k * (raised(b + x, p + 1.0) - raised(b, p + 1.0)) / (p + 1.0)


@compiled
def marginal_of(system, t, k, p, b, x):
    """Return ``F'(x)`` of one road."""
    if p == 1.0:
        return t + k * (b + x + x) if system else t + k * (b + x)
    if p == 0.0:
        return t + k
    if system and x > 0.0:
        return t + k * raised(b + x, p - 1.0) * (b + x + p * x)
    return t + k * raised(b + x, p)


@compiled
def curvature_of(system, k, p, b, x):
    """Return ``F''(x)`` of one road."""
    if p == 1.0:
        return k + k if system else k
    if p == 0.0 or k == 0.0:
        return 0.0
    v = b + x
    slope = k * p * raised(v, p - 1.0)
    if system:
        slope *= 2.0
        if x > 0.0:
            slope += x * k * p * (p - 1.0) * raised(v, p - 2.0)
    return slope


# Columns of the table of arcs that the kernels share: one row, one cache line, an arc.
FREE, SLOPE, POWER, BACKGROUND, FLOW, MARGINAL, CURVATURE, OWN = range(8)


def table_of(cost: ArcCost, background: np.ndarray) -> np.ndarray:
    """Return the (m, 8) table of arcs: cost parameters, background, then zero flow (total and of one destination)."""
    table = np.zeros((len(background), 8))
    table[:, FREE] = cost.free_flow
    table[:, SLOPE] = cost.free_flow * cost.factor
    table[:, POWER] = cost.power
    table[:, BACKGROUND] = background
    return table


@compiled
def value_at(system, row, x):
    """Return ``F(x)`` of the road with this row of the table."""
    return value_of(system, row[FREE], row[SLOPE], row[POWER], row[BACKGROUND], x)


@compiled
def marginal_at(system, row, x):
    """Return ``F'(x)`` of the road with this row of the table."""
    return marginal_of(system, row[FREE], row[SLOPE], row[POWER], row[BACKGROUND], x)


@compiled
def curvature_at(system, row, x):
    """Return ``F''(x)`` of the road with this row of the table."""
    return curvature_of(system, row[SLOPE], row[POWER], row[BACKGROUND], x)


@compiled
def total_value(system, table):
    """Return the objective, the sum of ``F`` over the roads at their flow."""
    total = 0.0
    for e in range(len(table)):
        if table[e, FLOW] > 0.0:
            total += value_at(system, table[e], table[e, FLOW])
    return total


@compiled
def refresh(system, table):
    """Fill the columns of the marginal cost and its slope from the column of the flow."""
    for e in range(len(table)):
        table[e, MARGINAL] = marginal_at(system, table[e], table[e, FLOW])
        table[e, CURVATURE] = curvature_at(system, table[e], table[e, FLOW])
