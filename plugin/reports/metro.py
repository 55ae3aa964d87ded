"""The report of a metro allocation: figures, map extract, plan, unmet demand, and the swarm beside the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext

from ..layers.metro.case import MetroCase
from ..solvers.metro.dispatch import Dispatch, UnmetDemand
from ..solvers.metro.problem import MetroProblem
from ..solvers.metro.response import NAMES, Response, compared, gap_to
from .charts import line_chart
from .metro_map import map_extract
from .page import write_report


def write_metro_report(
    path: str,
    case: MetroCase,
    response: Response,
    unmet_demands: list[UnmetDemand],
    routes: Mapping[tuple[int, int], QgsGeometry],
    context: QgsProcessingContext,
    warning: str = "",
) -> None:
    """Write the report of a response as an HTML page at ``path``, with a ``warning`` at its top."""
    problem, units = case.problem, response.dispatch.units
    write_report(
        path,
        "metro_report.html",
        warning=warning,
        problem=problem,
        answer=response.dispatch,
        optimum=response.optimum,
        gap=response.gap,
        unmet=sum(short.unmet for short in unmet_demands),
        units_sent=int(units.sum()),
        points_used=int(units.any(axis=(1, 2)).sum()),
        travel_source=case.travel.source,
        tiers=_tiers(problem),
        map=map_extract(case, units, routes, context),
        plans=[_plan(problem, units, j) for j in range(len(problem.incidents)) if problem.demand[j].any()],
        shortages=[_unmet_demand(problem, short) for short in unmet_demands],
        stocks=_stocks(problem, units),
        methods=_methods(problem, response),
        chart=_chart(response),
    )


def _tiers(problem: MetroProblem) -> str:
    """Return the penalty tiers as a sentence."""
    parts = []
    for end, coefficient in zip(problem.objective.tiers.upto, problem.objective.tiers.coefficient):
        upto = f"up to {end:g} min" if np.isfinite(end) else "beyond"
        parts.append(f"{upto} {coefficient:g}")
    return ", ".join(parts)


def _plan(problem: MetroProblem, units: np.ndarray, j: int) -> dict[str, Any]:
    """Return the table of one incident: a row for each rescue point that sends anything, a column for each type."""
    types = np.flatnonzero(problem.demand[j])
    rows = [
        {
            "station": problem.stations[i],
            "minutes": f"{problem.minutes[i, j]:.1f}",
            "late": f"{problem.late[i, j]:.1f}" if problem.late[i, j] > 0 else "",
            "units": [int(units[i, j, k]) for k in types],
            "cost": float((units[i, j] * problem.unit_cost[i, j]).sum()),
            "penalty": float(units[i, j].sum() * problem.unit_penalty[i, j]),
        }
        for i in np.flatnonzero(units[:, j].any(axis=1))
    ]
    return {
        "incident": problem.incidents[j],
        "types": [problem.resources[k] for k in types],
        "rows": sorted(rows, key=lambda row: float(row["minutes"])),
        "delivered": [int(units[:, j, k].sum()) for k in types],
        "demanded": [int(problem.demand[j, k]) for k in types],
    }


def _unmet_demand(problem: MetroProblem, short: UnmetDemand) -> dict[str, Any]:
    return {
        "incident": problem.incidents[short.incident],
        "resource": problem.resources[short.resource],
        "demanded": short.demanded,
        "delivered": short.delivered,
        "unmet": short.unmet,
        "on_time": short.on_time,
        "reason": short.reason,
    }


def _stocks(problem: MetroProblem, units: np.ndarray) -> dict[str, Any]:
    """Return what is left, of the demanded types: a row for each rescue point."""
    types = np.flatnonzero(problem.demand.any(axis=0))
    left = problem.inventory - units.sum(axis=1)
    rows = [
        (name, [(int(left[i, k]), int(problem.inventory[i, k])) for k in types])
        for i, name in enumerate(problem.stations)
    ]
    return {"types": [problem.resources[k] for k in types], "rows": rows}


def _methods(problem: MetroProblem, response: Response) -> list[dict[str, Any]]:
    """Return the comparison: the exact answer first, then the swarms."""
    exact = response.exact
    rows = [_method(f"Exact ({exact.solver})", exact, "proved optimal" if exact.proved else "not proved", 0.0)]
    for name, result in response.swarms.items():
        note, gap = compared(problem, result, exact), gap_to(problem, result.dispatch, exact)
        rows.append(_method(NAMES[name], result.dispatch, note, gap))
    return rows


def _method(name: str, dispatch: Dispatch, note: str, gap: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "fitness": dispatch.fitness,
        "units": int(dispatch.units.sum()),
        "seconds": dispatch.seconds,
        "note": note,
        "gap": gap if dispatch.bound is None else None,
    }


def _chart(response: Response) -> Any:
    """Return the convergence curves beside the optimum, None without a swarm that found anything feasible."""
    histories = {name: history for name, history in response.histories.items() if np.isfinite(history.best).any()}
    if not histories:
        return None
    length = max(len(history.best) for history in histories.values())
    series = {}
    for name, history in histories.items():
        curve = np.full(length, history.best[-1])
        curve[: len(history.best)] = history.best
        series[NAMES[name]] = curve
    if response.optimum is not None:
        series["Exact optimum"] = np.full(length, response.optimum)
    return line_chart(
        np.arange(1, length + 1),
        series,
        title="Best feasible fitness by iteration",
        x_label="Iteration",
        y_label="Fitness F (cost units)",
    )
