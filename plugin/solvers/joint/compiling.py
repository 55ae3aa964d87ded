"""A small problem that makes numba compile every kernel of a joint plan, before any clock starts."""

from __future__ import annotations

import numpy as np

from ..routing.compiling import small_problem
from ..routing.shared.choices import LINEAR
from ..routing.shared.problem import Arcs
from .problem import Destinations, JointProblem, Vehicles, joint_problem


def small_joint_problem() -> JointProblem:
    """Return a crowded grid of streets with two destinations."""
    trips = small_problem(LINEAR)
    arcs = Arcs(
        trips.nodes, trips.tail, trips.head, trips.cost, trips.length, trips.limit, trips.capacity, trips.storage
    )
    groups = 3
    return joint_problem(
        arcs,
        Vehicles(trips.source, trips.departure, trips.people, np.arange(trips.trips) % groups),
        Destinations(np.unique(trips.destination), np.full(2, float(trips.trips))),
        np.full((groups, 2), 0.5),
        np.ones((groups, 2), dtype=bool),
    )
