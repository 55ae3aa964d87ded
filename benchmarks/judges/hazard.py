"""The sample's flood, and its near-field tsunami by car, before judges that share no code with us: who is caught?

    nice .venv/bin/python benchmarks/judges/hazard.py flood nearfield

makes the plan of drivers with navigation (METHOD informed, *queue*) from the sample's layers by the algorithms
themselves, exports it by ``exportsumo`` and says what becomes of these very routes and departures by our account, in
SUMO (mesoscopic, the files as they are exported, gates that close) and in UXsim (links that let nobody in once they
close). Kept in ``hazard.json``; ``README.md`` shows it.

What the judges do not know: that whom the hazard finds stays and blocks his road. In both he drives on, and counts as
caught from where he is when the hazard comes (:mod:`.danger`); so does the second row of ours, with parts of roads that
close and catch nobody. In SUMO and ours he is where he would be at free flow, and at the end of the road until he
leaves it; in UXsim where UXsim has him, in a queue that stands back from the end of its road.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins"), str(ROOT / "scripts")]

import numpy as np

from benchmarks.bench_venv import sumo_home
from benchmarks.judges import sumo, uxsim
from benchmarks.judges.danger import Danger, Passages, caught_at
from benchmarks.judges.plans import Case, Plan
from benchmarks.judges.sample_layers import SAMPLE, algorithm_of
from benchmarks.measuring import children_cpu
from benchmarks.table import Table
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.queue.simulation import QueueRun, plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.closings import QUEUED, TOO_LATE

FILE = Path(__file__).with_name("hazard.json")
FLOOD, NEAR_FIELD = "flood", "nearfield"
OURS, DRIVING_ON, SUMO, UXSIM = "this plugin", "this plugin, the caught drive on", "SUMO mesoscopic", "UXsim"
MINUTES = {FLOOD: (60, 90, 120, 150, 180, 240), NEAR_FIELD: (10, 15, 20, 25, 30, 60)}
OUTPUTS = {"OUTPUT": "routes", "OUTPUT_VEHICLES": "vehicles", "OUTPUT_PATHS": "paths", "OUTPUT_CAUGHT": "caught"}


@dataclass(frozen=True)
class Verdict:
    """What a judge says: vehicles but for ``caught_people``; ``found`` of the caught are met by the hazard at an origin
    or on a road, the others never arrive; ``agree`` percent of all have the fate that we say; vehicle-hours and minutes
    are of who arrives.
    """

    story: str
    judge: str
    digest: str
    vehicles: int
    caught: int
    caught_people: int
    found: int
    agree: float
    total_time: float
    half: float
    last_95: float
    last: float
    safe: tuple[int, ...]
    cpu: float


class Story:
    """A plan in files of ``folder``, on its roads as ``exportsumo`` reads them."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.given = _planned(name, folder)
        from qgis.core import QgsProcessingContext, QgsProcessingFeedback

        from evacuation_planner.processing_provider.algorithms.routing.plan_parameters import PlanParameters

        self.context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        read = PlanParameters.read(algorithm_of("exportsumo"), self.given, self.context, feedback)
        self.plan, background = read.on_roads(self.context, feedback, Control())
        self.problem = self.plan.problem(background)
        self.roads = roads_of(self.problem)
        self.departure = self.plan.departure / SECOND
        self.danger = Danger.of(self.roads, self.problem.closings.start_reached[self.problem.source])
        indptr, arcs = self.plan.routes.expanded()
        self.driven = Plan(name, indptr.astype(np.int64), arcs.astype(np.int64))

    def by_us(self, catches: bool = True) -> QueueRun:
        """Return our run; without ``catches`` whoever the hazard finds drives on."""
        if catches:
            return self.plan.simulate(self.problem, 300.0)
        closings = self.problem.closings
        never = np.full(len(closings.start_reached), np.inf)
        idle = np.zeros(len(closings.arc), dtype=bool)
        problem = replace(self.problem, closings=closings._replace(catches=idle, start_reached=never))
        roads = roads_of(problem)
        return simulate_queues(roads, plan_of(roads, self.plan.departure, self.plan.routes, places_of(problem)))

    def passages(self, run: QueueRun) -> Passages:
        """Return who was on which road when in our run."""
        count, made = run.plan.hops, run.moment / SECOND
        trip = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(trip)) - np.repeat(np.cumsum(count) - count, count)
        row = run.plan.move[:-1][trip] + place
        entered, left = (np.where(run.moment[at] < NEVER, made[at], np.inf) for at in (row, row + 1))
        arc = run.plan.arc[run.plan.first[trip] + place]
        on = np.isfinite(entered)
        return Passages(trip[on], arc[on], entered[on], left[on])

    def case(self) -> Case:
        """Return the streets as UXsim takes them, our capacities and rooms."""
        network, roads = self.plan.read.network, self.roads
        zero = np.zeros(len(self.departure), dtype=np.int64)
        travel = np.maximum(roads.travel, 1) / SECOND
        return Case(
            self.name, network.node_xy, network.tail.astype(np.int64), network.head.astype(np.int64), travel,
            np.maximum(network.length, 0.1), network.lanes, 3600.0 * SECOND / np.maximum(roads.headway, 1), roads.room,
            zero, zero, self.departure,
        )  # fmt: skip

    def verdict(self, judge: str, arrival: np.ndarray, found: np.ndarray, fates: np.ndarray, cpu: float) -> Verdict:
        """Return a verdict from arrivals (t,) s, not a number for never, and from when the hazard finds each trip."""
        people, met = self.plan.vehicles.people, found < np.where(np.isfinite(arrival), arrival, np.inf)
        there = np.isfinite(arrival) & ~met & ~self.plan.stays
        minutes = np.sort(np.where(there, arrival, np.inf)) / 60.0
        arrived = minutes[: int(there.sum())]
        return Verdict(
            self.name, judge, self.driven.digest(), len(there), int((~there).sum()), int(round(people[~there].sum())),
            int((met & ~self.plan.stays).sum()), round(float(100.0 * (there == fates).mean()), 1),
            round(float((arrival - self.departure)[there].sum() / 3600.0), 1),
            *(round(float(arrived[int(np.ceil(share * len(arrived))) - 1]), 1) for share in (0.5, 0.95, 1.0)),
            tuple(int((arrived <= minute).sum()) for minute in MINUTES[self.name]), round(cpu, 1),
        )  # fmt: skip


