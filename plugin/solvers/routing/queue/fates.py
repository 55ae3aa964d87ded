"""What has become of every trip once nothing moves any more: who is caught, when and why.

Reasons: *too late to leave*, who is at his origin when the hazard comes, or whom it catches on a road though nothing
held him up on the way; *queue*, whom it catches where he would have been away at free flow, or who stands behind
somebody who never moves; *way cut off*, who stands before a road that is closed for good, from when both are so, or has
no way that arrives in time and stays; *destination reached*, who comes to a destination that the hazard reaches, or
has it and no way there.
"""

from __future__ import annotations

import numpy as np

from ..shared.closings import ARRIVED, AT_DESTINATION, CUT_OFF, QUEUED, TOO_LATE
from .bars import NEVER
from .events import Plan, State
from .network import QueueRoads


def can_catch(roads: QueueRoads, plan: Plan) -> bool:
    """Return whether there is anything that might catch somebody or never let him pass."""
    return len(roads.bars.since) > 0 or len(plan.start_reached) > 0


def fates_of(roads: QueueRoads, plan: Plan, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Return what becomes of each trip (t,) and when it is caught (t,), microseconds, NEVER for who arrives."""
    fate, caught = state.fate.copy(), state.caught.copy()
    if not can_catch(roads, plan):
        return fate, caught
    _name_moving(roads, plan, state, fate)
    driving = np.flatnonzero(plan.hops > 0)
    lost = driving[state.moment[plan.move[1:][driving] - 1] == NEVER]
    _find_standing(roads, plan, state, lost[fate[lost] == ARRIVED], fate, caught)
    if not len(plan.start_reached):
        return fate, caught
    idle = (plan.hops == 0) & (fate == ARRIVED)
    late = idle & (plan.start_reached < plan.departure)
    fate[late], caught[late] = TOO_LATE, plan.start_reached[late]
    floods = plan.goal_reached < NEVER
    stays = plan.stays & (fate == ARRIVED)
    fate[stays], caught[stays] = CUT_OFF, plan.departure[stays]
    stays &= floods
    there = (fate == ARRIVED) & floods
    arrival = plan.departure.copy()
    arrival[driving] = state.moment[plan.move[1:][driving] - 1]
    fate[there | stays] = AT_DESTINATION
    caught[there] = np.maximum(arrival, plan.goal_reached)[there]
    caught[stays] = np.maximum(plan.departure, plan.goal_reached)[stays]
    early = fate == TOO_LATE  # the hazard is there from the beginning
    caught[early] = np.maximum(caught[early], np.minimum(plan.departure[early], 0))
    return fate, caught


def _name_moving(roads: QueueRoads, plan: Plan, state: State, fate: np.ndarray) -> None:
    """Say of who is caught on a road whether a queue is why."""
    for trip in np.flatnonzero(state.part >= 0).tolist():
        first, hop, part = int(plan.first[trip]), int(state.hop[trip]), int(state.part[trip])
        way = plan.arc[first : first + hop + 1]
        end = roads.bars.catch_end[part]
        away = plan.departure[trip] + roads.travel[way[:-1]].sum() + (roads.travel[way[-1]] if end == NEVER else end)
        fate[trip] = QUEUED if away <= state.caught[trip] else TOO_LATE


def _find_standing(
    roads: QueueRoads, plan: Plan, state: State, trips: np.ndarray, fate: np.ndarray, caught: np.ndarray
) -> None:
    """Fill the fates of ``trips`` that stand on a road or at their origin for ever though no hazard caught them."""
    hop = state.hop[trips].astype(np.int64)
    since = np.where(hop >= 0, state.passed[trips], plan.departure[trips])
    goes_on = hop + 1 < plan.hops[trips]
    ahead = plan.arc[plan.first[trips] + np.where(goes_on, hop + 1, hop)]
    bars = roads.bars
    last = bars.start[ahead + 1] - 1
    shut = goes_on & (last >= bars.start[ahead])
    shut[shut] = bars.until[last[shut]] == NEVER
    fate[trips] = np.where(shut, CUT_OFF, QUEUED)
    since[shut] = np.maximum(since[shut], bars.since[last[shut]])
    caught[trips] = since
