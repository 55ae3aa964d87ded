"""The sample city from its layers, read as ``routeevacuation`` reads them, for questions that need classes of roads.

Zones at risk and shelters are those of the demo; then people are allocated to shelters and routed, step by step. The
arrays of ``plans.sample_city`` have no classes; here every setting of the roads is a case of its own, on one and the
same network.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.judges.plans import Case, Look, Plan, room
from benchmarks.measuring import ROOT
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.roads.junctions import piece_ranks
from evacuation_planner.plugin.solvers.routing.shared.choices import METHOD_NAMES
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from evacuation_planner.plugin.solvers.routing.solve import solve

SAMPLE = ROOT / "resources" / "sample" / "sample.gpkg"
OWN = "own"  # every road's own; else the name of a table of classes, for speeds that nobody tagged
STEPS = 2  # of the demo, up to the shelters
LOWEST = 9  # one below the last rank of a class
_ALIVE: list[Any] = []  # QGIS and the provider, as long as the process lives
LEAST_LENGTH = 0.1  # m: SUMO's shortest edge


class Setting(NamedTuple):
    """Where speeds come from that nobody tagged (OWN or a table of classes), and JUNCTION_DELAY in seconds."""

    speeds: str = OWN
    delay: float = 0.0


class Solved(NamedTuple):
    """What the queue model claims of a method's routes: vehicle-hours, and vehicles let into full roads."""

    plan: Plan
    hours: float
    forced: int


class SampleLayers:
    """The steps up to the allocation, made once in ``folder``, and cases of their results."""

    def __init__(self, folder: Path) -> None:
        sys.path[:0] = [str(ROOT / "scripts")]
        from demonstration import runner
        from demonstration.steps import START_TIME, Step, destinations, plan_steps, table

        import environment

        environment.link_package()
        settings = environment.qgis_environment(folder / "profile")
        environment.enable_plugin(settings)
        self.folder, sample, result = folder, folder / "sample.gpkg", folder / "result.gpkg"
        shutil.copy(SAMPLE, sample)
        roads = {"NETWORK": table(sample, "roads"), "MAX_SNAP_DISTANCE": 1200, "ENTRANCES": table(sample, "entrances")}
        zones = table(result, "zones_at_risk")
        allocation = Step(
            "allocatecrowd",
            "Who goes where?",
            {"ZONES": zones, "SHELTERS": table(result, "shelters"), "IMPEDANCE": 1, **roads},
            {"OUTPUT": "allocation", "OUTPUT_SHELTERS": "shelter_load", "OUTPUT_UNALLOCATED": "unallocated"},
        )
        self.given = {
            "TRIPS": table(result, "allocation"), "ORIGINS": zones, "DESTINATIONS": table(sample, "sites"),
            "NETWORK_ID_FIELD": "road_id", "START_TIME": START_TIME, "HAZARD": table(sample, "hazard"), **roads,
        }  # fmt: skip
        for step in [*plan_steps(sample, result)[:STEPS], allocation]:
            runner.run(step.algorithm, {**step.parameters, **destinations(step, result)}, settings, folder / "log.txt")
        self.algorithm = algorithm_of("routeevacuation")

    @cached_property
    def tagged(self) -> str:
        """The roads without the speeds that were filled in by class."""
        from osgeo import gdal

        gdal.UseExceptions()
        told = "SELECT *, CASE WHEN speed_source = 'osm' THEN maxspeed END AS tagged FROM roads"
        file = str(self.folder / "tagged.gpkg")
        gdal.VectorTranslate(
            file, str(self.folder / "sample.gpkg"), SQLStatement=told, SQLDialect="SQLite", layerName="roads"
        )
        return f"{file}|layername=roads"

    def case(self, setting: Setting) -> Any:
        """Return the case of ``routeevacuation`` at a setting."""
        from qgis.core import QgsProcessingContext, QgsProcessingFeedback

        from evacuation_planner.processing_provider.algorithms.routing.routing_inputs import RoutingParameters

        given = {**self.given, "JUNCTION_DELAY": setting.delay, "USE_CLASSES": True}
        if setting.speeds != OWN:
            given |= {"NETWORK": self.tagged, "SPEED_FIELD": "tagged", "ROAD_CLASSES": setting.speeds}
        context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        return RoutingParameters.read(self.algorithm, given, context, feedback).case(context, feedback, Control())


def streets(case: Any) -> Case:
    """Return the roads of a case for SUMO, with the classes and the shapes of the streets; connectors left out."""
    network, problem = case.read.network, case.problem
    ranks = piece_ranks(network, case.read.traffic.rank)
    arc = np.flatnonzero(network.is_road)
    rank = ranks[network.piece[arc]]
    look = Look(np.where(np.isnan(rank), 0, LOWEST - rank).astype(np.int64), [network.arc_xy(e) for e in arc.tolist()])
    length, lanes, capacity, free_flow = (
        array[arc] for array in (network.length, network.lanes, network.capacity, problem.cost.free_flow)
    )
    return Case(
        "sample, layers", network.node_xy, network.tail[arc].astype(np.int64), network.head[arc].astype(np.int64),
        free_flow, np.maximum(length, LEAST_LENGTH), lanes, capacity, room(lanes, length, capacity, free_flow),
        problem.source.astype(np.int64), problem.destination.astype(np.int64), problem.departure, look,
    )  # fmt: skip


def solved(case: Any, method: int) -> Solved:
    """Return the routes of a method, EFFORT 0 and no limit to the ways, as pieces of :func:`streets`."""
    result = solve(case.problem, method=method, certify=False, max_routes=0, control=Control(effort=Effort(QUICK)))
    if len(result.unreachable):
        raise ValueError(f"{len(result.unreachable)} trips have no way.")
    plan = on_streets(METHOD_NAMES[method], case.read.network.is_road, result.routes)
    return Solved(plan, result.total_time / 3600.0, result.queue.run.forced)


def on_streets(name: str, is_road: np.ndarray, routes: Routes) -> Plan:
    """Return routes on all arcs as a plan on the pieces of :func:`streets`."""
    place = np.cumsum(is_road) - 1
    indptr, arcs = routes.expanded()
    on_road = is_road[arcs]
    indptr = np.r_[0, np.cumsum(on_road)][indptr]
    return Plan(name, indptr.astype(np.int64), place[arcs[on_road]].astype(np.int64))


def algorithm_of(name: str) -> Any:
    """Return an algorithm of the provider, in a QGIS without windows."""
    return _registry().algorithmById(f"evacuation:{name}").create()


@cache
def _registry() -> Any:
    """Return the registry of a QGIS without windows that knows the provider; there can be one in a process."""
    from qgis.core import QgsApplication

    from evacuation_planner.plugin.evacuation_plugin import EvacuationPlugin

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QgsApplication([], False)
    application.initQgis()
    plugin = EvacuationPlugin(None)
    plugin.initProcessing()
    _ALIVE.extend([application, plugin])
    return application.processingRegistry()
