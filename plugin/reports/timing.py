"""The reports of ``latestdeparture`` and ``stagedeparture``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.timing.case import minutes
from ..layers.timing.latest_rows import LATEST, LatestCase, counts, tightest
from ..layers.timing.stage_rows import StagedCase
from ..solvers.routing.queue.bars import NEVER
from ..solvers.timing.latest_order import shown_windows
from .charts import bar_chart, line_chart
from .page import write_report

BARS = 40


def write_latest_report(path: str, found: LatestCase, numbers: dict[str, Any]) -> None:
    """Write the HTML report on latest orders to ``path``."""
    case, zones = found.case, tightest(found)
    rows = [_latest_row(found, k) for k in [*zones, *(k for k in range(len(case.zones)) if k not in set(zones))]]
    chart = None
    if zones:
        few = zones[:BARS]
        chart = bar_chart(
            [case.zones.ids[k] for k in few], [found.minute(k) or 0 for k in few],
            title="Latest orders, one zone at a time", value_label="minutes after the start time",
        )  # fmt: skip
    write_report(
        path, "latest_report.html", on_foot=case.on_roads.read.on_foot, numbers=numbers,
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        decision=found.decision, counts=counts(found), rows=rows, staying=float(case.staying.sum()), chart=chart,
        drawn=min(BARS, len(zones)),
        rerouted=found.rerouted is not None,
        mixed=case.mixed,
    )  # fmt: skip


def _latest_row(found: LatestCase, zone: int) -> dict[str, Any]:
    case, latest, answer = found.case, found.minute(zone), found.found.latest[zone]
    told = minutes(case.order[zone])
    return {
        "zone": case.zones.ids[zone],
        "people": float(case.people[zone]),
        "staying": float(case.staying[zone]),
        "rest": found.minute_of_rest(zone),
        "result": found.result(zone),
        "told": told,
        "latest": latest,
        "decision": None if latest is None else latest - found.decision,
        "clock": "" if latest is None else case.start.text(60.0 * latest, "HH:mm"),
        "margin": None if latest is None else latest - told,
        "again": "" if answer is None else shown_windows(answer.windows),
        "road": found.bottleneck(zone)[0],
        "others": int(found.found.others[zone]),
        "rerouted": None if found.rerouted is None else found.rerouted[zone],
        "on_foot": float(case.on_foot[zone]) if case.mixed else 0.0,
        "by_mode": _by_mode(found, zone) if case.mixed else [],
    }


def _by_mode(found: LatestCase, zone: int) -> list[str]:
    """Return the latest order for who drives and for who walks, or why there is none."""
    return [
        f"{minute:,}" if result == LATEST else result if minute is None else f"{minute:,} ({result})"
        for result, minute in found.by_mode(zone)
    ]


def write_stage_report(path: str, found: StagedCase, numbers: dict[str, Any]) -> None:
    """Write the HTML report on staging to ``path``."""
    case, staged = found.case, found.found
    people = case.plan.people
    moments = np.arange(0.0, max(staged.outcome.last, staged.at_once.last) / 6e7 + 1.0)
    series = {}
    for name, outcome in (("in waves", staged.outcome), ("everybody at once", staged.at_once)):
        safe = ~outcome.caught
        order = np.argsort(outcome.arrival[safe])
        total = np.r_[0.0, np.cumsum(people[safe][order])]
        series[name] = total[np.searchsorted(outcome.arrival[safe][order] / 6e7, moments, side="right")]
    waves = []
    for wave in np.unique(staged.wave).tolist():
        zones = np.flatnonzero(staged.wave == wave)
        caught = np.isin(case.plan.zone, zones) & staged.outcome.caught
        once = np.isin(case.plan.zone, zones) & staged.at_once.caught
        first = case.arrival[zones].min()
        waves.append(
            {
                "wave": wave,
                "minute": minutes(staged.order[zones[0]]),
                "clock": case.start.text(float(staged.order[zones[0]]) / 1e6, "HH:mm"),
                "zones": ", ".join(case.zones.ids[k] for k in zones.tolist()),
                "people": float(case.people[zones].sum()),
                "caught": float(people[caught].sum()),
                "once": float(people[once].sum()),
                "hazard": minutes(first) if first < NEVER else None,
            }
        )
    steps = [(step, case.zones.ids[step.zone] if step.zone >= 0 else "", minutes(step.last)) for step in staged.steps]
    write_report(
        path, "stage_report.html", on_foot=case.on_roads.read.on_foot, numbers=numbers,
        start=case.start.text(form="yyyy-MM-dd HH:mm"),
        verdict=found.verdict(), explanation=found.explanation(), waves=waves, steps=steps,
        limit=minutes(staged.limit),
        mixed=case.mixed,
        chart=line_chart(
            moments, series, title="People who have arrived", x_label="minutes after the start time", y_label="people",
            step=True,
        ) if len(people) else None,
    )  # fmt: skip
