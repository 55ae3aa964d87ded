"""The answer to a metro emergency: the exact optimum and, where asked for, the swarm's answers beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

from ..control import Control
from .dispatch import Dispatch, UnmetDemand, unmet_demands
from .optimum import solve_optimum
from .problem import MetroProblem
from .swarm import SwarmHistory, SwarmParameters, SwarmResult, solve_swarm

PLAIN, REPAIR = "plain", "repair"
NAMES = {PLAIN: "Particle swarm, as published", REPAIR: "Particle swarm with our repair step"}
REACHED = 1e-7  # percent
TIMES = 1.5  # value over bound from which their ratio says more than the gap, which ends at 100 %


@dataclass(frozen=True)
class Response:
    """What is to be done, and how good it is.

    Attributes
    ----------
    dispatch : Dispatch
        The answer: the exact one, or that of the swarm that was asked for.
    exact : Dispatch
    unmet_demands : list of UnmetDemand
        Of the answer.
    gap : float or None
        Percent of the answer's fitness above the exact bound; None where nothing was proved, or where the swarm serves
        less of the demand than the optimum does, so that the two cannot be compared.
    swarms : dict
        From "plain" and "repair" to the swarms' results; empty with the exact method.
    """

    dispatch: Dispatch
    exact: Dispatch
    unmet_demands: list[UnmetDemand]
    gap: float | None
    swarms: dict[str, SwarmResult] = field(default_factory=dict)

    @property
    def optimum(self) -> float | None:
        """Fitness of the optimum, None where it was not proved."""
        return self.exact.fitness.total if self.exact.proved else None

    @property
    def histories(self) -> dict[str, SwarmHistory]:
        """The courses of the swarms."""
        return {name: result.history for name, result in self.swarms.items()}


def respond(
    problem: MetroProblem,
    *,
    swarm: SwarmParameters | None = None,
    repair: bool = True,
    seed: int = 0,
    control: Control | None = None,
    warn: Callable[[str], None] | None = None,
) -> Response:
    """Solve exactly and, with ``swarm``, by the plain swarm and the one with repair; ``repair`` says which one answers.

    The swarms are given the demand that can be met according to the exact answer, since a particle that misses some
    demand is infeasible to them, and all would be where the stocks do not suffice.

    Examples
    --------
    Nothing is stocked of what is wanted, and the answer says so.

    >>> import numpy as np
    >>> none, minutes = np.array([[0]]), np.array([[10.0]])
    >>> problem = MetroProblem(("A",), ("fire",), ("mask",), none, none, np.array([[7]]), minutes, minutes)
    >>> [(short.unmet, short.reason) for short in respond(problem).unmet_demands]
    [(7, 'no rescue point stocks mask')]
    """
    control = control or Control()
    share = 1.0 if swarm is None else 0.4
    exact = solve_optimum(problem, control=control.part(0.0, share), warn=warn)
    if swarm is None:
        return Response(exact, exact, unmet_demands(problem, exact.units), exact.fitness.gap_to(exact.bound))
    served = exact.units.sum(axis=0)
    timely = (exact.units * problem.on_time[:, :, None]).sum(axis=0) > 0
    if (served < problem.demand).any():
        control.log("The swarm is given the demand that the stocks can meet.")
    results = {}
    for count, (name, mend) in enumerate(((PLAIN, False), (REPAIR, True))):
        results[name] = solve_swarm(
            problem.with_demand(served),
            swarm,
            seed=seed,
            repair=mend,
            on_time=timely,
            control=control.part(0.4 + 0.3 * count, 0.7 + 0.3 * count),
        )
    for name, result in results.items():
        control.log(f"{NAMES[name]}: {compared(problem, result, exact)}.")
    answer = results[REPAIR if repair else PLAIN].dispatch
    return Response(answer, exact, unmet_demands(problem, answer.units), gap_to(problem, answer, exact), results)


def compared(problem: MetroProblem, swarm: SwarmResult, exact: Dispatch) -> str:
    """Return how far a swarm's answer is from the exact one, in words."""
    gap = gap_to(problem, swarm.dispatch, exact)
    mended = "no feasible particle was found, so its best one was mended at the end; " if swarm.violation > 0 else ""
    if gap is None or exact.bound is None:
        return mended + "serves less than the exact answer, or nothing was proved"
    if gap <= REACHED:
        return mended + "reached the optimum"
    if swarm.dispatch.fitness.total >= TIMES * exact.bound > 0.0:
        return f"{mended}{swarm.dispatch.fitness.total / exact.bound:.1f} times the optimum"
    return f"{mended}{gap:.2g} % above the optimum"


def gap_to(problem: MetroProblem, answer: Dispatch, exact: Dispatch) -> float | None:
    """Return the gap of an answer to the exact bound in percent, None where it serves less than the exact answer."""
    ours, best = answer.units.sum(axis=0), exact.units.sum(axis=0)
    ours_timely, best_timely = ((a.units * problem.on_time[:, :, None]).sum(axis=0) for a in (answer, exact))
    if (ours < best).any() or ((ours_timely == 0) & (best_timely > 0)).any():
        return None
    return answer.fitness.gap_to(exact.bound)
