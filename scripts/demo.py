#!/usr/bin/env python3
"""Plan the evacuation of the sample city, headless: `make demo`, or .venv/bin/python scripts/demo.py.

Leaves in build/demo: evacuation.gpkg (all layers, styled), evacuation.qgz (the project), map.png, report.html; of time
against a hazard time.html, flood.gpkg, flood.qgz (a project that plays) and flood.gif; and log.txt with everything the
algorithms said.
Results are made in a folder of their own and moved when all are there, so that a failed run leaves those of the last
good one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "build" / "plugins")]

from demonstration import flood, runner
from demonstration.findings import Findings, read_findings
from demonstration.steps import Step, destinations, near_field_step, on_foot_step, plan_steps

import environment

SAMPLE = ROOT / "resources" / "sample" / "sample.gpkg"
TARGET = ROOT / "build" / "demo"
RESULTS = (
    "evacuation.gpkg",
    "evacuation.qgz",
    "map.png",
    "report.html",
    "joint.html",
    "log.txt",
    "flood.gpkg",
    "flood.qgz",
    "flood.gif",
    "time.html",
)
SUBTITLE_WITHOUT = ("have a place in a shelter", "have none", "vehicles", "until 95 % have arrived")
WATER = (-71.312, -29.925)
GROUND = ("roads", "hazard", "zones")
NOTES = (
    "Shelters, their areas and the tsunami strip are illustrative, not official.\n"
    "Roads © OpenStreetMap contributors (ODbL), by way of AequilibraE. Pedestrian counts: Heart of the City Auckland "
    "(CC BY 4.0), borrowed.\nWGS 84 / UTM zone 19S"
)


def main() -> int:
    """Run the demo; return 0, or 1 when a step failed."""
    begin = time.monotonic()
    work = TARGET / "unfinished"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        found, steps = plan(work)
        picture(work, found)
        play(work)
        report(work, found, steps)
    except KeyboardInterrupt:
        print("\nStopped; nothing was replaced.", file=sys.stderr)
        return 130
    except (runner.StepError, RuntimeError, OSError) as error:
        print(f"\nThe demo stopped. {error}\nWhat was said on the way: {work / 'log.txt'}", file=sys.stderr)
        return 1
    for name in RESULTS:
        if (work / name).exists():
            os.replace(work / name, TARGET / name)
    shutil.rmtree(work)
    show(found, time.monotonic() - begin)
    return 0


def plan(work: Path) -> tuple[Findings, list[dict]]:
    """Run the steps into ``work``/evacuation.gpkg and return what they found, and how long each took."""
    environment.link_package()
    settings = environment.qgis_environment(TARGET / "profile")
    environment.enable_plugin(settings)
    # QGIS changes the header of a GeoPackage that it opens: a copy keeps the sample as it is.
    sample, result = work / "sample.gpkg", work / "evacuation.gpkg"
    shutil.copy(SAMPLE, sample)
    shutil.copy(SAMPLE.with_name("elevation.tif"), work)
    flooded = work / flood.RESULT
    results, taken = run_steps(plan_steps(sample, result), result, settings)
    add_ground(sample, result, GROUND)
    taken += run_steps(flood.flood_steps(sample, flooded), flooded, settings)[1]
    flood.write_orders(flooded)
    orders = [flood.order_step(sample, flooded, minute) for minute in (*flood.ORDERS, None)]
    taken += run_steps([*orders, flood.latest_step(sample, flooded)], flooded, settings)[1]
    add_ground(sample, flooded, flood.GROUND)
    near, seconds = run_steps([near_field_step(sample, result), on_foot_step(sample, result)], result, settings)
    results["timetosafety"], taken = near["timetosafety"], taken + seconds
    return read_findings(result, sample, results), taken


def run_steps(
    steps: list[Step], result: Path, settings: dict[str, str]
) -> tuple[dict[str, dict[str, str]], list[dict]]:
    """Run steps into the GeoPackage ``result`` and return what each algorithm found, and how long each step took."""
    results, taken = {}, []
    for number, step in enumerate(steps, start=1):
        print(f"\n[{number}/{len(steps)}] {step.question}  (evacuation:{step.algorithm})", flush=True)
        begin = time.monotonic()
        parameters = {**step.parameters, **destinations(step, result)}
        results[step.algorithm] = runner.run(step.algorithm, parameters, settings, result.parent / "log.txt")
        taken.append({"algorithm": step.algorithm, "question": step.question, "seconds": time.monotonic() - begin})
    return results, taken


def add_ground(sample: Path, result: Path, names: tuple[str, ...]) -> None:
    """Copy the layers that the map needs besides the results."""
    from osgeo import gdal

    gdal.UseExceptions()
    for name in names:
        gdal.VectorTranslate(str(result), str(sample), options=["-f", "GPKG", "-update", "-nln", name, name])


def picture(work: Path, found: Findings) -> None:
    """Make the project and the map of the plan."""
    from demonstration.report import TITLE, headline

    print("\nDrawing the map", flush=True)
    shown = [f"{value} {label}" for label, value in headline(found) if label not in SUBTITLE_WITHOUT]
    texts = {
        "title": TITLE,
        "subtitle": "  ·  ".join(shown),
        "notes": NOTES,
        "water": "Bay of Coquimbo",
        "water_at": WATER,
    }
    (work / "map.json").write_text(json.dumps(texts), encoding="utf-8")
    draw("draw_map.py", work)


def play(work: Path) -> None:
    """Make the project of the flood and its animation."""
    print("Playing the flood", flush=True)
    flood.write_texts(work)
    draw("play.py", work)


def draw(program: str, work: Path) -> None:
    """Run a program of scripts/demonstration that draws with QGIS.

    Raises
    ------
    RuntimeError
        With what it said, where it failed.
    """
    command = [sys.executable, str(ROOT / "scripts" / "demonstration" / program), str(work)]
    settings = environment.qgis_environment(TARGET / "profile")
    finished = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"{program} failed:\n{finished.stderr}")


def report(work: Path, found: Findings, steps: list[dict]) -> None:
    """Write the report."""
    from demonstration.report import write_page
    from demonstration.time_page import write_time_page

    print("Writing the reports", flush=True)
    write_page(work, found, steps)
    write_time_page(work, found)


def show(found: Findings, seconds: float) -> None:
    """Print the main figures and where everything is."""
    from demonstration.report import headline, times

    lines = [(value, label) for label, value in headline(found)] + [(value, label) for label, value in times(found)]
    width = max(len(value) for value, _ in lines)
    print("\nThe plan in figures\n" + "-" * 60)
    for value, label in lines:
        print(f"  {value:>{width}}  {label}")
    print("-" * 60)
    for name, what in (
        ("report.html", "report with map and charts"),
        ("joint.html", "the plan beside the one made step by step"),
        ("map.png", "the map"),
        ("time.html", "who is caught under which order to leave"),
        ("flood.gif", "roads and water of the flood over time"),
        ("flood.qgz", "QGIS project of the flood, for the temporal controller"),
        ("evacuation.qgz", "QGIS project"),
        ("evacuation.gpkg", "all layers, styled"),
    ):
        print(f"  {TARGET.relative_to(ROOT) / name}  {what}")
    print(f"Done in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