def _planned(name: str, folder: Path) -> dict[str, Any]:
    """Make the plan by the algorithms and return what ``exportsumo`` is given."""
    from demonstration import flood, runner
    from demonstration.steps import destinations, near_field_step, plan_steps, table

    import environment

    environment.link_package()
    settings = environment.qgis_environment(folder / "profile")
    environment.enable_plugin(settings)
    sample, result = folder / "sample.gpkg", folder / "result.gpkg"
    shutil.copy(SAMPLE, sample)
    if name == FLOOD:
        steps, last = flood.flood_steps(sample, result), flood.order_step(sample, result, None)
    else:
        steps, last = plan_steps(sample, result)[:3], near_field_step(sample, result)
    last.outputs.clear()
    last.outputs.update(OUTPUTS)
    last.parameters["MAX_ROUTES"] = 0
    for step in [*steps, last]:
        runner.run(step.algorithm, {**step.parameters, **destinations(step, result)}, settings, folder / "log.txt")
    shared = ("DESTINATIONS", "NETWORK", "MAX_SNAP_DISTANCE", "NETWORK_ID_FIELD", "HAZARD", "CLOSURES", "ENTRANCES",
              "START_TIME")  # fmt: skip
    given = {key: last.parameters[key] for key in shared if key in last.parameters}
    given |= {"PLAN": table(result, "vehicles"), "PLAN_PATHS": table(result, "paths")}
    runner.run("exportsumo", {**given, "FOLDER": str(folder / "sumo")}, settings, folder / "log.txt")
    return given


