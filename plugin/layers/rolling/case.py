"""A running plan, what becomes known when, and shelters that may be chosen anew, as a game to be played."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.rolling.game import Game
from ...solvers.rolling.knowledge import Knowledge
from ...solvers.rolling.rest import Rooms
from ...solvers.routing.queue.network import SECOND
from ...solvers.routing.shared.problem import RoutingProblem
from ..allocation.groups import Shelters
from ..closing.arrivals import Arrivals
from ..errors import LayerError
from ..moments import Start
from ..routing.plan import PlanOnRoads, told_apart
from ..routing.plan_sites import reached_goals

SHELTERS = "SHELTERS"
Flow = tuple[np.ndarray, np.ndarray, np.ndarray]  # as background_on gives it


@dataclass(frozen=True)
class RunningCase:
    """What is played, and where it comes from.

    Attributes
    ----------
    on_roads : PlanOnRoads
    game : Game
    start : Start
        Date and time of t = 0.
    called : dict
        Id of the destination at each node.
    """

    on_roads: PlanOnRoads
    game: Game
    start: Start
    called: dict[int, str]

    @property
    def quiet(self) -> QgsProcessingFeedback:
        """Where goes what was said before."""
        return QgsProcessingFeedback(False)

    @property
    def several_modes(self) -> bool:
        """Whether some go by car and some by bus."""
        return len(set(self.on_roads.vehicles.mode)) > 1

    def destination(self, trip: int, goal: np.ndarray) -> str:
        """Return the id of the destination of a trip when everybody goes to the nodes ``goal`` (t,)."""
        if int(goal[trip]) == int(self.game.problem.destination[trip]):
            return self.on_roads.vehicles.destination[trip]
        return self.called[int(goal[trip])]


def running_case(
    on_roads: PlanOnRoads,
    background: Flow | None,
    shelters: Shelters | None,
    now: float | None,
    step: float | None,
    start: Start,
    stuck_seconds: float,
    feedback: QgsProcessingFeedback,
) -> RunningCase:
    """Return the game; ``now`` and ``step`` are minutes, None where they were left empty.

    Raises
    ------
    LayerError
        When no shelter is a destination of the plan.
    """
    problem = on_roads.problem(background)
    rooms, called = None, _called(on_roads)
    if shelters is not None:
        rooms, called = _rooms(on_roads, shelters, called, feedback)
    problem, knowledge = _known(on_roads, problem, rooms)
    game = Game(
        problem, on_roads.routes, knowledge, on_roads.stays, int(round(60.0 * (now or 0.0) * SECOND)),
        None if step is None else int(round(60.0 * step * SECOND)), stuck_seconds, rooms,
    )  # fmt: skip
    _tell(game, now, step, start, feedback)
    return RunningCase(on_roads, game, start, called)


def _tell(game: Game, now: float | None, step: float | None, start: Start, feedback: QgsProcessingFeedback) -> None:
    """Log what becomes known when, and when it is planned with; warn where it never is."""
    known = game.knowledge.moments()
    if not len(known):
        feedback.pushInfo(
            "HAZARD_KNOWN_FIELD, CLOSURES_KNOWN_FIELD: everything is known from the start, so nothing is planned anew."
        )
        return
    texts = [f"{start.text(second, 'HH:mm')} (minute {second / 60.0:g})" for second in known.tolist()]
    feedback.pushInfo(f"HAZARD_KNOWN_FIELD, CLOSURES_KNOWN_FIELD: something becomes known at {first_of(texts)}.")
    planned = [f"minute {moment / 60e6:g}" for moment in game.moments()]
    if planned:
        feedback.pushInfo(f"Planned anew at {first_of(planned)}.")
    if step is None:
        late = int((known * SECOND > game.now).sum())
        if late:
            when = "at the start (NOW_MINUTES is empty)" if now is None else f"at NOW_MINUTES ({now:g})"
            feedback.pushWarning(
                f"REPLAN_MINUTES is empty, so the plan is made anew once, {when}: {late} of {len(known)} moments at "
                "which something becomes known come later and are planned with by nobody. Give REPLAN_MINUTES, or a "
                "later NOW_MINUTES."
            )


def _called(on_roads: PlanOnRoads) -> dict[int, str]:
    """Return the id of the plan's destination at each node."""
    return {node: name for name, node in zip(on_roads.vehicles.destination, on_roads.goal.tolist()) if node >= 0}


