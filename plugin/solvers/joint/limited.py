"""The joint plan with at most so many ways from an origin to a destination."""

from __future__ import annotations

from typing import cast

import numpy as np

from ..control import Control
from ..routing.queue.adjoint import traffic_of
from ..routing.queue.judge import Planned as Timed
from ..routing.queue.menu_moves import MenuMoves
from ..routing.queue.network import QueueRoads
from ..routing.shared.descent import Moves
from ..routing.shared.menu import MenuMaker
from ..routing.shared.menu_moves import Limited, limited_optimum
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes
from ..routing.shared.trees import reverse_trees
from .aims import Aim
from .judge import AimJudge, Planned, destinations_of


class AimedMenuMoves(MenuMoves):
    """Moves among the ways of a menu to where the plan sends everybody, judged by the aim.

    Parameters
    ----------
    network : RoutingProblem
        Of the placed vehicles, to their destinations.
    where : (t,) int32
        Number of each vehicle's destination.
    """

    def __init__(
        self,
        network: RoutingProblem,
        roads: QueueRoads,
        aim: Aim,
        maker: MenuMaker,
        destination: np.ndarray,
        stuck: float,
    ) -> None:
        super().__init__(network, roads, reverse_trees(network), maker, stuck)
        self.destination, self.judge = destination, AimJudge(network, roads, aim, stuck)

    def judged(self, routes: Routes, control: Control) -> Planned:  # type: ignore[override]
        """Return the exact run of a plan and its numbers."""
        return self.judge.of(routes, self.destination, control)

    def better(self, one: Planned, other: Planned) -> bool:  # type: ignore[override]
        """Return whether to prefer ``one``."""
        return self.judge.preferred(one, other)

    def at(self, plan: Planned | Timed) -> None:
        """Take the marginal costs of ``plan``."""
        self.traffic = traffic_of(self.roads, plan.run, self.judge.aim.worth(plan.run))


def few_ways(
    network: RoutingProblem,
    roads: QueueRoads,
    aim: Aim,
    free: Planned,
    most: int,
    stuck_seconds: float,
    tries: int,
    control: Control,
) -> tuple[Limited, list[float]]:
    """Return the best plan with at most ``most`` ways a pair, everybody to where ``free`` sends him; its values.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    maker = MenuMaker(network, most)
    moves = AimedMenuMoves(network, roads, aim, maker, destinations_of(free), stuck_seconds)
    found = limited_optimum(maker, cast("Moves[Planned]", moves), [free.routes], tries, control)
    return found, moves.judge.kept
