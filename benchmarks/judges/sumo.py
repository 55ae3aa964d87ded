"""SUMO: write a case and a plan as plain nodes, edges, connections and routes, run them, read the arrivals.

What SUMO is told, in full:

- an edge for each directed piece (one that ends where it begins is left out: no way needs it), lanes as whole numbers,
  rounded up. Its length is 7.5 m for each vehicle of our room and its speed such that the free-flow time stays: SUMO
  holds a vehicle for every 7.5 m of lane;
- an edge type for each headway, in an additional file (netconvert drops it from the network), whose ``tauff``,
  ``taufj`` and ``taujf`` are such that the edge passes its capacity: SUMO adds the time in which a vehicle drives its
  own 7.5 m and shares both among the lanes, so ``tau = lanes * 3600 / capacity - 7.5 / speed``. ``taujj`` stays 1.4 s
  (a gap moves backwards at 5.4 m/s);
- an exit edge without headway behind each destination: SUMO lets vehicles into an empty edge at any pace and applies no
  headway where a trip ends, so that a last edge with room for one would pass twice its capacity where two roads meet;
- every turn at every junction but turning back, and those turns back that the plan takes;
- cars of SUMO's default length and gap (7.5 m together), no spread of speeds, each with its route and its departure;
- one queue an edge, no junction control, no teleports.

With ``as_it_is`` edges have their own length and speed, types say nothing of headways, cars spread their speeds, an
edge has a queue for each lane, junctions have their inner lanes, and there are no exit edges: SUMO's own capacities,
1,200 to 2,000 vehicles/h and lane. Who has the right of way at junctions netconvert guesses, from classes and shapes
where the case has them, else of straight pieces that are all alike.

Two of its habits weigh on plans that count on 1,800 vehicles/h and lane. Out of a jam fewer leave: on the sample city,
where two lanes become one or roads merge at 50 km/h, some 1,300 to 1,450 vehicles/h and lane, so that a road which such
a plan just fills jams, and stays jammed. And at an origin a vehicle enters only while the first segment of its road is
not jammed, one that comes along the road until it is full: who waits at an origin lets the others pass (ours and UXsim
share by capacities). Of the 7,234 vehicle-hours of the plan with three ways a pair 1,548 are waiting at origins, 1,221
of them before three roads; of the 5,998 of the plan without a limit 1,000. Both start on 33 roads from 27 origins: what
differs is how many of their roads jam and how far back.

Why metered runs need up to 8 % more than ours (OL: 8,470 vehicle-hours where we have 7,878 and UXsim 7,952): between
two segments of 98 m that are both jammed SUMO's headway grows with the vehicles on the second one, from ours to
``taujj`` times its room (18 s), so that a queue that moves stands less dense than in ours, is longer and spills back
sooner. With ``taujj`` 0.01 s the total is 8,119. Nothing else tried brings it down as far: one segment an edge
(9,111), a jam threshold of 1 (8,545), steps of 0.1 s (8,440), entry edges like UXsim's (8,530); nobody is teleported.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from benchmarks.bench_venv import NoPeer
from benchmarks.judges.plans import Case, Plan, horizon

MESOSCOPIC, JUNCTIONS, MICROSCOPIC = "mesoscopic", "mesoscopic with junctions", "microscopic"
HEADWAYS = "headways.add.xml"
EXIT_HEADWAYS = 'tauff="0.001" taufj="0.001" taujf="0.001" taujj="0.001"'
INTERRUPTED = "Interrupt signal received"  # what SUMO prints
EXIT_LENGTH, AT_ONCE = 75.0, 10000.0  # m, m/s
CAR = 7.5  # m that a car of SUMO's default type takes with its gap
JAM_TAU = 1.4  # s, SUMO's default
STUCK = 300.0  # s after which a stuck vehicle is teleported in the microscopic model


class SumoFailed(NoPeer):
    """A program of SUMO ended with an error; the text is its own."""


@dataclass(frozen=True)
class Setting:
    """How SUMO simulates.

    Attributes
    ----------
    mode : str
        MESOSCOPIC, JUNCTIONS (mesoscopic with junction control) or MICROSCOPIC.
    as_it_is : bool
        Leave SUMO's own capacities and its spread of speeds.
    seed : int
    """

    mode: str = MESOSCOPIC
    as_it_is: bool = False
    seed: int = 1

    def options(self, end: int) -> list[str]:
        """Return the options of the command line; ``end`` in simulated seconds."""
        options = ["--seed", str(self.seed), "--end", str(end), "--max-depart-delay", "-1"]
        if self.mode == MICROSCOPIC:
            return [*options, "--time-to-teleport", str(STUCK)]
        options += ["--mesosim", "true", "--time-to-teleport", "-1"]
        if not self.as_it_is:
            options += ["--meso-multi-queue", "false"]
        if self.mode == JUNCTIONS:
            options += ["--meso-junction-control", "true"]
        return options


@dataclass(frozen=True)
class Run:
    """What SUMO says of a run: arrivals (t,) in seconds, not a number for who never arrives, and teleports."""

    arrival: np.ndarray
    teleports: int


def run_program(program: Path, *options: str, cwd: Path, timeout: float | None = None) -> str:
    """Run one of SUMO's programs and return what it printed.

    Raises
    ------
    SumoFailed
        When it ends with an error, or was told to stop: SUMO then writes what it has and reports success.
    """
    done = subprocess.run(
        [str(program), *options], cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout
    )
    if done.returncode or INTERRUPTED in done.stdout + done.stderr:
        raise SumoFailed(f"{program.name}: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def lanes_of(case: Case) -> np.ndarray:
    """Return whole lanes (m,) of each piece."""
    return np.maximum(np.ceil(case.lanes - 1e-9), 1).astype(int)


def write_network(case: Case, folder: Path, plans: tuple[Plan, ...] = (), as_it_is: bool = False) -> None:
    """Write ``plain.nod.xml``, ``plain.edg.xml`` and ``plain.con.xml`` for netconvert, and the headways for sumo."""
    lanes = lanes_of(case)
    length = case.length if as_it_is else CAR * case.room / lanes
    speed = length / case.free_flow
    tau = np.maximum(lanes * 3600.0 / case.capacity - CAR / speed, 0.0)
    nodes = [f'<node id="n{k}" x="{x:.2f}" y="{y:.2f}"/>' for k, (x, y) in enumerate(case.xy)]
    pieces = np.flatnonzero(case.tail != case.head)
    kind = np.unique(np.round(tau, 3), return_inverse=True)[1].ravel()
    types = []
    for number, e in enumerate(np.unique(kind, return_index=True)[1]):
        headways = " ".join(f'{name}="{tau[e]:.3f}"' for name in ("tauff", "taufj", "taujf"))
        types.append(f'<type id="t{number}"><meso {headways} taujj="{JAM_TAU}"/></type>')
    edges = [
        f'<edge id="e{e}" from="n{case.tail[e]}" to="n{case.head[e]}" type="t{kind[e]}" '
        f'numLanes="{lanes[e]}" speed="{speed[e]:.4f}" length="{length[e]:.3f}"{_look(case, e)}/>'
        for e in pieces
    ]
    connections = _connections(case, lanes, plans)
    if as_it_is:
        types = []
    else:
        types.append(f'<type id="exit"><meso {EXIT_HEADWAYS}/></type>')
        for node in np.unique(case.destination):
            x, y = case.xy[node]
            nodes.append(f'<node id="x{node}" x="{x + EXIT_LENGTH:.2f}" y="{y:.2f}"/>')
            edges.append(
                f'<edge id="exit{node}" from="n{node}" to="x{node}" type="exit" numLanes="1" speed="{AT_ONCE:g}" '
                f'length="{EXIT_LENGTH:g}"/>'
            )
            for e in np.flatnonzero((case.head == node) & (case.tail != node)):
                lane = (f'<connection from="e{e}" to="exit{node}" fromLane="{k}" toLane="0"/>' for k in range(lanes[e]))
                connections += lane
    files = {"plain.nod.xml": ("nodes", nodes), HEADWAYS: ("additional", types), "plain.edg.xml": ("edges", edges)}
    for name, (root, rows) in {**files, "plain.con.xml": ("connections", connections)}.items():
        write_xml(folder / name, root, rows)


def _look(case: Case, e: int) -> str:
    """Return the attributes of an edge from which netconvert guesses who has the right of way."""
    if case.look is None:
        return ""
    vertices = " ".join(f"{x:.2f},{y:.2f}" for x, y in case.look.shapes[e].tolist())
    return f' priority="{int(case.look.priority[e])}" shape="{vertices}" spreadType="center"'


def _connections(case: Case, lanes: np.ndarray, plans: tuple[Plan, ...]) -> list[str]:
    """Return the connections, lane by lane."""
    leaving: dict[int, list[int]] = {}
    pieces = np.flatnonzero(case.tail != case.head).tolist()
    for e in pieces:
        leaving.setdefault(int(case.tail[e]), []).append(e)
    turns = {
        (e, after) for e in pieces for after in leaving.get(int(case.head[e]), []) if case.head[after] != case.tail[e]
    }
    for plan in plans:
        inner = np.ones(len(plan.arcs), dtype=bool)
        ends = plan.indptr[1:][np.diff(plan.indptr) > 0] - 1
        inner[ends] = False
        at = np.flatnonzero(inner)
        turns.update(zip(plan.arcs[at].tolist(), plan.arcs[at + 1].tolist()))
    rows = []
    for before, after in sorted(turns):
        a, b = int(lanes[before]), int(lanes[after])
        for k in range(max(a, b)):
            pair = f'fromLane="{k * a // max(a, b)}" toLane="{k * b // max(a, b)}"'
            rows.append(f'<connection from="e{before}" to="e{after}" {pair}/>')
    return rows


def write_xml(path: Path, root: str, rows: list[str]) -> None:
    """Write a file of XML elements."""
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>\n' + "\n".join(rows) + f"\n</{root}>\n")


def build_network(programs: Path, folder: Path, internal_links: bool = False) -> None:
    """Make ``net.net.xml`` of the plain files with netconvert."""
    run_program(
        programs / "netconvert", "--node-files", "plain.nod.xml", "--edge-files", "plain.edg.xml",
        "--connection-files", "plain.con.xml", "--output-file", "net.net.xml",
        "--no-internal-links", "false" if internal_links else "true", "--no-turnarounds", "true",
        "--offset.disable-normalization", "true", "--precision", "4", "--no-warnings", "true", cwd=folder,
    )  # fmt: skip


def write_routes(case: Case, plan: Plan, folder: Path, as_it_is: bool = False) -> None:
    """Write ``plan.rou.xml``: a vehicle for each trip that drives, with its route."""
    spread = "" if as_it_is else ' speedFactor="1" speedDev="0" maxSpeed="10000"'
    rows = [f'<vType id="car"{spread}/>']
    for trip in np.flatnonzero(np.diff(plan.indptr) > 0):
        edges = " ".join(f"e{e}" for e in plan.arcs[plan.indptr[trip] : plan.indptr[trip + 1]])
        edges += "" if as_it_is else f" exit{case.destination[trip]}"
        rows.append(
            f'<vehicle id="v{trip}" type="car" depart="{case.departure[trip]:.3f}" departLane="best" '
            f'departSpeed="max"><route edges="{edges}"/></vehicle>'
        )
    write_xml(folder / "plan.rou.xml", "routes", rows)


def simulate(programs: Path, folder: Path, *options: str) -> None:
    """Run SUMO in a folder with the options that say what; it writes ``tripinfo.xml`` and ``statistic.xml``.

    A configuration runs with ``"--configuration-file", "plan.sumocfg"``.
    """
    run_program(
        programs / "sumo", *options, "--tripinfo-output", "tripinfo.xml", "--statistic-output", "statistic.xml",
        "--no-step-log", "true", "--no-warnings", "true", cwd=folder,
    )  # fmt: skip


def arrivals(folder: Path) -> dict[str, float]:
    """Return when each vehicle that arrived did, in seconds, by its name."""
    found = {}
    for _, element in ElementTree.iterparse(folder / "tripinfo.xml"):
        if element.tag == "tripinfo":
            moment = float(element.get("arrival", "-1"))
            if moment >= 0:
                found[element.get("id", "")] = moment
            element.clear()
    return found


def teleports(folder: Path) -> int:
    """Return how many vehicles were teleported."""
    told = ElementTree.parse(folder / "statistic.xml").getroot().find("teleports")
    return 0 if told is None else int(told.get("total", "0"))


def evaluate(programs: Path, case: Case, plan: Plan, setting: Setting, folder: Path) -> Run:
    """Write, build and run a plan in an empty ``folder``; ``programs`` is where netconvert and sumo lie."""
    write_network(case, folder, (plan,), setting.as_it_is)
    build_network(programs, folder, setting.as_it_is or setting.mode != MESOSCOPIC)
    write_routes(case, plan, folder, setting.as_it_is)
    simulate(
        programs, folder, "--net-file", "net.net.xml", "--route-files", "plan.rou.xml",
        "--additional-files", HEADWAYS, *setting.options(horizon(case, plan)),
    )  # fmt: skip
    arrival = np.where(np.diff(plan.indptr) == 0, case.departure, np.nan)
    for name, moment in arrivals(folder).items():
        arrival[int(name[1:])] = moment
    return Run(arrival, teleports(folder))
