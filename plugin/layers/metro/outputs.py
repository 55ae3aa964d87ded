"""An allocation of metro resources as rows: what is sent, left and missing, and how the swarm converged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY

from ...solvers.metro.dispatch import UnmetDemand
from ...solvers.metro.problem import MetroProblem
from ...solvers.metro.swarm import SwarmHistory
from ..fields import Column
from ..places import Places
from .travel import MetroTravel

Row = tuple[Any, list[Any]]

SENT = (
    Column("station_id", "text", "rescue point"),
    Column("incident_id", "text", "incident"),
    Column("resource", "text", "resource type"),
    Column("quantity", "int", "units sent"),
    Column("minutes", "float", "travel time, minutes"),
    Column("late_minutes", "float", "minutes beyond the limit"),
    Column("unit_cost", "float", "cost of one unit, transport included"),
    Column("penalty", "float", "delay penalty of all units, unweighted"),
)
REMAINING = (
    Column("station_id", "text", "rescue point"),
    Column("resource", "text", "resource type"),
    Column("inventory", "int", "units in stock before"),
    Column("sent", "int", "units sent"),
    Column("remaining", "int", "units left in stock"),
)
UNMET = (
    Column("incident_id", "text", "incident"),
    Column("resource", "text", "resource type"),
    Column("demanded", "int", "units wanted"),
    Column("delivered", "int", "units sent there"),
    Column("on_time", "int", "units that arrive within the limit"),
    Column("unmet", "int", "units that are missing"),
    Column("reason", "text", "why"),
)
CONVERGENCE = (
    Column("variant", "text", "plain (as published) or repair (ours)"),
    Column("iteration", "int", "iteration, from 1"),
    Column("best_fitness", "float", "best feasible fitness so far; empty until there is one"),
    Column("mean_fitness", "float", "mean fitness of the feasible particles"),
    Column("violation", "float", "constraint violation of the best particle, units"),
    Column("feasible_share", "float", "share of feasible particles"),
    Column("optimum", "float", "fitness of the exact optimum"),
)


def sent_pairs(units: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs (i, j) along which anything is sent, in order."""
    return [(int(i), int(j)) for i, j in np.argwhere(units.any(axis=2))]


def sent_rows(
    problem: MetroProblem, units: np.ndarray, travel: MetroTravel, routes: Mapping[tuple[int, int], QgsGeometry]
) -> Iterator[Row]:
    """Yield a line for each rescue point, incident and type that is sent."""
    for i, j, k in np.argwhere(units > 0).tolist():
        quantity = int(units[i, j, k])
        yield (
            routes[i, j],
            [
                problem.stations[i],
                problem.incidents[j],
                problem.resources[k],
                quantity,
                float(travel.minutes[i, j]),
                float(problem.late[i, j]),
                float(problem.unit_cost[i, j, k]),
                float(problem.unit_penalty[i, j]) * quantity,
            ],
        )


def remaining_rows(problem: MetroProblem, units: np.ndarray, stations: Places) -> Iterator[Row]:
    """Yield a point for each rescue point and type it stocks."""
    sent = units.sum(axis=1)
    for i, k in np.argwhere(problem.inventory > 0).tolist():
        stock, gone = int(problem.inventory[i, k]), int(sent[i, k])
        yield _point(stations, i), [problem.stations[i], problem.resources[k], stock, gone, stock - gone]


def unmet_rows(problem: MetroProblem, unmet_demands: list[UnmetDemand], incidents: Places) -> Iterator[Row]:
    """Yield a point for each incident and type that is short of units or has none on time."""
    for short in unmet_demands:
        yield (
            _point(incidents, short.incident),
            [
                problem.incidents[short.incident],
                problem.resources[short.resource],
                short.demanded,
                short.delivered,
                short.on_time,
                short.unmet,
                short.reason,
            ],
        )


def convergence_rows(histories: Mapping[str, SwarmHistory], optimum: float | None) -> Iterator[Row]:
    """Yield a row for each iteration of each variant of the swarm."""
    for variant, history in histories.items():
        columns = (history.best, history.mean, history.violation, history.feasible)
        for iteration, (best, mean, violation, feasible) in enumerate(zip(*(c.tolist() for c in columns)), start=1):
            yield (
                None,
                [variant, iteration, _or_null(best), _or_null(mean), violation, feasible, optimum],
            )


def with_notes(unmet_demands: list[UnmetDemand], notes: list[str]) -> list[UnmetDemand]:
    """Return the shortages with what is known about the way to their incidents added to the reason."""
    return [
        replace(short, reason=f"{short.reason} ({notes[short.incident]})") if notes[short.incident] else short
        for short in unmet_demands
    ]


def _point(places: Places, position: int) -> QgsGeometry:
    return QgsGeometry.fromPointXY(QgsPointXY(*places.xy[position]))


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else value
