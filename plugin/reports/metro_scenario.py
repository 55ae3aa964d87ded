"""The report of a metro scenario: its elements by dimension, the demand by class, and the travel times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..layers.metro.scenario_case import AdjustedTravel, ScenarioCase
from ..layers.places import Places
from ..solvers.metro.scenario import DIMENSIONS, Scenario
from ..solvers.metro.scenario_demand import Need
from ..solvers.metro.scenario_files import CLASSES
from .page import write_report


def write_scenario_report(path: str, case: ScenarioCase, level: str) -> None:
    """Write the report of one or several scenarios, at one of the demand levels, as an HTML page at ``path``."""
    scenarios, needs, stock, adjusted = case.scenarios, case.needs, case.stock, case.adjusted
    reached = np.isfinite(adjusted.travel.minutes)
    write_report(
        path,
        "metro_scenario.html",
        scenarios=scenarios,
        level=level,
        units=sum(need.at(level) for need in needs),
        types=len({need.resource for need in needs if need.at(level) > 0}),
        points=len(case.stations),
        dimensions=[(name, part, _elements(scenarios, elements)) for name, part, elements in DIMENSIONS],
        demands=[_demand(scenario, needs, level, stock) for scenario in scenarios],
        travel_source=adjusted.travel.source,
        travels=[_travel(adjusted, case.stations, j, scenario) for j, scenario in enumerate(scenarios)],
        short=_short(needs, level, stock),
        cut_off=[s.incident for j, s in enumerate(scenarios) if not reached[:, j].any()],
    )


def _elements(scenarios: Sequence[Scenario], elements: Sequence[str]) -> list[tuple[str, list[str]]]:
    rows = []
    for element in elements:
        texts = [scenario.text(element) for scenario in scenarios]
        rows.append((element.replace("_", " "), [text or "–" for text in texts]))
    return rows


def _demand(scenario: Scenario, needs: Sequence[Need], level: str, stock: Mapping[str, int] | None) -> dict[str, Any]:
    own = [need for need in needs if need.incident == scenario.incident]
    groups = [name for name in CLASSES if any(need.group == name for need in own)]
    groups += sorted({need.group for need in own} - set(groups))
    return {
        "incident": scenario.incident,
        "kind": scenario.emergency_type,
        "groups": [
            (
                name,
                [(n, n.at(level), None if stock is None else stock.get(n.resource, 0)) for n in own if n.group == name],
            )
            for name in groups
        ],
        "stocked": stock is not None,
    }


def _travel(adjusted: AdjustedTravel, stations: Places, j: int, scenario: Scenario) -> dict[str, Any]:
    minutes = adjusted.minutes[:, j]
    rows = []
    for i in np.argsort(minutes, kind="stable").tolist():
        ride = adjusted.rides[i][j]
        way = np.isfinite(minutes[i])
        rows.append(
            {
                "station": stations.ids[i],
                "minutes": f"{minutes[i]:.1f}" if way else "no way",
                "free": f"{adjusted.travel.minutes[i, j]:.1f}" if way else "",
                "later": f"{adjusted.travel.minutes[i, j] * adjusted.later[j] * adjusted.period[j]:.1f}" if way else "",
                "km": f"{adjusted.travel.km[i, j]:.1f}" if way else "",
                "metro": ""
                if ride is None
                else f"{ride.km:.1f} km, {ride.intervals} intervals, {ride.transfers} transfers",
            }
        )
    return {
        "incident": scenario.incident,
        "rows": rows,
        "weather": scenario.weather,
        "weather_factor": f"{adjusted.weather[j]:g}",
        "period": scenario.period,
        "period_factor": f"{adjusted.period[j]:g}",
        "metro": any(row["metro"] for row in rows),
    }


def _short(needs: Sequence[Need], level: str, stock: Mapping[str, int] | None) -> list[tuple[str, int, int]]:
    """Return the resources of which less is in stock than wanted at all incidents: name, wanted, in stock."""
    if stock is None:
        return []
    wanted: dict[str, int] = {}
    for need in needs:
        wanted[need.resource] = wanted.get(need.resource, 0) + need.at(level)
    return [(name, units, stock.get(name, 0)) for name, units in wanted.items() if units > stock.get(name, 0)]
