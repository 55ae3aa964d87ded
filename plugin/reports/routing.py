"""The report of ``routeevacuation``: figures, clearance curve, bottlenecks, fairness, limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.routing.case import CostChoice, RoutingCase
from ..layers.routing.door_rows import use_of_doors
from ..layers.routing.mode_rows import node_modes
from ..layers.routing.outputs import RoutedCase
from ..solvers.modes import CAR, FOOT
from ..solvers.routing.clearance import Clearance
from ..solvers.routing.result import RoutingResult
from ..solvers.routing.road_use import RoadUse
from ..solvers.routing.shared.choices import COST_NAMES, CUMULATIVE, LINEAR
from .caught import caught_story
from .charts import bar_chart, line_chart
from .modes import modes_story
from .page import write_report

BOTTLENECKS = 15
MOST_DOORS, MOST_RINGS = 40, 5
LEAST_DELAY = 1e-3  # vehicle-seconds: less is rounding
DETOUR_BINS = ((1.0, 1.05), (1.05, 1.25), (1.25, 1.5), (1.5, 2.0), (2.0, 3.0), (3.0, np.inf))


def write_routing_report(
    path: str, found: RoutedCase, numbers: dict[str, Any], choice: CostChoice, warning: str
) -> None:
    """Write the HTML report to ``path``; ``warning`` is said first."""
    case, result, use, curve = found[:4]
    method, model = result.names
    worst = bottlenecks(case, use)
    write_report(
        path,
        "routing_report.html",
        on_foot=case.read.on_foot,
        numbers=numbers,
        warnings=result.warnings,
        method=method,
        model=model,
        static=result.flow_model == CUMULATIVE,
        cost=COST_NAMES[choice.kind],
        linear=choice.kind == LINEAR and result.queue is None,
        period=choice.period / 60.0,
        bound_name=result.bound_name,
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        departures=case.departures.text,
        staying_home=case.staying,
        clearance=_clearance_chart(curve) if result.problem.trips else None,
        warning=warning,
        bottlenecks=worst,
        delays=_delay_chart(worst),
        detours=detour_table(result),
        routes=result.routes.count,
        over=int(use.over_capacity.sum()),
        used=len(use.arc),
        hazard=curve.in_hazard is not None,
        staying=curve.staying or 0,
        queue=result.queue is not None,
        streets=street_bottlenecks(case, use),
        doors=door_table(case, result) if result.queue is not None else [],
        rings=ring_names(case, result),
        caught=caught_story(case, result),
        **modes_story(found),
    )


def _clearance_chart(curve: Clearance) -> Any:
    """Return the clearance curve as a chart."""
    series = {"departed": curve.departed, "arrived": curve.arrived, "on the road": curve.on_road}
    if curve.in_hazard is not None:
        series["inside the hazard"] = curve.in_hazard
    if curve.waiting.any():
        series["waiting to get onto the road"] = curve.waiting
    if curve.caught.any():
        series["caught"] = curve.caught
    return line_chart(
        curve.seconds / 60.0, series, title="Clearance", x_label="minutes from t = 0", y_label="people", step=True
    )


def on_foot_beside(case: RoutingCase, arc: int) -> str:
    """Return a word for the roads of walkers where others drive, else ""."""
    return " (on foot)" if case.read.first_on_foot is not None and case.read.walked[arc] else ""


def bottlenecks(case: RoutingCase, use: RoadUse) -> list[dict[str, Any]]:
    """Return the directed pieces of road with most delay, worst first."""
    network, rows = case.read.network, []
    for k in np.argsort(-use.delay, kind="stable")[:BOTTLENECKS].tolist():
        if use.delay[k] < LEAST_DELAY:
            break
        arc = int(use.arc[k])
        rows.append(
            {
                "place": len(rows) + 1,
                "road": network.arc_road(arc) + on_foot_beside(case, arc),
                "direction": "forward" if network.forward[arc] else "backward",
                "length": float(network.length[arc]),
                "lanes": None if case.read.walked[arc] else float(network.lanes[arc]),
                "vehicles": int(use.vehicles[k]),
                "peak": int(use.peak[k]),
                "peak_time": case.start.text(float(use.peak_time[k]), "HH:mm"),
                "hours": float(use.delay[k]) / 3600.0,
                "mean": float(use.mean[k]),
                "free": float(network.free_flow[arc]),
                "over": bool(use.over_capacity[k]),
            }
        )
    return rows


def street_bottlenecks(case: RoutingCase, use: RoadUse) -> list[dict[str, Any]]:
    """Return the streets on which a queue stands longest, longest first; none where the model knows no queues.

    What is said is of the piece of the street on which it stands longest; the delay is that of all its pieces that
    have a queue.
    """
    traffic = use.traffic
    if traffic is None:
        return []
    streets: dict[str, list[int]] = {}
    for k in np.flatnonzero(traffic.queue_minutes > 0).tolist():
        arc = int(use.arc[k])
        streets.setdefault(case.read.arc_name(arc) + on_foot_beside(case, arc), []).append(k)
    rows = []
    for name, places in streets.items():
        worst = max(places, key=lambda k: (traffic.queue_minutes[k], use.delay[k]))
        rows.append(
            {
                "street": name,
                "road": case.read.network.arc_road(int(use.arc[worst])),
                "queue": float(traffic.queue_minutes[worst]),
                "longest": int(traffic.longest_queue[worst]),
                "blocked": float(traffic.blocked_minutes[worst]),
                "flow": int(traffic.peak_flow[worst]),
                "vehicles": int(use.vehicles[worst]),
                "pieces": len(places),
                "hours": float(use.delay[places].sum()) / 3600.0,
            }
        )
    rows.sort(key=lambda row: (-row["queue"], -row["hours"], row["street"]))
    return rows[:BOTTLENECKS]


def door_table(case: RoutingCase, result: RoutingResult) -> list[dict[str, Any]]:
    """Return the doors by which somebody comes in, most vehicles first."""
    doors, use = case.doors, use_of_doors(case, result)
    walked = node_modes(case, doors.node) if len(case.modes) > 1 else [CAR] * len(doors)
    rows = [
        {
            "site": doors.ids[int(doors.site[k])] + (" (on foot)" if walked[k] == FOOT else ""),
            "door": int(doors.number[k]),
            "name": doors.names[k],
            "guessed": bool(doors.guessed[k]),
            "capacity": float(doors.capacity[k]),
            "vehicles": int(use.vehicles[k]),
            "people": int(round(float(use.people[k]))),
            "flow": int(use.peak_flow[k]),
            "longest": None if use.longest_queue is None else int(use.longest_queue[k]),
            "last": case.start.text(float(use.last[k]), "HH:mm"),
        }
        for k in np.argsort(-use.vehicles, kind="stable").tolist()
        if use.vehicles[k]
    ]
    return rows[:MOST_DOORS]


def ring_names(case: RoutingCase, result: RoutingResult) -> list[str]:
    """Return the first rings of full roads that were opened, each as the names of its streets."""
    if result.queue is None:
        return []
    rings = (dict.fromkeys(case.read.arc_name(int(arc)) for arc in ring) for ring in result.queue.run.ring_roads)
    return list(dict.fromkeys(" – ".join(names) for names in rings))[:MOST_RINGS]


def _delay_chart(rows: list[dict[str, Any]]) -> Any:
    """Return the delay of the rows of :func:`bottlenecks` as bars in their order; None without delay."""
    if not rows:
        return None
    names = [f"{row['place']}: {row['road']} {row['direction']}" for row in rows]
    hours = [row["hours"] for row in rows]
    return bar_chart(names, hours, title="Delay of the pieces of road below", value_label="vehicle-hours")


def detour_table(result: RoutingResult) -> list[dict[str, Any]]:
    """Return how many vehicles travel how much longer (queue: drive further) than on their own fastest way."""
    detours = result.detours()
    rows = []
    for low, high in DETOUR_BINS:
        count = int(((detours >= low) & (detours < high)).sum())
        text = f"{low:g} to {high:g} times" if np.isfinite(high) else f"{low:g} times and more"
        rows.append({"range": text, "vehicles": count, "share": 100.0 * count / max(len(detours), 1)})
    return rows
