"""A routed case and its plan as the two tables of ``routeevacuation``, for the tests of what reads a plan."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsApplication, QgsFeature, QgsProcessingContext, QgsVectorLayer

from evacuation_planner.plugin.layers.fields import make_field
from evacuation_planner.plugin.layers.routing.case import RoutingCase
from evacuation_planner.plugin.layers.routing.plan_rows import (
    PATHS,
    VEHICLES,
    Paths,
    path_rows,
    vehicle_rows,
    vehicles_of,
)
from evacuation_planner.plugin.layers.routing.planned import planned as everybody
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.routing.result import RoutingResult
from evacuation_planner.plugin.solvers.routing.solve import solve
from evacuation_planner.processing_provider.algorithms.routing.routing_inputs import RoutingParameters
from tests.processing.routing_layers import PRESENT, Log, roads, trips


class Planned(NamedTuple):
    """A case, its routes, and the tables of both."""

    case: RoutingCase
    result: RoutingResult
    paths: Paths
    plan: QgsVectorLayer
    plan_paths: QgsVectorLayer

    @property
    def tables(self) -> dict[str, QgsVectorLayer]:
        return {"PLAN": self.plan, "PLAN_PATHS": self.plan_paths}


def table(columns, rows, name: str) -> QgsVectorLayer:
    """A memory table of an output's columns."""
    made = QgsVectorLayer("None", name, "memory")
    made.dataProvider().addAttributes([make_field(column) for column in columns])
    made.updateFields()
    features = []
    for _, values in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes(list(values))
        features.append(feature)
    assert made.dataProvider().addFeatures(features)[0]
    return made


def routing_inputs(**parameters: Any) -> tuple[RoutingParameters, QgsProcessingContext, Log]:
    """What ``routeevacuation`` reads of its parameters."""
    context, log = QgsProcessingContext(), Log()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("evacuation:routeevacuation")
    base = {
        "TRIPS": trips(), "NETWORK": roads(), "NETWORK_ID_FIELD": "road_id", "PEOPLE_PER_VEHICLE": 1,
        "FLOW_MODEL": PRESENT,
    }  # fmt: skip
    defaults = {
        d.name(): d.defaultValue() for d in algorithm.parameterDefinitions() if d.defaultValue() not in (None, "")
    }
    given = {**defaults, **base, **parameters}
    log.kept = [algorithm, given]  # the layers are read later
    return RoutingParameters.read(algorithm, given, context, log), context, log


def planned(**parameters: Any) -> Planned:
    """Plan and write the tables."""
    given, context, log = routing_inputs(**parameters)
    case = given.case(context, log, Control())
    result = solve(case.problem, method=given.method, flow_model=given.choice.flow_model, certify=False)
    vehicles, paths = everybody(case, result)
    tables = (
        table(VEHICLES, vehicle_rows(vehicles, paths), "vehicles"),
        table(PATHS, path_rows(case.read.network, paths), "paths"),
    )
    return Planned(case, result, paths, *tables)


def tables_of(case: RoutingCase, result: RoutingResult, paths: Paths) -> tuple[QgsVectorLayer, QgsVectorLayer]:
    """The two tables of a plan."""
    vehicles = table(VEHICLES, vehicle_rows(vehicles_of(case, result), paths), "vehicles")
    return vehicles, table(PATHS, path_rows(case.read.network, paths), "paths")


def whole_paths(case: RoutingCase, result: RoutingResult) -> Paths:
    """Every distinct route as one path, and nothing that is driven before."""
    routes = result.routes
    real = case.read.network.is_road[routes.arcs]
    sizes = np.diff(np.r_[0, np.cumsum(real)][routes.indptr])
    number = np.where(sizes > 0, np.cumsum(sizes > 0) - 1, -1)
    indptr = np.r_[0, np.cumsum(sizes[sizes > 0])].astype(np.int64)
    route = number[routes.of_trip]
    return Paths(np.arange(1, len(indptr)), indptr, routes.arcs[real], np.full(len(route), -1), route)


def split_paths(case: RoutingCase, result: RoutingResult) -> Paths:
    """The same routes in two paths each: the first road, then the rest."""
    whole = whole_paths(case, result)
    sizes = np.diff(whole.indptr)
    parts = [min(1, size - 1) for size in sizes.tolist()]
    indptr = np.sort(np.r_[whole.indptr, whole.indptr[:-1][np.array(parts) > 0] + 1])
    after = np.searchsorted(indptr, whole.indptr[1:]) - 1
    before = np.where(np.array(parts) > 0, after - 1, -1)
    start, route = (np.where(whole.route < 0, -1, numbers[whole.route]) for numbers in (before, after))
    return Paths(np.arange(len(indptr) - 1) * 10 + 7, indptr, whole.arcs, start, route)
