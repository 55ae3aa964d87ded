#!/usr/bin/env python3
"""Plan the sample city with those on foot who have no car, and draw the README's map of it: resources/images/mixed.png.

.venv/bin/python scripts/mixed_plan.py; leaves in build/mixed: mixed.gpkg (all layers), mixed.html (the report of the
routes), map.png and log.txt with everything that the algorithms said.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "build" / "plugins")]

from demo import NOTES, SAMPLE, WATER, add_ground, run_steps
from demonstration.steps import mixed_steps

import environment

TARGET = ROOT / "build" / "mixed"
PICTURE = ROOT / "resources" / "images" / "mixed.png"
TITLE = "Some walk, some drive: La Serena and Coquimbo"
GROUND = ("roads", "hazard", "zones")


def main() -> None:
    """Run the steps and draw the map."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    settings = environment.qgis_environment(TARGET / "profile")
    environment.enable_plugin(settings)
    result = TARGET / "mixed.gpkg"
    found, _ = run_steps(mixed_steps(SAMPLE, result), result, settings)
    add_ground(SAMPLE, result, GROUND)
    numbers = found["routeevacuation"]
    all_people, walking = int(numbers["ROUTED"]), int(numbers["ON_FOOT"])
    longest, last = float(numbers["LONGEST_WALK"]) / 1000, float(numbers["CLEARANCE_TIME"]) / 60
    subtitle = (
        f"{all_people - walking:,} people by car, {walking:,} on foot, who walk {longest:.1f} km at most  ·  "
        f"last arrival after {last:.0f} min"
    )
    texts = {
        "title": TITLE, "subtitle": subtitle, "notes": NOTES, "water": "Bay of Coquimbo", "water_at": WATER,
    }  # fmt: skip
    (TARGET / "map.json").write_text(json.dumps(texts), encoding="utf-8")
    program = str(ROOT / "scripts" / "demonstration" / "draw_mixed.py")
    subprocess.run([sys.executable, program, str(TARGET), str(PICTURE)], env=settings, check=True)
    print(f"{subtitle}\n{PICTURE}")


if __name__ == "__main__":
    main()
