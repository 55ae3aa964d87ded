"""When to call which zone: waves that leave as few as possible in the hazard (spec of time against the hazard, 14).

Aims in order: fewest people caught, the last arrival within a limit, least time on the road with the wait to enter the
first one. Every move is evaluated by the exact simulation; one that is not better is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable, NamedTuple

import numpy as np

from ..control import Control
from ..routing.shared.routes import Routes
from .staging_bound import CaughtBound, caught_bound
from .staging_own_times import Value, joined, own_times, times_tried
from .staging_starts import GAPS, Waves, all_at_once, starts
from .timed_plan import MINUTE, Outcome, TimedPlan

Reroute = Callable[[TimedPlan, np.ndarray, Control], Routes]
JUMPS = (1, -1, 3, -3, 6, -6)  # steps by which a wave is moved
ALL_AT_ONCE, OWN_TIMES, ROUTES = "all at once", "waves by own times", "routes"
MORE = 0.1  # of the clearance of all at once that staging may take longer where no limit is given


class Step(NamedTuple):
    """A step that was kept: what was changed (a start, a zone, a wave, routes), and what came of it.

    ``wave`` and ``minute`` are of the zone or wave that was moved; -1 where there is none.
    """

    what: str
    zone: int
    wave: int
    minute: int
    caught: int
    last: int
    on_the_way: int


@dataclass(frozen=True)
class Staging:
    """What is asked.

    Attributes
    ----------
    plan : TimedPlan
    earliest, latest : (z,) int64
        Between which each zone can be told, microseconds.
    arrival : (z,) int64
        When the hazard reaches it.
    step : int
        Minutes.
    waves : int
    max_clearance : int or None
        Microseconds; None for that of all at once and a tenth.
    splits : int
        How many ways to let a part of the zones go first the search begins with, for each order of urgency.
    own_sweeps : int
        Most times that each zone is moved to a time of its own in another search for a beginning.
    sweeps : int
        Most times that all moves are tried between two searches for routes.
    swaps : int
        Most exchanges of two zones that are tried when no other move gains anything.
    reroutings : int
        Most times that routes are found anew.
    """

    plan: TimedPlan
    earliest: np.ndarray
    latest: np.ndarray
    arrival: np.ndarray
    step: int
    waves: int
    max_clearance: int | None
    splits: int
    own_sweeps: int
    sweeps: int
    swaps: int
    reroutings: int


class Staged(NamedTuple):
    """What was found.

    Attributes
    ----------
    order : (z,) int64
        Microseconds.
    wave : (z,) int64
        From 1 in the order of the calls.
    plan : TimedPlan
        With the routes found.
    outcome, at_once : Outcome
        Of the answer, and of everybody at once: by the routes given or by those found, whichever is better.
    value, at_once_value : tuple
    steps : list of Step
    bound : CaughtBound
        Of the routes found.
    limit : int
        Microseconds of MAX_CLEARANCE.
    """

    order: np.ndarray
    wave: np.ndarray
    plan: TimedPlan
    outcome: Outcome
    at_once: Outcome
    value: Value
    at_once_value: Value
    steps: list[Step]
    bound: CaughtBound
    limit: int

    @property
    def gains(self) -> bool:
        """Whether calling in waves is better than everybody at once."""
        return self.value < self.at_once_value


def stage_departures(
    asked: Staging, reroute: Reroute | None = None, control: Control | None = None, threads: int = 1
) -> Staged:
    """Return when to call which zone, never worse than everybody at once.

    Parameters
    ----------
    reroute : callable, optional
        Finds routes at some orders; without it routes stay.
    threads : int
        How many moves are tried side by side; the answer does not depend on it.

    Raises
    ------
    Cancelled
    """
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        return _Search(asked, reroute, control or Control(), pool).run()


class _Search:
    """The best found so far, and how it is bettered."""

    def __init__(self, asked: Staging, reroute: Reroute | None, control: Control, pool: ThreadPoolExecutor) -> None:
        self.asked, self.reroute, self.control, self.pool = asked, reroute, control, pool
        self.plan, self.steps, self.limit, self.most_calls = asked.plan, list[Step](), 0, asked.waves

    def run(self) -> Staged:
        asked = self.asked
        at_once = self._outcome_at_once(asked.plan)
        once = starts(asked.plan, at_once, asked.arrival, asked.waves, asked.splits)
        self.limit = asked.max_clearance if asked.max_clearance is not None else int(at_once.last * (1.0 + MORE))
        self.at_once, self.at_once_value = at_once, self._value(asked.plan, at_once)
        self.best, self.outcome, self.value = once[0][1], at_once, self.at_once_value
        self._keep(ALL_AT_ONCE, once[0][1], at_once)
        self.control.progress(0.05, "")
        self.most_calls = max(self._calls(self.best), asked.waves)
        begin = [(name, waves) for name, waves in once[1:] if self._calls(waves) <= self.most_calls]
        for (name, waves), found in zip(begin, self._try([waves for _, waves in begin])):
            if self._value(self.plan, found) < self.value:
                self._keep(name, waves, found)
        self.control.progress(0.15, "")
        self._begin_with_own_times()
        self.control.progress(0.35, "")
        for turn in range(asked.reroutings + 1):
            share = 0.35 + 0.6 * turn / (asked.reroutings + 1)
            self._sweeps(self.control.part(share, share + 0.3 / (asked.reroutings + 1)))
            if turn == asked.reroutings or self.reroute is None or not self._find_routes():
                break
        order = self._orders(self.best)
        called = np.unique(order)
        bound = caught_bound(self.plan, asked.earliest)
        return Staged(
            order, np.searchsorted(called, order) + 1, self.plan, self.outcome, self.at_once, self.value,
            self.at_once_value, self.steps, bound, self.limit,
        )  # fmt: skip

    def _begin_with_own_times(self) -> None:
        """Begin with each zone at a time of its own, joined to waves, where that is better."""
        asked = self.asked
        if asked.own_sweeps < 1 or asked.waves < 2 or self.control.effort.passed():
            return

        def tried(candidates: list[Waves]) -> list[Value]:
            return [self._value(self.plan, outcome) for outcome in self._try(candidates)]

        vehicles = np.bincount(self.plan.zone[self.plan.zone >= 0], minlength=len(asked.arrival))
        times = times_tried(self.at_once.last / (asked.step * MINUTE))
        own, _ = own_times(tried, np.argsort(-vehicles, kind="stable"), times, asked.own_sweeps)
        waves = joined(tried, own, asked.waves)
        found = self._try([waves])[0]
        if self._calls(waves) <= self.most_calls and self._value(self.plan, found) < self.value:
            self._keep(OWN_TIMES, waves, found)

    def _calls(self, waves: Waves) -> int:
        """Return at how many moments zones are told."""
        return len(np.unique(self._orders(waves)))

    def _outcome_at_once(self, plan: TimedPlan) -> Outcome:
        return plan.outcome(np.clip(0, self.asked.earliest, self.asked.latest), self.control.unseen())

    def _orders(self, waves: Waves) -> np.ndarray:
        return waves.orders(self.asked.step, self.asked.earliest, self.asked.latest)

    def _value(self, plan: TimedPlan, outcome: Outcome) -> Value:
        return plan.caught_people(outcome), max(outcome.last - self.limit, 0), outcome.on_the_way

    def _try(self, candidates: Iterable[Waves]) -> list[Outcome]:
        self.control.stop_if_cancelled()
        plan, control = self.plan, self.control.unseen()
        return list(self.pool.map(lambda waves: plan.outcome(self._orders(waves), control), candidates))

    def _keep(self, what: str, waves: Waves, outcome: Outcome, zone: int = -1, wave: int = -1) -> None:
        self.best, self.outcome, self.value = waves, outcome, self._value(self.plan, outcome)
        minute = int(waves.time[wave]) * self.asked.step if wave >= 0 else -1
        caught, _, on_the_way = self.value
        self.steps.append(Step(what, zone, wave, minute, caught, outcome.last, on_the_way))
        self.control.log(f"{what}: {caught} people caught, the last arrives after {outcome.last / MINUTE:.0f} min.")

    def _sweeps(self, control: Control) -> None:
        """Move one zone or wave after the other until nothing is gained."""
        for sweep in range(self.asked.sweeps):
            control.progress(sweep / self.asked.sweeps, "")
            before = self.value
            for wave in range(self.asked.waves):
                self._better([(self._moved(wave, jump), -1, wave) for jump in JUMPS])
            for zone in range(len(self.asked.arrival)):
                self._better(self._zone_moves(zone))
            if self.value >= before:
                self._better(self._swaps())
            if self.value >= before or self.control.effort.passed():
                return

    def _zone_moves(self, zone: int) -> list[tuple[Waves, int, int]]:
        """Return the moves of a zone to other waves, an empty one called so many steps after the zone's own."""
        best, moves = self.best, []
        for wave in range(self.asked.waves):
            if wave == best.wave[zone]:
                continue
            changed = best.with_zone(zone, wave)
            empty = not (best.wave == wave).any()
            times = [int(best.time[best.wave[zone]]) + gap for gap in GAPS] if empty else [int(best.time[wave])]
            moves += [(changed.with_time(wave, time), zone, wave) for time in times]
            if empty:  # others are the same
                break
        return moves

    def _swaps(self) -> list[tuple[Waves, int, int]]:
        """Return exchanges of two zones of different waves, those with most people caught first."""
        best, people, zone = self.best, self.plan.people, self.plan.zone
        lost = self.outcome.caught & (zone >= 0)
        caught = np.bincount(zone[lost], people[lost], len(best.wave))
        first, second = np.triu_indices(len(best.wave), 1)
        apart = best.wave[first] != best.wave[second]
        first, second = first[apart], second[apart]
        order = np.argsort(-(caught[first] + caught[second]), kind="stable")[: self.asked.swaps]
        return [
            (best.with_zone(a, int(best.wave[b])).with_zone(b, int(best.wave[a])), a, int(best.wave[b]))
            for a, b in zip(first[order].tolist(), second[order].tolist())
        ]

    def _moved(self, wave: int, jump: int) -> Waves:
        return self.best.with_time(wave, max(int(self.best.time[wave]) + jump, 0))

    def _better(self, moves: list[tuple[Waves, int, int]]) -> None:
        """Keep the best of some moves where it is better than what there is; those that change nothing are skipped."""
        now = self._orders(self.best)
        moves = [
            move for move in moves
            if not np.array_equal(self._orders(move[0]), now) and self._calls(move[0]) <= self.most_calls
        ]  # fmt: skip
        found = self._try([waves for waves, _, _ in moves])
        values = [self._value(self.plan, outcome) for outcome in found]
        if values and min(values) < self.value:
            k = values.index(min(values))
            waves, zone, wave = moves[k]
            self._keep("zone" if zone >= 0 else "wave", waves, found[k], zone, wave)

    def _find_routes(self) -> bool:
        """Find routes anew at the orders; return whether they are better, and kept."""
        if self.reroute is None:
            return False
        changed = self.plan.routed_by(self.reroute(self.plan, self._orders(self.best), self.control.unseen()))
        outcome, at_once = changed.outcome(self._orders(self.best)), self._outcome_at_once(changed)
        if self._value(changed, at_once) < self.at_once_value:
            self.at_once, self.at_once_value = at_once, self._value(changed, at_once)
        staged = (self._value(changed, outcome), ROUTES, self.best, outcome)
        once = (self._value(changed, at_once), ALL_AT_ONCE, self._at_once(), at_once)
        value, what, waves, found = min((staged, once), key=lambda each: each[0])
        if value >= self.value:
            return False
        self.plan = changed
        self._keep(what, waves, found)
        return True

    def _at_once(self) -> Waves:
        return all_at_once(len(self.asked.arrival), self.asked.waves)
