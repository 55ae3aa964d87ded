"""Moves of whole groups to another destination, one at a time or two that change places; vehicles move among streets.

What a group would gain is added up over its vehicles by the marginal costs of now; since it comes all at once, the
queue that its own vehicles make at the new doors, and no longer make at the old ones, is counted besides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.network import QueueRoads
from ..routing.shared.routes import rows_at
from .aims import Aim
from .judge import JointRoutes, Planned, destinations_of
from .outlook import joined
from .problem import ROUNDING, JointProblem
from .search import CAREFUL, JointMoves, Wishes, moved

AT_ONCE = 4  # groups that may move in one step
TRIED = 40  # moves that are looked at for room, the most promising first


class Shift(NamedTuple):
    """A group that goes to a destination."""

    group: int
    end: int


class GroupMoves(JointMoves):
    """Moves of groups and of vehicles in turn; parameters as of :class:`JointMoves`."""

    most_fields = 4

    def __init__(
        self, problem: JointProblem, roads: QueueRoads, aim: Aim, stuck_seconds: float, bound: np.ndarray, seed: int = 0
    ) -> None:
        super().__init__(problem, roads, aim, stuck_seconds, bound, seed)
        self.tries = 0
        self.tried: set[Shift] = set()  # alone, since the plan is as it is
        together = np.flatnonzero(bound)
        order = together[np.argsort(problem.group[together], kind="stable")]
        self.groups, first = np.unique(problem.group[order], return_index=True)
        self.members = np.split(order, first[1:])
        self.owner = np.repeat(np.arange(len(self.groups)), [len(some) for some in self.members])
        self.trips = order

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> JointRoutes | None:
        """Return the plan with groups moved, or vehicles on better ways; None where nothing would gain."""
        self.tries += 1
        if self.tries % 2 or self.elsewhere:
            if self.stale:
                self.look(plan, control)
            routes = self.regrouped(plan, count // CAREFUL**2, self.draws or draws, control)
            if routes is not None:
                return routes
        return super().moved(plan, looking, count, draws, control)

    def at(self, plan: Planned) -> None:
        """Take the marginal costs of ``plan``."""
        super().at(plan)
        self.tried = set()

    def regrouped(self, plan: Planned, count: int, draws: np.random.Generator, control: Control) -> JointRoutes | None:
        """Return the plan with one group, or more of about ``count`` vehicles together, at other destinations."""
        gain = self.gains(plan)
        now = np.array([destinations_of(plan)[some[0]] for some in self.members])
        shifts = self.chosen(plan, gain, now, count, draws)
        if not shifts:
            return None
        if len(shifts) == 1 or shifts[1].end == now[shifts[0].group]:
            self.tried.add(shifts[0])
        parts = []
        for shift in shifts:
            parts += self.walked_at_once(self.members[shift.group], shift.end, control)
        trips, end, _, size, arcs = joined(parts)
        asked = np.concatenate([self.members[shift.group] for shift in shifts])
        to = np.repeat([shift.end for shift in shifts], [len(self.members[shift.group]) for shift in shifts])
        missing = ~np.isin(asked, trips)
        first = np.r_[0, np.cumsum(size)]
        if missing.any():
            source = self.problem.network.source.astype(np.int64) * self.problem.destinations
            lent = lenders(source[trips] + end, source[asked[missing]] + to[missing])
            if (lent < 0).any():
                return None
            trips, end = np.r_[trips, asked[missing]], np.r_[end, to[missing]]
            arcs = np.r_[arcs, rows_at(first[lent], size[lent], arcs)]
            first = np.r_[0, np.cumsum(np.r_[size, size[lent]])]
        wishes = Wishes(trips, end, np.zeros(len(trips)), first, arcs)
        return moved(plan.routes, wishes, np.ones(len(trips), dtype=bool))  # type: ignore[arg-type]

    def gains(self, plan: Planned) -> np.ndarray:
        """Return what each group (b, n) would save at each destination; -inf where that is not known or not allowed."""
        problem, count = self.problem, len(self.groups)
        now = self.priced_now(plan, self.trips)
        pays = np.bincount(self.owner, weights=now, minlength=count)
        size = np.bincount(self.owner, weights=self.aim.weight[self.trips], minlength=count)
        headway = headways(plan, problem.destinations)
        gain = np.full((count, problem.destinations), -np.inf)
        at = destinations_of(plan)[self.trips]
        old = at[np.r_[0, np.cumsum([len(some) for some in self.members])][:-1].astype(np.int64)] if count else at
        for end, field in self.fields.items():
            cost = self.outlook.cost_at(field, self.trips) + self.to_pay(self.trips, np.full(len(self.trips), end))
            total = np.bincount(self.owner, weights=np.where(np.isfinite(cost), cost, 0.0), minlength=count)
            lost = np.bincount(self.owner, weights=~np.isfinite(cost), minlength=count) > 0
            together = 0.5 * size * size * (headway[end] + headway[old])
            gain[:, end] = np.where(lost | (old == end), -np.inf, pays - total - together)
        return gain

    def chosen(
        self, plan: Planned, gain: np.ndarray, now: np.ndarray, count: int, draws: np.random.Generator
    ) -> list[Shift]:
        """Return moves that promise a gain and keep the rooms: into free room, or two groups that change places.

        Not one that was tried first or alone since the plan is as it is.
        """
        people = np.array([self.problem.people[some].sum() for some in self.members])
        left = self.problem.room * (1.0 + ROUNDING) - self.problem.load(destinations_of(plan))
        noise = draws.uniform(0.0, 1.0, gain.shape)
        group, end = np.nonzero(gain > 0)
        order = np.argsort(-(gain * noise)[group, end], kind="stable")[:TRIED]
        shifts: list[Shift] = []
        touched: set[int] = set()
        for k in order.tolist():
            g, to = int(group[k]), int(end[k])
            size = sum(len(self.members[shift.group]) for shift in shifts)
            if shifts and (len(shifts) >= AT_ONCE or size + len(self.members[g]) > count):
                break
            if g in touched or (not shifts and Shift(g, to) in self.tried):
                continue
            if people[g] <= left[to]:
                shifts.append(Shift(g, to))
            else:
                partner = self._partner(g, to, gain, now, people, left, touched)
                if partner < 0:
                    continue
                shifts += [Shift(g, to), Shift(partner, int(now[g]))]
                left[now[g]] -= people[partner]
                left[to] += people[partner]
                touched.add(partner)
            left[to] -= people[g]
            left[now[g]] += people[g]
            touched.add(g)
        return shifts

    def _partner(
        self,
        group: int,
        to: int,
        gain: np.ndarray,
        now: np.ndarray,
        people: np.ndarray,
        left: np.ndarray,
        touched: set[int],
    ) -> int:
        """Return the group at ``to`` that best changes places with ``group``; -1 where none does."""
        back = int(now[group])
        both = gain[group, to] + gain[:, back]
        fits = (now == to) & (people[group] <= left[to] + people) & (people <= left[back] + people[group])
        fits &= both > 0
        fits[list(touched)] = False
        return int(np.argmax(np.where(fits, both, -np.inf))) if fits.any() else -1


def lenders(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return for each of ``asked`` (k,) the number of one that is equal among ``known``, in turn; -1 where none is.

    Examples
    --------
    >>> lenders(np.array([7, 5, 7]), np.array([7, 7, 5, 6])).tolist()
    [0, 2, 1, -1]
    """
    order = np.argsort(known, kind="stable")
    first, last = (np.searchsorted(known[order], asked, side=side) for side in ("left", "right"))
    found = np.full(len(asked), -1, dtype=np.int64)
    some = np.flatnonzero(last > first)
    turn = first[some] + some % (last - first)[some]
    found[some] = order[turn]
    return found


def headways(plan: Planned, destinations: int) -> np.ndarray:
    """Return the mean microseconds (n,) between two arrivals at each destination; their median where few arrive."""
    arrival, where = plan.run.arrival(), destinations_of(plan)
    count = np.bincount(where, minlength=destinations)
    last, first = np.zeros(len(count)), np.full(len(count), np.inf)
    np.maximum.at(last, where, arrival.astype(np.float64))
    np.minimum.at(first, where, arrival.astype(np.float64))
    known = count > 1
    mean = np.zeros(len(count))
    mean[known] = (last - first)[known] / (count - 1)[known]
    mean[~known] = np.median(mean[known]) if known.any() else 0.0
    return mean
