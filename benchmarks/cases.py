"""The instances that are measured: road networks and trips as arrays.

They are drawn by ``../shared/cases/routing_cases.py`` beside the checkout. Where that is missing (a copy of the project
alone), the sample city takes their place and no target applies.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from evacuation_planner.plugin.solvers.control import Control

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
ALPHA = 0.02  # delay a vehicle in all cases unless said otherwise
DRAWS = range(5)
ABSENT = "The cases of `../shared` are not here; measured on the sample city instead, to which no target applies."


@dataclass(frozen=True)
class Roads:
    """A road network: positions (n, 2), directed arcs and their free-flow seconds (m,)."""

    xy: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    free_flow: np.ndarray


@dataclass(frozen=True)
class Trips:
    """Source, destination (node numbers) and departure (seconds, ascending) of each trip (t,)."""

    source: np.ndarray
    destination: np.ndarray
    departure: np.ndarray


@cache
def shared_cases() -> ModuleType | None:
    """Return the module that draws the cases; None where it is missing."""
    folder = SHARED / "cases"
    if not (folder / "routing_cases.py").is_file():
        return None
    sys.path.insert(0, str(folder))
    import routing_cases

    return routing_cases


@lru_cache(maxsize=1)
def network(name: str) -> Any:
    """Return the network ``TG`` or ``NYC`` (object with xy, tail, head, free_flow)."""
    return shared_cases().network(name)


def prototype(place: str, draw: int, model: str) -> dict[str, float]:
    """Return what the prototype reached on a draw of TG."""
    figures = json.loads((SHARED / "cases" / "prototype.json").read_text())
    return figures[f"TG {place}({draw}) {model} alpha=0.02"]


@lru_cache(maxsize=1)
def sample_network() -> Any:
    """Return the network of the sample city as the plugin reads it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingParameterFeatureSource,
        QgsProcessingParameters,
        QgsVectorLayer,
    )

    from evacuation_planner.plugin.layers.roads.network import read_network
    from evacuation_planner.plugin.layers.roads.options import NetworkOptions

    application = QgsApplication.instance() or QgsApplication([], False)
    application.initQgis()
    layer = QgsVectorLayer(f"{ROOT / 'resources/sample/sample.gpkg'}|layername=roads", "roads", "ogr")
    context = QgsProcessingContext()
    source = QgsProcessingParameters.parameterAsSource(
        QgsProcessingParameterFeatureSource("NETWORK", ""), {"NETWORK": layer}, context
    )
    options = NetworkOptions(direction_field="oneway", speed_field="maxspeed", lanes_field="lanes")
    return read_network(
        source,
        options,
        None,
        context,
        QgsProcessingFeedback(False),
        Control(progress=lambda fraction, text="": None, cancelled=lambda: False),
    ).network


@lru_cache(maxsize=1)
def sample_city() -> Roads:
    """Return the roads of the sample city."""
    read = sample_network()
    return Roads(read.node_xy, read.tail, read.head, np.maximum(read.free_flow, 0.1))


def city_trips(roads: Roads, draw: int, trips: int = 10_000, destinations: int = 20) -> Trips:
    """Return trips from drawn nodes to drawn destinations over ten minutes."""
    rng = np.random.default_rng(draw)
    nodes = len(roads.xy)
    targets = rng.choice(nodes, destinations, replace=False)
    source, destination = rng.integers(0, nodes, trips), rng.choice(targets, trips)
    return Trips(source, destination, np.sort(rng.uniform(0.0, 600.0, trips)))


def routing_problem(roads: Any, trips: Any, alpha: float = ALPHA) -> Any:
    """Return the routing problem of a case, with linear cost."""
    from evacuation_planner.plugin.solvers.routing.shared import problem
    from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
    from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost

    cost = road_cost(LINEAR, roads.free_flow, a=alpha)
    return problem.routing_problem(
        problem.Arcs(len(roads.xy), roads.tail, roads.head, cost),
        problem.TripTable(trips.source, trips.destination, trips.departure),
    )
