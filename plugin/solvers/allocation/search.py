"""The steps of an allocation: how many people can be sheltered, and what that costs at the least."""

from __future__ import annotations

from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, SolverError
from ..integer_program import Solution, solve_program
from .first_fit import first_fit, improve, people_at, places_of
from .model import COST, PEOPLE, build
from .problem import AllocationProblem
from .relaxation import relax
from .whole_groups import place_everyone

LEAST_SECONDS = 1.0  # what a later step gets even when the earlier ones used the time up
SHARE_OF_PEOPLE = 0.5  # of the time limit, at most, for finding how many people can be sheltered
FRACTION = 1e-6  # of a person, below which a number of people counts as whole

Log = Callable[[str], None]


class Search:
    """Steps over one problem, with what they share: the deadline, the gap to stop at, the solver, the log."""

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

    # --- people first -----------------------------------------------------------------------------------------

    def as_many_as_possible(self, progress: Progress) -> tuple[np.ndarray | None, int, int, tuple[Solution, ...]]:
        """Return an allocation of as many people as possible, their number, how many more at most, and the proof."""
        start = None
        if not self.problem.split:
            start = people_at(self.problem, first_fit(self.problem, self.usable))
            if int(start.sum()) < self.wanted and self.problem.opening is None:
                prices = relax(self.problem, self.usable, cancelled=self.cancelled).prices
                start = max(start, people_at(self.problem, first_fit(self.problem, self.usable, prices)), key=np.sum)
            if int(start.sum()) == self.wanted:
                return start, self.wanted, 0, ()
            start = self._improved(start)
        elif self.usable.all(axis=None) and self.wanted <= int(np.floor(self.problem.capacity).sum()):
            return None, self.wanted, 0, ()
        self.say("Looking for the greatest number of people that can be sheltered.")
        share = SHARE_OF_PEOPLE * self.deadline.seconds if np.isfinite(self.deadline.seconds) else 0.0
        people, solution = self.run(PEOPLE, None, self.usable, start, share, 0.0, progress)
        most = int(people.sum())
        left_at_least = 0 if solution.bound is None else int(np.ceil(solution.bound - 1e-6))
        more = 0 if solution.status == "optimal" else max(0, self.wanted - left_at_least - most)
        if more:
            self.say(f"The time ended before a proof: at most {more} more people could be sheltered.")
        return people, most, more, (solution,)

    # --- then cost --------------------------------------------------------------------------------------------

    def least_cost(self, people: np.ndarray | None, most: int, progress: Progress) -> tuple[np.ndarray, Solution]:
        """Return the allocation of at least ``most`` people at the least cost, starting from ``people`` (g, n)."""
        if most == self.wanted and people is not None and not self.problem.split and self.problem.opening is None:
            return place_everyone(self, people, progress)
        at_least = None if most == self.wanted else most
        if people is not None and not self.problem.split and self.problem.opening is None:
            people = self._improved(people)
        return self.run(COST, at_least, self.usable, people, self.seconds_left(), self.mip_gap, progress)

    def _improved(self, people: np.ndarray) -> np.ndarray:
        place = improve(self.problem, self.usable, places_of(people), self.cancelled)
        return people_at(self.problem, place)

    def seconds_left(self, share: float = 1.0) -> float:
        """Return a share of the time left, 0 where there is no limit."""
        left = self.deadline.remaining
        return max(LEAST_SECONDS, share * left) if np.isfinite(left) else 0.0

    def run(
        self,
        aim: str,
        at_least: int | None,
        pairs: np.ndarray,
        start: np.ndarray | None,
        seconds: float,
        gap: float,
        progress: Progress,
        integer: bool | None = None,
    ) -> tuple[np.ndarray, Solution]:
        """Solve one model over ``pairs`` (g, n); returns the people (g, n) and the solver's proof.

        Raises
        ------
        SolverError
            When the solver found nothing in time.
        """
        model = build(self.problem, pairs, aim, at_least, integer)
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
        if np.abs(people - np.round(people)).max(initial=0.0) > FRACTION and integer is None:
            # The solver ended between equally good corners; a corner of a flow is whole, so asking costs nothing.
            return self.run(aim, at_least, pairs, None, seconds, gap, progress, integer=True)
        return (people if integer is False else np.round(people)), solution
