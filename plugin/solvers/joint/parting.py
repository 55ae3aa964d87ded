"""Groups whose vehicles cannot all reach one destination before what closes and the hazard: parts of them that can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .choices import Choices
from .problem import ROUNDING, JointProblem
from .reach import Reach


def together_in_time(problem: JointProblem, reach: Reach, choices: Choices) -> tuple[JointProblem, Reach]:
    """Return problem and reach in which every group that can arrive anywhere can as a whole.

    Where the late ones of a group cannot go where the others can, a group that may be divided is one group for each set
    of destinations that can be reached in time. One that must stay whole goes where most of its people arrive; the
    others are lost.
    """
    if reach.closing is None or choices.free:
        return problem, reach
    parted = reach.allowed.any(axis=1) & ~reach.whole(problem.groups).any(axis=1)[reach.group]
    parted &= _whole_if_open(reach, problem.groups)[reach.group]
    if not parted.any():
        return problem, reach
    if choices.whole:
        return problem, replace(reach, allowed=_where_most_arrive(problem, reach, parted))
    patterns = np.unique(reach.allowed, axis=0, return_inverse=True)[1].ravel()
    keys = np.column_stack([reach.group, np.where(parted, patterns, -1)])
    parts, first, part = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    part, parent = part.ravel(), parts[:, 0]
    divided = replace(
        problem,
        group=part[reach.cell].astype(np.int32),
        dissatisfaction=problem.dissatisfaction[parent],
        allowed=problem.allowed[parent],
        impedance=None if problem.impedance is None else problem.impedance[parent],
    )
    return divided, replace(reach, group=part)


def _whole_if_open(reach: Reach, groups: int) -> np.ndarray:
    """Return which groups (g,) could go somewhere as a whole if nothing closed."""
    return replace(reach, allowed=reach.usual & reach.allowed.any(axis=1)[:, None]).whole(groups).any(axis=1)


def _where_most_arrive(problem: JointProblem, reach: Reach, parted: np.ndarray) -> np.ndarray:
    """Return where cells (c, n) may go when those ``parted`` (c,) go to one place a group."""
    allowed = reach.allowed.copy()
    people = np.bincount(reach.cell, weights=problem.people, minlength=len(reach.group))
    for group in np.unique(reach.group[parted]).tolist():
        cells = np.flatnonzero(reach.group == group)
        arrive = people[cells] @ reach.allowed[cells]
        arrive[arrive > problem.room * (1.0 + ROUNDING)] = 0.0
        far = people[cells] @ np.where(reach.allowed[cells], reach.seconds[cells], 0.0)
        best = int(np.lexsort((far, -arrive))[0])
        allowed[cells] &= np.arange(problem.destinations) == best
    return allowed
