"""The report of ``timetosafety``: who makes it on empty roads, when, and where margins are least."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.safety.case import SafetyCase
from ..layers.safety.findings import sentences
from ..layers.safety.rows import area_rows, curve, words, zone_rows
from .charts import line_chart
from .page import write_report

MOST_ZONES, MOST_PLACES = 40, 30


def write_safety_report(path: str, case: SafetyCase, numbers: dict[str, Any], breaks: list[float]) -> None:
    """Write the HTML report to ``path``."""
    zones = zone_rows(case)
    names = [_called(case, z) for z in range(len(zones))]
    for row, name in zip(zones, names):
        row["name"] = name
    zones.sort(key=lambda row: np.inf if row["margin_minutes"] is None else row["margin_minutes"])
    write_report(
        path,
        "safety_report.html",
        on_foot=case.read.on_foot,
        numbers=numbers,
        said=sentences(case),
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        reaction=case.reaction / 60.0,
        hazard=case.area is not None,
        closes=bool(case.read.danger),
        no_way=case.without_way,
        curve=_curve_chart(case) if numbers.get("MINUTES_95") is not None else None,
        classes=case.people.classes if len(case.people.classes) > 1 else [],
        zones=zones[:MOST_ZONES],
        zone_count=len(zones),
        areas=_areas(case, breaks),
        places=_places(case),
    )


def _called(case: SafetyCase, zone: int) -> str:
    key = case.people.zones.ids[zone]
    name = case.people.name.of(case.people.zones.attributes[zone])
    return f"{name[0]} ({key})" if name and name[0] else key


def _curve_chart(case: SafetyCase) -> Any:
    seconds, safe = curve(case)
    reach = np.full(len(seconds), case.all_people - case.too_late)
    series = {"safe": safe, "who can be safe": reach}
    if case.too_late:
        series["all"] = np.full(len(seconds), case.all_people)
    return line_chart(
        seconds / 60.0, series, title="People safe", x_label="minutes from t = 0", y_label="people", step=True
    )


def _areas(case: SafetyCase, breaks: list[float]) -> list[dict[str, Any]]:
    """Return people by class of minutes, nearest first, who has no way last."""
    rows: dict[int, list[int]] = {}
    for (number, _), (people, late) in area_rows(case, breaks).items():
        row = rows.setdefault(number, [0, 0])
        row[0] += people
        row[1] += late
    order = sorted(rows, key=lambda number: number if number >= 0 else len(breaks) + 1)
    return [
        {
            "minutes": words(
                None if k < 0 else 0.0 if k == 0 else breaks[k - 1], breaks[k] if 0 <= k < len(breaks) else None
            ),
            "people": rows[k][0],
            "late": rows[k][1],
        }
        for k in order
    ]


def _places(case: SafetyCase) -> list[dict[str, Any]]:
    """Return the people who make it by the safe place to which they come when they leave last, most first."""
    own = case.fate.safe & ~case.fate.outside
    place = case.found.nodes.place[case.groups.node[own]]
    people = np.bincount(place, case.counts[own], len(case.places)).astype(int)
    order = np.argsort(-people, kind="stable")[:MOST_PLACES]
    return [{"place": case.places[k], "people": int(people[k])} for k in order.tolist() if people[k] > 0]
