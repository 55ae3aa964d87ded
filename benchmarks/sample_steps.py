"""The three steps that choose shelters and send people to them, on the sample city, through ``qgis_process``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import ROOT
from benchmarks.table import MET, NOT_MET, Table, seconds

SAMPLE = ROOT / "resources" / "sample" / "sample.gpkg"
LIMIT = 20.0  # seconds for the three steps together


def steps() -> Table:
    """Return the table; each step is a process of its own, as a user without a desktop runs it."""
    sys.path[:0] = [str(ROOT / "scripts")]
    import environment
    from tests.headless.qgis_process import QgisProcess

    table = Table("Sample city: from the hazard to the allocation", ("step", "result", "wall s", "target", ""))
    if environment.qgis_process() is None:
        table.notes.append("qgis_process is not installed here.")
        return table
    environment.link_package()
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        run = QgisProcess(Path(folder) / "profile", plugins=environment.PLUGINS)
        for name, parameters, shown in _calls(Path(folder)):
            begun = time.perf_counter()
            finished = run(f"evacuation:{name}", **parameters)
            spent = time.perf_counter() - begun
            if finished.exit_code:
                raise RuntimeError(f"{name}: {finished.stderr.strip()[-300:]}")
            total += spent
            result = ", ".join(f"{key} {finished.results.get(key)}" for key in shown)
            table.add(name, result, seconds(spent), "-", "-")
    table.add("together", "", seconds(total), f"{LIMIT:.0f} s", MET if total <= LIMIT else NOT_MET)
    table.notes.append("Each time contains the start of QGIS.")
    return table


def _calls(folder: Path) -> list[tuple[str, dict[str, object], tuple[str, ...]]]:
    """Return algorithm, parameters and the numbers to show, in order."""

    def layer(name: str) -> str:
        return f"{SAMPLE}|layername={name}"

    def file(name: str) -> str:
        return str(folder / f"{name}.gpkg")

    risk = {"ZONES": layer("zones"), "HAZARD": layer("hazard"), "OUTPUT": file("risk")}
    choice = {
        "SITES": layer("sites"), "ZONES": file("risk"), "HAZARD": layer("hazard"), "NETWORK": layer("roads"),
        "OUTPUT": file("sites"), "OUTPUT_SELECTED": file("selected"),
    }  # fmt: skip
    allocation = {
        "ZONES": file("risk"), "SHELTERS": file("selected"), "NETWORK": layer("roads"), "OUTPUT": file("allocation"),
        "OUTPUT_SHELTERS": file("loads"), "OUTPUT_UNALLOCATED": file("left"),
    }  # fmt: skip
    return [
        ("zonesatrisk", risk, ("PEOPLE_AT_RISK",)),
        ("recommendshelters", choice, ("SELECTED_COUNT", "UNCOVERED_PEOPLE", "GAP")),
        ("allocatecrowd", allocation, ("ALLOCATED", "UNALLOCATED", "GAP")),
    ]
