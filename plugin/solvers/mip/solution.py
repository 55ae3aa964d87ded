"""What a solver claims against what its values are worth: the one place where a proof is accepted.

A claim is the status, the values and the bound that a solver reports. Here whole numbers are made exact, every bound
and row is checked with them, the objective is computed again, and the status follows from value and bound alone:
"optimal" is a bound that lies within the gap asked for, never a word of the solver's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..gap import NOISE, gap_percent
from .program import IntegerProgram

WHOLE = 1e-4  # an integer variable farther than this from a whole number is no solution
FEASIBLE = 1e-6  # residual of a row allowed, relative to the size of its terms
BOUND = 1e-6  # by which a solver's bound may pass a value, relative to it: the solver's own tolerance
SMALLEST = 1e-6  # absolute difference of value and bound that counts as none, as does a relative one of NOISE

STOPPED = ("feasible", "none")  # claims that say no more than that the search ended


@dataclass(frozen=True)
class Solution:
    """What a solver reached and can prove.

    Attributes
    ----------
    status : str
        "optimal" (proved within the gap asked for), "feasible" (stopped before a proof), "infeasible" or "none"
        (stopped before any solution was found).
    objective : float or None
        Value of the rounded solution, None without one.
    bound : float or None
        Proven bound of the objective (lower when minimising), None when unknown.
    gap : float or None
        As of :func:`..gap.gap_percent`, of what is maximised with the sign turned; None when unknown.
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


@dataclass(frozen=True)
class Judgement:
    """What remains of a claim.

    Attributes
    ----------
    status : str
        As of :class:`Solution`.
    x : (v,) float64 or None
    objective, bound : float or None
    sound : bool
        Whether the claim agrees with the values; where it does not, the bound is dropped if it is known to be wrong.
    """

    status: str
    x: np.ndarray | None
    objective: float | None
    bound: float | None
    sound: bool


def judge(
    program: IntegerProgram,
    claim: str,
    x: np.ndarray | None,
    bound: float | None,
    known: np.ndarray | None,
    mip_gap: float,
) -> Judgement:
    """Return what a claim is worth.

    Parameters
    ----------
    claim : str
        The solver's status; a word that is none of those of :class:`Solution` claims nothing and is never sound.
    x : (v,) float64 or None
        The solver's values, whole and checked; None where they are missing or fail the check.
    bound : float or None
    known : (v,) float64 or None
        A checked solution that is there anyway; the better one of the two is kept.
    mip_gap : float
        Relative gap (a fraction) that was asked for.
    """
    best = x if known is None or (x is not None and not better(program, known, x)) else known
    if claim == "infeasible":
        return Judgement("infeasible", None, None, None, True) if best is None else _without_bound(program, best)
    if best is None:
        return Judgement("none", None, None, bound, claim == "none")
    if bound is None:
        return Judgement("feasible", best, program.objective(best), None, claim in STOPPED)
    value = program.objective(best)
    short = bound - value if program.maximise else value - bound  # how far the value is from the bound
    if short < -BOUND * max(1.0, abs(value)):
        return _without_bound(program, best)
    if short <= max(SMALLEST, NOISE * abs(value)):
        return Judgement("optimal", best, value, value, True)
    proved = short <= mip_gap * abs(value)
    return Judgement("optimal" if proved else "feasible", best, value, bound, proved or claim in STOPPED)


def _without_bound(program: IntegerProgram, x: np.ndarray) -> Judgement:
    return Judgement("feasible", x, program.objective(x), None, False)


def better(program: IntegerProgram, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether ``one`` (v,) has the better objective."""
    difference = program.objective(one) - program.objective(other)
    return difference > 0 if program.maximise else difference < 0


def whole(program: IntegerProgram, x: np.ndarray) -> np.ndarray | None:
    """Return ``x`` (v,) with exact whole numbers when that satisfies everything, else None."""
    done = nearly_whole(program, x)
    return done if done is not None and program.infeasibility(done) <= FEASIBLE else None


def nearly_whole(program: IntegerProgram, x: np.ndarray) -> np.ndarray | None:
    """Return ``x`` (v,) with exact whole numbers within its bounds, None when it is too far from those."""
    rounded = np.where(program.integer, np.round(x), x)
    if not np.all(np.isfinite(x)) or np.abs(rounded - x).max(initial=0.0) > WHOLE:
        return None
    return np.clip(rounded, program.lower, program.upper)


def between(cost: float, bound: float, solver: str, seconds: float, gap: float) -> Solution:
    """Return what is reached and proved by a ``cost`` and a lower bound found apart; proved within ``gap``, a share."""
    least = min(bound, cost)
    status = "optimal" if cost - bound <= gap * abs(cost) else "feasible"
    return Solution(status, cost, least, gap_percent(cost, least), solver, seconds)


def describe(solution: Solution) -> str:
    """Return a sentence on how a program was solved."""
    if not solution.found:
        outcome = "no solution exists" if solution.status == "infeasible" else "stopped before any solution was found"
        return f"{solution.solver}: {outcome} ({solution.seconds:.1f} s)."
    proof = "" if solution.gap is None else f", proven within {solution.gap:.3g} %"
    stopped = "" if solution.status == "optimal" else ", stopped before a proof of the gap asked for"
    return f"{solution.solver}: objective {solution.objective:.8g}{proof}{stopped} ({solution.seconds:.1f} s)."
