"""The search for a joint plan: vehicles move to whichever destination with room costs all least, by the best way there.

As the search for least total time with fixed destinations (:mod:`..routing.shared.descent`), but the cost to go is that
of the cheapest destination, the aim may be another, and places are kept count of: at every step nobody is where there
is no room. Rooms that more want than find it get a price.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.events import Plan
from ..routing.queue.marginal import LOST
from ..routing.queue.network import SECOND, QueueRoads
from ..routing.shared.descent import drawn
from ..routing.shared.routes import Routes, rerouted, rows_at
from .aims import Aim
from .fields import LARGE, admit, fill_spare
from .judge import AimJudge, JointRoutes, Planned, destinations_of, joint_routes, to_be_moved
from .outlook import LEAST_GAIN, Field, Outlook, joined
from .problem import ROUNDING, JointProblem

ASKED = 4  # times as many trips look for a way as may move
CAREFUL = 4  # times fewer trips move at once than where destinations are fixed
SAMPLE, ROUNDS = 7, 8  # of the trips every so manieth says where it would go; looks before the first step
PRICE_STEP = 0.7  # of the mean gain of those who want in, by which a full room's price rises if nobody wants out
PRICE_FALL = 0.8  # what is left of the price of a room that no more want in than out of
FULL = 0.02  # of a room, at which it counts as full
MOST_GAIN = 3600.0 * SECOND  # by which a vehicle that would be caught bids for a full room


class Wishes(NamedTuple):
    """Better ways of some trips: ``trips`` (k,), ``end`` (k,), ``gain`` (k,), their roads in compressed rows."""

    trips: np.ndarray
    end: np.ndarray
    gain: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray


class JointMoves:
    """Moves of vehicles, as :func:`..routing.shared.descent.descend` asks for them.

    Parameters
    ----------
    problem : JointProblem
        Of the placed vehicles alone.
    bound : (t,) bool
        Vehicles that cannot change their destination alone.
    seed : int
        Of what is drawn.
    """

    most_fields = 3  # of the cost to go, made at once

    def __init__(
        self, problem: JointProblem, roads: QueueRoads, aim: Aim, stuck_seconds: float, bound: np.ndarray, seed: int = 0
    ) -> None:
        network = problem.network
        self.draws = np.random.default_rng([seed, problem.vehicles]) if seed else None
        self.problem, self.roads, self.aim, self.bound = problem, roads, aim, bound
        self.judge = AimJudge(network, roads, aim, stuck_seconds)
        self.outlook = Outlook(problem, roads, aim, self.judge.departure)
        self.price = np.zeros(problem.destinations)  # of a person's place, vehicle-microseconds
        offset = np.where(problem.allowed, aim.offset(), np.inf)
        self.patterns, pattern = np.unique(offset, axis=0, return_inverse=True)
        self.pattern = pattern.ravel()[problem.group]
        self.offset = offset
        self.by_pattern = not bound.any() and len(self.patterns) <= problem.destinations
        self.fields: dict[int, Field] = {}
        self.turn, self.settled, self.stale = 0, False, True
        self.elsewhere = False

    def look_elsewhere(self) -> None:
        """Look only for ways to other destinations than those of now, each by itself, from now on."""
        self.elsewhere, self.by_pattern, self.fields, self.turn = True, False, {}, 0

    # --- what the search asks -----------------------------------------------------------------------------------------

    @property
    def rounds(self) -> int:
        """How often one has to look anew to have seen all fields."""
        return self._all_fields() // max(len(self.fields), 1) + 1

    def judged(self, routes: Routes, control: Control) -> Planned:
        """Return the exact run of a plan and its numbers."""
        return self.judge.of(routes, joint_routes(routes).destination, control)

    def better(self, one: Planned, other: Planned) -> bool:
        """Return whether to prefer ``one``."""
        return self.judge.preferred(one, other)

    def at(self, plan: Planned) -> None:
        """Take the marginal costs of ``plan``."""
        self.stale = True
        self.outlook.at(*self.judge.guide_of(plan))

    def renew(self, plan: Planned, control: Control) -> None:
        """Look for ways anew at the next step, at other fields where there are too many for all."""
        self.stale = True

    def look(self, plan: Planned, control: Control) -> None:
        """Work out the cost to go by the marginal costs of now, of as many fields as are made at once."""
        self._look(plan)
        if self.by_pattern and not self.settled:
            self._settle(plan, control)
        count, total = min(self.most_fields, self._all_fields()), self._all_fields()
        self._fill([k % total for k in range(self.turn, self.turn + count)], control)
        self.turn = (self.turn + count) % max(total, 1)

    def look_at(self, plan: Planned, numbers: list[int], control: Control) -> None:
        """Work out the cost to go by the marginal costs of now, of the fields of these ``numbers``."""
        self._look(plan)
        self._fill(numbers, control)

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> JointRoutes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` (k,) moved; None where none would gain."""
        draws = self.draws or draws
        if self.stale:
            self.look(plan, control)
        count = max(count // CAREFUL, 1)
        looking = np.sort(draws.permutation(looking)[: ASKED * count])
        if plan.caught:
            looking = np.union1d(looking, np.flatnonzero(~plan.run.arrived))
        wishes = self.wishes(plan, looking, control)
        if not len(wishes.trips):
            return None
        order = drawn(wishes.gain, len(wishes.gain) - 1, draws) if len(wishes.gain) > 1 else np.zeros(1, dtype=np.int64)
        self._reprice(plan, wishes)
        take = self.fitting(plan, wishes, order, count)
        if not take.any():
            return None
        return moved(joint_routes(plan.routes), wishes, take)

    # --- how --------------------------------------------------------------------------------------------------------

    def _all_fields(self) -> int:
        return len(self.patterns) if self.by_pattern else self.problem.destinations

    def _look(self, plan: Planned) -> None:
        self.stale = False
        self.outlook.look(plan)

    def _fill(self, numbers: list[int], control: Control) -> None:
        self.fields = {}
        for number in numbers:
            control.stop_if_cancelled()
            self.fields[number] = self._field(number)

    def _field(self, number: int) -> Field:
        offset = np.full(self.problem.destinations, np.inf)
        if self.by_pattern:
            offset = self.patterns[number] + self.price * self.aim.unit
        else:
            offset[number] = 0.0
        return self.outlook.field(offset)

    def to_pay(self, trips: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return what ``trips`` (k,) pay besides their way at destinations ``end`` (k,): dislike, price of the room."""
        mine = self.offset[self.problem.group[trips], end] * self.aim.weight[trips]
        return mine + self.price[end] * self.problem.people[trips]

    def fields_of(self, plan: Planned, trips: np.ndarray) -> np.ndarray:
        """Return the number (k,) of the field in which each of ``trips`` looks for a way; -1 for none."""
        if self.by_pattern:
            pattern = self.pattern[trips]
            return np.where(np.isin(pattern, list(self.fields)), pattern, -1)
        now = destinations_of(plan)[trips].astype(np.int64)
        best, least = np.full(len(trips), -1, dtype=np.int64), np.full(len(trips), np.inf)
        bound = self.bound[trips]
        for number, field in self.fields.items():
            cost = self.outlook.cost_at(field, trips) + self.to_pay(trips, np.full(len(trips), number))
            better = (cost < least) & (~bound | (now == number)) & ~(self.elsewhere & (now == number))
            best[better], least[better] = number, cost[better]
        return best

    def wishes(self, plan: Planned, looking: np.ndarray, control: Control) -> Wishes:
        """Return better ways of those of the trips ``looking`` that have one."""
        now = self.priced_now(plan, looking)
        number = self.fields_of(plan, looking)
        parts = []
        for k, field in self.fields.items():
            mine = number == k
            parts += [
                self.outlook.walked(field, view, looking[mine], now[mine], self.to_pay, control)
                for view in range(len(field.tables))
            ]
        trips, end, before, size, arcs = joined(parts)
        first = np.r_[0, np.cumsum(size)]
        ways = Plan(self.outlook.departure[trips], first[:-1], size, arcs, first)
        cost = self.outlook.priced(ways, np.arange(len(trips)), self.aim.weight[trips]) + self.to_pay(trips, end)
        gain = before - cost
        order = np.lexsort((-gain, trips))
        order = order[np.r_[True, np.diff(trips[order]) > 0]] if len(order) else order
        best = order[gain[order] > LEAST_GAIN * np.abs(before[order])]
        return Wishes(
            trips[best], end[best], gain[best], np.r_[0, np.cumsum(size[best])], rows_at(first[best], size[best], arcs)
        )

    def priced_now(self, plan: Planned, trips: np.ndarray) -> np.ndarray:
        """Return what ``trips`` (k,) cost everybody where they go now; LOST where they are caught."""
        now = self.outlook.priced(plan.run.plan, trips, self.aim.weight)
        to_be_moved(plan, trips, now)
        return now + self.to_pay(trips, destinations_of(plan)[trips])

    def walked_at_once(self, trips: np.ndarray, end: int, control: Control) -> list[tuple[np.ndarray, ...]]:
        """Return ways of many trips (k,) to one destination, whatever they cost, as :meth:`.Outlook.walked` does.

        Not all by one way: each view sees other queues. Who finds no way by one looks by the next.
        """
        field, count, parts = self.fields[end], len(self.outlook.views), []
        first, todo = np.arange(len(trips)) % count, trips
        for turn in range(count):
            for view in range(count):
                some = todo[(first + turn) % count == view]
                parts.append(self.outlook.walked(field, view, some, np.full(len(some), np.inf), self.to_pay, control))
            missing = ~np.isin(todo, np.concatenate([part[0] for part in parts]))
            todo, first = todo[missing], first[missing]
        return parts

    def fitting(self, plan: Planned, wishes: Wishes, order: np.ndarray, most: int) -> np.ndarray:
        """Return which of the wishes (k,) are fulfilled, at most so many, in their ``order``."""
        people, now = self.problem.people[wishes.trips], destinations_of(plan)
        left = self.problem.room * (1.0 + ROUNDING) - self.problem.load(now)
        made = np.zeros(len(wishes.trips), dtype=bool)
        outlook = self.outlook
        spare = np.full((len(self.roads.travel), outlook.moments), LARGE, dtype=np.int32)
        fill_spare(self.roads, outlook.views[0], outlook.step, spare)
        size = np.diff(wishes.indptr)
        ways = Plan(self.outlook.departure[wishes.trips], wishes.indptr[:-1], size, wishes.arcs, wishes.indptr)
        admit(
            self.roads, outlook.views[0], outlook.step, ways, order, wishes.end.astype(np.int64),
            now[wishes.trips].astype(np.int64), people, left, spare, most, made,
        )  # fmt: skip
        return made

    def _settle(self, plan: Planned, control: Control) -> None:
        """Find prices of the rooms at which about as many want in as out."""
        self.settled = True
        looking = np.arange(0, self.problem.vehicles, SAMPLE)
        for _ in range(ROUNDS):
            self.fields = {k: self._field(k) for k in range(len(self.patterns))}
            self._reprice(plan, self.wishes(plan, looking, control))

    def _reprice(self, plan: Planned, wishes: Wishes) -> None:
        """Raise the price of full rooms that more want in than out of, lower the others'."""
        problem, now = self.problem, destinations_of(plan)
        people = np.maximum(problem.people[wishes.trips], ROUNDING)
        count = problem.destinations
        come = np.bincount(wishes.end, weights=people, minlength=count)
        go = np.bincount(now[wishes.trips], weights=people, minlength=count)
        each = np.where(wishes.gain < LOST / 2, wishes.gain, MOST_GAIN)
        gain = np.bincount(wishes.end, weights=each, minlength=count)
        full = problem.room - problem.load(now) < FULL * problem.room
        up = full & (come > go)
        self.price[~up] *= PRICE_FALL
        self.price[up] += PRICE_STEP * (gain * (come - go))[up] / (come * (come + go))[up]


def moved(routes: JointRoutes, wishes: Wishes, take: np.ndarray) -> JointRoutes:
    """Return the plan with those of the wishes fulfilled that ``take`` (k,) tells."""
    size, trips, destination = np.diff(wishes.indptr), wishes.trips[take], routes.destination.copy()
    destination[trips] = wishes.end[take]
    rows = np.r_[0, np.cumsum(size[take])]
    other = rerouted(routes, trips, rows, wishes.arcs[np.repeat(take, size)])
    return JointRoutes(other.indptr, other.arcs, other.of_trip, destination)
