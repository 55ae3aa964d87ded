"""Who of an allocation walks, and how far."""

from __future__ import annotations

import numpy as np

from ...solvers.allocation.problem import Allocation
from ...solvers.walks import MaxWalk, Walks, walks_of
from .case import AllocationCase


def walks_in(found: Allocation, case: AllocationCase, limit: MaxWalk, everybody: bool) -> Walks:
    """Return who of those placed walks and how far, from place to door; ``everybody``: nobody drives."""
    groups, separation = case.groups, case.separation
    walking = np.full(len(groups.sizes), everybody) | groups.on_foot
    group, shelter = np.nonzero(found.people * walking[:, None])
    row = groups.row[group]
    metres = 1000.0 * separation.kilometres[row, shelter]
    if separation.access is not None:
        access = separation.access[row, shelter]  # not known of a zone off the roads with a row in DISTANCES
        metres = metres + np.where(np.isfinite(access), access, 0.0)
    classes = [groups.classes[k] for k in groups.kind[group].tolist()]
    return walks_of(found.people[group, shelter], metres, limit.metres(classes))
