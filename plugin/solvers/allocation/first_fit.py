"""A quick allocation to begin with: large groups first, each to the cheapest shelter with room left."""

from __future__ import annotations

import numpy as np

from .problem import AllocationProblem


def first_fit(problem: AllocationProblem, usable: np.ndarray) -> np.ndarray:
    """Return for each group its shelter or -1, shape (g,) int64.

    Groups with few people come last, since they fit into what is left; of equal ones the first comes first.
    """
    room = problem.capacity.astype(float).copy()
    taken = problem.room_taken
    place = np.full(len(problem.sizes), -1, dtype=np.int64)
    for i in np.argsort(-problem.sizes, kind="stable").tolist():
        fits = np.flatnonzero(usable[i] & (taken[i] <= room))
        if len(fits):
            j = int(fits[np.argmin(problem.cost[i, fits])])
            place[i] = j
            room[j] -= taken[i, j]
    return place
