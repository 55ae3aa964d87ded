"""Measure the solvers, print the tables and write them with the machine's description to ``benchmarks/results.md``.

    make bench                                   everything, under ten minutes on two cores
    FULL=1 make bench                            figures 8 and 9 of the paper besides; other solvers have more time, and
                                                 UXsim and SUMO judge anew (an hour)
    .venv/bin/python benchmarks/run.py --only routing,trees --draws 2

With ``--only`` or ``--draws`` the tables go to ``build/bench/results.md``, so that a partial run never replaces a full
one. It is a benchmark, not a test: it fails only when something cannot be measured.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]
sys.path = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"]

from benchmarks import cases
from benchmarks.measuring import FULL, Load, machine
from benchmarks.table import MET_BY_CPU, Table

# Name of a section: the module and its function that returns the tables. A parameter ``draws`` gets the draws of the
# random cases, a parameter ``folder`` the folder for figures, a parameter ``asked`` whether it was named by ``--only``.
SECTIONS = {
    "routing": ("routing", "tables"),
    "assignment": ("cumulative", "tables"),
    "equilibrium": ("equilibrium", "tables"),
    "queue": ("queues", "tables"),
    "plans": ("queue_plans", "tables"),
    "joint": ("joint", "tables"),
    "trees": ("trees", "tables"),
    "pgrouting": ("pgrouting", "tables"),
    "reading": ("reading", "reading_tables"),
    "postgis": ("postgis", "tables"),
    "allocation": ("allocation", "tables"),
    "location": ("location", "tables"),
    "fleet": ("fleet", "tables"),
    "forecasting": ("forecasting", "tables"),
    "network": ("forecasting_network", "tables"),
    "metro": ("reading", "metro_tables"),
    "judges": ("judges.tables", "tables"),
    "figures": ("figures", "tables"),
}
WITH_KERNELS = {"routing", "assignment", "equilibrium", "trees", "pgrouting", "judges", "figures"}
ON_REQUEST = ("figures",)


def measure(name: str, draws: range, folder: Path, asked: bool) -> tuple[list[Table], bool]:
    """Return the tables of a section, with what others used of the processor meanwhile, and whether it succeeded."""
    load, start = Load(), time.monotonic()
    try:
        module, function = SECTIONS[name]
        run = getattr(import_module(f"benchmarks.{module}"), function)
        given = {"draws": draws, "folder": folder, "asked": asked}
        tables = run(**{key: given[key] for key in inspect.signature(run).parameters if key in given})
    except Exception as error:  # one section that fails must not lose the others
        traceback.print_exc()
        return [Table(f"{name}: failed", (), notes=[f"{type(error).__name__}: {error}"])], False
    others = load.others()
    took = f"Measured in {time.monotonic() - start:.0f} s"
    tables[-1].notes.append(
        f"{took}." if others is None else f"{took}, while other programs used {others:.0f} % of the cores."
    )
    return tables, True


def kernels() -> Table:
    """Return what compiling and loading the kernels took; they are ready afterwards."""
    from benchmarks.kernels import compile_seconds, warm_up
    from evacuation_planner.plugin.solvers.kernels import kernels_compiled

    table = Table("Kernels", ())
    if not kernels_compiled():
        table.notes.append("numba is not used: every kernel runs as plain Python, and no target applies.")
        return table
    table.notes.append(
        f"Compiling all kernels of the routing takes {compile_seconds():.1f} s, once; loading and first running them "
        f"in this process took {warm_up():.1f} s. No time below contains either."
    )
    return table


def header() -> str:
    """Return the head of the results."""
    lines = ["# Results of `make bench`", ""]
    lines += [f"- {what}: {value}" for what, value in machine()]
    lines += [
        "",
        "Wall and CPU seconds after a warm-up; CPU time counts all threads. A target that the clock missed and the CPU "
        f'time kept is marked "{MET_BY_CPU}": other programs then held the cores.',
        "",
    ]
    return "\n".join(lines)


def options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join(SECTIONS)}")
    parser.add_argument("--draws", type=int, default=0, help="draws of every case (5, the figures 20)")
    parser.add_argument("--output", type=Path, default=None, help="file for the results")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.only.split(",") if name and name not in SECTIONS]
    if unknown:
        parser.error(f"--only: {', '.join(unknown)} is none of {', '.join(SECTIONS)}")
    return chosen


def main() -> int:
    """Run the sections asked for, print and write the tables."""
    chosen = options()
    names = [name for name in chosen.only.split(",") if name] or [
        name for name in SECTIONS if FULL or name not in ON_REQUEST
    ]
    partial = bool(chosen.only or chosen.draws)
    output = chosen.output or ROOT / ("build/bench" if partial else "benchmarks") / "results.md"
    draws = range(chosen.draws) if chosen.draws else cases.DRAWS
    if cases.shared_cases() is None:
        print("The cases of ../shared are not here: the sample city takes their place where it can.\n")
    parts, succeeded = [header()], True
    print(parts[0], flush=True)
    if WITH_KERNELS & set(names):
        parts.append(kernels().text())
        print(parts[-1], flush=True)
    for name in names:
        tables, well = measure(name, draws, output.parent / "figures", bool(chosen.only))
        succeeded = succeeded and well
        for table in tables:
            parts.append(table.text())
            print(parts[-1], flush=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    print(f"Written to {output}")
    return 0 if succeeded else 1


if __name__ == "__main__":
    raise SystemExit(main())
