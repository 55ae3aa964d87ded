"""How the fitness F answers to rescue points, types or a parameter, and what the curves say: [M] section 5.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np

from ..control import Control
from ..errors import SolverError
from .dispatch import Dispatch, Fitness, fitness_of
from .optimum import solve_optimum
from .problem import MetroProblem
from .subsets import best_choices

RESCUE_POINTS, RESOURCE_TYPES = "rescue points", "resource types"
SAME = 1e-6  # relative difference of two fitness values that counts as none


@dataclass(frozen=True)
class Sample:
    """One point of a curve.

    Attributes
    ----------
    value : float
        The number of rescue points or types, or the parameter's value.
    fitness : Fitness
    missing, late : int
        Units missing, and demands without a unit on time.
    chosen : tuple of str
        Names of the rescue points that may send (or, for the other curves, do send), or of the types demanded.
    proved : bool
        Whether the answer is proved to be the best.
    """

    value: float
    fitness: Fitness
    missing: int
    late: int
    chosen: tuple[str, ...]
    proved: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and something of each type comes on time."""
        return self.missing == 0 and self.late == 0


def by_rescue_points(problem: MetroProblem, *, control: Control | None = None) -> list[Sample]:
    """Return F of the best subset for each number of rescue points, 1 to all of them."""
    control = control or Control()
    choices = best_choices(problem, control=control)
    return [
        Sample(c.count, c.fitness, c.missing, c.late, tuple(problem.stations[i] for i in c.stations), c.proved)
        for c in choices
    ]


def by_resource_types(
    problem: MetroProblem, *, control: Control | None = None, warn: Callable[[str], None] | None = None
) -> list[Sample]:
    """Return F of the first 1, 2, ... demanded types, in the order of the problem's types.

    Types share nothing, so one solve of all gives every number: what the first types cost adds up.
    """
    control = control or Control()
    best = solve_optimum(problem, control=control.unlogged(), warn=warn)
    wanted = np.flatnonzero(problem.demand.any(axis=0))
    out = []
    for count in range(1, len(wanted) + 1):
        keep = np.zeros(len(problem.resources), dtype=bool)
        keep[wanted[:count]] = True
        limited = problem.with_demand(problem.demand * keep)
        units = best.units * keep
        names = tuple(problem.resources[k] for k in wanted[:count])
        out.append(sample_of(limited, count, units, names, best.proved))
    return out


def by_parameter(
    values: Sequence[float],
    variant: Callable[[float], MetroProblem],
    *,
    control: Control | None = None,
    warn: Callable[[str], None] | None = None,
) -> list[Sample]:
    """Return F at each value of a parameter; ``variant`` gives the problem with that value."""
    control = control or Control()
    out = []
    for step, value in enumerate(values):
        control.stop_if_cancelled()
        inner = control.part(step / len(values), (step + 1) / len(values))
        problem = variant(float(value))
        best: Dispatch = solve_optimum(problem, control=inner.unlogged(), warn=warn)
        senders = tuple(problem.stations[i] for i in np.flatnonzero(best.units.any(axis=(1, 2))))
        out.append(sample_of(problem, value, best.units, senders, best.proved))
    return out


def sample_of(problem: MetroProblem, value: float, units: np.ndarray, chosen: tuple[str, ...], proved: bool) -> Sample:
    """Return what ``units``, shape (i, j, k), are as a point of a curve."""
    timely = (units * problem.on_time[:, :, None]).sum(axis=0)
    missing = int((problem.demand - units.sum(axis=0)).sum())
    late = int(((problem.demand > 0) & (timely == 0)).sum())
    return Sample(float(value), fitness_of(problem, units), missing, late, chosen, proved)


def scaled_minutes(problem: MetroProblem, factor: float) -> MetroProblem:
    """Return the problem with all travel times multiplied."""
    return replace(problem, minutes=problem.minutes * factor)


def scaled_ways(problem: MetroProblem, factor: float) -> MetroProblem:
    """Return the problem with all travel times and distances multiplied."""
    return replace(problem, minutes=problem.minutes * factor, km=problem.km * factor)


