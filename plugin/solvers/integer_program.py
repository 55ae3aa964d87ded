"""Mixed-integer programs: a PuLP model (or arrays) in, checked whole-number values and their proof out.

The model code is the same for both solvers: HiGHS where ``highspy`` is installed, else the CBC that PuLP brings. What
PuLP reports is not trusted as a proof: status, bound and gap are read from the solver itself, integer values are
rounded to exact whole numbers, and every bound and constraint is checked again with the rounded values.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from .control import Cancelled, IsCancelled, Progress, SolverError, never, no_progress, stop_if
from .program_arrays import IntegerProgram, from_pulp, new_variable

if TYPE_CHECKING:  # pragma: no cover
    import pulp

__all__ = ["IntegerProgram", "Solution", "describe", "from_pulp", "new_variable", "solve_arrays", "solve_program"]

POLL = 0.05  # seconds between two questions whether the user wants to stop
PATIENCE = 0.7  # seconds a solver gets to stop by itself once the user has asked
OVERTIME = 1.0  # seconds past its time limit after which a solver is told to end
WHOLE = 1e-4  # an integer variable farther than this from a whole number is no solution
FEASIBLE = 1e-6  # residual of a row allowed, relative to the size of its terms


@dataclass(frozen=True)
class Solution:
    """What a solver reached and can prove.

    Attributes
    ----------
    status : str
        "optimal" (within the gap asked for), "feasible" (stopped by the time limit), "infeasible" or "none" (stopped
        before any solution was found).
    objective : float or None
        Value of the rounded solution, None without one.
    bound : float or None
        Proven bound of the objective (lower when minimising), None when unknown.
    gap : float or None
        ``100 * (objective - bound) / objective`` percent, None when unknown.
    solver : str
        Name and version.
    seconds : float
        Time spent, building the solver's model included.
    """

    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    solver: str
    seconds: float

    @property
    def found(self) -> bool:
        """Whether there are values to use."""
        return self.status in ("optimal", "feasible")


@dataclass
class Run:
    """What passes between a solver's thread and the caller's while it runs, and its raw outcome afterwards."""

    stop: threading.Event = field(default_factory=threading.Event)  # the user wants no answer any more
    late: threading.Event = field(default_factory=threading.Event)  # the time is over: end with what there is
    incumbent: float | None = None
    best_bound: float | None = None
    status: str = "none"  # as of Solution
    x: np.ndarray | None = None
    bound: float | None = None
    error: BaseException | None = None


def solve_program(
    problem: pulp.LpProblem,
    *,
    time_limit: float = 60.0,
    mip_gap: float = 1e-4,
    solver: str | None = None,
    warm_start: bool = False,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Callable[[str], None] | None = None,
) -> Solution:
    """Solve a PuLP model; its variables then hold the checked values, integers exactly whole.

    Parameters
    ----------
    problem : pulp.LpProblem
        Linear, minimising or maximising.
    time_limit : float
        Seconds, 0 for none; the best solution found by then is returned.
    mip_gap : float
        Relative gap (a fraction) at which the solver may stop.
    solver : {"HiGHS", "CBC"}, optional
        Default: HiGHS where installed, else CBC.
    warm_start : bool
        Start from the values the variables hold; they are given back when the solver finds nothing better in time.

    Raises
    ------
    Cancelled
        Within a second of ``cancelled()`` turning true; no process is left behind.
    SolverError
        When the model is unbounded, no solver can be started, or the solver's values fail the check.
    """
    program, variables = from_pulp(problem)
    start = None
    if warm_start:
        start = np.array([np.nan if v.varValue is None else v.varValue for v in variables], dtype=float)
    solution, x = solve_arrays(
        program,
        start=start,
        time_limit=time_limit,
        mip_gap=mip_gap,
        solver=solver,
        progress=progress,
        cancelled=cancelled,
        log=log,
    )
    if x is not None:
        for variable, value, whole in zip(variables, x.tolist(), program.integer.tolist()):
            variable.varValue = int(value) if whole else value
    codes = {"optimal": (1, 1), "feasible": (1, 2), "infeasible": (-1, -1), "none": (0, 0)}  # PuLP's own constants
    problem.status, problem.sol_status = codes[solution.status]
    return solution


def solve_arrays(
    program: IntegerProgram,
    *,
    start: np.ndarray | None = None,
    time_limit: float = 60.0,
    mip_gap: float = 1e-4,
    solver: str | None = None,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Callable[[str], None] | None = None,
) -> tuple[Solution, np.ndarray | None]:
    """Solve a program given as arrays; see :func:`solve_program`. Returns the solution and its values (v,).

    ``start`` (v,) is a solution to begin with, checked before it is used.
    """
    begun = time.monotonic()
    stop_if(cancelled)
    backend = _backend(solver)
    if start is not None:
        start = _rounded(program, start)
    run = _supervise(backend, program, start, time_limit, mip_gap, progress, cancelled)
    x, status, bound = run.x, run.status, run.bound
    if x is not None:
        x = _whole(backend, program, x, progress, cancelled)
        if x is None and status == "optimal":
            raise SolverError(
                f"{backend.name()} returned values that do not satisfy the model in whole numbers. "
                "Solve again with another solver (install or remove highspy), and please report the case."
            )
    if x is None and status in ("optimal", "feasible"):
        status = "none"
    if start is not None and status != "infeasible" and (x is None or _better(program, start, x)):
        x, status = start, "feasible" if status == "none" else status
    objective = None if x is None else program.objective(x)
    if objective is not None and bound is not None:  # rounding may pass the bound by the solver's tolerance
        bound = max(bound, objective) if program.maximise else min(bound, objective)
    seconds = time.monotonic() - begun
    solution = Solution(status, objective, bound, gap_percent(objective, bound), backend.name(), seconds)
    if log is not None:
        log(describe(solution))
    return solution, x


def describe(solution: Solution) -> str:
    """Return a sentence on how a program was solved."""
    if not solution.found:
        outcome = "no solution exists" if solution.status == "infeasible" else "no solution within the time limit"
        return f"{solution.solver}: {outcome} ({solution.seconds:.1f} s)."
    proof = "" if solution.gap is None else f", proven within {solution.gap:.3g} %"
    return (
        f"{solution.solver}: {solution.status}, objective {solution.objective:.8g}{proof} ({solution.seconds:.1f} s)."
    )


def _backend(solver: str | None) -> Any:
    """Return the module of the solver asked for, HiGHS before CBC."""
    from . import solver_cbc, solver_highs

    if solver == "CBC":
        return solver_cbc
    if solver == "HiGHS" or solver_highs.usable():
        return solver_highs
    return solver_cbc


def _supervise(
    backend: Any,
    program: IntegerProgram,
    start: np.ndarray | None,
    time_limit: float,
    mip_gap: float,
    progress: Progress,
    cancelled: IsCancelled,
) -> Run:
    """Run the solver in a thread of its own, so that a stop is obeyed whatever the solver is busy with."""
    run = Run()

    if len(program.cost) == 0:  # only the constants of the rows are left to look at
        fits = bool(np.all(program.row_lower <= 0.0) and np.all(program.row_upper >= 0.0))
        run.status = "optimal" if fits else "infeasible"
        if fits:
            run.x, run.bound = np.zeros(0), program.offset
        return run

    def work() -> None:
        try:
            backend.run(program, start, time_limit, mip_gap, run)
        except BaseException as error:  # handed to the caller's thread
            run.error = error

    thread = threading.Thread(target=work, name="integer-program", daemon=True)
    begun = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(POLL)
        if cancelled():
            run.stop.set()
            thread.join(PATIENCE)
            raise Cancelled
        elapsed = time.monotonic() - begun
        if time_limit > 0 and elapsed > time_limit + OVERTIME:
            run.late.set()
        if time_limit > 0 and elapsed > time_limit + backend.longest_overtime(time_limit):
            run.stop.set()  # ends the thread when the solver next asks
            return Run()
        share = elapsed / time_limit if time_limit > 0 else elapsed / (elapsed + 60.0)
        progress(min(share, 1.0), _news(run))
    if run.error is not None:
        raise run.error
    return run


def _news(run: Run) -> str:
    gap = gap_percent(run.incumbent, run.best_bound)
    return "" if gap is None else f"Best solution {run.incumbent:.6g}, at most {gap:.2g} % from the optimum"


def _whole(
    backend: Any, program: IntegerProgram, x: np.ndarray, progress: Progress, cancelled: IsCancelled
) -> np.ndarray | None:
    """Return ``x`` with exact whole numbers and every constraint checked, None when that is not possible."""
    done = _rounded(program, x)
    if done is not None:
        return done
    rounded = np.clip(np.where(program.integer, np.round(x), x), program.lower, program.upper)
    if not np.all(np.isfinite(x)) or np.abs(rounded - x).max(initial=0.0) > WHOLE:
        return None
    if program.integer.all() or not program.integer.any():
        return None
    # Rounding moved the whole numbers away under the continuous ones: fit those again around them.
    fixed = replace(
        program,
        lower=np.where(program.integer, rounded, program.lower),
        upper=np.where(program.integer, rounded, program.upper),
        integer=np.zeros(len(x), dtype=bool),
    )
    again = _supervise(backend, fixed, None, 0.0, 0.0, no_progress, cancelled)
    if again.x is None:
        return None
    fitted = np.where(program.integer, rounded, again.x)
    return fitted if program.infeasibility(fitted) <= FEASIBLE else None


def _rounded(program: IntegerProgram, x: np.ndarray) -> np.ndarray | None:
    """Return ``x`` with exact whole numbers when that satisfies everything, else None."""
    rounded = np.where(program.integer, np.round(x), x)
    if not np.all(np.isfinite(x)) or np.abs(rounded - x).max(initial=0.0) > WHOLE:
        return None
    rounded = np.clip(rounded, program.lower, program.upper)
    return rounded if program.infeasibility(rounded) <= FEASIBLE else None


def _better(program: IntegerProgram, one: np.ndarray, other: np.ndarray) -> bool:
    difference = program.objective(one) - program.objective(other)
    return difference > 0 if program.maximise else difference < 0


def gap_percent(objective: float | None, bound: float | None) -> float | None:
    """Return the gap in percent of the value, None where it has no meaning."""
    if objective is None or bound is None or not (np.isfinite(objective) and np.isfinite(bound)):
        return None
    difference = abs(objective - bound)
    if difference <= 1e-9 * max(1.0, abs(objective)):
        return 0.0
    return None if objective == 0 else 100.0 * difference / abs(objective)
