"""The report of ``rollinghorizon``: what re-planning brings, who is told what, what knowing earlier was worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.rolling.case import RunningCase
from ..layers.rolling.rows import AT_ORIGIN, Change, changes, compared, verdict, worth
from ..layers.routing.outputs import RoutedCase
from ..solvers.rolling.game import Came, Played
from ..solvers.routing.queue.network import SECOND
from .caught import caught_story
from .charts import line_chart
from .page import write_report

MOST_CHANGES = 40


def write_rolling_report(
    path: str, case: RunningCase, played: Played, found: RoutedCase, numbers: dict[str, Any]
) -> None:
    """Write the HTML report to ``path``."""
    told = changes(case, played)
    people = case.game.problem.people
    by_moment = [
        {
            "minute": each.moment / 60e6,
            "clock": case.start.text(each.moment / SECOND, "HH:mm"),
            "vehicles": len(each.trips),
            "people": float(people[each.trips].sum()),
            "at_origin": float(people[each.trips[each.hops == 0]].sum()),
            "elsewhere": float(people[each.trips][_elsewhere(each)].sum()),
            "caught": each.expected[0],
            "caught_kept": each.kept[0],
            "hours": each.expected[1] / 3600.0,
            "hours_kept": each.kept[1] / 3600.0,
        }
        for each in played.told
    ]
    known = case.game.knowledge.moments()
    write_report(
        path,
        "rolling_report.html",
        numbers=numbers,
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        verdict=verdict(played),
        worth=worth(played),
        worse=played.carried.rank > played.fixed.rank,
        known=[(second / 60.0, case.start.text(second, "HH:mm")) for second in known.tolist()],
        planned=[moment / 60e6 for moment in played.planned],
        plans=[_row(name, came, float(people.sum())) for name, came in compared(played)],
        moments=by_moment,
        changes=[_change(case, change) for change in told[:MOST_CHANGES]],
        more=len(told) - MOST_CHANGES,
        shelters=case.game.rooms is not None,
        chart=_chart(played, people) if len(people) else None,
        caught=caught_story(found.case, found.result),
    )


def _elsewhere(told: Any) -> np.ndarray:
    """Return which of those who are told something go to another destination."""
    return np.asarray(told.goal_before[told.trips] != told.goal_after[told.trips])


def _row(name: str, came: Came, people: float) -> dict[str, Any]:
    return {
        "name": name,
        "caught": came.caught,
        "arrived": people - came.caught,
        "hours": came.person_time / 3600.0,
        "last": came.last / 60.0 if came.run.arrived.any() else None,
    }


def _change(case: RunningCase, change: Change) -> dict[str, Any]:
    read, told = case.on_roads.read, change.told
    return {
        "clock": case.start.text(told.moment / SECOND, "HH:mm"),
        "origin": case.on_roads.vehicles.origin[change.first],
        "place": read.arc_name(change.on) if change.on >= 0 else AT_ORIGIN,
        "destination": case.destination(change.first, told.goal_before),
        "new_destination": case.destination(change.first, told.goal_after),
        "old": read.arc_name(change.old) if change.old >= 0 else "–",
        "new": read.arc_name(change.new) if change.new >= 0 else "–",
        "people": change.people,
        "vehicles": change.vehicles,
    }


def _chart(played: Played, people: np.ndarray) -> Any:
    """Return how many people have arrived by each minute, by each of the plans."""
    last = max(came.last for _, came in compared(played))
    moments = np.arange(0.0, last / 60.0 + 1.0)
    series = {}
    for name, came in compared(played):
        there = came.run.arrived
        arrival = came.run.arrival()[there] / (60 * SECOND)
        order = np.argsort(arrival)
        total = np.r_[0.0, np.cumsum(people[there][order])]
        series[name] = total[np.searchsorted(arrival[order], moments, side="right")]
    return line_chart(
        moments, series, title="People who have arrived", x_label="minutes after the start time", y_label="people",
        step=True,
    )  # fmt: skip
