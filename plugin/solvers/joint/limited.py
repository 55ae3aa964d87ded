"""The joint plan with at most so many ways from an origin to a destination."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from ..control import Control
from ..routing.queue.adjoint import traffic_of
from ..routing.queue.judge import Planned as Timed
from ..routing.queue.menu_moves import MenuMoves
from ..routing.queue.network import QueueRoads
from ..routing.shared.descent import Moves, descend
from ..routing.shared.individual import individual_routes
from ..routing.shared.menu import MenuMaker
from ..routing.shared.menu_moves import Limited, limited_optimum
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes, rerouted, rows_at
from ..routing.shared.trees import reverse_trees
from .aims import Aim
from .judge import AimJudge, JointRoutes, Planned, destinations_of, joint_routes, to_destinations
from .search import CAREFUL, JointMoves


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
        self.traffic = traffic_of(self.roads, *self.judge.guide_of(cast(Planned, plan)))


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
    maker, starts = MenuMaker(network, most), [free.routes]
    if network.closings:  # few ways may catch more than everyone's own does
        starts.append(individual_routes(network, reverse_trees(network, control=control), control))
    moves = AimedMenuMoves(network, roads, aim, maker, destinations_of(free), stuck_seconds)
    found = limited_optimum(maker, cast("Moves[Planned]", moves), starts, tries, control)
    return found, moves.judge.kept


class MovesAmongFew:
    """Moves to other destinations that leave at most so many ways a pair, for :func:`..routing.shared.descent.descend`.

    Parameters
    ----------
    moves : JointMoves
        Of the placed vehicles, or of their groups.
    most : int
        Ways from an origin to a destination.
    """

    def __init__(self, moves: JointMoves, most: int) -> None:
        moves.look_elsewhere()
        self.moves, self.most = moves, most
        self.at, self.renew, self.judged, self.better = moves.at, moves.renew, moves.judged, moves.better

    @property
    def rounds(self) -> int:
        """How often one has to look anew to have seen all fields."""
        return self.moves.rounds

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> JointRoutes | None:
        """Return the plan with some of the trips at other destinations; None where none would gain or find a way."""
        trial = self.moves.moved(plan, looking, CAREFUL * count, draws, control)
        return None if trial is None else self.within(joint_routes(plan.routes), trial, control)

    def within(self, before: JointRoutes, trial: JointRoutes, control: Control) -> JointRoutes | None:
        """Return ``trial`` with as few ways as allowed between the pairs that it changes; None where they need more."""
        network, end = self.moves.problem.network, trial.destination
        pair = network.origin.astype(np.int64) * self.moves.problem.destinations + end
        some = np.flatnonzero(np.isin(pair, pair[end != before.destination]))
        maker = MenuMaker(network.only(some).bound_for(self.moves.problem.node[end[some]]), self.most)
        few = maker.limited(Routes(trial.indptr, trial.arcs, trial.of_trip[some]), control)
        if np.bincount(few.pair).max(initial=0) > self.most:
            return None
        size = few.hops()
        arcs = rows_at(few.indptr[few.of_trip], size, few.arcs)
        other = rerouted(before, some, np.r_[0, np.cumsum(size)], arcs)
        return JointRoutes(other.indptr, other.arcs, other.of_trip, end)


class FewWays(NamedTuple):
    """The best plan with a limit on ways.

    Attributes
    ----------
    planned : Planned
        Whose routes know their destinations.
    history : tuple of (seconds, value)
    used_up : bool
        Whether the counted work ran out before the search's own end.
    exceeding : int
        Pairs that need more ways, since some of their starts reach none of the others'.
    """

    planned: Planned
    history: tuple[tuple[float, float], ...]
    used_up: bool
    exceeding: int


def limited_plan(
    moves: JointMoves, free: Planned, most: int, steps: int, other_steps: int, control: Control
) -> FewWays:
    """Return the best plan with at most ``most`` ways a pair, from one without a limit.

    The ways are chosen and loaded, then vehicles or groups go elsewhere by so few ways, then these are loaded anew.

    Parameters
    ----------
    steps, other_steps : int
        Plans to try among ways, and of other destinations.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    problem, aim, stuck = moves.problem, moves.aim, moves.judge.stuck_seconds
    history: list[tuple[float, float]] = []

    def load_ways(plan: Planned, tries: int, part: Control) -> tuple[Planned, int]:
        where = destinations_of(plan)
        (found, more), kept = few_ways(problem.trips(where), moves.roads, aim, plan, most, stuck, tries, part)
        values = kept or [found.planned.value.aim]
        history.extend((seconds, value) for (seconds, _), value in zip(found.history[-len(values) :], values))
        return to_destinations(found.planned, where), more

    best, exceeding = load_ways(free, steps, control.part(0.0, 0.4))
    found = descend(MovesAmongFew(moves, most), best, other_steps, control.part(0.4, 0.8))
    if found.planned.value < best.value:
        best = found.planned
        history.append((control.effort.elapsed, best.value.aim))
        again, more = load_ways(best, steps // 2, control.part(0.8, 1.0))
        if again.value < best.value:
            best, exceeding = again, more
    return FewWays(best, tuple(history), found.used_up, exceeding)