def in_sumo(story: Story) -> tuple[np.ndarray, Passages]:
    """Run the exported files as they are; return arrivals (t,) s, not a number for never, and who was where when."""
    folder = story.folder / "sumo"
    options = ["--vehroute-output", "stays.xml", "--vehroute-output.exit-times", "true"]
    options += ["--vehroute-output.write-unfinished", "true"]
    sumo.simulate(sumo_home() / "bin", folder, "--configuration-file", "plan.sumocfg", *options)
    number = {int(vehicle): k for k, vehicle in enumerate(story.plan.vehicles.vehicle.tolist())}
    arrival = np.where((story.plan.routes.hops() == 0) & ~story.plan.stays, story.departure, np.nan)
    for name, moment in sumo.arrivals(folder).items():
        arrival[number[int(name[1:])]] = moment
    rows: list[tuple[int, int, float, float]] = []
    for _, vehicle in ElementTree.iterparse(folder / "stays.xml"):
        if vehicle.tag != "vehicle":
            continue
        route, came = vehicle.find("route"), float(vehicle.get("depart", "nan"))
        if route is not None:
            exits = map(float, route.get("exitTimes", "").split())
            for edge, out in zip(route.get("edges", "").split(), exits):
                left = out if out >= 0 else np.inf
                if edge.startswith("e") and edge[1:].isdigit():
                    rows.append((number[int(vehicle.get("id", "")[1:])], int(edge[1:]), came, left))
                came = left
                if left == np.inf:
                    break
        vehicle.clear()
    columns = [np.array(column) for column in zip(*rows)]
    return arrival, Passages(*columns)


def judge(name: str, folder: Path) -> list[Verdict]:
    """Return what all say of a story."""
    story = Story(name, folder)
    travel = story.roads.travel / SECOND
    run = story.by_us()
    fates, arrival = run.arrived & ~story.plan.stays, run.arrival() / SECOND
    nobody = np.full(len(arrival), np.inf)
    met = np.where((run.fate == TOO_LATE) | (run.fate == QUEUED), 0.0, nobody)
    said = [story.verdict(OURS, np.where(run.arrived, arrival, np.nan), met, fates, 0.0)]
    on = story.by_us(catches=False)
    found = caught_at(story.danger, story.passages(on), travel, story.departure)
    arrival = np.where(on.arrived, on.arrival() / SECOND, np.nan)
    said.append(story.verdict(DRIVING_ON, arrival, found, fates, 0.0))
    before = children_cpu()
    arrival, passages = in_sumo(story)
    found = caught_at(story.danger, passages, travel, story.departure)
    said.append(story.verdict(SUMO, arrival, found, fates, children_cpu() - before))
    before = children_cpu()
    told = uxsim.evaluate(story.case(), story.driven, danger=story.danger)
    found = np.where(np.isfinite(told.caught), told.caught, np.inf)
    said.append(story.verdict(UXSIM, told.arrival, found, fates, children_cpu() - before))
    return said


def verdicts() -> list[Verdict]:
    """Return all that is kept."""
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
    return [Verdict(**{**row, "safe": tuple(row["safe"])}) for row in rows]


def keep(said: list[Verdict]) -> None:
    """Keep verdicts in place of those of the same stories."""
    stories = {verdict.story for verdict in said}
    rows = [verdict for verdict in verdicts() if verdict.story not in stories] + said
    FILE.write_text("[\n" + ",\n".join(json.dumps(asdict(row)) for row in rows) + "\n]\n", encoding="utf-8")


def table(name: str) -> Table:
    """Return the table of a story."""
    minutes = tuple(f"{minute} min" for minute in MINUTES[name])
    header = ("judge", "caught", "people", "found by the hazard", "same fate %", "vehicle-hours", "half min", "95 %",
              "all", *minutes)  # fmt: skip
    shown = Table(f"Time against the hazard ({name}): the same routes before the judges", header)
    for row in verdicts():
        if row.story == name:
            shown.add(
                row.judge, f"{row.caught} of {row.vehicles}", str(row.caught_people), str(row.found),
                f"{row.agree:.1f}", f"{row.total_time:.0f}", f"{row.half:.1f}", f"{row.last_95:.1f}", f"{row.last:.1f}",
                *map(str, row.safe),
            )  # fmt: skip
    return shown


if __name__ == "__main__":
    for asked in sys.argv[1:] or (FLOOD, NEAR_FIELD):
        with tempfile.TemporaryDirectory() as place:
            keep(judge(asked, Path(place)))
        for verdict in verdicts():
            print(verdict, flush=True)
