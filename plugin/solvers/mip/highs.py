"""HiGHS as the solver behind :mod:`solve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependencies import available, require
from ..errors import SolverError

if TYPE_CHECKING:  # pragma: no cover
    from .program import IntegerProgram
    from .run import Limits, Run

MOST_NODES = 2**31 - 1


def usable() -> bool:
    """Whether highspy is installed in a version whose runs can be interrupted."""
    if not available("highspy"):
        return False
    import highspy

    return hasattr(highspy.Highs, "setCallback") and hasattr(highspy, "cb")


def name() -> str:
    """Return name and version of the solver."""
    return f"HiGHS {quiet().version()}"


def quiet() -> Any:
    """Return a new solver that prints nothing, not even its banner.

    ``highspy.Highs`` turns its callbacks on while it is made, which prints a banner before ``output_flag`` can be set;
    standard output belongs to whoever called: ``qgis_process --json`` writes its results there.
    """
    highspy = require("highspy", "solving with HiGHS")

    class Quiet(highspy.Highs):  # type: ignore[name-defined, misc]
        def enableCallbacks(self) -> None:  # noqa: N802
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()

    solver = Quiet()
    solver.setOptionValue("output_flag", False)
    return solver


def longest_overtime(time_limit: float) -> float:
    """Return the seconds past its limit after which HiGHS is left alone: its presolve does not look at the clock."""
    return 5.0 + 0.1 * time_limit


def run(program: IntegerProgram, start: np.ndarray | None, limits: Limits, state: Run, plain: bool = False) -> None:
    """Solve ``program`` and leave claim, values and bound in ``state``; stops soon after ``state.stop`` is set.

    ``plain`` leaves presolve out.
    """
    highspy = require("highspy", "solving integer programs with HiGHS")
    solver = quiet()
    repeatable(solver)
    solver.setOptionValue("mip_rel_gap", float(limits.gap))
    solver.setOptionValue("mip_max_nodes", int(min(limits.nodes, MOST_NODES)))
    if plain:
        solver.setOptionValue("presolve", "off")
    if limits.seconds > 0:
        solver.setOptionValue("time_limit", float(limits.seconds))
    if solver.passModel(model_of(program)) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS could not take the model: a coefficient is not a number.")
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    _watch(highspy, solver, state)
    solver.run()
    _read(highspy, solver, program, state)


def repeatable(solver: Any) -> None:
    """Have HiGHS take the same way every time, however many processors there are.

    Its number of threads is left alone: it belongs to the whole process, and setting another one than the first is an
    error.
    """
    solver.setOptionValue("parallel", "off")
    solver.setOptionValue("random_seed", 0)


def model_of(program: IntegerProgram) -> Any:
    """Return the arrays as HiGHS's own model."""
    highspy = require("highspy", "solving with HiGHS")
    model = highspy.HighsLp()
    model.num_col_ = len(program.cost)
    model.num_row_ = len(program.row_lower)
    model.sense_ = highspy.ObjSense.kMaximize if program.maximise else highspy.ObjSense.kMinimize
    model.offset_ = program.offset
    model.col_cost_ = program.cost
    model.col_lower_ = program.lower
    model.col_upper_ = program.upper
    model.row_lower_ = program.row_lower
    model.row_upper_ = program.row_upper
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_ = model.num_col_
    matrix.num_row_ = model.num_row_
    matrix.start_ = program.indptr.astype(np.int32)
    matrix.index_ = program.indices.astype(np.int32)
    matrix.value_ = program.values
    if program.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[whole] for whole in program.integer.tolist()]
    return model


def _watch(highspy: Any, solver: Any, state: Run) -> None:
    """Have HiGHS ask now and then whether to stop; branch and bound also tells how far it is."""
    kinds = highspy.cb.HighsCallbackType

    def asked(kind: Any, message: str, out: Any, answer: Any, user_data: Any) -> None:
        """Answer HiGHS, which calls this from its own thread."""
        if state.stop.is_set() or state.late.is_set():
            answer.user_interrupt = True
        elif kind == kinds.kCallbackMipInterrupt:
            primal, dual = out.mip_primal_bound, out.mip_dual_bound
            if abs(primal) < 1e100 and abs(dual) < 1e100:
                state.incumbent, state.best_bound = primal, dual

    solver.setCallback(asked, None)
    for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt, kinds.kCallbackIpmInterrupt):
        solver.startCallback(kind)


def _read(highspy: Any, solver: Any, program: IntegerProgram, state: Run) -> None:
    """Read claim, values and bound from the solver itself."""
    status = solver.getModelStatus()
    statuses = highspy.HighsModelStatus
    state.by_clock = state.by_clock or status == statuses.kTimeLimit
    if status == statuses.kInfeasible:
        state.status = "infeasible"
        return
    if status == statuses.kUnboundedOrInfeasible:
        state.status = "infeasible or unbounded"
        return
    if status == statuses.kUnbounded:
        raise SolverError("The model is unbounded: some quantity could grow without limit.")
    information = solver.getInfo()
    solution = solver.getSolution()
    feasible = int(information.primal_solution_status) == 2  # kSolutionStatusFeasible
    if status == statuses.kOptimal and feasible:
        state.status = "optimal"
    elif feasible:
        state.status = "feasible"
    if feasible:
        state.x = np.array(solution.col_value, dtype=float)
    if program.integer.any():
        bound = float(information.mip_dual_bound)
        state.bound = bound if abs(bound) < 1e100 else None
    elif status == statuses.kOptimal:
        state.bound = float(information.objective_function_value)
