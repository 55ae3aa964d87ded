"""The report of a sensitivity analysis: a sentence, a chart and a table for each curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..solvers.metro.problem import MetroProblem
from ..solvers.metro.sensitivity import RESCUE_POINTS, RESOURCE_TYPES, Sample, enough
from .charts import line_chart
from .page import write_report

_LABELS = {RESCUE_POINTS: "Number of rescue points", RESOURCE_TYPES: "Number of resource types"}


def write_sensitivity_report(
    path: str,
    problem: MetroProblem,
    curves: Mapping[str, Sequence[Sample]],
    sentences: Mapping[str, str],
    weighting: str,
    travel_source: str,
    warning: str = "",
) -> None:
    """Write the curves as an HTML page at ``path``; ``weighting`` says where the two weights come from."""
    write_report(
        path,
        "metro_sensitivity.html",
        warning=warning,
        problem=problem,
        weighting=weighting,
        travel_source=travel_source,
        curves=[
            {
                "title": _LABELS.get(name, name),
                "sentence": sentences[name],
                "samples": samples,
                "chart": _chart(name, samples),
                "numbers": name in _LABELS,
            }
            for name, samples in curves.items()
        ],
    )


def _chart(name: str, samples: Sequence[Sample]) -> Any:
    """Return F over the values, where the demand is served and where it is not apart; None for a single point."""
    if len(samples) < 2:
        return None
    values = [sample.value for sample in samples]
    fitness = np.array([sample.fitness.total for sample in samples])
    complete = np.array([sample.complete for sample in samples])
    series = {}
    if complete.any():
        series["Demand served"] = np.where(complete, fitness, np.nan)
    if not complete.all():
        # Drawn apart and not joined: its F leaves out what is missing.
        series["Units missing or late (not comparable)"] = np.where(complete, np.nan, fitness)
    marks = {}
    if name == RESCUE_POINTS and enough(samples) is not samples[-1]:
        marks["no better beyond"] = enough(samples).value
    label = _LABELS.get(name, name)
    title = f"Fitness of the best allocation by {name}"
    return line_chart(values, series, title=title, x_label=label, y_label="Fitness F", marks=marks, points=True)
