"""Look for the tours of a fleet that drive least with PyVRP, on one thread.

Run by the Python of the benchmark's own virtual environment, with the file of the case (.npz), the number of
iterations, the seed and the file for the rows (.json) as arguments. It prints, as JSON, the version and the seconds
of the search.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "build" / "plugins"))
os.environ["EVACUATION_NO_NUMBA"] = "1"

import numpy as np

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.fleet.arrays import Case
from evacuation_planner.plugin.solvers.fleet.with_pyvrp import least_driving


def main() -> None:
    """Run the case, write the rows and print the figures."""
    import pyvrp  # noqa: F401  (not part of the time)

    with np.load(sys.argv[1]) as file:
        case = Case(*(file[name] if file[name].ndim else int(file[name]) for name in Case._fields))
    wall, cpu = time.perf_counter(), time.process_time()
    rows = least_driving(case, int(sys.argv[2]), int(sys.argv[3]), Control())
    figures = {"version": version("pyvrp"), "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    Path(sys.argv[4]).write_text(json.dumps(rows))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
