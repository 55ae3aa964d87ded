"""The paper's figures 8 and 9: CPU time and total time against the number of trips, mean and worst of 20 draws.

Drawn on request only (``FULL=1 make bench``): it takes a quarter of an hour more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import cases
from benchmarks.measuring import timed
from benchmarks.table import Table, seconds
from evacuation_planner.plugin.solvers.routing.shared.choices import FLOW_MODEL_NAMES, METHOD_NAMES
from evacuation_planner.plugin.solvers.routing.solve import solve

TRIPS = (2_000, 4_000, 6_000, 8_000, 10_000)
DRAWS = 20
COLOURS = ("#777777", "#0072b2", "#e69f00", "#d55e00")  # told apart by the colour-blind as well
HEADER = ("flow model", "method", "trips", "CPU s, mean", "CPU s, worst", "T_gor h, mean", "T_gor h, worst")


def measure(flow_model: int, draws: int) -> np.ndarray:
    """Return CPU seconds and total hours (2, methods, sizes, draws)."""
    roads = cases.network("TG")
    values = np.empty((2, len(METHOD_NAMES), len(TRIPS), draws))
    for column, trips in enumerate(TRIPS):
        for draw in range(draws):
            problem = cases.routing_problem(roads, cases.shared_cases().county(roads, draw, trips))
            for method in range(len(METHOD_NAMES)):
                run = timed(solve, problem, method=method, flow_model=flow_model, certify=False)
                values[:, method, column, draw] = run.cpu, run.result.total_time / 3600
        print(f"  {FLOW_MODEL_NAMES[flow_model]}, {trips:,} trips: done", flush=True)
    return values


def draw_figure(values: np.ndarray, label: str, title: str, path: Path) -> None:
    """Draw mean (line) and worst (dashed) of ``values`` (methods, sizes, draws) against the number of trips."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "evacuation"  # the same file from the same values
    figure, axes = pyplot.subplots(figsize=(7, 4.5), constrained_layout=True)
    for method, name in enumerate(METHOD_NAMES):
        axes.plot(TRIPS, values[method].mean(axis=1), "o-", color=COLOURS[method], label=f"{name}, mean")
        axes.plot(TRIPS, values[method].max(axis=1), "x--", color=COLOURS[method], label=f"{name}, worst", alpha=0.7)
    axes.set(xlabel="number of trips |Q|", ylabel=label, title=title, xticks=TRIPS, ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncol=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def tables(folder: Path, draws: range = cases.DRAWS) -> list[Table]:
    """Measure, draw the figures and return the table behind them; twenty draws unless other than five are asked for."""
    table = Table("The paper's figures 8 and 9 on TG", HEADER)
    if cases.shared_cases() is None:
        table.notes.append("The cases of `../shared` are not here: not drawn.")
        return [table]
    count = DRAWS if draws == cases.DRAWS else len(draws)
    for flow_model, model in enumerate(FLOW_MODEL_NAMES):
        cpu, hours = measure(flow_model, count)
        what = f"TG, 60 destinations, {model}, {count} draws"
        for number, values, label in ((8, cpu, "CPU time, s"), (9, hours, "total travel time T_gor, vehicle-hours")):
            path = folder / f"figure{number}_{model}.svg"
            draw_figure(values, label, what, path)
            table.notes.append(f"![{label}, {model}]({folder.name}/{path.name})")
        for method, name in enumerate(METHOD_NAMES):
            for column, trips in enumerate(TRIPS):
                of = cpu[method, column], hours[method, column]
                table.add(
                    model, name, f"{trips:,}", seconds(of[0].mean()), seconds(of[0].max()), f"{of[1].mean():,.0f}",
                    f"{of[1].max():,.0f}",
                )  # fmt: skip
    table.notes.append("Whole runs at normal effort, reverse trees, baseline and evaluation included.")
    return [table]
