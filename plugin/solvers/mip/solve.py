"""Mixed-integer programs: a PuLP model (or arrays) in, checked whole-number values and their proof out.

The model code is the same for both solvers: HiGHS where ``highspy`` is installed, else the CBC that PuLP brings. What
either of them reports is a claim, which :mod:`solution` judges; one that does not agree with its values is put
to the solver again without a start and without presolve.

A search ends by its gap or by a number of nodes that follows from the effort and the size of the model, so that the
same program gives the same values whatever the machine is busy with. The clock only fences it in.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..control import Control
from ..effort import LEAST_SECONDS
from ..errors import Cancelled, SolverError
from ..gap import gap_percent
from . import cbc, highs
from .program import IntegerProgram, from_pulp
from .run import Limits, Run
from .solution import FEASIBLE, Judgement, Solution, describe, judge, nearly_whole, whole

if TYPE_CHECKING:  # pragma: no cover
    import pulp

POLL = 0.05  # seconds between two questions whether the user wants to stop
PATIENCE = 0.7  # seconds a solver gets to stop by itself once the user has asked
OVERTIME = 1.0  # seconds past its time limit after which a solver is told to end
WORK = (50_000, 1_000_000, 20_000_000)  # nodes times entries of the matrix, by effort
FEWEST_NODES = (1, 20, 200)  # by effort, for a large matrix


def solve_program(
    problem: pulp.LpProblem,
    *,
    control: Control | None = None,
    mip_gap: float | None = None,
    solver: str | None = None,
    warm_start: bool = False,
) -> Solution:
    """Solve a PuLP model; its variables then hold the checked values, integers exactly whole.

    Parameters
    ----------
    problem : pulp.LpProblem
        Linear, minimising or maximising.
    control : Control, optional
        Its effort gives gap, nodes and fence, and remembers where the fence ended the search.
    mip_gap : float, optional
        Relative gap (a fraction) at which the solver may stop, instead of the effort's.
    solver : {"HiGHS", "CBC"}, optional
        Default: HiGHS where installed, else CBC.
    warm_start : bool
        Start from the values the variables hold; they are given back when the solver finds nothing better in time.

    Raises
    ------
    Cancelled
        Within a second of ``control.cancelled()`` turning true; no process is left behind.
    SolverError
        When the model is unbounded, no solver can be started, or the solver's values fail the check.
    """
    control = control or Control()
    program, variables = from_pulp(problem)
    start = None
    if warm_start:
        start = np.array([np.nan if v.varValue is None else v.varValue for v in variables], dtype=float)
    solution, x = solve_arrays(program, start=start, control=control, mip_gap=mip_gap, solver=solver)
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
    control: Control | None = None,
    mip_gap: float | None = None,
    solver: str | None = None,
) -> tuple[Solution, np.ndarray | None]:
    """Solve a program given as arrays; see :func:`solve_program`. Returns the solution and its values (v,).

    ``start`` (v,) is a solution to begin with, checked before it is used.

    Examples
    --------
    Of two things that weigh 2 and 3 and are worth 3 and 4 not more than 4 can be carried: the second alone is best.

    >>> program = IntegerProgram(
    ...     cost=np.array([3.0, 4.0]), lower=np.zeros(2), upper=np.ones(2), integer=np.ones(2, dtype=bool),
    ...     indptr=np.array([0, 2]), indices=np.array([0, 1]), values=np.array([2.0, 3.0]),
    ...     row_lower=np.array([-np.inf]), row_upper=np.array([4.0]), maximise=True,
    ... )
    >>> solution, x = solve_arrays(program)
    >>> solution.status, solution.objective, x.tolist()
    ('optimal', 4.0, [0.0, 1.0])
    """
    control = control or Control()
    begun = time.monotonic()
    control.stop_if_cancelled()
    backend = _backend(solver)
    gap = control.effort.mip_gap if mip_gap is None else mip_gap
    known = None if start is None else whole(program, start)
    found = _attempt(backend, program, known, known, gap, control)
    if not found.sound and not control.effort.stopped_early:
        control.log(
            f"{backend.name()} claims what its values do not bear out; asking again without a start and presolve."
        )
        found = _attempt(backend, program, None, found.x, gap, control, plain=True)
        if not found.sound and found.x is None and not control.effort.stopped_early:
            raise SolverError(
                f"{backend.name()} returned values that do not satisfy the model in whole numbers. "
                "Solve again with another solver (install or remove highspy), and please report the case."
            )
    apart = gap_percent(found.objective, found.bound)
    percent = None if apart is None else abs(apart)  # the bound of what is maximised lies above
    seconds = time.monotonic() - begun
    solution = Solution(found.status, found.objective, found.bound, percent, backend.name(), seconds)
    control.log(describe(solution))
    return solution, found.x


def _attempt(
    backend: Any,
    program: IntegerProgram,
    start: np.ndarray | None,
    known: np.ndarray | None,
    gap: float,
    control: Control,
    plain: bool = False,
) -> Judgement:
    """Run the solver once, from ``start``, and judge what it claims beside the ``known`` solution."""
    seconds = max(LEAST_SECONDS, control.effort.remaining) if np.isfinite(control.effort.remaining) else 0.0
    nodes = max(control.effort.pick(*FEWEST_NODES), control.effort.pick(*WORK) // max(1, len(program.values)))
    run = _supervise(backend, program, start, Limits(gap, nodes, seconds), control, plain)
    if run.by_clock:
        control.effort.stopped_early = True
    x = None if run.x is None else _whole(backend, program, run.x, control)
    return judge(program, run.status, x, run.bound, known, gap)


def _backend(solver: str | None) -> Any:
    """Return the module of the solver asked for, HiGHS before CBC."""
    if solver == "CBC":
        return cbc
    if solver == "HiGHS" or highs.usable():
        return highs
    return cbc


def _supervise(
    backend: Any,
    program: IntegerProgram,
    start: np.ndarray | None,
    limits: Limits,
    control: Control,
    plain: bool = False,
) -> Run:
    """Run the solver in a thread of its own, so that a stop is obeyed whatever the solver is busy with."""
    run, time_limit = Run(), limits.seconds
    if len(program.cost) == 0:  # only the constants of the rows are left to look at
        fits = bool(np.all(program.row_lower <= 0.0) and np.all(program.row_upper >= 0.0))
        run.status = "optimal" if fits else "infeasible"
        if fits:
            run.x, run.bound = np.zeros(0), program.offset
        return run

    def work() -> None:
        try:
            backend.run(program, start, limits, run, plain)
        except BaseException as error:  # handed to the caller's thread
            run.error = error

    thread = threading.Thread(target=work, name="integer-program", daemon=True)
    begun = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(POLL)
        if control.cancelled():
            run.stop.set()
            thread.join(PATIENCE)
            raise Cancelled
        elapsed = time.monotonic() - begun
        if time_limit > 0 and elapsed > time_limit + OVERTIME:
            run.late.set()
            run.by_clock = True
        if time_limit > 0 and elapsed > time_limit + backend.longest_overtime(time_limit):
            run.stop.set()  # ends the thread when the solver next asks
            return Run(by_clock=True)
        share = elapsed / time_limit if time_limit > 0 else elapsed / (elapsed + 60.0)
        control.progress(min(share, 1.0), _news(run))
    if run.error is not None:
        raise run.error
    return run


def _news(run: Run) -> str:
    gap = gap_percent(run.incumbent, run.best_bound)
    return "" if gap is None else f"Best solution {run.incumbent:.6g}, at most {abs(gap):.2g} % from the optimum"


def _whole(backend: Any, program: IntegerProgram, x: np.ndarray, control: Control) -> np.ndarray | None:
    """Return ``x`` with exact whole numbers and every constraint checked, None when that is not possible."""
    done, rounded = whole(program, x), nearly_whole(program, x)
    if done is not None or rounded is None or program.integer.all() or not program.integer.any():
        return done
    # Rounding moved the whole numbers away under the continuous ones: fit those again around them.
    fixed = replace(
        program,
        lower=np.where(program.integer, rounded, program.lower),
        upper=np.where(program.integer, rounded, program.upper),
        integer=np.zeros(len(x), dtype=bool),
    )
    again = _supervise(backend, fixed, None, Limits(0.0, 1, 0.0), control.unseen())
    if again.x is None:
        return None
    fitted = np.where(program.integer, rounded, again.x)
    return fitted if program.infeasibility(fitted) <= FEASIBLE else None
