"""Linear programs with their reduced costs: HiGHS, kept and continued when rows are added, else scipy's.

:mod:`solve` answers questions in whole numbers. Here the answer may be fractional and the dual side matters:
reduced costs prove which variables cannot change.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from ..control import Control, IsCancelled, never
from ..dependencies import require
from ..errors import Cancelled
from . import highs
from .program import IntegerProgram

PRICED = 1e-6  # what counts as a price: above the tolerance of the solvers
ASK_EVERY = 0.1  # seconds between two questions whether the user wants to stop


@dataclass(frozen=True)
class LinearSolution:
    """An optimum.

    Attributes
    ----------
    objective : float
    x : (v,) float64
    reduced_cost : (v,) float64
        By how much the objective rises for each unit a variable leaves its bound; negative at an upper bound.
    row_price : (r,) float64
        By how much the objective rises for each unit by which a row's bound rises; negative at an upper bound.
    """

    objective: float
    x: np.ndarray
    reduced_cost: np.ndarray
    row_price: np.ndarray


class LinearProgram:
    """``minimise cost @ x`` with ``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``.

    Rows can be added after a solution; HiGHS then goes on from it.

    Parameters
    ----------
    cost, lower, upper : (v,) float64
    rows : csr_matrix, shape (r, v)
    row_lower, row_upper : (r,) float64, infinite where open

    Examples
    --------
    The least of x + 2 y with x + y >= 3 and x <= 2 is at (2, 1); one more to reach costs 2.

    >>> rows = csr_matrix([[1.0, 1.0]])
    >>> program = LinearProgram(
    ...     np.array([1.0, 2.0]), np.zeros(2), np.array([2.0, 9.0]), rows, np.array([3.0]), np.array([np.inf])
    ... )
    >>> found = program.solve()
    >>> found.objective, found.x.tolist(), found.reduced_cost.tolist(), found.row_price.tolist()
    (4.0, [2.0, 1.0], [-1.0, 0.0], [2.0])
    """

    def __init__(
        self,
        cost: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        rows: csr_matrix,
        row_lower: np.ndarray,
        row_upper: np.ndarray,
    ) -> None:
        self._cost, self._lower, self._upper = cost, lower, upper
        self._rows, self._row_lower, self._row_upper = rows.tocsr(), row_lower, row_upper
        self._highs: Any = None
        self._cancelled: IsCancelled = never
        self._asked = 0.0
        if highs.usable():
            self._highs = self._start()

    def add_rows(self, rows: csr_matrix, row_lower: np.ndarray, row_upper: np.ndarray) -> None:
        """Add rows."""
        self._rows = vstack([self._rows, rows], format="csr")
        self._row_lower = np.concatenate([self._row_lower, row_lower])
        self._row_upper = np.concatenate([self._row_upper, row_upper])
        if self._highs is not None:
            rows = rows.tocsr()
            self._highs.addRows(
                rows.shape[0],
                row_lower,
                row_upper,
                rows.nnz,
                rows.indptr[:-1].astype(np.int32),
                rows.indices.astype(np.int32),
                rows.data.astype(float),
            )

    def among_optima(
        self, found: LinearSolution, cost: np.ndarray, control: Control | None = None
    ) -> LinearSolution | None:
        """Return which of all optima is the least by another ``cost`` (v,), ``found`` being one of them.

        By complementary slackness the optima are the solutions at whose bounds stay all variables with a reduced cost
        and all rows with a price. None when the solver finds none among them.
        """
        control = control or Control()
        lower, upper = _kept(self._lower, self._upper, found.reduced_cost)
        row_lower, row_upper = _kept(self._row_lower, self._row_upper, found.row_price)
        return LinearProgram(cost, lower, upper, self._rows, row_lower, row_upper).solve(control)

    def solve(self, control: Control | None = None) -> LinearSolution | None:
        """Return an optimum, None when there is none.

        Raises
        ------
        Cancelled
            When ``cancelled()`` turned true; HiGHS is stopped on the way, scipy's solver only at its end.
        """
        control = control or Control()
        control.stop_if_cancelled()
        found = self._by_scipy() if self._highs is None else self._by_highs(control)
        control.stop_if_cancelled()
        return found

    def _start(self) -> Any:
        highspy = require("highspy", "solving linear programs with HiGHS")
        program = IntegerProgram(
            cost=self._cost,
            lower=self._lower,
            upper=self._upper,
            integer=np.zeros(len(self._cost), dtype=bool),
            indptr=self._rows.indptr,
            indices=self._rows.indices,
            values=self._rows.data.astype(float),
            row_lower=self._row_lower,
            row_upper=self._row_upper,
        )
        solver = highs.quiet()
        highs.repeatable(solver)
        solver.passModel(highs.model_of(program))
        solver.setCallback(self._ask, None)
        for kind in (
            highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
            highspy.cb.HighsCallbackType.kCallbackIpmInterrupt,
        ):
            solver.startCallback(kind)
        return solver

    def _ask(self, kind: Any, message: str, out: Any, answer: Any, user_data: Any) -> None:
        now = time.monotonic()
        if now - self._asked >= ASK_EVERY:
            self._asked = now
            if self._cancelled():
                answer.user_interrupt = True

    def _by_highs(self, control: Control) -> LinearSolution | None:
        self._cancelled = control.cancelled
        self._highs.run()
        if control.cancelled():
            raise Cancelled
        highspy = require("highspy", "solving linear programs with HiGHS")
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        prices = np.array(solution.col_dual), np.array(solution.row_dual)
        return LinearSolution(value, np.array(solution.col_value), *prices)

    def _by_scipy(self) -> LinearSolution | None:
        equal = self._row_lower == self._row_upper
        top, bottom = np.isfinite(self._row_upper) & ~equal, np.isfinite(self._row_lower) & ~equal
        answer = linprog(
            self._cost,
            A_ub=vstack([self._rows[top], -self._rows[bottom]], format="csr"),
            b_ub=np.concatenate([self._row_upper[top], -self._row_lower[bottom]]),
            A_eq=self._rows[equal] if equal.any() else None,
            b_eq=self._row_upper[equal] if equal.any() else None,
            bounds=np.stack([self._lower, self._upper], axis=1),
            method="highs-ds",  # a vertex: whole where the data are whole
        )
        if answer.status != 0 or answer.x is None:
            return None
        price, above = np.zeros(len(equal)), int(top.sum())
        price[equal] = answer.eqlin.marginals
        price[top] += answer.ineqlin.marginals[:above]
        price[bottom] -= answer.ineqlin.marginals[above:]
        return LinearSolution(float(answer.fun), answer.x, answer.lower.marginals + answer.upper.marginals, price)


def _kept(lower: np.ndarray, upper: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds drawn together where leaving the one at which a solution stands has a price."""
    return np.where(price < -PRICED, upper, lower), np.where(price > PRICED, lower, upper)