def _rooms(
    on_roads: PlanOnRoads, shelters: Shelters, called: dict[int, str], feedback: QgsProcessingFeedback
) -> tuple[Rooms, dict[int, str]]:
    """Return the nodes of the shelters with their room, and the id of the destination at each node."""
    node = {name: at for at, name in called.items()}
    joined = {name: int(at) for name, at in zip(on_roads.sites.ids, on_roads.sites.node.tolist()) if at >= 0}
    room: dict[int, float] = {}
    lost, called = [], dict(called)
    for name, people in zip(shelters.places.ids, shelters.capacity.tolist()):
        at = node.get(name, joined.get(name, -1))
        if at < 0:
            lost.append(name)
            continue
        room[at] = room.get(at, 0.0) + people
        called.setdefault(at, name)
    if lost:
        feedback.pushWarning(
            f"{SHELTERS}: {len(lost)} feature(s) of “{shelters.places.name}” join no road and are not chosen: "
            f"{first_of(lost)}."
        )
    if not set(shelters.places.ids) & set(on_roads.vehicles.destination):
        raise LayerError(
            f"{SHELTERS}: no id of “{shelters.places.name}” is a destination of PLAN: the layer has "
            f"{first_of(shelters.places.ids[:3])}, the plan "
            f"{first_of(sorted(set(on_roads.vehicles.destination))[:3])}. "
            "Check SHELTER_ID_FIELD."
        )
    nodes = np.array(sorted(room), dtype=np.int64)
    rooms = Rooms(nodes, np.array([room[at] for at in nodes.tolist()]))
    _warn_full(on_roads, rooms, called, feedback)
    return rooms, called


def _warn_full(on_roads: PlanOnRoads, rooms: Rooms, called: dict[int, str], feedback: QgsProcessingFeedback) -> None:
    """Warn of shelters to which the plan sends more people than they have room for."""
    there = on_roads.goal >= 0
    comes = np.bincount(on_roads.goal[there], on_roads.vehicles.people[there], on_roads.read.network.node_count)
    over = [
        f"{called[at]} ({comes[at]:,.0f} of {room:,.0f})"
        for at, room in zip(rooms.node.tolist(), rooms.room.tolist())
        if comes[at] > room + 0.5
    ]
    if over:
        feedback.pushWarning(
            f"CAPACITY_FIELD: PLAN sends more people to {len(over)} shelter(s) than there is room for: "
            f"{first_of(over)}. They keep them, and nobody else is sent there."
        )


def _known(on_roads: PlanOnRoads, problem: RoutingProblem, rooms: Rooms | None) -> tuple[RoutingProblem, Knowledge]:
    """Return the problem with what the hazard does to all shelters, and what of all is known when."""
    danger, network, quiet = on_roads.read.danger, on_roads.read.network, QgsProcessingFeedback(False)
    truth, count = problem.closings, problem.nodes
    if not truth and on_roads.stays.any():  # what never closes tells apart who has no way and who is there
        problem = told_apart(problem)
        return problem, Knowledge.of_closures(problem.closings, np.full(1, -np.inf))

    def places(arrivals: Arrivals | None) -> tuple[np.ndarray, np.ndarray]:
        start, goal = np.full((2, count), np.inf)
        if arrivals is None:
            return start, goal
        start[: network.node_count] = replace(danger, arrivals=arrivals).start_reached(network)
        reached = reached_goals(on_roads.read, on_roads.sites, on_roads.site, on_roads.routes, arrivals, quiet)
        known = on_roads.goal >= 0
        np.minimum.at(goal, on_roads.goal[known], reached[known])
        if rooms is not None:
            joined = on_roads.sites.node >= 0
            at_site = on_roads.sites.reached(arrivals, quiet)
            np.minimum.at(goal, on_roads.sites.node[joined], at_site[joined])
        return start, goal

    levels = danger.levels
    if len(levels) < 2 and rooms is None:
        row = danger.known[danger.closings.rows_on(network)[0]] if len(truth.arc) else np.empty(0)
        return problem, Knowledge.of_closures(truth, row)
    start, goal = zip(*(places(level.arrivals) for level in levels)) if levels else ([], [])
    since = [level.since for level in levels] or [-math.inf]
    reached = np.array(start).reshape(-1, count), np.array(goal).reshape(-1, count)
    if not levels:
        reached = truth.start_reached[None], truth.goal_reached[None]
    truth = truth._replace(start_reached=reached[0][-1], goal_reached=reached[1][-1])
    row = danger.known[danger.closings.rows_on(network)[0]] if len(truth.arc) else np.empty(0)
    return replace(problem, closings=truth), Knowledge(row, np.array(since), *reached)
