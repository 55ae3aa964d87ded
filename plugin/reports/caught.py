"""What reports say of those whom the hazard catches, and by how much the others are away before it comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.routing.case import RoutingCase
from ..layers.routing.caught_rows import AT_GOAL, ON_ROAD, caught_groups, people_by_reason, people_staying
from ..layers.routing.route_rows import least_margins, route_groups
from ..solvers.routing.result import RoutingResult
from ..solvers.routing.shared.closings import REASONS
from .page import minutes

MOST_ROWS, MOST_CLOSE = 12, 10
CLOCK = "HH:mm"
MARGINS = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # minutes: where the classes of margins begin


def caught_story(case: RoutingCase, result: RoutingResult) -> dict[str, Any] | None:
    """Return who is caught, where, when and why, and the margins of the others; None where nothing ever closes."""
    if not result.problem.closings:
        return None
    table = _caught_table(case, result)
    return {
        "people": result.people_caught,
        "individual": result.individual_caught,
        "informed": None if result.queue is None else result.queue.informed_caught,
        "reasons": people_by_reason(result),
        "staying": people_staying(result),
        "rows": table[:MOST_ROWS],
        "more": len(table) - MOST_ROWS,
        "margins": margin_table(result),
        "close": _closest(case, result),
        "least": span(result.least_margin()),
    }


def _caught_table(case: RoutingCase, result: RoutingResult) -> list[dict[str, Any]]:
    """Return those caught by origin, reason and street, most people first."""
    groups, rows = caught_groups(case, result), case.rows
    found: dict[tuple[str, int, bool, str], dict[str, Any]] = {}
    for k, row in enumerate(groups.row.tolist()):
        where = "at the origin"
        if groups.place[k] == ON_ROAD:
            where = case.read.arc_name(int(groups.arc[k]))
        elif groups.place[k] == AT_GOAL:
            where = f"at {_called(rows.destination[row], rows.names(row)[1])}"
        first, last = float(groups.first[k]), float(groups.last[k])
        own = found.setdefault(
            (rows.origin[row], int(groups.reason[k]), bool(groups.stays[k]), where),
            {
                "origin": _called(rows.origin[row], rows.names(row)[0]),
                "reason": REASONS[int(groups.reason[k])] + (", stay" if groups.stays[k] else ""),
                "where": where,
                "people": 0.0,
                "span": (first, last),
            },
        )
        own["people"] += float(groups.people[k])
        own["span"] = min(first, own["span"][0]), max(last, own["span"][1])
    table = sorted(found.values(), key=lambda own: -own["people"])
    for own in table:
        own["first"], own["last"] = (case.start.text(second, CLOCK) for second in own.pop("span"))
    return table


def span(seconds: float | None) -> str | None:
    """Return a span of time as text, below two minutes in seconds.

    Examples
    --------
    >>> span(0.97), span(119.0), span(150.0)
    ('1 s', '119 s', '2.5 min')
    """
    if seconds is None:
        return None
    return f"{seconds:.0f} s" if seconds < 120.0 else minutes(seconds)


def _called(name: str, known: str | None) -> str:
    return f"{known} ({name})" if known and known != name else name


def margin_table(result: RoutingResult) -> list[dict[str, Any]]:
    """Return how many people who arrive leave every place how long before the hazard is there."""
    margin, people = result.margin() / 60.0, result.problem.people
    total = max(float(people.sum()), 1.0)
    bounds = [*MARGINS, np.inf]
    texts = [f"{low:g} to {high:g} min" for low, high in zip(bounds[:-2], bounds[1:-1])]
    texts += [f"{bounds[-2]:g} min and more", "the hazard comes to no place on their way"]
    classes = np.where(np.isinf(margin), len(MARGINS), np.searchsorted(MARGINS, margin, side="right") - 1)
    counts = np.bincount(np.maximum(classes, 0), people, len(texts))
    return [
        {"range": text, "people": count, "share": 100.0 * count / total} for text, count in zip(texts, counts.tolist())
    ]


def _closest(case: RoutingCase, result: RoutingResult) -> list[dict[str, Any]]:
    """Return the routes that are left the shortest time before the hazard is there, the closest first."""
    groups = route_groups(case, result)
    least = least_margins(result, groups)
    people = np.bincount(groups.of_vehicle, result.problem.people, len(least))
    rows, row_of = case.rows, case.routed_row(result)
    close = [k for k in np.argsort(least, kind="stable")[:MOST_CLOSE].tolist() if np.isfinite(least[k])]
    return [
        {
            "route": int(groups.id[k]),
            "origin": _called(rows.origin[row], rows.names(row)[0]),
            "destination": _called(rows.destination[row], rows.names(row)[1]),
            "people": float(people[k]),
            "margin": span(float(least[k])),
        }
        for k in close
        for row in [int(row_of[groups.first[k]])]
    ]
