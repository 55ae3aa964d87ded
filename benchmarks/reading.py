"""Table 6 and the metro table: benchmarks that run by themselves, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

from benchmarks.measuring import ROOT
from benchmarks.table import MET, NOT_MET, Table

ROW = re.compile(r"^(.+?)\s+(\d+) nodes\s+(\d+) arcs\s+CPU\s+([\d.]+) s\s+wall\s+([\d.]+) s$", re.MULTILINE)
HEADER = ("reader", "nodes", "arcs", "wall s", "CPU s", "times as fast (wall)", "(CPU)", "target", "")
TIMES_AS_FAST = 4.0


def output_of(script: str, *arguments: str) -> str:
    """Return what a benchmark prints; raise RuntimeError when it prints nothing."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        environment.setdefault("XDG_RUNTIME_DIR", folder)
        run = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / script), *arguments], env=environment, capture_output=True,
            text=True, check=False, timeout=600, cwd=ROOT,
        )  # fmt: skip
    if not run.stdout.strip():
        raise RuntimeError(f"{script}: {run.stderr.strip()[-300:]}")
    return run.stdout


def reading_tables() -> list[Table]:
    """Return the table on reading a road layer, beside QGIS's own network analysis."""
    table = Table("Reading a layer of 250,000 roads", HEADER)
    text = output_of("road_reading.py")
    best: dict[str, tuple[float, float, str, str]] = {}
    for name, nodes, arcs, cpu, wall in ROW.findall(text):
        best[name] = min(best.get(name, (float("inf"),)), (float(cpu), float(wall), nodes, arcs))
    theirs = best["QgsVectorLayerDirector"]
    for name, (cpu, wall, nodes, arcs) in best.items():
        fast = theirs[0] / cpu
        ours = name != "QgsVectorLayerDirector"
        verdict = (MET if fast >= TIMES_AS_FAST else NOT_MET) if ours else "-"
        target = f"{TIMES_AS_FAST:g} times as fast" if ours else "-"
        table.add(
            name, nodes, arcs, f"{wall:.2f}", f"{cpu:.2f}", f"{theirs[1] / wall:.1f}", f"{fast:.1f}", target, verdict
        )
    table.notes.append(f"{text.splitlines()[-1].split(':')[0]}, one GeoPackage, quickest of two rounds each.")
    return [table]


def metro_tables() -> list[Table]:
    """Return the figures on metro resources as notes."""
    table = Table("Metro resources: exact and by swarm", ())
    table.notes.append(
        "To reach: the small case exact within 0.2 s, the large one with gap 0 within 10 s, a swarm within 1 s, the "
        "sensitivity over 1 to 10 rescue points within 5 s."
    )
    table.notes += [f"- {line}" for line in output_of("metro.py", "--seeds", "5").splitlines() if line.strip()]
    return [table]
