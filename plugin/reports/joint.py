"""The report of ``jointplan``: the joint plan beside the step-wise one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.allocation.columns import shelter_labels
from ..layers.joint.case import JointCase
from ..layers.joint.plans import allocation_of, caught_of
from ..layers.routing.outputs import RoutedCase
from ..layers.values import id_text
from ..solvers.joint.kinds import AIM_NAMES, CLEARANCE, SPLIT_NAMES, UNIT_NAMES
from ..solvers.joint.result import JointPlan, JointResult
from ..solvers.routing.result import RoutingResult
from .caught import caught_story
from .charts import MapPanel, bar_chart, line_chart, map_chart
from .modes import modes_story
from .page import write_report
from .routing import door_table, ring_names, street_bottlenecks

BARS, MOST_MOVES, MOST_LINES = 40, 40, 6000
JOINT, STEPWISE = "joint plan", "step by step"
WIDEST, LARGEST = 5.0, 260.0  # points of a road, square points of a place
NOTABLE = 60.0  # s


def write_joint_report(
    path: str,
    case: JointCase,
    result: JointResult,
    found: RoutedCase,
    beside: RoutedCase,
    numbers: dict[str, Any],
    warning: str,
) -> None:
    """Write the HTML report to ``path``: ``found`` is the joint plan's traffic, ``beside`` the step-wise one's."""
    write_report(
        path,
        "joint_report.html",
        on_foot=case.ground.read.on_foot,
        numbers=numbers,
        warning=warning,
        warnings=[*result.warnings, *found.result.warnings, *case.said],
        aim=AIM_NAMES[result.aim],
        by_clearance=result.aim == CLEARANCE,
        unit=UNIT_NAMES[result.unit],
        split=SPLIT_NAMES[result.split],
        keep_together=case.options.keep_together,
        weighs=result.preference_seconds,
        bound_name=result.bound_name,
        start=case.demand.start.text(form="yyyy-MM-dd HH:mm"),
        departures=case.options.departures.text,
        plans=[_figures(JOINT, result.plan, found), _figures(STEPWISE, result.stepwise, beside)],
        informed=_informed(beside.result),
        saved=_saved(result),
        outside=case.outside_people,
        exits=case.ground.targets.exits,
        map=_map(case, result, found, beside),
        clearance=_curves(found, beside),
        hazard=found.curve.in_hazard is not None,
        loads=_loads(case, result),
        shelters=_shelter_table(case, result, found, beside),
        moves=moves(case, result),
        changes=changes(case, result),
        left=_left(case, result.plan),
        streets=street_bottlenecks(found.case, found.use),
        doors=door_table(found.case, found.result),
        rings=ring_names(found.case, found.result),
        caught=caught_story(found.case, found.result),
        **modes_story(found),
    )


def _figures(name: str, plan: JointPlan, routed: RoutedCase) -> dict[str, Any]:
    """Return what the table of plans says of one."""
    people = routed.result.problem.people
    return {
        "name": name,
        "people": float(people.sum()),
        "value": plan.value,
        "hours": plan.total_time / 3600.0,
        "mean": float(routed.result.travel @ people) / max(float(people.sum()), 1.0),
        "clearance": plan.clearance if len(people) else None,
        "caught": routed.result.people_caught,
    }


def _informed(result: RoutingResult) -> tuple[float, float, float] | None:
    """Return what comes of drivers without a plan: vehicle-hours, last arrival (s), people caught."""
    queue = result.queue
    return None if queue is None else (queue.informed_time / 3600.0, queue.informed_clearance, queue.informed_caught)


def _saved(result: JointResult) -> float | None:
    """Return the percent of the step-wise value that the joint plan saves; None where others arrive or are caught."""
    plan, steps = result.plan, result.stepwise
    caught = [each.routing.people_caught for each in (plan, steps)]
    if plan.people_placed != steps.people_placed or caught[0] != caught[1] or steps.value <= 0:
        return None
    return 100.0 * (steps.value - plan.value) / steps.value


def _map(case: JointCase, result: JointResult, found: RoutedCase, beside: RoutedCase) -> Any:
    """Return both plans as maps; None where nobody travels."""
    network, where = case.ground.read.network, case.ground.targets
    if not len(found.use.arc) and not len(beside.use.arc):
        return None
    shown = len(where) - (where.outside >= 0)
    places = network.node_xy[case.ground.node[:shown]]
    flows = [_on_pieces(routed, network.piece_count) for routed in (found, beside)]
    loads = [plan.people(case.problem).sum(axis=0)[:shown] for plan in (result.plan, result.stepwise)]
    most, heaviest = max(flow.max(initial=0) for flow in flows), max(load.max(initial=0) for load in loads)
    panels = []
    for name, flow, load in zip((JOINT, STEPWISE), flows, loads):
        piece = np.argsort(-flow, kind="stable")[: min(MOST_LINES, int((flow > 0).sum()))]
        lines = [network.piece_xy[network.piece_start[p] : network.piece_start[p + 1]] for p in piece.tolist()]
        widths = 0.4 + WIDEST * np.sqrt(flow[piece] / max(most, 1.0))
        sizes = 6.0 + LARGEST * load / max(heaviest, 1.0)
        panels.append(
            MapPanel(name.capitalize(), lines, widths, places, sizes, load >= 0.995 * case.problem.room[:shown])
        )
    return map_chart(panels, _rings(case))


def _on_pieces(routed: RoutedCase, pieces: int) -> np.ndarray:
    """Return the vehicles (p,) on each piece of road, both directions together."""
    arcs = routed.use.arc
    return np.bincount(routed.case.read.network.piece[arcs], weights=routed.use.vehicles, minlength=pieces)


def _rings(case: JointCase) -> list[np.ndarray]:
    """Return the outer borders of the hazard, working CRS."""
    area = case.ground.danger
    if area is None or area.isNull() or area.isEmpty():
        return []
    parts = [polygon[0] for polygon in (area.asMultiPolygon() if area.isMultipart() else [area.asPolygon()])]
    return [np.array([(point.x(), point.y()) for point in ring]) for ring in parts]


def _curves(found: RoutedCase, beside: RoutedCase) -> Any:
    """Return how many people have arrived, and are inside the hazard, by both plans; None where nobody travels."""
    if not found.result.problem.trips:
        return None
    seconds = np.union1d(found.curve.seconds, beside.curve.seconds)
    series = {}
    for name, curve in ((JOINT, found.curve), (STEPWISE, beside.curve)):
        at = np.clip(np.searchsorted(curve.seconds, seconds, side="right") - 1, 0, None)
        series[f"arrived, {name}"] = curve.arrived[at]
        if curve.in_hazard is not None:
            series[f"inside the hazard, {name}"] = curve.in_hazard[at]
    return line_chart(
        seconds / 60.0, series, title="Clearance", x_label="minutes from t = 0", y_label="people", step=True
    )


def _labels(case: JointCase) -> list[str]:
    return shelter_labels(case.ground.targets.shelters, case.carried)


def _loads(case: JointCase, result: JointResult) -> Any:
    """Return the loads of the destinations with most people by either plan; None where nobody goes anywhere."""
    joint, steps = (plan.people(case.problem).sum(axis=0) for plan in (result.plan, result.stepwise))
    most = np.maximum(joint, steps)
    used = np.flatnonzero(most > 0)
    if not len(used):
        return None
    chosen = np.sort(used[np.lexsort((used, -most[used]))[:BARS]])
    room, labels = case.problem.room[chosen], _labels(case)
    limits = np.where(np.isfinite(room), room, np.nan)
    return bar_chart(
        [labels[j] for j in chosen.tolist()], joint[chosen], title="Load of the destinations", value_label="people",
        limits=limits if np.isfinite(limits).any() else None, limit_label="room", beside=steps[chosen],
        labels=(JOINT, STEPWISE),
    )  # fmt: skip


def _shelter_table(case: JointCase, result: JointResult, found: RoutedCase, beside: RoutedCase) -> list[dict[str, Any]]:
    """Return each destination with its load and its last arrival by both plans."""
    rows = [
        {"id": label, "room": float(room) if np.isfinite(room) else None}
        for label, room in zip(_labels(case), case.problem.room.tolist())
    ]
    for key, plan, routed in (("joint", result.plan, found), ("steps", result.stepwise, beside)):
        load, last = plan.people(case.problem).sum(axis=0), np.full(len(rows), -np.inf)
        np.maximum.at(last, plan.destination[plan.placed], routed.result.arrival)
        for row, people, second in zip(rows, load.tolist(), last.tolist()):
            row[key] = people
            row[f"{key}_last"] = second if np.isfinite(second) else None
    return [row for row in rows if row["joint"] or row["steps"] or row["room"] is not None]


def _travel(case: JointCase, plan: JointPlan) -> np.ndarray:
    """Return the travel seconds (t,) of each vehicle, NaN where it has no place."""
    seconds = np.full(case.problem.vehicles, np.nan)
    seconds[plan.placed] = plan.routing.travel
    return seconds


def _by_both(result: JointResult) -> np.ndarray:
    """Return which vehicles (t,) arrive by both plans."""
    both = np.zeros(len(result.plan.destination), dtype=bool)
    both[np.intersect1d(result.plan.placed, result.stepwise.placed)] = True
    return both


def moves(case: JointCase, result: JointResult) -> list[dict[str, Any]]:
    """Return who is sent elsewhere than step by step, most people first, with what it costs or saves him."""
    joint, steps = result.plan.destination, result.stepwise.destination
    vehicle = np.flatnonzero((joint != steps) & _by_both(result))
    if not len(vehicle):
        return []
    groups, labels, people = case.demand.groups, _labels(case), case.problem.people[vehicle]
    zone = groups.zone[case.vehicle_group[vehicle]]
    keys = np.column_stack([zone, steps[vehicle], joint[vehicle]])
    pairs, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.ravel()
    total = np.bincount(which, people)
    mean = [
        np.bincount(which, people * _travel(case, plan)[vehicle]) / np.maximum(total, 1.0)
        for plan in (result.stepwise, result.plan)
    ]
    names = [id_text(value[0]) if (value := case.carried.zone.of(row)) else "" for row in groups.zones.attributes]
    return [
        {
            "zone": f"{names[m]} ({groups.zones.ids[m]})" if names[m] else groups.zones.ids[m],
            "before": labels[a],
            "now": labels[b],
            "people": float(total[k]),
            "steps": float(mean[0][k]),
            "joint": float(mean[1][k]),
        }
        for k in np.argsort(-total, kind="stable")[:MOST_MOVES].tolist()
        for m, a, b in [pairs[k].tolist()]
    ]


def changes(case: JointCase, result: JointResult) -> dict[str, float]:
    """Return what the joint plan changes for people: how many go elsewhere, gain or lose, and the mean change (s)."""
    joint, steps = result.plan.destination, result.stepwise.destination
    both = _by_both(result)
    more = (_travel(case, result.plan) - _travel(case, result.stepwise))[both]
    people, moved = case.problem.people[both], (joint != steps)[both]

    def mean(which: np.ndarray) -> float:
        return float(more[which] @ people[which]) / max(float(people[which].sum()), 1.0)

    return {
        "moved": float(people[moved].sum()),
        "moved_mean": mean(moved),
        "stayed": float(people[~moved].sum()),
        "stayed_mean": mean(~moved),
        "sooner": float(people[more < -NOTABLE].sum()),
        "later": float(people[more > NOTABLE].sum()),
        "worst": float(more.max(initial=0.0)),
    }


def _left(case: JointCase, plan: JointPlan) -> list[tuple[str, int]]:
    """Return the reasons for which people have no place, with how many."""
    groups, found = case.demand.groups, allocation_of(case, plan)
    rows: dict[str, int] = {}
    left = groups.sizes - found.allocated - caught_of(case, plan)
    for people, reason in zip(left.tolist(), found.reasons):
        if people > 0:
            rows[reason] = rows.get(reason, 0) + people
    for each in groups.stranded:
        rows["zone without a usable geometry"] = rows.get("zone without a usable geometry", 0) + each.people
    return sorted(rows.items())
