"""Layers as a metro problem: places, stocks and needs, the travel between them, and what a dispatch is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.metro.problem import DispatchObjective, MetroProblem
from ..places import Places
from .tables import StockAndNeed
from .travel import MetroTravel, Ways, travel_between


@dataclass(frozen=True)
class MetroCase:
    """A metro problem and where it comes from; rescue points i and incidents j are in the order of their places.

    Attributes
    ----------
    stations, incidents : Places
    problem : MetroProblem
    travel : MetroTravel
    """

    stations: Places
    incidents: Places
    problem: MetroProblem
    travel: MetroTravel


def metro_case(
    stations: Places,
    incidents: Places,
    stock: StockAndNeed,
    ways: Ways,
    objective: DispatchObjective,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    *,
    control: Control | None = None,
) -> MetroCase:
    """Build the problem of places read by ``read_places`` and of tables read by ``read_stock_and_need``.

    Raises
    ------
    LayerError
        When the travel table has no row for these places, or a number that cannot be used.
    Cancelled
    """
    control = control or Control()
    travel = travel_between(stations, incidents, ways, context, feedback, control=control)
    feedback.pushInfo(f"Travel times: {travel.source}.")
    problem = MetroProblem(
        tuple(stations.ids),
        tuple(incidents.ids),
        stock.resources,
        stock.inventory,
        stock.use_cost,
        stock.demand,
        travel.minutes,
        travel.km,
        objective,
    )
    return MetroCase(stations, incidents, problem, travel)
