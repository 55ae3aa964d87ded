"""Layers as a metro problem: places, stocks and needs, the travel between them, and what a dispatch is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.metro.problem import DEFAULT_TIERS, MetroProblem, PenaltyTiers, check_weights, parse_tiers
from ..places import Places
from .tables import StockAndNeed
from .travel import MetroTravel, Ways, travel_between


@dataclass(frozen=True)
class Objective:
    """What a dispatch is judged by; the attributes are those of :class:`MetroProblem`.

    Raises
    ------
    SolverError
        For weights that are negative or both zero.
    """

    limit: float = 20.0
    tiers: PenaltyTiers = field(default_factory=lambda: parse_tiers(DEFAULT_TIERS))
    weight_delay: float = 0.7
    weight_cost: float = 0.3
    cost_per_km: float = 0.0

    def __post_init__(self) -> None:
        check_weights(self.weight_delay, self.weight_cost)


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
    objective: Objective,
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
        objective.limit,
        objective.tiers,
        objective.weight_delay,
        objective.weight_cost,
        objective.cost_per_km,
    )
    return MetroCase(stations, incidents, problem, travel)
