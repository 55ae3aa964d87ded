"""The steps of an allocation: how many people can be sheltered, and what that costs at the least."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import numpy as np

from ..control import IsCancelled, Progress
from ..effort import Effort
from ..errors import SolverError
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .core_problem import place_everyone
from .exchange import exchange_sets
from .first_fit import first_fit, improve, people_at, places_of
from .lagrangian import relax
from .model import COST, PEOPLE, build
from .problem import AllocationProblem, with_the_rest
from .regret_insertion import filled

# Combinations of groups that exchanges look at, by effort: for more people before the solver is asked, and for a
# cheaper plan where room is short.
MORE_PEOPLE, CHEAPER = (3_000_000, 30_000_000, 300_000_000), (20_000_000, 200_000_000, 2_000_000_000)
FRACTION = 1e-6  # of a person, below which a number of people counts as whole

Log = Callable[[str], None]


class Search:
    """Steps over one problem, with what they share: the effort, the solver, the log."""

    def __init__(
        self,
        problem: AllocationProblem,
        usable: np.ndarray,
        effort: Effort,
        solver: str | None,
        cancelled: IsCancelled,
        say: Log,
    ) -> None:
        self.problem, self.usable, self.effort = problem, usable, effort
        self.solver, self.cancelled, self.say = solver, cancelled, say
        self.uniform = problem.consumption is None and problem.opening is None  # a person takes a place anywhere
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
            if self.uniform:
                work = self.effort.pick(*MORE_PEOPLE)
                other = people_at(self.problem, filled(self.problem, self.usable, work, self.effort, self.cancelled))
                start = max(other, start, key=np.sum)  # of equals the cheaper, as a rule
            most, places = int(start.sum()), int(np.floor(self.problem.capacity[self.usable.any(axis=0)]).sum())
            if most == self.wanted:
                return start, most, 0, ()
            if most == places and self.problem.consumption is None:
                self.say(f"{most} of {self.wanted} people can be sheltered: every place is taken.")
                return start, most, 0, ()
        elif self.usable.all(axis=None) and self.wanted <= int(np.floor(self.problem.capacity).sum()):
            return None, self.wanted, 0, ()
        self.say("Looking for the greatest number of people that can be sheltered.")
        people, solution = self.run(PEOPLE, None, self.usable, start, progress, gap=0.0)
        most = int(people.sum())
        left_at_least = 0 if solution.bound is None else int(np.ceil(solution.bound - 1e-6))
        more = 0 if solution.status == "optimal" else max(0, self.wanted - left_at_least - most)
        if more:
            self.say(f"The search ended before a proof: at most {more} more people could be sheltered.")
        return people, most, more, (solution,)

    # --- then cost --------------------------------------------------------------------------------------------

    def least_cost(self, people: np.ndarray | None, most: int, progress: Progress) -> tuple[np.ndarray, Solution]:
        """Return the allocation of at least ``most`` people at the least cost, starting from ``people`` (g, n)."""
        if (
            people is None
            or self.problem.split
            or self.problem.opening is not None
            or not (most == self.wanted or self.uniform)
        ):
            at_least = None if most == self.wanted else most
            return self.run(COST, at_least, self.usable, people, progress)
        if most == self.wanted:
            return place_everyone(self, people, progress)
        return self._with_those_left(people, most, progress)

    def _with_those_left(self, people: np.ndarray, most: int, progress: Progress) -> tuple[np.ndarray, Solution]:
        """As :meth:`least_cost` where some stay behind: they go to one more shelter, free and just large enough.

        Sheltering at least ``most`` people is the same as leaving at most ``wanted - most``, which is a capacity like
        any other: prices bound the cost, rule pairs out and find a core as where there is room for everyone.
        """
        room = self.wanted - most
        staying = with_the_rest(self.problem, self.usable, room)
        pairs = np.hstack([self.usable, self.usable.any(axis=1)[:, None] & (staying.sizes <= room)[:, None]])
        inner = Search(staying, pairs, self.effort, self.solver, self.cancelled, self.say)
        some = np.flatnonzero(self.usable.any(axis=1))
        place = np.where(people.any(axis=1), people.argmax(axis=1), len(self.problem.capacity))
        rows = replace(
            staying, sizes=staying.sizes[some], cost=staying.cost[some], allowed=staying.allowed[some],
            consumption=staying.room_taken[some],
        )  # fmt: skip
        work = self.effort.pick(*CHEAPER)
        place[some] = exchange_sets(rows, rows.usable(), place[some], work, self.effort, self.cancelled)
        whole = people_at(staying, place)
        whole[~self.usable.any(axis=1)] = 0.0
        found, proof = place_everyone(inner, whole, progress, core=False)
        return found[:, :-1], proof

    def briefly(self) -> Search:
        """Return the same search with the nodes of a quick one, within what is left of the fence."""
        return Search(self.problem, self.usable, self.effort.brief(), self.solver, self.cancelled, self.say)

    def _improved(self, people: np.ndarray) -> np.ndarray:
        place = improve(self.problem, self.usable, places_of(people), self.effort, self.cancelled)
        return people_at(self.problem, place)

    def run(
        self,
        aim: str,
        at_least: int | None,
        pairs: np.ndarray,
        start: np.ndarray | None,
        progress: Progress,
        gap: float | None = None,
        integer: bool | None = None,
        held: float | None = None,
        weights: np.ndarray | None = None,
    ) -> tuple[np.ndarray, Solution]:
        """Solve one model over ``pairs`` (g, n); returns the people (g, n) and the solver's proof.

        ``gap`` is where the solver may stop, instead of the effort's own. With ``weights`` (g, n) their sum is
        minimised in place of the cost, which is ``held`` at no more than that.

        Raises
        ------
        SolverError
            When the solver found nothing.
        """
        model = build(self.problem, pairs, aim, at_least, integer)
        if weights is not None and held is not None:
            model.weigh(weights, held)
        if start is not None:
            model.start_from(start)
        solution = solve_program(
            model.program,
            effort=self.effort,
            mip_gap=gap,
            solver=self.solver,
            warm_start=start is not None,
            progress=progress,
            cancelled=self.cancelled,
            log=self.say,
        )
        if not solution.found:
            raise SolverError(
                f"EFFORT: {solution.solver} found no allocation in {solution.seconds:.0f} s. Choose a greater EFFORT "
                "(and TIME_LIMIT), or allow groups to be divided (SPLIT_GROUPS)."
            )
        people = model.people()
        if np.abs(people - np.round(people)).max(initial=0.0) > FRACTION and integer is None:
            # The solver ended between equally good corners; a corner of a flow is whole, so asking costs nothing.
            return self.run(aim, at_least, pairs, None, progress, gap, True, held, weights)
        return (people if integer is False else np.round(people)), solution
