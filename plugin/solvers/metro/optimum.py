"""The exact answer by whatever is installed: the integer program, or the direct rule where that is exact too."""

from __future__ import annotations

from typing import Callable

from ..control import Control
from ..dependencies import available, how_to_install
from .allocation import Allocation
from .direct import solve_direct
from .exact import solve_exact
from .problem import MetroProblem


def solve_optimum(
    problem: MetroProblem, *, control: Control | None = None, warn: Callable[[str], None] | None = None
) -> Allocation:
    """Return the best allocation; without PuLP a single incident is solved by the direct rule, with a warning.

    Raises
    ------
    MissingDependency
        When PuLP is not installed and there are several incidents.
    SolverError
        When the search ends before every type has an allocation.
    """
    control = control or Control()
    if len(problem.incidents) == 1 and not available("pulp"):
        if warn is not None:
            warn(
                "The Python package pulp is not installed, so the integer program was replaced by the direct rule, "
                "which is exact for a single incident. Several incidents need pulp.\n" + how_to_install("pulp")
            )
        return solve_direct(problem)
    return solve_exact(problem, control=control)
