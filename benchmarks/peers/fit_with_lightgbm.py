"""Fit LightGBM to a table of features and let it predict others, on one thread.

Run by the Python of the benchmark's own virtual environment, with the file of the case (.npz: ``learn``, ``target``,
``ask``, each with the number of the horizon), the settings (JSON) and the file for the predictions (.npz) as arguments.
The last feature is a category. It prints, as JSON, the version and the seconds.
"""

from __future__ import annotations

import json
import sys
import time

import lightgbm
import numpy as np

ALWAYS = {"objective": "l1", "num_threads": 1, "seed": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}


def main() -> None:
    """Fit each horizon, write the predictions and print the figures."""
    wall, cpu = time.perf_counter(), time.process_time()
    settings = json.loads(sys.argv[2])
    rounds = settings.pop("rounds")
    found = {}
    with np.load(sys.argv[1]) as given:
        for horizon in given["horizons"].tolist():
            learn, target = given[f"learn{horizon}"], given[f"target{horizon}"]
            data = lightgbm.Dataset(learn, target, categorical_feature=[learn.shape[1] - 1])
            model = lightgbm.train({**ALWAYS, **settings}, data, rounds)
            found[f"found{horizon}"] = model.predict(given[f"ask{horizon}"])
    np.savez(sys.argv[3], **found)
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({"version": lightgbm.__version__, **spent}))


main()
