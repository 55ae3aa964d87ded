"""The state of a game: where everybody is, what is planned and known, and what was carried out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import CERTAIN, MILLISECONDS, NEVER, Case, Value, nearest
from .carrying_out import Fleet, Tour, carry_out
from .dividing import Part, divide
from .planning import Planned, Row, rows_of
from .problem import FleetProblem, TravelTimes


@dataclass(frozen=True)
class Period:
    """What was planned and carried out in a period.

    Attributes
    ----------
    number : int
    begin : int
        Milliseconds.
    news : int
        People who became known since the last plan.
    waiting, expected : int
        People of the plan who are certain, and who are expected.
    left_out : int
        People whom the plan could fetch at no time.
    planned : Value
        What the plan is worth.
    proved : bool
        Whether no better plan exists for what was known.
    tours, fetched : int
        Tours that started, and people who came aboard in them.
    """

    number: int
    begin: int
    news: int
    waiting: int
    expected: int
    left_out: int
    planned: Value
    proved: bool
    tours: int
    fetched: int


def case_of(
    problem: FleetProblem,
    parts: list[Part],
    fleet: Fleet,
    times: TravelTimes,
    free: np.ndarray,
    expected: dict[int, float],
    not_before: int,
) -> Case:
    """Return what one plan is about.

    Parameters
    ----------
    parts : list of Part
    fleet : Fleet
        Where vehicles are, and the room that is left.
    times : TravelTimes
        As known.
    free : (v,) int64
        When each vehicle can start.
    expected : dict
        Probability of the requests that are not certain.
    not_before : int
        When a tour that fetches some of them may start.
    """
    request = np.array([part.request for part in parts], dtype=np.int64)
    people = np.array([part.people for part in parts], dtype=np.int64)
    wheels = np.array([part.wheels for part in parts], dtype=np.int64)
    ready = np.array([problem.ready_ms(r) for r in request.tolist()], dtype=np.int64)
    service = np.array([problem.service(part.people, part.wheels) for part in parts], dtype=np.int64)
    weight = np.array([round(CERTAIN * part.people * expected.get(part.request, 1.0)) for part in parts], np.int64)
    later = [not_before if part.request in expected else -NEVER for part in parts]
    place = np.asarray(problem.place, dtype=np.int64)[request]
    shelter = np.asarray(problem.shelter_place, dtype=np.int64)
    near, near_shelter = nearest(times.matrix, place, shelter)
    return Case(
        times.matrix, times.opens, times.closes, place, people, wheels, ready, ready, service, weight, weight,
        np.array(later, dtype=np.int64), times.until, np.asarray(problem.seats, dtype=np.int64),
        np.asarray(problem.chairs, dtype=np.int64), fleet.place.copy(), free, shelter, fleet.room.copy(),
        problem.period_ms if problem.wait else 0, problem.last_ms, round(problem.stop * MILLISECONDS), near,
        near_shelter,
    )  # fmt: skip


class Game:
    """The state of a game."""

    def __init__(self, problem: FleetProblem) -> None:
        self.problem = problem
        self.left = np.stack([problem.people, problem.wheelchairs], axis=1).astype(np.int64)
        self.fleet = Fleet.of(problem)
        self.tours: list[Tour] = []
        self.periods: list[Period] = []
        self.planned: list[list[Part | int]] = []
        known = np.asarray(problem.known, dtype=float)
        joined = np.asarray(problem.place) >= 0
        ready, ahead = np.maximum(problem.ready, 0.0), problem.look_ahead * problem.period
        events = [0.0, *known[joined & np.isfinite(known)].tolist()]
        events += (ready[joined] - ahead + problem.period).tolist()
        events += (ready[joined & (problem.probability < 1.0)] + ahead).tolist()
        events += [each.since for each in problem.knowledge if each.news and np.isfinite(each.since)]
        opens = problem.truth.opens
        self.events = np.sort(np.concatenate([np.array(events) * MILLISECONDS, opens[opens > 0]]))
        self.before = math.nan  # of the last plan

    def share(self, begin: int) -> tuple[float, float]:
        """Return the part of the progress that the plan at a moment has."""
        last = max(float(self.events[-1]), 8.0 * self.problem.period_ms)
        return min(begin / (begin + last), 1.0), min((begin + self.problem.period_ms) / (begin + 2 * last), 1.0)

    def parts_at(self, begin: int) -> tuple[list[Part], dict[int, float]]:
        """Return the parts that the plan at a moment is about, and the probability of what is expected.

        Nobody is expected any more from ``look_ahead`` periods after being ready on, or who is known would wait for
        those who never come.
        """
        problem, moment = self.problem, begin / MILLISECONDS
        ahead = problem.look_ahead * problem.period
        parts: list[Part] = []
        expected: dict[int, float] = {}
        most = int(self.fleet.room.max(initial=0))
        soon = (self.left[:, 0] > 0) & (problem.place >= 0) & (problem.ready < moment + ahead)
        for r in np.flatnonzero(soon).tolist():
            if problem.known[r] > moment:
                if not problem.probability[r] < 1.0 or moment >= max(problem.ready[r], 0.0) + ahead:
                    continue
                expected[r] = float(problem.probability[r])
            parts += divide(r, self.left[r], problem.seats, problem.chairs, most)
        return parts, expected

    def case_at(self, begin: int, parts: list[Part], expected: dict[int, float]) -> Case:
        """Return the case of the plan at a moment."""
        times = self.problem.known_at(begin / MILLISECONDS)
        free = self.fleet.free_from(begin, self.problem)
        return case_of(self.problem, parts, self.fleet, times, free, expected, begin + self.problem.period_ms)

    def rest(self, parts: list[Part]) -> list[Row]:
        """Return what the last plan has not carried out as rows of these parts."""
        number = {part[:2]: k for k, part in enumerate(parts)}
        rows = []
        for row in self.planned:
            kept: Row = []
            for stop in row:
                if isinstance(stop, Part):
                    if stop[:2] in number:
                        kept.append(number[stop[:2]])
                elif kept and kept[-1] >= 0:
                    kept.append(stop)
            rows.append(kept)
        return rows

    def play(self, number: int, case: Case, parts: list[Part], expected: dict[int, float], planned: Planned) -> int:
        """Carry out the tours that start in the period; return the number of the next period, -1 for the end."""
        problem, begin = self.problem, number * self.problem.period_ms
        end, count, fetched = begin + problem.period_ms, 0, 0
        rows = rows_of(planned.plan, case)
        self.planned = [[parts[token] if token >= 0 else token for token in row] for row in rows]
        for v, row in enumerate(self.planned):
            while row:
                last = next(i for i, stop in enumerate(row) if not isinstance(stop, Part))
                tour = [stop for stop in row[:last] if isinstance(stop, Part)]
                start = self.fleet.start(v, begin, problem)
                if start >= end or any(part.request in expected for part in tour):
                    break
                shelter = row[last]
                del row[: last + 1]
                if isinstance(shelter, Part):
                    raise TypeError("a tour ends at a shelter")
                done = carry_out(problem, self.fleet, v, start, number, tour, -1 - shelter)
                if done is None:
                    continue
                self.tours.append(done)
                for stop in done.stops[:-1]:
                    self.left[stop.request] -= (stop.on, stop.wheels)
                count, fetched = count + 1, fetched + done.people
        self._note(number, begin, case, parts, expected, planned, count, fetched)
        later = [stop for row in self.planned for stop in row if isinstance(stop, Part)]
        if count:  # who is left may have to be divided anew by the room that is left
            later += [part for part in parts if self.left[part.request, 0] > 0]
        return number + 1 if any(part.request not in expected for part in later) else self.next_event(begin)

    def next_event(self, begin: int) -> int:
        """Return the first period after something new is known or ready, -1 where nothing will be."""
        later = self.events[self.events > begin]
        return math.ceil(later[0] / self.problem.period_ms) if len(later) else -1

    def _note(
        self,
        number: int,
        begin: int,
        case: Case,
        parts: list[Part],
        expected: dict[int, float],
        planned: Planned,
        tours: int,
        fetched: int,
    ) -> None:
        problem, moment = self.problem, begin / MILLISECONDS
        known = np.asarray(problem.known)
        news = int(problem.people[(known <= moment) & ~(known <= self.before)].sum())
        self.before = moment
        sure = sum(part.people for part in parts if part.request not in expected)
        maybe = sum(part.people for part in parts if part.request in expected)
        out = int(case.people[planned.plan.row_of < 0].sum())
        self.periods.append(
            Period(number, begin, news, sure, maybe, out, planned.value, planned.proved, tours, fetched)
        )  # fmt: skip
