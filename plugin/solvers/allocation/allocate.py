"""Allocate groups to shelters: as many people as possible first, then at the least cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..mip.solution import Solution
from .allocator import Allocator
from .by_doors import solve_by_doors
from .dividing import least_cost_in_parts, others_divided, place_all
from .lexicographic import as_many_as_possible, least_cost
from .problem import CAPACITY, DOORS, NO_SHELTER, TOO_LARGE, WHERE_NEEDED, WHOLE, Allocation, AllocationProblem
from .ties import settle


def solve(
    problem: AllocationProblem,
    *,
    control: Control | None = None,
    solver: str | None = None,
    known: Allocation | None = None,
) -> Allocation:
    """Allocate every group, or where room is short as many people as possible and those at the least cost.

    The same problem and effort give the same allocation every time with the same solver, unless the fence is reached;
    with every solver where both the cost and the choice among equal plans (:mod:`ties`) are proved.

    Parameters
    ----------
    control : Control, optional
        The gap of its effort is that of the search for the least cost; the number of people is always sought to the
        last person. Default: a normal effort without a fence.
    solver : {"HiGHS", "CBC"}, optional
        Default: HiGHS where installed, else CBC.
    known : Allocation, optional
        Found before for the same groups and shelters with other costs: it tells how many people can be sheltered, and
        the search begins there.

    Raises
    ------
    Cancelled, SolverError

    Examples
    --------
    Two groups of 2 and 3 people both like the first shelter best, which has room for 3: the larger group would lose
    more by going elsewhere.

    >>> import numpy as np
    >>> cost = np.array([[1.0, 2.0], [1.0, 5.0]])
    >>> problem = AllocationProblem(np.array([2, 3]), np.array([3.0, 4.0]), cost, np.ones((2, 2), dtype=bool))
    >>> found = solve(problem)
    >>> found.people.tolist(), found.objective, found.gap
    ([[0, 2], [3, 0]], 3.0, 0.0)
    """
    control = control or Control()
    control.stop_if_cancelled()
    usable = problem.usable()
    if problem.let_in is not None:  # what was found with other costs does not tell which part of a shelter it filled
        found = solve_by_doors(problem, lambda part, own: solve(part, control=own, solver=solver), control)
        return replace(found, reasons=_reasons(problem, found.people, usable))
    _tell(problem, usable, control)
    if not usable.any():
        return _result(problem, np.zeros(problem.cost.shape), usable, (), 0, None)
    allocator = Allocator(problem, usable, solver)
    first, second = control.part(0.0, 0.4), control.part(0.4, 0.9)
    divided, more = 0, 0
    people: np.ndarray | None
    stages: tuple[Solution, ...] = ()
    if known is not None:
        people, most, more = known.people.astype(float), int(known.people.sum()), known.more_people
        divided = others_divided(problem, people)
    elif problem.split == WHERE_NEEDED:
        people, divided, stages = place_all(allocator, first)
        most = int(people.sum())
    else:
        people, most, more, stages = as_many_as_possible(allocator, first)
    if problem.split == WHERE_NEEDED and people is not None and problem.in_parts(people).any():
        people, last = least_cost_in_parts(allocator, people, divided, second)
    else:
        people, last = least_cost(allocator, people, most, second)
    if known is None and not more:
        people = settle(allocator, people, last, most, control.part(0.9, 1.0), divided)
    return _result(problem, people, usable, (*stages, last), more, None if more else last)


def _tell(problem: AllocationProblem, usable: np.ndarray, control: Control) -> None:
    """Say what is asked, before the solver is."""
    groups = int((problem.sizes > 0).sum())
    total, room = int(problem.sizes.sum()), float(problem.capacity.sum())
    control.log(
        f"{total} people in {groups} groups, {room:.0f} places in {len(problem.capacity)} shelters, "
        f"{int(usable.sum())} possible pairs."
    )


def _result(
    problem: AllocationProblem,
    people: np.ndarray,
    usable: np.ndarray,
    stages: tuple[Solution, ...],
    more: int,
    proof: Solution | None,
) -> Allocation:
    whole = people.astype(np.int64)
    taken = np.where(whole > 0, problem.room_taken if problem.split == WHOLE else whole, 0.0).sum(axis=0)
    if np.any(taken > problem.capacity * (1.0 + 1e-9)) or np.any(whole.sum(axis=1) > problem.sizes):
        raise SolverError("The allocation found overfills a shelter. Please report the case; nothing was written.")
    objective = problem.cost_of(whole)
    if problem.opening is not None:
        objective += float(problem.opening[whole.any(axis=0)].sum())
    return Allocation(
        people=whole,
        reasons=_reasons(problem, whole, usable),
        objective=objective,
        bound=None if proof is None else proof.bound,
        gap=None if proof is None else proof.gap,
        more_people=more,
        stages=stages,
    )


def _reasons(problem: AllocationProblem, people: np.ndarray, usable: np.ndarray) -> tuple[str, ...]:
    """Say for each group that is not wholly placed why."""
    allowed = problem.allowed.any(axis=1)
    possible = usable.any(axis=1)
    doors = problem.behind_doors(people)
    some_room = (problem.allowed & (problem.room >= 1)).any(axis=1)
    out = []
    for i, missing in enumerate((problem.sizes - people.sum(axis=1)).tolist()):
        if not missing:
            out.append("")
        elif not allowed[i]:
            out.append(NO_SHELTER)
        elif doors[i]:
            out.append(DOORS)
        elif possible[i] or not some_room[i]:
            out.append(CAPACITY)
        else:
            out.append(TOO_LARGE)
    return tuple(out)
