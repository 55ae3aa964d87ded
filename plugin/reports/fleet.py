"""The report of ``dispatchfleet``: who is served when, what waiting costs, what knowing would be worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.fleet.dispatched import MINUTE, Dispatched
from ..layers.fleet.findings import EMPTY_ROADS, by_reason, cost_of_waiting, worth_of_knowing
from ..solvers.fleet.arrays import CERTAIN, MILLISECONDS
from ..solvers.naming import first_of
from .charts import line_chart
from .page import write_report

MOST_ROWS = 40


def write_fleet_report(path: str, found: Dispatched, numbers: dict[str, Any]) -> None:
    """Write the HTML report to ``path``."""
    case, rolling = found.case, found.rolling
    problem = case.problem
    write_report(
        path,
        "fleet_report.html",
        numbers=numbers,
        people=found.people,
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        period=problem.period / 60.0,
        look_ahead=problem.look_ahead,
        empty_roads=EMPTY_ROADS,
        waiting_costs=cost_of_waiting(found),
        knowing=worth_of_knowing(found) if rolling.tours else "",
        mean=found.waiting / rolling.served if rolling.served else None,
        longest=_longest(found),
        plans=_plans(found),
        tours=len(rolling.tours),
        used=len({tour.vehicle for tour in rolling.tours}),
        vehicles=len(case.vehicles),
        elsewhere=found.elsewhere,
        unserved=[(why, people, first_of(keys)) for why, people, keys in by_reason(found)],
        never=sum(row.people for row in found.unserved if not row.real),
        periods=_periods(found),
        shelters=_shelters(found),
        sites=len(case.shelter_ids),
        fleet=_fleet(found)[:MOST_ROWS],
        more=len(found.case.vehicles) - MOST_ROWS,
        chart=_chart(found) if rolling.tours else None,
    )


def _plans(found: Dispatched) -> list[dict[str, Any]]:
    """Return what the game came to, and what others would have come to."""
    rows = []
    for name, own in (("as carried out", found.rolling), ("no waiting for periods", found.at_once)):
        if own is not None:
            rows.append((name, own.served, own.waiting, own.driving, own.last_arrival))
    perfect = found.perfect
    rows.append(("everything known from the start", perfect.served, perfect.waiting, perfect.driving, 0))
    return [
        {
            "name": name,
            "served": served,
            "waiting": waiting / MINUTE,
            "mean": waiting / MINUTE / served if served else None,
            "driving": driving / MINUTE / 60.0,
            "last": last / MINUTE if last else None,
        }
        for name, served, waiting, driving, last in rows
    ]


def _waits(found: Dispatched) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return people (k,), their minutes of waiting, and when they get aboard (minutes), by stop at a request."""
    stops = [stop for tour in found.rolling.tours for stop in tour.stops if stop.on]
    people = np.array([stop.on for stop in stops], dtype=float)
    waited = np.array([stop.waited / MINUTE for stop in stops]) / np.maximum(people, 1.0)
    return people, waited, np.array([stop.departure / MINUTE for stop in stops])


def _longest(found: Dispatched) -> float | None:
    """Return the longest wait, minutes."""
    waited = _waits(found)[1]
    return float(waited.max()) if len(waited) else None


def _periods(found: Dispatched) -> list[dict[str, Any]]:
    return [
        {
            "number": each.number + 1,
            "clock": found.case.start.text(each.begin / MILLISECONDS, "HH:mm"),
            "news": each.news,
            "known": each.waiting,
            "expected": each.expected,
            "left_out": each.left_out,
            "planned": each.planned.waiting / CERTAIN / MINUTE,
            "tours": each.tours,
            "fetched": each.fetched,
            "best": each.proved,
        }
        for each in found.rolling.periods
    ]


def _shelters(found: Dispatched) -> list[dict[str, Any]]:
    case = found.case
    brought = np.bincount(
        [tour.stops[-1].shelter for tour in found.rolling.tours], [tour.people for tour in found.rolling.tours],
        len(case.shelter_ids),
    )  # fmt: skip
    rows = zip(case.shelter_ids, case.problem.room.tolist(), brought.tolist())
    used = [{"id": name, "room": room, "brought": came, "left": room - came} for name, room, came in rows if came]
    return sorted(used, key=lambda row: -row["brought"])


def _fleet(found: Dispatched) -> list[dict[str, Any]]:
    """Return what each vehicle did, most people first."""
    case = found.case
    rows = []
    for v, name in enumerate(case.vehicles):
        own = [tour for tour in found.rolling.tours if tour.vehicle == v]
        rows.append(
            {
                "name": name,
                "seats": int(case.problem.seats[v]),
                "tours": len(own),
                "people": sum(tour.people for tour in own),
                "driving": sum(tour.driven for tour in own) / MINUTE,
                "idle": sum(tour.idle for tour in own) / MINUTE,
            }
        )
    return sorted(rows, key=lambda row: -row["people"])


def _chart(found: Dispatched) -> Any:
    """Return people ready, known, aboard and in shelters by minute."""
    problem, real, rolling = found.case.problem, found.case.real, found.rolling
    people, _, aboard = _waits(found)
    ready = np.maximum(problem.ready[real], 0.0) / 60.0
    known = np.maximum(problem.known[real], 0.0) / 60.0
    arrival = np.array([tour.stops[-1].arrival / MINUTE for tour in rolling.tours])
    brought = np.array([tour.people for tour in rolling.tours], dtype=float)
    asked = problem.people[real].astype(float)
    last = max(float(arrival.max()), float(ready.max(initial=0.0)), float(known.max(initial=0.0)))
    minutes = np.linspace(0.0, last, 400)
    series = {
        "ready": _by(minutes, ready, asked),
        "known": _by(minutes, known, asked),
        "aboard": _by(minutes, aboard, people),
        "in shelters": _by(minutes, arrival, brought),
    }
    return line_chart(
        minutes, series, title="People by minute", x_label="minutes after the start time", y_label="people", step=True
    )


def _by(minutes: np.ndarray, moment: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return how many people's moment has come by each of the minutes."""
    order = np.argsort(moment, kind="stable")
    total = np.r_[0.0, np.cumsum(people[order])]
    return np.asarray(total[np.searchsorted(moment[order], minutes, side="right")])