def scaled_demand(problem: MetroProblem, factor: float) -> MetroProblem:
    """Return the problem with the demand multiplied, rounded up to whole units."""
    return replace(problem, demand=np.ceil(np.round(problem.demand * factor, 9)).astype(np.int64))


def scaled_stock(problem: MetroProblem, factor: float) -> MetroProblem:
    """Return the problem with the stocks multiplied, rounded down to whole units."""
    return replace(problem, inventory=np.floor(np.round(problem.inventory * factor, 9)).astype(np.int64))


def steps(first: float, last: float, count: int) -> list[float]:
    """Return ``count`` values from ``first`` to ``last``.

    Raises
    ------
    SolverError
        When the range is empty or the wrong way round.

    Examples
    --------
    >>> steps(5.0, 30.0, 6)
    [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    """
    if not last > first:
        raise SolverError(f"RANGE_TO ({last:g}) must lie above RANGE_FROM ({first:g}).")
    if count < 2:
        raise SolverError("STEPS must be 2 or more.")
    return [float(value) for value in np.round(np.linspace(first, last, count), 12)]


def enough(samples: Sequence[Sample]) -> Sample:
    """Return the first sample after which nothing gets better: the same missing units, lateness and F as the last."""
    last = samples[-1]
    for sample in samples:
        close = abs(sample.fitness.total - last.fitness.total) <= SAME * max(1.0, abs(last.fitness.total))
        if close and (sample.missing, sample.late) == (last.missing, last.late):
            return sample
    return last


def rescue_points_sentence(samples: Sequence[Sample]) -> str:
    """Say from which number on another rescue point stops helping."""
    if not samples:
        return "There is nothing to compare."
    stop, last = enough(samples), samples[-1]
    names = ", ".join(stop.chosen) or "none"
    fitness = f"F = {stop.fitness.total:,.1f}"
    if stop is last and len(samples) > 1:
        text = f"Every rescue point helps, up to all {last.value:.0f} ({fitness})."
    elif len(samples) == 1:
        text = f"There is one rescue point only ({fitness})."
    else:
        text = (
            f"From {stop.value:.0f} rescue point(s) on, another one stops helping: the best are {names}, with "
            f"{fitness}, and all {last.value:.0f} together do no better."
        )
    first = next((s for s in samples if s.complete), None)
    if first is None:
        left = [f"{last.missing:,} unit(s) missing"] if last.missing else []
        left += [f"{last.late} demand(s) without a unit on time"] if last.late else []
        text += f" Even all together leave {' and '.join(left)}."
    elif first.value > samples[0].value:
        text += f" Fewer than {first.value:.0f} cannot serve the demand in full, so their F is not comparable."
    return text


def resource_types_sentence(samples: Sequence[Sample]) -> str:
    """Say how F grows with the types, and which one adds most."""
    if not samples:
        return "Nothing is demanded."
    fitness = np.array([sample.fitness.total for sample in samples])
    rises = np.diff(fitness, prepend=0.0)
    most = int(np.argmax(rises))
    return (
        f"F grows from {fitness[0]:,.1f} with one resource type to {fitness[-1]:,.1f} with {len(samples)}; "
        f"{samples[most].chosen[-1]} adds most ({rises[most]:,.1f})."
    )


def parameter_sentence(name: str, samples: Sequence[Sample]) -> str:
    """Say between which values F moves, where it does not, and where the demand is no longer served."""
    fitness = np.array([sample.fitness.total for sample in samples])
    low, high = int(np.argmin(fitness)), int(np.argmax(fitness))
    first, last = samples[0].value, samples[-1].value
    if fitness[high] - fitness[low] <= SAME * max(1.0, abs(fitness[high])):
        text = f"F does not answer to {name} between {first:g} and {last:g}: it stays at {fitness[0]:,.1f}."
    else:
        text = (
            f"F lies between {fitness[low]:,.1f} ({name} = {samples[low].value:g}) and {fitness[high]:,.1f} "
            f"({name} = {samples[high].value:g})."
        )
    short = [sample.value for sample in samples if not sample.complete]
    if short:
        text += (
            f" At {len(short)} of {len(samples)} values the demand cannot be served in full and in time "
            f"({min(short):g} to {max(short):g}), and F is not comparable there."
        )
    return text
