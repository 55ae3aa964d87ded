"""Allocate groups to shelters: as many people as possible first, then at the least cost."""

from __future__ import annotations

from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, SolverError, never, no_progress, part, stop_if
from ..integer_program import Solution, solve_program
from .first_fit import first_fit
from .model import COST, PEOPLE, build
from .problem import CAPACITY, NO_SHELTER, TOO_LARGE, Allocation, AllocationProblem

LEAST_SECONDS = 1.0  # what a later step gets even when the earlier ones used the time up
SHARE_OF_PEOPLE = 0.5  # of the time limit, at most, for finding how many people can be sheltered
FRACTION = 1e-6  # of a person, below which a number of people counts as whole

Log = Callable[[str], None]


def solve(
    problem: AllocationProblem,
    *,
    time_limit: float = 60.0,
    mip_gap: float = 1e-4,
    solver: str | None = None,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Log | None = None,
) -> Allocation:
    """Allocate every group, or where room is short as many people as possible and those at the least cost.

    The same problem gives the same allocation every time with the same solver, as long as the time limit is not met.

    Parameters
    ----------
    time_limit : float
        Seconds for all steps together, 0 for none.
    mip_gap : float
        Relative gap (a fraction) at which the search for the least cost may stop. The number of people is always
        sought to the last person.

    Raises
    ------
    Cancelled, SolverError
    """
    say = log or _silent
    stop_if(cancelled)
    usable = problem.usable()
    _tell(problem, usable, say)
    if not usable.any():
        return _result(problem, np.zeros(problem.cost.shape), usable, (), 0, None)
    deadline = Deadline(time_limit)
    search = _Search(problem, usable, deadline, mip_gap, solver, cancelled, say)
    people, most, more, stages = search.as_many_as_possible(part(progress, 0.0, 0.4))
    people, last = search.least_cost(people, most, part(progress, 0.4, 1.0))
    return _result(problem, people, usable, (*stages, last), more, None if more else last)


class _Search:
    """The steps of :func:`solve` over one problem."""

    def __init__(
        self,
        problem: AllocationProblem,
        usable: np.ndarray,
        deadline: Deadline,
        mip_gap: float,
        solver: str | None,
        cancelled: IsCancelled,
        say: Log,
    ) -> None:
        self.problem, self.usable, self.deadline, self.mip_gap = problem, usable, deadline, mip_gap
        self.solver, self.cancelled, self.say = solver, cancelled, say
        self.wanted = int(problem.sizes[usable.any(axis=1)].sum())

    def as_many_as_possible(self, progress: Progress) -> tuple[np.ndarray | None, int, int, tuple[Solution, ...]]:
        """Return an allocation of as many people as possible, their number, how many more at most, and the proof."""
        start = None
        if not self.problem.split:
            place = first_fit(self.problem, self.usable)
            start = np.zeros(self.problem.cost.shape)
            placed = np.flatnonzero(place >= 0)
            start[placed, place[placed]] = self.problem.sizes[placed]
            if int(start.sum()) == self.wanted:
                return start, self.wanted, 0, ()
        elif self.usable.all(axis=None) and self.wanted <= int(np.floor(self.problem.capacity).sum()):
            return None, self.wanted, 0, ()
        self.say("Looking for the greatest number of people that can be sheltered.")
        share = SHARE_OF_PEOPLE * self.deadline.seconds if np.isfinite(self.deadline.seconds) else 0.0
        people, solution = self._run(PEOPLE, None, start, share, 0.0, progress)
        most = int(people.sum())
        bound = self.wanted if solution.bound is None else min(self.wanted, int(np.floor(solution.bound + 1e-6)))
        more = 0 if solution.status == "optimal" else max(0, bound - most)
        if more:
            self.say(f"The time ended before a proof: at most {more} more people could be sheltered.")
        return people, most, more, (solution,)

    def least_cost(self, people: np.ndarray | None, most: int, progress: Progress) -> tuple[np.ndarray, Solution]:
        """Return the allocation of at least ``most`` people at the least cost."""
        at_least = None if most == self.wanted else most
        left = self.deadline.remaining
        seconds = max(LEAST_SECONDS, left) if np.isfinite(left) else 0.0
        return self._run(COST, at_least, people, seconds, self.mip_gap, progress)

    def _run(
        self,
        aim: str,
        at_least: int | None,
        start: np.ndarray | None,
        seconds: float,
        gap: float,
        progress: Progress,
        whole: bool = False,
    ) -> tuple[np.ndarray, Solution]:
        model = build(self.problem, self.usable, aim, at_least, whole)
        if start is not None:
            model.start_from(start)
        solution = solve_program(
            model.program,
            time_limit=seconds,
            mip_gap=gap,
            solver=self.solver,
            warm_start=start is not None,
            progress=progress,
            cancelled=self.cancelled,
            log=self.say,
        )
        if not solution.found:
            raise SolverError(
                f"TIME_LIMIT: {solution.solver} found no allocation in {solution.seconds:.0f} s. Raise the time limit, "
                "or allow groups to be divided (SPLIT_GROUPS)."
            )
        people = model.people()
        if np.abs(people - np.round(people)).max(initial=0.0) > FRACTION and not whole:
            # The solver ended between equally good corners; a corner of a flow is whole, so asking costs nothing.
            return self._run(aim, at_least, None, seconds, gap, progress, whole=True)
        return np.round(people), solution


def _silent(text: str) -> None:
    """Keep nothing."""


def _tell(problem: AllocationProblem, usable: np.ndarray, say: Log) -> None:
    """Say before the solver is asked what cannot work, in a sentence."""
    groups = int((problem.sizes > 0).sum())
    total, room = int(problem.sizes.sum()), float(problem.capacity.sum())
    say(
        f"{total} people in {groups} groups, {room:.0f} places in {len(problem.capacity)} shelters, "
        f"{int(usable.sum())} possible pairs."
    )
    if problem.consumption is None and total > room:
        say(f"The shelters have {total - int(room)} places too few for everyone.")


def _result(
    problem: AllocationProblem,
    people: np.ndarray,
    usable: np.ndarray,
    stages: tuple[Solution, ...],
    more: int,
    proof: Solution | None,
) -> Allocation:
    whole = people.astype(np.int64)
    shares = whole / np.maximum(problem.sizes, 1)[:, None]
    objective = float(np.where(problem.allowed, problem.cost, 0.0)[shares > 0] @ shares[shares > 0])
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
    some_room = (problem.allowed & (problem.capacity[None, :] >= 1)).any(axis=1)
    out = []
    for i, missing in enumerate((problem.sizes - people.sum(axis=1)).tolist()):
        if missing <= 0:
            out.append("")
        elif not allowed[i]:
            out.append(NO_SHELTER)
        elif possible[i] or not some_room[i]:
            out.append(CAPACITY)
        else:
            out.append(TOO_LARGE)
    return tuple(out)
