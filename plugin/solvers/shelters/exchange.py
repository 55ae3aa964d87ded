"""Improving a set of sites by exchanging one open site for a closed one."""

from __future__ import annotations

import numpy as np

from ..control import Control
from .coverage import Coverage
from .location_problem import LinearRelaxation, LocationProblem, flows_to

TRIALS = (100, 1_000, 20_000)  # exchanges that are tried, by effort: each may be a flow over all zones


def fixed_by_price(value: float, relaxation: LinearRelaxation) -> tuple[np.ndarray, np.ndarray]:
    """Return the sites that every set better than ``value`` keeps closed, and those that it keeps open, (s,) bool each.

    By linear duality opening a site with reduced cost p, or closing one with -p, costs at least the relaxation's
    bound plus p; where that is not below ``value``, no better set does it.
    """
    room = value * (1.0 + 1e-7) + 1e-6 - relaxation.bound
    closed = (relaxation.open < 0.5) & (relaxation.price > room)
    opened = (relaxation.open > 0.5) & (-relaxation.price > room)
    return closed, opened


def rounded(
    problem: LocationProblem, coverage: Coverage, target: int, relaxation: LinearRelaxation
) -> np.ndarray | None:
    """Return a set built from the relaxation: sites left out from the least open one on while the target is kept.

    None when it needs more sites than allowed.
    """
    chosen = np.ones(len(problem.room), dtype=bool)
    for j in np.lexsort((problem.room, np.round(relaxation.open, 9))):
        if problem.required[j]:
            continue
        if chosen.sum() <= problem.max_sites and relaxation.open[j] > 0.5:
            break
        chosen[j] = False
        if coverage.sheltered(chosen) < target:
            chosen[j] = True
    return chosen if chosen.sum() <= problem.max_sites else None


def exchange_sites(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: np.ndarray,
    flow: np.ndarray,
    value: float,
    relaxation: LinearRelaxation,
    control: Control,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a set at least as good as ``best`` with its flows and person-minutes.

    The better of ``best`` and the rounded relaxation is improved by the first exchange that helps, again and again,
    until none does or enough were tried. Sites that the relaxation rules out (or in) are not tried.
    """
    other = rounded(problem, coverage, target, relaxation)
    if other is not None:
        other_flow, other_value = flows_to(problem, other, control)
        if other_value < value:
            best, flow, value = other, other_flow, other_value
    improved, left = True, control.effort.pick(*TRIALS)
    while improved:
        improved = False
        closed, opened = fixed_by_price(value, relaxation)
        inward = [j for j in np.argsort(-relaxation.open, kind="stable") if not best[j] and not closed[j]]
        outward = [j for j in np.argsort(relaxation.open, kind="stable") if best[j] and not opened[j]]
        for leave, enter in ((i, j) for j in inward for i in outward if not problem.required[i]):
            control.stop_if_cancelled()
            if left <= 0 or control.effort.passed():
                return best, flow, value
            left -= 1
            trial = best.copy()
            trial[leave], trial[enter] = False, True
            if coverage.sheltered(trial) < target:
                continue
            trial_flow, trial_value = flows_to(problem, trial, control)
            if trial_value < value * (1.0 - 1e-9):
                best, flow, value, improved = trial, trial_flow, trial_value, True
                break
    return best, flow, value
