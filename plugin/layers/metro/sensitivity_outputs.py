"""The curves of a sensitivity analysis as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...solvers.metro.sensitivity import Sample
from ..fields import Column

CURVES = (
    Column("analysis", "text", "what is varied: rescue points, resource types, or the parameter's name"),
    Column("value", "float", "the number, or the parameter's value"),
    Column("fitness", "float", "F of the best allocation"),
    Column("delay_penalty", "float", "delay penalty, unweighted"),
    Column("allocation_cost", "float", "allocation cost, unweighted"),
    Column("unmet", "int", "units that are missing"),
    Column("late_types", "int", "demands (incident and type) without a unit on time"),
    Column("chosen", "text", "rescue points chosen or sending, or types demanded"),
    Column("proved", "text", "whether the answer is proved to be the best: yes or no"),
)


def curve_rows(curves: Mapping[str, Sequence[Sample]]) -> Iterator[tuple[None, list[Any]]]:
    """Yield a row for each point of each curve."""
    for analysis, samples in curves.items():
        for sample in samples:
            yield (
                None,
                [
                    analysis,
                    sample.value,
                    sample.fitness.total,
                    sample.fitness.delay_penalty,
                    sample.fitness.allocation_cost,
                    sample.missing,
                    sample.late,
                    ", ".join(sample.chosen),
                    "yes" if sample.proved else "no",
                ],
            )
