"""The report of ``contraflow``: each step with what it saves, and what was refused."""

from __future__ import annotations

from typing import Any

from ..layers.contraflow.search import REFUSED, TRIED, Turning
from .charts import bar_chart
from .page import write_report

MOST_ROWS = 30


def write_contraflow_report(path: str, found: Turning, numbers: dict[str, Any]) -> None:
    """Write the HTML report to ``path``."""
    totals, total = [], found.before.result.total_time
    for judged in found.steps:
        total -= judged.gain or 0.0
        totals.append(total / 3600.0)
    names = ["as it is", *(f"{k + 1}: {judged.candidate.name}" for k, judged in enumerate(found.steps))]
    chart = None
    if found.steps:
        chart = bar_chart(
            names, [found.before.result.total_time / 3600.0, *totals], title="Total travel time",
            value_label="vehicle-hours",
        )  # fmt: skip
    write_report(
        path,
        "contraflow_report.html",
        numbers=numbers,
        sentence=found.sentence,
        steps=found.steps,
        tried=[judged for judged in found.others if judged.status == TRIED][:MOST_ROWS],
        refused=[judged for judged in found.others if judged.status == REFUSED][:MOST_ROWS],
        chart=chart,
    )
