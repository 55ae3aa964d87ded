"""Perfect information: the same game when everything is known from the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..control import Control
from .arrays import CERTAIN, Value
from .carrying_out import REQUEST, Fleet
from .dividing import Part, divide
from .game import case_of
from .planning import Row, make_plan
from .problem import FleetProblem
from .rolling import Rolling


class Perfect(NamedTuple):
    """What perfect information would have made possible.

    Attributes
    ----------
    served : int
        People.
    waiting : float
        Person-milliseconds until aboard, of those served.
    driving : int
        Milliseconds.
    proved : bool
        Whether no better plan exists for these parts of requests.
    """

    served: int
    waiting: int
    driving: int
    proved: bool


def with_perfect_information(
    problem: FleetProblem, rolling: Rolling, rounds: int, seed: int, control: Control | None = None
) -> Perfect:
    """Plan once, from everything that becomes known ever; starts from the tours carried out and is never worse.

    Requests are divided as they were when they were carried out.

    Raises
    ------
    Cancelled
    """
    rows, parts = _as_carried_out(problem, rolling)
    fleet = Fleet.of(problem)
    case = case_of(problem, parts, fleet, problem.truth, fleet.free.copy(), {}, 0)
    planned = make_plan(case, [rows], rounds, seed, control or Control())
    own = Value(
        CERTAIN * sum(part.people for part in parts) - CERTAIN * rolling.served,
        CERTAIN * rolling.waiting, rolling.driving,
    )  # fmt: skip
    if own < planned.value:
        raise ArithmeticError("a plan from the tours carried out is worse than these")
    people = int(case.people[planned.plan.row_of >= 0].sum())
    return Perfect(people, planned.value.waiting // CERTAIN, planned.value.driving, planned.proved)


def _as_carried_out(problem: FleetProblem, rolling: Rolling) -> tuple[list[Row], list[Part]]:
    parts: list[Part] = []
    rows: list[Row] = [[] for _ in range(len(problem.seats))]
    number: dict[int, int] = {}
    for tour in sorted(rolling.tours, key=lambda tour: tour.start):
        for stop in tour.stops:
            if stop.kind != REQUEST:
                rows[tour.vehicle].append(-1 - stop.shelter)
                continue
            rows[tour.vehicle].append(len(parts))
            number[stop.request] = number.get(stop.request, -1) + 1
            parts.append(Part(stop.request, number[stop.request], stop.on, stop.wheels))
    room = int(np.asarray(problem.room).max(initial=0))
    for r in _certain(problem, rolling.left):
        rest = divide(r, rolling.left[r], problem.seats, problem.chairs, room)
        parts += [part._replace(number=number.get(r, -1) + 1 + part.number) for part in rest]
    return rows, parts


def _certain(problem: FleetProblem, left: np.ndarray) -> Sequence[int]:
    """Return the requests that come true and of which people are left."""
    there = (left[:, 0] > 0) & (np.asarray(problem.place) >= 0) & np.isfinite(np.maximum(problem.known, 0.0))
    return [int(r) for r in np.flatnonzero(there)]
