"""Routes that SUMO finds itself: ten iterations of duaIterate (Gawron's method, mesoscopic), kept as a plan.

    nice .venv/bin/python benchmarks/judges/dua_iterate.py "sample, 1800"

makes them anew. Each trip may start on any piece that leaves its junction; the network is the one on which plans are
judged, with our capacities and rooms, doors metered, nobody teleported.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

import numpy as np

from benchmarks.bench_venv import NoPeer, last_line, peer_python, sumo_home
from benchmarks.judges import sumo
from benchmarks.judges.plans import Case, Plan, case_of, individual_plan, keep_plan, plan_of

NAME = "duaIterate"
ITERATIONS = 10
HOURS = 12  # simulated at most in an iteration


def write_trips(case: Case, drives: np.ndarray, folder: Path) -> None:
    """Write ``trips.xml`` of those who drive (k,): from a junction, to the exit behind the destination."""
    rows = ['<vType id="car" speedFactor="1" speedDev="0" maxSpeed="10000"/>']
    rows += [
        f'<trip id="v{trip}" type="car" depart="{case.departure[trip]:.3f}" departLane="best" departSpeed="max" '
        f'fromJunction="n{case.source[trip]}" to="exit{case.destination[trip]}"/>'
        for trip in drives
    ]
    sumo.write_xml(folder / "trips.xml", "routes", rows)


def iterate(folder: Path) -> Path:
    """Run duaIterate in a folder with network and trips; return the routes of the last iteration."""
    step = [
        str(peer_python()), str(sumo_home() / "tools" / "assign" / "duaIterate.py"), "--net-file", "net.net.xml",
        "--trips", "trips.xml", "--additional", sumo.HEADWAYS, "--mesosim", "--last-step", str(ITERATIONS),
        "--time-to-teleport=-1", "--end", str(HOURS * 3600), "--disable-summary", "--disable-tripinfos",
        "--path", str(sumo_home() / "bin"), "--nointernal-link", "duarouter--junction-taz", "true",
    ]  # fmt: skip
    environment = {"SUMO_HOME": str(sumo_home()), "PATH": str(sumo_home() / "bin")}
    done = subprocess.run(step, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise NoPeer(f"duaIterate failed: {last_line(done.stderr) or last_line(done.stdout)}")
    return sorted(path for path in folder.glob("**/*.rou.xml*") if ".alt." not in path.name)[-1]


def routes_of(file: Path, case: Case) -> Plan:
    """Return the plan that a file of routes holds, without the exit edges."""
    routes = [np.empty(0, dtype=np.int64)] * len(case.departure)
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        for _, element in ElementTree.iterparse(opened):
            if element.tag == "vehicle":
                edges = element.find("route").get("edges").split()
                routes[int(element.get("id")[1:])] = np.array([int(e[1:]) for e in edges if not e.startswith("exit")])
                element.clear()
    return plan_of(NAME, routes)


def find(case: Case) -> Plan:
    """Return SUMO's routes of a case after the last iteration."""
    drives = np.flatnonzero(np.diff(individual_plan(case).indptr) > 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sumo.write_network(case, folder)
        sumo.build_network(sumo_home() / "bin", folder)
        write_trips(case, drives, folder)
        plan = routes_of(iterate(folder), case)
    if not (np.diff(plan.indptr)[drives] > 0).all():
        raise NoPeer("duaIterate left trips without a route.")
    return plan


if __name__ == "__main__":
    asked = case_of(sys.argv[1])
    found = find(asked)
    keep_plan(asked, found)
    print(NAME, found.digest(), len(found.arcs))
