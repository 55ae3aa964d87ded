"""What a plan saves by our own account, and in SUMO with junction control, at settings of the roads.

    nice .venv/bin/python benchmarks/judges/junctions.py own:0 own:4 classes_urban.csv:4 1 2 3

makes individual and system optimal routes of the sample city (from its layers) with each source of
speeds and JUNCTION_DELAY that is given, and runs both in SUMO with the seeds given: the streets as they are (their own
length, speed and shape, the right of way by class), SUMO's own capacities, junction control, nobody teleported. SUMO's
streets are the same at all settings; what differs are the routes. Kept in ``junctions.json``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

from benchmarks.bench_venv import sumo_home
from benchmarks.judges import sumo
from benchmarks.judges.plans import Case, Outcome, Plan
from benchmarks.judges.sample_layers import SampleLayers, Setting, solved, streets
from benchmarks.measuring import FULL
from benchmarks.table import MET, NOT_MET, Table
from evacuation_planner.plugin.solvers.routing.shared.choices import INDIVIDUAL, METHOD_NAMES, SYSTEM_OPTIMAL

FILE = Path(__file__).with_name("junctions.json")
METHODS = (INDIVIDUAL, SYSTEM_OPTIMAL)
LEAST_SHARE = 0.5  # of the saving that our model claims, in SUMO
HEADER = (
    "speeds", "JUNCTION_DELAY s", "individual", "system optimal", "saving %", "SUMO: individual", "system optimal",
    "saving %", "arrived", "share", "target", "",
)  # fmt: skip
JUDGED = sumo.Setting(sumo.JUNCTIONS, as_it_is=True)


@dataclass(frozen=True)
class Row:
    """Vehicle-hours and minutes of the last arrival of a method's routes, ours and SUMO's; ``seed`` is SUMO's."""

    speeds: str
    delay: float
    method: str
    digest: str
    ours: float
    forced: int
    seed: int
    sumo: float
    sumo_last: float
    arrived: int
    vehicles: int


def rows() -> list[Row]:
    """Return all that is kept."""
    return [Row(**row) for row in json.loads(FILE.read_text())] if FILE.is_file() else []


def keep(row: Row) -> None:
    """Add a row in place of an older one of the same setting, method and seed."""

    def key(r: Row) -> tuple[str, float, str, int]:
        return r.speeds, r.delay, r.method, r.seed

    all_rows = sorted([*(r for r in rows() if key(r) != key(row)), row], key=key)
    FILE.write_text("[\n" + ",\n".join(json.dumps(asdict(r)) for r in all_rows) + "\n]\n", encoding="utf-8")


def said(base: Case, plan: Plan, seed: int) -> tuple[float, float, int]:
    """Return what SUMO says of routes on the streets of ``base``: vehicle-hours, last minute, vehicles that arrive."""
    known = next((row for row in rows() if (row.digest, row.seed) == (plan.digest(), seed)), None)
    if known is not None and not FULL:
        return known.sumo, known.sumo_last, known.arrived
    with tempfile.TemporaryDirectory() as folder:
        setting = sumo.Setting(JUDGED.mode, JUDGED.as_it_is, seed)
        run = sumo.evaluate(sumo_home() / "bin", base, plan, setting, Path(folder))
    outcome = Outcome.of(base.departure, run.arrival)
    return round(outcome.total_time, 2), round(outcome.last, 2), outcome.arrived


def judge(settings: list[Setting], seeds: tuple[int, ...]) -> None:
    """Make the routes of each setting and keep what both say of them."""
    with tempfile.TemporaryDirectory() as folder:
        layers = SampleLayers(Path(folder))
        base = streets(layers.case(Setting()))
        for setting in settings:
            case = layers.case(setting)
            here = streets(case)
            if not ((here.tail == base.tail).all() and (here.head == base.head).all()):
                raise ValueError(f"{setting}: these are not the streets of the other settings.")
            for method in METHODS:
                found = solved(case, method)
                for seed in seeds:
                    row = Row(
                        setting.speeds, setting.delay, METHOD_NAMES[method], found.plan.digest(),
                        round(found.hours, 2), found.forced, seed, *said(base, found.plan, seed), len(base.departure),
                    )  # fmt: skip
                    keep(row)
                    print(row, flush=True)


def saving(before: float, after: float) -> float:
    """Return by how much ``after`` is below ``before``, percent."""
    return 100.0 * (1.0 - after / before)


def table() -> Table:
    """Return the table of what is kept, the mean of SUMO's seeds."""
    shown = Table("What a plan saves: our account, and SUMO with junction control", HEADER)
    of: dict[tuple[str, float], dict[str, list[Row]]] = {}
    for row in rows():
        of.setdefault((row.speeds, row.delay), {}).setdefault(row.method, []).append(row)
    for (speeds, delay), methods in of.items():
        if len(methods) < len(METHODS):
            continue
        before, after = (methods[METHOD_NAMES[method]] for method in METHODS)
        theirs = [sum(row.sumo for row in some) / len(some) for some in (before, after)]
        claimed, kept = saving(before[0].ours, after[0].ours), saving(*theirs)
        least = min(row.arrived for row in [*before, *after])
        there = least == before[0].vehicles
        shown.add(
            speeds, f"{delay:g}", f"{before[0].ours:.0f}", f"{after[0].ours:.0f}", f"{claimed:.1f}",
            f"{theirs[0]:.0f}", f"{theirs[1]:.0f}", f"{kept:.1f}", f"{least} of {before[0].vehicles}",
            f"{kept / claimed:.2f}", f">= {LEAST_SHARE:g}", MET if there and kept >= LEAST_SHARE * claimed else NOT_MET,
        )  # fmt: skip
    shown.notes.append(
        "The sample city's trips, allocated step by step, from zones to entrances; capacities by class; individual and "
        "system optimal routes (EFFORT 0, no limit to the ways) made at each setting. *Speeds*: the sample's own, or, "
        "where nobody tagged one, those of a table of classes. SUMO's streets are the same in all rows: their own "
        "length, speed and shape, the right of way by class, SUMO's own capacities, junction control, no teleports. "
        "Vehicle-hours; kept in `benchmarks/judges/junctions.json`, whose rows are of an allocation to nine shelters."
    )
    return shown


if __name__ == "__main__":
    asked = [text.rsplit(":", 1) for text in sys.argv[1:] if ":" in text]
    given = tuple(int(text) for text in sys.argv[1:] if ":" not in text)
    judge([Setting(speeds, float(delay)) for speeds, delay in asked], given or (1,))
