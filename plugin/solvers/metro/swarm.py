"""Particle swarm optimisation as in [M] section 4.2, on the building blocks of pyswarms."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..errors import SolverError
from .dispatch import Dispatch, fitness_of
from .problem import MetroProblem
from .swarm_library import load_swarm_library
from .swarm_space import Repair, SwarmSpace

MOST_NUMBERS = 2_000_000  # in one array of the swarm; 1000 iterations then take about a minute
REPORT_EVERY = 20  # iterations between two reports of progress


@dataclass(frozen=True)
class SwarmParameters:
    """[M] Table 4.

    Attributes
    ----------
    particles, iterations : int
        N and T_max.
    x_max, v_max : float
        Largest position and velocity of a coordinate, units.
    c1, c2 : float
        Self-cognition and group-cognition coefficient.
    inertia_max, inertia_min : float
        δ_max and δ_min.
    """

    particles: int = 200
    iterations: int = 1000
    x_max: float = 250.0
    v_max: float = 10.0
    c1: float = 1.424
    c2: float = 1.424
    inertia_max: float = 0.9
    inertia_min: float = 0.4

    def __post_init__(self) -> None:
        if self.particles < 1 or self.iterations < 1:
            raise SolverError("The swarm needs at least one particle and one iteration.")
        if self.x_max < 1 or self.v_max <= 0:
            raise SolverError("The swarm's largest position must be at least 1 and its largest velocity above 0.")
        if self.inertia_min > self.inertia_max:
            raise SolverError("The swarm's lower inertia weight lies above the upper one. Exchange the two.")

    def inertia(self, iteration: int) -> float:
        """Return δ(t), [M] eq. 7: falling with the fifth root of t until 0.8 T_max, then δ_min."""
        turn = 0.8 * self.iterations
        if iteration >= turn:
            return self.inertia_min
        return self.inertia_max - (self.inertia_max - self.inertia_min) * (iteration / turn) ** 0.2


@dataclass(frozen=True)
class SwarmHistory:
    """The course of a run, one entry an iteration, shape (iterations,) each.

    Attributes
    ----------
    best : ndarray
        Fitness of the best feasible particle so far, NaN until there is one.
    violation : ndarray
        Constraint violation of the swarm's best, in units; 0 once feasible.
    mean : ndarray
        Mean fitness of the particles that are feasible in this iteration, NaN where none is.
    feasible : ndarray
        Share of the particles that are feasible in this iteration.
    """

    best: np.ndarray
    violation: np.ndarray
    mean: np.ndarray
    feasible: np.ndarray


@dataclass(frozen=True)
class SwarmResult:
    """The swarm's answer.

    Attributes
    ----------
    dispatch : Dispatch
        Its ``bound`` is None, since a swarm proves nothing.
    violation : float
        Of the swarm's best particle; where it is not 0, the allocation is that particle after the repair step, so
        that it keeps to the stocks.
    history : SwarmHistory
    """

    dispatch: Dispatch
    violation: float
    history: SwarmHistory


def solve_swarm(
    problem: MetroProblem,
    parameters: SwarmParameters | None = None,
    *,
    seed: int = 0,
    repair: bool = False,
    on_time: np.ndarray | None = None,
    control: Control | None = None,
) -> SwarmResult:
    """Search for a good allocation with a swarm whose particles are whole allocations.

    A particle has a coordinate for each way from a stock to a demand (15 in the paper's case) and is valued at its
    coordinates rounded to whole units. Particles are compared by Deb's rules: feasible before infeasible, among
    feasible ones the lower fitness, among infeasible ones the lower violation. Velocities follow [M] eq. 5 and 6.

    Parameters
    ----------
    problem : MetroProblem
        Demand that the stocks cannot meet leaves the swarm without a feasible particle; pass what can be served.
    repair : bool
        Ours, not the paper's: mend every particle before it is valued, see :class:`Repair`.
    on_time : ndarray of bool, shape (j, k), optional
        Demands of which a unit must arrive on time; default: wherever a stock is within the limit.
    control : Control, optional
        Of its effort only the fence counts, at which the best found by then is returned; how long the swarm searches is
        a number of iterations.

    Raises
    ------
    MissingDependency
        When pyswarms is not installed.
    SolverError
        When the problem is too large for a swarm.
    """
    control = control or Control()
    parameters = parameters or SwarmParameters()
    start = time.monotonic()
    space = SwarmSpace.of(problem, parameters.x_max, on_time)
    _check_size(space, parameters, control)
    mend = Repair(problem, space)
    best, track = _iterate(space, parameters, mend if repair else None, seed, control)
    violation = float(track.violation[-1]) if len(track.violation) else 0.0
    units = space.units(mend(best[None])[0] if violation > 0 else best)
    name = "particle swarm with repair" if repair else "particle swarm"
    dispatch = Dispatch(units, fitness_of(problem, units), name, None, time.monotonic() - start)
    state = "" if violation == 0 else f", mended at the end (short of its constraints by {violation:g})"
    control.log(
        f"{name}: fitness {dispatch.fitness.total:,.2f}{state}, {len(track.best)} iterations in "
        f"{dispatch.seconds:.2f} s."
    )
    return SwarmResult(dispatch, violation, track)


def _check_size(space: SwarmSpace, parameters: SwarmParameters, control: Control) -> None:
    """Refuse a space too large for a swarm, and say where x_max gave way."""
    if space.size * parameters.particles > MOST_NUMBERS:
        raise SolverError(
            f"METHOD: {parameters.particles} particles of {space.size} coordinates (rescue points x incidents x types) "
            f"are too many for the particle swarm. Use the exact method, or fewer particles."
        )
    if space.widened:
        control.log(
            f"The swarm's largest position {parameters.x_max:g} would keep it from meeting the demand for "
            f"{', '.join(space.widened)}; these coordinates reach up to the stock."
        )


def _iterate(
    space: SwarmSpace, parameters: SwarmParameters, mend: Repair | None, seed: int, control: Control
) -> tuple[np.ndarray, SwarmHistory]:
    """Return the best position, shape (v,), and the course of the search."""
    library = load_swarm_library()
    if space.size == 0:
        return np.zeros(0), SwarmHistory(*np.empty((4, 0)))
    rng = np.random.default_rng(seed)
    shape = (parameters.particles, space.size)
    swarm = library.swarm(
        position=rng.uniform(0.0, 1.0, shape) * space.upper,
        velocity=rng.uniform(-parameters.v_max, parameters.v_max, shape),
    )
    swarm.pbest_cost = np.full(parameters.particles, np.inf)
    swarm.best_pos = swarm.position[0]
    track = np.full((4, parameters.iterations), np.nan)
    done = 0
    for done in range(1, parameters.iterations + 1):
        if mend is not None:
            swarm.position = mend(swarm.position)
        fitness, violation = space.value(swarm.position)
        swarm.current_cost = np.where(violation > 0, space.ceiling + violation, fitness)
        swarm.pbest_pos, swarm.pbest_cost = library.personal_best(swarm)
        swarm.best_pos, swarm.best_cost = library.star.compute_gbest(swarm)
        track[:, done - 1] = _state(space, fitness, violation, float(swarm.best_cost))
        control.stop_if_cancelled()
        if control.effort.passed():
            break
        if done % REPORT_EVERY == 0:
            control.progress(done / parameters.iterations, "Particle swarm")
        draws = rng.uniform(0.0, 1.0, (2, *shape))
        swarm.velocity = np.clip(
            parameters.inertia(done) * swarm.velocity
            + parameters.c1 * draws[0] * (swarm.pbest_pos - swarm.position)
            + parameters.c2 * draws[1] * (swarm.best_pos - swarm.position),
            -parameters.v_max,
            parameters.v_max,
        )
        swarm.position = np.clip(swarm.position + swarm.velocity, 0.0, space.upper)
    return swarm.best_pos, SwarmHistory(*track[:, :done])


def _state(space: SwarmSpace, fitness: np.ndarray, violation: np.ndarray, best: float) -> tuple[float, ...]:
    """Return an entry of :class:`SwarmHistory`."""
    feasible = violation == 0
    infeasible_best = best > space.ceiling
    return (
        np.nan if infeasible_best else best,
        best - space.ceiling if infeasible_best else 0.0,
        float(fitness[feasible].mean()) if feasible.any() else np.nan,
        float(feasible.mean()),
    )
