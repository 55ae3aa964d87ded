"""The report of ``allocatecrowd``: figures, shortages, the load of every shelter, preference against distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..layers.allocation.case import AllocationCase
from ..layers.allocation.groups import Groups, Shelters
from ..solvers.allocation.objective import BY_GROUPS
from ..solvers.allocation.problem import Allocation
from ..solvers.allocation.tradeoff import Point
from .charts import bar_chart, line_chart
from .page import write_report

DIFFERENT = 1e-6  # km or preference: less is rounding
BARS = 40  # shelters drawn; the table has all


def write_allocation_report(
    path: str,
    found: Allocation,
    case: AllocationCase,
    points: Sequence[Point],
    numbers: dict[str, Any],
    said: Sequence[str],
    labels: Sequence[str],
) -> None:
    """Write the HTML report to ``path``; ``labels`` are what readers call the shelters."""
    groups, shelters, objective = case.groups, case.shelters, case.objective
    far = np.where(found.people > 0, case.kilometres, 0.0)
    placed = max(int(found.people.sum()), 1)
    satisfied = (found.people * (1.0 - objective.dissatisfaction)).sum() / placed
    write_report(
        path,
        "allocation_report.html",
        numbers=numbers,
        said=list(said),
        mean_km=float((far * found.people).sum()) / placed,
        most_km=float(far.max(initial=0.0)),
        preference=float(satisfied),
        weights=(objective.weight_preference, objective.weight_distance),
        by_groups=objective.weight_by == BY_GROUPS,
        loads=_load_chart(found, shelters, labels),
        drawn=min(BARS, len(shelters.capacity)),
        classes=groups.classes,
        shelters=_shelter_table(found, case, labels),
        doors=case.separation.let_in is not None,
        left=_left_table(found, groups),
        curve=_curve_chart(points),
        points=list(points),
        nearest=min((point.kilometres for point in points), default=0.0),
        more_people=found.more_people,
    )


def _load_chart(found: Allocation, shelters: Shelters, labels: Sequence[str]) -> Any:
    """Return the load of the shelters with most people, beside their capacity; None without shelters."""
    if not len(found.load):
        return None
    chosen = np.sort(np.lexsort((np.arange(len(found.load)), -found.load))[:BARS])
    return bar_chart(
        [labels[j] for j in chosen.tolist()],
        found.load[chosen],
        title="Load of the shelters",
        value_label="people",
        limits=shelters.capacity[chosen],
        limit_label="capacity",
    )


def _shelter_table(found: Allocation, case: AllocationCase, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return each shelter with its load by class."""
    groups, shelters, let_in = case.groups, case.shelters, case.separation.let_in
    by_class = np.zeros((len(groups.classes), len(shelters.capacity)), dtype=np.int64)
    np.add.at(by_class, groups.kind, found.people)
    return [
        {
            "id": identifier,
            "load": int(found.load[j]),
            "capacity": int(shelters.capacity[j]),
            "door_capacity": None if let_in is None else int(let_in[j]),
            "share": 100.0 * found.load[j] / shelters.capacity[j] if shelters.capacity[j] else None,
            "classes": by_class[:, j].tolist(),
            "zones": len(np.unique(groups.zone[found.people[:, j] > 0])),
        }
        for j, identifier in enumerate(labels)
    ]


def _left_table(found: Allocation, groups: Groups) -> list[tuple[str, int, int]]:
    """Return the reasons for which people have no place: reason, groups, people."""
    left = groups.sizes - found.allocated
    rows: dict[str, list[int]] = {}
    for people, reason in zip(left.tolist(), found.reasons):
        if people > 0:
            rows.setdefault(reason, []).append(people)
    for each in groups.stranded:
        rows.setdefault("zone without a usable geometry", []).append(each.people)
    return [(reason, len(people), sum(people)) for reason, people in sorted(rows.items())]


def _curve_chart(points: Sequence[Point]) -> Any:
    """Return mean preference over mean kilometres for the plans that no other one beats; None if they do not differ."""
    shown = sorted((p for p in points if p.efficient), key=lambda point: (point.kilometres, point.preference))
    spread = np.ptp([[p.kilometres, p.preference] for p in shown], axis=0) if shown else np.zeros(2)
    if spread.max() < DIFFERENT:
        return None
    plan = [point.kilometres for point in points if point.plan]
    return line_chart(
        [point.kilometres for point in shown],
        {"mean preference": [point.preference for point in shown]},
        title="Which preference costs how many kilometres",
        x_label="mean distance (km)",
        y_label="mean preference (0 to 1)",
        marks={"this plan": plan[0]} if plan else None,
    )
